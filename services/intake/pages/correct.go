// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/internal/web"
	"samsyn/services/intake"
)

// correction is what a lead filled in about a quarantined incident. Everything that it does not name stays as it was sent.
type correction struct {
	Revision int // the one this will be: another lead may have been faster
	Kind     string
	Place    string // keep, or other
	Search   string
	Area     string
	FromDate string
	FromTime string
	ToDate   string
	ToTime   string
	Text     string
	NoPlate  bool
}

// placeKept leaves the place as it was sent.
const placeKept = "keep"

type correctView struct {
	Page      web.Page
	Action    template.URL
	Find      template.URL
	Back      template.URL
	Number    string
	Reasons   []string
	Errors    []fault
	Failure   string
	Form      correction
	PlaceSent string
	Kinds     []group
	Hits      []choice
	Looked    bool
	Areas     []choice
	Marks     []piece
	Plate     bool
}

// Wrong is what is wrong with a field; empty if nothing is.
func (v correctView) Wrong(field string) string { return wrong(v.Errors, field) }

// correcting is a quarantined incident on its way out.
type correcting struct {
	intake.Quarantined
	event events.Event
	next  int // the revision that a correction takes
}

// toCorrect finds the incident that a request is about; errNotThere for what is none, is another's or no longer waits.
func (s *Service) toCorrect(r *http.Request, c caller) (correcting, error) {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return correcting{}, errNotThere
	}
	q, found, err := c.person.Waiting(r.Context(), id)
	if err != nil {
		return correcting{}, err
	}
	e, _ := events.Decode(q.Body)
	if !found || e.Incident == nil {
		return correcting{}, errNotThere
	}
	known, err := c.person.Revision(r.Context(), events.KindIncident, q.Report)
	return correcting{q, e, max(known, q.Revision) + 1}, err
}

// correctForm is GET /karantan/{id}: the form, filled in as the event was sent.
func (s *Service) correctForm(w http.ResponseWriter, r *http.Request, c caller) error {
	q, err := s.toCorrect(r, c)
	if err != nil {
		return err
	}
	in := q.event.Incident
	from, to := in.Occurred.From.In(c.zone), in.Occurred.To.In(c.zone)
	f := correction{
		Revision: q.next, Kind: in.Category, Place: placeKept, Text: in.Text, NoPlate: slices.Contains(in.Reviewed, string(events.PIIPlate)),
		FromDate: from.Format(time.DateOnly), FromTime: from.Format(clockLayout), ToDate: to.Format(time.DateOnly), ToTime: to.Format(clockLayout),
	}
	return s.showCorrection(w, r, c, http.StatusOK, q, f, trouble{reasons: q.Reasons, text: in.Text})
}

const clockLayout = "15:04"

// sendCorrection is POST /karantan/{id}: the whole report anew, with the next revision.
func (s *Service) sendCorrection(w http.ResponseWriter, r *http.Request, c caller) error {
	q, err := s.toCorrect(r, c)
	if err != nil {
		return err
	}
	f := readCorrection(r)
	if r.PostForm.Get("do") == "search" {
		f.Place = placeOther
		return s.showCorrection(w, r, c, http.StatusOK, q, f, trouble{looked: true, reasons: q.Reasons, text: f.Text})
	}
	if f.Revision != q.next {
		f.Revision = q.next
		return s.showCorrection(w, r, c, http.StatusConflict, q, f, trouble{failure: c.locale.T("correct.overtaken")})
	}
	data, faults, err := s.corrected(r.Context(), c, q, f)
	if err != nil {
		return err
	}
	t := trouble{faults: faults, looked: f.Search != "" && f.Area == ""}
	if len(faults) == 0 {
		body, err := event(events.TypeIncidentCorrected, c.now, data)
		if err != nil {
			return err
		}
		if t.reasons = c.person.Screen(body, c.now); len(t.reasons) == 0 {
			if err := c.person.Send(r.Context(), body, c.now); err != nil {
				status, text := s.failure(r.Context(), c, err)
				return s.showCorrection(w, r, c, status, q, f, trouble{failure: text})
			}
			http.Redirect(w, r, path(c.locale, "/karantan", "klart", "rattad"), http.StatusSeeOther)
			return nil
		}
		e, _ := events.Decode(body)
		t.faults, t.text = faultsOf(t.reasons, c.locale.Lang), f.Text
		if e.Incident != nil {
			t.text = e.Incident.Text
		}
	}
	return s.showCorrection(w, r, c, http.StatusUnprocessableEntity, q, f, t)
}

func readCorrection(r *http.Request) correction {
	get := func(name string) string { return clean(r.PostForm.Get(name)) }
	f := correction{
		Kind: get("kind"), Place: get("place"), Search: get("q"), Area: get("area"), FromDate: get("fromdate"), FromTime: get("fromtime"),
		ToDate: get("todate"), ToTime: get("totime"), Text: get("text"), NoPlate: r.PostForm.Has("noplate"),
	}
	f.Revision, _ = strconv.Atoi(get("revision")) // 0 is never the next one
	return f
}

// corrected is the new data: what was sent, with what was filled in put in its place.
func (s *Service) corrected(ctx context.Context, c caller, q correcting, f correction) (map[string]json.RawMessage, []fault, error) {
	data, err := dataOf(q.Body)
	if err != nil {
		return nil, nil, err
	}
	var faults []fault
	set := func(name string, value any) {
		written, err := json.Marshal(value)
		if err == nil { // strings, numbers and our own structs: they always can
			data[name] = written
		}
	}
	set("report", q.Report)
	set("revision", f.Revision)
	delete(data, "kind")
	if f.Kind != q.event.Incident.Category {
		set("category", f.Kind)
	}
	if !s.kinds.known(f.Kind) && f.Kind != q.event.Incident.Category {
		faults = append(faults, fault{"kind", c.locale.T("missing.kind")})
	}
	span, wrong := f.span(c.now)
	if wrong != "" {
		faults = append(faults, fault{"date", c.locale.T(wrong)})
	} else if !f.sameTime(eventSpan(q.event), c.zone) {
		set("occurred", spanOf(span))
	}
	if f.Place != placeKept {
		value, err := s.resolve(ctx, c, form{Place: f.Place, Search: f.Search, Area: f.Area})
		if err != nil {
			return nil, nil, err
		}
		if value == "" {
			faults = append(faults, fault{"place", c.locale.T("missing.place")})
		}
		set("place", placeOf(value))
	}
	set("text", f.Text)
	delete(data, "reviewed")
	if reviewed := q.reviewed(f.NoPlate); len(reviewed) > 0 {
		set("reviewed", reviewed)
	}
	return data, faults, nil
}

// reviewed keeps what the sender has looked at, with or without plates as the lead says.
func (q correcting) reviewed(noPlate bool) []string {
	list := slices.DeleteFunc(slices.Clone(q.event.Incident.Reviewed), func(code string) bool { return code == string(events.PIIPlate) })
	if noPlate {
		list = append(list, string(events.PIIPlate))
	}
	return list
}

// sameTime says that the minutes shown were left as they are: then what was sent is kept to the second.
func (f correction) sameTime(i events.Interval, zone *time.Location) bool {
	from, to := i.From.In(zone), i.To.In(zone)
	return f.FromDate == from.Format(time.DateOnly) && f.FromTime == from.Format(clockLayout) &&
		f.ToDate == to.Format(time.DateOnly) && f.ToTime == to.Format(clockLayout)
}

// span reads two dates with clocks.
func (f correction) span(now time.Time) (events.Interval, string) {
	from, wrong := minuteOf(f.FromDate, f.FromTime, now, earlier)
	if wrong != "" {
		return events.Interval{}, wrong
	}
	to := from
	if f.ToDate != "" {
		if to, wrong = minuteOf(f.ToDate, f.ToTime, now, later); wrong != "" {
			return events.Interval{}, wrong
		}
	}
	if to.Before(from) {
		return events.Interval{}, "wrong.order"
	}
	return events.Interval{From: from, To: to}, ""
}

// minuteOf is a minute on a date; where clocks showed it twice, pick chooses.
func minuteOf(date, at string, now time.Time, pick func(a, b time.Time) time.Time) (time.Time, string) {
	day, err := time.ParseInLocation(time.DateOnly, date, now.Location())
	if err != nil {
		return day, "wrong.date"
	}
	hour, minute, ok := clock(at)
	if !ok {
		return day, "wrong.clock"
	}
	first, last, ok := instants(day, hour, minute)
	if !ok {
		return day, "wrong.skipped"
	}
	return pick(first, last), ""
}

func (s *Service) showCorrection(w http.ResponseWriter, r *http.Request, c caller, status int, q correcting, f correction, t trouble) error {
	id := "/karantan/" + q.ID.String()
	lang := c.locale.Lang
	v := correctView{
		Page: c.page(r, c.locale.T("correct.title")), Action: address(c.locale, id), Find: address(c.locale, id) + "#place",
		Back: address(c.locale, "/karantan"), Number: string(q.Report), Reasons: words(q.Reasons, lang), Errors: t.faults, Failure: t.failure,
		Form: f, Looked: t.looked, Marks: marked(t.text, "/data/text", t.reasons),
		Plate: f.NoPlate || slices.ContainsFunc(q.Reasons, func(r events.Reason) bool { return r.Code == events.PIIPlate }),
	}
	for _, g := range s.kinds.groups {
		v.Kinds = append(v.Kinds, group{in(g.name, lang), radios(g.codes, f.Kind, func(code string) string { return s.kinds.name(code, lang) })})
	}
	if !s.kinds.known(q.event.Incident.Category) {
		own := radios([]string{q.event.Incident.Category}, f.Kind, func(code string) string { return code })
		v.Kinds = append([]group{{c.locale.T("correct.owncode"), own}}, v.Kinds...)
	}
	err := s.store.as(r.Context(), c.person.Login(), c.viewer, func(d reading) error {
		place := q.event.Incident.Place
		p, err := d.places(r.Context(), byProperty+place.Property)
		if err != nil {
			return err
		}
		v.PlaceSent, v.Areas = placeWords(c.locale, p, place), p.areas
		for i := range v.Areas {
			v.Areas[i].Checked = v.Areas[i].Value == f.Area
		}
		if v.Looked {
			v.Hits, _, err = d.hits(r.Context(), p, f.Search)
		}
		return err
	})
	if err != nil {
		return err
	}
	s.templates.Render(w, r, status, "correct", v)
	return nil
}

// placeWords is a place as it was sent.
func placeWords(l web.Locale, p places, place events.Place) string {
	switch {
	case place.Point != nil:
		return fmt.Sprintf("%.5f, %.5f", place.Point.Lat, place.Point.Lon)
	case place.Grid != nil:
		return fmt.Sprintf("N %.0f, E %.0f", place.Grid.Northing, place.Grid.Easting)
	case place.Property != "":
		return p.name(byProperty + place.Property)
	case place.Area != "":
		return p.name(byArea + string(place.Area))
	}
	return l.T("correct.noplace")
}
