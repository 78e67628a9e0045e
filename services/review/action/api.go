// SPDX-License-Identifier: EUPL-1.2

package action

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/internal/web"
)

// apiBase is the path under which every route of the API lies.
const apiBase = "/samsyn/v1"

type apiRoute struct {
	method, path string
	answer       func(s *Service, r *http.Request, visit web.Visit) (any, error)
}

// apiRoutes are the part of schemas/openapi.yaml that is marked x-service: review and is about actions.
func (s *Service) apiRoutes() []apiRoute {
	return []apiRoute{
		{http.MethodGet, "/actions", (*Service).apiList},
		{http.MethodPatch, "/actions/{id}", (*Service).apiPatch},
	}
}

func (s *Service) serveAPI(route apiRoute) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		visit, err := apiVisit(r)
		var value any
		if err == nil {
			value, err = route.answer(s, r, visit)
		}
		var body []byte
		if err == nil {
			body, err = json.Marshal(value)
		}
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		h.Set("Content-Type", "application/json")
		_, _ = w.Write(body) // the reader may be gone; there is nobody left to tell
	})
}

// apiVisit says whose eyes see. A municipality that the viewer may not look at is answered like one that is not there.
func apiVisit(r *http.Request) (web.Visit, error) {
	visit, ok := web.VisitOf(r.Context())
	if m := r.URL.Query().Get("municipality"); m != "" {
		visit.Viewer.Municipality = m
	}
	if !ok || !visit.May(visit.Viewer.Municipality) {
		return visit, web.NotFound()
	}
	if !visit.Can(web.ActNumbers) && !visit.Can(web.ActOwnActions) && !visit.Can(web.ActDecide) {
		return visit, forbidden()
	}
	return visit, nil
}

func forbidden() web.Problem {
	return web.Problem{
		Status: http.StatusForbidden, Code: "forbidden",
		Title: events.Text{SV: "Ditt uppdrag omfattar inte det.", EN: "Your role does not include that."},
	}
}

// apiAction is an action as a program gets it. Days are 2026-12-04.
type apiAction struct {
	ID             uuid.UUID  `json:"id"`
	Version        int        `json:"version"`
	State          State      `json:"state"`
	Hotspot        *uuid.UUID `json:"hotspot,omitempty"`
	Level          string     `json:"level"`
	Area           string     `json:"area"`
	Group          string     `json:"group,omitempty"`
	Problem        string     `json:"problem"`
	Cause          string     `json:"cause"`
	Measure        Measure    `json:"measure"`
	MeasureText    string     `json:"measure_text"`
	Owner          string     `json:"owner"`
	StartOn        string     `json:"start_on"`
	DueOn          string     `json:"due_on"`
	LateDays       int        `json:"late_days"`
	ExpectedEffect string     `json:"expected_effect"`
	FollowUpOn     string     `json:"follow_up_on,omitempty"`
	ControlLevel   string     `json:"control_level,omitempty"`
	ControlArea    string     `json:"control_area,omitempty"`
	ControlOn      string     `json:"control_on,omitempty"`
	Weeks          int        `json:"weeks"`
	DoneOn         string     `json:"done_on,omitempty"`
	Conclusion     string     `json:"conclusion,omitempty"`
	Defects        []string   `json:"defects"`
	Changed        time.Time  `json:"changed"`
	Effect         *Measured  `json:"effect,omitempty"`
}

func (a ask) api(x Action, m Measured, known bool) apiAction {
	out := apiAction{
		ID: x.ID, Version: x.Version, State: x.State, Hotspot: x.Flag, Level: x.Level, Area: x.Area, Group: x.Group, Problem: x.Problem, Cause: x.Cause,
		Measure: x.Measure, MeasureText: x.MeasureText, Owner: x.OwnerAgency, StartOn: dateField(&x.StartOn), DueOn: dateField(&x.DueOn), LateDays: x.Late(a.today),
		ExpectedEffect: x.ExpectedEffect, FollowUpOn: dateField(x.FollowUpOn), ControlLevel: x.ControlLevel, ControlArea: x.ControlArea, ControlOn: dateField(x.ControlOn),
		Weeks: x.Weeks, DoneOn: dateField(x.DoneOn), Conclusion: x.Conclusion, Defects: append([]string{}, x.Defects()...), Changed: x.ChangedAt.UTC(),
	}
	if !known || x.State == Proposed {
		return out
	}
	if !a.visit.Can(web.ActNumbers) { // the word, and no number of reports
		m = Measured{Verdict: m.Verdict, AsOf: m.AsOf, Before: m.Before, After: m.After}
	}
	out.Effect = &m
	return out
}

type apiPage struct {
	Actions []apiAction `json:"actions"`
	Page    int         `json:"page"`
	Limit   int         `json:"limit"`
	Total   int         `json:"total"`
}

func (s *Service) apiList(r *http.Request, visit web.Visit) (any, error) {
	page, errPage := number(r, "page", 1, 1_000_000)
	limit, errLimit := number(r, "limit", 50, 500)
	filter := Filter{Agency: r.FormValue("owner"), Area: r.FormValue("area"), State: State(r.FormValue("state"))}
	var errState, errFlag error
	if filter.State != "" && !slices.Contains(States(), filter.State) {
		errState = unusable("state")
	}
	if text := r.FormValue("hotspot"); text != "" {
		id, err := uuid.Parse(text)
		if err != nil {
			errFlag = unusable("hotspot")
		}
		filter.Flag = &id
	}
	for _, err := range []error{errPage, errLimit, errState, errFlag} {
		if err != nil {
			return nil, err
		}
	}
	if !visit.Can(web.ActNumbers) {
		filter.Agency = visit.Viewer.Agency
		if filter.Agency == "" {
			return nil, forbidden()
		}
	}
	out := apiPage{Actions: []apiAction{}, Page: page, Limit: limit}
	err := s.as(r.Context(), visit, web.Language(r), func(rd reader, a ask) error {
		all, err := rd.list(r.Context(), filter)
		if err != nil {
			return err
		}
		out.Total, out.Actions = len(all), []apiAction{}
		all = all[min((page-1)*limit, len(all)):min(page*limit, len(all))]
		measured, err := rd.measure(r.Context(), all, a.ref.town, s.words, a.today)
		for _, x := range all {
			m, known := measured[x.ID]
			out.Actions = append(out.Actions, a.api(x, m, known))
		}
		return err
	})
	return out, err
}

// number reads a whole number from 1 to most.
func number(r *http.Request, name string, otherwise, most int) (int, error) {
	value := r.FormValue(name)
	if value == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > most {
		return 0, unusable(name)
	}
	return n, nil
}

func unusable(field string) web.Problem {
	return web.Problem{
		Status: http.StatusBadRequest, Code: events.OutOfRange,
		Title:  events.Text{SV: "Ett värde i anropet går inte att använda.", EN: "A value of the request cannot be used."},
		Detail: events.Text{SV: field + " har ett värde som inte tillåts.", EN: field + " has a value that is not allowed."},
	}
}

// refuse is the whole error policy of the API.
func (s *Service) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var invalid *Invalid
	var conflict *Conflict
	switch {
	case errors.Is(err, ErrUnknown), errors.Is(err, errUnknownMunicipality):
		err = web.NotFound()
	case errors.As(err, &invalid):
		why := Texts()["invalid."+invalid.Why]
		err = web.Problem{
			Status: http.StatusUnprocessableEntity, Code: "invalid_action",
			Title:  events.Text{SV: "Åtgärden kan inte bli så.", EN: "The action cannot become like that."},
			Detail: events.Text{SV: invalid.Field + ": " + why.SV, EN: invalid.Field + ": " + why.EN},
		}
	case errors.As(err, &conflict):
		version := strconv.Itoa(conflict.Stored.Version)
		err = web.Problem{
			Status: http.StatusConflict, Code: "version_conflict",
			Title:  events.Text{SV: "Någon annan har ändrat åtgärden.", EN: "Somebody else has changed the action."},
			Detail: events.Text{SV: "Nu gäller version " + version + ". Läs den och skicka ändringen igen med dess nummer.", EN: "Version " + version + " holds now. Read it and send the change again with its number."},
		}
	}
	web.Refuse(w, r, s.config.Logger, err)
}
