// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/services/correlator/link"
)

// booking is one batch of one municipality while it is being decided: which events are new, which
// reports and counts they move, and what is to be said about it.
type booking struct {
	store *store
	ref   *reference
	batch int64
	now   time.Time

	near    *neighbourhood
	next    int32 // number of the next item
	counts  counts
	reports []*report

	notices     []notice
	sources     map[sourceKey]*source
	quarantined []item
	positions   map[events.AgencyID]*verdict
	outgoing    []bus.Message
	packed      []byte // outgoing as one row
	outcomes    map[events.Outcome]int
}

func newBooking(s *store, ref *reference, now time.Time) *booking {
	return &booking{
		store: s, ref: ref, now: now.UTC().Truncate(time.Microsecond), near: newNeighbourhood(s, ref), counts: counts{},
		sources: map[sourceKey]*source{}, positions: map[events.AgencyID]*verdict{}, outcomes: map[events.Outcome]int{},
	}
}

// book decides and writes a batch of verdicts: identify, supersede, link, count, answer. It runs in
// one transaction; what is sent afterwards lies in it as rows.
func (b *booking) book(ctx context.Context, tx pgx.Tx, verdicts []verdict) error {
	var err error
	if b.batch, err = b.store.nextBatch(ctx, tx, b.ref.municipality); err != nil {
		return err
	}
	if err := b.load(ctx, tx, verdicts); err != nil {
		return err
	}
	fresh, err := b.identify(ctx, tx, verdicts)
	if err != nil {
		return err
	}
	for _, it := range fresh {
		b.apply(it)
	}
	if err := b.resolveQuarantine(ctx, tx, fresh); err != nil {
		return err
	}
	if err := b.settle(ctx, tx); err != nil {
		return err
	}
	for i := range verdicts {
		b.reached(&verdicts[i])
	}
	return b.finish(ctx, tx, fresh)
}

// finish writes what was decided, and while it is written composes what is said about it.
func (b *booking) finish(ctx context.Context, tx pgx.Tx, fresh []item) error {
	said := make(chan error, 1)
	go func() { said <- b.answerAll(fresh) }()
	err := b.store.write(ctx, tx, b)
	if unsaid := <-said; err == nil {
		err = unsaid
	}
	if err != nil || len(b.outgoing) == 0 {
		return err
	}
	return b.store.writeOutgoing(ctx, tx, b)
}

// answerAll composes the messages of a batch. It runs beside the writing, so a panic is an error here.
func (b *booking) answerAll(fresh []item) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic while answering: %v", p)
		}
	}()
	for _, it := range fresh {
		b.answer(it)
	}
	b.packed = pack(b.outgoing)
	return nil
}

// settle links what changed and moves the counts from what stood to what stands.
func (b *booking) settle(ctx context.Context, tx pgx.Tx) error {
	if err := b.near.relink(ctx, tx); err != nil {
		return err
	}
	for _, e := range b.near.entries {
		if e.changed {
			b.counts.add(e.before, -1)
			b.counts.add(e.after, +1)
			b.reports = append(b.reports, e.after)
		}
	}
	return nil
}

// load reads the reports that the batch speaks of, as they stand, and those that may be linked with
// what it brings.
func (b *booking) load(ctx context.Context, tx pgx.Tx, verdicts []verdict) error {
	var agencies, names []string
	var around candidateQuery
	for i := range verdicts {
		v := &verdicts[i]
		if v.outcome != events.Refused && v.event.Kind == events.KindIncident {
			agencies, names = append(agencies, string(v.agency)), append(names, string(v.event.Report))
		}
		if v.row != nil {
			row := *v.row
			row.Batch, v.row = b.batch, &row
			b.near.look(&around, &row)
		}
	}
	current, candidates, err := b.store.load(ctx, tx, b.ref.municipality, agencies, names, around)
	if err != nil {
		return err
	}
	for _, row := range current {
		b.near.entries[row.key()] = &entry{before: row, after: row}
	}
	b.near.candidates = candidates
	return nil
}

// identify stores what is new and returns it. What is not new is the same event again, whose latest
// receipt comes again, or other content under a taken key, which is quarantined as a conflict.
func (b *booking) identify(ctx context.Context, tx pgx.Tx, verdicts []verdict) ([]item, error) {
	var first, again []item
	taken := map[key]bool{}
	newest := map[link.Key]int32{}
	for i := range verdicts {
		v := &verdicts[i]
		it := item{number: b.next, key: v.key(), verdict: v}
		b.next++
		if taken[it.key] {
			again = append(again, it)
			continue
		}
		taken[it.key] = true
		b.noteSuperseded(it, newest)
		first = append(first, it)
	}
	fresh, stale, err := b.insert(ctx, tx, first)
	if err != nil {
		return nil, err
	}
	conflicts, err := b.compare(ctx, tx, append(stale, again...))
	if err != nil {
		return nil, err
	}
	unseen, seen, err := b.insert(ctx, tx, conflicts)
	if err != nil {
		return nil, err
	}
	if _, err := b.compare(ctx, tx, seen); err != nil {
		return nil, err
	}
	return append(fresh, unseen...), nil
}

// noteSuperseded notes on an accepted event that a higher revision is already there.
func (b *booking) noteSuperseded(it item, newest map[link.Key]int32) {
	if it.outcome != events.Accepted || it.event.Kind != events.KindIncident {
		return
	}
	k := link.Key{Agency: string(it.agency), Report: it.key.report}
	high := newest[k]
	if e := b.near.entries[k]; e != nil {
		high = max(high, e.before.Revision)
	}
	if high > it.key.revision {
		it.note(events.Superseded, "/data/revision")
	}
	newest[k] = max(high, it.key.revision)
}

func (b *booking) insert(ctx context.Context, tx pgx.Tx, items []item) (fresh, stale []item, err error) {
	if len(items) == 0 {
		return nil, nil, nil
	}
	stored, err := b.store.insertEvents(ctx, tx, b, items)
	if err != nil {
		return nil, nil, err
	}
	for _, it := range items {
		if stored[it.number] {
			fresh = append(fresh, it)
		} else {
			stale = append(stale, it)
		}
	}
	return fresh, stale, nil
}

// compare looks at events whose key is taken. Same content: the receipt again. Other content: a
// conflict, returned under a key of its own. A conflict that is there already only says its receipt.
func (b *booking) compare(ctx context.Context, tx pgx.Tx, items []item) (conflicts []item, err error) {
	if len(items) == 0 {
		return nil, nil
	}
	keys := make([]key, len(items))
	for i, it := range items {
		keys[i] = it.key
	}
	found, err := b.store.knownEvents(ctx, tx, b.ref.municipality, keys)
	if err != nil {
		return nil, err
	}
	for _, it := range items {
		k, ok := found[it.key]
		if !ok {
			continue // a second conflict of the same bytes in this batch; the first one answers
		}
		if it.key.kind == kindRefused || it.key.kind == kindConflict || bytes.Equal(k.Content, it.event.Content[:]) {
			b.repeat(it, k)
			continue
		}
		it.reasons = append(it.reasons, events.Reason{Code: events.IDConflict, Path: "/data/report"})
		it.outcome, it.key = events.Quarantined, it.conflictKey()
		conflicts = append(conflicts, it)
	}
	return conflicts, nil
}

// apply lets a new event move what it speaks of.
func (b *booking) apply(it item) {
	b.outcomes[it.outcome]++
	switch {
	case it.outcome == events.Quarantined:
		b.quarantined = append(b.quarantined, it)
	case it.outcome == events.Refused:
	case it.event.Kind != events.KindIncident:
		b.hear(it)
		b.notices = append(b.notices, notice{it, b.batch})
	default:
		b.hear(it)
		b.applyIncident(it.verdict)
	}
}

// applyIncident replaces the report where the event is its highest revision so far.
func (b *booking) applyIncident(v *verdict) {
	e := b.near.entries[link.Key{Agency: string(v.agency), Report: string(v.event.Report)}]
	var stood, stands *report
	if e != nil {
		stood, stands = e.before, e.after
	}
	if stands != nil && stands.Revision >= int32(v.event.Revision) {
		return
	}
	b.near.put(stood, v.row)
}

// reached notes how far the streams are read by this batch. Batches are committed in the order in which
// they were read and nothing is handed back, so everything before the last message is settled too.
func (b *booking) reached(v *verdict) {
	if last := b.positions[v.agency]; v.seq > 0 && (last == nil || last.seq < v.seq) {
		b.positions[v.agency] = v
	}
}

// sourceKey names a reporting unit; the empty unit is what an agency sends without naming one.
type sourceKey struct {
	agency events.AgencyID
	unit   string
}

type source struct {
	events      int64
	first, last time.Time
	nothingTo   *time.Time
}

// hear notes that a unit was heard, by the time at which it says it reported.
func (b *booking) hear(it item) {
	k := sourceKey{agency: it.agency}
	var nothingTo *time.Time
	switch {
	case it.event.Incident != nil:
		k.unit = it.event.Incident.Unit
	case it.event.Nothing != nil:
		k.unit, nothingTo = it.event.Nothing.Unit, &it.event.Nothing.To
	}
	s := b.sources[k]
	if s == nil {
		s = &source{first: it.event.Time, last: it.event.Time}
		b.sources[k] = s
	}
	s.events++
	if it.event.Time.Before(s.first) {
		s.first = it.event.Time
	}
	if it.event.Time.After(s.last) {
		s.last = it.event.Time
	}
	if nothingTo != nil && (s.nothingTo == nil || nothingTo.After(*s.nothingTo)) {
		s.nothingTo = nothingTo
	}
}

func (b *booking) queueSources(q *pgx.Batch, m string) {
	var agencies, units []string
	var n []int64
	var first, last []time.Time
	var nothing []*time.Time
	for k, s := range b.sources {
		agencies, units, n = append(agencies, string(k.agency)), append(units, k.unit), append(n, s.events)
		first, last, nothing = append(first, s.first), append(last, s.last), append(nothing, s.nothingTo)
	}
	if len(agencies) > 0 {
		q.Queue(heard, m, agencies, units, n, first, last, nothing)
	}
}

func (b *booking) queuePositions(q *pgx.Batch, m string) {
	var agencies []string
	var seqs []int64
	var sums [][]byte
	var stored []time.Time
	for a, v := range b.positions {
		agencies, seqs = append(agencies, string(a)), append(seqs, int64(v.seq))
		sums, stored = append(sums, v.sha[:]), append(stored, v.stored)
	}
	if len(agencies) > 0 {
		q.Queue(movePositions, m, agencies, seqs, sums, stored)
	}
}

// quarantineID is how people and programs name a quarantined event: derived, so that a rebuild finds the same.
func (it item) quarantineID(m events.MunicipalityID) uuid.UUID {
	return events.ReceiptID(m, it.agency, it.event.Kind, it.event.Report, it.event.Revision, it.event.Content, events.Quarantined)
}

// notice is the row of an accepted event that is not an incident.
type notice struct {
	item
	batch int64
}

func (n notice) state() string {
	if n.event.Withdrawal != nil {
		return stateWithdrawn
	}
	return stateAccepted
}

func (n notice) columns() []any {
	var starts, ends *time.Time
	var unit, category, context, text *string
	var areas []string
	var count *int
	switch e := n.event; {
	case e.Nothing != nil:
		starts, ends, unit = &e.Nothing.From, &e.Nothing.To, &e.Nothing.Unit
	case e.Counts != nil:
		starts, ends, count = &e.Counts.From, &e.Counts.To, &e.Counts.N
		areas, category = []string{string(e.Counts.Area)}, &n.reading.category
	case e.Context != nil:
		starts, ends, context, text = &e.Context.Occurs.From, &e.Context.Occurs.To, &e.Context.Kind, optional(e.Context.Text)
		for _, code := range e.Context.Areas {
			areas = append(areas, string(code))
		}
		if n.reading.place.area != "" {
			areas = append(areas, n.reading.place.area)
		}
	}
	return []any{
		string(n.agency), n.key.kind, n.key.report, n.key.revision, n.batch, n.state(), starts, ends, unit, areas, category, count, context, text,
	}
}
