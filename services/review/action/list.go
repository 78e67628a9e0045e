// SPDX-License-Identifier: EUPL-1.2

package action

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"samsyn/internal/web"
)

// choice is one option of a form.
type choice struct {
	Value, Text string
	Selected    bool
}

// listView is the page of all actions.
type listView struct {
	Page                       web.Page
	Lead                       string
	States, Agencies, Measures []choice
	Table                      web.Table
	Empty                      string
	CSV, New                   string
	Municipality               string
}

// asked is what the filter of the list asks for.
type asked struct{ state, agency, measure string }

func askedOf(r *http.Request) asked {
	q := r.URL.Query()
	return asked{q.Get("state"), q.Get("agency"), q.Get("measure")}
}

const (
	stateOpen = "" // the default
	stateAll  = "all"
	stateLate = "late"
	agencyOwn = "own"
)

// listed reads what the filter asks for, in the order in which it is shown.
func (s *Service) listed(r *http.Request, rd reader, a ask) ([]Action, map[uuid.UUID]Measured, error) {
	want := askedOf(r)
	agency := want.agency
	if agency == agencyOwn || !a.visit.Can(web.ActNumbers) {
		agency = cmp.Or(a.visit.Viewer.Agency, agencyOwn) // nobody's agency has no actions
	}
	all, err := rd.list(r.Context(), Filter{Agency: agency})
	if err != nil {
		return nil, nil, err
	}
	all = slices.DeleteFunc(all, func(x Action) bool {
		return want.state == stateOpen && x.State != Done && !x.State.Open() || want.state == stateLate && x.Late(a.today) == 0 ||
			want.measure != "" && string(x.Measure) != want.measure
	})
	slices.SortStableFunc(all, func(x, y Action) int { return cmp.Compare(turn(x), turn(y)) })
	measured, err := rd.measure(r.Context(), all, a.ref.town, s.words, a.today)
	return all, measured, err
}

// turn puts what is open before what is done and waits for its effect, and that before what is over.
func turn(x Action) int {
	switch {
	case x.State.Open():
		return 0
	case x.State == Done:
		return 1
	}
	return 2
}

func (s *Service) list(w http.ResponseWriter, r *http.Request) error {
	visit, err := s.look(r)
	if err != nil {
		return err
	}
	var view listView
	err = s.as(r.Context(), visit, web.LanguageOf(r), func(rd reader, a ask) error {
		all, measured, err := s.listed(r, rd, a)
		if err != nil {
			return err
		}
		view = a.listView(r, all, measured)
		return nil
	})
	if err != nil {
		return err
	}
	s.templates.Render(w, r, http.StatusOK, "list", view)
	return nil
}

func (a ask) listView(r *http.Request, all []Action, measured map[uuid.UUID]Measured) listView {
	l := a.locale
	want := askedOf(r)
	v := listView{
		Page: a.page(r, l.T("list.title")), Lead: a.lead(all), Table: a.table(all, measured), Municipality: a.visit.Viewer.Municipality,
		CSV: a.to("/atgarder.csv", "state", want.state, "agency", want.agency, "measure", want.measure),
	}
	for _, state := range []struct{ value, key string }{{stateOpen, "filter.open"}, {stateLate, "filter.late"}, {stateAll, "filter.all"}} {
		v.States = append(v.States, choice{state.value, l.T(state.key), want.state == state.value})
	}
	if a.visit.Can(web.ActNumbers) {
		v.Agencies = append(v.Agencies, choice{"", l.T("filter.agencies"), want.agency == ""})
		if a.visit.Viewer.Agency != "" {
			v.Agencies = append(v.Agencies, choice{agencyOwn, l.T("filter.own"), want.agency == agencyOwn})
		}
		for _, g := range a.sortedAgencies() {
			v.Agencies = append(v.Agencies, choice{g.Agency, g.Name, want.agency == g.Agency})
		}
	}
	v.Measures = append(v.Measures, choice{"", l.T("filter.measures"), want.measure == ""})
	for _, m := range Measures() {
		v.Measures = append(v.Measures, choice{string(m), in(m.Text(), a.lang), want.measure == string(m)})
	}
	if len(all) == 0 {
		v.Empty = l.T("list.empty")
		if want != (asked{}) {
			v.Empty = l.T("list.none")
		}
	}
	if a.visit.Can(web.ActDecide) {
		v.New = a.to("/atgarder/ny")
	}
	return v
}

// lead is the sentence on top: how many are open, late, and cannot be followed up.
func (a ask) lead(all []Action) string {
	l := a.locale
	open, late, defect := 0, 0, 0
	for _, x := range all {
		if x.State.Open() {
			open++
		}
		if x.Late(a.today) > 0 {
			late++
		}
		if len(x.Defects()) > 0 {
			defect++
		}
	}
	text := l.N("lead.open", open)
	if late > 0 {
		text += " " + l.N("lead.late", late)
	}
	if defect > 0 {
		text += " " + l.N("lead.defect", defect)
	}
	return text
}

func (a ask) table(all []Action, measured map[uuid.UUID]Measured) web.Table {
	l := a.locale
	t := web.Table{Caption: l.T("list.caption")}
	for _, key := range []string{"action", "place", "owner", "due", "state", "note", "effect"} {
		t.Head = append(t.Head, web.Name(l.T("head."+key)))
	}
	for _, x := range all {
		note, tag := a.note(x)
		t.Rows = append(t.Rows, []web.Cell{
			web.Name(a.what(x)).To(a.to("/atgarder/" + x.ID.String())), web.Name(a.where(x.Area)), web.Name(a.ref.agency(x.OwnerAgency)), web.Name(a.date(x.DueOn)),
			web.Name(in(x.State.Text(), a.lang)),
			{Text: note, Tag: tag},
			web.Name(a.effectWord(x, measured)),
		})
	}
	return t
}

// note is what somebody must do something about.
func (a ask) note(x Action) (text, tag string) {
	l := a.locale
	var parts []string
	if late := x.Late(a.today); late > 0 {
		parts, tag = append(parts, l.N("late", late)), "danger"
	}
	for _, defect := range x.Defects() {
		parts, tag = append(parts, l.T("defect."+defect)), cmp.Or(tag, "warn")
	}
	if x.State == Done && x.FollowUpOn != nil && !x.FollowUpOn.After(a.today) {
		parts, tag = append(parts, l.T("note.followup")), cmp.Or(tag, "warn")
	}
	return strings.Join(parts, ", "), tag
}

// effectWord is the verdict in its words; a dash of what nothing can be measured of. With numbers behind it for who may see them.
func (a ask) effectWord(x Action, measured map[uuid.UUID]Measured) string {
	m, ok := measured[x.ID]
	if !ok || x.State == Proposed {
		return "–"
	}
	return in(m.Verdict.Text(), a.lang)
}

func (s *Service) file(w http.ResponseWriter, r *http.Request) error {
	visit, err := s.look(r)
	if err != nil {
		return err
	}
	var body []byte
	var name string
	err = s.as(r.Context(), visit, web.LanguageOf(r), func(rd reader, a ask) error {
		all, measured, err := s.listed(r, rd, a)
		if err != nil {
			return err
		}
		body = a.sheet(all, measured).CSV()
		madeUp := "" // the name goes with the file wherever it is carried
		if a.ref.town.MadeUp {
			madeUp = "pahittat-"
		}
		name = fmt.Sprintf("samsyn-%s%s-atgarder-%s.csv", madeUp, visit.Viewer.Municipality, a.date(a.today))
		return nil
	})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename=%q`, name))
	web.Send(w, r, http.StatusOK, "text/csv; charset=utf-8", body)
	return nil
}

// sheet is the list with everything about each action, for a spreadsheet.
func (a ask) sheet(all []Action, measured map[uuid.UUID]Measured) web.Table {
	l := a.locale
	var t web.Table
	for _, key := range []string{"action", "place", "owner", "due", "state", "note", "effect", "problem", "cause", "start", "expected", "followup", "control"} {
		t.Head = append(t.Head, web.Name(l.T("head."+key)))
	}
	numbers := a.visit.Can(web.ActNumbers)
	if numbers {
		for _, key := range []string{"before", "after", "controlbefore", "controlafter", "difference", "low", "high"} {
			t.Head = append(t.Head, web.Number(l.T("head."+key)))
		}
	}
	rows := a.table(all, measured).Rows
	for i, x := range all {
		followUp, control := "", ""
		if x.FollowUpOn != nil {
			followUp = a.date(*x.FollowUpOn)
		}
		if x.ControlArea != "" {
			control = a.where(x.ControlArea)
		}
		row := rows[i]
		row = append(row, web.Name(x.Problem), web.Name(x.Cause), web.Name(a.date(x.StartOn)), web.Name(x.ExpectedEffect), web.Name(followUp), web.Name(control))
		if numbers {
			row = append(row, a.numbers(measured[x.ID])...)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// numbers are the seven cells behind a verdict; empty where nothing was measured.
func (a ask) numbers(m Measured) []web.Cell {
	cells := make([]web.Cell, 7)
	for i := range cells {
		cells[i] = web.Number("")
	}
	l := a.locale
	if m.Treated != nil {
		cells[0], cells[1] = web.Number(l.Int(m.Treated.Before)), web.Number(l.Int(m.Treated.After))
	}
	if m.Estimate != nil {
		cells[2], cells[3] = web.Number(l.Int(m.Control.Before)), web.Number(l.Int(m.Control.After))
		cells[4], cells[5], cells[6] = web.Number(l.Decimal(m.Estimate.Difference, 1)), web.Number(l.Decimal(m.Estimate.Low, 1)), web.Number(l.Decimal(m.Estimate.High, 1))
	}
	return cells
}

func (a ask) sortedAgencies() []agencyRow {
	all := slices.Clone(a.ref.agencies)
	web.SortNames(a.locale, all, func(g agencyRow) string { return g.Name })
	return all
}
