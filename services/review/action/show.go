// SPDX-License-Identifier: EUPL-1.2

package action

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"samsyn/internal/web"
	"samsyn/services/review/effect"
)

// part is one part of the chain from problem to follow-up.
type part struct {
	Name, Text string
	Lacks      bool
}

// version is a line of the history.
type version struct{ When, What, Who string }

// stepView is a state that the action can be taken to.
type stepView struct {
	State      State
	Text       string
	Primary    bool
	Conclusion bool // asks for what was concluded
}

// showView is the page of one action.
type showView struct {
	Page    web.Page
	State   string
	Note    string
	NoteTag string
	Defects []string
	Edit    string
	Chain   []part
	Flag    *web.Link

	Problems   []problem
	Typed      string // what was concluded, when it could not be saved
	Steps      []stepView
	StepTo     string
	Version    int
	Due        string // of the field; empty where the viewer does not move it
	Limit      int
	Verdict    string
	Sentences  []string
	Warnings   []string
	Figure     *web.Figure
	Conclusion string

	History []version
	Back    web.Link
}

// shown reads one action that the viewer may see.
func shown(r *http.Request, rd reader, a ask) (Action, error) {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return Action{}, ErrUnknown
	}
	x, err := rd.get(r.Context(), id)
	if err == nil && !a.sees(x) {
		err = ErrUnknown
	}
	return x, err
}

func (s *Service) show(w http.ResponseWriter, r *http.Request) error {
	visit, err := s.look(r)
	if err != nil {
		return err
	}
	var view showView
	err = s.as(r.Context(), visit, web.LanguageOf(r), func(rd reader, a ask) error {
		x, err := shown(r, rd, a)
		if err != nil {
			return err
		}
		view, err = s.showView(r, rd, a, x)
		return err
	})
	if err != nil {
		return err
	}
	s.templates.Render(w, r, http.StatusOK, "show", view)
	return nil
}

func (s *Service) showView(r *http.Request, rd reader, a ask, x Action) (showView, error) {
	l := a.locale
	measured, err := rd.measure(r.Context(), []Action{x}, a.ref.town, s.words, a.today)
	if err != nil {
		return showView{}, err
	}
	versions, err := rd.versions(r.Context(), x.ID)
	if err != nil {
		return showView{}, err
	}
	v := showView{
		Page: a.page(r, a.what(x)), State: in(x.State.Text(), a.lang), Version: x.Version, Conclusion: x.Conclusion, Limit: longestText, StepTo: a.to("/atgarder/" + x.ID.String() + "/lage"),
		Chain: a.chain(x, s.words), History: a.history(x, versions), Back: web.Link{Href: a.to("/atgarder"), Text: l.T("show.back")},
	}
	v.Note, v.NoteTag = a.note(x)
	for _, defect := range x.Defects() {
		v.Defects = append(v.Defects, l.T("defect."+defect+".long"))
	}
	if x.ControlArea == "" && x.State.Open() && !x.StartOn.Before(a.today) {
		v.Defects = append(v.Defects, l.T("show.control", l.LongDay(web.DateIn(x.StartOn, a.zone))))
	}
	if a.visit.Can(web.ActDecide) && len(x.State.Next()) > 0 {
		v.Edit, v.Due = a.to("/atgarder/"+x.ID.String()+"/andra"), x.DueOn.Format(time.DateOnly)
	}
	if a.moves(x) {
		v.Steps = a.steps(x)
	}
	if x.Flag != nil && a.visit.Can(web.ActNumbers) {
		v.Flag = &web.Link{Href: a.to("/plats/" + x.Flag.String()), Text: l.T("show.flag")}
	}
	if m, ok := measured[x.ID]; ok && x.State != Proposed {
		if err := s.effectView(r, rd, a, x, m, &v); err != nil {
			return showView{}, err
		}
	}
	return v, nil
}

// effectView fills in what can be said of the effect: the verdict for everybody, what is behind it for who may see numbers.
func (s *Service) effectView(r *http.Request, rd reader, a ask, x Action, m Measured, v *showView) error {
	v.Verdict = capital(in(m.Verdict.Text(), a.lang))
	v.Sentences = a.sentences(x, m)
	if !a.visit.Can(web.ActNumbers) {
		return nil
	}
	v.Warnings = a.warnings(m)
	if m.Verdict == effect.NoPast || m.Before.From.Before(a.ref.town.HistoryFrom) {
		return nil
	}
	weeks, err := rd.weeks(r.Context(), x, m, s.words, a.today)
	if err != nil {
		return err
	}
	figure := a.figure(x, m, weeks)
	v.Figure = &figure
	return nil
}

// chain is the action from the problem to the follow-up.
func (a ask) chain(x Action, words lexicon) []part {
	l := a.locale
	owner := a.ref.agency(x.OwnerAgency)
	if p, ok := a.ref.person(x.OwnerPerson); ok && (a.visit.Can(web.ActDecide) || a.own(x)) {
		owner += ", " + p.Name
	}
	about := l.T("group.all")
	if x.Group != "" {
		about = in(words.groups[x.Group], a.lang)
	}
	followUp, control := "", l.T("control.none")
	if x.FollowUpOn != nil {
		followUp = a.date(*x.FollowUpOn)
	}
	if x.ControlArea != "" {
		control = l.T("control.named", a.where(x.ControlArea), a.date(*x.ControlOn))
	}
	all := []part{
		{Name: l.T("head.place"), Text: a.where(x.Area) + " (" + about + ")"},
		{Name: l.T("head.problem"), Text: x.Problem, Lacks: x.Problem == ""},
		{Name: l.T("head.cause"), Text: x.Cause},
		{Name: l.T("head.action"), Text: a.what(x)},
		{Name: l.T("head.owner"), Text: owner},
		{Name: l.T("chain.time"), Text: l.T("chain.span", a.date(x.StartOn), a.date(x.DueOn))},
		{Name: l.T("head.expected"), Text: x.ExpectedEffect},
		{Name: l.T("head.followup"), Text: followUp, Lacks: x.FollowUpOn == nil},
		{Name: l.T("head.control"), Text: control},
	}
	for i := range all {
		if all[i].Text == "" {
			all[i].Text = l.T("chain.missing")
		}
	}
	return all
}

func (a ask) steps(x Action) []stepView {
	var all []stepView
	for i, next := range x.State.Next() {
		all = append(all, stepView{State: next, Text: a.locale.T("step." + string(next)), Primary: next == Done || i == 0 && !slices.Contains(x.State.Next(), Done), Conclusion: next == Evaluated})
	}
	return all
}

// history is every version, the newest first: when, what, and who where the viewer may know.
func (a ask) history(x Action, versions []versionRow) []version {
	l := a.locale
	var all []version
	for _, row := range versions {
		v := version{When: l.Moment(row.At)}
		switch {
		case row.Version == 1:
			v.What = l.T("history.made", in(row.State.Text(), a.lang))
		case row.FromState != row.State:
			v.What = l.T("history.step", in(row.FromState.Text(), a.lang), in(row.State.Text(), a.lang))
		}
		if names := a.fields(row); names != "" {
			if v.What != "" {
				v.What += ". "
			}
			v.What += l.T("history.changed", names)
		}
		if p, ok := a.ref.person(row.By); ok {
			v.Who = a.ref.agency(p.Agency)
			if a.visit.Can(web.ActDecide) || a.visit.Viewer.Agency == p.Agency {
				v.Who = p.Name + ", " + v.Who
			}
		}
		all = append(all, v)
	}
	return all
}

// fieldNames are the fields that a history names; the others follow from these.
var fieldNames = []string{
	"level", "area", "group", "problem", "cause", "measure", "measure_text", "owner_agency", "owner_person", "start_on", "due_on", "expected_effect",
	"follow_up_on", "control_area", "weeks", "conclusion",
}

func (a ask) fields(row versionRow) string {
	var names []string
	for _, field := range fieldNames {
		if field == "level" || !slices.Contains(row.Changed, field) {
			continue
		}
		name := a.locale.T("field." + field)
		if field == "due_on" && row.DueOn != nil {
			name = a.locale.T("history.due", name, a.date(*row.DueOn))
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

func capital(s string) string {
	if s == "" {
		return s
	}
	r := []rune(s)
	return strings.ToUpper(string(r[0])) + string(r[1:])
}
