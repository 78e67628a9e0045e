// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/pg"
)

// store is the SQL of alerting. Its methods are whole transactions.
type store struct{ db pg.Beginner }

// townRow is a municipality as the registry has it, and how far its batches go.
type townRow struct {
	Municipality events.MunicipalityID
	TimeZone     string
	HistoryFrom  time.Time
	Clock        string
	AsOf         *time.Time
	Version      int64
	Batch        int64
	CommittedAt  *time.Time // of that batch
}

const selectTowns = `-- alerting: the municipalities
SELECT municipality FROM contract.municipality ORDER BY municipality`

func (s store) towns(ctx context.Context) (all []events.MunicipalityID, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectTowns)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, pgx.RowTo[events.MunicipalityID])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list municipalities: %w", err)
	}
	return all, nil
}

const (
	insertHead = `-- alerting: the first time here
INSERT INTO alerting.head (municipality) VALUES ($1) ON CONFLICT DO NOTHING`

	takeHead = `-- alerting: hold a municipality, unless another alerter does
UPDATE alerting.head SET holder = $2, held_until = $3
 WHERE municipality = $1 AND (holder IS NULL OR holder = $2 OR held_until < $4)
RETURNING tick, batch, midnight`

	dropHead = `-- alerting: let go, so that another need not wait
UPDATE alerting.head SET holder = NULL, held_until = NULL WHERE municipality = $1 AND holder = $2`
)

// errHeld says that another alerter holds the municipality.
var errHeld = errors.New("held by another alerter")

// headRow is how far alerting has come.
type headRow struct {
	Tick     int64
	Batch    int64
	Midnight *time.Time
}

const holdFor = 15 * time.Second

func (s store) hold(ctx context.Context, m events.MunicipalityID, holder uuid.UUID, now time.Time) (h headRow, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, insertHead, m); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, takeHead, m, holder, now.Add(holdFor), now).Scan(&h.Tick, &h.Batch, &h.Midnight)
		if errors.Is(err, pgx.ErrNoRows) {
			return errHeld
		}
		return err
	})
	if err != nil {
		return h, fmt.Errorf("hold %s: %w", m, err)
	}
	return h, nil
}

func (s store) letGo(ctx context.Context, m events.MunicipalityID, holder uuid.UUID) error {
	return pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, dropHead, m, holder)
		return err
	})
}

// frameRow is the reference data of ticks.
type frameRow struct {
	Frame       int
	TimeZone    string
	HistoryFrom time.Time
	Codes       []string
	Levels      []string
	Parents     []string
	Serious     []string
}

const (
	selectFrameNow = `-- alerting: reference data as it is now
SELECT 0 AS frame, m.time_zone, m.history_from,
       (SELECT coalesce(array_agg(code ORDER BY code), '{}') FROM contract.area a
         WHERE a.municipality = m.municipality AND retired_at IS NULL AND level <> 'municipality') AS codes,
       (SELECT coalesce(array_agg(level ORDER BY code), '{}') FROM contract.area a
         WHERE a.municipality = m.municipality AND retired_at IS NULL AND level <> 'municipality') AS levels,
       (SELECT coalesce(array_agg(coalesce(parent, '') ORDER BY code), '{}') FROM contract.area a
         WHERE a.municipality = m.municipality AND retired_at IS NULL AND level <> 'municipality') AS parents,
       (SELECT coalesce(array_agg(agency ORDER BY agency), '{}') FROM contract.agency g
         WHERE g.municipality = m.municipality AND serious AND suspended_at IS NULL) AS serious
  FROM contract.municipality m WHERE m.municipality = $1`

	selectFrames = `-- alerting: reference data as ticks knew it
SELECT frame, time_zone, history_from, codes, levels, parents, serious FROM alerting.frame WHERE municipality = $1 ORDER BY frame`

	insertFrame = `-- alerting: reference data changed
INSERT INTO alerting.frame (municipality, frame, time_zone, history_from, codes, levels, parents, serious, first_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
)

// frame returns the reference data that ticks are made under from now on, and keeps it when it is other than before.
func (s store) frame(ctx context.Context, m events.MunicipalityID, now time.Time) (f frameRow, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectFrameNow, m)
		if err != nil {
			return err
		}
		if f, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[frameRow]); err != nil {
			return err
		}
		known, err := collect[frameRow](ctx, tx, selectFrames, m)
		if err != nil {
			return err
		}
		if n := len(known); n > 0 {
			f.Frame = known[n-1].Frame
			if f.same(known[n-1]) {
				return nil
			}
		}
		f.Frame++
		_, err = tx.Exec(ctx, insertFrame, m, f.Frame, f.TimeZone, f.HistoryFrom, f.Codes, f.Levels, f.Parents, f.Serious, now)
		return err
	})
	if err != nil {
		return f, fmt.Errorf("read areas of %s: %w", m, err)
	}
	return f, nil
}

// changeRow is how many incidents a cell has more or fewer of.
type changeRow struct {
	Batch     int64
	District  string
	Area      string
	Category  string
	Day       time.Time
	Incidents int
}

// One statement, so that head and counts are of one snapshot. A municipality without counts gives one row of zeros.
const selectCounts = `-- alerting: all counts, and the batch they are of
SELECT h.batch, coalesce(c.district, '') AS district, coalesce(c.area, '') AS area, coalesce(c.category, '') AS category,
       coalesce(c.day, 'epoch') AS day, coalesce(sum(c.incidents), 0)::int AS incidents
  FROM contract.head h
  LEFT JOIN contract.count c ON c.municipality = h.municipality
 WHERE h.municipality = $1
 GROUP BY h.batch, c.district, c.area, c.category, c.day`

// counts returns all counts and the batch they are of.
func (s store) counts(ctx context.Context, m events.MunicipalityID) (rows []changeRow, batch int64, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) (err error) {
		rows, err = collect[changeRow](ctx, tx, selectCounts, m)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read counts of %s: %w", m, err)
	}
	for _, r := range rows {
		batch = r.Batch
	}
	return slices.DeleteFunc(rows, func(r changeRow) bool { return r.Incidents == 0 }), batch, nil
}

// tickRow is one look of the detector.
type tickRow struct {
	Tick        int64
	Kind        string // batch, midnight
	AsOf        time.Time
	Day         time.Time
	Batch       int64
	Frame       int
	Detector    int
	Causes      json.RawMessage
	Transitions json.RawMessage
	Episodes    json.RawMessage
	DecidedAt   time.Time
}

const (
	insertTick = `-- alerting: one look of the detector
INSERT INTO alerting.tick (municipality, tick, kind, as_of, day, batch, frame, detector, causes, transitions, episodes, decided_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`

	moveHead = `-- alerting: only the holder ticks, and only in order
UPDATE alerting.head SET tick = $3, batch = coalesce($4, batch), midnight = coalesce($5, midnight), held_until = $6
 WHERE municipality = $1 AND holder = $2 AND tick = $3 - 1`

	upsertFlag = `-- alerting: a flag as its latest revision says
INSERT INTO alerting.flag AS f (municipality, id, revision, kind, grade, state, level, area, areas, parts, grp, category, window_from, window_to,
       observed, expected, low, high, recurrence_days, ln_r, margin, fresh, agencies, reason_sv, reason_en, tick,
       opened_at, opened_as_of, updated_at, updated_as_of, cleared_at, cleared_as_of, lead_since, merged_into)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, nullif($19::double precision, 0),
       $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30,
       CASE WHEN $6 = 'cleared' THEN $29::timestamptz END, CASE WHEN $6 = 'cleared' THEN $30::timestamptz END, $31, $32)
ON CONFLICT (municipality, id) DO UPDATE SET
       revision = excluded.revision, grade = excluded.grade, state = excluded.state, grp = excluded.grp, category = excluded.category,
       level = excluded.level, area = excluded.area, areas = excluded.areas, parts = excluded.parts, window_from = excluded.window_from, window_to = excluded.window_to, observed = excluded.observed,
       expected = excluded.expected, low = excluded.low, high = excluded.high, recurrence_days = excluded.recurrence_days, ln_r = excluded.ln_r,
       margin = excluded.margin, fresh = excluded.fresh, agencies = excluded.agencies, reason_sv = excluded.reason_sv, reason_en = excluded.reason_en,
       tick = excluded.tick, updated_at = excluded.updated_at, updated_as_of = excluded.updated_as_of, cleared_at = excluded.cleared_at,
       cleared_as_of = excluded.cleared_as_of, lead_since = excluded.lead_since, merged_into = excluded.merged_into
 WHERE f.revision < excluded.revision`

	deleteReports = `-- alerting: reports that no longer stand behind a flag
DELETE FROM alerting.flag_report r WHERE municipality = $1 AND flag = $2
   AND NOT EXISTS (SELECT FROM unnest($3::text[], $4::text[]) AS n (agency, report) WHERE n.agency = r.agency AND n.report = r.report)`

	insertReports = `-- alerting: reports that stand behind a flag
INSERT INTO alerting.flag_report (municipality, flag, agency, report)
SELECT $1, $2, n.agency, n.report FROM unnest($3::text[], $4::text[]) AS n (agency, report)
ON CONFLICT DO NOTHING`

	insertFlagEvent = `-- alerting: one revision, for ever
INSERT INTO alerting.flag_event (municipality, flag, revision, tick, verb, body, decided_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`

	insertOutgoing = `-- alerting: committed and not yet published
INSERT INTO alerting.outgoing (municipality, tick, messages) VALUES ($1, $2, $3)`
)

// decided is everything a tick leaves behind. It is stored whole or not at all.
type decided struct {
	tick     tickRow
	midnight *time.Time // the local midnight that was looked at
	looked   *int64     // the batch up to which changes were looked at
	flags    []Flag
	notices  []notice
	outgoing []bus.Message
}

// errFenced says that another alerter ticked meanwhile: what this one knows is old.
var errFenced = errors.New("another alerter has ticked")

// commit sends everything at once and then sees whether it was its turn.
func (s store) commit(ctx context.Context, m events.MunicipalityID, holder uuid.UUID, d decided) error {
	err := pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		if len(d.flags) == 0 {
			// A look that found nothing may be lost in a power cut: the next one looks again.
			batch.Queue("SET LOCAL synchronous_commit = off")
		}
		moved := int64(0)
		t := d.tick
		head := batch.Queue(moveHead, m, holder, t.Tick, d.looked, d.midnight, t.DecidedAt.Add(holdFor))
		head.Exec(func(tag pgconn.CommandTag) error {
			moved = tag.RowsAffected()
			return nil
		})
		batch.Queue(insertTick, m, t.Tick, t.Kind, t.AsOf, t.Day, t.Batch, t.Frame, t.Detector, t.Causes, t.Transitions, t.Episodes, t.DecidedAt)
		for _, f := range d.flags {
			if err := queueFlag(batch, f); err != nil {
				return err
			}
		}
		if len(d.outgoing) > 0 {
			packed, err := json.Marshal(d.outgoing)
			if err != nil {
				return fmt.Errorf("pack messages: %w", err)
			}
			batch.Queue(insertOutgoing, m, t.Tick, packed)
		}
		queueNotices(batch, m, t.DecidedAt, d.notices)
		err := tx.SendBatch(ctx, batch).Close()
		var conflict *pgconn.PgError
		if err == nil && moved == 0 || errors.As(err, &conflict) && conflict.Code == uniqueViolation {
			return errFenced
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("store tick %d of %s: %w", d.tick.Tick, m, err)
	}
	return nil
}

// Two ticks of one number: the other alerter's is there already.
const uniqueViolation = "23505"

func queueFlag(batch *pgx.Batch, f Flag) error {
	body, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("write flag %s: %w", f.ID, err)
	}
	if err := queueFlagRow(batch, f); err != nil {
		return err
	}
	batch.Queue(insertFlagEvent, f.Municipality, f.ID, f.Revision, f.Tick, f.Verb, body, f.At)
	return nil
}

// queueFlagRow writes the projection alone.
func queueFlagRow(batch *pgx.Batch, f Flag) error {
	parts, err := json.Marshal(f.Parts)
	if err != nil || f.Parts == nil {
		parts = []byte("[]")
	}
	batch.Queue(upsertFlag, f.Municipality, f.ID, f.Revision, f.Kind, f.Grade, f.State, f.Level, f.Area, f.Areas, parts, f.Group, f.Category,
		f.WindowFrom, f.WindowTo, f.Observed, f.Expected, f.Low, f.High, f.RecurrenceDays, f.LnR, f.Margin, f.New, f.Agencies,
		f.ReasonSV, f.ReasonEN, f.Tick, f.OpenedAt, f.OpenedAsOf, f.At, f.AsOf, orNull(f.LeadSince), uuid.NullUUID{UUID: f.Into, Valid: f.Into != uuid.Nil})
	agencies, reports := make([]string, len(f.Reports)), make([]string, len(f.Reports))
	for i, r := range f.Reports {
		agencies[i], reports[i] = string(r.Agency), string(r.Report)
	}
	batch.Queue(deleteReports, f.Municipality, f.ID, agencies, reports)
	batch.Queue(insertReports, f.Municipality, f.ID, agencies, reports)
	return err
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
