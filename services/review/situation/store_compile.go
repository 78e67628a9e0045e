// SPDX-License-Identifier: EUPL-1.2

package situation

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/internal/web"
)

// known is everything a report is compiled from, read in one snapshot.
type known struct {
	town      townRow
	week      web.Week
	zone      *time.Location
	now       time.Time // by the municipality's clock
	areas     []areaRow
	counts    []countRow
	expected  []expectedRow // of the week: the municipality by group, areas of all groups together
	trend     []expectedRow // of the municipality, by week
	past      []pastRow
	times     []timeRow
	flags     []flagRow
	positions []positionRow
	actions   []actionRow
	sources   []sourceRow
	notices   []noticeRow
	basis     []basisRow
}

// monday and end are the week's first day and the day after it, at local midnight.
func (k known) monday() time.Time { return k.week.Monday(k.zone) }
func (k known) end() time.Time    { return k.week.Add(1).Monday(k.zone) }

// today is the local day that the clock is in; at the stroke of midnight, where a replay stands, the day that has just ended.
func (k known) today() time.Time { return dateOf(k.now.Add(-time.Nanosecond).In(k.zone)) }

// dateOf is a local day as Postgres has it: midnight UTC.
func dateOf(local time.Time) time.Time {
	y, m, d := local.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

type townRow struct {
	Name        string
	TimeZone    string
	EPSG        int `db:"epsg"`
	HistoryFrom time.Time
	AsOf        *time.Time
	MadeUp      bool
	Version     int64 // of the reference data
	Batch       int64 // the correlator's last
}

const selectTown = `-- situation: a municipality and how far it is counted
SELECT m.name, m.time_zone, m.epsg, m.history_from, m.as_of, m.made_up, m.version, coalesce(h.batch, 0) AS batch
  FROM contract.municipality m LEFT JOIN contract.head h USING (municipality)
 WHERE m.municipality = $1`

// town finds the municipality and its clock: the wall's, unless it is replayed.
func (in session) town(ctx context.Context, wall time.Time) (known, error) {
	rows, err := collect[townRow](ctx, in.tx, "municipality", selectTown, in.municipality)
	if err != nil {
		return known{}, err
	}
	if len(rows) == 0 {
		return known{}, ErrUnknown
	}
	k := known{town: rows[0], now: wall}
	if k.town.AsOf != nil {
		k.now = *k.town.AsOf
	}
	if k.zone, err = time.LoadLocation(k.town.TimeZone); err != nil {
		return known{}, fmt.Errorf("time zone of %s: %w", in.municipality, err)
	}
	return k, nil
}

// areaRow is an area in use.
type areaRow struct {
	Code, Level, Name, Parent string
	Population                int
}

const selectAreas = `-- situation: areas in use
SELECT code, level, name, coalesce(parent, '') AS parent, coalesce(population, 0) AS population FROM contract.area
 WHERE municipality = $1 AND retired_at IS NULL ORDER BY code`

// countRow is what an area had on a day, by category.
type countRow struct {
	Area, District, Category string
	Day                      time.Time
	Incidents, Reports       int
}

const selectCounts = `-- situation: the week's counts
SELECT area, district, category, day, sum(incidents)::int AS incidents, sum(reports)::int AS reports FROM contract.count
 WHERE municipality = $1 AND day >= $2 AND day < $3 GROUP BY 1, 2, 3, 4 HAVING sum(incidents) > 0`

// expectedRow is what is usual in a week; the count is negative binomial.
type expectedRow struct {
	Week        time.Time
	Level, Area string
	Grp         string
	Shape, Rate float64
	Exposure    []float64
	Expected    float64
	Low, High   int
}

const selectExpected = `-- situation: what was to be expected of the week
SELECT week, level, area, grp, shape, rate, exposure, expected, low, high FROM contract.expected
 WHERE municipality = $1 AND week = $2 AND (level = 'municipality' OR grp = '')`

const selectTrend = `-- situation: what was to be expected of the municipality, week by week
SELECT week, level, area, grp, shape, rate, exposure, expected, low, high FROM contract.expected
 WHERE municipality = $1 AND area = $1 AND grp = '' AND week >= $2 AND week <= $3 ORDER BY week`

// pastRow is what an area had in a week of the past.
type pastRow struct {
	Area      string
	Week      time.Time
	Incidents int
}

const selectPast = `-- situation: a year of weeks by area, or by district where there are no areas
SELECT CASE WHEN $5 THEN district ELSE area END AS area, date_trunc('week', day)::date AS week, sum(incidents)::int AS incidents
  FROM contract.count
 WHERE municipality = $1 AND day >= $2 AND day < $3 AND category = ANY ($4) GROUP BY 1, 2`

// timeRow is when some incidents happened, of the week or of the year before it.
type timeRow struct {
	InWeek                   bool
	OccurredFrom, OccurredTo time.Time
	N                        int
}

const selectTimes = `-- situation: when incidents happened, in the week and in the year before it
SELECT day >= $3 AS in_week, occurred_from, occurred_to, count(*)::int AS n FROM contract.incident
 WHERE municipality = $1 AND day >= $2 AND day < $4 AND category = ANY ($5) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`

// flagRow is a flag of the week as its latest revision has it.
type flagRow struct {
	ID                   uuid.UUID
	Revision             int
	Kind, Grade, State   string
	Level, Area          string
	Areas                []string
	Grp, Category        string
	WindowFrom, WindowTo time.Time
	Observed             int
	Expected             float64
	Low, High            int
	RecurrenceDays       *float64
	Fresh                bool
	Agencies             []string
	ReasonSV             string `db:"reason_sv"`
	ReasonEN             string `db:"reason_en"`
	OpenedAsOf           time.Time
	ClearedAsOf          *time.Time
}

// A flag belongs to every week that it was open in; the midnight that ends a week still belongs to it. One that became part of another is
// no place of its own.
const selectFlags = `-- situation: places flagged in the week
SELECT id, revision, kind, grade, state, level, area, areas, grp, category, window_from, window_to, observed, expected, low, high,
       recurrence_days, fresh, agencies, reason_sv, reason_en, opened_as_of, cleared_as_of
  FROM contract.flag
 WHERE municipality = $1 AND opened_as_of <= $3 AND (cleared_as_of IS NULL OR cleared_as_of > $2) AND merged_into IS NULL
 ORDER BY kind = 'serious' DESC, grade, margin DESC, id LIMIT $4`

// sourceRow is an agency's unit; an agency without units, or a unit that the registry does not have, stands for itself.
type sourceRow struct {
	Agency, AgencyName string
	StartedOn          time.Time
	Suspended          bool
	Unit, UnitName     string
	LastAt             *time.Time
	Nothing            bool
	// Outside is an association without units that never reported: it owns actions and is not waited for.
	Outside bool
}

const selectSources = `-- situation: who could report, and who had nothing to
WITH known AS (
  SELECT agency, unit, name FROM contract.unit WHERE municipality = $1
  UNION ALL
  SELECT s.agency, s.unit, s.unit FROM contract.source_status s
   WHERE s.municipality = $1
     AND (s.unit <> '' OR NOT EXISTS (SELECT FROM contract.unit u WHERE u.municipality = $1 AND u.agency = s.agency))
     AND NOT EXISTS (SELECT FROM contract.unit u WHERE u.municipality = $1 AND u.agency = s.agency AND u.unit = s.unit)
), nothing AS (
  SELECT DISTINCT agency, coalesce(unit, '') AS unit FROM contract.notice
   WHERE municipality = $1 AND kind = 'nothing' AND state = 'accepted' AND starts < $3 AND ends > $2
)
SELECT a.agency, a.name AS agency_name, a.started_on, coalesce(a.suspended_at < $3, false) AS suspended,
       coalesce(k.unit, '') AS unit, coalesce(k.name, '') AS unit_name, s.last_at,
       EXISTS (SELECT FROM nothing n WHERE n.agency = a.agency AND n.unit IN ('', coalesce(k.unit, ''))) AS nothing,
       a.kind = 'association' AND k.agency IS NULL AS outside
  FROM contract.agency a
  LEFT JOIN known k ON k.agency = a.agency
  LEFT JOIN contract.source_status s ON s.municipality = $1 AND s.agency = a.agency AND s.unit = coalesce(k.unit, '')
 WHERE a.municipality = $1 ORDER BY a.agency, k.unit`

// noticeRow is what was announced, or a weekly figure.
type noticeRow struct {
	Agency, Kind  string
	Starts, Ends  time.Time
	Areas         []string
	Category      string
	N             int
	Context, Text string
}

const selectNotices = `-- situation: what is announced, and weekly figures of those who give no more
SELECT agency, kind, starts, ends, coalesce(areas, '{}') AS areas, coalesce(category, '') AS category, coalesce(n, 0) AS n,
       coalesce(context, '') AS context, coalesce(text, '') AS text FROM contract.notice
 WHERE municipality = $1 AND state = 'accepted' AND starts IS NOT NULL AND ends IS NOT NULL
   AND (kind = 'context' AND starts < $4 AND ends >= $2 OR kind = 'counts' AND starts >= $2 AND starts < $3)
 ORDER BY starts, agency, report LIMIT 500`

// basisRow is a report behind the numbers.
type basisRow struct {
	Agency, Report string
	Revision       int
	Unit           string
}

// Leads are found by the index of lead reports by day, the others by that of incidents that several reports tell of. LATERAL with LIMIT
// keeps it so in a table that has grown a thousandfold since it was last analysed: joined freely it took half a minute.
const selectBasis = `-- situation: the counted reports of the week's incidents
SELECT agency, report, revision, unit FROM contract.report
 WHERE municipality = $1 AND lead AND counted AND day >= $2 AND day < $3
UNION ALL
SELECT r.agency, r.report, r.revision, r.unit
  FROM contract.incident i
 CROSS JOIN LATERAL (SELECT agency, report FROM contract.linked
     WHERE municipality = $1 AND episode = i.episode AND counted AND NOT lead LIMIT 100000) l
 CROSS JOIN LATERAL (SELECT agency, report, revision, unit FROM contract.report
     WHERE (municipality, agency, report) = ($1, l.agency, l.report) LIMIT 1) r
 WHERE i.municipality = $1 AND i.day >= $2 AND i.day < $3 AND i.reports > 1`

const (
	yearWeeks  = 52
	trendWeeks = 26
	// horizon is how far past the week announcements are shown.
	horizon   = 14 * 24 * time.Hour
	mostFlags = 60
)

// know reads everything about a week that is over by the municipality's clock; ErrUnknown before its history, ErrNotOver.
func (in session) know(ctx context.Context, week web.Week, wall time.Time, x lexicon) (known, error) {
	k, err := in.town(ctx, wall)
	if err != nil {
		return known{}, err
	}
	k.week = week
	switch {
	case !dateOf(k.end()).After(k.town.HistoryFrom):
		return known{}, ErrUnknown
	case k.now.Before(k.end()):
		return known{}, ErrNotOver
	}
	err = in.read(ctx, &k, x)
	return k, err
}

// read fills in everything else about a week.
func (in session) read(ctx context.Context, k *known, x lexicon) (err error) {
	tx, municipality := in.tx, in.municipality
	monday, end := k.monday(), k.end()
	from, to := dateOf(monday), dateOf(end)
	yearFrom := k.week.Add(1 - yearWeeks).Monday(time.UTC)
	beforeFrom := k.week.Add(-yearWeeks).Monday(time.UTC)
	trendFrom := k.week.Add(1 - trendWeeks).Monday(time.UTC)
	for _, step := range []func() error{
		func() error { k.areas, err = collect[areaRow](ctx, tx, "areas", selectAreas, municipality); return err },
		func() error {
			k.counts, err = collect[countRow](ctx, tx, "counts", selectCounts, municipality, from, to)
			return err
		},
		func() error {
			k.expected, err = collect[expectedRow](ctx, tx, "expected", selectExpected, municipality, from)
			return err
		},
		func() error {
			k.trend, err = collect[expectedRow](ctx, tx, "trend", selectTrend, municipality, trendFrom, from)
			return err
		},
		func() error {
			k.past, err = collect[pastRow](ctx, tx, "past", selectPast, municipality, yearFrom, to, x.detected, lowest(k.areas) == levelDistrict)
			return err
		},
		func() error {
			k.times, err = collect[timeRow](ctx, tx, "times", selectTimes, municipality, beforeFrom, from, to, x.detected)
			return err
		},
		func() error {
			k.flags, err = collect[flagRow](ctx, tx, "flags", selectFlags, municipality, monday, end, mostFlags)
			return err
		},
		func() error {
			k.sources, err = collect[sourceRow](ctx, tx, "sources", selectSources, municipality, monday, end)
			return err
		},
		func() error {
			k.notices, err = collect[noticeRow](ctx, tx, "notices", selectNotices, municipality, monday, end, end.Add(horizon))
			return err
		},
		func() error { k.basis, err = in.basis(ctx, k.week); return err },
		func() error { return in.readDue(ctx, k) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// basis are the counted reports of a week as they are now.
func (in session) basis(ctx context.Context, week web.Week) ([]basisRow, error) {
	return collect[basisRow](ctx, in.tx, "basis", selectBasis, in.municipality, week.Monday(time.UTC), week.Add(1).Monday(time.UTC))
}

// positionRow is the position that stands on a flagged place, without its note.
type positionRow struct {
	Flag                  uuid.UUID
	Kind, Reason          string
	UntilWeek, ReturnedAt *time.Time
	HandedTo, OwnerAgency string
	DueOn                 *time.Time
	DecidedAt             time.Time
	Area, Grp             string
}

const selectPositions = `-- situation: positions on the week's places, those taken since it began, and places that are watched
SELECT p.flag, p.kind, p.reason, p.until_week, p.returned_at, p.handed_to, p.owner_agency, p.due_on, p.decided_at, f.area, f.grp
  FROM review.position p JOIN contract.flag f ON (f.municipality, f.id) = (p.municipality, p.flag)
 WHERE p.municipality = $1 AND (p.flag = ANY ($3) OR p.decided_at >= $2 OR p.kind = 'watch')
 ORDER BY p.decided_at, p.flag`

// actionRow is an action that is open, or was done since the week began.
type actionRow struct {
	Action             uuid.UUID
	Flag               *uuid.UUID
	State              string
	Area, Grp, Measure string
	OwnerAgency        string
	DueOn              time.Time
	FollowUpOn, DoneOn *time.Time
}

const selectActions = `-- situation: actions that are open, and those done since the week began
SELECT action, flag, state, area, grp, measure, owner_agency, due_on, follow_up_on, done_on FROM review.action
 WHERE municipality = $1 AND (state IN ('proposed', 'decided', 'in_progress') OR state IN ('done', 'evaluated') AND done_on >= $2)
 ORDER BY due_on, action`

// readDue reads what the review has decided.
func (in session) readDue(ctx context.Context, k *known) (err error) {
	flags := make([]uuid.UUID, len(k.flags))
	for i, f := range k.flags {
		flags[i] = f.ID
	}
	if k.positions, err = collect[positionRow](ctx, in.tx, "positions", selectPositions, in.municipality, k.monday(), flags); err != nil {
		return err
	}
	k.actions, err = collect[actionRow](ctx, in.tx, "actions", selectActions, in.municipality, dateOf(k.monday()))
	return err
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
