// SPDX-License-Identifier: EUPL-1.2

package situation_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"samsyn/internal/pg"
	"samsyn/internal/testenv"
	"samsyn/internal/web"
	"samsyn/services/review/situation"
)

// town is a municipality in a database of its own: rows as their owners write them, and the reports over it.
type town struct {
	t       testing.TB
	config  pg.Config
	admin   *pgx.Conn
	pool    *pg.Pool
	zone    *time.Location
	now     time.Time
	batch   int
	reports int
	service *situation.Service
	handler http.Handler
	visit   web.Visit
}

const code = "0001"

var (
	// tuesday is the 24th of November 2026, 08.00 in Stockholm: week 47 is over, its deadline has passed.
	tuesday = time.Date(2026, 11, 24, 7, 0, 0, 0, time.UTC)
	week47  = web.Week{Year: 2026, Number: 47}
)

const eva = "6f9d1c1e-0000-4000-8000-000000000001"

func newTown(t testing.TB) *town {
	t.Helper()
	if tt, ok := t.(*testing.T); ok {
		tt.Parallel()
	}
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
	pool, err := pg.Open(t.Context(), config, pg.RoleReview, 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	w := &town{t: t, config: config, admin: admin, pool: pool, zone: zone, now: tuesday}
	w.service, err = situation.New(pool, situation.Config{Now: func() time.Time { return w.now }, Chromium: "-"})
	if err != nil {
		t.Fatal(err)
	}
	w.serve(w.service)
	w.exec(`INSERT INTO registry.municipality (municipality, name, epsg, history_from, created_at) VALUES ($1, 'Provstad', 3006, '2026-01-01', now())`, code)
	w.visit = web.Visit{
		Viewer: pg.Viewer{Municipality: code, Agency: "kommun", Person: eva, Roles: []string{"coordinator"}}, Name: "Eva",
		Choices: []web.Choice{{Municipality: code, Name: "Provstad"}}, Acts: map[web.Act]bool{web.ActNumbers: true, web.ActDecide: true},
	}
	return w
}

// serve puts the pages of a service behind a guard that lets the visitor in.
func (w *town) serve(s *situation.Service) {
	mux := http.NewServeMux()
	s.Routes(mux, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(rw, r.WithContext(web.WithVisit(r.Context(), w.visit)))
		})
	})
	w.handler = mux
}

func (w *town) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.admin.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func (w *town) number(sql string, args ...any) (n int) {
	w.t.Helper()
	if err := w.admin.QueryRow(w.t.Context(), sql, args...).Scan(&n); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// squares adds districts "norr" and "soder" with so many areas each, a1, a2 ... and b1, b2 ...
func (w *town) squares(each int) {
	w.t.Helper()
	w.area(code, "municipality", "Provstad", "", 14.7, 56.8, 0.3)
	w.area("norr", "district", "Norra distriktet", code, 14.7, 56.9, 0.1)
	w.area("soder", "district", "Södra distriktet", code, 14.7, 56.8, 0.1)
	for i := range each {
		w.area(fmt.Sprintf("a%d", i+1), "area", fmt.Sprintf("Norra %d", i+1), "norr", 14.7+0.01*float64(i), 56.9, 0.01)
		w.area(fmt.Sprintf("b%d", i+1), "area", fmt.Sprintf("Södra %d", i+1), "soder", 14.7+0.01*float64(i), 56.89, 0.01)
	}
}

func (w *town) area(area, level, name, parent string, x, y, side float64) {
	w.t.Helper()
	shape, err := wkb.Marshal(orb.MultiPolygon{{{{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}, {x, y}}}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.exec(`INSERT INTO registry.area (municipality, code, level, name, parent, geometry) VALUES ($1, $2, $3, $4, nullif($5, ''), $6)`, code, area, level, name, parent, shape)
}

func (w *town) agency(agency, name, started string, units ...string) {
	w.t.Helper()
	w.exec(`INSERT INTO registry.agency (municipality, agency, name, started_on, max_bytes) VALUES ($1, $2, $3, $4, 1)`, code, agency, name, started)
	for _, u := range units {
		w.exec(`INSERT INTO registry.unit (municipality, agency, unit, name) VALUES ($1, $2, $3, $4)`, code, agency, u, "Enhet "+u)
	}
}

// when is a local time of 2026.
func (w *town) when(monthDayClock string) time.Time {
	w.t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15.04", "2026-"+monthDayClock, w.zone)
	if err != nil {
		w.t.Fatal(err)
	}
	return at
}

// incident happens between two local times in an area, on the day of the first, and is told of by an agency's unit.
func (w *town) incident(from, to, area, category, agency, unit string) (report string, episode uuid.UUID) {
	w.t.Helper()
	w.reports++
	report, episode = fmt.Sprintf("r%d", w.reports), uuid.New()
	w.report(report, episode, true, from, to, area, category, agency, unit)
	day, district := w.when(from).Format(time.DateOnly), districtOf(area)
	w.exec(`INSERT INTO correlator.count AS c (municipality, day, district, area, category, hour, incidents, reports) VALUES ($1, $2, $3, $4, $5, -1, 1, 1)
		ON CONFLICT (municipality, day, district, area, category, hour) DO UPDATE SET incidents = c.incidents + 1, reports = c.reports + 1`, code, day, district, area, category)
	w.heard(agency, unit, w.when(to).Add(time.Hour))
	w.counted()
	return report, episode
}

// also is another report of an incident.
func (w *town) also(episode uuid.UUID, from, to, area, category, agency, unit string) {
	w.t.Helper()
	w.reports++
	w.report(fmt.Sprintf("r%d", w.reports), episode, false, from, to, area, category, agency, unit)
	w.exec(`UPDATE correlator.report SET reports = 2, agencies = agencies || $3::text WHERE municipality = $1 AND episode = $2`, code, episode, agency)
	w.exec(`UPDATE correlator.count SET reports = reports + 1 WHERE (municipality, day, district, area, category) = ($1, $2, $3, $4, $5)`,
		code, w.when(from).Format(time.DateOnly), districtOf(area), area, category)
	w.heard(agency, unit, w.when(to).Add(time.Hour))
	w.counted()
}

func (w *town) report(report string, episode uuid.UUID, lead bool, from, to, area, category, agency, unit string) {
	w.t.Helper()
	w.exec(`INSERT INTO correlator.report (municipality, agency, report, revision, batch, state, counted, category, grp, severity, certainty, occurred_from,
		occurred_to, reported_at, stored_at, exactness, place_type, district, area, unit, origin, sharing, test, day, hour, episode, lead, agencies, reports)
		VALUES ($1, $2, $3, 1, 1, 'accepted', true, $4, 'damage', 2, 'observed', $5, $6, $6, $6, 1, '', $7, $8, $9, 'told', 'partners', false, $10, -1, $11, $12, ARRAY[$2], 1)`,
		code, agency, report, category, w.when(from), w.when(to), districtOf(area), area, unit, w.when(from).Format(time.DateOnly), episode, lead)
}

// withdrawn takes a report out of the counts again.
func (w *town) withdrawn(report, area, category string) {
	w.t.Helper()
	w.exec(`UPDATE correlator.count c SET incidents = incidents - 1, reports = c.reports - 1 FROM correlator.report r
		WHERE r.report = $1 AND (c.municipality, c.day, c.area, c.category) = (r.municipality, r.day, $2, $3)`, report, area, category)
	w.exec(`UPDATE correlator.report SET state = 'withdrawn', counted = false, lead = false, revision = 2 WHERE report = $1`, report)
	w.counted()
}

func (w *town) heard(agency, unit string, at time.Time) {
	w.exec(`INSERT INTO correlator.source AS s (municipality, agency, unit, events, first_at, last_at) VALUES ($1, $2, $3, 1, $4, $4)
		ON CONFLICT (municipality, agency, unit) DO UPDATE SET last_at = greatest(s.last_at, excluded.last_at)`, code, agency, unit, at)
}

func (w *town) counted() {
	w.batch++
	w.exec(`INSERT INTO correlator.head (municipality, batch) VALUES ($1, $2) ON CONFLICT (municipality) DO UPDATE SET batch = excluded.batch`, code, w.batch)
}

func districtOf(area string) string {
	return map[byte]string{'a': "norr", 'b': "soder"}[(area + " ")[0]]
}

// nothing is a unit that says that it had nothing to report.
func (w *town) nothing(agency, unit, from, to string) {
	w.t.Helper()
	w.notice(agency, "nothing", from, to, unit, nil, "", 0, "", "")
}

func (w *town) notice(agency, kind, from, to, unit string, areas []string, category string, n int, context, text string) {
	w.t.Helper()
	w.reports++
	w.exec(`INSERT INTO correlator.notice (municipality, agency, kind, report, revision, batch, state, starts, ends, unit, areas, category, n, context, text)
		VALUES ($1, $2, $3, $4, 1, 1, 'accepted', $5, $6, $7, $8, nullif($9, ''), $10, nullif($11, ''), nullif($12, ''))`,
		code, agency, kind, fmt.Sprintf("n%d", w.reports), w.when(from), w.when(to), unit, areas, category, n, context, text)
}

// expect says what is usual in week 47 and the weeks before it.
func (w *town) expect(level, area, group string, weeks int, mean float64, low, high int) {
	w.t.Helper()
	w.exec(`INSERT INTO alerting.expected (municipality, week, level, area, grp, shape, rate, exposure, expected, low, high)
		SELECT $1, '2026-11-16'::date - 7 * g, $2, $3, $4, $5::float8 / 0.3, 7 / 0.3, ARRAY[1, 1, 1, 1, 1, 1, 1]::float8[], $5, $6, $7 FROM generate_series(0, $8 - 1) g`,
		code, level, area, group, mean, low, high, weeks)
}

// flag flags an area; a rise of twelve damages against two.
func (w *town) flag(area, grade string, opened time.Time, cleared *time.Time) uuid.UUID {
	w.t.Helper()
	id, state := uuid.New(), "open"
	if cleared != nil {
		state = "cleared"
	}
	w.exec(`INSERT INTO alerting.flag (municipality, id, revision, kind, grade, state, level, area, areas, parts, grp, category, window_from, window_to, observed, expected,
		low, high, ln_r, margin, fresh, agencies, reason_sv, reason_en, tick, opened_at, opened_as_of, updated_at, updated_as_of, cleared_at, cleared_as_of)
		VALUES ($1, $2, 1, 'rise', $3, $4, 'area', $5, ARRAY[$5], '[]', 'damage', '', '2026-11-16', '2026-11-19', 12, 2.1, 0, 5, 9, 3, true, ARRAY['bostad'],
		'Tolv händelser på fyra dagar.', 'Twelve incidents in four days.', 1, $6, $6, $6, $6, $7, $7)`, code, id, grade, state, area, opened, cleared)
	return id
}

// weekOf47 is a town with a week worth looking at: 8 incidents against an expectation and 1 beside, 10 reports.
func weekOf47(t testing.TB) *town {
	w := newTown(t)
	w.squares(4)
	w.agency("bostad", "Bostadsbolaget", "2026-01-01", "norr", "soder")
	w.agency("kommun", "Kommunen", "2026-11-02", "falt")
	w.agency("polisen", "Polisen", "2026-01-01")
	w.agency("skola", "Skolan Björken", "2026-01-01")
	for range 5 {
		w.incident("11-18 21.00", "11-18 22.00", "a1", "property_damage", "bostad", "norr")
	}
	_, episode := w.incident("11-20 18.00", "11-21 06.00", "a1", "graffiti", "bostad", "norr")
	w.also(episode, "11-20 20.00", "11-20 20.30", "a1", "graffiti", "polisen", "")
	w.incident("11-16 09.00", "11-16 09.00", "b1", "unsafe_gathering", "polisen", "")
	w.incident("11-17 10.00", "11-17 11.00", "", "theft", "polisen", "") // inside the municipality, in no area
	w.incident("11-21 10.00", "11-21 11.00", "b2", "littering", "bostad", "norr")
	w.incident("11-11 10.00", "11-11 11.00", "b1", "theft", "bostad", "soder")
	w.nothing("kommun", "falt", "11-16 00.00", "11-22 23.59")
	w.notice("polisen", "counts", "11-16 00.00", "11-22 23.59", "", nil, "assault", 7, "", "")
	w.notice("kommun", "context", "11-28 12.00", "11-28 18.00", "", []string{"a1"}, "", 0, "event", "Julmarknad på torget")
	w.expect("municipality", code, "", 30, 7, 3, 12)
	w.expect("municipality", code, "damage", 30, 3, 0, 5)
	w.expect("area", "a1", "", 10, 2.1, 0, 5)
	w.expect("area", "b1", "", 10, 1, 0, 2)
	return w
}

func (w *town) freeze(by string) (situation.Situation, bool) {
	w.t.Helper()
	v := pg.System
	if by != "" {
		v = w.visit.Viewer
	}
	s, made, err := w.service.Freeze(w.t.Context(), v, code, week47, by)
	if err != nil {
		w.t.Fatal(err)
	}
	return s, made
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
