// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/services/alerting/detect"
)

// memory is what the looks had in mind at a moment.
type memory struct {
	episodes []detect.Episode
	flags    map[uuid.UUID]Flag
}

const (
	oneSnapshot = `-- alerting: one snapshot for all comparisons
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0`

	selectTicks = `-- alerting: the looks of the last days of the municipality's clock
SELECT tick, kind, as_of, day, batch, frame, detector, causes, transitions, episodes, decided_at
  FROM alerting.tick
 WHERE municipality = $1 AND as_of >= (SELECT max(as_of) FROM alerting.tick WHERE municipality = $1) - make_interval(days => $2)
   AND tick >= coalesce((SELECT min(tick) FROM alerting.tick WHERE municipality = $1
                            AND as_of >= (SELECT max(as_of) FROM alerting.tick WHERE municipality = $1) - make_interval(days => $2)), 0)
 ORDER BY tick`

	selectBefore = `-- alerting: the batch that was looked at before a tick
SELECT coalesce(max(batch), 0) FROM alerting.tick WHERE municipality = $1 AND tick < $2 AND kind = 'batch'`

	selectJournalTo = `-- alerting: what the journal adds up to at a batch
SELECT $2::bigint AS batch, district, area, category, day, sum(incidents)::int AS incidents FROM contract.count_change
 WHERE municipality = $1 AND batch <= $2
 GROUP BY district, area, category, day HAVING sum(incidents) <> 0`

	selectDrift = `-- alerting: counts that are not what the journal adds up to
SELECT format('%s %s %s has %s incidents and the journal adds up to %s', day, area, category, coalesce(c.n, 0), coalesce(j.n, 0))
  FROM (SELECT day, area, category, sum(incidents) AS n FROM contract.count WHERE municipality = $1 GROUP BY 1, 2, 3) AS c
  FULL JOIN (SELECT day, area, category, sum(incidents) AS n FROM contract.count_change WHERE municipality = $1 GROUP BY 1, 2, 3) AS j
       USING (day, area, category)
 WHERE coalesce(c.n, 0) <> coalesce(j.n, 0)
 ORDER BY 1 LIMIT 20`

	selectBodiesSince = `-- alerting: revisions from a tick on
SELECT body FROM alerting.flag_event WHERE municipality = $1 AND tick >= $2 ORDER BY tick, flag, revision`

	selectOdd = `-- alerting: flags that are not their latest revision
SELECT coalesce(f.id, e.flag)::text || CASE
         WHEN f.id IS NULL THEN ' has revisions and is not among the flags'
         WHEN e.flag IS NULL THEN ' is a flag without revisions'
         ELSE ' is not what its latest revision says' END
  FROM (SELECT * FROM alerting.flag WHERE municipality = $1) AS f
  FULL JOIN (SELECT DISTINCT ON (flag) flag, revision, verb, body FROM alerting.flag_event WHERE municipality = $1 ORDER BY flag, revision DESC) AS e
    ON e.flag = f.id
 WHERE f.id IS NULL OR e.flag IS NULL OR f.revision <> e.revision OR (f.state = 'cleared') <> (e.verb = 'cleared')
    OR f.observed <> (e.body->>'observed')::int OR f.expected <> (e.body->>'expected')::float8 OR f.area <> e.body->>'area' OR f.grp <> e.body->>'group'
 ORDER BY 1`
)

// record reads everything that a municipality's verification needs.
func (s store) record(ctx context.Context, m events.MunicipalityID) (r record, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		r = record{id: m, frames: map[int]frameRow{}, told: map[int64][]Flag{}}
		if _, err := tx.Exec(ctx, oneSnapshot); err != nil {
			return err
		}
		frames, err := collect[frameRow](ctx, tx, selectFrames, m)
		if err != nil {
			return err
		}
		for _, f := range frames {
			r.frames[f.Frame] = f
		}
		if r.odd, err = oddFlags(ctx, tx, m); err != nil {
			return err
		}
		if r.ticks, err = collect[tickRow](ctx, tx, selectTicks, m, repeatDays); err != nil || len(r.ticks) == 0 {
			return err
		}
		if err := r.readCounts(ctx, tx); err != nil {
			return err
		}
		return r.readMemory(ctx, tx)
	})
	if err != nil {
		return r, fmt.Errorf("read the looks of %s: %w", m, err)
	}
	return r, nil
}

func oddFlags(ctx context.Context, tx pgx.Tx, m events.MunicipalityID) ([]string, error) {
	rows, err := tx.Query(ctx, selectOdd, m)
	if err != nil {
		return nil, err
	}
	odd, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for i := range odd {
		odd[i] = "flag " + odd[i]
	}
	return odd, err
}

func (r *record) readCounts(ctx context.Context, tx pgx.Tx) (err error) {
	first := r.ticks[0]
	if err := tx.QueryRow(ctx, selectBefore, r.id, first.Tick).Scan(&r.before); err != nil {
		return err
	}
	if r.start, err = collect[changeRow](ctx, tx, selectJournalTo, r.id, r.before); err != nil {
		return err
	}
	if r.journal, err = collect[changeRow](ctx, tx, selectChangesBetween, r.id, r.before, math.MaxInt64); err != nil {
		return err
	}
	drift, err := tx.Query(ctx, selectDrift, r.id)
	if err != nil {
		return err
	}
	r.drift, err = pgx.CollectRows(drift, pgx.RowTo[string])
	return err
}

// readMemory reads what was in mind before the first look, and every revision since.
func (r *record) readMemory(ctx context.Context, tx pgx.Tx) error {
	first := r.ticks[0].Tick
	start, err := memoryAfter(ctx, tx, r.id, first-1)
	if err != nil {
		return err
	}
	told, err := flagBodies(ctx, tx, selectBodiesSince, r.id, first)
	if err != nil {
		return err
	}
	for _, f := range told {
		r.told[f.Tick] = append(r.told[f.Tick], f)
	}
	reached := first - 1
	r.memory = func(tick int64) memory {
		for _, row := range r.ticks {
			if row.Tick <= reached || row.Tick > tick {
				continue
			}
			if row.Episodes != nil {
				start.episodes = nil
				// What cannot be read shows as a difference in every look after it.
				_ = json.Unmarshal(row.Episodes, &start.episodes)
			}
			for _, f := range r.told[row.Tick] {
				start.flags[f.ID] = f
			}
		}
		reached = max(reached, tick)
		return start
	}
	return nil
}

const (
	deleteFlags = `-- alerting: flags are made anew
DELETE FROM alerting.flag WHERE municipality = $1`

	deleteExpected = `-- alerting: what is usual is worked out anew
DELETE FROM alerting.expected WHERE municipality = $1`

	selectAllEvents = `-- alerting: every revision, in order
SELECT body FROM alerting.flag_event WHERE municipality = $1 ORDER BY flag, revision`

	// Whoever holds the municipality finds another at it, and begins anew.
	freeHead = `-- alerting: nobody holds the municipality
UPDATE alerting.head SET holder = NULL, held_until = NULL WHERE municipality = $1`
)

func (s store) rebuildFlags(ctx context.Context, m events.MunicipalityID) (flags int, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		for _, sql := range []string{freeHead, deleteFlags, deleteExpected} {
			if _, err := tx.Exec(ctx, sql, m); err != nil {
				return err
			}
		}
		all, err := flagBodies(ctx, tx, selectAllEvents, m)
		if err != nil {
			return err
		}
		batch := &pgx.Batch{}
		flags = 0
		for i, f := range all {
			if i+1 < len(all) && all[i+1].ID == f.ID {
				continue
			}
			flags++
			if err := queueFlagRow(batch, f); err != nil {
				return err
			}
		}
		return tx.SendBatch(ctx, batch).Close()
	})
	if err != nil {
		return 0, fmt.Errorf("rebuild flags of %s: %w", m, err)
	}
	return flags, nil
}
