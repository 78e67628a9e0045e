// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/internal/web"
)

const (
	maxPage        = 100_000
	maxPageItems   = 200
	defaultInAPage = 50
)

type quarantineBody struct {
	Quarantine []quarantinedBody `json:"quarantine"`
	Page       int               `json:"page"`
	Limit      int               `json:"limit"`
	Total      int               `json:"total"`
}

type quarantinedBody struct {
	ID       uuid.UUID          `json:"id"`
	Kind     string             `json:"kind"`
	Report   string             `json:"report"`
	Revision int                `json:"revision"`
	EventID  string             `json:"event_id"`
	Since    time.Time          `json:"since"`
	Reasons  []events.Explained `json:"reasons"`
	Notes    []events.Explained `json:"notes"`
	Event    json.RawMessage    `json:"event"` // as its own agency sent it; nobody else reads it
}

// listQuarantine is GET /quarantine: what this agency must decide about.
func (s *Service) listQuarantine(w http.ResponseWriter, r *http.Request, who grant) error {
	page, err := number(r.URL.Query().Get("page"), "page", 1, maxPage, 1)
	if err != nil {
		return err
	}
	limit, err := number(r.URL.Query().Get("limit"), "limit", 1, maxPageItems, defaultInAPage)
	if err != nil {
		return err
	}
	rows, total, err := s.store.quarantine(r.Context(), who, page, limit)
	if err != nil {
		return err
	}
	body := quarantineBody{Quarantine: make([]quarantinedBody, len(rows)), Page: page, Limit: limit, Total: total}
	for i, q := range rows {
		body.Quarantine[i] = quarantinedBody{
			q.ID, q.Kind, q.Report, q.Revision, q.EventID, q.Since.UTC(), events.Explain(q.Reasons), events.Explain(q.Notes),
			bytes.TrimPrefix(q.Body, byteOrderMark),
		}
	}
	return writeJSON(w, http.StatusOK, body)
}

// release and drop are POST /quarantine/{id}/release and /drop.
func (s *Service) release(w http.ResponseWriter, r *http.Request, who grant) error {
	return s.decide(w, r, who, events.Release)
}

func (s *Service) drop(w http.ResponseWriter, r *http.Request, who grant) error {
	return s.decide(w, r, who, events.Drop)
}

func (s *Service) decide(w http.ResponseWriter, r *http.Request, who grant, verb events.DecideVerb) error {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return web.NotFound()
	}
	receipt, err := s.decideAbout(r.Context(), who, events.Decide{ID: id, Verb: verb, By: "key:" + who.prefix})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, receipt)
}

// decideAbout looks with the agency's own login first, so that an id of another agency never leaves this door; the correlator
// then decides and writes.
func (s *Service) decideAbout(ctx context.Context, who grant, d events.Decide) (*events.Receipt, error) {
	found, err := s.store.quarantined(ctx, who, d.ID)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, web.NotFound()
	}
	decided, err := s.askToDecide(ctx, who, d)
	if err != nil {
		return nil, err
	}
	switch decided.Problem {
	case "":
		return decided.Receipt, nil
	case events.DecideUnknown:
		return nil, web.NotFound()
	case events.DecideOtherwise:
		return nil, web.Problem{
			Status: http.StatusConflict, Code: "already_decided",
			Title: text("Händelsen har redan lämnat karantänen på annat sätt.", "The event has already left quarantine another way."),
		}
	case events.DecideNotPossible:
		return nil, web.Problem{
			Status: http.StatusUnprocessableEntity, Code: "not_possible", Reasons: bare(decided.Reasons),
			Title:  text("Händelsen kan inte räknas som den är.", "The event cannot be counted as it is."),
			Detail: text("Skicka en rättelse med högre revision, eller avskriv den.", "Send a correction with a higher revision, or drop it."),
		}
	}
	return nil, fmt.Errorf("%w: %s", errNobodyJudges, decided.Problem)
}

func (s *Service) askToDecide(ctx context.Context, who grant, d events.Decide) (events.Decided, error) {
	body, err := json.Marshal(d)
	if err != nil {
		return events.Decided{}, err
	}
	answer, err := s.ask(ctx, events.DecideSubject(who.municipality, who.agency), body)
	if err != nil {
		return events.Decided{}, err
	}
	var decided events.Decided
	if err := json.Unmarshal(answer, &decided); err != nil {
		return events.Decided{}, fmt.Errorf("read decision about %s: %w", d.ID, err)
	}
	if decided.Problem == "" && decided.Receipt == nil {
		return events.Decided{}, fmt.Errorf("read decision about %s: neither receipt nor problem", d.ID)
	}
	return decided, nil
}

func bare(explained []events.Explained) []events.Reason {
	reasons := make([]events.Reason, len(explained))
	for i, e := range explained {
		reasons[i] = e.Reason
	}
	return reasons
}
