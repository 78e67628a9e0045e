// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// selection is what is looked at: an area of some level, categories, and days from one up to another, not included.
type selection struct {
	area, district string // empty: every one
	categories     []string
	from, through  time.Time // at midnight UTC
}

// placeFlag is a flag with when it last changed.
type placeFlag struct {
	flag
	Revision    int
	UpdatedAsOf time.Time
}

const selectPlaceFlag = `-- pages: one flagged place
SELECT id, kind, grade, state, level, area, areas, parts, grp, category, window_from, window_to, observed, expected, low, high,
       recurrence_days, margin, fresh, agencies, reason_sv, reason_en, opened_as_of, cleared_as_of, revision, updated_as_of
  FROM contract.flag WHERE municipality = $1 AND id = $2`

// readPlaceFlag is a flag of the municipality; none for an id that is not there.
func (s store) readPlaceFlag(ctx context.Context, id uuid.UUID) ([]placeFlag, error) {
	return collect[placeFlag](ctx, s.tx, "flag", selectPlaceFlag, s.municipality, id)
}

const selectEarlierFlags = `-- pages: when a place was flagged before for the same thing
SELECT id, kind, grade, state, level, area, areas, parts, grp, category, window_from, window_to, observed, expected, low, high,
       recurrence_days, margin, fresh, agencies, reason_sv, reason_en, opened_as_of, cleared_as_of
  FROM contract.flag
 WHERE municipality = $1 AND area = $2 AND grp = $3 AND grade = 'alert' AND id <> $4 AND opened_as_of <= $5
 ORDER BY opened_as_of DESC, id LIMIT 12`

func (s store) readEarlierFlags(ctx context.Context, f placeFlag) ([]flag, error) {
	return collect[flag](ctx, s.tx, "earlier flags", selectEarlierFlags, s.municipality, f.Area, f.Grp, f.ID, f.OpenedAsOf)
}

// revision is one line of a flag's history.
type revision struct {
	Verb, Change string
	Observed     int
	Expected     float64
	AsOf         time.Time
}

// The history of flags is alerting's own and no other service's: it is read where it is kept.
const selectRevisions = `-- pages: the history of a flag
SELECT verb, coalesce(body->>'change', '') AS change, (body->>'observed')::int AS observed, (body->>'expected')::float8 AS expected,
       (body->>'as_of')::timestamptz AS as_of
  FROM alerting.flag_event WHERE municipality = $1 AND flag = $2 ORDER BY revision DESC LIMIT 50`

func (s store) readRevisions(ctx context.Context, id uuid.UUID) ([]revision, error) {
	return collect[revision](ctx, s.tx, "history", selectRevisions, s.municipality, id)
}

// weekCount is what a week had.
type weekCount struct {
	Week      time.Time
	Incidents int
}

const selectWeeks = `-- pages: weeks of a place
SELECT date_trunc('week', day)::date AS week, sum(incidents)::int AS incidents FROM contract.count
 WHERE municipality = $1 AND day >= $2 AND day < $3 AND category = ANY ($4) AND ($5 = '' OR area = $5) AND ($6 = '' OR district = $6)
 GROUP BY 1`

func (s store) readWeeks(ctx context.Context, in selection) ([]weekCount, error) {
	return collect[weekCount](ctx, s.tx, "weeks", selectWeeks, s.municipality, in.from, in.through, in.categories, in.area, in.district)
}

// cellCount is what an area had in some days.
type cellCount struct {
	District, Area string
	Incidents      int
}

const selectCells = `-- pages: what every area had in some days
SELECT district, area, sum(incidents)::int AS incidents FROM contract.count
 WHERE municipality = $1 AND day >= $2 AND day < $3 AND category = ANY ($4) GROUP BY 1, 2`

func (s store) readCells(ctx context.Context, in selection) ([]cellCount, error) {
	return collect[cellCount](ctx, s.tx, "areas of some days", selectCells, s.municipality, in.from, in.through, in.categories)
}

const selectUsual = `-- pages: what is usual in some places and weeks
SELECT week, level, area, shape, rate, exposure, expected, low, high FROM contract.expected
 WHERE municipality = $1 AND area = ANY ($2) AND grp = $3 AND week >= $4 AND week <= $5 ORDER BY week`

func (s store) readUsual(ctx context.Context, areas []string, group string, from, to time.Time) ([]expected, error) {
	return collect[expected](ctx, s.tx, "what is usual", selectUsual, s.municipality, areas, group, from, to)
}

// Each group is looked for until its first count: a group that happens at all is found in the first days.
const selectOccurred = `-- pages: how many groups occurred on a level
SELECT count(*)::int
  FROM (SELECT grp, array_agg(category) AS categories FROM unnest($5::text[], $6::text[]) AS g (grp, category) GROUP BY 1) AS k
 CROSS JOIN LATERAL (
  SELECT 1 FROM contract.count c
   WHERE c.municipality = $1 AND c.day >= $2 AND c.day < $3 AND c.incidents > 0 AND c.category = ANY (k.categories)
     AND ($4 <> 'area' OR c.area <> '') AND ($4 <> 'district' OR c.district <> '') LIMIT 1) AS found`

// readOccurred counts the groups that occurred on a level; groups and categories are parallel.
func (s store) readOccurred(ctx context.Context, level string, from, through time.Time, groups, categories []string) (n int, err error) {
	if err := s.tx.QueryRow(ctx, selectOccurred, s.municipality, from, through, level, groups, categories).Scan(&n); err != nil {
		return 0, fmt.Errorf("count groups that occurred: %w", err)
	}
	return n, nil
}

// voice is an agency's unit that was heard, or an agency that was not yet.
type voice struct {
	Agency, AgencyName string
	Unit, UnitName     string
	FirstAt            *time.Time
}

const selectVoices = `-- pages: agencies and units with when they were first heard
SELECT a.agency, a.name AS agency_name, coalesce(s.unit, '') AS unit, coalesce(u.name, s.unit, '') AS unit_name, s.first_at
  FROM contract.agency a
  LEFT JOIN contract.source_status s ON s.municipality = $1 AND s.agency = a.agency
  LEFT JOIN contract.unit u ON u.municipality = $1 AND u.agency = s.agency AND u.unit = s.unit
 WHERE a.municipality = $1 ORDER BY a.agency, unit`

func (s store) readVoices(ctx context.Context) ([]voice, error) {
	return collect[voice](ctx, s.tx, "agencies", selectVoices, s.municipality)
}

// An incident is told by new sources only if none of its counted reports comes from another: its lead report, and the
// others where there are several.
const selectOnlyNew = `-- pages: incidents that only new sources tell of
SELECT i.day FROM contract.incident i
  JOIN contract.report r ON r.municipality = $1 AND r.agency = i.agency AND r.report = i.report
 WHERE i.municipality = $1 AND i.day >= $2 AND i.day < $3 AND i.category = ANY ($4) AND ($5 = '' OR i.area = $5) AND ($6 = '' OR i.district = $6)
   AND (r.agency || '/' || r.unit) = ANY ($7)
   AND (i.reports = 1 OR NOT EXISTS (SELECT FROM contract.linked l WHERE l.municipality = $1 AND l.episode = i.episode AND l.counted
                                        AND (l.agency || '/' || l.unit) <> ALL ($7)))`

// readOnlyNew are the days of incidents that only some units tell of, each agency/unit.
func (s store) readOnlyNew(ctx context.Context, in selection, units []string) ([]time.Time, error) {
	rows, err := collect[struct{ Day time.Time }](ctx, s.tx, "incidents of new sources", selectOnlyNew, s.municipality, in.from, in.through, in.categories,
		in.area, in.district, units)
	out := make([]time.Time, len(rows))
	for i, r := range rows {
		out[i] = r.Day
	}
	return out, err
}
