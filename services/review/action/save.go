// SPDX-License-Identifier: EUPL-1.2

package action

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"samsyn/internal/web"
)

// reply is what a form is answered with: a page, or where to go when it is saved.
type reply struct {
	status int
	name   string
	view   any
	to     string
}

func (s *Service) send(w http.ResponseWriter, r *http.Request, a reply) {
	if a.to != "" {
		http.Redirect(w, r, a.to, http.StatusSeeOther)
		return
	}
	s.templates.Render(w, r, a.status, a.name, a.view)
}

// posted begins every handler that saves: who saves, and the form.
func (s *Service) posted(w http.ResponseWriter, r *http.Request) (web.Visit, url.Values, error) {
	visit, err := s.look(r)
	if err != nil {
		return visit, nil, err
	}
	r.Body = http.MaxBytesReader(w, r.Body, formBytes)
	if err := r.ParseForm(); err != nil {
		return visit, nil, errForbidden // no form of ours is that long, or that broken
	}
	return visit, r.PostForm, nil
}

// create makes a new action.
func (s *Service) create(w http.ResponseWriter, r *http.Request) error {
	visit, form, err := s.posted(w, r)
	if err != nil {
		return err
	}
	if !visit.Can(web.ActDecide) {
		return errForbidden
	}
	var out reply
	err = s.as(r.Context(), visit, web.LanguageOf(r), func(rd reader, a ask) error {
		x, wrong := a.parse(form, Action{Municipality: visit.Viewer.Municipality, State: Decided, CreatedAt: a.now, CreatedBy: by(visit.Viewer)})
		if form.Get("state") == string(Proposed) {
			x.State = Proposed
		}
		if id, err := uuid.Parse(form.Get("flag")); err == nil {
			x.Flag = &id
		}
		if len(wrong) == 0 {
			stored, err := rd.create(r.Context(), x)
			if err == nil {
				out = reply{to: a.to("/atgarder/" + stored.ID.String())}
				return nil
			}
			if wrong = a.problems(err); wrong == nil {
				return err
			}
		}
		out = reply{status: http.StatusUnprocessableEntity, name: "form", view: s.formView(r, a, x, wrong)}
		return nil
	})
	if err == nil {
		s.send(w, r, out)
	}
	return err
}

// change saves everything about an action.
func (s *Service) change(w http.ResponseWriter, r *http.Request) error {
	return s.save(w, r, func(_ reader, a ask, form url.Values, x Action) (Action, []problem, error) {
		if !a.visit.Can(web.ActDecide) {
			return x, nil, errForbidden
		}
		changed, wrong := a.parse(form, x)
		return changed, wrong, nil
	})
}

// step takes an action one step on, and moves its due date.
func (s *Service) step(w http.ResponseWriter, r *http.Request) error {
	return s.save(w, r, func(rd reader, a ask, form url.Values, x Action) (Action, []problem, error) {
		if !a.moves(x) {
			return x, nil, errForbidden
		}
		return s.stepped(r, rd, a, form, x)
	})
}

func (s *Service) stepped(r *http.Request, rd reader, a ask, form url.Values, x Action) (Action, []problem, error) {
	next := State(form.Get("state"))
	if next == "" {
		next = x.State
	}
	changed, err := x.Step(next, a.today)
	if err != nil {
		return x, a.problems(err), nil
	}
	if due := form.Get("due_on"); due != "" && a.visit.Can(web.ActDecide) {
		d, err := time.Parse(time.DateOnly, due)
		if err != nil {
			return x, []problem{{"due_on", a.locale.T("invalid.date")}}, nil
		}
		changed.DueOn = d
	}
	if next != Evaluated {
		return changed, nil, nil
	}
	changed.Conclusion = strings.TrimSpace(form.Get("conclusion"))
	changed, err = s.withEffect(r, rd, a, changed)
	return changed, nil, err
}

// withEffect keeps what was measured with what was concluded from it: late reports change neither.
func (s *Service) withEffect(r *http.Request, rd reader, a ask, x Action) (Action, error) {
	measured, err := rd.measure(r.Context(), []Action{x}, a.ref.town, s.words, a.today)
	if err != nil {
		return x, err
	}
	if m, ok := measured[x.ID]; ok {
		if x.Effect, err = json.Marshal(m); err != nil {
			return x, fmt.Errorf("write effect of action %s: %w", x.ID, err)
		}
	}
	return x, nil
}

// save applies a form to an action as the form's sender saw it. Who comes second is shown both.
func (s *Service) save(w http.ResponseWriter, r *http.Request, apply func(reader, ask, url.Values, Action) (Action, []problem, error)) error {
	visit, form, err := s.posted(w, r)
	if err != nil {
		return err
	}
	var out reply
	err = s.as(r.Context(), visit, web.LanguageOf(r), func(rd reader, a ask) error {
		stored, err := shown(r, rd, a)
		if err != nil {
			return err
		}
		changed, wrong, err := apply(rd, a, form, stored)
		if err != nil {
			return err
		}
		version, err := strconv.Atoi(form.Get("version"))
		if err != nil {
			return errForbidden // no form of ours is without
		}
		if version != stored.Version {
			out = reply{status: http.StatusConflict, name: "conflict", view: a.conflict(r, form, stored, changed, wrong)}
			return nil
		}
		if len(wrong) == 0 {
			_, err = rd.change(r.Context(), changed, by(visit.Viewer), a.now)
			if err == nil {
				out = reply{to: a.to("/atgarder/" + stored.ID.String())}
				return nil
			}
			var conflict *Conflict
			if errors.As(err, &conflict) { // somebody saved between our reading and our writing
				out = reply{status: http.StatusConflict, name: "conflict", view: a.conflict(r, form, conflict.Stored, changed, nil)}
				return nil
			}
			if wrong = a.problems(err); wrong == nil {
				return err
			}
		}
		out, err = s.again(r, rd, a, changed, wrong)
		return err
	})
	if err == nil {
		s.send(w, r, out)
	}
	return err
}

// again shows the page that the form stands on with what is wrong with it. Nothing that was typed is lost.
func (s *Service) again(r *http.Request, rd reader, a ask, x Action, wrong []problem) (reply, error) {
	if !strings.HasSuffix(r.URL.Path, "/lage") {
		return reply{status: http.StatusUnprocessableEntity, name: "form", view: s.formView(r, a, x, wrong)}, nil
	}
	stored, err := shown(r, rd, a)
	if err != nil {
		return reply{}, err
	}
	view, err := s.showView(r, rd, a, stored)
	view.Problems, view.Typed = wrong, r.PostForm.Get("conclusion")
	return reply{status: http.StatusUnprocessableEntity, name: "show", view: view}, err
}

// conflictView is the page for who saved second: what is stored beside what they wanted.
type conflictView struct {
	Page  web.Page
	Lead  string
	Table web.Table
	// To takes the hidden fields of the second form with the stored version: it saves theirs after all.
	To      string
	Version int
	Hidden  []choice
	CanSave bool
	Stored  web.Link
}

func (a ask) conflict(r *http.Request, form url.Values, stored, wanted Action, wrong []problem) conflictView {
	l := a.locale
	who := l.T("conflict.lead", l.Moment(stored.ChangedAt))
	v := conflictView{
		Page: a.page(r, l.T("conflict.title")), Lead: who, To: r.URL.RequestURI(), Version: stored.Version, CanSave: len(wrong) == 0,
		Stored: web.Link{Href: a.to("/atgarder/" + stored.ID.String()), Text: l.T("conflict.keep")},
		Table:  web.Table{Caption: l.T("conflict.caption"), Head: []web.Cell{web.Name(l.T("conflict.field")), web.Name(l.T("conflict.stored")), web.Name(l.T("conflict.yours"))}},
	}
	for _, field := range append([]string{"state"}, fieldNames...) {
		if field == "level" {
			continue
		}
		if theirs, yours := a.value(stored, field), a.value(wanted, field); theirs != yours {
			v.Table.Rows = append(v.Table.Rows, []web.Cell{web.Name(capital(l.T("field." + field))), web.Name(theirs), web.Name(yours)})
		}
	}
	for name, values := range form {
		if name != "version" && len(values) > 0 {
			v.Hidden = append(v.Hidden, choice{Value: values[0], Text: name})
		}
	}
	slices.SortFunc(v.Hidden, func(x, y choice) int { return strings.Compare(x.Text, y.Text) })
	return v
}

// value is a field of an action as people read it.
func (a ask) value(x Action, field string) string {
	switch field {
	case "state":
		return in(x.State.Text(), a.lang)
	case "area":
		return a.where(x.Area)
	case "group":
		return x.Group
	case "problem":
		return x.Problem
	case "cause":
		return x.Cause
	case "measure":
		return in(x.Measure.Text(), a.lang)
	case "measure_text":
		return x.MeasureText
	case "owner_agency":
		return a.ref.agency(x.OwnerAgency)
	case "owner_person":
		p, _ := a.ref.person(x.OwnerPerson)
		return p.Name
	case "start_on":
		return dateField(&x.StartOn)
	case "due_on":
		return dateField(&x.DueOn)
	case "expected_effect":
		return x.ExpectedEffect
	case "follow_up_on":
		return dateField(x.FollowUpOn)
	case "control_area":
		return a.where(x.ControlArea)
	case "weeks":
		return strconv.Itoa(x.Weeks)
	}
	return x.Conclusion
}
