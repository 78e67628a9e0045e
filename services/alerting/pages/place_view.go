// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"html/template"
	"slices"
	"time"

	"github.com/google/uuid"

	"samsyn/internal/geo"
	"samsyn/internal/web"
	"samsyn/services/alerting/detect"
)

// placePage is what the template of a flagged place shows.
type placePage struct {
	Page   web.Page
	Title  string
	Where  string // district, days
	Tags   []tag
	Back   web.Link
	Panels []template.HTML // what other services say: the decision

	Reason       []string // why it is flagged
	Count, Usual string
	Bullet       template.HTML
	For, Against []string
	Needs        string
	Trend        web.Figure
	Fresh        *freshView
	Hours        hoursView
	SeenBy       template.HTML
	Around       *web.Table
	Behind       behindView
	Earlier      []web.Link
	First        bool // never flagged before
	Changes      web.Table
}

type behindView struct {
	Sight string
	Rows  []rowView
	Cut   string // more than the page lists
	All   web.Link
}

// composePlace makes the page of a flagged place. It reads nothing and does not look at the clock.
func composePlace(k placeKnown, a ask, words lexicon, opened map[uuid.UUID][]report, may bool) placePage {
	l := a.locale
	f := k.flag
	n := newNames(k.voices, k.areas, words)
	shared := known{row: k.row, areas: k.areas}
	v := placePage{
		Title: l.T("place.title", k.areas.name(f.Area), k.what(l, words)), Where: join2(whereabouts(shared, l, f.flag), span(f.flag, a)), Tags: tagsOf(f.flag, l),
		Back:   web.Link{Href: "/" + a.query() + "#" + anchor(f.ID), Text: "◂ " + l.T("place.back", l.Week(a.week))},
		Reason: []string{f.ReasonSV}, Earlier: k.earlierLinks(a), Changes: k.changes(a),
	}
	if l.Lang == "en" {
		v.Reason[0] = f.ReasonEN
	}
	if p := parts(shared, l, f.flag); p != "" {
		v.Reason = append(v.Reason, p)
	}
	if f.Kind != kindSerious {
		v.Count = l.T("against", l.Int(f.Observed), about(l, f.Expected))
		v.Usual = l.T("normally", l.Range(f.Low, f.High))
		v.Bullet = web.Bullet{Count: f.Observed, Expected: f.Expected, Low: f.Low, High: f.High}.SVG()
		v.Needs = k.needs(a, words)
	}
	v.First = len(v.Earlier) == 0
	v.Fresh = k.freshView(a)
	v.For, v.Against = k.grounds(a, n, v.Fresh)
	v.Trend = k.trend(a, words, v.Fresh)
	v.Hours = hours(k.behind, a)
	v.SeenBy = seenBy(k.behind, n, l)
	v.Around = k.around(a)
	v.Behind = k.behindView(a, n, opened, may)
	return v
}

// behindView are the incidents behind the flag; for who opens no report, how many there are.
func (k placeKnown) behindView(a ask, n names, opened map[uuid.UUID][]report, may bool) behindView {
	l := a.locale
	v := behindView{Sight: sight(k.behind, opened, n, may, l), All: web.Link{Href: k.listHref(a), Text: l.T("behind.all")}}
	if !may {
		v.Sight = l.T("behind.numbers", l.N("incidents", len(k.behind)), l.N("reports", len(k.keys))) + " " + v.Sight
		return v
	}
	v.Rows = rows(k.behind, opened, n, a)
	if len(k.behind) == mostBehind {
		v.Cut = l.T("behind.cut", l.Int(mostBehind))
	}
	return v
}

// what is what the flag is about: its group, or the category of a serious report.
func (k placeKnown) what(l web.Locale, words lexicon) string {
	if k.flag.Kind == kindSerious {
		return in(words.categories[k.flag.Category], l.Lang)
	}
	return groupName(words, l, k.flag.Grp)
}

// about is an expectation: what is less than a tenth is not nothing.
func about(l web.Locale, x float64) string {
	if x > 0 && x < 0.05 {
		return l.T("under", l.Decimal(0.1, 1))
	}
	return l.About(x)
}

func join2(a, b string) string {
	if a == "" {
		return b
	}
	return a + " · " + b
}

func span(f flag, a ask) string {
	return a.locale.Span(web.DateIn(f.WindowFrom, a.zone), web.DateIn(f.WindowTo, a.zone))
}

// needs says how many incidents a flag would take here, as the week's Monday knew it.
func (k placeKnown) needs(a ask, words lexicon) string {
	monday := date(a.monday)
	areas := 0
	for _, ar := range k.areas.areas {
		if ar.level == geo.Level(k.flag.Level) {
			areas++
		}
	}
	if k.flag.Level == string(geo.LevelMunicipality) {
		areas = 1
	}
	for _, e := range k.usual {
		if e.Area != k.flag.Area || !e.Week.Equal(monday) || len(e.Exposure) != 7 {
			continue
		}
		week := detect.Expectation{Shape: e.Shape, Rate: e.Rate, Exposure: [7]float64(e.Exposure)}
		if n := week.Needs(detect.DayOf(monday), 7, detect.Field{Areas: areas, Groups: k.occurred}); n > 0 {
			return a.locale.T("needs", k.areas.name(k.flag.Area), a.locale.Int(n), groupName(words, a.locale, k.flag.Grp))
		}
	}
	return ""
}

// trend is the half year of the place, with what only new sources tell of drawn apart.
func (k placeKnown) trend(a ask, words lexicon, fresh *freshView) web.Figure {
	l := a.locale
	counts, apart, bands := map[web.Week]int{}, map[web.Week]int{}, map[web.Week]expected{}
	for _, w := range k.weeks {
		counts[web.WeekOf(w.Week)] += w.Incidents
	}
	for _, day := range k.onlyNew {
		apart[web.WeekOf(day)]++
	}
	for _, e := range k.usual {
		if e.Area == k.flag.Area {
			bands[web.WeekOf(e.Week)] = e
		}
	}
	columns, weeks := halfYear(k.row, a, func(w web.Week) int { return counts[w] }, bands)
	f := weekFigure(columns, weeks, a)
	f.What = l.T("place.trend.what", k.areas.name(k.flag.Area), groupName(words, l, k.group(words)))
	if fresh == nil {
		f.Picture = columnsPicture(columns, l)
		return f
	}
	for i := range columns {
		columns[i].Apart = min(apart[weeks[i]], columns[i].Count)
	}
	f.Picture = columnsPicture(columns, l)
	f.Legend = slices.Insert(f.Legend, 1, web.Swatch{Class: "apart", Text: l.T("fresh.legend", fresh.Names)})
	f.Table.Head = append(f.Table.Head, web.Number(l.T("head.without")))
	for i := range f.Table.Rows {
		c := columns[len(columns)-1-i]
		f.Table.Rows[i] = append(f.Table.Rows[i], web.Number(l.Int(c.Count-c.Apart)))
	}
	return f
}

func columnsPicture(columns []web.Column, l web.Locale) template.HTML {
	return web.Columns{ID: "trend", Label: l.T("trend.label", l.Int(len(columns))), Columns: columns, Locale: l, Ongoing: l.T("trend.ongoing")}.SVG()
}

// usualIn is what was to be expected of a place in the flag's window: the sum of its days, with the spread of their last week.
func (k placeKnown) usualIn(area string) usual {
	var u usual
	shape := 0.0
	for _, e := range k.usual {
		if e.Area != area || len(e.Exposure) != 7 {
			continue
		}
		for i, x := range e.Exposure {
			if day := e.Week.AddDate(0, 0, i); !day.Before(k.flag.WindowFrom) && !day.After(k.flag.WindowTo) {
				u.known = true
				u.mean += e.Shape / e.Rate * x
				shape = e.Shape
			}
		}
	}
	if u.known {
		u.low, u.high = quantile(shape, u.mean, 0.05), quantile(shape, u.mean, 0.95)
	}
	return u
}

// countIn is what an area of a level had in the flag's window.
func (k placeKnown) countIn(level geo.Level, code string) int {
	sum := 0
	for _, c := range k.cells {
		if level == geo.LevelMunicipality || level == geo.LevelDistrict && c.District == code || level == geo.LevelArea && c.Area == code {
			sum += c.Incidents
		}
	}
	return sum
}

// around is what the areas that touch had in the same days.
func (k placeKnown) around(a ask) *web.Table {
	l := a.locale
	if len(k.touching) == 0 {
		return nil
	}
	t := &web.Table{Caption: l.T("around.caption", span(k.flag.flag, a)), Head: []web.Cell{
		web.Name(l.T("head.area")), web.Number(l.T("head.incidents")), web.Number(l.T("head.expected")), web.Number(l.T("head.usual")), web.Name(l.T("head.state")),
	}}
	codes := slices.Clone(k.touching)
	web.SortNames(l, codes, k.areas.name)
	for _, code := range codes {
		n, u := k.countIn(geo.Level(k.flag.Level), code), k.usualIn(code)
		row := []web.Cell{web.Name(k.areas.name(code)), web.Number(l.Int(n)), web.Number("–"), web.Number("–"), web.Name("")}
		if u.known {
			row[2], row[3] = web.Number(about(l, u.mean)), web.Number(l.Range(u.low, u.high))
			switch {
			case n > u.high:
				row[4] = web.Cell{Text: "▲ " + l.T("legend.over"), Tag: "over"}
			case n < u.low:
				row[4] = web.Name("▽ " + l.T("legend.under"))
			default:
				row[4] = web.Name(l.T("legend.usual"))
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// earlierLinks lead to the flags of the same place and group before this one.
func (k placeKnown) earlierLinks(a ask) []web.Link {
	out := make([]web.Link, len(k.earlier))
	for i, f := range k.earlier {
		day := lastDay(f.OpenedAsOf, a.zone)
		out[i] = web.Link{Href: "/plats/" + f.ID.String() + web.Query(nil, "lang", a.locale.Lang), Text: a.locale.T("earlier", a.locale.WeekYear(web.WeekOf(day)), a.locale.Int(f.Observed), a.locale.About(f.Expected))}
	}
	return out
}

// changes is the history of this flag, latest first.
func (k placeKnown) changes(a ask) web.Table {
	l := a.locale
	t := web.Table{Caption: l.T("changes.caption"), Head: []web.Cell{
		web.Name(l.T("head.when")), web.Name(l.T("head.change")), web.Number(l.T("head.incidents")), web.Number(l.T("head.expected")),
	}}
	for _, r := range k.revisions {
		why := detect.Reason(r.Change).Words()
		text := l.T("verb." + r.Verb)
		if words := in(why, l.Lang); words != "" {
			text += ". " + words
		}
		t.Rows = append(t.Rows, []web.Cell{web.Name(l.Moment(r.AsOf)), web.Name(text), web.Number(l.Int(r.Observed)), web.Number(about(l, r.Expected))})
	}
	return t
}

// listHref is the list of the incidents behind the flag.
func (k placeKnown) listHref(a ask) string {
	set := []string{"m", a.municipality, "from", k.flag.WindowFrom.Format(time.DateOnly), "to", k.flag.WindowTo.Format(time.DateOnly), "lang", a.locale.Lang}
	if k.flag.Area != a.municipality {
		set = append(set, "area", k.flag.Area)
	}
	switch {
	case k.flag.Kind == kindSerious:
		set = append(set, "category", k.flag.Category)
	case k.flag.Grp == "":
		set = append(set, "group", groupDetected)
	default:
		set = append(set, "group", k.flag.Grp)
	}
	return "/handelser" + web.Query(nil, set...)
}
