// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/internal/pg"
)

// Rebuild makes the projections of a municipality anew from the stored bytes and the recorded
// verdicts, in one transaction: readers see the old ones until the new ones are complete. Where
// counts come out otherwise, the journal says so in a batch of its own. It returns how many reports
// and counts were written.
func (s *Service) Rebuild(ctx context.Context, m events.MunicipalityID, progress func(events int64)) (reports, cells int, err error) {
	ref, err := s.store.reference(ctx, m)
	if err != nil {
		return 0, 0, err
	}
	err = pg.InTx(ctx, s.store.pool, pg.System, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "-- correlator: a rebuild takes as long as it takes\nSET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"); err != nil {
			return fmt.Errorf("begin rebuild: %w", err)
		}
		batch, err := s.store.nextBatch(ctx, tx, m)
		if err != nil {
			return err
		}
		should, err := s.recount(ctx, tx, ref, progress)
		if err != nil {
			return err
		}
		should.rebuilt = batch
		reports, cells = len(should.reports), len(should.counts)
		return s.store.replace(ctx, tx, should)
	})
	return reports, cells, err
}

// chunk is how many rows one statement of a rebuild writes.
const chunk = 2000

// replace puts the recounted projections in the place of the stored ones. Sources, positions and the
// journal's row are written as any batch writes them.
func (s *store) replace(ctx context.Context, tx pgx.Tx, should *recounted) error {
	journal, err := s.journal(ctx, tx, should.ref.municipality)
	if err != nil {
		return err
	}
	for _, table := range []string{"report", "notice", "count", "source", "quarantine"} {
		if _, err := tx.Exec(ctx, "-- correlator: clear a projection\nDELETE FROM correlator."+table+" WHERE municipality = $1", string(should.ref.municipality)); err != nil {
			return fmt.Errorf("clear %s: %w", table, err)
		}
	}
	for rows := range slices.Chunk(should.reports, chunk) {
		if _, err := tx.Exec(ctx, upsertReports, reportArgs(should.ref.municipality, rows)...); err != nil {
			return fmt.Errorf("write reports: %w", err)
		}
	}
	all, _, _ := should.counts.columns()
	if _, err := tx.Exec(ctx, raiseCounts, append([]any{string(should.ref.municipality)}, all.args()...)...); err != nil {
		return fmt.Errorf("write counts: %w", err)
	}
	if err := s.replaceQuarantine(ctx, tx, should); err != nil {
		return err
	}
	return s.writeRest(ctx, tx, should, journal)
}

// writeRest writes the notices, the sources, and a batch of the journal that holds what the counts
// now are beyond what the journal so far adds up to: nothing, unless something had been wrong.
func (s *store) writeRest(ctx context.Context, tx pgx.Tx, should *recounted, journal counts) error {
	m := string(should.ref.municipality)
	q := &pgx.Batch{}
	for k, t := range should.counts {
		stood := journal[k]
		journal[k] = tally{t.incidents - stood.incidents, t.reports - stood.reports}
	}
	for k, stood := range journal {
		if _, counted := should.counts[k]; !counted {
			journal[k] = tally{-stood.incidents, -stood.reports}
		}
	}
	_, _, moved := journal.columns()
	q.Queue(insertBatch, append([]any{m, should.rebuilt, should.now, should.ref.version}, moved.args()...)...)
	for _, n := range should.notices {
		q.Queue(upsertNotices, append([]any{m}, n.columns()...)...)
	}
	should.queueSources(q, m)
	if err := tx.SendBatch(ctx, q).Close(); err != nil {
		return fmt.Errorf("write rebuilt projections of %s: %w", m, err)
	}
	return nil
}

const sumJournal = `-- correlator: what the journal adds up to
SELECT day, district, area, category, hour, sum(incidents)::int, sum(reports)::int
  FROM contract.count_change WHERE municipality = $1 GROUP BY 1, 2, 3, 4, 5`

func (s *store) journal(ctx context.Context, tx pgx.Tx, m events.MunicipalityID) (counts, error) {
	rows, err := tx.Query(ctx, sumJournal, string(m))
	if err != nil {
		return nil, fmt.Errorf("sum journal: %w", err)
	}
	sum := counts{}
	var k countKey
	var t tally
	_, err = pgx.ForEachRow(rows, []any{&k.day, &k.district, &k.area, &k.category, &k.hour, &t.incidents, &t.reports}, func() error {
		k.day = k.day.UTC()
		sum[k] = t
		return nil
	})
	return sum, err
}

const setQuarantine = `-- correlator: the state of what was quarantined
UPDATE correlator.quarantine q SET state = n.state
  FROM unnest($2::text[], $3::text[], $4::text[], $5::int[], $6::text[]) AS n (agency, kind, report, revision, state)
 WHERE (q.municipality, q.agency, q.kind, q.report, q.revision) = ($1, n.agency, n.kind, n.report, n.revision)`

func (s *store) replaceQuarantine(ctx context.Context, tx pgx.Tx, should *recounted) error {
	if err := should.openQuarantine(ctx, tx); err != nil {
		return err
	}
	var keys []key
	var states []string
	for k, state := range should.quarantine {
		keys, states = append(keys, k), append(states, state)
	}
	agencies, kinds, reports, revisions := keyColumns(keys)
	if _, err := tx.Exec(ctx, setQuarantine, string(should.ref.municipality), agencies, kinds, reports, revisions, states); err != nil {
		return fmt.Errorf("set quarantine of %s: %w", should.ref.municipality, err)
	}
	return nil
}
