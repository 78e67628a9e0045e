// SPDX-License-Identifier: EUPL-1.2

package meeting

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"samsyn/internal/privacy"
	"samsyn/internal/web"
	"samsyn/services/review/action"
	"samsyn/services/review/meeting/agenda"
	"samsyn/services/review/situation"
)

const (
	mostMeetings = 60
	historyWeeks = 26
	longestTitle = 120
)

// prepareView is the page before a meeting.
type prepareView struct {
	Page               web.Page
	Title, Lead, Basis string
	May                bool // change it
	Planned, Frozen    bool
	Version            int
	Hide, Ask, Remind  string
	Start, Picture     string
	Items              []preparedItem
	Rest               []string
	Coverage           string
	Silent             []string
	Earlier            []earlier
	Calendar           string
	AskProblem         string
	NoPlaces           string
}

// preparedItem is a line of the agenda. Own is the id of a question of our own.
type preparedItem struct {
	Key, Part, Text string
	Minutes         string
	Hidden, Fixed   bool
	Own             string
}

// earlier is another meeting on the list.
type earlier struct{ Href, Text, State string }

// showNext is the page of the next meeting: the one that runs, or the first one planned that is not long over.
func (s *Service) showNext(c *call) (answer, error) {
	all, err := c.store.meetings(c.Context(), mostMeetings)
	if err != nil {
		return answer{}, err
	}
	next := -1
	for i, m := range all { // the latest comes first
		if m.State == running || m.State == planned && m.EndsAt.Add(12*time.Hour).After(c.now) {
			next = i
		}
	}
	if next < 0 {
		return s.prepare(c, nil, all)
	}
	return s.prepare(c, &all[next], all)
}

// show is the page of one meeting, as far as it has come.
func (s *Service) show(c *call) (answer, error) {
	m, err := c.mine()
	if err != nil {
		return answer{}, err
	}
	switch m.State {
	case planned:
		all, err := c.store.meetings(c.Context(), mostMeetings)
		if err != nil {
			return answer{}, err
		}
		return s.prepare(c, &m, all)
	case running:
		return s.protocol(c, m, typed{})
	default:
		return answer{to: c.at(m.Meeting, "/protokoll")}, nil
	}
}

func (s *Service) prepare(c *call, m *meeting, all []meeting) (answer, error) {
	l := c.locale
	v := prepareView{
		Page: c.newPage(l.T("title.meetings")), Title: l.T("title.meetings"), Lead: l.T("prepare.none"), May: c.visit.Can(web.ActDecide),
		Calendar: c.href("/mote/kalender"),
	}
	for _, other := range all {
		if m == nil || other.Meeting != m.Meeting {
			v.Earlier = append(v.Earlier, c.earlier(other))
		}
	}
	if m == nil {
		return answer{template: "prepare", view: v}, nil
	}
	week := web.WeekOf(m.Week)
	v.Title = l.T("title.meeting", l.WeekYear(week), c.town.Name)
	v.Page.Title = v.Title
	v.Lead = l.T("meeting.when", l.Weekday(m.StartsAt), l.LongDay(m.StartsAt), l.Clock(m.StartsAt), l.Clock(m.EndsAt))
	v.Picture = c.href("/lagesbild/" + week.String())
	if m.State == running {
		v.Start = c.at(m.Meeting, "")
		return answer{template: "prepare", view: v}, nil
	}
	v.Planned, v.Version = true, m.Version
	v.Hide, v.Ask, v.Start, v.Remind = c.at(m.Meeting, "/dolj"), c.at(m.Meeting, "/fraga"), c.at(m.Meeting, "/starta"), c.at(m.Meeting, "/paminn")
	known, err := s.known(c, *m)
	switch {
	case errors.Is(err, situation.ErrUnknown):
		v.Basis = l.T("prepare.notfrozen", l.Week(week))
		return answer{template: "prepare", view: v}, nil
	case err != nil:
		return answer{}, err
	}
	v.Frozen = true
	v.Basis = l.T("prepare.frozen", l.Moment(known.Report.FrozenAt), l.Int(known.Report.Version))
	err = s.fill(c, &v, *m, known)
	return answer{template: "prepare", view: v}, err
}

// fill writes the agenda as it would be, with what was taken out still there to be put back.
func (s *Service) fill(c *call, v *prepareView, m meeting, known agenda.Known) error {
	l := c.locale
	questions, err := c.store.questions(c.Context(), m.Meeting)
	if err != nil {
		return err
	}
	hidden := known.Hidden
	known.Hidden = nil
	a := agenda.Compose(known)
	for _, item := range a.Items {
		line := preparedItem{
			Key: item.Key, Part: l.T("part." + string(item.Part)), Text: s.itemText(l, item, questions), Hidden: slices.Contains(hidden, item.Key),
			Fixed: item.Part == agenda.Opening || item.Part == agenda.Closing,
		}
		if len(v.Items) == 0 || v.Items[len(v.Items)-1].Part != line.Part {
			if minutes := agenda.Minutes(item.Part, m.EndsAt.Sub(m.StartsAt)); minutes > 0 {
				line.Minutes = l.T("minutes", l.Int(minutes))
			}
		}
		if id, ok := agenda.QuestionOf(item.Key); ok {
			line.Own = id.String()
		}
		v.Items = append(v.Items, line)
	}
	for _, p := range a.Rest {
		v.Rest = append(v.Rest, s.placeText(l, p))
	}
	if len(a.Of(agenda.Places)) == 0 {
		v.NoPlaces = l.T("prepare.noplaces")
	}
	v.Coverage = l.T("coverage", l.Int(a.Coverage.Heard), l.Int(a.Coverage.Of))
	for _, silent := range a.Coverage.Silent {
		v.Silent = append(v.Silent, silent.Name)
	}
	return nil
}

func (c *call) earlier(m meeting) earlier {
	l := c.locale
	state := m.State
	if state == planned && m.EndsAt.Before(c.now) {
		state = "missed"
	}
	return earlier{
		Href: c.at(m.Meeting, ""), Text: l.T("meeting.line", l.WeekYear(web.WeekOf(m.Week)), l.Day(m.StartsAt), l.Clock(m.StartsAt)), State: l.T("state." + state),
	}
}

// itemText says in a few words what an item is about, to those who may read what people wrote.
func (s *Service) itemText(l web.Locale, item agenda.Item, questions []question) string {
	switch {
	case item.Place != nil:
		return s.placeText(l, *item.Place)
	case item.Due != nil:
		return s.dueText(l, *item.Due)
	}
	if id, ok := agenda.QuestionOf(item.Key); ok {
		for _, q := range questions {
			if q.Question == id {
				return q.Title
			}
		}
	}
	return ""
}

func (s *Service) placeText(l web.Locale, p agenda.Place) string {
	text := l.T("item.place", p.Name, s.lower(l, p.Group, p.Category))
	if p.Returned {
		text += " (" + l.T("item.returned") + ")"
	}
	return text
}

func (s *Service) dueText(l web.Locale, d agenda.Due) string {
	return l.T("item.due", in(l, action.Measure(d.Measure).Text()), d.Name, d.OwnerName)
}

// lower is what a place was flagged for, in the middle of a sentence.
func (s *Service) lower(l web.Locale, group, category string) string {
	what := []rune(s.words.what(l, group, category))
	if len(what) > 1 {
		what = []rune(strings.ToLower(string(what[:1])) + string(what[1:]))
	}
	return string(what)
}

// known reads what the agenda of a meeting is made from; situation.ErrUnknown if the week is not frozen.
func (s *Service) known(c *call, m meeting) (k agenda.Known, err error) {
	ctx := c.Context()
	picture, err := situation.ReadTx(ctx, c.store.tx, c.viewer.Municipality, web.WeekOf(m.Week), 0)
	if err != nil {
		return agenda.Known{}, err
	}
	k = agenda.Known{Report: picture.Report, Now: c.now}
	if k.Due, err = c.store.due(ctx, action.Date(c.now)); err != nil {
		return k, err
	}
	var flags []uuid.UUID
	for _, p := range k.Report.Places {
		flags = append(flags, p.Flag)
	}
	if k.Taken, err = c.store.taken(ctx, flags); err != nil {
		return k, err
	}
	if k.Returned, err = c.store.returned(ctx); err != nil {
		return k, err
	}
	if k.Hidden, err = c.store.hidden(ctx, m.Meeting); err != nil {
		return k, err
	}
	questions, err := c.store.questions(ctx, m.Meeting)
	for _, q := range questions {
		k.Questions = append(k.Questions, q.Question)
	}
	return k, err
}

// hide takes an item out of the agenda of a meeting that has not begun, or puts it back.
func (s *Service) hide(c *call) (answer, error) {
	m, err := c.before()
	if err != nil {
		return answer{}, err
	}
	item := c.PostFormValue("item")
	if item == "" || len(item) > 64 {
		return answer{}, errUnknown
	}
	return answer{to: c.at(m.Meeting, "")}, c.store.hide(c.Context(), m.Meeting, item, c.PostFormValue("show") == "")
}

// ask adds a question of our own, or takes it back.
func (s *Service) ask(c *call) (answer, error) {
	m, err := c.before()
	if err != nil {
		return answer{}, err
	}
	to := answer{to: c.at(m.Meeting, "")}
	if id, err := uuid.Parse(c.PostFormValue("question")); err == nil {
		return to, c.store.unask(c.Context(), m.Meeting, id)
	}
	title := strings.Join(strings.Fields(c.PostFormValue("title")), " ")
	problem := ""
	switch {
	case title == "":
		return to, nil
	case len([]rune(title)) > longestTitle:
		problem = c.locale.T("invalid.long")
	case len(privacy.Screen(title)) > 0:
		problem = c.locale.T("invalid.personal")
	default:
		return to, c.store.ask(c.Context(), m.Meeting, title, c.now)
	}
	page, err := s.prepare(c, &m, nil)
	if err != nil {
		return answer{}, err
	}
	v, _ := page.view.(prepareView)
	v.AskProblem = problem
	return answer{}, &refusal{status: http.StatusUnprocessableEntity, template: page.template, view: v}
}

// before is the meeting of the address if it has not begun, and locked until the transaction ends.
func (c *call) before() (meeting, error) { return c.locked(planned) }

// locked is the meeting of the address in a state, locked until the transaction ends; errChanged in another.
func (c *call) locked(state string) (meeting, error) {
	m, err := c.store.lock(c.Context(), c.id())
	if err == nil && m.State != state {
		err = errChanged
	}
	return m, err
}

// start freezes the picture if the deadline has not done it yet, makes the agenda and begins. The picture is frozen first, by itself:
// it stays frozen even if the meeting does not begin.
func (s *Service) start(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	var freeze *web.Week
	begin := func(c *call) (answer, error) {
		m, err := c.before()
		if err != nil {
			return answer{}, err
		}
		if version(c) != m.Version {
			return answer{}, errChanged
		}
		known, err := s.known(c, m)
		if errors.Is(err, situation.ErrUnknown) {
			week := web.WeekOf(m.Week)
			freeze = &week
		}
		if err != nil {
			return answer{}, err
		}
		a := agenda.Compose(known)
		if err := s.addHistory(c, &a); err != nil {
			return answer{}, err
		}
		return answer{to: c.at(m.Meeting, "")}, c.store.start(c.Context(), m, a, c.by(), c.now)
	}
	var to answer
	run := func() error {
		return s.within(r, web.ActDecide, func(c *call) (err error) {
			to, err = begin(c)
			return err
		})
	}
	err := run()
	if freeze != nil {
		if err = s.freeze(r, *freeze); err == nil {
			err = run()
		}
	}
	if errors.Is(err, situation.ErrNotOver) || errors.Is(err, situation.ErrUnknown) {
		s.say(w, r, http.StatusConflict, "notfrozen")
		return
	}
	s.answer(w, r, to, err)
}

func (s *Service) freeze(r *http.Request, week web.Week) error {
	visit, _ := web.VisitOf(r.Context())
	viewer := visit.Viewer
	if m := r.URL.Query().Get("m"); m != "" {
		viewer.Municipality = m
	}
	_, _, err := s.situations.Freeze(r.Context(), viewer, viewer.Municipality, week, viewer.Person)
	return err
}

// addHistory adds to each place its half year and when in the week it happens. What is counted is as of now, like the agenda.
func (s *Service) addHistory(c *call, a *agenda.Agenda) error {
	week, _ := web.ParseWeek(a.Week)
	monday := week.Monday(time.UTC)
	for _, item := range a.Items {
		p := item.Place
		if p == nil {
			continue
		}
		categories := s.words.in[p.Group]
		if p.Category != "" {
			categories = []string{p.Category}
		}
		of := counted{level: p.Level, area: p.Area, categories: categories}
		var err error
		if p.Weeks, err = c.store.weeks(c.Context(), of, monday, historyWeeks); err != nil {
			return err
		}
		from, errFrom := time.Parse(time.DateOnly, p.From)
		to, errTo := time.Parse(time.DateOnly, p.To)
		if errFrom != nil || errTo != nil {
			continue // a flag without days has no hours
		}
		if p.Peaks, err = c.store.peaks(c.Context(), of, from, to.AddDate(0, 0, 1)); err != nil {
			return err
		}
	}
	return nil
}
