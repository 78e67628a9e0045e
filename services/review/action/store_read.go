// SPDX-License-Identifier: EUPL-1.2

package action

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/internal/pg"
	"samsyn/services/review/effect"
)

// errUnknownMunicipality is a municipality that is not there, or not for this viewer.
var errUnknownMunicipality = errors.New("unknown municipality")

// reader reads the contract's views as one viewer in one transaction.
type reader struct {
	tx           pgx.Tx
	municipality string
}

// within runs fn in one transaction as the viewer.
func within(ctx context.Context, db pg.Beginner, v pg.Viewer, fn func(reader) error) error {
	return pg.InTx(ctx, db, v, func(tx pgx.Tx) error { return fn(reader{tx, v.Municipality}) })
}

func (r reader) get(ctx context.Context, id uuid.UUID) (Action, error) {
	return GetTx(ctx, r.tx, r.municipality, id)
}

func (r reader) list(ctx context.Context, f Filter) ([]Action, error) {
	return ListTx(ctx, r.tx, r.municipality, f)
}

func (r reader) create(ctx context.Context, a Action) (Action, error) { return CreateTx(ctx, r.tx, a) }

func (r reader) change(ctx context.Context, a Action, by *uuid.UUID, at time.Time) (Action, error) {
	return ChangeTx(ctx, r.tx, a, by, at)
}

// townRow is a municipality and its clock.
type townRow struct {
	Name        string
	TimeZone    string
	HistoryFrom time.Time
	AsOf        *time.Time
	MadeUp      bool
}

const selectTown = `-- action: a municipality and its clock
SELECT name, time_zone, history_from, as_of, made_up FROM contract.municipality WHERE municipality = $1`

func (r reader) town(ctx context.Context) (townRow, error) {
	rows, err := r.tx.Query(ctx, selectTown, r.municipality)
	if err != nil {
		return townRow{}, fmt.Errorf("read municipality: %w", err)
	}
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[townRow])
	if errors.Is(err, pgx.ErrNoRows) {
		return townRow{}, errUnknownMunicipality
	}
	if err != nil {
		return townRow{}, fmt.Errorf("read municipality: %w", err)
	}
	return row, nil
}

// areaRow is an area in use or retired.
type areaRow struct {
	Code, Level, Name string
	Retired           bool
}

const selectAreas = `-- action: names of areas
SELECT code, level, name, retired_at IS NOT NULL AS retired FROM contract.area WHERE municipality = $1`

// agencyRow is an agency.
type agencyRow struct {
	Agency, Name string
	StartedOn    time.Time
	Suspended    bool
}

const selectAgencies = `-- action: names of agencies
SELECT agency, name, started_on, suspended_at IS NOT NULL AS suspended FROM contract.agency WHERE municipality = $1`

// personRow is somebody who can own an action.
type personRow struct {
	Person       uuid.UUID
	Name, Agency string
	Disabled     bool
}

const selectPeople = `-- action: who can own an action
SELECT person, name, agency, disabled_at IS NOT NULL AS disabled FROM contract.person WHERE municipality = $1 AND agency <> ''`

// flagRow is the flagged place that an action answers.
type flagRow struct {
	ID               uuid.UUID
	Level, Area, Grp string
	WindowFrom       time.Time
	Observed         int
	ReasonSV         string `db:"reason_sv"`
	ReasonEN         string `db:"reason_en"`
}

const selectFlags = `-- action: flagged places
SELECT id, level, area, grp, window_from, observed, reason_sv, reason_en FROM contract.flag WHERE municipality = $1 AND id = ANY ($2)`

func (r reader) flags(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]flagRow, error) {
	all := map[uuid.UUID]flagRow{}
	if len(ids) == 0 {
		return all, nil
	}
	rows, err := collect[flagRow](ctx, r.tx, "flags", selectFlags, r.municipality, ids)
	for _, f := range rows {
		all[f.ID] = f
	}
	return all, err
}

// sourceRow is when an agency's unit was heard.
type sourceRow struct {
	Agency, Unit string
	FirstAt      time.Time
	LastAt       time.Time
}

const selectSources = `-- action: when each source was heard first and last
SELECT agency, unit, first_at, greatest(last_at, nothing_to) AS last_at FROM contract.source_status WHERE municipality = $1 ORDER BY agency, unit`

func (r reader) sources(ctx context.Context) ([]effect.Source, error) {
	rows, err := collect[sourceRow](ctx, r.tx, "sources", selectSources, r.municipality)
	all := make([]effect.Source, len(rows))
	for i, s := range rows {
		all[i] = effect.Source{Agency: s.Agency, Unit: s.Unit, First: s.FirstAt, Last: s.LastAt}
	}
	return all, err
}

// span is a window of days in an area, and the categories that are counted there.
type span struct {
	level, area string
	categories  []string
	window      effect.Window
}

const selectIncidents = `-- action: incidents in windows
SELECT w.number, coalesce(sum(c.incidents), 0)::int AS incidents
  FROM unnest($2::text[], $3::text[], $4::text[], $5::date[], $6::date[]) WITH ORDINALITY AS w (level, area, categories, first, until, number)
  LEFT JOIN contract.count c ON c.municipality = $1 AND c.day >= w.first AND c.day < w.until AND c.category = ANY (string_to_array(w.categories, ','))
   AND (w.level = 'municipality' OR w.level = 'district' AND c.district = w.area OR w.level = 'area' AND c.area = w.area)
 GROUP BY w.number ORDER BY w.number`

// incidents counts each span; the numbers are in the order of the spans.
func (r reader) incidents(ctx context.Context, spans []span) ([]int, error) {
	if len(spans) == 0 {
		return nil, nil
	}
	var levels, areas, categories []string
	var first, until []time.Time
	for _, s := range spans {
		levels, areas, categories = append(levels, s.level), append(areas, s.area), append(categories, strings.Join(s.categories, ","))
		first, until = append(first, s.window.From), append(until, s.window.To)
	}
	type row struct {
		Number    int64
		Incidents int
	}
	rows, err := collect[row](ctx, r.tx, "incidents", selectIncidents, r.municipality, levels, areas, categories, first, until)
	if err != nil {
		return nil, err
	}
	counts := make([]int, len(rows))
	for i, c := range rows {
		counts[i] = c.Incidents
	}
	return counts, nil
}

// versionRow is one version of an action.
type versionRow struct {
	Version          int
	FromState, State State
	At               time.Time
	By               *uuid.UUID
	Changed          []string
	DueOn            *time.Time
}

const selectVersions = `-- action: its versions, the newest first
SELECT version, coalesce(from_state, '') AS from_state, state, at, by, changed, (body ->> 'due_on')::timestamptz AS due_on
  FROM review.action_event WHERE municipality = $1 AND action = $2 ORDER BY version DESC LIMIT 200`

func (r reader) versions(ctx context.Context, id uuid.UUID) ([]versionRow, error) {
	return collect[versionRow](ctx, r.tx, "versions", selectVersions, r.municipality, id)
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

// reference is what names things in a municipality.
type reference struct {
	town     townRow
	areas    []areaRow
	agencies []agencyRow
	people   []personRow
}

func (r reader) reference(ctx context.Context) (ref reference, err error) {
	if ref.town, err = r.town(ctx); err != nil {
		return ref, err
	}
	if ref.areas, err = collect[areaRow](ctx, r.tx, "areas", selectAreas, r.municipality); err != nil {
		return ref, err
	}
	if ref.agencies, err = collect[agencyRow](ctx, r.tx, "agencies", selectAgencies, r.municipality); err != nil {
		return ref, err
	}
	ref.people, err = collect[personRow](ctx, r.tx, "people", selectPeople, r.municipality)
	return ref, err
}
