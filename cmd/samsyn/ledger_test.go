// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"samsyn/deploy/demo"
	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/geo"
	"samsyn/internal/pg"
	"samsyn/internal/synth"
)

// eventKey is what the correlator knows an event by. What cannot be an event is known by its bytes.
type eventKey struct {
	agency, kind, report string
	revision             int
}

// letter is one event as an agency sends it, and what must become of it.
type letter struct {
	agency  events.AgencyID
	message bus.Message
	key     eventKey
	outcome events.Outcome
}

func newLetter(m events.MunicipalityID, a events.AgencyID, v events.Verb, body []byte, o events.Outcome) letter {
	l := letter{agency: a, outcome: o, message: bus.Message{Subject: events.IncidentSubject(m, a, v), Body: body}}
	sum := sha256.Sum256(body)
	if o == events.Refused {
		l.key = eventKey{string(a), "refused", hex.EncodeToString(sum[:]), 0}
	} else {
		e, _ := events.Decode(body)
		l.key = eventKey{string(a), string(e.Kind), string(e.Report), e.Revision}
	}
	l.message.ID = fmt.Sprintf("%s:%d:%s", l.key.report, l.key.revision, hex.EncodeToString(sum[:8]))
	return l
}

const (
	sentTwice = 0.02
	// lateBy is how many letters later one comes again, as one that the stream no longer knows.
	lateBy = 2000
	// every hundredth event is one that its sender must mend, or none at all.
	badEvery = 100
)

// letters are n different events of a world's agencies. Two in a hundred come again twice: at once,
// under the same message id, and late, under none, as if the stream's window were over.
func letters(seed uint64, w demo.World, n int) ([]letter, error) {
	load := synth.Load{
		Municipality: w.Municipality.Code, Events: n, From: w.Municipality.HistoryFrom.AddDate(0, 0, 2), To: time.Now().AddDate(0, 0, -1),
		Pairs: 0.1, Corrected: 0.05, Withdrawn: 0.01,
	}
	for _, a := range w.Agencies {
		load.Agencies = append(load.Agencies, a.Code)
	}
	for _, a := range w.Areas {
		// In town: a neighbour who sees the same forty metres away is still in the municipality.
		if a.Level == geo.LevelArea && strings.HasPrefix(string(a.Parent), "stad-") {
			load.Areas = append(load.Areas, synth.Area{Code: a.Code, District: a.Parent, Weight: 1, Shape: a.Geometry})
		}
	}
	items, err := synth.Stream(seed, load)
	if err != nil {
		return nil, err
	}
	dice := rand.New(rand.NewPCG(seed, 1))
	all := make([]letter, 0, n+n/20)
	late := map[int]letter{}
	number := 0
	for item := range items {
		l := newLetter(load.Municipality, item.Agency, item.Verb, item.Body, events.Accepted)
		if number%badEvery == badEvery-1 {
			l = badLetter(load.Municipality, item.Agency, number)
		}
		all = append(all, l)
		if dice.Float64() < sentTwice {
			all = append(all, l)
			l.message.ID = ""
			late[number+lateBy] = l
		}
		if again, due := late[number]; due {
			all = append(all, again)
			delete(late, number)
		}
		number++
	}
	for _, number := range slices.Sorted(maps.Keys(late)) {
		all = append(all, late[number])
	}
	return all, nil
}

// badLetter lies in another town, or is cut short.
func badLetter(m events.MunicipalityID, a events.AgencyID, number int) letter {
	body := fmt.Sprintf(`{"specversion":"1.0","id":"bad-%d","source":%q,"type":"samsyn.incident.reported.v1","time":%q,"data":{"report":"bad-%d",`+
		`"category":"graffiti","occurred":{"from":%[3]q},"place":{"lon":11.9746,"lat":57.7089}}}`,
		number, events.Source(m, a), time.Now().AddDate(0, 0, -2).UTC().Format(time.RFC3339), number)
	if number%(2*badEvery) < badEvery {
		return newLetter(m, a, events.Reported, []byte(body[:len(body)-1]), events.Refused)
	}
	return newLetter(m, a, events.Reported, []byte(body), events.Quarantined)
}

// ledger is what the senders know: what was acknowledged to them.
type ledger struct {
	mu           sync.Mutex
	acknowledged map[eventKey]events.Outcome
	// highest is the highest revision of each report, by its key of revision 0.
	highest map[eventKey]letter
	acks    int
	known   int // acknowledgements that said the stream had it already
	again   int // letters sent again because no acknowledgement came
}

func newLedger() *ledger {
	return &ledger{acknowledged: map[eventKey]events.Outcome{}, highest: map[eventKey]letter{}}
}

// send keeps every letter until it is acknowledged, as an agency's outbox does.
func (g *ledger) send(ctx context.Context, conns map[events.AgencyID]*bus.Conn, all []letter) error {
	outboxes := map[events.AgencyID][]letter{}
	for _, l := range all {
		outboxes[l.agency] = append(outboxes[l.agency], l)
	}
	group, ctx := errgroup.WithContext(ctx)
	for a, outbox := range outboxes {
		group.Go(func() error {
			for len(outbox) > 0 {
				left, err := g.try(ctx, conns[a], outbox)
				if err != nil {
					return err
				}
				if len(left) == len(outbox) {
					pause(ctx, 50*time.Millisecond) // nobody is there
				}
				outbox = left
			}
			return nil
		})
	}
	return group.Wait()
}

// try sends the first letters and returns those that are still to be sent.
func (g *ledger) try(ctx context.Context, conn *bus.Conn, outbox []letter) ([]letter, error) {
	const atOnce = 250
	now := outbox[:min(atOnce, len(outbox))]
	messages := make([]bus.Message, len(now))
	for i, l := range now {
		messages[i] = l.message
	}
	var left []letter
	for i, r := range conn.PublishEach(ctx, messages) {
		switch {
		case r.Err == nil:
			g.enter(now[i], r.Ack)
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(r.Err, bus.ErrNotPermitted), errors.Is(r.Err, bus.ErrTooLarge), errors.Is(r.Err, bus.ErrStreamFull):
			return nil, r.Err
		default:
			left = append(left, now[i])
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.again += len(left)
	return append(left, outbox[len(now):]...), nil
}

func (g *ledger) enter(l letter, ack bus.Ack) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.acks++
	if ack.Duplicate {
		g.known++
	}
	g.acknowledged[l.key] = l.outcome
	report := l.key
	report.revision = 0
	if h, ok := g.highest[report]; l.outcome == events.Accepted && (!ok || h.key.revision < l.key.revision) {
		g.highest[report] = l
	}
}

// count is how many different events are acknowledged.
func (g *ledger) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.acknowledged)
}

// standing counts the reports that are not withdrawn.
func (g *ledger) standing() int {
	n := 0
	for _, l := range g.highest {
		if e, _ := events.Decode(l.message.Body); e.Withdrawal == nil {
			n++
		}
	}
	return n
}

// complaints bounds what is said: what is wrong a thousand times is wrong in one way.
type complaints []string

func (c *complaints) say(format string, args ...any) {
	const most = 20
	if len(*c) < most {
		*c = append(*c, fmt.Sprintf(format, args...))
	}
}

// audit compares what the senders know with what the installation holds: every acknowledged event
// is exactly one of accepted, quarantined, refused, and nothing else is; none is held; each has
// receipts that name its outcome, under one id; as many reports are counted as stand.
func (g *ledger) audit(ctx context.Context, m events.MunicipalityID, agencies []events.AgencyID, pool *pg.Pool, conn *bus.Conn) (complaints, error) {
	var found complaints
	var held, counted int
	err := pool.QueryRow(ctx, `SELECT (SELECT count(*) FROM correlator.held), (SELECT coalesce(sum(reports), 0) FROM correlator.count WHERE municipality = $1)`, m).Scan(&held, &counted)
	if err != nil {
		return nil, err
	}
	if held != 0 {
		found.say("held: %d events", held)
	}
	if n := g.standing(); counted != n {
		found.say("counted: %d reports, %d stand", counted, n)
	}
	if err := g.auditEvents(ctx, pool, m, &found); err != nil {
		return nil, err
	}
	for _, a := range agencies {
		if err := g.auditReceipts(ctx, conn, m, a, &found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (g *ledger) auditEvents(ctx context.Context, pool *pg.Pool, m events.MunicipalityID, found *complaints) error {
	rows, err := pool.Query(ctx, `SELECT agency, kind, report, revision, outcome, coalesce(reasons #>> '{0,code}', '') FROM correlator.event WHERE municipality = $1`, m)
	if err != nil {
		return err
	}
	var k eventKey
	var outcome, why string
	times := map[eventKey]int{}
	if _, err := pgx.ForEachRow(rows, []any{&k.agency, &k.kind, &k.report, &k.revision, &outcome, &why}, func() error {
		times[k]++
		switch want, ok := g.acknowledged[k]; {
		case !ok:
			found.say("never sent: %v is %s", k, outcome)
		case outcome != string(want):
			found.say("%v is %s (%s), not %s", k, outcome, why, want)
		}
		return nil
	}); err != nil {
		return err
	}
	for k := range g.acknowledged {
		if times[k] != 1 {
			found.say("lost: %v was acknowledged and is stored %d times", k, times[k])
		}
	}
	return nil
}

// auditReceipts reads an agency's receipts as the agency does.
func (g *ledger) auditReceipts(ctx context.Context, conn *bus.Conn, m events.MunicipalityID, a events.AgencyID, found *complaints) error {
	ids := map[eventKey]string{}
	for {
		receipts, err := conn.Pull(ctx, events.ReceiptStream(m, a), bus.AgencyDurable, 1000, 0)
		if err != nil {
			return err
		}
		if len(receipts) == 0 {
			break
		}
		for _, d := range receipts {
			r, err := events.DecodeReceipt(d.Body)
			if err != nil {
				return err
			}
			k := eventKey{string(a), string(r.Kind), string(r.Report), r.Revision}
			if r.Outcome == events.Refused {
				k = eventKey{string(a), "refused", r.Content, 0} // content of what is no JSON are its bytes
			}
			if want := g.acknowledged[k]; r.Outcome != want {
				found.say("receipt: %v is %s, not %s", k, r.Outcome, want)
			}
			if id := r.Receipt.String(); ids[k] != "" && ids[k] != id {
				found.say("receipt: %v has two ids", k)
			} else {
				ids[k] = id
			}
		}
		if err := conn.Acknowledge(receipts); err != nil {
			return err
		}
	}
	for k := range g.acknowledged {
		if k.agency == string(a) && ids[k] == "" {
			found.say("receipt: %v has none", k)
		}
	}
	return nil
}
