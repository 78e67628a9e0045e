// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"context"
	"html/template"
	"net/http"
	"slices"
	"time"

	"samsyn/events"
	"samsyn/internal/web"
)

// reportView is what the form's template shows.
type reportView struct {
	Page           web.Page
	Action, Search template.URL
	Nothing        template.URL
	Form           form
	Errors         []fault
	Failure        string
	Sent           template.URL // the receipt of this form, when it was already sent

	First  []choice
	More   []group
	Open   bool // the other kinds are unfolded: the chosen one is there
	Places []choice
	Hits   []choice
	Looked bool // a search was made
	Areas  []choice
	InList bool // the list of areas is unfolded
	Times  []choice
	Marks  []piece
	Plate  bool // a plate was found: it may be none

	TextAllowed bool
	Sharing     string
	OwnOffered  bool // the writer can keep it closer than the agency does
}

type group struct {
	Name  string
	Kinds []choice
}

// reportForm is GET /rapportera.
func (s *Service) reportForm(w http.ResponseWriter, r *http.Request, c caller) error {
	f := form{Key: keyOr(""), When: when{Chip: whenNow}, Place: r.URL.Query().Get("plats")}
	return s.show(w, r, c, http.StatusOK, f, trouble{})
}

// trouble is why a form comes back.
type trouble struct {
	faults  []fault
	reasons []events.Reason
	text    string // as the door read it, for the marks
	failure string
	sent    string // the number it has already become
	looked  bool
}

// sendReport is POST /rapportera. The order matters: what is missing, then personal data, and only then is anything stored.
func (s *Service) sendReport(w http.ResponseWriter, r *http.Request, c caller) error {
	f := readForm(r.PostForm)
	if r.PostForm.Get("do") == "search" {
		f.Place = placeOther
		return s.show(w, r, c, http.StatusOK, f, trouble{looked: true})
	}
	value, err := s.resolve(r.Context(), c, f)
	if err != nil {
		return s.showFailure(w, r, c, f, err)
	}
	if faults := s.missing(c, f, value); len(faults) > 0 {
		return s.show(w, r, c, http.StatusUnprocessableEntity, f, trouble{faults: faults, looked: f.Search != "" && value == ""})
	}
	f.Place, f.Area = value, ""
	number, t, err := s.send(r.Context(), c, f)
	switch {
	case err != nil:
		return s.showFailure(w, r, c, f, err)
	case len(t.reasons) > 0 || t.sent != "":
		return s.show(w, r, c, http.StatusUnprocessableEntity, f, t)
	}
	http.Redirect(w, r, path(c.locale, "/mina-rapporter/"+string(number)), http.StatusSeeOther)
	return nil
}

// resolve finds the place that was meant: what was picked, else what was typed in full. Empty is none.
func (s *Service) resolve(ctx context.Context, c caller, f form) (string, error) {
	value := f.chosen()
	if value == "" && f.Search == "" {
		return "", nil
	}
	err := s.store.as(ctx, c.person.Login(), c.viewer, func(d reading) error {
		p, err := d.places(ctx, value)
		if err != nil {
			return err
		}
		if value != "" {
			if !p.known(value) {
				value = ""
			}
			return nil
		}
		_, value, err = d.hits(ctx, p, f.Search)
		return err
	})
	return value, err
}

// missing lists what must be filled in, in the order of the form.
func (s *Service) missing(c caller, f form, place string) []fault {
	var faults []fault
	if !s.kinds.known(f.Kind) {
		faults = append(faults, fault{"kind", c.locale.T("missing.kind")})
	}
	if place == "" {
		faults = append(faults, fault{"place", c.locale.T("missing.place")})
	}
	if span, wrong := f.When.interval(c.now); wrong != "" {
		faults = append(faults, fault{f.When.field(), c.locale.T(wrong)})
	} else if span.From.Before(web.DateIn(c.town.HistoryFrom, c.zone)) {
		faults = append(faults, fault{f.When.field(), c.locale.T("wrong.old", c.locale.LongDay(web.DateIn(c.town.HistoryFrom, c.zone)))})
	}
	return faults
}

func (w when) field() string {
	if w.Chip == whenOther {
		return "date"
	}
	return "when"
}

// send makes the form a report. Trouble is what its writer must mend, an error is ours; with either nothing was received.
func (s *Service) send(ctx context.Context, c caller, f form) (events.ReportID, trouble, error) {
	number := number(c.viewer, events.KindIncident, f.Key)
	body, span, err := incident(c, f, number, 1, c.now)
	if err != nil {
		return "", trouble{}, err
	}
	if reasons := c.person.Screen(body, c.now); len(reasons) > 0 {
		e, _ := events.Decode(body)
		t := trouble{reasons: reasons, faults: faultsOf(reasons, c.locale.Lang), text: f.Text}
		if e.Incident != nil {
			t.text = e.Incident.Text
		}
		return "", t, nil
	}
	filled, err := fingerprint(f)
	if err != nil {
		return "", trouble{}, err
	}
	held, err := s.store.begin(ctx, c.viewer, sent{
		Kind: string(events.KindIncident), Report: string(number), Fingerprint: filled[:], BegunAt: c.now, Category: &f.Kind, Place: &f.Place,
		Unit: c.visit.Unit, OccurredFrom: span.From, OccurredTo: span.To,
	})
	switch {
	case err != nil:
		return "", trouble{}, err
	case !slices.Equal(held.Fingerprint, filled[:]):
		return "", trouble{sent: string(number)}, nil
	case held.StoredAt != nil:
		return number, trouble{}, nil
	}
	// An attempt that was made before said another time: this one says the same, and is the same event.
	if body, _, err = incident(c, f, number, held.Revision, held.BegunAt.In(c.zone)); err != nil {
		return "", trouble{}, err
	}
	return number, trouble{}, s.deliver(ctx, c, held, body)
}

// incident is the event of a form that was begun at a time.
func incident(c caller, f form, number events.ReportID, revision int, begun time.Time) ([]byte, events.Interval, error) {
	span, _ := f.When.interval(begun) // what is wrong with it has been said
	data := incidentData{
		Report: number, Revision: revision, Category: f.Kind, Occurred: spanOf(span), Place: placeOf(f.Place), Ongoing: f.Ongoing, Text: f.Text,
		Unit: c.visit.Unit, Reporter: c.viewer.Person, Before: f.Before,
	}
	if f.Police {
		data.Police = "yes"
	}
	if f.Own {
		data.Sharing = sharingCounts
	}
	if f.NoPlate {
		data.Reviewed = []string{string(events.PIIPlate)}
	}
	body, err := event(typeOf(events.TypeIncidentReported, revision), begun, data)
	return body, span, err
}

// deliver sends and notes that it is stored. An error leaves open whether it was: the same form again settles it.
func (s *Service) deliver(ctx context.Context, c caller, held sent, body []byte) error {
	if err := c.person.Send(ctx, body, held.BegunAt); err != nil {
		return err
	}
	return s.store.stored(ctx, c.viewer, held, c.real)
}
