// SPDX-License-Identifier: EUPL-1.2

package meeting_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"samsyn/internal/pg"
	"samsyn/internal/testenv"
	"samsyn/internal/web"
	"samsyn/services/review/action"
	"samsyn/services/review/calendar"
	"samsyn/services/review/meeting"
	"samsyn/services/review/position"
	"samsyn/services/review/situation"
)

// town is a municipality in a database of its own, with people who meet, and the pages over it.
type town struct {
	t       testing.TB
	admin   *pgx.Conn
	pool    *pgxpool.Pool
	service *meeting.Service
	handler http.Handler
	now     time.Time
	visit   web.Visit
	zone    *time.Location
	reports int
	batch   int
}

const (
	code = "0001"
	// canary stands in everything that people write, and must stand on no wall.
	canary = "kanariefågel"
)

// People of the review.
var (
	anna  = uuid.MustParse("aaaaaaaa-0000-4000-8000-000000000001") // coordinator, kommun
	bo    = uuid.MustParse("aaaaaaaa-0000-4000-8000-000000000002") // member, bostad
	clara = uuid.MustParse("aaaaaaaa-0000-4000-8000-000000000003") // member, polisen
	dan   = uuid.MustParse("aaaaaaaa-0000-4000-8000-000000000004") // agency lead, bostad
	eva   = uuid.MustParse("aaaaaaaa-0000-4000-8000-000000000005") // reporter, skola
)

// tuesday is a meeting about week 47: 24 November 2026, 08.55 in Stockholm.
var tuesday = time.Date(2026, 11, 24, 7, 55, 0, 0, time.UTC)

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
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	w := &town{t: t, admin: admin, pool: pool, now: tuesday, zone: zone}
	clock := func() time.Time { return w.now }
	situations, err := situation.New(pool, situation.Config{Now: clock, Chromium: "-"})
	if err != nil {
		t.Fatal(err)
	}
	if w.service, err = meeting.New(pool, situations, meeting.Config{PublicURL: "https://samsyn.example/", Now: clock}); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	w.service.Routes(mux, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(rw, r.WithContext(web.WithVisit(r.Context(), w.visit)))
		})
	})
	w.handler = mux
	w.populate(code, "Provstad")
	w.as(anna, "kommun", "coordinator")
	return w
}

// populate makes a municipality with agencies, areas and people.
func (w *town) populate(m, name string) {
	w.t.Helper()
	w.exec(`INSERT INTO registry.municipality (municipality, name, epsg, history_from, created_at) VALUES ($1, $2, 3006, '2024-01-01', now())`, m, name)
	for _, a := range [][3]string{
		{"kommun", "Kommunen", "municipality"},
		{"bostad", "Bostads AB", "housing"},
		{"polisen", "Polisen", "police"},
		{"skola", "Skolan", "school"},
		{"idrott", "Idrottsföreningen", "association"},
	} {
		w.exec(`INSERT INTO registry.agency (municipality, agency, name, kind, started_on, max_bytes) VALUES ($1, $2, $3, $4, '2024-01-01', 1)`, m, a[0], a[1], a[2])
	}
	shape, err := wkb.Marshal(orb.MultiPolygon{{{{14.7, 56.8}, {14.8, 56.8}, {14.8, 56.9}, {14.7, 56.9}, {14.7, 56.8}}}})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, a := range [][4]string{{m, "municipality", name, ""}, {"norr", "district", "Norra distriktet", m}, {"a1", "area", "Torget", "norr"}, {"a2", "area", "Ängen", "norr"}} {
		w.exec(`INSERT INTO registry.area (municipality, code, level, name, parent, geometry) VALUES ($1, $2, $3, $4, nullif($5, ''), $6)`, m, a[0], a[1], a[2], a[3], shape)
	}
	for id, p := range map[uuid.UUID][3]string{
		anna: {"Anna", "kommun", "coordinator"}, bo: {"Bo", "bostad", "member"}, clara: {"Clara", "polisen", "member"},
		dan: {"Dan", "bostad", "agency_lead"}, eva: {"Eva", "skola", "agency_lead"},
	} {
		w.exec(`INSERT INTO access.person (municipality, person, name, email, agency, roles, created_at, created_by)
			VALUES ($1, $2, $3, lower($3) || '@example.org', $4, ARRAY[$5], now(), 'command')`, m, id, p[0], p[1], p[2])
	}
}

// as lets a person look; acts are those of contracts.md section 6.
func (w *town) as(person uuid.UUID, agency string, role string) {
	acts := map[web.Act]bool{web.ActNumbers: role != "reporter", web.ActDecide: role == "coordinator", web.ActOwnActions: true}
	w.visit = web.Visit{
		Viewer:  pg.Viewer{Municipality: code, Agency: agency, Person: person.String(), Roles: []string{role}},
		Choices: []web.Choice{{Municipality: code, Name: "Provstad"}}, Acts: acts,
	}
}

func (w *town) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.admin.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func (w *town) value(sql string, args ...any) string {
	w.t.Helper()
	var s string
	if err := w.admin.QueryRow(w.t.Context(), sql, args...).Scan(&s); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return s
}

// incident happens n times in an area on a local day and at an hour, and an agency reports it.
func (w *town) incident(n int, day string, hour int, area, agency string) {
	w.t.Helper()
	at, err := time.ParseInLocation(time.DateOnly, day, w.zone)
	if err != nil {
		w.t.Fatal(err)
	}
	at = at.Add(time.Duration(hour) * time.Hour)
	for range n {
		w.reports++
		w.exec(`INSERT INTO correlator.report (municipality, agency, report, revision, batch, state, counted, category, grp, severity, certainty, occurred_from,
			occurred_to, reported_at, stored_at, exactness, place_type, district, area, unit, origin, sharing, test, day, hour, episode, lead, agencies, reports)
			VALUES ($1, $2, $3, 1, 1, 'accepted', true, 'property_damage', 'damage', 2, 'observed', $4, $4, $4, $4, 1, '', 'norr', $5, '', 'told', 'partners', false, $6, $7, $8, true, ARRAY[$2], 1)`,
			code, agency, fmt.Sprintf("r%d", w.reports), at, area, day, hour, uuid.New())
	}
	w.exec(`INSERT INTO correlator.count AS c (municipality, day, district, area, category, hour, incidents, reports) VALUES ($1, $2, 'norr', $3, 'property_damage', $4, $5, $5)
		ON CONFLICT (municipality, day, district, area, category, hour) DO UPDATE SET incidents = c.incidents + excluded.incidents, reports = c.reports + excluded.reports`,
		code, day, area, hour, n)
	w.exec(`INSERT INTO correlator.source AS s (municipality, agency, unit, events, first_at, last_at) VALUES ($1, $2, '', 1, $3, $3)
		ON CONFLICT (municipality, agency, unit) DO UPDATE SET last_at = greatest(s.last_at, excluded.last_at)`, code, agency, at)
	w.batch++
	w.exec(`INSERT INTO correlator.batch (municipality, batch, committed_at, reference_version, districts, areas, categories, days, hours, incidents, reports)
		VALUES ($1, $2, now(), 1, ARRAY['norr'], ARRAY[$3], ARRAY['property_damage'], ARRAY[$4::date], ARRAY[$5]::int2[], ARRAY[$6]::int4[], ARRAY[$6]::int4[])`, code, w.batch, area, day, hour, n)
	w.exec(`INSERT INTO correlator.head (municipality, batch) VALUES ($1, $2) ON CONFLICT (municipality) DO UPDATE SET batch = excluded.batch`, code, w.batch)
}

// flag marks an area in week 47. The stronger the margin, the earlier it stands.
func (w *town) flag(area string, margin float64) uuid.UUID {
	w.t.Helper()
	id := uuid.New()
	w.exec(`INSERT INTO alerting.flag (municipality, id, revision, kind, grade, state, level, area, areas, parts, grp, category, window_from, window_to, observed, expected,
		low, high, ln_r, margin, fresh, agencies, reason_sv, reason_en, tick, opened_at, opened_as_of, updated_at, updated_as_of)
		VALUES ($1, $2, 1, 'rise', 'alert', 'open', 'area', $3, ARRAY[$3], '[]', 'damage', '', '2026-11-16', '2026-11-22', 12, 5.2, 2, 9, 9, $4, true,
		ARRAY['bostad', 'polisen'], '12 händelser mot 5.', '12 incidents against 5.', 1, $5, $5, $5, $5)`, code, id, area, margin, time.Date(2026, 11, 20, 9, 0, 0, 0, w.zone))
	return id
}

// lamps are an action that is due on a day, with the canary in every text.
func (w *town) lamps(due string, owner *uuid.UUID) action.Action {
	w.t.Helper()
	day := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			w.t.Fatal(err)
		}
		return d
	}
	stored, err := action.NewStore(w.pool).Create(w.t.Context(), w.viewer(), action.Action{
		Municipality: code, Level: "area", Area: "a2", Group: "damage", Problem: "Mörkt, " + canary, Cause: canary, Measure: action.Lighting, MeasureText: "Lampor, " + canary,
		OwnerAgency: "bostad", OwnerPerson: owner, StartOn: day("2026-11-02"), DueOn: day(due), ExpectedEffect: canary, CreatedAt: w.now.AddDate(0, 0, -21),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return stored
}

func (w *town) viewer() pg.Viewer {
	return pg.Viewer{Municipality: code, Agency: "kommun", Person: anna.String(), Roles: []string{"coordinator"}}
}

// watch lets a flag be watched until a week, and come back.
func (w *town) watch(flag uuid.UUID, until web.Week) {
	w.t.Helper()
	if _, err := position.NewStore(w.pool).Decide(w.t.Context(), w.viewer(), position.Decision{Flag: flag, Kind: position.Watch, Until: until, Note: canary, By: &anna, At: w.now.AddDate(0, 0, -14)}); err != nil {
		w.t.Fatal(err)
	}
	w.exec(`UPDATE review.position SET returned_at = $2 WHERE flag = $1`, flag, w.now.AddDate(0, 0, -1))
}

// planned lets the worker plan and answers with the address of the next meeting.
func (w *town) planned() string {
	w.t.Helper()
	if err := w.service.EnsureUpcoming(w.t.Context(), w.now); err != nil {
		w.t.Fatal(err)
	}
	return "/mote/" + w.value(`SELECT meeting::text FROM review.meeting WHERE municipality = $1 AND state = 'planned' ORDER BY starts_at LIMIT 1`, code)
}

// started plans and starts the meeting.
func (w *town) started() string {
	w.t.Helper()
	at := w.planned()
	w.post(at+"/starta", "version", "1")
	return at
}

// get asks for an address as the visitor.
func (w *town) get(address string) *httptest.ResponseRecorder {
	w.t.Helper()
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, address, nil).WithContext(w.t.Context()))
	return rec
}

// page asks for a page that must be there, and answers with its text.
func (w *town) page(address string) string {
	w.t.Helper()
	rec := w.get(address)
	if rec.Code != http.StatusOK {
		w.t.Fatalf("%s: %d\n%s", address, rec.Code, rec.Body)
	}
	return rec.Body.String()
}

func (w *town) try(address string, fields ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode())).WithContext(w.t.Context())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}

// post sends a form that must be taken.
func (w *town) post(address string, fields ...string) {
	w.t.Helper()
	if rec := w.try(address, fields...); rec.Code != http.StatusSeeOther {
		w.t.Fatalf("%s %v: %d\n%s", address, fields, rec.Code, text(rec.Body.String()))
	}
}

var (
	hiddenParts = regexp.MustCompile(`(?s)<(head|svg)\b.*?</(head|svg)>`)
	tags        = regexp.MustCompile(`<[^>]*>`)
	spaces      = regexp.MustCompile(`\s+`)
	entities    = strings.NewReplacer("&#43;", "+", "&#34;", `"`, "&#39;", "'", "&amp;", "&", "\u00a0", " ")
)

// text is what a page says.
func text(page string) string {
	return strings.TrimSpace(spaces.ReplaceAllString(entities.Replace(tags.ReplaceAllString(hiddenParts.ReplaceAllString(page, " "), " ")), " "))
}

func says(t testing.TB, page string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text(page), want) {
			t.Errorf("the page does not say %q:\n%s", want, text(page))
		}
	}
}

func saysNot(t testing.TB, page string, unwanted ...string) {
	t.Helper()
	for _, u := range unwanted {
		if strings.Contains(strings.ToLower(page), strings.ToLower(u)) {
			t.Errorf("the page says %q:\n%s", u, text(page))
		}
	}
}

// week47 has numbers, two flagged places, one that returns, and a late action.
func (w *town) week47() (torget, angen, returned uuid.UUID, late action.Action) {
	w.t.Helper()
	for week := range 26 {
		w.incident(1+week%3, time.Date(2026, 11, 18, 0, 0, 0, 0, time.UTC).AddDate(0, 0, -7*(week+1)).Format(time.DateOnly), 12, "a1", "bostad")
	}
	w.incident(4, "2026-11-20", 21, "a1", "bostad")
	w.incident(3, "2026-11-21", 20, "a1", "polisen")
	w.incident(2, "2026-11-21", 1, "a1", "bostad")
	torget, angen, returned = w.flag("a1", 3), w.flag("a2", 2), w.flag("a2", 1)
	w.watch(returned, web.Week{Year: 2026, Number: 48})
	return torget, angen, returned, w.lamps("2026-11-20", &bo)
}

// rhythm is the one of a municipality that has chosen none.
func (w *town) rhythm() calendar.Rhythm { return calendar.Default(w.zone) }
