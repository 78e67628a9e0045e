// SPDX-License-Identifier: EUPL-1.2

package action_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"samsyn/internal/pg"
	"samsyn/internal/testenv"
	"samsyn/services/review/action"
)

// town is a municipality in a database of its own, with two districts of two areas and three agencies.
type town struct {
	t     testing.TB
	admin *pgx.Conn
	pool  *pgxpool.Pool
	store *action.Store
	now   time.Time
}

const code = "0001"

// tuesday is a meeting: 24 November 2026, 09.00 in Stockholm.
var tuesday = time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)

func newTown(t *testing.T) *town {
	t.Helper()
	t.Parallel()
	config := testenv.Postgres(t)
	admin, err := pgx.Connect(t.Context(), config.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close(context.WithoutCancel(t.Context())) })
	pool, err := pg.Open(t.Context(), config, pg.RoleReview, 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	w := &town{t: t, admin: admin, pool: pool, store: action.NewStore(pool), now: tuesday}
	for _, m := range []string{code, "0002"} {
		w.exec(`INSERT INTO registry.municipality (municipality, name, epsg, history_from, created_at) VALUES ($1, 'Provstad', 3006, '2024-01-01', now())`, m)
		for _, agency := range []string{"kommun", "bostad", "idrott"} {
			w.exec(`INSERT INTO registry.agency (municipality, agency, name, started_on, max_bytes) VALUES ($1, $2, $3, '2024-01-01', 1)`,
				m, agency, map[string]string{"kommun": "Kommunen", "bostad": "Bostads AB", "idrott": "Idrottsföreningen"}[agency])
		}
		for _, a := range [][4]string{
			{"norr", "district", "Norra distriktet", ""},
			{"soder", "district", "Södra distriktet", ""},
			{"a1", "area", "Torget", "norr"},
			{"a2", "area", "Ängen", "norr"},
			{"b1", "area", "Björken", "soder"},
			{"b2", "area", "Viken", "soder"},
		} {
			w.area(m, a)
		}
	}
	return w
}

func (w *town) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.admin.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func (w *town) area(m string, a [4]string) {
	w.t.Helper()
	shape, err := wkb.Marshal(orb.MultiPolygon{{{{14.7, 56.8}, {14.8, 56.8}, {14.8, 56.9}, {14.7, 56.9}, {14.7, 56.8}}}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.exec(`INSERT INTO registry.area (municipality, code, level, name, parent, geometry) VALUES ($1, $2, $3, $4, nullif($5, ''), $6)`, m, a[0], a[1], a[2], a[3], shape)
}

// day is a local day, such as 2026-11-18.
func day(s string) time.Time {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return d
}

func on(s string) *time.Time { d := day(s); return &d }

// viewer is somebody of an agency.
func viewer(agency string, roles ...string) pg.Viewer {
	return pg.Viewer{Municipality: code, Agency: agency, Person: uuid.NewString(), Roles: roles}
}

// lamps are new lamps on the square, decided on the Tuesday and up the Monday after.
func (w *town) lamps() action.Action {
	return action.Action{
		Municipality: code, Level: "area", Area: "a1", Group: "damage", Problem: "Krossade rutor på kvällen", Cause: "Mörkt", Measure: action.Lighting,
		MeasureText: "Fyra nya lampor", OwnerAgency: "bostad", StartOn: day("2026-11-30"), DueOn: day("2026-12-04"), ExpectedEffect: "Färre krossade rutor",
		FollowUpOn: on("2027-01-26"), ControlLevel: "area", ControlArea: "b1", ControlOn: on("2026-11-24"), CreatedAt: w.now,
	}
}

// made stores an action as the program.
func (w *town) made(a action.Action) action.Action {
	w.t.Helper()
	stored, err := w.store.Create(w.t.Context(), viewer("kommun", "coordinator"), a)
	if err != nil {
		w.t.Fatal(err)
	}
	return stored
}
