// SPDX-License-Identifier: EUPL-1.2

package situation

import (
	"cmp"
	"errors"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"samsyn/internal/web"
)

// view is what the template shows: texts, numbers already written, figures.
type view struct {
	Page         web.Page
	locale       web.Locale
	municipality string
	Title        string
	Sub          string
	State        tag
	Notices      []string
	Weeks        []navLink
	Versions     []navLink
	Files        []web.Link
	SHA256       string

	Number, Lead string
	Facts        []string
	Words        wordsView
	Form         *form
	Lock         *lockForm

	Places     []placeView
	Watched    []string
	NoPlaces   string
	MorePlaces string
	Map        template.HTML
	Legend     []web.Swatch
	MapFinding string
	NoPlace    string

	Hours        template.HTML
	HoursFinding string
	HoursNote    string
	Days, Blocks web.Table
	Groups       listing
	Areas        listing
	Trend        web.Figure
	Burdens      listing
	Coverage     listing
	Heard        string
	New          []string
	Weekly       []string
	Coming       []comingView
	MoreComing   string
	FollowUp     listing
	Late         *lateView
	Changed      *lateView
}

type tag struct{ Class, Text string }

type navLink struct {
	Href, Text, Rel string
	Current         bool
}

// listing is a table of which paper shows the first rows, and says how many more there are.
type listing struct {
	web.Table
	Paper int
	More  string
	None  string
}

// lockForm is the button that freezes.
type lockForm struct {
	Action string
	Text   string
	Why    string
}

// lateView is what came after a version, by agency, and what it changed.
type lateView struct {
	Finding string
	Lines   []string
	Table   web.Table
}

// compose makes the page of a week from what is known. It reads nothing and does not look at the clock.
func (s *Service) compose(h shown, a ask) view {
	l := web.NewLocale(a.lang, web.Texts().With(Texts()), h.zone)
	c := composer{h: h, a: a, l: l, r: h.situation.Report, x: s.lexicon}
	v := view{
		locale: l, municipality: a.municipality, Title: l.T("title", l.WeekYear(a.week), c.r.Name), Notices: notices(h.known, l), SHA256: h.situation.SHA256,
		Weeks: c.weekLinks(), Versions: c.versionLinks(), Words: c.words(),
	}
	v.Sub, v.State = c.state()
	v.Files = c.files(s.printer.Available())
	v.Number, v.Lead = c.lead()
	c.places(&v)
	c.hours(&v)
	v.Groups, v.Areas, v.Burdens, v.Trend = c.groups(), c.areas(), c.burdens(), c.trend()
	c.coverage(&v)
	c.ahead(&v)
	v.FollowUp = c.followUp()
	c.differences(&v)
	v.Facts = c.facts(v)
	if a.visit.Can(web.ActDecide) {
		v.Lock, v.Form = c.lock(), c.form()
	}
	return v
}

// composer holds what every part of the page needs.
type composer struct {
	h shown
	a ask
	l web.Locale
	r Report
	x lexicon
}

func notices(k known, l web.Locale) []string {
	return web.NoticesOf(l, k.town.Name, k.town.MadeUp, k.town.AsOf)
}

// state says how far the picture is.
func (c composer) state() (string, tag) {
	l := c.l
	span := l.Span(c.h.monday(), c.h.end().AddDate(0, 0, -1))
	if !c.h.frozen() {
		return l.T("sub.open", span), tag{"warn", l.T("state.open")}
	}
	by := l.T("by.itself")
	if c.r.FrozenBy != "" {
		by = l.T("by.person", c.person(c.r.FrozenBy))
	}
	sub := l.T("sub.frozen", span, l.Moment(c.r.FrozenAt), by, l.Int(c.r.Version))
	if c.h.situation.Words.Adopted {
		return sub, tag{"ok", l.T("state.adopted")}
	}
	return sub, tag{"plain", l.T("state.frozen")}
}

// person is what somebody is called; who has no account is a coordinator all the same.
func (c composer) person(id string) string { return or(c.h.names[id], c.l.T("by.unknown")) }

func (c composer) weekLinks() []navLink {
	var out []navLink
	weeks := weeksOf(c.h.known)
	if w := c.a.week.Add(-1); slices.Contains(weeks, w) {
		out = append(out, navLink{Href: c.a.href(w), Text: "◂ " + c.l.Week(w), Rel: "prev"})
	}
	if w := c.a.week.Add(1); slices.Contains(weeks, w) {
		out = append(out, navLink{Href: c.a.href(w), Text: c.l.Week(w) + " ▸", Rel: "next"})
	}
	return append(out, navLink{Href: "/lagesbild" + web.Query(nil, "m", c.a.municipality, "lang", c.a.lang), Text: c.l.T("weeks.all")})
}

func (c composer) versionLinks() []navLink {
	if len(c.h.versions) < 2 {
		return nil
	}
	var out []navLink
	for _, v := range slices.Backward(c.h.versions) {
		out = append(out, navLink{
			Href: c.a.href(c.a.week, "version", strconv.Itoa(v.Version)), Text: c.l.T("version.link", c.l.Int(v.Version), c.l.Moment(v.FrozenAt)), Current: v.Version == c.r.Version,
		})
	}
	return out
}

func (c composer) files(pdf bool) []web.Link {
	if !c.h.frozen() {
		return nil
	}
	link := func(kind, text string) web.Link {
		q := web.Query(nil, "m", c.a.municipality, "lang", c.a.lang, "version", strconv.Itoa(c.r.Version))
		return web.Link{Href: "/lagesbild/" + c.a.week.String() + "/lagesbild." + kind + q, Text: text}
	}
	out := []web.Link{link("xlsx", c.l.T("file.xlsx")), link("json", c.l.T("file.json"))}
	if pdf {
		out = append([]web.Link{link("pdf", c.l.T("file.pdf"))}, out...)
	}
	return out
}

// lead is the sentence that says how the week was.
func (c composer) lead() (number, text string) {
	l, t := c.l, c.r.Totals
	number = l.N("incidents", t.Incidents)
	if t.Expected == nil {
		return number, l.T("lead.unknown")
	}
	key := "lead.usual"
	switch {
	case t.Incidents > t.Expected.High:
		key = "lead.over"
	case t.Incidents < t.Expected.Low:
		key = "lead.under"
	}
	return number, l.T(key, l.About(t.Expected.Mean), l.Range(t.Expected.Low, t.Expected.High))
}

func (c composer) facts(v view) []string {
	l, t := c.l, c.r.Totals
	alerts, red, yellow := 0, 0, 0
	for _, p := range c.r.Places {
		if p.Grade == gradeAlert {
			alerts++
		}
	}
	for _, a := range c.r.Areas {
		switch level, _ := c.h.situation.LevelOf(a); level {
		case Red:
			red++
		case Yellow:
			yellow++
		}
	}
	out := []string{l.N("fact.places", alerts) + " " + l.T("fact.levels", l.Int(red), l.Int(yellow), l.Int(len(c.r.Areas))), v.Heard}
	if t.Others > 0 {
		out = append(out, l.N("fact.others", t.Others))
	}
	if t.Reports > t.Incidents+t.Others {
		out = append(out, l.T("fact.linked", l.Int(t.Reports), l.Int(t.Incidents+t.Others)))
	}
	return append(out, v.New...)
}

// behind is the list of the incidents behind a number, as they are now.
func (c composer) behind(set ...string) string {
	return "/handelser" + web.Query(nil, append([]string{"m", c.a.municipality, "week", c.a.week.String(), "lang", c.a.lang}, set...)...)
}

// detected asks the list for what is held against an expectation.
const detected = "detected"

// against are the cells of a number, what was expected of it, and how the two stand.
func (c composer) against(n int, href string, e *Expected) []web.Cell {
	l := c.l
	cells := []web.Cell{web.Number(l.Int(n)).To(href)}
	if e == nil {
		return append(cells, web.Number("–"), web.Number("–"), web.Name(l.T("mark.unknown")))
	}
	return append(cells, web.Number(l.About(e.Mean)), web.Number(l.Range(e.Low, e.High)), web.Name(c.mark(n, *e)))
}

// mark says how a number stands, with a sign that needs no colour.
func (c composer) mark(n int, e Expected) string {
	switch {
	case n > e.High:
		return "▲ " + c.l.T("mark.over")
	case n < e.Low:
		return "▽ " + c.l.T("mark.under")
	}
	return c.l.T("mark.usual")
}

func (c composer) head(names ...string) []web.Cell {
	l := c.l
	var out []web.Cell
	for _, n := range names {
		out = append(out, web.Name(n))
	}
	return append(out, web.Number(l.T("head.incidents")), web.Number(l.T("head.expected")), web.Number(l.T("head.usual")), web.Name(l.T("head.mark")))
}

func (c composer) listing(t web.Table, paper int) listing {
	out := listing{Table: t, Paper: paper}
	if more := len(t.Rows) - paper; more > 0 {
		out.More = c.l.N("more.rows", more)
	}
	return out
}

func (c composer) groups() listing {
	l := c.l
	t := web.Table{Caption: l.T("groups.caption", l.WeekYear(c.a.week)), Head: c.head(l.T("head.group"))}
	for _, g := range c.r.Groups {
		name := g.SV
		if l.Lang == "en" {
			name = g.EN
		}
		if !g.Detected {
			name += " (" + l.T("group.apart") + ")"
		}
		t.Rows = append(t.Rows, append([]web.Cell{web.Name(name)}, c.against(g.Incidents, c.behind("group", g.Group), g.Expected)...))
	}
	return c.listing(t, 10)
}

// onPaper is how many areas paper shows; those that need the review come first.
const onPaper = 7

func (c composer) areas() listing {
	l := c.l
	t := web.Table{Caption: l.T("areas.caption", l.WeekYear(c.a.week)), Head: append(c.head(l.T("head.area"), l.T("head.level")), web.Name(l.T("head.why")))}
	for _, a := range c.sorted() {
		cells := []web.Cell{web.Name(a.Name), c.level(a)}
		cells = append(cells, c.against(a.Detected, c.behind("area", a.Area, "group", detected), a.Expected)...)
		t.Rows = append(t.Rows, append(cells, web.Name(l.T("why."+a.Why))))
	}
	return c.listing(t, onPaper)
}

// sorted are the areas by the level that holds.
func (c composer) sorted() []AreaFigure {
	all := slices.Clone(c.r.Areas)
	slices.SortStableFunc(all, func(x, y AreaFigure) int {
		left, _ := c.h.situation.LevelOf(x)
		right, _ := c.h.situation.LevelOf(y)
		return cmp.Compare(rank(left), rank(right))
	})
	return all
}

// level is the tag of an area: a sign, a word, and whether people decided it.
func (c composer) level(a AreaFigure) web.Cell {
	level, by := c.h.situation.LevelOf(a)
	text := sign(level) + " " + c.l.T("level."+string(level))
	if by != "" || level != a.Proposed {
		text += " (" + c.l.T("level.decided") + ")"
	}
	return web.Cell{Text: text, Tag: map[Level]string{Red: "danger", Yellow: "warn", Green: "ok", Unknown: "plain"}[level]}
}

func sign(l Level) string {
	return map[Level]string{Red: "■", Yellow: "▲", Green: "●", Unknown: "○"}[l]
}

func (c composer) burdens() listing {
	l := c.l
	t := web.Table{Caption: l.T("burdens.caption"), Head: []web.Cell{
		web.Name(l.T("head.area")), web.Number(l.T("head.incidents")), web.Number(l.T("head.weeks")), web.Number(l.T("head.share")),
	}}
	from, to := c.a.week.Add(1-yearWeeks).Monday(c.h.zone), c.h.end().AddDate(0, 0, -1)
	for _, b := range c.r.Burdens {
		href := "/handelser" + web.Query(nil, "m", c.a.municipality, "lang", c.a.lang, "area", b.Area, "group", detected, "from", day(from), "to", day(to))
		t.Rows = append(t.Rows, []web.Cell{web.Name(b.Name), web.Number(l.Int(b.Incidents)).To(href), web.Number(l.Int(b.Weeks)), web.Number(l.Percent(b.Share, 0))})
	}
	out := c.listing(t, 5)
	out.None = l.T("burdens.none")
	return out
}

func (c composer) trend() web.Figure {
	l := c.l
	f := web.Figure{
		Locale: l, What: l.T("trend.what"), Legend: []web.Swatch{{Class: "bar", Text: l.T("trend.count")}, {Class: "band", Text: l.T("trend.band")}},
		Table: web.Table{Caption: l.T("trend.caption"), Head: c.head(l.T("head.week"))},
	}
	var columns []web.Column
	over := 0
	for _, w := range c.r.Weeks {
		week, _ := web.ParseWeek(w.Week)
		column := web.Column{Label: l.ShortWeek(week), Count: w.Incidents, Marked: week == c.a.week}
		if e := w.Expected; e != nil {
			column.Known, column.Expected, column.Low, column.High = true, e.Mean, e.Low, e.High
			if w.Incidents > e.High {
				over++
			}
		}
		columns = append(columns, column)
		href := "/handelser" + web.Query(nil, "m", c.a.municipality, "lang", c.a.lang, "week", w.Week, "group", detected)
		f.Table.Rows = append(f.Table.Rows, append([]web.Cell{web.Name(l.WeekYear(week))}, c.against(w.Incidents, href, w.Expected)...))
	}
	slices.Reverse(f.Table.Rows)
	f.Finding = l.T("trend.finding", l.Int(over), l.Int(len(columns)))
	f.Picture = web.Columns{ID: "trend", Label: l.T("trend.label", l.Int(len(columns))), Columns: columns, Locale: l, Ongoing: ""}.SVG()
	return f
}

// join lists names as a person would: a, b och c.
func (c composer) join(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " " + c.l.T("and") + " " + names[last]
}

// date writes a day of the report.
func (c composer) date(s string) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, s, c.h.zone)
	if err != nil {
		return c.h.monday() // the report's own days are days
	}
	return t
}

// refuse shows words that were not saved, and why.
func (v *view) refuse(e Edit, err error) {
	l := v.locale
	if v.Form == nil {
		v.Form = &form{}
	}
	var wrong *WordsError
	switch {
	case errors.As(err, &wrong) && wrong.Personal:
		v.Form.Error = l.T("error.personal", l.T("field."+wrong.Field))
	case errors.As(err, &wrong):
		v.Form.Error = l.T("error.words", l.T("field."+wrong.Field))
	case errors.Is(err, ErrAdopted):
		v.Form.Error = l.T("error.adopted")
	default:
		v.Form.Error = l.T("error.conflict")
	}
	if v.Form.Theirs = errors.Is(err, ErrConflict) || errors.Is(err, ErrAdopted); v.Form.Theirs {
		v.Form.StoredAssessment, v.Form.StoredCause = v.Words.Assessment, v.Words.Cause
	}
	v.Form.Assessment, v.Form.Cause = e.Assessment, e.Cause
	for i, a := range v.Form.Areas {
		v.Form.Areas[i].Chosen = string(e.Levels[a.Area])
	}
}
