// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/events/corpus"
)

// newCorpusTown is the world that the corpus of bad input is judged in.
func newCorpusTown(t *testing.T) (*town, *reference) {
	w := newTown(t)
	m := string(corpus.Municipality)
	w.exec(`INSERT INTO registry.municipality (municipality, name, time_zone, history_from, created_at) VALUES ($1, 'Nyköping', $2, $3::date, now())`, m, corpus.TimeZone, corpus.HistoryFrom)
	w.box(m, m, "municipality", corpus.Boundary)
	for code, b := range corpus.Areas() {
		w.box(m, string(code), "area", b)
	}
	for _, a := range []events.AgencyID{corpus.Agency, corpus.OtherAgency} {
		w.exec(`INSERT INTO registry.agency (municipality, agency, name, started_on, max_bytes) VALUES ($1, $2, $2, '2024-01-01', 1)`, m, string(a))
		w.exec(`INSERT INTO registry.mapping (municipality, agency, code, category) VALUES ($1, $2, $3, $4)`, m, string(a), strings.TrimPrefix(corpus.MappedCode, "x:"), corpus.MapsTo)
		if err := w.nats.Conn.EnsureAgency(t.Context(), corpus.Municipality, a, bus.Quota{}); err != nil {
			t.Fatal(err)
		}
	}
	ref, err := (&store{w.pool}).reference(t.Context(), corpus.Municipality)
	if err != nil {
		t.Fatal(err)
	}
	return w, ref
}

func (w *town) box(m, code, level string, b corpus.Box) {
	w.t.Helper()
	ring := orb.Ring{{b.West, b.South}, {b.East, b.South}, {b.East, b.North}, {b.West, b.North}, {b.West, b.South}}
	shape, err := wkb.Marshal(orb.MultiPolygon{{ring}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.exec(`INSERT INTO registry.area (municipality, code, level, name, geometry) VALUES ($1, $2, $3, $2, $4)`, m, code, level, shape)
}

// decided says which cases the correlator gives the answer to by itself: what NATS does not take is
// another test's, and names and addresses are not screened yet.
func decided(c corpus.Case) bool { return c.Stage == corpus.Decode || c.Stage == corpus.Judge }

// Every bad input has one answer, and the database takes what it is given.
func TestCorpusIsDecidedAsExpected(t *testing.T) {
	w, ref := newCorpusTown(t)
	s := w.service()
	all := map[string]corpus.Case{}
	for _, c := range corpus.Bad() {
		all[c.Name] = c
	}
	for _, c := range corpus.Bad() {
		if !decided(c) {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			var before []corpus.Case
			for _, name := range c.Before {
				before = append(before, all[name])
			}
			outcome, found := w.decide(s, ref, append(before, c))
			if outcome != c.Outcome {
				t.Fatalf("%s: %s, want %s (%v)", c.About, outcome, c.Outcome, found)
			}
			matches := func(r events.Explained) bool {
				return r.Code == c.Code && (c.Path == corpus.Anywhere || r.Path == c.Path) && (c.Hint == "" || r.Hint == c.Hint)
			}
			if c.Code != "" && !slices.ContainsFunc(found, matches) {
				t.Errorf("%s: %v, want %s at %q", c.About, found, c.Code, c.Path)
			}
			if c.Code == "" && len(found) > 0 {
				t.Errorf("%s: %v, want nothing to be said", c.About, found)
			}
		})
	}
}

// decide books cases one after the other in a transaction that is rolled back, and returns what the
// last receipt says.
func (w *town) decide(s *Service, ref *reference, cases []corpus.Case) (events.Outcome, []events.Explained) {
	w.t.Helper()
	undo := errors.New("undo")
	var last events.Receipt
	for _, c := range cases {
		if c.Body == nil {
			w.t.Fatalf("case %q is not there", c.Name)
		}
	}
	err := s.transact(w.t.Context(), ref, func(ctx context.Context, tx pgx.Tx, _ *booking) error {
		for i, c := range cases {
			b := newBooking(s.store, ref, c.Now)
			v := s.judgeOne(ref, arrival{municipality: corpus.Municipality, agency: c.Agency, verb: c.Verb, seq: uint64(i + 1), stored: c.Now, body: c.Body})
			if err := b.book(ctx, tx, []verdict{v}); err != nil {
				return err
			}
			for _, m := range b.outgoing {
				if r, err := events.DecodeReceipt(m.Body); err == nil {
					last = r
				}
			}
		}
		return undo
	})
	if !errors.Is(err, undo) {
		w.t.Fatalf("%v: %v", cases[len(cases)-1].Name, err)
	}
	return last.Outcome, append(last.Reasons, last.Notes...)
}

// Through the broker, each bad event among good ones: the good ones are not held up, every bad one
// that the broker takes has its receipt, and nothing is held.
func TestCorpusAmongGoodEvents(t *testing.T) {
	w, _ := newCorpusTown(t)
	w.start()
	sent, good := 0, 0
	for i, c := range corpus.Bad() {
		if !c.Verb.Valid() {
			continue
		}
		messages := []bus.Message{{Subject: events.IncidentSubject(corpus.Municipality, c.Agency, c.Verb), Body: c.Body}}
		for n := range 3 {
			good++
			body := fmt.Sprintf(`{"specversion":"1.0","id":"g","source":"urn:samsyn:0480:bostad","type":"samsyn.incident.reported.v1","time":"2026-06-30T23:59:00+02:00","data":{"report":"good-%d-%d","category":"graffiti","occurred":{"from":"2026-06-30T20:00:00+02:00"},"place":{"lon":17.01,"lat":58.75}}}`, i, n)
			messages = append(messages, bus.Message{Subject: events.IncidentSubject(corpus.Municipality, corpus.Agency, events.Reported), Body: []byte(body)})
		}
		for j, r := range w.nats.Conn.PublishEach(t.Context(), messages) {
			if r.Err != nil && j > 0 {
				t.Fatal(r.Err)
			}
			if r.Err == nil {
				sent++
			}
		}
	}
	began := time.Now()
	w.settled()
	t.Logf("%d events decided %s after the last was sent", sent, time.Since(began).Round(time.Millisecond))
	if n := w.number(`SELECT count(*) FROM correlator.event WHERE report LIKE 'good-%' AND outcome = 'accepted'`); n != good {
		t.Errorf("%d good events are accepted of %d", n, good)
	}
	if n := w.number(`SELECT count(*) FROM correlator.held`); n != 0 {
		t.Errorf("%d events are held", n)
	}
	w.verified()
}
