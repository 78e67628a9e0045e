// SPDX-License-Identifier: EUPL-1.2

package meeting

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"samsyn/internal/web"
	"samsyn/services/review/action"
	"samsyn/services/review/meeting/agenda"
	"samsyn/services/review/position"
)

// typed is what somebody typed into a form that was not saved.
type typed struct {
	Kind, Measure, MeasureText, Owner, Due, Until, Reason, To, Note string
	Problem, Conflict                                               string
}

// moveTo goes to an item of the agenda: the wall follows.
func (s *Service) moveTo(c *call) (answer, error) {
	m, err := c.mine()
	if err != nil {
		return answer{}, err
	}
	if m.State != running {
		return answer{}, errChanged
	}
	a, err := agendaOf(m)
	if err != nil {
		return answer{}, err
	}
	item := c.PostFormValue("item")
	if a.At(item) < 0 {
		return answer{}, errUnknown
	}
	return answer{to: c.at(m.Meeting, "") + "#item"}, c.store.moveTo(c.Context(), m.Meeting, item, c.now)
}

// decide takes a position on the place that is talked about, and writes its paragraph, in one transaction.
func (s *Service) decide(c *call) (answer, error) {
	m, err := c.locked(running)
	if err != nil {
		return answer{}, err
	}
	a, err := agendaOf(m)
	if err != nil {
		return answer{}, err
	}
	flag, err := uuid.Parse(c.PostFormValue("flag"))
	at := a.At(agenda.FlagKey(flag))
	if err != nil || at < 0 {
		return answer{}, errUnknown
	}
	t := typedIn(c.Request)
	d := t.decision(flag, version(c))
	d.By, d.At, d.Meeting = c.by(), c.now, &m.Meeting
	before, err := c.store.position(c.Context(), flag)
	if err != nil {
		return answer{}, err
	}
	stored, err := position.DecideTx(c.Context(), c.store.tx, c.viewer.Municipality, d)
	if err != nil {
		return answer{}, s.undecided(c, m, a.Items[at], t, err)
	}
	if err := c.takeBack(m, before, stored); err != nil {
		return answer{}, err
	}
	paragraph, err := s.paragraph(c, *a.Items[at].Place, stored, d.Measure)
	if err != nil {
		return answer{}, err
	}
	return answer{to: c.at(m.Meeting, "") + "#item"}, c.store.decide(c.Context(), m.Meeting, paragraph, c.by())
}

// takeBack cancels the action of a decision that this meeting has just changed its mind about, unless somebody has begun with it. What
// was decided in another meeting goes on.
func (c *call) takeBack(m meeting, before standing, now position.Position) error {
	if before.Action == nil || before.Meeting == nil || *before.Meeting != m.Meeting || now.Action != nil && *now.Action == *before.Action {
		return nil
	}
	a, err := action.GetTx(c.Context(), c.store.tx, c.viewer.Municipality, *before.Action)
	if err != nil || a.Version > 1 {
		return err
	}
	if a, err = a.Step(action.Cancelled, action.Date(c.now)); err != nil {
		return err
	}
	_, err = action.ChangeTx(c.Context(), c.store.tx, a, c.by(), c.now)
	return err
}

// undecided shows the page with what was typed, and why it was not saved.
func (s *Service) undecided(c *call, m meeting, item agenda.Item, t typed, why error) error {
	l := c.locale
	var invalid *position.Invalid
	var conflict *position.Conflict
	status := http.StatusUnprocessableEntity
	switch {
	case errors.As(why, &conflict):
		status = http.StatusConflict
		t.Conflict = l.T("conflict", l.Clock(conflict.Stored.DecidedAt), in(l, conflict.Stored.Kind.Text()))
	case errors.As(why, &invalid):
		t.Problem = l.T("invalid." + invalid.Field)
		if invalid.Why == "personal" || invalid.Why == "long" {
			t.Problem = l.T("invalid." + invalid.Why)
		}
	case errors.Is(why, position.ErrUnknown):
		return errUnknown
	default:
		return why
	}
	m.Item = item.Key
	page, err := s.protocol(c, m, t)
	if err != nil {
		return err
	}
	return &refusal{status: status, template: page.template, view: page.view}
}

func typedIn(r *http.Request) typed {
	return typed{
		Kind: r.PostFormValue("kind"), Measure: r.PostFormValue("measure"), MeasureText: r.PostFormValue("measure_text"), Owner: r.PostFormValue("owner"),
		Due: r.PostFormValue("due"), Until: r.PostFormValue("until"), Reason: r.PostFormValue("reason"), To: r.PostFormValue("to"), Note: r.PostFormValue("note"),
	}
}

// decision is what was typed, as package position takes it. A day or a week that cannot be read is left out, which position refuses.
func (t typed) decision(flag uuid.UUID, version int) position.Decision {
	d := position.Decision{
		Flag: flag, Version: version, Kind: position.Kind(t.Kind), Reason: position.Reason(t.Reason), To: position.Forum(t.To),
		Measure: action.Measure(t.Measure), MeasureText: t.MeasureText, OwnerAgency: t.Owner, Note: t.Note,
	}
	if day, err := time.Parse(time.DateOnly, t.Due); err == nil {
		d.DueOn = day
	}
	if week, ok := web.ParseWeek(t.Until); ok {
		d.Until = week
	}
	return d
}

// version is the one that the form was filled in with.
func version(c *call) int {
	n, err := strconv.Atoi(c.PostFormValue("version"))
	if err != nil {
		return -1
	}
	return n
}

// paragraph is a position as the minutes and the wall have it.
func (s *Service) paragraph(c *call, p agenda.Place, stored position.Position, measure action.Measure) (agenda.Decision, error) {
	d := agenda.Decision{
		Subject: agenda.FlagKey(p.Flag), At: c.now, Kind: agenda.Kind(stored.Kind), Area: p.Area, Name: p.Name, Group: p.Group, Owner: stored.OwnerAgency,
		Reason: string(stored.Reason), To: string(stored.HandedTo),
	}
	if stored.Kind == position.Act {
		d.Measure, d.DueOn = string(measure), stored.DueOn.Format(time.DateOnly)
	}
	if week, ok := stored.Until(); ok {
		d.Until = week.String()
	}
	name, err := c.nameOf(stored.OwnerAgency)
	d.OwnerName = name
	return d, err
}

// nameOf is the name of an agency; its code if there is none.
func (c *call) nameOf(code string) (string, error) {
	agencies, err := c.store.agencies(c.Context())
	for _, a := range agencies {
		if a.Agency == code {
			return a.Name, err
		}
	}
	return code, err
}

// followUp says what becomes of the action that is talked about: it is done, or has a new due date.
func (s *Service) followUp(c *call) (answer, error) {
	m, err := c.locked(running)
	if err != nil {
		return answer{}, err
	}
	a, err := agendaOf(m)
	if err != nil {
		return answer{}, err
	}
	id, err := uuid.Parse(c.PostFormValue("action"))
	at := a.At(agenda.ActionKey(id))
	if err != nil || at < 0 {
		return answer{}, errUnknown
	}
	stored, err := action.GetTx(c.Context(), c.store.tx, c.viewer.Municipality, id)
	if err != nil {
		return answer{}, s.notFollowed(c, m, a.Items[at], err)
	}
	stored.Version = version(c)
	kind, err := step(&stored, c.PostFormValue("what"), c.PostFormValue("due"), c.now)
	if err == nil {
		stored, err = action.ChangeTx(c.Context(), c.store.tx, stored, c.by(), c.now)
	}
	if err != nil {
		return answer{}, s.notFollowed(c, m, a.Items[at], err)
	}
	due := *a.Items[at].Due
	d := agenda.Decision{
		Subject: agenda.ActionKey(id), At: c.now, Kind: kind, Area: due.Area, Name: due.Name, Group: due.Group, Measure: due.Measure, Owner: due.Owner,
		OwnerName: due.OwnerName, DueOn: stored.DueOn.Format(time.DateOnly),
	}
	return answer{to: c.at(m.Meeting, "") + "#item"}, c.store.decide(c.Context(), m.Meeting, d, c.by())
}

// step is what was asked for: an action is done, or due on another day.
func step(a *action.Action, what, due string, now time.Time) (agenda.Kind, error) {
	today := action.Date(now)
	if what == string(agenda.Done) {
		done, err := a.Step(action.Done, today)
		*a = done
		return agenda.Done, err
	}
	day, err := time.Parse(time.DateOnly, due)
	if err != nil || day.Before(today) {
		return "", &action.Invalid{Field: "due_on", Why: "before_start"}
	}
	a.DueOn = day
	return agenda.NewDue, nil
}

func (s *Service) notFollowed(c *call, m meeting, item agenda.Item, why error) error {
	var invalid *action.Invalid
	var t typed
	status := http.StatusUnprocessableEntity
	switch {
	case errors.Is(why, action.ErrConflict):
		status, t.Conflict = http.StatusConflict, c.locale.T("conflict.action")
	case errors.As(why, &invalid):
		t.Problem = c.locale.T("invalid.due")
	case errors.Is(why, action.ErrUnknown):
		return errUnknown
	default:
		return why
	}
	m.Item = item.Key
	page, err := s.protocol(c, m, t)
	if err != nil {
		return err
	}
	return &refusal{status: status, template: page.template, view: page.view}
}
