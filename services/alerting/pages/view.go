// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"html/template"
	"slices"
	"strings"
	"time"

	"samsyn/internal/web"
)

// view is what the template shows: texts, numbers already written, figures.
type view struct {
	Page      web.Page
	Title     string
	Days      string
	Weeks     []weekLink
	Number    string // of incidents, to be read first
	Behind    string // where they are listed
	Groups    choiceField
	Keep      []field
	Clear     string // where all groups are shown again; empty where they are
	Lead      string
	Sentences []string

	Places   []placeView
	Watched  []string
	NoPlaces string

	// Panels are what other services say of the week.
	Panels []template.HTML

	Tabs    []tab
	Map     web.Figure
	Trend   web.Figure
	Burdens burdenView
	Sources sourceView
	Coming  []comingView
	Weekly  []string // figures of those who give no more
	// FileQuery makes a file show what the page shows.
	FileQuery template.URL
}

type weekLink struct{ Href, Text, Rel string }

type tab struct {
	Href, Text string
	Current    bool
}

// compose makes the page of a week from what is known. It reads nothing and does not
// look at the clock.
func compose(k known, a ask, words lexicon) view {
	l := a.locale
	s := sum(k, a, words)
	v := view{
		Title: l.T("title", l.Week(a.week), k.row.Name), Days: days(a), Weeks: weekLinks(k.row, a, func(w web.Week) string { return "/" + a.query("week", w.String()) }),
		FileQuery: template.URL(a.query()), // encoded by web.Query
	}
	v.Number, v.Lead = lead(s, a)
	v.Behind = a.behind("group", a.behindGroup())
	v.Groups = choiceField{Name: "group", Label: l.T("head.group"), Groups: []optionGroup{detectedOptions(words, a)}}
	v.Keep = kept(a)
	if a.group != "" {
		v.Title = l.T("title.group", v.Title, groupName(words, l, a.group))
		v.Clear = "/" + a.query("group", "")
	}
	v.Places, v.Watched = places(k, a, words)
	if len(v.Places) == 0 {
		v.NoPlaces = l.T("places.none", l.Week(a.week))
	}
	v.Sources = sources(k.sources, a)
	v.Sentences = sentences(k, s, v, a)
	v.Map, v.Tabs = areaMap(k, a, words)
	v.Trend = trend(k, a, words)
	v.Burdens = burdens(k, a)
	v.Coming, v.Weekly = coming(k, a, words)
	return v
}

// sums are the week in numbers.
type sums struct {
	detected, other, reports int
	outside                  int // incidents in no area
	usual                    usual
}

func sum(k known, a ask, words lexicon) sums {
	var s sums
	for _, c := range k.inAreas {
		if words.isDetected[c.Category] {
			s.detected += c.Incidents
		} else {
			s.other += c.Incidents
		}
		if c.Area == "" {
			s.outside += c.Incidents
		}
		s.reports += c.Reports
	}
	for _, e := range k.expected {
		if e.Area == a.municipality {
			s.usual = e.through(a)
		}
	}
	return s
}

// lead is the sentence that says how the week is.
func lead(s sums, a ask) (number, text string) {
	l := a.locale
	number = l.N("incidents", s.detected)
	if a.ongoing {
		number = l.N("incidents.sofar", s.detected)
	}
	if !s.usual.known {
		return number, l.T("lead.unknown")
	}
	key := "lead.usual"
	switch {
	case s.detected > s.usual.high:
		key = "lead.over"
	case s.detected < s.usual.low:
		key = "lead.under"
	}
	return number, l.T(key, l.About(s.usual.mean), l.Range(s.usual.low, s.usual.high))
}

func sentences(k known, s sums, v view, a ask) []string {
	l := a.locale
	var out []string
	rises, serious := 0, 0
	for _, p := range v.Places {
		if p.Serious {
			serious++
		} else {
			rises++
		}
	}
	if len(v.Places) > 0 {
		parts := []string{}
		if serious > 0 {
			parts = append(parts, l.N("flags.serious", serious))
		}
		if rises > 0 {
			parts = append(parts, l.N("flags.rise", rises))
		}
		out = append(out, strings.Join(parts, ", ")+".")
	}
	if v.Sources.Finding != "" {
		out = append(out, v.Sources.Finding)
	}
	if s.other > 0 {
		out = append(out, l.N("other", s.other))
	}
	if s.reports > s.detected+s.other {
		out = append(out, l.T("linked", l.Int(s.reports), l.Int(s.detected+s.other)))
	}
	if s.outside > 0 {
		out = append(out, l.N("outside", s.outside))
	}
	return out
}

func days(a ask) string {
	l := a.locale
	span := l.Span(a.monday, a.monday.AddDate(0, 0, 6))
	if !a.ongoing {
		return span
	}
	return l.T("ongoing", span, l.Weekday(lastDay(a.now, a.zone)), l.Moment(a.now))
}

func notices(row municipality, a ask) []string {
	return web.NoticesOf(a.locale, row.Name, row.MadeUp, row.AsOf)
}

// weekLinks lead one week back and forth, and to the week that is now.
func weekLinks(row municipality, a ask, to func(web.Week) string) []weekLink {
	l := a.locale
	link := func(w web.Week, text, rel string) weekLink { return weekLink{Href: to(w), Text: text, Rel: rel} }
	var out []weekLink
	if previous := a.week.Add(-1); !previous.Monday(time.UTC).AddDate(0, 0, 6).Before(row.HistoryFrom) {
		out = append(out, link(previous, "◂ "+l.Week(previous), "prev"))
	}
	if current := web.WeekOf(lastDay(a.now, a.zone)); a.week.Before(current) {
		next := a.week.Add(1)
		out = append(out, link(next, l.Week(next)+" ▸", "next"))
		if next != current {
			out = append(out, link(current, l.T("week.current", l.Week(current)), ""))
		}
	}
	return out
}

// query is the query of this page with some parameters set anew.
func (a ask) query(set ...string) string {
	q := []string{"m", a.municipality, "week", a.week.String(), "lang", a.locale.Lang}
	if a.change {
		q = append(q, "map", "change")
	}
	if a.group != "" {
		q = append(q, "group", a.group)
	}
	return web.Query(nil, append(q, set...)...)
}

// behind is the list of the week's incidents with some filters set.
func (a ask) behind(set ...string) string {
	return "/handelser" + web.Query(nil, append([]string{"m", a.municipality, "week", a.week.String(), "lang", a.locale.Lang}, set...)...)
}

// behindGroup is the group whose incidents stand behind the page's numbers.
func (a ask) behindGroup() string {
	if a.group != "" {
		return a.group
	}
	return groupDetected
}

// kept is what the form of groups keeps.
func kept(a ask) []field {
	out := []field{{"m", a.municipality}, {"week", a.week.String()}}
	if a.change {
		out = append(out, field{"map", "change"})
	}
	if a.locale.Lang == "en" {
		out = append(out, field{"lang", "en"})
	}
	return out
}

func detectedOptions(x lexicon, a ask) optionGroup {
	g := optionGroup{Options: []option{{"", a.locale.T("group.all"), a.group == ""}}}
	for _, o := range x.order {
		if x.isGroup(o.group) {
			g.Options = append(g.Options, option{o.group, in(x.groups[o.group], a.locale.Lang), o.group == a.group})
		}
	}
	return g
}

// join lists names as a person would: a, b och c.
func join(l web.Locale, names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " " + l.T("and") + " " + names[last]
}

// unique keeps the first of equal names.
func unique(names []string) []string {
	var out []string
	for _, n := range names {
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}
