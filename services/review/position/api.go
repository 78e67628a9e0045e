// SPDX-License-Identifier: EUPL-1.2

package position

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/internal/web"
	"samsyn/services/review/action"
	"samsyn/services/review/calendar"
)

const (
	apiPath  = "/samsyn/v1/hotspots/{id}/decisions"
	mostBody = 16 << 10 // bytes of a request: its texts are at most 1,000 characters
)

// apiDecision is a decision as a program sends it.
type apiDecision struct {
	Version     int        `json:"version"`
	Position    string     `json:"position"` // act, watch, dismiss, hand_over
	Reason      string     `json:"reason"`
	Until       string     `json:"until"` // 2026-W49
	To          string     `json:"to"`
	Measure     string     `json:"measure"`
	MeasureText string     `json:"measure_text"`
	Owner       string     `json:"owner"`
	OwnerPerson *uuid.UUID `json:"owner_person"`
	Due         string     `json:"due"` // 2026-12-01
	Note        string     `json:"note"`
}

// apiPosition is a position as a program gets it.
type apiPosition struct {
	events.Decision
	OwnerPerson *uuid.UUID `json:"owner_person,omitempty"`
	Note        string     `json:"note,omitempty"`
}

// api takes a position on a place: 201 with what is stored, also for the same decision again.
func (s *Service) api(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	stored, err := s.takeByAPI(r)
	var body []byte
	if err == nil {
		body, err = json.Marshal(stored)
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	h.Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(body) // the reader may be gone; there is nobody left to tell
}

func (s *Service) takeByAPI(r *http.Request) (apiPosition, error) {
	visit, ok := web.VisitOf(r.Context())
	if m := r.URL.Query().Get("municipality"); m != "" {
		visit.Viewer.Municipality = m
	}
	id, err := uuid.Parse(r.PathValue("id"))
	switch {
	case !ok || err != nil || !visit.May(visit.Viewer.Municipality):
		return apiPosition{}, web.NotFound()
	case !visit.Can(web.ActDecide):
		return apiPosition{}, web.Problem{
			Status: http.StatusForbidden, Code: "forbidden",
			Title: events.Text{SV: "Du får inte ta ställning till platser.", EN: "You may not take positions on places."},
		}
	}
	d, err := decodeAPI(r, id)
	if err != nil {
		return apiPosition{}, err
	}
	d.By = by(visit)
	k, p, err := s.take(r.Context(), visit.Viewer, &d)
	if err != nil {
		return apiPosition{}, err
	}
	return apiPosition{p.event(k.flag), p.OwnerPerson, p.Note}, nil
}

// decodeAPI reads one JSON object, strictly.
func decodeAPI(r *http.Request, id uuid.UUID) (Decision, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return Decision{}, web.Problem{
			Status: http.StatusUnsupportedMediaType, Code: "media_type",
			Title: events.Text{SV: "Skicka beslutet som application/json.", EN: "Send the decision as application/json."},
		}
	}
	decoder := json.NewDecoder(io.LimitReader(r.Body, mostBody))
	decoder.DisallowUnknownFields()
	var a apiDecision
	if err := decoder.Decode(&a); err != nil {
		return Decision{}, unusable("body", events.Text{SV: "Innehållet går inte att läsa som ett beslut.", EN: "The body cannot be read as a decision."})
	}
	d := Decision{
		Flag: id, Version: a.Version, Kind: Kind(a.Position), Reason: Reason(a.Reason), To: Forum(a.To), Measure: action.Measure(a.Measure), MeasureText: a.MeasureText,
		OwnerAgency: a.Owner, OwnerPerson: a.OwnerPerson, Note: a.Note,
	}
	if a.Position == HandOver.wire() {
		d.Kind = HandOver
	}
	d.Until, _ = web.ParseWeek(a.Until)
	if due, err := time.Parse(time.DateOnly, a.Due); err == nil {
		d.DueOn = due
	}
	return d, nil
}

func unusable(field string, detail events.Text) web.Problem {
	return web.Problem{
		Status: http.StatusBadRequest, Code: events.OutOfRange,
		Title:  events.Text{SV: "Ett värde i anropet går inte att använda.", EN: "A value of the request cannot be used."},
		Detail: events.Text{SV: field + ": " + detail.SV, EN: field + ": " + detail.EN},
	}
}

// refuse is the whole error policy of the API.
func (s *Service) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var invalid *Invalid
	var conflict *Conflict
	switch {
	case errors.Is(err, ErrUnknown), errors.Is(err, calendar.ErrUnknown):
		err = web.NotFound()
	case errors.As(err, &invalid):
		p := unusable(apiField(invalid.Field), Texts()["invalid."+invalid.Field+"."+invalid.Why])
		p.Status, p.Code, p.Title = http.StatusUnprocessableEntity, "invalid_decision", events.Text{SV: "Beslutet kan inte vara så.", EN: "The decision cannot be like that."}
		err = p
	case errors.As(err, &conflict):
		version := web.NewLocale("en", nil, time.UTC).Int(conflict.Stored.Version)
		err = web.Problem{
			Status: http.StatusConflict, Code: "version_conflict",
			Title:  events.Text{SV: "Någon annan har tagit ställning.", EN: "Somebody else has taken a position."},
			Detail: events.Text{SV: "Nu gäller version " + version + ". Läs den och skicka beslutet igen med dess nummer.", EN: "Version " + version + " holds now. Read it and send the decision again with its number."},
		}
	}
	web.Refuse(w, r, s.config.Logger, err)
}

// apiField is what the API calls a field of the form.
func apiField(field string) string {
	switch field {
	case "kind":
		return "position"
	case "owner_agency":
		return "owner"
	case "due_on":
		return "due"
	}
	return field
}
