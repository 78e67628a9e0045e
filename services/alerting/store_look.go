// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/pg"
	"samsyn/services/alerting/detect"
)

const selectTown = `-- alerting: a municipality, its clock, and how far its batches go
SELECT m.municipality, m.time_zone, m.history_from, m.clock, m.as_of, m.version, coalesce(h.batch, 0) AS batch, b.committed_at
  FROM contract.municipality m
  LEFT JOIN contract.head h USING (municipality)
  LEFT JOIN contract.batch b USING (municipality, batch)
 WHERE m.municipality = $1`

func (s store) town(ctx context.Context, m events.MunicipalityID) (row townRow, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		row, err = oneTown(ctx, tx, m)
		return err
	})
	if err != nil {
		return row, fmt.Errorf("read municipality %s: %w", m, err)
	}
	return row, nil
}

func oneTown(ctx context.Context, tx pgx.Tx, m events.MunicipalityID) (townRow, error) {
	rows, err := tx.Query(ctx, selectTown, m)
	if err != nil {
		return townRow{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[townRow])
}

// Whoever reads this in one statement reads whole batches: a batch and its changes are one row.
const selectChangesBetween = `-- alerting: what batches changed
SELECT batch, district, area, category, day, incidents FROM contract.count_change
 WHERE municipality = $1 AND batch > $2 AND batch <= $3
 ORDER BY batch`

func (s store) changesBetween(ctx context.Context, m events.MunicipalityID, after, upTo int64) (rows []changeRow, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) (err error) {
		rows, err = collect[changeRow](ctx, tx, selectChangesBetween, m, after, upTo)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read changes of %s: %w", m, err)
	}
	return rows, nil
}

const (
	selectSerious = `-- alerting: very serious reports that came
SELECT r.batch, r.agency, r.report, r.revision, r.category, r.severity, r.certainty, r.episode, i.day::text AS day, i.district, i.area
  FROM contract.report r
  JOIN contract.incident i USING (municipality, episode)
 WHERE r.municipality = $1 AND r.batch > $2 AND r.batch <= $3 AND r.severity = 4 AND r.counted AND r.state = 'accepted'
 ORDER BY r.batch, r.agency, r.report`

	selectGone = `-- alerting: reports behind open flags that are withdrawn, no longer counted, or no longer very serious
SELECT n.agency, n.report FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS n (agency, report, place)
 WHERE NOT EXISTS (SELECT FROM contract.report r WHERE r.municipality = $1 AND r.agency = n.agency AND r.report = n.report
                      AND r.severity = 4 AND r.counted AND r.state = 'accepted')
 ORDER BY n.place`
)

// news is what happened in a municipality since it was looked at.
type news struct {
	town    townRow
	changes []changeRow // of the batches after those that are folded
	causes  causes      // of the batches after those that were looked at
}

// news reads all of it in one round trip. Its statements see batches that were committed between them: what is after the municipality's
// own number is left for the next look.
func (s store) news(ctx context.Context, m events.MunicipalityID, folded, looked int64, behind []events.ReportRef) (n news, err error) {
	agencies, reports := refColumns(behind)
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		n = news{}
		batch := &pgx.Batch{}
		one(batch, &n.town, selectTown, m)
		many(batch, &n.changes, selectChangesBetween, m, folded, math.MaxInt64)
		many(batch, &n.causes.Seen, selectSerious, m, looked, math.MaxInt64)
		if len(behind) > 0 {
			many(batch, &n.causes.Gone, selectGone, m, agencies, reports)
		}
		return tx.SendBatch(ctx, batch).Close()
	})
	if err != nil {
		return n, fmt.Errorf("read news of %s: %w", m, err)
	}
	n.changes = slices.DeleteFunc(n.changes, func(c changeRow) bool { return c.Batch > n.town.Batch })
	n.causes.Seen = slices.DeleteFunc(n.causes.Seen, func(c cause) bool { return c.Batch > n.town.Batch })
	if n.town.Batch <= looked {
		n.causes = causes{} // without a new batch nothing is gone
	}
	return n, nil
}

// one queues a statement that gives one row.
func one[T any](batch *pgx.Batch, into *T, sql string, args ...any) {
	batch.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[T])
		return err
	})
}

// many queues a statement that gives any number of rows.
func many[T any](batch *pgx.Batch, into *[]T, sql string, args ...any) {
	batch.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectRows(rows, pgx.RowToStructByName[T])
		return err
	})
}

func refColumns(refs []events.ReportRef) (agencies, reports []string) {
	agencies, reports = make([]string, len(refs)), make([]string, len(refs))
	for i, r := range refs {
		agencies[i], reports[i] = string(r.Agency), string(r.Report)
	}
	return agencies, reports
}

const (
	selectEpisodes = `-- alerting: what the detector had in mind after a tick
SELECT episodes FROM alerting.tick WHERE municipality = $1 AND tick <= $2 AND episodes IS NOT NULL ORDER BY tick DESC LIMIT 1`

	// Flags that ended may begin again for a while.
	selectMemory = `-- alerting: flags as they were after a tick, open ones and those that ended lately
SELECT e.body FROM (
       SELECT DISTINCT ON (flag) flag, revision, verb, tick FROM alerting.flag_event
        WHERE municipality = $1 AND tick <= $2 ORDER BY flag, revision DESC) AS latest
  JOIN alerting.flag_event e ON e.municipality = $1 AND e.flag = latest.flag AND e.revision = latest.revision
  JOIN alerting.tick t ON t.municipality = $1 AND t.tick = latest.tick
 WHERE latest.verb <> 'cleared'
    OR t.as_of > (SELECT as_of FROM alerting.tick WHERE municipality = $1 AND tick = $2) - interval '60 days'`
)

// memory returns the episodes and flags as a tick left them.
func (s store) memory(ctx context.Context, m events.MunicipalityID, tick int64) (mem memory, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		mem, err = memoryAfter(ctx, tx, m, tick)
		return err
	})
	if err != nil {
		return mem, fmt.Errorf("read what was flagged in %s: %w", m, err)
	}
	return mem, nil
}

func memoryAfter(ctx context.Context, tx pgx.Tx, m events.MunicipalityID, tick int64) (mem memory, err error) {
	mem.flags = map[uuid.UUID]Flag{}
	var packed []byte
	switch err := tx.QueryRow(ctx, selectEpisodes, m, tick).Scan(&packed); {
	case errors.Is(err, pgx.ErrNoRows):
	case err != nil:
		return mem, err
	default:
		if err := json.Unmarshal(packed, &mem.episodes); err != nil {
			return mem, err
		}
	}
	known, err := flagBodies(ctx, tx, selectMemory, m, tick)
	for _, f := range known {
		mem.flags[f.ID] = f
	}
	return mem, err
}

const (
	selectWindow = `-- alerting: who saw what is in a flag's window
SELECT r.agency, r.report
  FROM contract.incident i
  JOIN contract.report r USING (municipality, episode)
 WHERE i.municipality = $1 AND i.day BETWEEN $2 AND $3 AND r.counted AND r.state = 'accepted'
   AND (i.grp = $4 OR $4 = '' AND i.grp = ANY ($7))
   AND CASE $5 WHEN 'area' THEN i.area = $6 WHEN 'district' THEN i.district = $6 ELSE true END
 ORDER BY i.day DESC, r.agency, r.report`

	selectLinked = `-- alerting: all reports of incidents
SELECT agency, report FROM contract.report
 WHERE municipality = $1 AND episode = ANY ($2) AND counted AND state = 'accepted'
 ORDER BY agency, report`
)

// evidence is who saw what a flag tells of.
type evidence struct {
	agencies []events.AgencyID
	reports  []events.ReportRef
}

// circumstances reads, in one round trip, who saw what each flag tells of and who may have to be told.
func (s store) circumstances(ctx context.Context, m events.MunicipalityID, flags []Flag, groups []string, now time.Time) (seen []evidence, a audience, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		seen = make([]evidence, len(flags))
		for i, f := range flags {
			seen[i].queue(batch, f, groups)
		}
		finish := a.queue(batch, m, now)
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
		return finish()
	})
	if err != nil {
		return nil, a, fmt.Errorf("read what is behind the flags of %s: %w", m, err)
	}
	for i := range seen {
		for _, r := range seen[i].reports {
			if !slices.Contains(seen[i].agencies, r.Agency) {
				seen[i].agencies = append(seen[i].agencies, r.Agency)
			}
		}
		slices.Sort(seen[i].agencies)
	}
	return seen, a, nil
}

func (e *evidence) queue(batch *pgx.Batch, f Flag, groups []string) {
	if f.Kind == events.KindSerious {
		episodes := make([]uuid.UUID, len(f.Causes))
		for i, c := range f.Causes {
			episodes[i] = c.Episode
		}
		many(batch, &e.reports, selectLinked, f.Municipality, episodes)
		return
	}
	many(batch, &e.reports, selectWindow, f.Municipality, f.WindowFrom, f.WindowTo, f.Group, string(f.Level), string(f.Area), groups)
}

const (
	deleteOutgoing = `-- alerting: published
DELETE FROM alerting.outgoing WHERE municipality = $1 AND tick = $2`

	selectOutgoing = `-- alerting: committed and not yet published
SELECT tick, messages FROM alerting.outgoing WHERE municipality = $1 ORDER BY tick LIMIT 100`
)

func (s store) sent(ctx context.Context, m events.MunicipalityID, tick int64) error {
	return pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		// Lost in a power cut, the row is published once more under the same identity.
		if _, err := tx.Exec(ctx, "SET LOCAL synchronous_commit = off"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, deleteOutgoing, m, tick)
		return err
	})
}

// waiting is what a tick wants published.
type waiting struct {
	Tick     int64
	Messages []byte
}

func (s store) outgoing(ctx context.Context, m events.MunicipalityID) (rows []waiting, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) (err error) {
		rows, err = collect[waiting](ctx, tx, selectOutgoing, m)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read what waits to be published in %s: %w", m, err)
	}
	return rows, nil
}

func (w waiting) unpack() (messages []bus.Message, err error) {
	if err := json.Unmarshal(w.Messages, &messages); err != nil {
		return nil, fmt.Errorf("unpack messages of tick %d: %w", w.Tick, err)
	}
	return messages, nil
}

const insertExpected = `-- alerting: what is usual in weeks
INSERT INTO alerting.expected AS e (municipality, week, level, area, grp, shape, rate, exposure, expected, low, high)
SELECT $1, n.week, n.level, n.area, n.grp, n.shape, n.rate, ARRAY[n.e1, n.e2, n.e3, n.e4, n.e5, n.e6, n.e7], n.expected, n.low, n.high
  FROM unnest($2::date[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::float8[], $8::float8[], $9::int[], $10::int[],
              $11::float8[], $12::float8[], $13::float8[], $14::float8[], $15::float8[], $16::float8[], $17::float8[])
       AS n (week, level, area, grp, shape, rate, expected, low, high, e1, e2, e3, e4, e5, e6, e7)
ON CONFLICT (municipality, area, grp, week) DO UPDATE SET
       level = excluded.level, shape = excluded.shape, rate = excluded.rate, exposure = excluded.exposure, expected = excluded.expected,
       low = excluded.low, high = excluded.high
 WHERE (e.shape, e.rate, e.low, e.high) IS DISTINCT FROM (excluded.shape, excluded.rate, excluded.low, excluded.high)`

// expectedRow is what is usual in one cell and week.
type expectedRow struct {
	cell detect.Cell
	week detect.Expectation
}

func (s store) expected(ctx context.Context, m events.MunicipalityID, rows []expectedRow) error {
	n := len(rows)
	weeks, levels, areas, groups := make([]time.Time, n), make([]string, n), make([]string, n), make([]string, n)
	shapes, rates, means, lows, highs := make([]float64, n), make([]float64, n), make([]float64, n), make([]int, n), make([]int, n)
	var exposure [7][]float64
	for i, r := range rows {
		weeks[i], levels[i], areas[i], groups[i] = r.week.Monday.Time(), string(r.cell.Level), string(r.cell.Area), r.cell.Group
		shapes[i], rates[i], means[i], lows[i], highs[i] = r.week.Shape, r.week.Rate, r.week.Mean, r.week.Low, r.week.High
		for day, x := range r.week.Exposure {
			exposure[day] = append(exposure[day], x)
		}
	}
	err := pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, insertExpected, m, weeks, levels, areas, groups, shapes, rates, means, lows, highs,
			exposure[0], exposure[1], exposure[2], exposure[3], exposure[4], exposure[5], exposure[6])
		return err
	})
	if err != nil {
		return fmt.Errorf("store what is usual in %s: %w", m, err)
	}
	return nil
}
