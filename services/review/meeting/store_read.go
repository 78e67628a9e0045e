// SPDX-License-Identifier: EUPL-1.2

package meeting

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/services/review/meeting/agenda"
	"samsyn/services/review/situation"
)

// member is a person of the review.
type member struct {
	Person                    uuid.UUID
	Name, Email, Agency, Unit string
	Roles                     []string
}

// Those who meet (contracts.md, section 6): coordinators and members.
const selectMembers = `-- meeting: those who meet
SELECT person, name, email, agency, unit, roles FROM contract.person
 WHERE municipality = $1 AND disabled_at IS NULL AND roles && ARRAY['coordinator', 'member'] ORDER BY agency, name, person`

func (s store) members(ctx context.Context) ([]member, error) {
	return collect[member](ctx, s.tx, "members", selectMembers, s.municipality)
}

// agency is a party of the municipality.
type agency struct {
	Agency, Name, Kind string
}

const selectAgencies = `-- meeting: agencies
SELECT agency, name, kind FROM contract.agency WHERE municipality = $1 AND suspended_at IS NULL ORDER BY name, agency`

func (s store) agencies(ctx context.Context) ([]agency, error) {
	return collect[agency](ctx, s.tx, "agencies", selectAgencies, s.municipality)
}

// dueRow is an open action that is due; nothing of it was written by a person.
type dueRow struct {
	Action                       uuid.UUID
	Area, Name, Grp, Measure     string
	OwnerAgency, OwnerName, Stat string
	DueOn                        time.Time
}

const selectDue = `-- meeting: open actions that are due
SELECT a.action, a.area, coalesce(r.name, a.area) AS name, a.grp, a.measure, a.owner_agency, coalesce(g.name, a.owner_agency) AS owner_name,
       a.state AS stat, a.due_on
  FROM contract.action a
  LEFT JOIN contract.area r ON r.municipality = $1 AND r.code = a.area
  LEFT JOIN contract.agency g ON g.municipality = $1 AND g.agency = a.owner_agency
 WHERE a.municipality = $1 AND a.state IN ('proposed', 'decided', 'in_progress') AND a.due_on <= $2
 ORDER BY a.due_on, a.action LIMIT 200`

// due are the actions due on a day or before.
func (s store) due(ctx context.Context, today time.Time) ([]agenda.Due, error) {
	rows, err := collect[dueRow](ctx, s.tx, "due actions", selectDue, s.municipality, today)
	if err != nil {
		return nil, err
	}
	all := make([]agenda.Due, len(rows))
	for i, r := range rows {
		all[i] = agenda.Due{
			Action: r.Action, Area: r.Area, Name: r.Name, Group: r.Grp, Measure: r.Measure, Owner: r.OwnerAgency, OwnerName: r.OwnerName, State: r.Stat,
			DueOn: r.DueOn.Format(time.DateOnly), Late: int(today.Sub(r.DueOn) / (24 * time.Hour)),
		}
	}
	return all, nil
}

// A position stands until its place returns.
const selectTaken = `-- meeting: flags with a position that stands
SELECT flag FROM contract.flag_position WHERE municipality = $1 AND flag = ANY ($2) AND returned_at IS NULL`

func (s store) taken(ctx context.Context, flags []uuid.UUID) (map[uuid.UUID]bool, error) {
	type row struct{ Flag uuid.UUID }
	rows, err := collect[row](ctx, s.tx, "positions", selectTaken, s.municipality, flags)
	if err != nil {
		return nil, err
	}
	taken := map[uuid.UUID]bool{}
	for _, r := range rows {
		taken[r.Flag] = true
	}
	return taken, nil
}

// standing is what is known of the position on a flag; its zero value is none.
type standing struct {
	Version         int
	Action, Meeting *uuid.UUID
}

const selectPosition = `-- meeting: the position on a flag
SELECT version, action, meeting FROM contract.flag_position WHERE municipality = $1 AND flag = $2`

func (s store) position(ctx context.Context, flag uuid.UUID) (standing, error) {
	p, err := one[standing](ctx, s.tx, "position", selectPosition, s.municipality, flag)
	if errors.Is(err, pgx.ErrNoRows) {
		return standing{}, nil
	}
	return p, err
}

// A watched place comes back with the numbers that its flag has now.
const selectReturned = `-- meeting: watched places that came back, oldest first
SELECT f.id, f.kind, f.level, f.area, coalesce(r.name, f.area) AS name, coalesce(d.name, '') AS district, f.grp, f.category, f.window_from, f.window_to,
       f.observed, f.expected, f.low, f.high, cardinality(f.agencies) AS agencies
  FROM contract.flag_position p
  JOIN contract.flag f ON f.municipality = $1 AND f.id = p.flag
  LEFT JOIN contract.area r ON r.municipality = $1 AND r.code = f.area
  LEFT JOIN contract.area d ON d.municipality = $1 AND d.code = r.parent AND d.level = 'district'
 WHERE p.municipality = $1 AND p.kind = 'watch' AND p.returned_at IS NOT NULL
 ORDER BY p.returned_at, p.flag LIMIT 50`

func (s store) returned(ctx context.Context) ([]agenda.Place, error) {
	type row struct {
		ID                      uuid.UUID
		Kind, Level, Area, Name string
		District, Grp, Category string
		WindowFrom, WindowTo    time.Time
		Observed                int
		Expected                float64
		Low, High, Agencies     int
	}
	rows, err := collect[row](ctx, s.tx, "returned places", selectReturned, s.municipality)
	if err != nil {
		return nil, err
	}
	all := make([]agenda.Place, len(rows))
	for i, r := range rows {
		all[i] = agenda.Place{
			Flag: r.ID, Kind: r.Kind, Level: r.Level, Area: r.Area, Name: r.Name, District: r.District, Group: r.Grp, Category: r.Category,
			From: r.WindowFrom.Format(time.DateOnly), To: r.WindowTo.Format(time.DateOnly), Observed: r.Observed,
			Expected: situation.Expected{Mean: r.Expected, Low: r.Low, High: r.High}, Agencies: r.Agencies, Returned: true,
		}
	}
	return all, nil
}

// A lead report of the week that the frozen version does not have came after it.
const selectLate = `-- meeting: incidents that came after the picture was frozen
SELECT count(*)::int FROM contract.report r
 WHERE r.municipality = $1 AND r.lead AND r.counted AND r.day >= $2 AND r.day < $3
   AND NOT EXISTS (SELECT FROM contract.situation_basis b
                    WHERE (b.municipality, b.week, b.version, b.agency, b.report) = ($1, $2, $4, r.agency, r.report))`

func (s store) late(ctx context.Context, monday time.Time, version int) (n int, err error) {
	err = s.tx.QueryRow(ctx, selectLate, s.municipality, monday, monday.AddDate(0, 0, 7), version).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count what came late: %w", err)
	}
	return n, nil
}

// counted says what of the counts belongs to a place.
type counted struct {
	level, area string
	categories  []string
}

const ofPlace = ` WHERE municipality = $1 AND ($2 = 'municipality' OR ($2 = 'district' AND district = $3) OR ($2 = 'area' AND area = $3))
   AND category = ANY ($4) AND day >= $5 AND day < $6`

const selectWeeks = `-- meeting: a place's weeks
SELECT date_trunc('week', day)::date AS week, sum(incidents)::int AS incidents FROM contract.count` + ofPlace + ` GROUP BY 1`

// weeks are the counts of so many weeks that end with the one of monday, oldest first.
func (s store) weeks(ctx context.Context, c counted, monday time.Time, n int) ([]int, error) {
	type row struct {
		Week      time.Time
		Incidents int
	}
	from := monday.AddDate(0, 0, -7*(n-1))
	rows, err := collect[row](ctx, s.tx, "a place's weeks", selectWeeks, s.municipality, c.level, c.area, c.categories, from, monday.AddDate(0, 0, 7))
	if err != nil {
		return nil, err
	}
	all := make([]int, n)
	for _, r := range rows {
		all[int(r.Week.Sub(from)/(7*24*time.Hour))] = r.Incidents
	}
	return all, nil
}

const selectPeaks = `-- meeting: when it happens most at a place
SELECT extract(isodow FROM day)::int - 1 AS weekday, (hour / 4)::int AS block, sum(incidents)::int AS incidents FROM contract.count` + ofPlace + `
   AND hour >= 0 GROUP BY 1, 2 HAVING sum(incidents) > 0 ORDER BY 3 DESC, 1, 2 LIMIT 3`

// peaks are the blocks of four hours with most incidents in some days; those with an uncertain hour do not count.
func (s store) peaks(ctx context.Context, c counted, from, to time.Time) ([]agenda.Peak, error) {
	return collect[agenda.Peak](ctx, s.tx, "when it happens", selectPeaks, s.municipality, c.level, c.area, c.categories, from, to)
}

// feed is the owner of a calendar address.
type feed struct {
	Municipality string
	Person       uuid.UUID
	Agency       string
	Roles        []string
}

// An address of somebody who has left opens nothing.
const selectFeed = `-- meeting: whose calendar address it is
SELECT f.municipality, f.person, p.agency, p.roles FROM review.calendar_feed f
  JOIN contract.person p USING (municipality, person) WHERE f.secret_hash = $1 AND p.disabled_at IS NULL`

func (s store) feed(ctx context.Context, hash []byte) (feed, error) {
	of, err := one[feed](ctx, s.tx, "calendar address", selectFeed, hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return feed{}, errUnknown
	}
	return of, err
}

const upsertFeed = `-- meeting: a new calendar address
INSERT INTO review.calendar_feed (municipality, person, secret_hash, created_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (municipality, person) DO UPDATE SET secret_hash = excluded.secret_hash, created_at = excluded.created_at`

func (s store) setFeed(ctx context.Context, person uuid.UUID, hash []byte, now time.Time) error {
	_, err := s.tx.Exec(ctx, upsertFeed, s.municipality, person, hash, now)
	return err
}

const selectOwners = `-- meeting: who is told of an agency's action
SELECT person, name, email, agency, unit, roles FROM contract.person
 WHERE municipality = $1 AND disabled_at IS NULL
   AND (person = $3 OR $3::uuid IS NULL AND agency = $2 AND roles && ARRAY['agency_lead', 'coordinator', 'member'])
 ORDER BY person`

// owners are the person who owns an action, or without one those of its agency who lead it or are in the review.
func (s store) owners(ctx context.Context, agency string, person *uuid.UUID) ([]member, error) {
	return collect[member](ctx, s.tx, "owners", selectOwners, s.municipality, agency, person)
}

const selectLeads = `-- meeting: who leads an agency
SELECT person, name, email, agency, unit, roles FROM contract.person
 WHERE municipality = $1 AND disabled_at IS NULL AND 'agency_lead' = ANY (roles) ORDER BY person`

func (s store) leads(ctx context.Context) ([]member, error) {
	return collect[member](ctx, s.tx, "leads", selectLeads, s.municipality)
}

const selectOwn = `-- meeting: a person's open actions
SELECT a.action FROM contract.action a
  JOIN contract.person p ON p.municipality = $1 AND p.person = $2
 WHERE a.municipality = $1 AND a.state IN ('proposed', 'decided', 'in_progress')
   AND (a.owner_person = $2
        OR a.owner_person IS NULL AND a.owner_agency = p.agency AND p.roles && ARRAY['agency_lead', 'coordinator', 'member'])
 ORDER BY a.due_on, a.action LIMIT 100`

func (s store) ownActions(ctx context.Context, person uuid.UUID) ([]uuid.UUID, error) {
	rows, err := s.tx.Query(ctx, selectOwn, s.municipality, person)
	if err != nil {
		return nil, fmt.Errorf("read own actions: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// silentUnit is a unit that was not heard; an agency without units stands for itself.
type silentUnit struct{ Agency, AgencyName, Unit, UnitName string }

// Heard about a week is who sent a report since it began, or said that there was nothing to.
const selectSilent = `-- meeting: units that have not been heard about a week
SELECT a.agency, a.name AS agency_name, coalesce(u.unit, '') AS unit, coalesce(u.name, '') AS unit_name
  FROM contract.agency a
  LEFT JOIN contract.unit u ON u.municipality = $1 AND u.agency = a.agency
 WHERE a.municipality = $1 AND a.suspended_at IS NULL AND a.started_on < $3
   AND EXISTS (SELECT FROM contract.source_status s WHERE s.municipality = $1 AND s.agency = a.agency)
   AND NOT EXISTS (SELECT FROM contract.source_status s
                    WHERE s.municipality = $1 AND s.agency = a.agency AND (u.unit IS NULL OR s.unit = u.unit) AND s.last_at >= $2)
   AND NOT EXISTS (SELECT FROM contract.notice n
                    WHERE n.municipality = $1 AND n.agency = a.agency AND n.kind = 'nothing' AND n.state = 'accepted' AND n.starts < $3 AND n.ends > $2
                      AND (u.unit IS NULL OR coalesce(n.unit, '') IN ('', u.unit)))
 ORDER BY a.agency, u.unit`

func (s store) silent(ctx context.Context, from, to time.Time) ([]silentUnit, error) {
	return collect[silentUnit](ctx, s.tx, "silent units", selectSilent, s.municipality, from, to)
}
