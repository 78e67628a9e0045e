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

// The periods that a calm time is reported for.
const (
	lastWeek = "last"
	thisWeek = "this"
	anyDays  = "days"
)

var periods = []string{lastWeek, thisWeek, anyDays}

// calm is what was filled in on "nothing to report".
type calm struct {
	Key    string `json:"-"`
	Unit   string
	Period string
	From   string
	To     string
}

type nothingView struct {
	Page    web.Page
	Action  template.URL
	Report  template.URL
	Form    calm
	Errors  []fault
	Failure string
	Sent    template.URL
	Units   []choice
	Unit    string // the one that is spoken for, when there is no choice
	Periods []choice
}

// Wrong is what is wrong with a field; empty if nothing is.
func (v nothingView) Wrong(field string) string { return wrong(v.Errors, field) }

// nothingForm is GET /inget-att-rapportera.
func (s *Service) nothingForm(w http.ResponseWriter, r *http.Request, c caller) error {
	return s.showNothing(w, r, c, http.StatusOK, calm{Key: keyOr(""), Unit: c.visit.Unit, Period: lastWeek}, trouble{})
}

// sendNothing is POST /inget-att-rapportera.
func (s *Service) sendNothing(w http.ResponseWriter, r *http.Request, c caller) error {
	get := func(name string) string { return clean(r.PostForm.Get(name)) }
	f := calm{Key: keyOr(get("key")), Unit: get("unit"), Period: get("period"), From: get("from"), To: get("to")}
	units, err := s.units(r.Context(), c)
	if err != nil {
		return s.nothingFailed(w, r, c, f, err)
	}
	var t trouble
	if !slices.ContainsFunc(units, func(o choice) bool { return o.Value == f.Unit }) {
		t.faults = append(t.faults, fault{"unit", c.locale.T("missing.unit")})
	}
	span, wrong := f.span(c.now)
	if wrong != "" {
		t.faults = append(t.faults, fault{"period", c.locale.T(wrong)})
	}
	if len(t.faults) > 0 {
		return s.showNothing(w, r, c, http.StatusUnprocessableEntity, f, t)
	}
	number, t, err := s.sendCalm(r.Context(), c, f, span)
	switch {
	case err != nil:
		return s.nothingFailed(w, r, c, f, err)
	case len(t.faults) > 0 || t.sent != "":
		return s.showNothing(w, r, c, http.StatusUnprocessableEntity, f, t)
	}
	http.Redirect(w, r, path(c.locale, "/mina-rapporter/"+string(number)), http.StatusSeeOther)
	return nil
}

func (s *Service) nothingFailed(w http.ResponseWriter, r *http.Request, c caller, f calm, err error) error {
	if r.Context().Err() != nil { // the reader has gone
		return nil
	}
	status, text := s.failure(r.Context(), c, err)
	return s.showNothing(w, r, c, status, f, trouble{failure: text})
}

// span is the period that was meant, as seen at now: a week from Monday to Monday, whole days, and never past now.
func (f calm) span(now time.Time) (span events.Interval, wrong string) {
	monday := web.WeekOf(now).Monday(now.Location())
	switch f.Period {
	case lastWeek:
		return events.Interval{From: onDay(monday, -7, 0), To: monday}, ""
	case thisWeek:
		return events.Interval{From: monday, To: now}, ""
	case anyDays:
		from, errFrom := time.ParseInLocation(time.DateOnly, f.From, now.Location())
		to, errTo := time.ParseInLocation(time.DateOnly, f.To, now.Location())
		switch {
		case errFrom != nil || errTo != nil:
			return span, "wrong.date"
		case to.Before(from):
			return span, "wrong.order"
		case from.After(now):
			return span, "wrong.future"
		case to.Sub(from) > longestCalm:
			return span, "wrong.long"
		}
		return events.Interval{From: from, To: earlier(onDay(to, 1, 0), now)}, ""
	}
	return span, "missing.period"
}

// longestCalm is a summer; what is calm for longer is an organisation that does not report.
const longestCalm = 92 * 24 * time.Hour

// units are those that a person may speak for: the own one, or any and the whole agency where there is none or the person
// leads it.
func (s *Service) units(ctx context.Context, c caller) ([]choice, error) {
	var rows []unitRow
	err := s.store.as(ctx, c.person.Login(), c.viewer, func(d reading) (err error) {
		rows, err = d.units(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	every := c.visit.Unit == "" || c.visit.Can(web.ActLead)
	var units []choice
	if every {
		units = append(units, choice{Value: "", Text: c.locale.T("unit.whole", c.person.Agency.Name)})
	}
	for _, u := range rows {
		if every || u.Unit == c.visit.Unit {
			units = append(units, choice{Value: u.Unit, Text: u.Name})
		}
	}
	if !every && len(units) == 0 {
		units = append(units, choice{Value: c.visit.Unit, Text: c.visit.Unit})
	}
	return units, nil
}

// sendCalm makes the form a report of nothing, as send does an incident.
func (s *Service) sendCalm(ctx context.Context, c caller, f calm, span events.Interval) (events.ReportID, trouble, error) {
	number := number(c.viewer, events.KindNothing, f.Key)
	body, err := nothing(f, number, 1, c.now, span)
	if err != nil {
		return "", trouble{}, err
	}
	if reasons := c.person.Screen(body, c.now); len(reasons) > 0 {
		return "", trouble{faults: faultsOf(reasons, c.locale.Lang)}, nil
	}
	filled, err := fingerprint(f)
	if err != nil {
		return "", trouble{}, err
	}
	held, err := s.store.begin(ctx, c.viewer, sent{
		Kind: string(events.KindNothing), Report: string(number), Fingerprint: filled[:], BegunAt: c.now, Unit: f.Unit,
		OccurredFrom: span.From, OccurredTo: span.To,
	})
	switch {
	case err != nil:
		return "", trouble{}, err
	case !slices.Equal(held.Fingerprint, filled[:]):
		return "", trouble{sent: string(number)}, nil
	case held.StoredAt != nil:
		return number, trouble{}, nil
	}
	again := events.Interval{From: held.OccurredFrom.In(c.zone), To: held.OccurredTo.In(c.zone)}
	if body, err = nothing(f, number, held.Revision, held.BegunAt, again); err != nil {
		return "", trouble{}, err
	}
	return number, trouble{}, s.deliver(ctx, c, held, body)
}

func nothing(f calm, number events.ReportID, revision int, begun time.Time, span events.Interval) ([]byte, error) {
	data := nothingData{Report: number, Revision: revision, From: moment(span.From), To: moment(span.To), Unit: f.Unit}
	if revision > 1 {
		data.Kind = events.KindNothing
	}
	return event(typeOf(events.TypeNothingReported, revision), begun, data)
}

func (s *Service) showNothing(w http.ResponseWriter, r *http.Request, c caller, status int, f calm, t trouble) error {
	units, err := s.units(r.Context(), c)
	if err != nil {
		return err
	}
	v := nothingView{
		Page: c.page(r, c.locale.T("nothing.title")), Action: address(c.locale, "/inget-att-rapportera"), Report: address(c.locale, "/rapportera"),
		Form: f, Errors: t.faults, Failure: t.failure, Units: units,
	}
	if len(units) == 1 {
		v.Form.Unit, v.Unit, v.Units = units[0].Value, units[0].Text, nil
	}
	for i := range v.Units {
		v.Units[i].Checked = v.Units[i].Value == f.Unit
	}
	if t.sent != "" {
		v.Sent, v.Form.Key = address(c.locale, "/mina-rapporter/"+t.sent), keyOr("")
	}
	week := web.WeekOf(c.now)
	v.Periods = radios(periods, f.Period, func(period string) string {
		l, w := c.locale, week
		if period == anyDays {
			return l.T("period.days")
		}
		if period == lastWeek {
			w = week.Add(-1)
		}
		monday := w.Monday(c.zone)
		return l.T("period."+period, l.Week(w), l.Span(monday, onDay(monday, 6, 0)))
	})
	s.templates.Render(w, r, status, "nothing", v)
	return nil
}
