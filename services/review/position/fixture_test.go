// SPDX-License-Identifier: EUPL-1.2

package position_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/pg"
	"samsyn/internal/testenv"
	"samsyn/internal/web"
	"samsyn/services/review/position"
)

const code = "0001"

// monday is when the coordinator opens the digest: Monday 23 November 2026, 08.14 in Stockholm, in week 48.
var monday = time.Date(2026, 11, 23, 7, 14, 0, 0, time.UTC)

// town is a municipality in a database of its own, with three agencies and a coordinator, whose pages are served.
type town struct {
	t           *testing.T
	admin       *pgx.Conn
	pool        *pgxpool.Pool
	store       *position.Store
	service     *position.Service
	mux         *http.ServeMux
	now         time.Time
	coordinator uuid.UUID
	visit       web.Visit
}

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
	w := &town{t: t, admin: admin, pool: pool, store: position.NewStore(pool), now: monday, mux: http.NewServeMux()}
	if w.service, err = position.New(pool, position.Config{Now: func() time.Time { return w.now }}); err != nil {
		t.Fatal(err)
	}
	for _, m := range []string{code, "0002"} {
		w.municipality(m)
	}
	w.coordinator = w.person("kommun", "Karin Koordinator", "coordinator")
	w.visit = w.as(w.coordinator, "kommun", []string{"coordinator"}, web.ActNumbers, web.ActDecide)
	w.service.Routes(w.mux, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(rw, r.WithContext(web.WithVisit(r.Context(), w.visit)))
		})
	})
	return w
}

func (w *town) municipality(m string) {
	w.exec(`INSERT INTO registry.municipality (municipality, name, epsg, history_from, created_at) VALUES ($1, 'Provstad', 3006, '2024-01-01', now())`, m)
	for agency, name := range map[string]string{"kommun": "Kommunen", "bostad": "Bostads AB", "polis": "Polisen"} {
		w.exec(`INSERT INTO registry.agency (municipality, agency, name, started_on, max_bytes) VALUES ($1, $2, $3, '2024-01-01', 1)`, m, agency, name)
	}
	shape, err := wkb.Marshal(orb.MultiPolygon{{{{14.7, 56.8}, {14.8, 56.8}, {14.8, 56.9}, {14.7, 56.9}, {14.7, 56.8}}}})
	if err != nil {
		w.t.Fatal(err)
	}
	for area, name := range map[string]string{"a1": "Torget", "a2": "Ängen", "a3": "Örnen"} {
		w.exec(`INSERT INTO registry.area (municipality, code, level, name, geometry) VALUES ($1, $2, 'area', $3, $4)`, m, area, name, shape)
	}
}

func (w *town) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.admin.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

// one reads a single value.
func one[T any](w *town, sql string, args ...any) (v T) {
	w.t.Helper()
	if err := w.admin.QueryRow(w.t.Context(), sql, args...).Scan(&v); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func (w *town) person(agency, name string, roles ...string) uuid.UUID {
	id := uuid.New()
	w.exec(`INSERT INTO access.person (municipality, person, name, email, agency, roles, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, now(), 'command')`,
		code, id, name, id.String()+"@example.se", agency, roles)
	return id
}

// as is somebody of an agency who may do some things.
func (w *town) as(person uuid.UUID, agency string, roles []string, acts ...web.Act) web.Visit {
	v := web.Visit{
		Viewer: pg.Viewer{Municipality: code, Agency: agency, Person: person.String(), Roles: roles}, Choices: []web.Choice{{Municipality: code, Name: "Provstad"}},
		Acts: map[web.Act]bool{},
	}
	for _, a := range acts {
		v.Acts[a] = true
	}
	return v
}

// flag flags an area: 12 against 5.2 expected, mostly seen by the housing company.
func (w *town) flag(area string, openedAt time.Time) uuid.UUID { return w.flagIn(code, area, openedAt) }

func (w *town) flagIn(m, area string, openedAt time.Time) uuid.UUID {
	w.t.Helper()
	id := uuid.New()
	w.exec(`INSERT INTO alerting.flag (municipality, id, revision, kind, grade, state, level, area, areas, grp, window_from, window_to, observed, expected, low, high,
		  ln_r, margin, fresh, agencies, reason_sv, reason_en, tick, opened_at, opened_as_of, updated_at, updated_as_of)
		VALUES ($1, $2, 1, 'rise', 'alert', 'open', 'area', $3, ARRAY[$3], 'damage', '2026-11-16', '2026-11-22', 12, 5.2, 2, 9, 8, 1, true, '{bostad,polis}',
		  '12 rapporter på 7 dagar mot 5 väntade.', '12 reports in 7 days against 5 expected.', 1, $4, $4, $4, $4)`, m, id, area, openedAt)
	for agency, n := range map[string]int{"bostad": 6, "polis": 2} {
		for i := range n {
			w.exec(`INSERT INTO alerting.flag_report (municipality, flag, agency, report) VALUES ($1, $2, $3, $4)`, m, id, agency, uuid.NewString()+string(rune('a'+i)))
		}
	}
	return id
}

func (w *town) end(flag uuid.UUID) {
	w.exec(`UPDATE alerting.flag SET state = 'cleared', cleared_at = $2, cleared_as_of = $2 WHERE id = $1`, flag, w.now)
}

// decide decides as the coordinator, now.
func (w *town) decide(d position.Decision) (position.Position, error) {
	d.By, d.At = &w.coordinator, w.now
	return w.store.Decide(w.t.Context(), w.visit.Viewer, d)
}

func (w *town) mustDecide(d position.Decision) position.Position {
	w.t.Helper()
	p, err := w.decide(d)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *town) system(fn func(pgx.Tx) error) {
	w.t.Helper()
	if err := pg.InTx(w.t.Context(), w.pool, pg.System, fn); err != nil {
		w.t.Fatal(err)
	}
}

// get and post are what a browser does.
func (w *town) get(path string) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.mux.ServeHTTP(rec, httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, path, nil))
	return rec
}

func (w *town) post(path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(w.t.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	w.mux.ServeHTTP(rec, r)
	return rec
}

// panel is what the page of a place shows.
func (w *town) panel(flag uuid.UUID, query string) string {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, "/plats/"+flag.String()+query, nil)
	out, err := w.service.PlacePanel(w.t.Context(), r, w.visit, web.NewLocale("sv", nil, nil), flag.String())
	if err != nil {
		w.t.Fatal(err)
	}
	return string(out)
}

// streamOf reads the DECISIONS stream, which must hold so many messages.
func streamOf(t *testing.T, nats *testenv.NATSEnv, want int) []bus.Stored {
	t.Helper()
	var all []bus.Stored
	if err := nats.Conn.Read(t.Context(), events.StreamDecisions, 1, func(m bus.Stored) error {
		all = append(all, m)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(all) != want {
		t.Errorf("the stream holds %d messages, want %d", len(all), want)
	}
	return all
}
