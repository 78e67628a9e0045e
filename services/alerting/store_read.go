// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/internal/pg"
)

// placeQuery narrows a list of places; what is empty does not.
type placeQuery struct {
	Municipality, State, Kind, Grade, Area string
	ID                                     uuid.UUID
	Limit, Offset                          int
}

const selectPlaces = `-- alerting: flagged places
SELECT municipality, id, revision, kind, grade, state, level, area, lead_since, areas, parts, grp AS "group", category,
       window_from::text AS "from", window_to::text AS "to", observed, expected, low, high, coalesce(recurrence_days, 0) AS recurrence_days,
       ln_r, margin, fresh AS "new", agencies, jsonb_build_object('sv', reason_sv, 'en', reason_en) AS reason,
       opened_at, opened_as_of, updated_at, updated_as_of, cleared_as_of
  FROM contract.flag
 WHERE municipality = $1 AND ($2 = '' OR state = $2) AND ($3 = '' OR kind = $3) AND ($4 = '' OR grade = $4) AND ($5 = '' OR $5 = ANY (areas))
   AND ($6 = '00000000-0000-0000-0000-000000000000'::uuid OR id = $6)
 ORDER BY state DESC, kind = 'serious' DESC, CASE WHEN state = 'open' THEN margin END DESC, updated_as_of DESC, id
 LIMIT $7 OFFSET $8`

const countPlaces = `-- alerting: how many flagged places
SELECT count(*) FROM contract.flag
 WHERE municipality = $1 AND ($2 = '' OR state = $2) AND ($3 = '' OR kind = $3) AND ($4 = '' OR grade = $4) AND ($5 = '' OR $5 = ANY (areas))`

func (s store) places(ctx context.Context, v pg.Viewer, q placeQuery) (places []Place, total int, err error) {
	err = pg.InTx(ctx, s.db, v, func(tx pgx.Tx) (err error) {
		if places, err = collect[Place](ctx, tx, selectPlaces, q.Municipality, q.State, q.Kind, q.Grade, q.Area, q.ID, q.Limit, q.Offset); err != nil {
			return err
		}
		for i := range places {
			places[i].utc()
		}
		return tx.QueryRow(ctx, countPlaces, q.Municipality, q.State, q.Kind, q.Grade, q.Area).Scan(&total)
	})
	if err != nil {
		return nil, 0, fmt.Errorf("list flagged places of %s: %w", q.Municipality, err)
	}
	return places, total, nil
}

// revision is one line of a flag's history.
type revision struct {
	Revision int       `json:"revision"`
	Verb     string    `json:"verb"`
	Change   string    `json:"change,omitempty"`
	Observed int       `json:"observed"`
	Expected float64   `json:"expected"`
	AsOf     time.Time `json:"as_of"`
	At       time.Time `json:"at"`
}

const selectRevisions = `-- alerting: the history of a flag
SELECT revision, verb, coalesce(body->>'change', '') AS change, (body->>'observed')::int AS observed, (body->>'expected')::float8 AS expected,
       (body->>'as_of')::timestamptz AS as_of, decided_at AS at
  FROM alerting.flag_event WHERE municipality = $1 AND flag = $2 ORDER BY revision`

func (s store) revisions(ctx context.Context, v pg.Viewer, m string, id uuid.UUID) (rows []revision, err error) {
	err = pg.InTx(ctx, s.db, v, func(tx pgx.Tx) (err error) {
		rows, err = collect[revision](ctx, tx, selectRevisions, m, id)
		for i := range rows {
			rows[i].AsOf, rows[i].At = rows[i].AsOf.UTC(), rows[i].At.UTC()
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read history of flag %s: %w", id, err)
	}
	return rows, nil
}

const selectHowFar = `-- alerting: how far a municipality is looked at
SELECT coalesce(h.batch, 0) >= coalesce(c.batch, 0) AND NOT EXISTS (SELECT FROM alerting.outgoing o WHERE o.municipality = m.municipality)
       AND coalesce(h.midnight >= (coalesce(m.as_of, $2) AT TIME ZONE m.time_zone)::date, false)
  FROM contract.municipality m
  LEFT JOIN alerting.head h USING (municipality)
  LEFT JOIN contract.head c USING (municipality)
 WHERE m.municipality = $1`

func (s store) caughtUp(ctx context.Context, m events.MunicipalityID, now time.Time) (is bool, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, selectHowFar, m, now).Scan(&is)
	})
	if err != nil {
		return false, fmt.Errorf("see how far %s is looked at: %w", m, err)
	}
	return is, nil
}

const (
	selectDeliveries = `-- alerting: what was sent, or could not be
SELECT m.municipality, m.id AS message, m.channel, m.recipient, m.kind, CASE WHEN m.state = 'due' AND m.attempts > 0 THEN 'retried' ELSE m.state END AS state,
       (SELECT count(DISTINCT n.flag) FROM alerting.notification n WHERE (n.municipality, n.message) = (m.municipality, m.id))::int AS flags,
       m.attempts, m.error, m.created_at, CASE WHEN m.state = 'due' THEN m.next_at END AS next_at, m.ended_at
  FROM alerting.message m
 WHERE ($1 = '' OR m.municipality = $1) AND m.created_at > $2 AND (NOT $3 OR m.state = 'failed' OR m.state = 'due' AND m.attempts > 0)
 ORDER BY m.created_at DESC, m.id DESC
 LIMIT $4`

	retryMessages = `-- alerting: try again now
UPDATE alerting.message SET state = 'due', next_at = $2, created_at = $2, ended_at = NULL, leased_until = NULL
 WHERE ($1 = '' OR municipality = $1) AND (state = 'failed' OR state = 'due' AND attempts > 0)`
)

func (s store) deliveries(ctx context.Context, m events.MunicipalityID, undelivered bool, limit int, now time.Time) (rows []Delivery, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) (err error) {
		rows, err = collect[Delivery](ctx, tx, selectDeliveries, string(m), now.AddDate(0, 0, -30), undelivered, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	return rows, nil
}

func (s store) retry(ctx context.Context, m events.MunicipalityID, now time.Time) (n int, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, retryMessages, string(m), now)
		n = int(tag.RowsAffected())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("retry messages: %w", err)
	}
	return n, nil
}

// areaShape is an area with its outline.
type areaShape struct {
	Code       string
	Level      string
	Name       string
	Parent     string
	Population *int
	Geometry   []byte
}

const selectAreas = `-- alerting: areas, coarse levels first
SELECT code, level, name, coalesce(parent, '') AS parent, population, CASE WHEN $3 THEN geometry ELSE '' END AS geometry
  FROM contract.area
 WHERE municipality = $1 AND retired_at IS NULL AND ($2 = '' OR level = $2)
 ORDER BY array_position(ARRAY['municipality', 'district', 'area'], level), code`

func (s store) areas(ctx context.Context, v pg.Viewer, m, level string, outlines bool) (rows []areaShape, err error) {
	err = pg.InTx(ctx, s.db, v, func(tx pgx.Tx) (err error) {
		rows, err = collect[areaShape](ctx, tx, selectAreas, m, level, outlines)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list areas of %s: %w", m, err)
	}
	return rows, nil
}

// dayCount is one day of a series.
type dayCount struct {
	Day       time.Time
	Incidents int
	Reports   int
}

// weekExpected is one week of what is usual.
type weekExpected struct {
	Week     time.Time
	Shape    float64
	Rate     float64
	Exposure []float64
	Expected float64
	Low      int
	High     int
}

const (
	selectAreaLevel = `-- alerting: the level of an area
SELECT coalesce((SELECT level FROM contract.area WHERE municipality = $1 AND code = $2), CASE WHEN $1 = $2 THEN 'municipality' ELSE '' END)`

	selectDays = `-- alerting: counts by day
SELECT day, sum(incidents)::int AS incidents, sum(reports)::int AS reports FROM contract.count
 WHERE municipality = $1 AND day BETWEEN $2 AND $3 AND category = ANY ($4)
   AND CASE $5 WHEN 'area' THEN area = $6 WHEN 'district' THEN district = $6 ELSE true END
 GROUP BY day ORDER BY day`

	selectWeeks = `-- alerting: what is usual, by week
SELECT week, shape, rate, exposure, expected, low, high FROM contract.expected
 WHERE municipality = $1 AND area = $2 AND grp = $3 AND week BETWEEN $4 AND $5 ORDER BY week`
)

// seriesQuery is what a series is of. Days are local; both are included.
type seriesQuery struct {
	Municipality, Area, Group string
	Categories                []string
	From, To                  time.Time
}

// series returns counts by day and what is usual by week; level is empty when there is no such area.
func (s store) series(ctx context.Context, v pg.Viewer, q seriesQuery) (level string, days []dayCount, weeks []weekExpected, err error) {
	err = pg.InTx(ctx, s.db, v, func(tx pgx.Tx) (err error) {
		if err := tx.QueryRow(ctx, selectAreaLevel, q.Municipality, q.Area).Scan(&level); err != nil || level == "" {
			return err
		}
		if days, err = collect[dayCount](ctx, tx, selectDays, q.Municipality, q.From, q.To, q.Categories, level, q.Area); err != nil {
			return err
		}
		weeks, err = collect[weekExpected](ctx, tx, selectWeeks, q.Municipality, q.Area, q.Group, q.From, q.To)
		return err
	})
	if err != nil {
		return "", nil, nil, fmt.Errorf("read series of %s: %w", q.Area, err)
	}
	return level, days, weeks, nil
}

const selectTownName = `-- alerting: the municipality that is looked at
SELECT name, time_zone, as_of FROM contract.municipality WHERE municipality = $1`

type townName struct {
	Name     string
	TimeZone string
	AsOf     *time.Time
}

func (s store) townName(ctx context.Context, v pg.Viewer, m string) (rows []townName, err error) {
	err = pg.InTx(ctx, s.db, v, func(tx pgx.Tx) (err error) {
		rows, err = collect[townName](ctx, tx, selectTownName, m)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read municipality %s: %w", m, err)
	}
	return rows, nil
}
