// SPDX-License-Identifier: EUPL-1.2

package action

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"time"

	"samsyn/events"
	"samsyn/internal/web"
)

// patch is what may be changed; what is left out stays. An empty follow_up_on takes it away.
type patch struct {
	Version        int      `json:"version"`
	State          *State   `json:"state"`
	Conclusion     *string  `json:"conclusion"`
	DueOn          *string  `json:"due_on"`
	StartOn        *string  `json:"start_on"`
	FollowUpOn     *string  `json:"follow_up_on"`
	Problem        *string  `json:"problem"`
	Cause          *string  `json:"cause"`
	Measure        *Measure `json:"measure"`
	MeasureText    *string  `json:"measure_text"`
	ExpectedEffect *string  `json:"expected_effect"`
	Owner          *string  `json:"owner"`
}

// own says whether the patch is one that an owner may make: a step, and what was concluded.
func (p patch) own() bool {
	return p.DueOn == nil && p.StartOn == nil && p.FollowUpOn == nil && p.Problem == nil && p.Cause == nil && p.Measure == nil && p.MeasureText == nil &&
		p.ExpectedEffect == nil && p.Owner == nil
}

func decodePatch(r *http.Request) (p patch, err error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" && kind != "application/merge-patch+json" {
		return p, web.Problem{
			Status: http.StatusUnsupportedMediaType, Code: "media_type",
			Title: events.Text{SV: "Skicka ändringen som application/merge-patch+json.", EN: "Send the change as application/merge-patch+json."},
		}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, formBytes+1))
	if err != nil || len(body) > formBytes {
		return p, unusable("body")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil || decoder.More() {
		return p, unusable("body")
	}
	if p.Version < 1 {
		return p, unusable("version")
	}
	return p, nil
}

// apply is the action as the patch wants it.
func (p patch) apply(x Action, today time.Time) (Action, error) {
	for _, d := range []struct {
		name string
		from *string
		to   *time.Time
	}{{"due_on", p.DueOn, &x.DueOn}, {"start_on", p.StartOn, &x.StartOn}} {
		if d.from == nil {
			continue
		}
		day, err := time.Parse(time.DateOnly, *d.from)
		if err != nil {
			return x, unusable(d.name)
		}
		*d.to = day
	}
	if p.FollowUpOn != nil {
		x.FollowUpOn = nil
		if *p.FollowUpOn != "" {
			day, err := time.Parse(time.DateOnly, *p.FollowUpOn)
			if err != nil {
				return x, unusable("follow_up_on")
			}
			x.FollowUpOn = &day
		}
	}
	for _, t := range []struct{ from, to *string }{
		{p.Problem, &x.Problem},
		{p.Cause, &x.Cause},
		{p.MeasureText, &x.MeasureText},
		{p.ExpectedEffect, &x.ExpectedEffect},
		{p.Owner, &x.OwnerAgency},
		{p.Conclusion, &x.Conclusion},
	} {
		if t.from != nil {
			*t.to = *t.from
		}
	}
	if p.Measure != nil {
		x.Measure = *p.Measure
	}
	if p.Owner != nil {
		x.OwnerPerson = nil
	}
	if p.State == nil {
		return x, nil
	}
	return x.Step(*p.State, today)
}

func (s *Service) apiPatch(r *http.Request, visit web.Visit) (any, error) {
	p, err := decodePatch(r)
	if err != nil {
		return nil, err
	}
	var out apiAction
	err = s.as(r.Context(), visit, web.Language(r), func(rd reader, a ask) error {
		x, err := shown(r, rd, a)
		if err != nil {
			return err
		}
		if !a.moves(x) || !visit.Can(web.ActDecide) && !p.own() {
			return forbidden()
		}
		if p.Version != x.Version {
			return &Conflict{x}
		}
		changed, err := p.apply(x, a.today)
		if err != nil {
			return err
		}
		if changed.State == Evaluated && x.State != Evaluated {
			if changed, err = s.withEffect(r, rd, a, changed); err != nil {
				return err
			}
		}
		stored, err := rd.change(r.Context(), changed, by(visit.Viewer), a.now)
		if err != nil {
			return err
		}
		measured, err := rd.measure(r.Context(), []Action{stored}, a.ref.town, s.words, a.today)
		m, known := measured[stored.ID]
		out = a.api(stored, m, known)
		return err
	})
	return out, err
}
