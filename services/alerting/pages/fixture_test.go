// SPDX-License-Identifier: EUPL-1.2

package pages_test

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"samsyn/internal/pg"
	"samsyn/internal/testenv"
	"samsyn/internal/web"
	"samsyn/services/alerting/pages"
)

// town is a municipality in a database of its own: rows as their owners write them, and
// the pages over it.
type town struct {
	t       testing.TB
	admin   *pgx.Conn
	code    string
	zone    *time.Location
	now     time.Time
	batch   int
	reports int
	handler http.Handler
	visit   web.Visit
}

// saturday is the 21st of November 2026, 23.50 in Stockholm: week 47 is not over.
var saturday = time.Date(2026, 11, 21, 22, 50, 0, 0, time.UTC)

func newTown(t *testing.T) *town {
	t.Helper()
	t.Parallel()
	return newTownFor(t)
}

func newTownFor(t testing.TB) *town {
	t.Helper()
	config := testenv.Postgres(t)
	admin, err := pgx.Connect(t.Context(), config.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close(context.WithoutCancel(t.Context())) })
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	pool, err := pg.Open(t.Context(), config, pg.RoleWeb, 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	w := &town{t: t, admin: admin, code: "0001", zone: zone, now: saturday}
	agencies := pg.OpenAgencies(config)
	t.Cleanup(agencies.Close)
	service, err := pages.New(pool, pages.Config{
		Now: func() time.Time { return w.now }, Agencies: agencies, PlacePanels: []web.Panel{w.panel("place")}, WeekPanels: []web.Panel{w.panel("week"), broken},
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	service.Routes(mux, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(rw, r.WithContext(web.WithVisit(r.Context(), w.visit)))
		})
	})
	w.handler = mux
	w.municipality("0001", "Provstad")
	w.visit = web.Visit{
		Viewer: pg.Viewer{Municipality: "0001", Roles: []string{"coordinator"}}, Choices: []web.Choice{{Municipality: "0001", Name: "Provstad"}},
		Acts: map[web.Act]bool{web.ActNumbers: true},
	}
	return w
}

// panel is what another service would say.
func (w *town) panel(name string) web.Panel {
	return func(_ context.Context, _ *http.Request, v web.Visit, l web.Locale, subject string) (template.HTML, error) {
		return template.HTML("<section><h2>" + name + " " + v.Viewer.Municipality + " " + l.Lang + " " + subject + "</h2></section>"), nil
	}
}

func broken(context.Context, *http.Request, web.Visit, web.Locale, string) (template.HTML, error) {
	return "", errors.New("away")
}

// as signs in somebody of an agency, whom the policies of reports know.
func (w *town) as(agency, role string) {
	w.t.Helper()
	id := uuid.New()
	var login string
	if err := w.admin.QueryRow(w.t.Context(), `SELECT registry.make_login($1, $2, '')`, w.code, agency).Scan(&login); err != nil {
		w.t.Fatal(err)
	}
	w.exec(`INSERT INTO access.person (municipality, person, agency, name, email, roles, created_at, created_by) VALUES ($1, $2, $3, 'N N', $4, ARRAY[$5], now(), 'command')`,
		w.code, id, agency, id.String()+"@example.se", role)
	w.visit.Viewer = pg.Viewer{Municipality: w.code, Agency: agency, Person: id.String(), Roles: []string{role}}
	w.visit.Login = login
}

func itoa(n int) string { return strconv.Itoa(n) }

func (w *town) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.admin.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func (w *town) municipality(code, name string) {
	w.t.Helper()
	w.exec(`INSERT INTO registry.municipality (municipality, name, epsg, history_from, created_at) VALUES ($1, $2, 3006, '2026-01-01', now())`, code, name)
}

// squares adds districts "norr" and "soder" with so many areas each, a1, a2 ... and b1, b2 ...
func (w *town) squares(each int) {
	w.t.Helper()
	w.area(w.code, "municipality", "Provstad", "", 14.7, 56.8, 0.3)
	w.area("norr", "district", "Norra distriktet", w.code, 14.7, 56.9, 0.1)
	w.area("soder", "district", "Södra distriktet", w.code, 14.7, 56.8, 0.1)
	for i := range each {
		w.area(fmt.Sprintf("a%d", i+1), "area", fmt.Sprintf("Norra %d", i+1), "norr", 14.7+0.01*float64(i), 56.9, 0.01)
		w.area(fmt.Sprintf("b%d", i+1), "area", fmt.Sprintf("Södra %d", i+1), "soder", 14.7+0.01*float64(i), 56.89, 0.01)
	}
}

func (w *town) area(code, level, name, parent string, x, y, side float64) {
	w.t.Helper()
	shape, err := wkb.Marshal(orb.MultiPolygon{{{{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}, {x, y}}}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.exec(`INSERT INTO registry.area (municipality, code, level, name, parent, geometry) VALUES ($1, $2, $3, $4, nullif($5, ''), $6)`,
		w.code, code, level, name, parent, shape)
}

func (w *town) agency(code, name, started string, units ...string) {
	w.t.Helper()
	w.exec(`INSERT INTO registry.agency (municipality, agency, name, started_on, max_bytes) VALUES ($1, $2, $3, $4, 1)`, w.code, code, name, started)
	for _, u := range units {
		w.exec(`INSERT INTO registry.unit (municipality, agency, unit, name) VALUES ($1, $2, $3, $4)`, w.code, code, u, "Enhet "+u)
	}
}

// day is a local day of the year 2026, such as 11-18.
func (w *town) day(monthDay string) time.Time {
	w.t.Helper()
	d, err := time.ParseInLocation(time.DateOnly, "2026-"+monthDay, w.zone)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// incident happens on a local day in an area and is seen by an agency's unit; n of them. A negative n takes counts away, as a
// correction does.
func (w *town) incident(n int, monthDay, area, category, agency, unit string) {
	w.t.Helper()
	day := w.day(monthDay)
	district := map[byte]string{'a': "norr", 'b': "soder"}[(area + " ")[0]]
	for range n {
		w.reports++
		w.exec(`INSERT INTO correlator.report (municipality, agency, report, revision, batch, state, counted, category, grp, severity, certainty, occurred_from,
			occurred_to, reported_at, stored_at, exactness, place_type, district, area, unit, origin, sharing, test, day, hour, episode, lead, agencies, reports)
			VALUES ($1, $2, $3, 1, 1, 'accepted', true, $4, 'damage', 2, 'observed', $5, $5, $5, $5, 1, '', $6, $7, $8, 'told', 'partners', false, $9, -1, $10, true, ARRAY[$2], 1)`,
			w.code, agency, fmt.Sprintf("r%d", w.reports), category, day.Add(12*time.Hour), district, area, unit, day.Format(time.DateOnly), uuid.New())
	}
	w.exec(`INSERT INTO correlator.count AS c (municipality, day, district, area, category, hour, incidents, reports) VALUES ($1, $2, $3, $4, $5, -1, 0, 0)
		ON CONFLICT DO NOTHING`, w.code, day.Format(time.DateOnly), district, area, category)
	w.exec(`UPDATE correlator.count SET incidents = incidents + $6, reports = reports + $6
		WHERE (municipality, day, district, area, category, hour) = ($1, $2, $3, $4, $5, -1)`, w.code, day.Format(time.DateOnly), district, area, category, n)
	w.exec(`INSERT INTO correlator.source AS s (municipality, agency, unit, events, first_at, last_at) VALUES ($1, $2, $3, 1, $4, $4)
		ON CONFLICT (municipality, agency, unit) DO UPDATE SET last_at = greatest(s.last_at, excluded.last_at)`, w.code, agency, unit, day.Add(13*time.Hour))
	w.batch++
	w.exec(`INSERT INTO correlator.batch (municipality, batch, committed_at, reference_version, districts, areas, categories, days, hours, incidents, reports)
		VALUES ($1, $2, now(), 1, ARRAY[$3], ARRAY[$4], ARRAY[$5], ARRAY[$6::date], ARRAY[-1]::int2[], ARRAY[$7]::int4[], ARRAY[$7]::int4[])`,
		w.code, w.batch, district, area, category, day.Format(time.DateOnly), n)
	w.exec(`INSERT INTO correlator.head (municipality, batch) VALUES ($1, $2) ON CONFLICT (municipality) DO UPDATE SET batch = excluded.batch`, w.code, w.batch)
}

// expect says what is usual in each week of so many up to the one of monday.
func (w *town) expect(level, area, monday string, weeks int, mean float64, low, high int) {
	w.t.Helper()
	w.exec(`INSERT INTO alerting.expected (municipality, week, level, area, grp, shape, rate, exposure, expected, low, high)
		SELECT $1, $4::date - 7 * g, $2, $3, '', $5::float8 / 0.3, 7 / 0.3, ARRAY[1, 1, 1, 1, 1, 1, 1]::float8[], $5, $6, $7 FROM generate_series(0, $8 - 1) g`,
		w.code, level, area, "2026-"+monday, mean, low, high, weeks)
}

// flagged is a flag to insert; what is left out is a rise in a1 of twelve against two.
type flagged struct {
	id                       uuid.UUID
	kind, grade, level, area string
	group, category, reason  string
	observed                 int
	margin                   float64
	opened                   time.Time
	cleared                  *time.Time
	parts                    string
}

func (w *town) flag(f flagged) uuid.UUID {
	w.t.Helper()
	if f.id == uuid.Nil {
		f.id = uuid.New()
	}
	or := func(s *string, otherwise string) {
		if *s == "" {
			*s = otherwise
		}
	}
	or(&f.kind, "rise")
	or(&f.grade, "alert")
	or(&f.level, "area")
	or(&f.area, "a1")
	or(&f.group, "damage")
	or(&f.reason, "Tolv händelser.")
	or(&f.parts, "[]")
	if f.observed == 0 {
		f.observed = 12
	}
	if f.opened.IsZero() {
		f.opened = w.day("11-19").Add(10 * time.Hour)
	}
	state := "open"
	if f.cleared != nil {
		state = "cleared"
	}
	w.exec(`INSERT INTO alerting.flag (municipality, id, revision, kind, grade, state, level, area, areas, parts, grp, category, window_from, window_to, observed, expected,
		low, high, ln_r, margin, fresh, agencies, reason_sv, reason_en, tick, opened_at, opened_as_of, updated_at, updated_as_of, cleared_at, cleared_as_of)
		VALUES ($1, $2, 1, $3, $4, $5, $6, $7, ARRAY[$7], $8, $9, $10, '2026-11-16', '2026-11-19', $11, 2.1, 0, 5, 9, $12, true, ARRAY['bostad'], $13, 'Twelve incidents.', 1, $14, $14, $14, $14, $15, $15)`,
		w.code, f.id, f.kind, f.grade, state, f.level, f.area, f.parts, f.group, f.category, f.observed, f.margin, f.reason, f.opened, f.cleared)
	return f.id
}

// get asks for an address as the visitor.
func (w *town) get(address string) *httptest.ResponseRecorder {
	w.t.Helper()
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, address, nil).WithContext(w.t.Context()))
	return rec
}

// page asks for a page that must be there.
func (w *town) page(address string) string {
	w.t.Helper()
	rec := w.get(address)
	if rec.Code != http.StatusOK {
		w.t.Fatalf("%s: %d\n%s", address, rec.Code, rec.Body)
	}
	return rec.Body.String()
}
