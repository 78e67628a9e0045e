// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
	"github.com/paulmach/orb/geojson"

	"samsyn/internal/pg"
	"samsyn/internal/testenv"
	"samsyn/internal/web"
	"samsyn/schemas"
)

// door is the API as a viewer of one municipality meets it.
type door struct {
	t       *testing.T
	handler http.Handler
}

func (w *world) door(municipality, now string) *door {
	w.t.Helper()
	pool, err := pg.Open(w.t.Context(), w.config, pg.RoleWeb, 4)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(pool.Close)
	api := NewAPI(pool, slog.New(slog.DiscardHandler), func() time.Time { return at(w.t, now) })
	mux := http.NewServeMux()
	api.Routes(mux, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			visit := web.Visit{Viewer: pg.Viewer{Municipality: municipality, Roles: []string{"coordinator"}}, Choices: []web.Choice{{Municipality: municipality}}}
			next.ServeHTTP(rw, r.WithContext(web.WithVisit(r.Context(), visit)))
		})
	})
	return &door{w.t, mux}
}

// get asks, holds the answer to openapi.yaml, and reads it into out when it is not nil.
func (d *door) get(path string, status int, out any) *httptest.ResponseRecorder {
	d.t.Helper()
	r := httptest.NewRequest(http.MethodGet, apiBase+path, nil)
	answer := httptest.NewRecorder()
	d.handler.ServeHTTP(answer, r)
	d.described(r, answer)
	if answer.Code != status {
		d.t.Fatalf("GET %s: %d %s", path, answer.Code, answer.Body)
	}
	if out != nil {
		if err := json.Unmarshal(answer.Body.Bytes(), out); err != nil {
			d.t.Fatalf("GET %s: %v: %s", path, err, answer.Body)
		}
	}
	return answer
}

func openAPI(t *testing.T) *openapi3.T {
	t.Helper()
	spec, err := openapi3.NewLoader().LoadFromData(schemas.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

func (d *door) described(r *http.Request, answer *httptest.ResponseRecorder) {
	d.t.Helper()
	router, err := legacy.NewRouter(openAPI(d.t))
	if err != nil {
		d.t.Fatal(err)
	}
	route, params, err := router.FindRoute(r)
	if err != nil {
		d.t.Fatalf("%s is not described: %v", r.URL, err)
	}
	said := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route}, Status: answer.Code, Header: answer.Header(),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateResponse(d.t.Context(), said.SetBodyBytes(answer.Body.Bytes())); err != nil {
		d.t.Errorf("%s: %v", r.URL, err)
	}
}

// A route that is not described is not a promise, and a description without a route is a lie.
func TestEveryRouteIsDescribed(t *testing.T) {
	var described, served []string
	for path, item := range openAPI(t).Paths.Map() {
		for method, operation := range item.Operations() {
			if operation.Extensions["x-service"] == "alerting" {
				described = append(described, method+" "+path)
			}
		}
	}
	for _, r := range (&API{}).routes() {
		served = append(served, "GET "+r.path)
	}
	slices.Sort(described)
	slices.Sort(served)
	if diff := cmp.Diff(described, served); diff != "" {
		t.Errorf("routes (-described +served):\n%s", diff)
	}
}

// What the page shows is there for programs, too: flagged places with their reasons and history.
func TestHotspotsAreListedWithReasons(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.NATS(t).Conn)
	w.story()
	d := w.door("0780", "2026-12-05T12:00:00+01:00")
	var list placeList
	d.get("/hotspots?grade=alert", 200, &list)
	if list.Total != 3 || len(list.Hotspots) != 3 || list.Page != 1 || list.Limit != 50 {
		t.Fatalf("%d of %d", len(list.Hotspots), list.Total)
	}
	for i, h := range list.Hotspots {
		if h.Reason.SV == "" || h.Reason.EN == "" || h.Municipality != "0780" {
			t.Errorf("%+v", h)
		}
		if i > 0 && list.Hotspots[i-1].State < h.State {
			t.Errorf("cleared before open")
		}
	}
	d.get("/hotspots?state=open&kind=rise&area=D1A2", 200, &list)
	if list.Total != 1 || list.Hotspots[0].Area != "D1A2" {
		t.Fatalf("open rises in D1A2: %+v", list)
	}
	var one placeDetail
	d.get("/hotspots/"+list.Hotspots[0].ID.String(), 200, &one)
	if one.ID != list.Hotspots[0].ID || len(one.Revisions) != one.Revision || one.Revisions[0].Verb != verbFlagged {
		t.Errorf("%+v", one)
	}
	d.get("/hotspots?grade=alert&page=2&limit=2", 200, &list)
	if len(list.Hotspots) != 1 {
		t.Errorf("page 2: %d of %d", len(list.Hotspots), list.Total)
	}
}

// Counts and what was to be expected, side by side; the days of a week add up to the week.
func TestSeriesHasCountsAndExpectation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.NATS(t).Conn)
	w.history("2026-11-20")
	w.burst("D1A2", "2026-11-20", 6)
	w.look("2026-11-20T21:00:00+01:00")
	for more := true; more; {
		var err error
		if more, err = w.service.payExpected(t.Context(), w.town); err != nil {
			t.Fatal(err)
		}
	}
	d := w.door("0780", "2026-11-20T21:00:00+01:00")
	var weeks, days areaSeries
	d.get("/areas/D1A2/series", 200, &weeks)
	last := weeks.Points[len(weeks.Points)-1]
	if len(weeks.Points) != 26 || weeks.Level != "area" || last.From != "2026-11-16" || last.To != "2026-11-22" || !last.Current || last.Incidents < 6 {
		t.Fatalf("%d weeks, the last %+v", len(weeks.Points), last)
	}
	if last.Expected == nil || *last.Expected < 0.5 || *last.Expected > 2 || *last.Low != 0 || *last.High < 2 {
		t.Errorf("expected %+v", last)
	}
	d.get("/areas/D1A2/series?per=day&from=2026-11-16&to=2026-11-22", 200, &days)
	sum, incidents := 0.0, 0
	for _, p := range days.Points {
		sum, incidents = sum+*p.Expected, incidents+p.Incidents
	}
	if len(days.Points) != 7 || incidents != last.Incidents || sum/(*last.Expected) < 0.999 || sum/(*last.Expected) > 1.001 {
		t.Errorf("days add up to %d incidents and %f expected, the week is %d and %f", incidents, sum, last.Incidents, *last.Expected)
	}
	var whole, district areaSeries
	d.get("/areas/0780/series?group=damage", 200, &whole)
	d.get("/areas/D1/series?group=damage", 200, &district)
	if a, b := whole.Points[25].Incidents, district.Points[25].Incidents; a < b || b < 6 || whole.Level != "municipality" {
		t.Errorf("the municipality has %d incidents of damage, its district %d", a, b)
	}
	var traffic areaSeries
	d.get("/areas/D1A2/series?group=traffic", 200, &traffic)
	if traffic.Points[25].Expected != nil {
		t.Error("nothing is expected of what is not watched")
	}
}

// Areas and flagged places open in a map program as they were imported.
func TestOutlinesAreGeoJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.NATS(t).Conn)
	square := orb.MultiPolygon{{{{14.8, 56.87}, {14.9, 56.87}, {14.9, 56.912345678901}, {14.8, 56.87}}}}
	stored, err := wkb.Marshal(square)
	if err != nil {
		t.Fatal(err)
	}
	w.exec(w.registry, `UPDATE registry.area SET geometry = $1 WHERE code = 'D1A2'`, stored)
	w.history("2026-11-20")
	w.burst("D1A2", "2026-11-20", 6)
	w.look("2026-11-20T21:00:00+01:00")
	d := w.door("0780", "2026-11-20T21:00:00+01:00")
	for path, want := range map[string]int{"/areas.geojson?level=area": 8, "/hotspots.geojson": 1} {
		answer := d.get(path, 200, nil)
		collection, err := geojson.UnmarshalFeatureCollection(answer.Body.Bytes())
		if err != nil || len(collection.Features) != want || answer.Header().Get("Content-Type") != "application/geo+json" {
			t.Fatalf("%s: %d features, %v", path, len(collection.Features), err)
		}
		found := false
		for _, f := range collection.Features {
			if f.Properties["code"] == "D1A2" || f.Properties["area"] == "D1A2" {
				found = true
				if diff := cmp.Diff(orb.Geometry(square), f.Geometry); diff != "" {
					t.Errorf("%s (-want +got):\n%s", path, diff)
				}
			}
		}
		if !found {
			t.Errorf("%s has no D1A2", path)
		}
	}
	var list areaList
	d.get("/areas?level=district", 200, &list)
	if len(list.Areas) != 2 || list.Areas[0].Code != "D1" || list.Areas[0].Name != "Område D1" {
		t.Errorf("districts %+v", list)
	}
}

// What is another municipality's, and what is not there, is answered alike; what cannot be read is said.
func TestWhatIsNotThereIsNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.NATS(t).Conn)
	w.story()
	id := w.flagEvents()[0].ID.String()
	own, other := w.door("0780", "2026-12-05T12:00:00+01:00"), w.door("0481", "2026-12-05T12:00:00+01:00")
	for _, path := range []string{"/hotspots/" + id, "/hotspots?municipality=0780", "/areas/D1/series", "/hotspots.geojson?municipality=0780"} {
		other.get(path, 404, nil)
	}
	for _, path := range []string{"/hotspots/" + uuid.NewString(), "/hotspots/x", "/areas/XX/series", "/hotspots?municipality=0481"} {
		own.get(path, 404, nil)
	}
	for _, path := range []string{
		"/hotspots?state=odd", "/hotspots?page=0", "/hotspots?limit=501", "/hotspots?limit=x", "/areas?level=street", "/areas/D1/series?per=month",
		"/areas/D1/series?from=yesterday", "/areas/D1/series?from=2026-12-01&to=2026-01-01", "/areas/D1/series?per=day&from=2020-01-01", "/areas/D1/series?group=x",
	} {
		answer := own.get(path, 400, nil)
		if answer.Header().Get("Content-Type") != "application/problem+json; charset=utf-8" {
			t.Errorf("%s: %s", path, answer.Header())
		}
	}
}
