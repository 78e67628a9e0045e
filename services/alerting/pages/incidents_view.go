// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"samsyn/internal/geo"
	"samsyn/internal/web"
)

// listPage is what the template of the list of incidents shows.
type listPage struct {
	Page  web.Page
	Title string
	Days  string
	Weeks []weekLink
	Count string
	Cut   string
	Empty bool
	Clear string // where all filters are taken off; empty where none is on
	File  string
	Rows  []rowView
	Sight string
	// More leads to the next page, First to the first.
	More, First string
	Fields      []choiceField
	// Keep is what every form keeps; Narrow what the form of days keeps besides, and Chosen the days that the form of filters keeps.
	Keep, Narrow, Chosen []field
	From, To             string
}

type field struct{ Name, Value string }

// choiceField is one select of the form.
type choiceField struct {
	Name, Label string
	Groups      []optionGroup
}

type optionGroup struct {
	Label   string
	Options []option
}

type option struct {
	Value, Text string
	Selected    bool
}

// composeList makes the list of incidents.
func composeList(k listKnown, a ask, ws wish, words lexicon, opened map[uuid.UUID][]report, may bool) listPage {
	l := a.locale
	n := newNames(k.voices, k.areas, words)
	v := listPage{
		Title: l.T("list.title", k.row.Name), Days: listDays(ws, a), Count: l.N("incidents", k.count), Empty: k.count == 0,
		File: "/handelser.csv" + ws.query(a), Rows: rows(k.shown, opened, n, a),
		From: ws.from.Format(time.DateOnly), To: ws.to.Format(time.DateOnly), Fields: fields(k, a, ws, n),
		Keep: []field{{"m", a.municipality}},
	}
	if l.Lang == "en" {
		v.Keep = append(v.Keep, field{"lang", "en"})
	}
	for _, f := range []field{{"area", ws.area}, {"group", ws.group}, {"category", ws.category}, {"agency", ws.agency}, {"hour", ws.hour}, {"weekday", ws.weekday}} {
		if f.Value != "" {
			v.Narrow = append(v.Narrow, f)
		}
	}
	if ws.cut {
		v.Cut = l.T("list.cut", l.Int(mostDays/7))
	}
	if ws.narrowed() {
		v.Clear = "/handelser" + wish{week: ws.week, from: ws.from, to: ws.to}.query(a)
	}
	if len(k.shown) > 0 {
		v.Sight = sight(k.shown, opened, n, may, l)
	}
	if k.next != nil {
		v.More = "/handelser" + ws.query(a, "after", k.next.String())
	}
	if ws.after != nil {
		v.First = "/handelser" + ws.query(a)
	}
	if ws.week == (web.Week{}) {
		v.Chosen = []field{{"from", v.From}, {"to", v.To}}
	} else {
		v.Weeks = weekLinks(k.row, a, func(w web.Week) string { return "/handelser" + ws.query(a, "week", w.String()) })
	}
	return v
}

func listDays(ws wish, a ask) string {
	days := a.locale.Span(web.DateIn(ws.from, a.zone), web.DateIn(ws.to, a.zone))
	if ws.week != (web.Week{}) {
		return a.locale.T("list.week", a.locale.WeekYear(ws.week), days)
	}
	return days
}

// fields are the selects of the form.
func fields(k listKnown, a ask, ws wish, n names) []choiceField {
	l := a.locale
	all := func(text string) optionGroup { return optionGroup{Options: []option{{"", text, false}}} }
	out := []choiceField{
		{"week", l.T("list.weeks"), []optionGroup{weekOptions(k.row, a, ws)}},
		{"area", l.T("head.area"), append([]optionGroup{all(l.T("list.all.areas"))}, areaOptions(k.areas, ws.area, l)...)},
		{"group", l.T("head.group"), []optionGroup{all(l.T("list.all.groups")), groupOptions(n.words, ws.group, l)}},
		{"category", l.T("head.kind"), append([]optionGroup{all(l.T("list.all.categories"))}, categoryOptions(n.words, ws, l)...)},
		{"agency", l.T("head.agency"), []optionGroup{all(l.T("list.all.agencies")), agencyOptions(k.voices, ws.agency, l)}},
		{"hour", l.T("list.hour"), []optionGroup{all(l.T("list.all.hours")), hourOptions(ws.hour, l)}},
		{"weekday", l.T("hours.day"), []optionGroup{all(l.T("list.all.days")), weekdayOptions(ws.weekday, l)}},
	}
	return out
}

func weekOptions(row municipality, a ask, ws wish) optionGroup {
	g := optionGroup{}
	if ws.week == (web.Week{}) {
		g.Options = append(g.Options, option{"", a.locale.T("list.own.days"), true})
	}
	current := web.WeekOf(lastDay(a.now, a.zone))
	for i := range yearWeeks + 1 {
		w := current.Add(-i)
		if w.Monday(time.UTC).AddDate(0, 0, 6).Before(row.HistoryFrom) {
			break
		}
		g.Options = append(g.Options, option{w.String(), a.locale.WeekYear(w), w == ws.week})
	}
	if first := current.Add(-yearWeeks); ws.week != (web.Week{}) && ws.week.Before(first) {
		g.Options = append(g.Options, option{ws.week.String(), a.locale.WeekYear(ws.week), true})
	}
	return g
}

// areaOptions are the districts, and the areas below each.
func areaOptions(ref *reference, chosen string, l web.Locale) []optionGroup {
	var districts, loose []area
	below := map[string][]area{}
	for _, ar := range ref.areas {
		switch {
		case ar.level == geo.LevelDistrict:
			districts = append(districts, ar)
		case ar.level == geo.LevelArea && ar.parent != "":
			below[ar.parent] = append(below[ar.parent], ar)
		case ar.level == geo.LevelArea:
			loose = append(loose, ar)
		}
	}
	name := func(ar area) string { return ref.name(ar.code) }
	web.SortNames(l, districts, name)
	var out []optionGroup
	for _, d := range districts {
		g := optionGroup{Label: name(d), Options: []option{{d.code, l.T("list.district", name(d)), d.code == chosen}}}
		web.SortNames(l, below[d.code], name)
		for _, ar := range below[d.code] {
			g.Options = append(g.Options, option{ar.code, name(ar), ar.code == chosen})
		}
		out = append(out, g)
	}
	web.SortNames(l, loose, name)
	rest := optionGroup{}
	for _, ar := range loose {
		rest.Options = append(rest.Options, option{ar.code, name(ar), ar.code == chosen})
	}
	rest.Options = append(rest.Options, option{areaNone, l.T("list.noarea"), chosen == areaNone})
	return append(out, rest)
}

func groupOptions(x lexicon, chosen string, l web.Locale) optionGroup {
	g := optionGroup{Options: []option{{groupDetected, l.T("list.detected"), chosen == groupDetected}}}
	for _, o := range x.order {
		g.Options = append(g.Options, option{o.group, in(x.groups[o.group], l.Lang), o.group == chosen})
	}
	return g
}

func categoryOptions(x lexicon, ws wish, l web.Locale) []optionGroup {
	var out []optionGroup
	for _, o := range x.order {
		g := optionGroup{Label: in(x.groups[o.group], l.Lang)}
		for _, c := range o.categories {
			g.Options = append(g.Options, option{c, in(x.categories[c], l.Lang), c == ws.category})
		}
		out = append(out, g)
	}
	return out
}

func agencyOptions(voices []voice, chosen string, l web.Locale) optionGroup {
	g := optionGroup{}
	seen := map[string]bool{}
	for _, v := range voices {
		if !seen[v.Agency] {
			seen[v.Agency] = true
			g.Options = append(g.Options, option{v.Agency, v.AgencyName, v.Agency == chosen})
		}
	}
	web.SortNames(l, g.Options, func(o option) string { return o.Text })
	return g
}

func hourOptions(chosen string, l web.Locale) optionGroup {
	g := optionGroup{}
	for b := range 6 {
		value := string([]byte{'0' + byte(4*b/10), '0' + byte(4*b%10)})
		g.Options = append(g.Options, option{value, blockName(b), value == chosen})
	}
	g.Options = append(g.Options, option{hourNone, l.T("list.nohour"), chosen == hourNone})
	return g
}

func weekdayOptions(chosen string, l web.Locale) optionGroup {
	g := optionGroup{}
	monday := time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC) // a Monday
	for i := range 7 {
		value := string(rune('1' + i))
		g.Options = append(g.Options, option{value, l.Weekday(monday.AddDate(0, 0, i)), value == chosen})
	}
	return g
}

// incidentsFile is the same list as a file, all pages of it.
func (s *Service) incidentsFile(w http.ResponseWriter, r *http.Request) {
	k, a, ws, err := s.readList(r, exportChunk)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	l := a.locale
	if k.count > mostExported {
		page := s.page(r, a, k.row, l.T("file.toomany.title"))
		s.templates.Message(w, r, http.StatusUnprocessableEntity, web.Message{
			Page: page, Text: []string{l.T("file.toomany", l.Int(k.count), l.Int(mostExported))},
			Way: &web.Link{Href: "/handelser" + ws.query(a), Text: l.T("file.toomany.way")},
		})
		return
	}
	table := web.Table{Head: []web.Cell{
		web.Name(l.T("head.day")), web.Name(l.T("head.when")), web.Name(l.T("head.group")), web.Name(l.T("head.kind")), web.Name(l.T("head.area")), web.Name(l.T("head.place")),
		web.Name(l.T("head.agency")), web.Number(l.T("head.reports")), web.Name(l.T("head.text")),
	}}
	for {
		table.Rows = append(table.Rows, fileRows(k, a, s.words, s.open(r, a, k.keys))...)
		if k.next == nil {
			break
		}
		next := r.Clone(r.Context())
		next.URL.RawQuery = ws.query(a, "after", k.next.String())[1:]
		if k, a, _, err = s.readList(next, exportChunk); err != nil {
			s.fail(w, r, err)
			return
		}
	}
	madeUp := ""
	if k.row.MadeUp {
		madeUp = "pahittat-"
	}
	w.Header().Set("Content-Disposition", `attachment; filename="samsyn-`+madeUp+a.municipality+"-"+ws.from.Format(time.DateOnly)+"-"+ws.to.Format(time.DateOnly)+`-handelser.csv"`)
	web.Send(w, r, http.StatusOK, "text/csv; charset=utf-8", table.CSV())
}

func fileRows(k listKnown, a ask, words lexicon, opened map[uuid.UUID][]report) [][]web.Cell {
	l := a.locale
	n := newNames(k.voices, k.areas, words)
	out := make([][]web.Cell, len(k.shown))
	for i, one := range k.shown {
		v := oneRow(one, opened[one.Episode], n, a)
		when, where, text := "", "", v.Closed
		if v.Open {
			when, where, text = v.When, v.Where, strings.Join(v.Texts, " | ")
		}
		out[i] = []web.Cell{
			web.Name(one.Day.Format(time.DateOnly)), web.Name(when), web.Name(groupName(words, l, words.groupOf[one.Category])), web.Name(v.Kind),
			web.Name(areaName(one.Area, n, l)), web.Name(where), web.Name(v.Source), web.Number(l.Int(one.Reports)), web.Name(text),
		}
	}
	return out
}
