// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/services/correlator/link"
)

// An event leaves quarantine once: its sender releases it, drops it, or sends a higher revision.

const openQuarantine = `-- correlator: events that wait for their sender
INSERT INTO correlator.quarantine (municipality, agency, id, kind, report, revision, state, since)
SELECT $1, q.agency, q.id, q.kind, q.report, q.revision, 'open', $2
  FROM unnest($3::text[], $4::uuid[], $5::text[], $6::text[], $7::int[]) AS q (agency, id, kind, report, revision)
ON CONFLICT DO NOTHING`

// What a correction replaces is found by what the event said it was: a conflict is kept under its hash. LATERAL with LIMIT as in store.go: joined
// freely, these tables gave a plan that read every event of the agency for every correction.
const lowerRevisions = `-- correlator: quarantined revisions that a higher one replaces
SELECT e.agency, e.kind, e.report, e.revision, e.event_id, e.said_kind, e.said_report, e.said_revision, e.content, e.stream_seq,
       e.outcome, e.reasons, e.notes, e.decided_at
  FROM unnest($2::text[], $3::text[], $4::text[], $5::int[]) AS n (agency, kind, report, revision)
 CROSS JOIN LATERAL (SELECT * FROM correlator.event
     WHERE (municipality, agency, kind, report) = ($1, n.agency, n.kind, n.report) AND revision < n.revision AND outcome = 'quarantined' LIMIT 1000) e
UNION ALL
SELECT e.agency, e.kind, e.report, e.revision, e.event_id, e.said_kind, e.said_report, e.said_revision, e.content, e.stream_seq,
       e.outcome, e.reasons, e.notes, e.decided_at
  FROM (SELECT agency, kind, report, revision FROM correlator.quarantine
         WHERE municipality = $1 AND agency = ANY ($2) AND state = 'open' AND kind = 'conflict' OFFSET 0) q
 CROSS JOIN LATERAL (SELECT * FROM correlator.event
     WHERE (municipality, agency, kind, report, revision) = ($1, q.agency, q.kind, q.report, q.revision) LIMIT 1) e
  JOIN unnest($2::text[], $3::text[], $4::text[], $5::int[]) AS n (agency, kind, report, revision)
    ON n.agency = e.agency AND n.kind = e.said_kind AND n.report = e.said_report AND e.said_revision < n.revision`

const supersedeQuarantined = `-- correlator: those of them that still wait
UPDATE correlator.quarantine q SET state = 'corrected'
  FROM unnest($2::text[], $3::uuid[]) AS n (agency, id)
 WHERE q.municipality = $1 AND q.agency = n.agency AND q.id = n.id AND q.state = 'open'
RETURNING q.id`

const insertDecision = `-- correlator: what was decided after the verdict
INSERT INTO correlator.decision (municipality, agency, batch, item, kind, report, revision, verb, decided_by, decided_at, notes,
    reference_version, category, severity, district, area, lon, lat, exactness)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12, $13, $14, $15, $16, $17, $18, $19)`

const (
	verbCorrected = "corrected"
	bySender      = "sender"
)

// resolveQuarantine opens quarantine for what is new in it and closes it for what a higher accepted
// revision replaces, whichever came first.
func (b *booking) resolveQuarantine(ctx context.Context, tx pgx.Tx, fresh []item) error {
	if err := b.openQuarantine(ctx, tx); err != nil {
		return err
	}
	var higher []key
	for _, it := range fresh {
		switch {
		case it.outcome == events.Accepted && it.event.Revision > 1:
			higher = append(higher, it.key)
		case it.outcome == events.Quarantined && it.event.Kind == events.KindIncident:
			e := b.near.entries[link.Key{Agency: string(it.agency), Report: string(it.event.Report)}]
			if e != nil && int(e.after.Revision) > it.event.Revision {
				higher = append(higher, key{it.agency, string(it.event.Kind), string(it.event.Report), e.after.Revision})
			}
		}
	}
	if len(higher) == 0 {
		return nil
	}
	agencies, kinds, reports, revisions := keyColumns(higher)
	rows, err := tx.Query(ctx, lowerRevisions, string(b.ref.municipality), agencies, kinds, reports, revisions)
	if err != nil {
		return fmt.Errorf("read lower revisions of %s: %w", b.ref.municipality, err)
	}
	lower, err := pgx.CollectRows(rows, pgx.RowToStructByName[known])
	if err != nil || len(lower) == 0 {
		return err
	}
	resolved, err := b.supersede(ctx, tx, lower)
	if err != nil {
		return err
	}
	notes := []events.Note{{Code: events.Superseded, Path: "/data/revision"}}
	for _, k := range resolved {
		if err := b.decide(ctx, tx, k, verbCorrected, bySender, notes, nil); err != nil {
			return err
		}
		b.conclude(k, events.Dropped, notes)
	}
	return nil
}

// supersede closes quarantine for those of the events that wait there, and returns them.
func (b *booking) supersede(ctx context.Context, tx pgx.Tx, lower []known) ([]known, error) {
	byID := map[uuid.UUID]known{}
	var agencies []string
	var ids []uuid.UUID
	for _, k := range lower {
		id := k.receipt(b.ref.municipality, events.Quarantined, nil, b.now).Receipt
		byID[id] = k
		agencies, ids = append(agencies, k.Agency), append(ids, id)
	}
	rows, err := tx.Query(ctx, supersedeQuarantined, string(b.ref.municipality), agencies, ids)
	if err != nil {
		return nil, fmt.Errorf("resolve quarantine of %s: %w", b.ref.municipality, err)
	}
	closed, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("resolve quarantine of %s: %w", b.ref.municipality, err)
	}
	resolved := make([]known, len(closed))
	for i, id := range closed {
		resolved[i] = byID[id]
	}
	return resolved, nil
}

func (b *booking) openQuarantine(ctx context.Context, tx pgx.Tx) error {
	if len(b.quarantined) == 0 {
		return nil
	}
	var agencies, kinds, reports []string
	var ids []uuid.UUID
	var revisions []int32
	for _, it := range b.quarantined {
		agencies, kinds, reports = append(agencies, string(it.agency)), append(kinds, it.key.kind), append(reports, it.key.report)
		ids, revisions = append(ids, it.quarantineID(b.ref.municipality)), append(revisions, it.key.revision)
	}
	if _, err := tx.Exec(ctx, openQuarantine, string(b.ref.municipality), b.now, agencies, ids, kinds, reports, revisions); err != nil {
		return fmt.Errorf("open quarantine of %s: %w", b.ref.municipality, err)
	}
	return nil
}

// decide records a decision about a quarantined event; read is its reading where it is released.
func (b *booking) decide(ctx context.Context, tx pgx.Tx, k known, verb, by string, notes []events.Note, read *reading) error {
	args := []any{
		string(b.ref.municipality), k.Agency, b.batch, b.next, k.Kind, k.Report, k.Revision, verb, by, b.now, list(notes), b.ref.version,
	}
	if read == nil {
		args = append(args, nil, nil, nil, nil, nil, nil, nil)
	} else {
		args = append(args, read.columns()...)
	}
	b.next++
	if _, err := tx.Exec(ctx, insertDecision, args...); err != nil {
		return fmt.Errorf("record decision on %s/%s %s: %w", b.ref.municipality, k.Agency, k.Report, err)
	}
	return nil
}

func (r *reading) columns() []any {
	var lon, lat *float64
	if r.place.located() {
		lon, lat = &r.place.lon, &r.place.lat
	}
	return []any{r.category, int16(r.severity), r.place.district, r.place.area, lon, lat, int16(r.place.exactness)}
}

// conclude sends the final receipt of an event that leaves quarantine.
func (b *booking) conclude(k known, outcome events.Outcome, notes []events.Note) events.Receipt {
	receipt := k.receipt(b.ref.municipality, outcome, notes, b.now)
	id := receipt.Receipt.String()
	b.send(events.ReceiptSubject(b.ref.municipality, events.AgencyID(k.Agency)), id, id, events.TypeReceipt, receipt)
	return receipt
}

// receipt is a receipt about a stored event.
func (k known) receipt(m events.MunicipalityID, outcome events.Outcome, notes []events.Note, decided time.Time) events.Receipt {
	var content [32]byte
	copy(content[:], k.Content)
	kind, report, revision := events.Kind(k.SaidKind), events.ReportID(k.SaidReport), int(k.SaidRevision)
	return events.Receipt{
		Receipt: events.ReceiptID(m, events.AgencyID(k.Agency), kind, report, revision, content, outcome),
		Kind:    kind, Report: report, Revision: revision, ID: k.EventID, StreamSeq: uint64(k.StreamSeq),
		Content: events.ContentHex(content), Outcome: outcome, Final: outcome.Final(),
		Reasons: events.Explain(recall(k.Reasons)), Notes: events.Explain(notes), Decided: decided,
	}
}

// waivable lists what a sender may stand by. The rest needs a correction, or another register.
var waivable = map[events.Code]bool{
	events.FutureTime: true, events.TooOld: true, events.DefaultTime: true, events.TimeOrder: true, events.TimeAmbiguous: true,
	events.PlaceConflict: true, events.PIIName: true, events.PIIPlate: true, events.PIIAddress: true,
}

// quarantinedEvent is one row of quarantine with its event and bytes.
type quarantinedEvent struct {
	known
	State    string
	Verb     string
	StoredAt time.Time
	Body     []byte
}

const readQuarantined = `-- correlator: a quarantined event, locked
SELECT e.agency, e.kind, e.report, e.revision, e.event_id, e.said_kind, e.said_report, e.said_revision, e.content, e.stream_seq,
       e.outcome, e.reasons, e.notes, e.decided_at, q.state, e.verb, e.stored_at, e.body
  FROM correlator.quarantine q
  JOIN correlator.event e ON (e.municipality, e.agency, e.kind, e.report, e.revision) = (q.municipality, q.agency, q.kind, q.report, q.revision)
 WHERE q.municipality = $1 AND q.agency = $2 AND q.id = $3
   FOR UPDATE OF q`

const closeQuarantine = `-- correlator: an event leaves quarantine
UPDATE correlator.quarantine SET state = $4 WHERE municipality = $1 AND agency = $2 AND id = $3`

// bookDecision carries out what an agency decides about an event of its own in quarantine.
func (b *booking) bookDecision(ctx context.Context, tx pgx.Tx, a events.AgencyID, d events.Decide) (events.Decided, error) {
	var err error
	if b.batch, err = b.store.nextBatch(ctx, tx, b.ref.municipality); err != nil {
		return events.Decided{}, err
	}
	rows, err := tx.Query(ctx, readQuarantined, string(b.ref.municipality), string(a), d.ID)
	if err != nil {
		return events.Decided{}, fmt.Errorf("read quarantined event %s: %w", d.ID, err)
	}
	q, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[quarantinedEvent])
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return events.Decided{Problem: events.DecideUnknown}, nil
	case err != nil:
		return events.Decided{}, fmt.Errorf("read quarantined event %s: %w", d.ID, err)
	case q.State == string(d.Verb):
		receipt := q.receipt(b.ref.municipality, outcomeOf(d.Verb), nil, b.now)
		return events.Decided{Receipt: &receipt}, b.finish(ctx, tx, nil)
	case q.State != "open":
		return events.Decided{Problem: events.DecideOtherwise}, nil
	}
	return b.carryOut(ctx, tx, a, d, q)
}

func outcomeOf(verb events.DecideVerb) events.Outcome {
	if verb == events.Release {
		return events.Accepted
	}
	return events.Dropped
}

func (b *booking) carryOut(ctx context.Context, tx pgx.Tx, a events.AgencyID, d events.Decide, q quarantinedEvent) (events.Decided, error) {
	var read *reading
	var notes []events.Note
	if d.Verb == events.Release {
		v := b.ref.judgeWaiving(arrival{
			municipality: b.ref.municipality, agency: a, verb: events.Verb(q.Verb), seq: uint64(q.StreamSeq), stored: q.StoredAt, body: q.Body,
		}, waivable)
		if q.Kind == kindConflict {
			v.reasons = append(v.reasons, events.Reason{Code: events.IDConflict, Path: "/data/report"})
		}
		if len(v.reasons) > 0 {
			return events.Decided{Problem: events.DecideNotPossible, Reasons: events.Explain(v.reasons)}, nil
		}
		read, notes = &v.reading, v.notes
		if err := b.release(ctx, tx, &v); err != nil {
			return events.Decided{}, err
		}
	}
	if err := b.decide(ctx, tx, q.known, string(d.Verb), d.By, notes, read); err != nil {
		return events.Decided{}, err
	}
	if _, err := tx.Exec(ctx, closeQuarantine, string(b.ref.municipality), string(a), d.ID, string(d.Verb)); err != nil {
		return events.Decided{}, fmt.Errorf("close quarantine %s: %w", d.ID, err)
	}
	receipt := b.conclude(q.known, outcomeOf(d.Verb), notes)
	return events.Decided{Receipt: &receipt}, b.finish(ctx, tx, nil)
}

// release lets an event that its sender stands by take effect as if it had been accepted.
func (b *booking) release(ctx context.Context, tx pgx.Tx, v *verdict) error {
	if v.row == nil { // it was judged quarantined, and its reasons waived since
		b.ref.draft(v)
	}
	one := []verdict{*v}
	if err := b.load(ctx, tx, one); err != nil {
		return err
	}
	v = &one[0]
	it := item{number: b.next, key: v.key(), verdict: v}
	b.apply(it)
	if err := b.settle(ctx, tx); err != nil {
		return err
	}
	if v.event.Kind == events.KindIncident {
		b.correlated(it)
	}
	return nil
}

// Decide carries out what an agency decides about an event of its own in quarantine, and sends the
// receipt that follows. It answers decide.<municipality>.<agency> and the commands.
func (s *Service) Decide(ctx context.Context, m events.MunicipalityID, a events.AgencyID, d events.Decide) events.Decided {
	if d.Verb != events.Release && d.Verb != events.Drop {
		return events.Decided{Problem: events.DecideUnknown}
	}
	var answer events.Decided
	err := s.commit(ctx, m, func(ctx context.Context, tx pgx.Tx, b *booking) error {
		var err error
		answer, err = b.bookDecision(ctx, tx, a, d)
		return err
	})
	if err != nil {
		s.log.Error("decision not carried out", "municipality", m, "agency", a, "id", d.ID, "error", err)
		return events.Decided{Problem: events.DecideFailed}
	}
	return answer
}

// Waiting is one event in quarantine, without its contents.
type Waiting struct {
	ID       uuid.UUID          `json:"id"`
	Agency   events.AgencyID    `json:"agency"`
	Kind     string             `json:"kind"`
	Report   string             `json:"report"`
	Revision int                `json:"revision"`
	Since    time.Time          `json:"since"`
	Reasons  []events.Explained `json:"reasons"`
}

const listWaiting = `-- correlator: events in quarantine
SELECT q.id, q.agency, e.said_kind, e.said_report, e.said_revision, q.since, e.reasons
  FROM correlator.quarantine q
  JOIN correlator.event e ON (e.municipality, e.agency, e.kind, e.report, e.revision) = (q.municipality, q.agency, q.kind, q.report, q.revision)
 WHERE q.municipality = $1 AND ($2 = '' OR q.agency = $2) AND q.state = 'open'
 ORDER BY q.since, q.agency, q.id`

// Quarantine lists what waits for its sender, the oldest first; an empty agency means all.
func (s *Service) Quarantine(ctx context.Context, m events.MunicipalityID, a events.AgencyID) ([]Waiting, error) {
	rows, err := s.store.pool.Query(ctx, listWaiting, string(m), string(a))
	if err != nil {
		return nil, fmt.Errorf("list quarantine of %s: %w", m, err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (w Waiting, err error) {
		var reasons []byte
		err = row.Scan(&w.ID, &w.Agency, &w.Kind, &w.Report, &w.Revision, &w.Since, &reasons)
		w.Reasons = events.Explain(recall(reasons))
		return w, err
	})
}
