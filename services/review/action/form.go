// SPDX-License-Identifier: EUPL-1.2

package action

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"samsyn/internal/web"
	"samsyn/services/review/effect"
)

// formView is a form for everything about an action.
type formView struct {
	Page                       web.Page
	To, Back                   string
	Lead                       string
	Version                    int
	Flag                       string
	Problems                   []problem
	Fields                     Action
	Measures, Groups           []choice
	Agencies                   []choice
	Areas, People, Controls    []choices
	StartOn, DueOn, FollowUpOn string
	Weeks                      string
	Started                    bool // a control area can no longer be named
	ControlName                string
	bad                        map[string]bool
	Save                       string
	Limit                      int
}

// choices are options under a heading.
type choices struct {
	Name string
	All  []choice
}

// problem is what is wrong with a field, in words.
type problem struct{ Field, Text string }

// Bad says whether something is wrong with a field.
func (v formView) Bad(field string) bool { return v.bad[field] }

// Name is what a field is called at the start of a sentence.
func (v formView) Name(field string) string { return capital(v.Page.T("field." + field)) }

// most bytes that a form may have; its five texts are 500 characters each.
const formBytes = 64 << 10

// parse reads the form into an action that was read or is new. What cannot be read is named by field.
func (a ask) parse(form url.Values, x Action) (Action, []problem) {
	var wrong []problem
	text := func(field string) string { return strings.TrimSpace(strings.ReplaceAll(form.Get(field), "\r\n", "\n")) }
	bad := func(field, why string) { wrong = append(wrong, problem{field, a.locale.T("invalid." + why)}) }
	date := func(field string) *time.Time {
		if text(field) == "" {
			return nil
		}
		d, err := time.Parse(time.DateOnly, text(field))
		if err != nil {
			bad(field, "date")
			return nil
		}
		return &d
	}
	x.Problem, x.Cause, x.MeasureText, x.ExpectedEffect = text("problem"), text("cause"), text("measure_text"), text("expected_effect")
	x.Measure, x.Group, x.OwnerAgency = Measure(form.Get("measure")), form.Get("group"), form.Get("owner_agency")
	if x.Group != "" && !slices.Contains(groupCodes, x.Group) {
		bad("group", "unknown")
	}
	x.Level, x.Area, _ = strings.Cut(form.Get("area"), ":")
	if x.Area == "" {
		bad("area", "required")
	}
	start, due := date("start_on"), date("due_on")
	if start == nil && !slices.ContainsFunc(wrong, func(p problem) bool { return p.Field == "start_on" }) {
		bad("start_on", "required")
	}
	if due == nil && !slices.ContainsFunc(wrong, func(p problem) bool { return p.Field == "due_on" }) {
		bad("due_on", "required")
	}
	if start != nil && due != nil {
		x.StartOn, x.DueOn = *start, *due
	}
	x.FollowUpOn = date("follow_up_on")
	x.OwnerPerson = nil
	if id, err := uuid.Parse(form.Get("owner_person")); err == nil {
		x.OwnerPerson = &id
		if p, ok := a.ref.person(&id); !ok || p.Agency != x.OwnerAgency {
			bad("owner_person", "not_theirs")
		}
	}
	if weeks, err := strconv.Atoi(cmp.Or(text("weeks"), strconv.Itoa(DefaultWeeks))); err == nil {
		x.Weeks = weeks
	} else {
		bad("weeks", "range")
	}
	a.control(form, &x)
	return x, wrong
}

// control names the control area: today, when it is another than before.
func (a ask) control(form url.Values, x *Action) {
	if !form.Has("control") {
		return // it was no longer asked for
	}
	level, area, _ := strings.Cut(form.Get("control"), ":")
	if area == x.ControlArea {
		return
	}
	x.ControlLevel, x.ControlArea, x.ControlOn = level, area, nil
	if area != "" {
		today := a.today
		x.ControlOn = &today
	}
}

// words are what is wrong in words, nil if err is not about a field.
func (a ask) problems(err error) []problem {
	var invalid *Invalid
	if !errors.As(err, &invalid) {
		return nil
	}
	field := map[string]string{"control_area": "control"}[invalid.Field]
	return []problem{{cmp.Or(field, invalid.Field), a.locale.T("invalid." + invalid.Why)}}
}

// blank is the form for a new action, filled in from a flagged place if one is named.
func (s *Service) blank(w http.ResponseWriter, r *http.Request) error {
	visit, err := s.look(r)
	if err != nil {
		return err
	}
	if !visit.Can(web.ActDecide) {
		return errForbidden
	}
	var view formView
	err = s.as(r.Context(), visit, web.LanguageOf(r), func(rd reader, a ask) error {
		x := Action{
			Municipality: visit.Viewer.Municipality, Measure: Other, OwnerAgency: visit.Viewer.Agency, StartOn: a.today, DueOn: a.today.AddDate(0, 0, 14), Weeks: DefaultWeeks,
		}
		if id, err := uuid.Parse(r.URL.Query().Get("flag")); err == nil {
			flags, err := rd.flags(r.Context(), []uuid.UUID{id})
			if err != nil {
				return err
			}
			f, ok := flags[id]
			if !ok {
				return ErrUnknown
			}
			x.Flag, x.Level, x.Area, x.Group, x.Problem = &id, f.Level, f.Area, f.Grp, f.ReasonSV
		}
		_, after := effect.Windows(x.StartOn, time.Time{}, x.Weeks)
		x.FollowUpOn = &after.To
		view = s.formView(r, a, x, nil)
		return nil
	})
	if err != nil {
		return err
	}
	s.templates.Render(w, r, http.StatusOK, "form", view)
	return nil
}

// edit is the form for an action as it is.
func (s *Service) edit(w http.ResponseWriter, r *http.Request) error {
	visit, err := s.look(r)
	if err != nil {
		return err
	}
	if !visit.Can(web.ActDecide) {
		return errForbidden
	}
	var view formView
	err = s.as(r.Context(), visit, web.LanguageOf(r), func(rd reader, a ask) error {
		x, err := shown(r, rd, a)
		if err != nil {
			return err
		}
		view = s.formView(r, a, x, nil)
		return nil
	})
	if err != nil {
		return err
	}
	s.templates.Render(w, r, http.StatusOK, "form", view)
	return nil
}

func (s *Service) formView(r *http.Request, a ask, x Action, wrong []problem) formView {
	l := a.locale
	v := formView{
		Page: a.page(r, l.T("form.new")), To: a.to("/atgarder"), Back: a.to("/atgarder"), Lead: l.T("form.lead"), Save: l.T("form.save"), Fields: x, Problems: wrong,
		bad: map[string]bool{}, Limit: longestText, Weeks: strconv.Itoa(x.Weeks), Version: x.Version, Started: x.Version > 0 && x.StartOn.Before(a.today),
	}
	if x.Version > 0 {
		path := "/atgarder/" + x.ID.String()
		v.Page, v.To, v.Back = a.page(r, l.T("form.change")), a.to(path), a.to(path)
		v.Save = l.T("form.savechange")
	}
	if x.Flag != nil {
		v.Flag = x.Flag.String()
	}
	for _, p := range wrong {
		v.bad[p.Field] = true
	}
	v.StartOn, v.DueOn = dateField(&x.StartOn), dateField(&x.DueOn)
	v.FollowUpOn = dateField(x.FollowUpOn)
	v.ControlName = l.T("control.none")
	if x.ControlArea != "" {
		v.ControlName = a.where(x.ControlArea)
	}
	for _, m := range Measures() {
		v.Measures = append(v.Measures, choice{string(m), in(m.Text(), a.lang), m == x.Measure})
	}
	v.Groups = append(v.Groups, choice{"", l.T("group.all"), x.Group == ""})
	for _, g := range s.words.order {
		v.Groups = append(v.Groups, choice{g, in(s.words.groups[g], a.lang), g == x.Group})
	}
	for _, g := range a.sortedAgencies() {
		if !g.Suspended || g.Agency == x.OwnerAgency {
			v.Agencies = append(v.Agencies, choice{g.Agency, g.Name, g.Agency == x.OwnerAgency})
		}
	}
	v.Areas, v.Controls, v.People = a.areas(x.Level, x.Area), a.areas(x.ControlLevel, x.ControlArea), a.people(x)
	return v
}

func dateField(d *time.Time) string {
	if d == nil || d.IsZero() {
		return ""
	}
	return d.Format(time.DateOnly)
}

// areas are the areas in use by level, the smallest first, and the municipality as a whole.
func (a ask) areas(level, code string) []choices {
	l := a.locale
	all := make([]choices, 0, 3)
	for _, lv := range []string{"area", "district"} {
		group := choices{Name: l.T("level." + lv)}
		rows := slices.Clone(a.ref.areas)
		web.SortNames(l, rows, func(x areaRow) string { return x.Name })
		for _, x := range rows {
			if x.Level == lv && (!x.Retired || x.Code == code) {
				group.All = append(group.All, choice{lv + ":" + x.Code, x.Name, level == lv && x.Code == code})
			}
		}
		if len(group.All) > 0 {
			all = append(all, group)
		}
	}
	m := a.visit.Viewer.Municipality
	return append(all, choices{l.T("level.municipality"), []choice{{"municipality:" + m, a.ref.town.Name, level == "municipality"}}})
}

// people are those who can own it, by agency.
func (a ask) people(x Action) []choices {
	var all []choices
	for _, g := range a.sortedAgencies() {
		group := choices{Name: g.Name}
		for _, p := range a.ref.people {
			mine := x.OwnerPerson != nil && *x.OwnerPerson == p.Person
			if p.Agency == g.Agency && (!p.Disabled || mine) {
				group.All = append(group.All, choice{p.Person.String(), p.Name, mine})
			}
		}
		web.SortNames(a.locale, group.All, func(c choice) string { return c.Text })
		if len(group.All) > 0 {
			all = append(all, group)
		}
	}
	return all
}
