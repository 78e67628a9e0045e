// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/internal/web"
	"samsyn/schemas"
	"samsyn/services/alerting/detect"
)

// API answers the part of schemas/openapi.yaml that is marked x-service: alerting. It reads as its viewer and changes nothing.
type API struct {
	store store
	log   *slog.Logger
	now   func() time.Time
}

// NewAPI makes the API on a database it enters as samsyn_web. now is the wall clock.
func NewAPI(db pg.Beginner, log *slog.Logger, now func() time.Time) *API {
	return &API{store: store{db}, log: log, now: now}
}

// apiBase is the path under which every route of the API lies.
const apiBase = "/samsyn/v1"

type apiRoute struct {
	path   string
	answer func(q query) (any, error)
	geo    bool
}

func (a *API) routes() []apiRoute {
	return []apiRoute{
		{path: "/hotspots", answer: a.hotspots},
		{path: "/hotspots/{id}", answer: a.hotspot},
		{path: "/hotspots.geojson", answer: a.hotspotOutlines, geo: true},
		{path: "/areas", answer: a.areas},
		{path: "/areas/{code}/series", answer: a.series},
		{path: "/areas.geojson", answer: a.areaOutlines, geo: true},
	}
}

// Routes adds the API to mux, each route behind guard, which puts the viewer into the request.
func (a *API) Routes(mux *http.ServeMux, guard web.Guard) {
	for _, route := range a.routes() {
		mux.Handle("GET "+apiBase+route.path, guard(a.serve(route)))
	}
}

// query is one request: who asks, of which municipality, and its parameters.
type query struct {
	*http.Request
	viewer       pg.Viewer
	municipality string
}

func (a *API) serve(route apiRoute) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		q, err := newQuery(r)
		var value any
		if err == nil {
			value, err = route.answer(q)
		}
		var body []byte
		if err == nil {
			body, err = json.Marshal(value)
		}
		if err != nil {
			web.Refuse(w, r, a.log, err)
			return
		}
		h.Set("Content-Type", map[bool]string{true: "application/geo+json", false: "application/json"}[route.geo])
		// The reader may be gone; there is nobody left to tell.
		_, _ = w.Write(body)
	})
}

// newQuery says whose eyes see. A municipality that the viewer may not look at is answered like one that is not there.
func newQuery(r *http.Request) (query, error) {
	visit, ok := web.VisitOf(r.Context())
	if !ok {
		return query{}, web.NotFound()
	}
	q := query{Request: r, viewer: visit.Viewer, municipality: or(r.FormValue("municipality"), visit.Viewer.Municipality)}
	if !visit.May(q.municipality) {
		return query{}, web.NotFound()
	}
	q.viewer.Municipality = q.municipality
	return q, nil
}

// one reads a parameter that must be one of some words, or is left out.
func (q query) one(name string, words ...string) (string, error) {
	value := q.FormValue(name)
	if value == "" || slices.Contains(words, value) {
		return value, nil
	}
	return "", badParameter(name)
}

// number reads a whole number within limits.
func (q query) number(name string, otherwise, least, most int) (int, error) {
	value := q.FormValue(name)
	if value == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		return 0, badParameter(name)
	}
	return n, nil
}

func (q query) day(name string, otherwise detect.Day) (detect.Day, error) {
	value := q.FormValue(name)
	if value == "" {
		return otherwise, nil
	}
	t, err := time.Parse(time.DateOnly, value)
	if err != nil {
		return 0, badParameter(name)
	}
	return detect.DayOf(t), nil
}

func badParameter(name string) web.Problem {
	return web.Problem{
		Status: http.StatusBadRequest, Code: events.OutOfRange,
		Title:  events.Text{SV: "Ett värde i anropet går inte att använda.", EN: "A value of the request cannot be used."},
		Detail: events.Text{SV: name + " har ett värde som inte tillåts.", EN: name + " has a value that is not allowed."},
	}
}

type placeList struct {
	Hotspots []Place `json:"hotspots"`
	Page     int     `json:"page"`
	Limit    int     `json:"limit"`
	Total    int     `json:"total"`
}

func (q query) places() (placeQuery, error) {
	p := placeQuery{Municipality: q.municipality, Area: q.FormValue("area")}
	var errs [3]error
	p.State, errs[0] = q.one("state", stateOpen, stateCleared)
	p.Kind, errs[1] = q.one("kind", string(events.KindSerious), string(events.KindRise), string(events.KindCluster), string(events.KindRepeat))
	p.Grade, errs[2] = q.one("grade", string(events.GradeAlert), string(events.GradeWatch))
	return p, firstOf(errs[:]...)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *API) hotspots(q query) (any, error) {
	ask, err := q.places()
	if err != nil {
		return nil, err
	}
	page, errPage := q.number("page", 1, 1, 1_000_000)
	limit, errLimit := q.number("limit", 50, 1, 500)
	if err := firstOf(errPage, errLimit); err != nil {
		return nil, err
	}
	ask.Limit, ask.Offset = limit, (page-1)*limit
	places, total, err := a.store.places(q.Context(), q.viewer, ask)
	return placeList{Hotspots: places, Page: page, Limit: limit, Total: total}, err
}

type placeDetail struct {
	Place
	Revisions []revision `json:"revisions"`
}

func (a *API) hotspot(q query) (any, error) {
	id, err := uuid.Parse(q.PathValue("id"))
	if err != nil {
		return nil, web.NotFound()
	}
	places, _, err := a.store.places(q.Context(), q.viewer, placeQuery{Municipality: q.municipality, ID: id, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(places) == 0 {
		return nil, web.NotFound()
	}
	revisions, err := a.store.revisions(q.Context(), q.viewer, q.municipality, id)
	return placeDetail{places[0], revisions}, err
}

// point is one week or day of a series. What is usual is left out where no history says it.
type point struct {
	From      string   `json:"from"`
	To        string   `json:"to"`
	Incidents int      `json:"incidents"`
	Reports   int      `json:"reports"`
	Expected  *float64 `json:"expected,omitempty"`
	Low       *int     `json:"low,omitempty"`
	High      *int     `json:"high,omitempty"`
	// Current is the week or day that is not over.
	Current bool `json:"current,omitempty"`
}

type areaSeries struct {
	Municipality string  `json:"municipality"`
	Area         string  `json:"area"`
	Level        string  `json:"level"`
	Group        string  `json:"group"`
	Per          string  `json:"per"`
	Points       []point `json:"points"`
}

// A series holds at most so many weeks or days.
const mostPoints = 400

func (a *API) series(q query) (any, error) {
	per, errPer := q.one("per", "week", "day")
	group, errGroup := q.one("group", groupCodes()...)
	today, errToday := a.today(q)
	if err := firstOf(errPer, errGroup, errToday); err != nil {
		return nil, err
	}
	per = or(per, "week")
	days := detect.Day(map[string]int{"week": 7, "day": 1}[per])
	to, errTo := q.day("to", today)
	if per == "week" {
		to = to.Monday() + 6
	}
	from, errFrom := q.day("from", to-26*days+1)
	if per == "week" {
		from = from.Monday()
	}
	if err := firstOf(errTo, errFrom); err != nil {
		return nil, err
	}
	switch {
	case from > to:
		return nil, badParameter("from")
	case (to-from)/days >= mostPoints:
		return nil, badParameter("from")
	}
	ask := seriesQuery{
		Municipality: q.municipality, Area: q.PathValue("code"), Group: group, Categories: categoriesOf(group), From: from.Time(), To: to.Time(),
	}
	// A week's expectation begins on its Monday, which may lie before the first day asked for.
	ask.From = from.Monday().Time()
	level, counts, weeks, err := a.store.series(q.Context(), q.viewer, ask)
	if err != nil {
		return nil, err
	}
	if level == "" {
		return nil, web.NotFound()
	}
	return areaSeries{q.municipality, ask.Area, level, group, per, points(from, to, days, today, counts, weeks)}, nil
}

// today is the local date of the municipality's clock.
func (a *API) today(q query) (detect.Day, error) {
	rows, err := a.store.townName(q.Context(), q.viewer, q.municipality)
	if err != nil {
		return 0, err
	}
	if len(rows) == 0 {
		return 0, web.NotFound()
	}
	zone, err := time.LoadLocation(rows[0].TimeZone)
	if err != nil {
		return 0, err
	}
	now := a.now()
	if rows[0].AsOf != nil {
		now = *rows[0].AsOf
	}
	return detect.DayOf(now.In(zone)), nil
}

// points lays counts and expectations on weeks (days is 7) or days (1).
func points(from, to, days, today detect.Day, counts []dayCount, weeks []weekExpected) []point {
	out := make([]point, 0, int((to-from)/days)+1)
	for first := from; first <= to; first += days {
		last := first + days - 1
		out = append(out, point{From: first.String(), To: last.String(), Current: first <= today && today <= last})
	}
	for _, c := range counts {
		if day := detect.DayOf(c.Day); day >= from && day <= to {
			p := &out[(day-from)/days]
			p.Incidents, p.Reports = p.Incidents+c.Incidents, p.Reports+c.Reports
		}
	}
	for _, w := range weeks {
		monday := detect.DayOf(w.Week)
		if days == 7 {
			p := &out[(monday-from)/7]
			p.Expected, p.Low, p.High = &w.Expected, &w.Low, &w.High
			continue
		}
		for i, exposure := range w.Exposure {
			if day := monday + detect.Day(i); day >= from && day <= to {
				mean := w.Shape / w.Rate * exposure
				out[day-from].Expected = &mean
			}
		}
	}
	return out
}

func groupCodes() []string {
	_, groups := schemas.Categories()
	codes := make([]string, len(groups))
	for i, g := range groups {
		codes[i] = g.Code
	}
	return codes
}

// categoriesOf are those of a group; of none, all that are watched.
func categoriesOf(group string) []string {
	watched := watchedCategories()
	categories, _ := schemas.Categories()
	var codes []string
	for _, c := range categories {
		if c.Countable && (c.Group == group || group == "" && watched[c.Code] != "") {
			codes = append(codes, c.Code)
		}
	}
	return codes
}
