// SPDX-License-Identifier: EUPL-1.2

package meeting

import (
	"net/http"
	"strings"
	"time"

	"samsyn/internal/privacy"
	"samsyn/internal/web"
	"samsyn/services/review/action"
	"samsyn/services/review/meeting/agenda"
)

// adjustAfter is how long minutes can be objected to.
const adjustAfter = 7 * 24 * time.Hour

// longestNotes is the length of the notes in characters.
const longestNotes = 20000

// minutesView is the minutes, on the screen and on paper.
type minutesView struct {
	Page              web.Page
	Title, When       string
	State             string
	Running           bool
	Room              room
	Table             web.Table
	Empty             string
	Next, Basis       string
	Notes, Stored     string // what is in the field, and what is stored if that is something else
	Problem           string
	Version           int
	May, Editable     bool
	Note, Adjust      string
	Protocol, Picture string
	Printed           string
}

func (s *Service) showMinutes(c *call) (answer, error) {
	m, err := c.mine()
	if err != nil {
		return answer{}, err
	}
	if m.State == planned {
		return answer{to: c.at(m.Meeting, "")}, nil
	}
	v, err := s.minutes(c, m)
	return answer{template: "minutes", view: v}, err
}

func (s *Service) minutes(c *call, m meeting) (minutesView, error) {
	l := c.locale
	a, err := agendaOf(m)
	if err != nil {
		return minutesView{}, err
	}
	decisions, err := c.store.decisions(c.Context(), m.Meeting)
	if err != nil {
		return minutesView{}, err
	}
	week, _ := web.ParseWeek(a.Week)
	title := l.T("title.minutes", l.WeekYear(week), c.town.Name)
	v := minutesView{
		Page: c.newPage(title), Title: title, When: l.T("minutes.began", l.LongDay(*m.StartedAt), l.Clock(*m.StartedAt)), State: l.T("state." + m.State),
		Running: m.State == running, Table: s.paragraphs(l, decisions), Notes: m.Notes, Version: m.Version, May: c.visit.Can(web.ActDecide),
		Basis: l.T("locked", l.Moment(a.FrozenAt), l.Int(a.Version)), Note: c.at(m.Meeting, "/anteckning"), Adjust: c.at(m.Meeting, "/justera"),
		Protocol: c.at(m.Meeting, ""), Picture: c.href("/lagesbild/" + a.Week), Printed: l.T("printed", l.Moment(c.now)),
	}
	v.Editable = v.May && m.State == ended
	if len(decisions) == 0 {
		v.Empty = l.T("minutes.none")
	}
	switch {
	case m.AdjustedAt != nil:
		v.State = l.T("minutes.adjusted", l.LongDay(*m.AdjustedAt))
	case m.EndedAt != nil:
		v.When += l.T("minutes.ended", l.Clock(*m.EndedAt))
		v.State = l.T("minutes.open", l.LongDay(m.EndedAt.Add(adjustAfter)))
	}
	if m.NextAt != nil {
		v.Next = l.T("next", l.Weekday(*m.NextAt), l.LongDay(*m.NextAt), l.Clock(*m.NextAt))
	}
	v.Room, err = s.room(c, m.Meeting)
	return v, err
}

// paragraphs are the decisions as a table: §, what, whose, until when.
func (s *Service) paragraphs(l web.Locale, decisions []agenda.Decision) web.Table {
	t := web.Table{Caption: l.T("minutes.decisions"), Head: []web.Cell{
		web.Name(l.T("minutes.number")), web.Name(l.T("minutes.what")), web.Name(l.T("minutes.owner")), web.Name(l.T("minutes.due")),
	}}
	for _, d := range decisions {
		due := d.DueOn
		if d.Kind == agenda.Done {
			due = l.T("minutes.done")
		}
		t.Rows = append(t.Rows, []web.Cell{web.Name("§ " + l.Int(d.Number)), web.Name(s.row(l, d)), web.Name(d.OwnerName), web.Name(due)})
	}
	return t
}

// note writes the notes of the minutes, while the meeting runs and until they are adjusted. Somebody else's are shown beside what was
// typed, which stays in the field.
func (s *Service) note(c *call) (answer, error) {
	m, err := c.store.lock(c.Context(), c.id())
	if err != nil {
		return answer{}, err
	}
	typed := strings.TrimSpace(strings.ReplaceAll(c.PostFormValue("notes"), "\r\n", "\n"))
	problem, status := "", http.StatusUnprocessableEntity
	switch {
	case m.State != running && m.State != ended:
		return answer{}, errChanged
	case version(c) != m.Version:
		problem, status = c.locale.T("conflict.notes", c.locale.Clock(m.UpdatedAt)), http.StatusConflict
	case len([]rune(typed)) > longestNotes:
		problem = c.locale.T("invalid.long")
	case len(privacy.Screen(typed)) > 0:
		problem = c.locale.T("invalid.personal")
	}
	if problem != "" {
		v, err := s.minutes(c, m)
		if err != nil {
			return answer{}, err
		}
		v.Problem, v.Notes, v.Editable = problem, typed, true
		if status == http.StatusConflict {
			v.Stored = m.Notes
		}
		return answer{}, &refusal{status: status, template: "minutes", view: v}
	}
	return answer{to: c.at(m.Meeting, "/protokoll")}, c.store.writeNotes(c.Context(), m.Meeting, m.Version, typed, c.now)
}

// end ends the meeting: state, next meeting and every mail are one transaction.
func (s *Service) end(c *call) (answer, error) {
	m, err := c.locked(running)
	if err != nil {
		return answer{}, err
	}
	week := c.following(m)
	if err := c.store.end(c.Context(), m.Meeting, m.Version, c.by(), c.town.Rhythm.Meeting(week), c.now); err != nil {
		return answer{}, err
	}
	if err := plan(c.Context(), c.store, c.town, week, c.now); err != nil {
		return answer{}, err
	}
	return answer{to: c.at(m.Meeting, "/protokoll")}, s.tell(c, m, week)
}

// following is the week that the meeting after this one looks at.
func (c *call) following(m meeting) web.Week {
	after := m.EndsAt
	if c.now.After(after) {
		after = c.now
	}
	return c.town.Rhythm.Next(after)
}

// adjust makes the minutes final.
func (s *Service) adjust(c *call) (answer, error) {
	m, err := c.locked(ended)
	if err != nil {
		return answer{}, err
	}
	if version(c) != m.Version {
		return answer{}, errChanged
	}
	return answer{to: c.at(m.Meeting, "/protokoll")}, c.store.adjust(c.Context(), m.Meeting, m.Version, c.by(), c.now)
}

// ownersOf are who is told of an action: its person, else those of the agency who lead it or are in the review.
func ownersOf(c *call, d agenda.Decision) ([]member, action.Action, error) {
	id, err := actionOf(c, d)
	if err != nil {
		return nil, action.Action{}, err
	}
	a, err := action.GetTx(c.Context(), c.store.tx, c.viewer.Municipality, id)
	if err != nil {
		return nil, a, err
	}
	people, err := c.store.owners(c.Context(), a.OwnerAgency, a.OwnerPerson)
	return people, a, err
}
