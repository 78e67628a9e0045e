// SPDX-License-Identifier: EUPL-1.2

package feedback

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/internal/pg"
)

type store struct{ db pg.Beginner }

const selectTowns = `-- feedback: municipalities and their clocks
SELECT municipality, name, time_zone, made_up, as_of FROM contract.municipality ORDER BY municipality`

// towns are all municipalities. A zone that this machine does not know is UTC.
func (s store) towns(ctx context.Context, now time.Time) (towns []town, err error) {
	type row struct {
		Municipality, Name, TimeZone string
		MadeUp                       bool
		AsOf                         *time.Time
	}
	rows, err := read[row](ctx, s, selectTowns)
	if err != nil {
		return nil, fmt.Errorf("list municipalities: %w", err)
	}
	for _, r := range rows {
		zone, err := time.LoadLocation(r.TimeZone)
		if err != nil {
			zone = time.UTC
		}
		t := town{ID: events.MunicipalityID(r.Municipality), Name: r.Name, Zone: zone, MadeUp: r.MadeUp, AsOf: now}
		if r.AsOf != nil {
			t.AsOf = *r.AsOf
		}
		towns = append(towns, t)
	}
	return towns, nil
}

const selectSources = `-- feedback: what changed since reports were last held against it
WITH source AS (
  SELECT 'week ' || to_char(week, 'YYYY-MM-DD') AS source, max(version)::text AS version, week, max(version) AS picture, NULL::uuid AS flag
    FROM review.situation WHERE municipality = $1 GROUP BY week
  UNION ALL
  SELECT 'flag ' || p.flag, format('%s.%s.%s.%s', p.version, coalesce(a.version, 0), coalesce(f.revision, 0), coalesce(f.tick, 0)), NULL, 0, p.flag
    FROM contract.flag_position p
    LEFT JOIN contract.action a ON (a.municipality, a.action) = (p.municipality, p.action)
    LEFT JOIN contract.flag f ON (f.municipality, f.id) = (p.municipality, p.flag)
   WHERE p.municipality = $1)
SELECT s.source, s.version, s.week, s.picture, coalesce(s.flag, '00000000-0000-0000-0000-000000000000') AS flag
  FROM source s
  LEFT JOIN review.feedback_seen n ON n.municipality = $1 AND n.source = s.source
 WHERE n.version IS DISTINCT FROM s.version
 ORDER BY s.source`

func (s store) sources(ctx context.Context, m events.MunicipalityID) (list []source, err error) {
	if list, err = read[source](ctx, s, selectSources, m); err != nil {
		return nil, fmt.Errorf("look what changed in %s: %w", m, err)
	}
	return list, nil
}

const selectWeekKeys = `-- feedback: the reports of a situation report, in order
SELECT agency, report FROM review.situation_basis
 WHERE municipality = $1 AND week = $2 AND version = $3 AND (agency, report) > ($4, $5)
 ORDER BY agency, report LIMIT $6`

func (s store) keys(ctx context.Context, m events.MunicipalityID, one source, after key, limit int) (keys []key, err error) {
	if one.Week != nil {
		keys, err = read[key](ctx, s, selectWeekKeys, m, *one.Week, one.Picture, after.Agency, after.Report, limit)
	} else {
		keys, err = read[key](ctx, s, selectPlaceKeys, m, one.Flag, after.Agency, after.Report, limit, detectedGroups())
	}
	if err != nil {
		return nil, fmt.Errorf("read reports of %s in %s: %w", one.Source, m, err)
	}
	return keys, nil
}

const upsertSeen = `-- feedback: the reports were held against this
INSERT INTO review.feedback_seen (municipality, source, version) VALUES ($1, $2, $3)
ON CONFLICT (municipality, source) DO UPDATE SET version = excluded.version`

func (s store) saw(ctx context.Context, m events.MunicipalityID, one source) error {
	err := pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, upsertSeen, m, one.Source, one.Version)
		return err
	})
	if err != nil {
		return fmt.Errorf("note %s of %s: %w", one.Source, m, err)
	}
	return nil
}

// One at a time tells in a municipality: two would give one number to two changes.
const lockTelling = `-- feedback: tell alone
SELECT pg_advisory_xact_lock(hashtext('review: feedback'), hashtext($1))`

// Reports are looked up one by one: a plan made while a table was small would read all of it for each part of a week.
const (
	selectReports = `-- feedback: reports with what was told of them
SELECT k.agency, k.report, coalesce(r.state = 'accepted' AND NOT r.test, false) AS live, coalesce(r.reported_at, $4) AS reported_at,
       coalesce(p.reporter, '') AS reporter, coalesce(f.change, 0) AS change, coalesce(f.state, '') AS state, f.week, coalesce(f.position, '') AS position,
       f.until_week, coalesce(f.measure, '') AS measure, coalesce(f.action, '') AS action, f.picture_at, f.position_at, f.done_on
  FROM unnest($2::text[], $3::text[]) AS k (agency, report)
  LEFT JOIN LATERAL (SELECT * FROM contract.report r WHERE (r.municipality, r.agency, r.report) = ($1, k.agency, k.report) LIMIT 1) r ON true
  LEFT JOIN LATERAL (SELECT * FROM contract.reporter p WHERE (p.municipality, p.agency, p.report) = ($1, k.agency, k.report) LIMIT 1) p ON true
  LEFT JOIN LATERAL (SELECT * FROM review.feedback f WHERE (f.municipality, f.agency, f.report) = ($1, k.agency, k.report) LIMIT 1) f ON true`

	selectPictures = `-- feedback: in which situation reports they were counted, and since when
SELECT k.agency, k.report, b.week, b.frozen_at
  FROM unnest($2::text[], $3::text[]) AS k (agency, report)
 CROSS JOIN LATERAL (
       SELECT b.week, min(s.frozen_at) AS frozen_at
         FROM review.situation_basis b
         JOIN review.situation s ON (s.municipality, s.week, s.version) = (b.municipality, b.week, b.version)
        WHERE (b.municipality, b.agency, b.report) = ($1, k.agency, k.report)
        GROUP BY b.week) b`
)

// tell keeps what is new of some reports, and the events that tell it, in one transaction.
func (s store) tell(ctx context.Context, t town, keys []key) error {
	err := pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockTelling, t.ID); err != nil {
			return err
		}
		all, err := readKnown(ctx, tx, t, keys)
		if err != nil {
			return err
		}
		return writeChanges(ctx, tx, t, changes(t.ID, t.AsOf, all))
	})
	if err != nil {
		return fmt.Errorf("tell of %d reports of %s: %w", len(keys), t.ID, err)
	}
	return nil
}

type knownRow struct {
	Agency, Report        string
	Live                  bool
	ReportedAt            time.Time
	Reporter              string
	Change                int
	State                 events.FeedbackState
	Week                  *time.Time
	Position              string
	UntilWeek             *time.Time
	Measure, Action       string
	PictureAt, PositionAt *time.Time
	DoneOn                *time.Time
}

type pictureRow struct {
	Agency, Report string
	Week, FrozenAt time.Time
}

func readKnown(ctx context.Context, tx pgx.Tx, t town, keys []key) ([]known, error) {
	agencies, reports := make([]string, len(keys)), make([]string, len(keys))
	for i, k := range keys {
		agencies[i], reports[i] = k.Agency, k.Report
	}
	rows, err := collect[knownRow](ctx, tx, selectReports, t.ID, agencies, reports, t.AsOf)
	if err != nil {
		return nil, err
	}
	pictures, err := collect[pictureRow](ctx, tx, selectPictures, t.ID, agencies, reports)
	if err != nil {
		return nil, err
	}
	decisions, err := collect[decisionRow](ctx, tx, selectDecisions, t.ID, agencies, reports, detectedGroups())
	if err != nil {
		return nil, err
	}
	all, at := make([]known, len(rows)), make(map[key]int, len(rows))
	for i, r := range rows {
		all[i], at[key{r.Agency, r.Report}] = r.known(), i
	}
	for _, p := range pictures {
		k := &all[at[key{p.Agency, p.Report}]]
		k.Pictures = append(k.Pictures, Picture{weekOf(&p.Week), p.FrozenAt})
	}
	for _, d := range decisions {
		k := &all[at[key{d.Agency, d.Report}]]
		k.Decisions = append(k.Decisions, Decision{d.Flag, d.Kind, weekOf(d.UntilWeek), d.DecidedAt, d.Measure, d.ActionState, timeOf(d.DoneOn)})
	}
	return all, nil
}

func (r knownRow) known() known {
	return known{
		key: key{r.Agency, r.Report}, Facts: Facts{Live: r.Live}, ReportedAt: r.ReportedAt, Reporter: r.Reporter, Change: r.Change,
		Told: Status{
			State: r.State, Week: weekOf(r.Week), Position: r.Position, Until: weekOf(r.UntilWeek), Measure: r.Measure, Action: r.Action,
			PictureAt: timeOf(r.PictureAt), PositionAt: timeOf(r.PositionAt), DoneOn: timeOf(r.DoneOn),
		},
	}
}

// What was said first and when a report came do not change.
const upsertFeedback = `-- feedback: what came of reports
INSERT INTO review.feedback AS f (municipality, agency, report, change, state, week, position, until_week, measure, action, text_sv, text_en,
       reported_at, answered_at, picture_at, position_at, done_on, changed_at, reporter)
SELECT $1, c.agency, c.report, c.change, c.state, c.week, c.position, c.until_week, c.measure, c.action, c.text_sv, c.text_en,
       c.reported_at, $2, c.picture_at, c.position_at, c.done_on, $2, c.reporter
  FROM unnest($3::text[], $4::text[], $5::int[], $6::text[], $7::date[], $8::text[], $9::date[], $10::text[], $11::text[], $12::text[], $13::text[],
              $14::timestamptz[], $15::timestamptz[], $16::timestamptz[], $17::date[], $18::uuid[])
       AS c (agency, report, change, state, week, position, until_week, measure, action, text_sv, text_en,
             reported_at, picture_at, position_at, done_on, reporter)
ON CONFLICT (municipality, agency, report) DO UPDATE SET
       change = excluded.change, state = excluded.state, week = excluded.week, position = excluded.position, until_week = excluded.until_week,
       measure = excluded.measure, action = excluded.action, text_sv = excluded.text_sv, text_en = excluded.text_en, picture_at = excluded.picture_at,
       position_at = excluded.position_at, done_on = excluded.done_on, changed_at = excluded.changed_at, reporter = excluded.reporter`

const insertOutgoing = `-- feedback: committed and not yet published
INSERT INTO review.feedback_outgoing (municipality, agency, id, body)
SELECT $1, o.agency, o.id, o.body FROM unnest($2::text[], $3::uuid[], $4::bytea[]) WITH ORDINALITY AS o (agency, id, body, n) ORDER BY o.n`

// columns are changes as the columns of upsertFeedback and insertOutgoing.
type columns struct {
	agencies, reports, states, positions, measures, actions, sv, en []string
	numbers                                                         []int
	weeks, untils, picturesAt, positionsAt, donesOn                 []*time.Time
	reportedAt                                                      []time.Time
	reporters                                                       []*uuid.UUID
	ids                                                             []uuid.UUID
	bodies                                                          [][]byte
}

func (c *columns) add(m events.MunicipalityID, one change) error {
	body, err := one.Event.Message(m)
	if err != nil {
		return err
	}
	c.agencies, c.reports, c.numbers = append(c.agencies, one.Agency), append(c.reports, one.Report), append(c.numbers, one.Number)
	c.states, c.positions = append(c.states, string(one.State)), append(c.positions, one.Position)
	c.measures, c.actions = append(c.measures, one.Measure), append(c.actions, one.Action)
	c.sv, c.en = append(c.sv, one.Event.Text.SV), append(c.en, one.Event.Text.EN)
	c.weeks, c.untils = append(c.weeks, mondayOf(one.Week)), append(c.untils, mondayOf(one.Until))
	c.picturesAt, c.positionsAt = append(c.picturesAt, pointerTo(one.PictureAt)), append(c.positionsAt, pointerTo(one.PositionAt))
	c.donesOn, c.reportedAt = append(c.donesOn, pointerTo(one.DoneOn)), append(c.reportedAt, one.ReportedAt)
	c.reporters, c.ids, c.bodies = append(c.reporters, one.Reporter), append(c.ids, one.Event.Feedback), append(c.bodies, body)
	return nil
}

func writeChanges(ctx context.Context, tx pgx.Tx, t town, list []change) error {
	if len(list) == 0 {
		return nil
	}
	var c columns
	for _, one := range list {
		if err := c.add(t.ID, one); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, upsertFeedback, t.ID, t.AsOf, c.agencies, c.reports, c.numbers, c.states, c.weeks, c.positions, c.untils, c.measures, c.actions,
		c.sv, c.en, c.reportedAt, c.picturesAt, c.positionsAt, c.donesOn, c.reporters); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, insertOutgoing, t.ID, c.agencies, c.ids, c.bodies)
	return err
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func pointerTo(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func collect[T any](ctx context.Context, tx pgx.Tx, sql string, args ...any) ([]T, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}

// read collects the rows of one statement, as the worker.
func read[T any](ctx context.Context, s store, sql string, args ...any) (list []T, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) (err error) {
		list, err = collect[T](ctx, tx, sql, args...)
		return err
	})
	return list, err
}
