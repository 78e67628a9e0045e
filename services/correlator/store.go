// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"samsyn/events"
	"samsyn/events/bus"
)

// store holds every statement of the live path. Rows go in as parallel arrays (unnest): COPY is
// refused on a table with row-level security, and one statement costs one round trip whatever the
// size of the batch.
type store struct {
	pool *pgxpool.Pool
}

const nextBatch = `-- correlator: lock the municipality and number the batch
INSERT INTO correlator.head (municipality, batch) VALUES ($1, 1)
ON CONFLICT (municipality) DO UPDATE SET batch = head.batch + 1
RETURNING batch`

func (s *store) nextBatch(ctx context.Context, tx pgx.Tx, m events.MunicipalityID) (batch int64, err error) {
	if err := tx.QueryRow(ctx, nextBatch, string(m)).Scan(&batch); err != nil {
		return 0, fmt.Errorf("number batch of %s: %w", m, err)
	}
	return batch, nil
}

// A key that is there already is left alone: whoever asks learns which items are new.
const insertEvents = `-- correlator: store events that are new
INSERT INTO correlator.event (municipality, agency, kind, report, revision, batch, item, verb, event_id,
    said_kind, said_report, said_revision, content, outcome, reasons, notes, stream_seq, stored_at, decided_at,
    reference_version, category, severity, district, area, lon, lat, exactness, sha256, body)
SELECT $1, q.agency, q.kind, q.report, q.revision, $2, q.item, q.verb, q.event_id,
    q.said_kind, q.said_report, q.said_revision, q.content, q.outcome, q.reasons::jsonb, q.notes::jsonb, q.seq, q.stored_at, $3,
    $4, q.category, q.severity, q.district, q.area, q.lon, q.lat, q.exactness, q.sha256, q.body
  FROM unnest($5::text[], $6::text[], $7::text[], $8::int[], $9::int[], $10::text[], $11::text[],
              $12::text[], $13::text[], $14::int[], $15::bytea[], $16::text[], $17::text[], $18::text[], $19::bigint[], $20::timestamptz[],
              $21::text[], $22::int2[], $23::text[], $24::text[], $25::float8[], $26::float8[], $27::int2[], $28::bytea[], $29::bytea[])
    AS q (agency, kind, report, revision, item, verb, event_id, said_kind, said_report, said_revision, content, outcome, reasons,
          notes, seq, stored_at, category, severity, district, area, lon, lat, exactness, sha256, body)
ON CONFLICT DO NOTHING
RETURNING item`

// insertEvents stores verdicts under the keys given and returns the items that were new.
func (s *store) insertEvents(ctx context.Context, tx pgx.Tx, b *booking, items []item) (map[int32]bool, error) {
	args := []any{string(b.ref.municipality), b.batch, b.now, b.ref.version}
	rows, err := tx.Query(ctx, insertEvents, append(args, eventColumns(items)...)...)
	if err != nil {
		return nil, fmt.Errorf("store events of %s: %w", b.ref.municipality, err)
	}
	fresh, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	if err != nil {
		return nil, fmt.Errorf("store events of %s: %w", b.ref.municipality, err)
	}
	set := make(map[int32]bool, len(fresh))
	for _, i := range fresh {
		set[i] = true
	}
	return set, nil
}

// known is what the store says about a key that is taken: the content that took it, and the latest
// receipt, which comes again when the same content is sent again.
type known struct {
	Agency       string
	Kind         string
	Report       string
	Revision     int32
	EventID      string
	SaidKind     string
	SaidReport   string
	SaidRevision int32
	Content      []byte
	StreamSeq    int64
	Outcome      string
	Reasons      []byte
	Notes        []byte
	DecidedAt    time.Time
}

// In the look-ups below LATERAL with LIMIT makes the plan what it should be, one index probe a row,
// also for a table that has grown a thousandfold since it was last analysed.
const knownEvents = `-- correlator: events whose key is taken, with their latest receipt
SELECT e.agency, e.kind, e.report, e.revision, e.event_id, e.said_kind, e.said_report, e.said_revision, e.content, e.stream_seq,
       CASE d.verb WHEN 'released' THEN 'accepted' WHEN 'dropped' THEN 'dropped' WHEN 'corrected' THEN 'dropped' ELSE e.outcome END AS outcome,
       e.reasons, coalesce(d.notes, e.notes) AS notes, coalesce(d.decided_at, e.decided_at) AS decided_at
  FROM unnest($2::text[], $3::text[], $4::text[], $5::int[]) AS q (agency, kind, report, revision)
  CROSS JOIN LATERAL (SELECT * FROM correlator.event
     WHERE (municipality, agency, kind, report, revision) = ($1, q.agency, q.kind, q.report, q.revision) LIMIT 1) e
  LEFT JOIN LATERAL (SELECT * FROM correlator.decision
     WHERE (municipality, agency, kind, report, revision) = ($1, q.agency, q.kind, q.report, q.revision) LIMIT 1) d ON true`

func (s *store) knownEvents(ctx context.Context, tx pgx.Tx, m events.MunicipalityID, keys []key) (map[key]known, error) {
	agencies, kinds, reports, revisions := keyColumns(keys)
	rows, err := tx.Query(ctx, knownEvents, string(m), agencies, kinds, reports, revisions)
	if err != nil {
		return nil, fmt.Errorf("look up taken keys of %s: %w", m, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[known])
	if err != nil {
		return nil, fmt.Errorf("look up taken keys of %s: %w", m, err)
	}
	found := make(map[key]known, len(list))
	for _, k := range list {
		found[key{events.AgencyID(k.Agency), k.Kind, k.Report, k.Revision}] = k
	}
	return found, nil
}

func keyColumns(keys []key) (agencies, kinds, reports []string, revisions []int32) {
	for _, k := range keys {
		agencies, kinds = append(agencies, string(k.agency)), append(kinds, k.kind)
		reports, revisions = append(reports, k.report), append(revisions, k.revision)
	}
	return agencies, kinds, reports, revisions
}

const reportColumns = `r.agency, r.report, r.revision, r.batch, r.state, r.counted, r.category, r.grp, r.severity, r.certainty,
       r.occurred_from, r.occurred_to, r.reported_at, r.stored_at, r.lon, r.lat, r.exactness, r.place_type, r.district, r.area,
       r.unit, r.origin, r.sharing, r.groups, r.share_after, r.test, r.reference, r.reporter, r.day, r.hour, r.cell,
       r.episode, r.lead, r.agencies, r.reports`

const currentReports = `-- correlator: reports as they stand
SELECT ` + reportColumns + `
  FROM unnest($2::text[], $3::text[]) AS q (agency, report)
 CROSS JOIN LATERAL (SELECT * FROM correlator.report WHERE (municipality, agency, report) = ($1, q.agency, q.report) LIMIT 1) r`

// Three ways to be linked: near in place and time, the same reference, or linked so far. Each is an
// index look-up; occurred_from alone bounds the time, package link judges the rest.
const linkCandidates = `-- correlator: link candidates
SELECT ` + reportColumns + `
  FROM unnest($2::bigint[], $3::timestamptz[], $4::timestamptz[]) AS q (cell, low, high)
 CROSS JOIN LATERAL (SELECT * FROM correlator.report WHERE municipality = $1 AND cell = q.cell AND occurred_from BETWEEN q.low AND q.high
                       AND counted AND cell IS NOT NULL ORDER BY occurred_from LIMIT 100000) r
UNION ALL
SELECT ` + reportColumns + `
  FROM unnest($5::text[], $6::text[]) AS q (agency, reference)
 CROSS JOIN LATERAL (SELECT * FROM correlator.report WHERE municipality = $1 AND agency = q.agency AND reference = q.reference
                       AND counted LIMIT 100000) r
UNION ALL
SELECT ` + reportColumns + `
  FROM unnest($7::uuid[]) AS q (episode)
 CROSS JOIN LATERAL (SELECT * FROM correlator.report WHERE municipality = $1 AND episode = q.episode AND counted AND reports > 1 LIMIT 100000) r`

func (s *store) candidates(ctx context.Context, tx pgx.Tx, m events.MunicipalityID, q candidateQuery) ([]*report, error) {
	if q.empty() {
		return nil, nil
	}
	rows, err := tx.Query(ctx, linkCandidates, q.args(m)...)
	if err != nil {
		return nil, fmt.Errorf("read link candidates of %s: %w", m, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToAddrOfStructByPos[report])
	if err != nil {
		return nil, fmt.Errorf("read link candidates of %s: %w", m, err)
	}
	return found, nil
}

// load reads, in one round trip, reports as they stand and the candidates of what comes.
func (s *store) load(ctx context.Context, tx pgx.Tx, m events.MunicipalityID, agencies, reports []string, q candidateQuery) (current, near []*report, err error) {
	into := func(list *[]*report) func(pgx.Rows) error {
		return func(rows pgx.Rows) (err error) {
			*list, err = pgx.CollectRows(rows, pgx.RowToAddrOfStructByPos[report])
			return err
		}
	}
	batch := &pgx.Batch{}
	if len(reports) > 0 {
		batch.Queue(currentReports, string(m), agencies, reports).Query(into(&current))
	}
	if !q.empty() {
		batch.Queue(linkCandidates, q.args(m)...).Query(into(&near))
	}
	if batch.Len() == 0 {
		return nil, nil, nil
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, nil, fmt.Errorf("read reports and link candidates of %s: %w", m, err)
	}
	return current, near, nil
}

const readPosition = `-- correlator: how far a stream is read
SELECT seq, sha256 FROM correlator.position WHERE municipality = $1 AND agency = $2`

func (s *store) position(ctx context.Context, m events.MunicipalityID, a events.AgencyID) (p bus.Position, ok bool, err error) {
	var seq int64
	var sum []byte
	switch err := s.pool.QueryRow(ctx, readPosition, string(m), string(a)).Scan(&seq, &sum); {
	case errors.Is(err, pgx.ErrNoRows):
		return bus.Position{}, false, nil
	case err != nil:
		return bus.Position{}, false, fmt.Errorf("read position of %s/%s: %w", m, a, err)
	}
	p.Seq = uint64(seq)
	copy(p.SHA256[:], sum)
	return p, true, nil
}

const forgetPosition = `-- correlator: a stream went backwards and is read again from its beginning
DELETE FROM correlator.position WHERE municipality = $1 AND agency = $2`

func (s *store) forgetPosition(ctx context.Context, m events.MunicipalityID, a events.AgencyID) error {
	if _, err := s.pool.Exec(ctx, forgetPosition, string(m), string(a)); err != nil {
		return fmt.Errorf("forget position of %s/%s: %w", m, a, err)
	}
	return nil
}
