// SPDX-License-Identifier: EUPL-1.2

package meeting

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"samsyn/internal/web"
	"samsyn/services/review/action"
	"samsyn/services/review/meeting/agenda"
)

const wallTemplate = "wall"

// refreshSeconds is how often the wall looks where the secretary is.
const refreshSeconds = 3

// Most of what one page of the wall has, so that it stays under sixty words that are read from six metres away.
const (
	mostNames = 3
	// A silent unit has two names: its agency and its own.
	mostSilent = 2
	mostLines  = 4
	// mostWords are of the paragraphs on the last page.
	mostWords = 28
)

// wallView is one page of the wall. It is drawn from the agenda, the paragraphs and the names of agencies in the room, none of which
// has a place for what people wrote.
type wallView struct {
	Lang, Title, StyleSheet string
	Refresh                 int // seconds; 0 stays on the item
	Where, Clock            string
	Head                    string
	Number, Against, Usual  string
	Picture                 template.HTML
	PictureText             string
	Lines                   []string
	Question                string
	Said, SaidWord          string
	Foot                    string
	Nav                     string
	Previous, Next, Follow  *web.Link
}

// showWall shows the item that the secretary is on, or with ?item= that one.
func (s *Service) showWall(c *call) (answer, error) {
	m, err := c.mine()
	if err != nil {
		return answer{}, err
	}
	l := c.locale
	v := wallView{
		Lang: l.Lang, StyleSheet: c.newPage("").StyleSheet(), Refresh: refreshSeconds, Clock: l.Clock(c.now), Foot: l.T("wall.foot"), Nav: l.T("wall.nav"),
		Title: l.T("title.wall", l.WeekYear(web.WeekOf(m.Week))),
	}
	if m.State != running {
		v.Head = l.T("wall.waiting")
		if m.State != planned {
			v.Head = l.T("wall.over")
		}
		return answer{template: wallTemplate, view: v}, nil
	}
	a, err := agendaOf(m)
	if err != nil {
		return answer{}, err
	}
	decisions, err := c.store.decisions(c.Context(), m.Meeting)
	if err != nil {
		return answer{}, err
	}
	sitting, err := s.room(c, m.Meeting)
	if err != nil {
		return answer{}, err
	}
	at := max(a.At(m.Item), 0)
	if manual := c.URL.Query().Get("item"); manual != "" {
		if at = a.At(manual); at < 0 {
			return answer{}, errUnknown
		}
		v.Refresh, v.Follow = 0, &web.Link{Href: c.at(m.Meeting, "/visa"), Text: l.T("wall.follow")}
	}
	v.links(c, m, a, at)
	s.draw(c, &v, m, a, at, decisions, sitting)
	return answer{template: wallTemplate, view: v}, nil
}

func (v *wallView) links(c *call, m meeting, a agenda.Agenda, at int) {
	if at > 0 {
		v.Previous = &web.Link{Href: c.at(m.Meeting, "/visa", "item", a.Items[at-1].Key), Text: c.locale.T("wall.previous")}
	}
	if at+1 < len(a.Items) {
		v.Next = &web.Link{Href: c.at(m.Meeting, "/visa", "item", a.Items[at+1].Key), Text: c.locale.T("wall.next")}
	}
}

// draw fills the page with one item, as far as everyone in the room may see it.
func (s *Service) draw(c *call, v *wallView, m meeting, a agenda.Agenda, at int, decisions []agenda.Decision, sitting room) {
	l := c.locale
	item := a.Items[at]
	week, _ := web.ParseWeek(a.Week)
	parts := a.Parts()
	v.Where = l.T("wall.where", l.Week(week), l.Int(1+slices.Index(parts, item.Part)), l.Int(len(parts)))
	v.Head = l.T("part." + string(item.Part))
	if !sitting.rights.Shows(item) {
		v.Lines = []string{l.T("wall.hidden")}
		return
	}
	switch item.Part {
	case agenda.Opening:
		v.opening(c, a, sitting)
	case agenda.FollowUp:
		v.due(l, *item.Due)
	case agenda.Picture:
		s.drawPicture(l, v, a)
	case agenda.Places:
		s.drawPlace(l, v, a, *item.Place)
	case agenda.Ahead:
		for _, n := range a.Announced[:min(len(a.Announced), mostLines)] {
			n.Where = n.Where[:min(len(n.Where), 1)]
			v.Lines = append(v.Lines, announcement(l, n))
		}
	case agenda.Questions:
		v.Lines = []string{l.T("wall.question")}
	case agenda.Closing:
		s.drawClosing(c, v, c.town.Rhythm.Meeting(c.following(m)), decisions, sitting)
	}
	for _, d := range decisions {
		if d.Subject == item.Key {
			v.SaidWord, v.Said, v.Question = l.T("wall.decision"), s.brief(l, d), "" // the question is answered
		}
	}
}

func (v *wallView) opening(c *call, a agenda.Agenda, sitting room) {
	l := c.locale
	v.Lines = append(v.Lines, l.T("wall.reported", l.Int(a.Coverage.Heard), l.Int(a.Coverage.Of)))
	var silent []string
	for _, source := range a.Coverage.Silent {
		silent = append(silent, source.Name)
	}
	if len(silent) > 0 {
		v.Lines = append(v.Lines, l.T("wall.silent", list(c, silent, mostSilent)))
	}
	if len(sitting.Present) > 0 {
		v.Lines = append(v.Lines, l.T("wall.present", list(c, sitting.Present, mostNames)))
	}
	v.Lines = append(v.Lines, l.T("wall.locked", l.Moment(a.FrozenAt)))
}

func (v *wallView) due(l web.Locale, d agenda.Due) {
	v.Head = l.T("item.place", in(l, action.Measure(d.Measure).Text()), d.Name)
	v.Lines = []string{l.T("wall.owner", d.OwnerName), l.T("due.on", d.DueOn)}
	if d.Late > 0 {
		v.Lines = append(v.Lines, l.N("late", d.Late))
	}
	v.Question = l.T("wall.ask.due")
}

func (s *Service) drawPicture(l web.Locale, v *wallView, a agenda.Agenda) {
	v.Number = l.Int(a.Totals.Incidents)
	v.Against = l.T("expected.unknown")
	if e := a.Totals.Expected; e != nil {
		v.Against, v.Usual = l.T("wall.against", l.About(e.Mean)), l.T("wall.usual", l.Range(e.Low, e.High))
	}
	for _, change := range a.Changes[:min(len(a.Changes), mostLines)] {
		v.Lines = append(v.Lines, s.change(l, change))
	}
	v.Question = l.T("wall.ask.picture")
}

func (s *Service) drawPlace(l web.Locale, v *wallView, a agenda.Agenda, p agenda.Place) {
	v.Where = l.T("wall.place", v.Where, l.Int(p.Number), l.Int(len(a.Of(agenda.Places))))
	v.Head = l.T("wall.head", p.Name, s.lower(l, p.Group, p.Category))
	v.Number, v.Against, v.Usual = l.Int(p.Observed), l.T("wall.against", l.About(p.Expected.Mean)), l.T("wall.usual", l.Range(p.Expected.Low, p.Expected.High))
	v.Picture, v.PictureText = sparkline(p.Weeks), l.T("wall.weeks", l.Int(len(p.Weeks)))
	for _, peak := range p.Peaks {
		v.Lines = append(v.Lines, s.peak(l, peak))
	}
	v.Lines = append(v.Lines, l.N("seenby", p.Agencies))
	v.Question = l.T("wall.ask.place")
	if p.Returned {
		v.Question = l.T("wall.ask.returned")
	}
}

// drawClosing has the first paragraphs; the rest is read from the minutes.
func (s *Service) drawClosing(c *call, v *wallView, next time.Time, decisions []agenda.Decision, sitting room) {
	l := c.locale
	decisions = slices.DeleteFunc(slices.Clone(decisions), func(d agenda.Decision) bool { return !sitting.rights.ShowsDecision(d) })
	words := 0
	for _, d := range decisions {
		line := l.T("paragraph", l.Int(d.Number), l.T("item.place", d.Name, s.brief(l, d)))
		if words += len(strings.Fields(line)); words > mostWords {
			break
		}
		v.Lines = append(v.Lines, line)
	}
	if more := len(decisions) - len(v.Lines); more > 0 {
		v.Lines = append(v.Lines, l.N("wall.more", more))
	}
	if len(decisions) == 0 {
		v.Lines = []string{l.T("minutes.none")}
	}
	v.Question = l.T("next", l.Weekday(next), l.LongDay(next), l.Clock(next))
}

// The columns of the half year, in units.
const (
	sparkWidth  = 520
	sparkHeight = 160
	sparkGap    = 4
)

// sparkline draws columns with the last one marked. Its numbers stand on the page of the place.
func sparkline(weeks []int) template.HTML {
	if len(weeks) == 0 {
		return ""
	}
	top := max(slices.Max(weeks), 1)
	slot := sparkWidth / len(weeks)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="spark" viewBox="0 0 %d %d" aria-hidden="true">`, sparkWidth, sparkHeight)
	for i, n := range weeks {
		height := n * (sparkHeight - 2) / top
		class := "column"
		if i == len(weeks)-1 {
			class = "column marked"
		}
		fmt.Fprintf(&b, `<rect class="%s" x="%d" y="%d" width="%d" height="%d"/>`, class, i*slot, sparkHeight-2-height, slot-sparkGap, height+2)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) // numbers and classes of our own
}

// sendWall answers with the wall, which has no layout around it. While it follows the secretary it is fetched again and again: by the
// header, which a browser treats as the meta element, so that the one page that stays on one item is the same without it.
func (s *Service) sendWall(w http.ResponseWriter, r *http.Request, view any) {
	if v, ok := view.(wallView); ok && v.Refresh > 0 {
		w.Header().Set("Refresh", strconv.Itoa(v.Refresh))
	}
	var b bytes.Buffer
	if err := s.wall.Execute(&b, view); err != nil {
		s.config.Logger.ErrorContext(r.Context(), "wall not rendered", "error", err)
		s.templates.Error(w, r, http.StatusInternalServerError)
		return
	}
	web.Send(w, r, http.StatusOK, "text/html; charset=utf-8", b.Bytes())
}
