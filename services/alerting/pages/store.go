// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/internal/geo"
	"samsyn/internal/pg"
)

// errUnknownMunicipality is a municipality that is not there, or not there for this
// viewer: the two are never told apart.
var errUnknownMunicipality = errors.New("unknown municipality")

// store reads the contract's views as one viewer in one transaction.
type store struct {
	tx           pgx.Tx
	municipality string
}

// DB is a pool that logs in as samsyn_web.
type DB interface {
	BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error)
}

// snapshot begins transactions that see one moment and change nothing: the numbers of a
// page agree with each other.
type snapshot struct{ db DB }

// Begin implements pg.Beginner.
func (s snapshot) Begin(ctx context.Context) (pgx.Tx, error) {
	return s.db.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
}

// read runs fn in a transaction as the viewer.
func read(ctx context.Context, db DB, v pg.Viewer, fn func(store) error) error {
	return pg.InTx(ctx, snapshot{db}, v, func(tx pgx.Tx) error { return fn(store{tx, v.Municipality}) })
}

// municipality is a row of contract.municipality.
type municipality struct {
	Name        string
	TimeZone    string
	EPSG        int `db:"epsg"`
	HistoryFrom time.Time
	Clock       string
	AsOf        *time.Time
	MadeUp      bool
	Version     int64
}

const selectMunicipality = `-- pages: one municipality
SELECT name, time_zone, epsg, history_from, clock, as_of, made_up, version FROM contract.municipality WHERE municipality = $1`

func (s store) readMunicipality(ctx context.Context) (municipality, error) {
	rows, err := s.tx.Query(ctx, selectMunicipality, s.municipality)
	if err != nil {
		return municipality{}, fmt.Errorf("read municipality: %w", err)
	}
	m, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[municipality])
	if errors.Is(err, pgx.ErrNoRows) {
		return municipality{}, errUnknownMunicipality
	}
	if err != nil {
		return municipality{}, fmt.Errorf("read municipality: %w", err)
	}
	return m, nil
}

// areaRow is a row of contract.area.
type areaRow struct {
	Code, Level, Name, Parent string
	Population                *int
	Geometry                  []byte
	Source                    string
}

const selectAreas = `-- pages: areas in use
SELECT code, level, name, coalesce(parent, '') AS parent, population, geometry, source FROM contract.area
 WHERE municipality = $1 AND retired_at IS NULL ORDER BY code`

func (s store) readAreas(ctx context.Context) ([]areaRow, error) {
	return collect[areaRow](ctx, s.tx, "areas", selectAreas, s.municipality)
}

// dayCount is what an area had on a day, or from a day on; or the change of it.
type dayCount struct {
	Area      string
	Day       time.Time // at midnight UTC
	Incidents int
}

const selectHead = `-- pages: the last batch
SELECT batch FROM contract.head WHERE municipality = $1`

// readHead is the last batch of the municipality; 0 before the first.
func (s store) readHead(ctx context.Context) (int64, error) {
	var batch int64
	err := s.tx.QueryRow(ctx, selectHead, s.municipality).Scan(&batch)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("read head: %w", err)
	}
	return batch, nil
}

const selectPast = `-- pages: a year of weeks by area, or by district where there are no areas
SELECT CASE WHEN $5 THEN district ELSE area END AS area, date_trunc('week', day)::date AS day, sum(incidents)::int AS incidents
  FROM contract.count
 WHERE municipality = $1 AND day >= $2 AND day < $3 AND category = ANY ($4) GROUP BY 1, 2`

// sumPast sums the year that ends with a week into p.
func (s store) sumPast(ctx context.Context, p *past, lowest geo.Level, categories []string) error {
	from := p.from()
	counts, err := collect[dayCount](ctx, s.tx, "year", selectPast, s.municipality, from, from.AddDate(0, 0, 7*yearWeeks), categories, lowest == geo.LevelDistrict)
	if err != nil {
		return err
	}
	for _, c := range counts {
		p.add(c.Area, c.Day, c.Incidents)
	}
	return nil
}

const selectChanges = `-- pages: what batches changed
SELECT CASE WHEN $6 THEN district ELSE area END AS area, day, sum(incidents)::int AS incidents FROM contract.count_change
 WHERE municipality = $1 AND batch > $2 AND batch <= $3 AND day >= $4 AND category = ANY ($5) GROUP BY 1, 2`

func (s store) readChanges(ctx context.Context, after, through int64, from time.Time, lowest geo.Level, categories []string) ([]dayCount, error) {
	return collect[dayCount](ctx, s.tx, "changes", selectChanges, s.municipality, after, through, from, categories, lowest == geo.LevelDistrict)
}

// areaCount is what happened in an area, by category.
type areaCount struct {
	Area, District, Category string
	Incidents, Reports       int
}

const selectAreaCounts = `-- pages: incidents by area and category
SELECT area, district, category, sum(incidents)::int AS incidents, sum(reports)::int AS reports FROM contract.count
 WHERE municipality = $1 AND day >= $2 AND day < $3 GROUP BY 1, 2, 3 HAVING sum(incidents) > 0`

func (s store) readAreaCounts(ctx context.Context, from, to time.Time) ([]areaCount, error) {
	return collect[areaCount](ctx, s.tx, "area counts", selectAreaCounts, s.municipality, from, to)
}

// expected is a row of contract.expected: what is usual in a week, of one group of
// detection or all together. Incidents of some days of the week are negative binomial (Shape,
// Rate / (Rate + exposure of those days)).
type expected struct {
	Week        time.Time
	Level, Area string
	Shape, Rate float64
	Exposure    []float64
	Expected    float64
	Low, High   int
}

const selectExpected = `-- pages: what is usual in a week of each area
SELECT week, level, area, shape, rate, exposure, expected, low, high FROM contract.expected
 WHERE municipality = $1 AND week = $2 AND grp = $3`

const selectExpectedWeeks = `-- pages: what is usual in the municipality week by week
SELECT week, level, area, shape, rate, exposure, expected, low, high FROM contract.expected
 WHERE municipality = $1 AND area = $1 AND grp = $4 AND week >= $2 AND week < $3`

func (s store) readExpected(ctx context.Context, week time.Time, group string) ([]expected, error) {
	return collect[expected](ctx, s.tx, "expected", selectExpected, s.municipality, week, group)
}

func (s store) readExpectedWeeks(ctx context.Context, from, to time.Time, group string) ([]expected, error) {
	return collect[expected](ctx, s.tx, "expected weeks", selectExpectedWeeks, s.municipality, from, to, group)
}

// flag is a row of contract.flag.
type flag struct {
	ID                   uuid.UUID
	Kind, Grade, State   string
	Level, Area          string
	Areas                []string
	Parts                []part
	Grp, Category        string
	WindowFrom, WindowTo time.Time
	Observed             int
	Expected             float64
	Low, High            int
	RecurrenceDays       *float64
	Margin               float64
	Fresh                bool
	Agencies             []string
	ReasonSV             string `db:"reason_sv"`
	ReasonEN             string `db:"reason_en"`
	OpenedAsOf           time.Time
	ClearedAsOf          *time.Time
}

// part is another place that a flag shows in.
type part struct {
	Area     string  `json:"area"`
	Observed int     `json:"observed"`
	Expected float64 `json:"expected"`
}

// A flag belongs to every week that it was open in. What is decided at midnight is about the day that ends there, so
// the midnight that ends a week still belongs to it. One that became part of another is no place of its own. The most serious and the strongest
// come first.
const selectFlags = `-- pages: places flagged in a week
SELECT id, kind, grade, state, level, area, areas, parts, grp, category, window_from, window_to, observed, expected, low, high,
       recurrence_days, margin, fresh, agencies, reason_sv, reason_en, opened_as_of, cleared_as_of
  FROM contract.flag
 WHERE municipality = $1 AND opened_as_of <= $3 AND (cleared_as_of IS NULL OR cleared_as_of > $2) AND merged_into IS NULL
 ORDER BY kind = 'serious' DESC, grade, margin DESC, id LIMIT $4`

func (s store) readFlags(ctx context.Context, from, to time.Time, most int) ([]flag, error) {
	return collect[flag](ctx, s.tx, "flags", selectFlags, s.municipality, from, to, most)
}

// source is an agency's unit with when it was heard; an agency without units, or a unit
// that the registry does not have, stands for itself.
type source struct {
	Agency, AgencyName string
	StartedOn          time.Time
	Suspended          bool
	Unit, UnitName     string
	FirstAt, LastAt    *time.Time
	NothingTo          *time.Time
	Reports            int
	NothingInWeek      bool
}

// What a unit reported of the week's incidents is found through the index of lead reports by day, and through that of the
// incidents that several reports tell of. An association without units that never reported is no source: it owns actions.
const selectSources = `-- pages: who reports
WITH known AS (
  SELECT agency, unit, name FROM contract.unit WHERE municipality = $1
  UNION ALL
  SELECT s.agency, s.unit, s.unit FROM contract.source_status s
   WHERE s.municipality = $1
     AND (s.unit <> '' OR NOT EXISTS (SELECT FROM contract.unit u WHERE u.municipality = $1 AND u.agency = s.agency))
     AND NOT EXISTS (SELECT FROM contract.unit u WHERE u.municipality = $1 AND u.agency = s.agency AND u.unit = s.unit)
), seen AS (
  SELECT agency, unit, count(*)::int AS reports FROM (
    SELECT agency, unit FROM contract.report WHERE municipality = $1 AND lead AND counted AND day >= $2 AND day < $3
    UNION ALL
    SELECT l.agency, l.unit FROM contract.incident i JOIN contract.linked l ON l.municipality = $1 AND l.episode = i.episode AND l.counted AND NOT l.lead
     WHERE i.municipality = $1 AND i.day >= $2 AND i.day < $3 AND i.reports > 1) AS told
   GROUP BY 1, 2
), nothing AS (
  SELECT DISTINCT agency, coalesce(unit, '') AS unit FROM contract.notice
   WHERE municipality = $1 AND kind = 'nothing' AND state = 'accepted' AND starts < $5 AND ends > $4
)
SELECT a.agency, a.name AS agency_name, a.started_on, a.suspended_at IS NOT NULL AS suspended,
       coalesce(k.unit, '') AS unit, coalesce(k.name, '') AS unit_name, s.first_at, s.last_at, s.nothing_to,
       coalesce(w.reports, 0) AS reports, n.agency IS NOT NULL AS nothing_in_week
  FROM contract.agency a
  LEFT JOIN known k ON k.agency = a.agency
  LEFT JOIN contract.source_status s ON s.municipality = $1 AND s.agency = a.agency AND s.unit = coalesce(k.unit, '')
  LEFT JOIN seen w ON w.agency = a.agency AND w.unit = coalesce(k.unit, '')
  LEFT JOIN nothing n ON n.agency = a.agency AND (n.unit = coalesce(k.unit, '') OR n.unit = '')
 WHERE a.municipality = $1 AND (a.kind <> 'association' OR k.agency IS NOT NULL) ORDER BY a.agency, k.unit`

func (s store) readSources(ctx context.Context, from, to, begins, ends time.Time) ([]source, error) {
	return collect[source](ctx, s.tx, "sources", selectSources, s.municipality, from, to, begins, ends)
}

// notice is what was announced, or a weekly figure.
type notice struct {
	Agency, Kind  string
	Starts, Ends  time.Time
	Areas         []string
	Category      string
	N             int
	Context, Text string
}

const selectNotices = `-- pages: what is announced, and weekly figures of those who give no more
SELECT agency, kind, starts, ends, coalesce(areas, '{}') AS areas, coalesce(category, '') AS category, coalesce(n, 0) AS n,
       coalesce(context, '') AS context, coalesce(text, '') AS text FROM contract.notice
 WHERE municipality = $1 AND state = 'accepted' AND starts IS NOT NULL AND ends IS NOT NULL
   AND (kind = 'context' AND starts < $4 AND ends >= $2 OR kind = 'counts' AND starts >= $2 AND starts < $3)
 ORDER BY starts, agency, report LIMIT 500`

func (s store) readNotices(ctx context.Context, begins, ends, horizon time.Time) ([]notice, error) {
	return collect[notice](ctx, s.tx, "notices", selectNotices, s.municipality, begins, ends, horizon)
}

func collect[T any](ctx context.Context, tx pgx.Tx, what, sql string, args ...any) ([]T, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[T])
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	return all, nil
}
