// SPDX-License-Identifier: EUPL-1.2

package meeting

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"samsyn/events"
	"samsyn/internal/web"
	"samsyn/services/review/action"
	"samsyn/services/review/meeting/agenda"
	"samsyn/services/review/position"
)

// protocolView is the secretary's page.
type protocolView struct {
	Page                web.Page
	Title, Locked, Late string
	May                 bool
	Version             int
	Move, Attend        string
	Save, Follow, End   string
	Note, Wall, Minutes string
	Parts               []agendaPart
	Head, Text          string
	Facts               []string
	Link                *web.Link
	Previous, Next      string
	Place               *placeForm
	Due                 *dueForm
	Said                string // what is decided on this item
	Saved               string
	Problem             string // why nothing was saved, first on the page
	Conflict            string
	Paragraphs          []string
	Room                room
	Notes               string
	NextMeeting         string
	next                time.Time
}

// agendaPart is a part of the agenda with its items; one item alone is the part itself.
type agendaPart struct {
	Number, Text, Minutes string
	Key                   string // of its first item
	Current, Done         bool
	Items                 []agendaLine
}

type agendaLine struct {
	Key, Text     string
	Current, Done bool
}

// choice is one option of a form.
type choice struct {
	Code, Text string
	Chosen     bool
}

// placeForm is the decision form about a place; it has the fields of all four kinds.
type placeForm struct {
	Flag     string
	Version  int
	Kinds    []choice
	Measures []choice
	Agencies []choice
	Weeks    []choice
	Reasons  []choice
	Forums   []choice
	Typed    typed
}

// dueForm is the form about an action.
type dueForm struct {
	Action  string
	Version int
	DueOn   string
	State   string
}

// agendaOf is the frozen agenda of a meeting that has begun.
func agendaOf(m meeting) (a agenda.Agenda, err error) {
	if err = json.Unmarshal(m.Agenda, &a); err != nil {
		return a, fmt.Errorf("read agenda of meeting %s: %w", m.Meeting, err)
	}
	return a, nil
}

// protocol is the page while the meeting runs, at the item that is talked about.
func (s *Service) protocol(c *call, m meeting, t typed) (answer, error) {
	l := c.locale
	a, err := agendaOf(m)
	if err != nil {
		return answer{}, err
	}
	decisions, err := c.store.decisions(c.Context(), m.Meeting)
	if err != nil {
		return answer{}, err
	}
	questions, err := c.store.questions(c.Context(), m.Meeting)
	if err != nil {
		return answer{}, err
	}
	week, _ := web.ParseWeek(a.Week)
	title := l.T("title.protocol", l.WeekYear(week))
	v := protocolView{
		Page: c.newPage(title), Title: title, May: c.visit.Can(web.ActDecide), Version: m.Version, Notes: m.Notes, Problem: t.Problem, Conflict: t.Conflict,
		Locked: l.T("locked", l.Moment(a.FrozenAt), l.Int(a.Version)),
		Move:   c.at(m.Meeting, "/punkt"), Attend: c.at(m.Meeting, "/narvaro"), Save: c.at(m.Meeting, "/beslut"), Follow: c.at(m.Meeting, "/uppfoljning"),
		End: c.at(m.Meeting, "/avsluta"), Note: c.at(m.Meeting, "/anteckning"), Wall: c.at(m.Meeting, "/visa"), Minutes: c.at(m.Meeting, "/protokoll"),
	}
	late, err := c.store.late(c.Context(), m.Week, a.Version)
	if err != nil {
		return answer{}, err
	}
	if late > 0 {
		v.Late = l.N("came.late", late)
	}
	at := max(a.At(m.Item), 0)
	item := a.Items[at]
	if at > 0 {
		v.Previous = a.Items[at-1].Key
	}
	if at+1 < len(a.Items) {
		v.Next = a.Items[at+1].Key
	}
	v.Parts = s.parts(l, a, at, m, decisions, questions)
	v.Head = s.head(l, a, item, questions)
	for _, d := range decisions {
		v.Paragraphs = append(v.Paragraphs, l.T("paragraph", l.Int(d.Number), s.sentence(l, d)))
		if d.Subject == item.Key {
			v.Said, v.Saved = s.sentence(l, d), l.T("saved", l.Clock(d.At))
		}
	}
	next := c.town.Rhythm.Meeting(c.following(m))
	v.NextMeeting, v.next = l.T("next", l.Weekday(next), l.LongDay(next), l.Clock(next)), next
	if err := s.body(c, &v, a, item, t); err != nil {
		return answer{}, err
	}
	if v.Room, err = s.room(c, m.Meeting); err != nil {
		return answer{}, err
	}
	return answer{template: "protocol", view: v}, nil
}

func (s *Service) parts(l web.Locale, a agenda.Agenda, at int, m meeting, decisions []agenda.Decision, questions []question) []agendaPart {
	decided := map[string]bool{}
	for _, d := range decisions {
		decided[d.Subject] = true
	}
	var all []agendaPart
	for n, p := range a.Parts() {
		part := agendaPart{Number: l.Int(n + 1), Text: l.T("part." + string(p))}
		if minutes := agenda.Minutes(p, m.EndsAt.Sub(m.StartsAt)); minutes > 0 {
			part.Minutes = l.T("minutes", l.Int(minutes))
		}
		items := a.Of(p)
		part.Key = items[0].Key
		part.Done = a.At(items[len(items)-1].Key) < at
		for _, i := range items {
			here := a.At(i.Key) == at
			if text := s.itemText(l, i, questions); text != "" {
				part.Items = append(part.Items, agendaLine{Key: i.Key, Text: text, Current: here, Done: decided[i.Key]})
			} else {
				part.Current = here
			}
		}
		all = append(all, part)
	}
	return all
}

func (s *Service) head(l web.Locale, a agenda.Agenda, item agenda.Item, questions []question) string {
	text := s.itemText(l, item, questions)
	if item.Place != nil {
		return l.T("head.place", l.Int(item.Place.Number), l.Int(len(a.Of(agenda.Places))), text)
	}
	if text == "" {
		return l.T("part." + string(item.Part))
	}
	return text
}

// body is what the page has about the item, and the form that belongs to it.
func (s *Service) body(c *call, v *protocolView, a agenda.Agenda, item agenda.Item, t typed) error {
	l := c.locale
	switch item.Part {
	case agenda.Opening:
		v.Text = l.T("coverage", l.Int(a.Coverage.Heard), l.Int(a.Coverage.Of))
		for _, silent := range a.Coverage.Silent {
			v.Facts = append(v.Facts, l.T("silent", silent.Name))
		}
	case agenda.FollowUp:
		return s.dueBody(c, v, *item.Due)
	case agenda.Picture:
		v.Text = totals(l, a.Totals)
		for _, change := range a.Changes {
			v.Facts = append(v.Facts, s.change(l, change))
		}
		v.Link = &web.Link{Href: c.href("/lagesbild/" + a.Week), Text: l.T("open.picture")}
	case agenda.Places:
		return s.placeBody(c, v, *item.Place, t)
	case agenda.Ahead:
		for _, n := range a.Announced {
			v.Facts = append(v.Facts, announcement(l, n))
		}
	case agenda.Questions:
	case agenda.Closing:
		v.Text = l.T("closing.text")
		for _, p := range a.Rest {
			v.Facts = append(v.Facts, l.T("rest", s.placeText(l, p)))
		}
	}
	return nil
}

func (s *Service) dueBody(c *call, v *protocolView, d agenda.Due) error {
	l := c.locale
	stored, err := action.GetTx(c.Context(), c.store.tx, c.viewer.Municipality, d.Action)
	if errors.Is(err, action.ErrUnknown) {
		return nil // it is not there for this viewer
	}
	if err != nil {
		return err
	}
	v.Text = l.T("due.on", stored.DueOn.Format(time.DateOnly))
	if d.Late > 0 {
		v.Text += " " + l.N("late", d.Late)
	}
	for key, text := range map[string]string{"due.problem": stored.Problem, "due.what": stored.MeasureText, "due.effect": stored.ExpectedEffect} {
		if text != "" {
			v.Facts = append(v.Facts, l.T(key, text))
		}
	}
	v.Facts = alphabetical(v.Facts, func(s string) string { return s })
	v.Link = &web.Link{Href: c.href("/atgarder/" + d.Action.String()), Text: l.T("open.action")}
	if v.May && stored.State.Open() {
		v.Due = &dueForm{Action: d.Action.String(), Version: stored.Version, DueOn: v.next.Format(time.DateOnly), State: in(l, stored.State.Text())}
	}
	return nil
}

func (s *Service) placeBody(c *call, v *protocolView, p agenda.Place, t typed) error {
	l := c.locale
	v.Text = l.T("against", l.Int(p.Observed), l.About(p.Expected.Mean), l.Range(p.Expected.Low, p.Expected.High))
	v.Facts = append(v.Facts, l.N("seenby", p.Agencies))
	for _, peak := range p.Peaks {
		v.Facts = append(v.Facts, s.peak(l, peak))
	}
	v.Link = &web.Link{Href: c.href("/plats/" + p.Flag.String()), Text: l.T("open.place")}
	if !v.May {
		return nil
	}
	taken, err := c.store.position(c.Context(), p.Flag)
	if err != nil {
		return err
	}
	agencies, err := c.store.agencies(c.Context())
	if err != nil {
		return err
	}
	v.Place = placeFormOf(c, p, taken.Version, agencies, v.next, t)
	return nil
}

// placeFormOf is filled with what was typed, else with what is usual. version is of the position that there is; 0 is none.
func placeFormOf(c *call, p agenda.Place, version int, agencies []agency, next time.Time, t typed) *placeForm {
	l := c.locale
	f := &placeForm{Flag: p.Flag.String(), Version: version}
	if t.Kind == "" {
		t.Kind, t.Due, t.Until = string(position.Act), next.Format(time.DateOnly), web.WeekOf(next).Add(2).String()
	}
	f.Typed = t
	f.Kinds = options(l, position.Kinds(), t.Kind, position.Kind.Text)
	f.Measures = options(l, action.Measures(), t.Measure, action.Measure.Text)
	f.Reasons = options(l, position.Reasons(), t.Reason, position.Reason.Text)
	f.Forums = options(l, position.Forums(), t.To, position.Forum.Text)
	for _, a := range alphabetical(agencies, func(a agency) string { return a.Name }) {
		f.Agencies = append(f.Agencies, choice{Code: a.Agency, Text: a.Name, Chosen: a.Agency == t.Owner})
	}
	for n := range 12 {
		week := web.WeekOf(c.now).Add(n + 1)
		f.Weeks = append(f.Weeks, choice{Code: week.String(), Text: l.WeekYear(week), Chosen: week.String() == t.Until})
	}
	return f
}

// options are the codes of a closed list, with what people call them.
func options[C ~string](l web.Locale, all []C, chosen string, text func(C) events.Text) []choice {
	list := make([]choice, len(all))
	for i, code := range all {
		list[i] = choice{Code: string(code), Text: in(l, text(code)), Chosen: string(code) == chosen}
	}
	return list
}
