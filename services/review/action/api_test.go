// SPDX-License-Identifier: EUPL-1.2

package action_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/google/uuid"

	"samsyn/internal/web"
	"samsyn/schemas"
)

const base = "/samsyn/v1"

// ask sends a request, holds request and answer to openapi.yaml, and reads the answer into out when it is not nil.
func (d *desk) ask(method, path, contentType, body string, status int, out any) {
	d.t.Helper()
	r := httptest.NewRequest(method, base+path, strings.NewReader(body)).WithContext(d.t.Context())
	if body != "" {
		r.Header.Set("Content-Type", contentType)
	}
	rec := httptest.NewRecorder()
	d.handler.ServeHTTP(rec, r)
	if rec.Code != status {
		d.t.Fatalf("%s %s: %d, want %d: %s", method, path, rec.Code, status, rec.Body)
	}
	spec, err := openapi3.NewLoader().LoadFromData(schemas.OpenAPI)
	if err != nil {
		d.t.Fatal(err)
	}
	router, err := legacy.NewRouter(spec)
	if err != nil {
		d.t.Fatal(err)
	}
	route, params, err := router.FindRoute(r)
	if err != nil {
		d.t.Fatalf("%s %s is not described: %v", method, path, err)
	}
	said := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route}, Status: rec.Code, Header: rec.Header(),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateResponse(d.t.Context(), said.SetBodyBytes(rec.Body.Bytes())); err != nil {
		d.t.Errorf("%s %s: %v", method, path, err)
	}
	if out != nil {
		if err := json.Unmarshal(rec.Body.Bytes(), out); err != nil {
			d.t.Fatal(err)
		}
	}
}

type answer struct {
	ID       uuid.UUID
	Version  int
	State    string
	LateDays int    `json:"late_days"`
	DueOn    string `json:"due_on"`
	Defects  []string
	Effect   *struct {
		Verdict  string
		Treated  *struct{ Before, After int }
		Estimate *struct{ Difference float64 }
	}
}

type answers struct {
	Actions     []answer
	Page, Total int
}

const merge = "application/merge-patch+json"

// A program follows up as a person does: the same rights, the same locks, the same numbers.
func TestActionsByTheAPI(t *testing.T) {
	w := newTown(t)
	w.halved()
	a := w.lamps()
	a.StartOn, a.DueOn, a.ControlOn, a.FollowUpOn, a.CreatedAt = day("2026-08-03"), day("2026-08-10"), on("2026-08-01"), nil, day("2026-08-01")
	a = w.made(a)
	d := w.coordinator()
	var list answers
	d.ask(http.MethodGet, "/actions", "", "", http.StatusOK, &list)
	if len(list.Actions) != 1 || list.Actions[0].LateDays != 106 || list.Actions[0].DueOn != "2026-08-10" || !slices.Equal(list.Actions[0].Defects, []string{"follow_up"}) {
		t.Fatalf("%+v", list)
	}
	if e := list.Actions[0].Effect; e == nil || e.Verdict != "decrease" || e.Treated.Before != 112 || e.Estimate.Difference != -56 {
		t.Errorf("effect %+v", e)
	}
	d.ask(http.MethodGet, "/actions?state=done&limit=1", "", "", http.StatusOK, &list)
	if list.Total != 0 {
		t.Errorf("done: %+v", list)
	}
	for _, bad := range []string{"state=good", "page=0", "limit=501", "hotspot=x"} {
		d.ask(http.MethodGet, "/actions?"+bad, "", "", http.StatusBadRequest, nil)
	}
	path := "/actions/" + a.ID.String()
	var got answer
	d.ask(http.MethodPatch, path, merge, `{"version":1,"state":"in_progress","follow_up_on":"2026-12-01"}`, http.StatusOK, &got)
	if got.Version != 2 || got.State != "in_progress" || len(got.Defects) != 0 {
		t.Errorf("changed %+v", got)
	}
	d.ask(http.MethodPatch, path, merge, `{"version":1,"due_on":"2026-12-24"}`, http.StatusConflict, nil)
	d.ask(http.MethodPatch, path, merge, `{"version":2,"state":"proposed"}`, http.StatusUnprocessableEntity, nil)
	d.ask(http.MethodPatch, path, merge, `{"version":2,"problem":"fråga 070-123 45 67"}`, http.StatusUnprocessableEntity, nil)
	d.ask(http.MethodPatch, path, merge, `{"version":2,"due_on":"snart"}`, http.StatusBadRequest, nil)
	d.ask(http.MethodPatch, path, merge, `{"version":2,"colour":"blue"}`, http.StatusBadRequest, nil)
	d.ask(http.MethodPatch, path, merge, `{"state":"done"}`, http.StatusBadRequest, nil)
	d.ask(http.MethodPatch, path, "text/plain", `{"version":2}`, http.StatusUnsupportedMediaType, nil)
	d.ask(http.MethodPatch, "/actions/"+uuid.NewString(), merge, `{"version":2,"state":"done"}`, http.StatusNotFound, nil)

	owner := w.visitor("bostad", "member", web.ActNumbers, web.ActOwnActions)
	owner.ask(http.MethodPatch, path, merge, `{"version":2,"due_on":"2026-12-24"}`, http.StatusForbidden, nil)
	owner.ask(http.MethodPatch, path, merge, `{"version":2,"state":"done"}`, http.StatusOK, &got)
	owner.ask(http.MethodPatch, path, merge, `{"version":3,"state":"evaluated","conclusion":"Det hjälpte."}`, http.StatusOK, &got)
	if got.State != "evaluated" || got.Effect == nil || got.Effect.Verdict != "decrease" {
		t.Errorf("evaluated %+v", got)
	}
}

// An association's program gets its own actions and a word, never a number of reports.
func TestAnAssociationsProgramGetsNoNumber(t *testing.T) {
	w := newTown(t)
	w.halved()
	others := w.made(w.lamps())
	own := w.lamps()
	own.OwnerAgency, own.StartOn, own.DueOn, own.ControlOn, own.CreatedAt = "idrott", day("2026-08-03"), day("2026-08-10"), on("2026-08-01"), day("2026-08-01")
	own = w.made(own)
	d := w.association()
	var list answers
	d.ask(http.MethodGet, "/actions?owner=bostad", "", "", http.StatusOK, &list)
	if len(list.Actions) != 1 || list.Actions[0].ID != own.ID || list.Actions[0].Effect.Verdict != "decrease" || list.Actions[0].Effect.Treated != nil || list.Actions[0].Effect.Estimate != nil {
		t.Errorf("%+v", list)
	}
	d.ask(http.MethodPatch, "/actions/"+others.ID.String(), merge, `{"version":1,"state":"done"}`, http.StatusNotFound, nil)
	w.visitor("bostad", "reporter", web.ActReport).ask(http.MethodGet, "/actions", "", "", http.StatusForbidden, nil)
}
