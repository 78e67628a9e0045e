// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"cmp"
	"html/template"
	"slices"
	"strings"

	"samsyn/internal/geo"
	"samsyn/internal/web"
)

// areaWeek is one area in the week.
type areaWeek struct {
	area
	incidents, reports int // all that is counted
	detected           int // of groups that are held against an expectation
	usual              usual
}

// mostNamed is up to how many areas the map names each where a pointer rests, and the
// table lists those without incidents.
const mostNamed = 150

// areaWeeks are the areas of the map, most incidents first.
func areaWeeks(k known, a ask, words lexicon) []areaWeek {
	byCode := map[string]*areaWeek{}
	out := make([]areaWeek, 0, len(k.areas.areas))
	for _, ar := range k.areas.counted() {
		out = append(out, areaWeek{area: ar})
	}
	for i := range out {
		byCode[out[i].code] = &out[i]
	}
	for _, c := range k.inAreas {
		code := c.Area
		if k.areas.lowest == geo.LevelDistrict {
			code = c.District
		}
		if w := byCode[code]; w != nil {
			w.incidents += c.Incidents
			w.reports += c.Reports
			if words.isDetected[c.Category] {
				w.detected += c.Incidents
			}
		}
	}
	for _, e := range k.expected {
		if w := byCode[e.Area]; w != nil {
			w.usual = e.through(a)
		}
	}
	slices.SortStableFunc(out, func(x, y areaWeek) int {
		return cmp.Or(cmp.Compare(y.incidents, x.incidents), cmp.Compare(x.code, y.code))
	})
	return out
}

func areaMap(k known, a ask, words lexicon) (web.Figure, []tab) {
	l := a.locale
	rows := areaWeeks(k, a, words)
	f := web.Figure{
		Locale: l, Finding: mapFinding(rows, l), What: l.T("map.what.count", l.WeekYear(a.week)), Legend: countLegend(l), Note: l.T("map.note"),
		Table: areaTable(rows, k, a),
		Links: []web.Link{
			{Href: "/files/areas.csv" + a.query(), Text: l.T("csv.areas")},
			{Href: "/files/areas.geojson" + a.query(), Text: l.T("geojson.areas")},
			{Href: "/files/places.geojson" + a.query(), Text: l.T("geojson.places")},
		},
	}
	if a.group != "" {
		f.What = l.T("map.what.group", l.WeekYear(a.week), groupName(words, l, a.group))
	}
	if a.change {
		f.What, f.Legend, f.Note = l.T("map.what.change", l.WeekYear(a.week)), changeLegend(l), l.T("map.note.change")
		if a.group != "" {
			f.What = l.T("map.what.change.group", l.WeekYear(a.week), groupName(words, l, a.group))
		}
		f.Finding = changeFinding(rows, l)
	}
	if len(k.areas.sources) > 0 {
		f.Note += " " + l.T("map.source", strings.Join(k.areas.sources, "; "))
	}
	f.Picture = pictures(rows, k, a, words)
	tabs := []tab{
		{Href: "/" + a.query("map", "") + "#map", Text: l.T("map.count"), Current: !a.change},
		{Href: "/" + a.query("map", "change") + "#map", Text: l.T("map.change"), Current: a.change},
	}
	return f, tabs
}

// pictures is one map, or two where the town is a small part of its countryside.
func pictures(rows []areaWeek, k known, a ask, words lexicon) template.HTML {
	l := a.locale
	shades, names := map[string]web.Shade{}, map[string]string{}
	for _, w := range rows {
		shades[w.code] = web.CountShade(w.incidents)
		if a.change {
			shades[w.code] = web.TooFew
			if w.usual.known {
				shades[w.code] = web.ChangeShade(w.detected, w.usual.mean, w.usual.low, w.usual.high)
			}
		}
		if len(rows) <= mostNamed {
			names[w.code] = l.T("map.name", w.name, l.Int(w.incidents))
		}
	}
	var markers []web.Marker
	shown, _ := places(k, a, words)
	for _, p := range shown {
		if p.Number <= 10 {
			markers = append(markers, web.Marker{Area: p.area, Number: p.Number, Label: l.T("map.marker", l.Int(p.Number), p.Name), Href: "#" + p.ID})
		}
	}
	whole := web.AreaMap{
		ID: "whole", Label: l.T("map.label", k.row.Name), Drawing: k.areas.whole, Shades: shades, Names: names, Markers: markers, Locale: l,
	}
	if k.areas.core == nil {
		return whole.SVG()
	}
	core := whole
	core.ID, core.Label, core.Drawing = "core", l.T("map.label.core", k.row.Name), *k.areas.core
	whole.Label, whole.Frame, whole.Names = l.T("map.label.whole", k.row.Name), &k.areas.coreBox, nil
	whole.Markers = slices.DeleteFunc(slices.Clone(markers), func(m web.Marker) bool { return k.areas.core.Shows(m.Area) })
	return `<div class="pair"><div>` + core.SVG() + `<p class="small quiet">` + text(l.T("map.core")) + `</p></div><div class="small-map">` +
		whole.SVG() + `<p class="small quiet">` + text(l.T("map.whole")) + `</p></div></div>`
}

func text(s string) template.HTML { return template.HTML(template.HTMLEscapeString(s)) } // escaped here

func mapFinding(rows []areaWeek, l web.Locale) string {
	with := 0
	for _, w := range rows {
		if w.incidents > 0 {
			with++
		}
	}
	if with == 0 {
		return l.T("map.finding.none")
	}
	return l.T("map.finding", l.Int(with), l.Int(len(rows)), rows[0].name, l.Int(rows[0].incidents))
}

// mostListed is how many areas a sentence names before it counts the rest.
const mostListed = 3

func changeFinding(rows []areaWeek, l web.Locale) string {
	var over, under []string
	for _, w := range rows {
		if !w.usual.known {
			continue
		}
		switch web.ChangeShade(w.detected, w.usual.mean, w.usual.low, w.usual.high) {
		case web.Over, web.FarOver:
			over = append(over, w.name)
		case web.Under, web.FarUnder:
			under = append(under, w.name)
		}
	}
	sentence := func(key string, names []string) string {
		if len(names) == 0 {
			return l.T(key + ".none")
		}
		list := join(l, names)
		if len(names) > mostListed {
			list = l.T("map.andmore", strings.Join(names[:mostListed], ", "), l.Int(len(names)-mostListed))
		}
		return l.N(key, len(names), list)
	}
	return sentence("map.over", over) + " " + sentence("map.under", under)
}

func countLegend(l web.Locale) []web.Swatch {
	return []web.Swatch{{Class: "c0", Text: "0"}, {Class: "c1", Text: l.Range(1, 2)}, {Class: "c2", Text: l.Range(3, 5)}, {Class: "c3", Text: l.Range(6, 9)}, {Class: "c4", Text: l.T("legend.more")}}
}

func changeLegend(l web.Locale) []web.Swatch {
	return []web.Swatch{
		{Class: "d4", Text: "▲▲ " + l.T("legend.farover")},
		{Class: "d3", Text: "▲ " + l.T("legend.over")},
		{Class: "d2", Text: l.T("legend.usual")},
		{Class: "d1", Text: "▽ " + l.T("legend.under")},
		{Class: "d0", Text: "▽▽ " + l.T("legend.farunder")},
		{Class: "few", Text: l.T("legend.few")},
	}
}

func areaTable(rows []areaWeek, k known, a ask) web.Table {
	l := a.locale
	t := web.Table{
		Caption: l.T("table.areas", l.WeekYear(a.week)),
		Head: []web.Cell{
			web.Name(l.T("head.area")), web.Name(l.T("head.district")), web.Number(l.T("head.incidents")), web.Number(l.T("head.reports")),
			web.Number(l.T("head.detected")), web.Number(l.T("head.expected")), web.Number(l.T("head.usual")),
		},
	}
	for _, w := range rows {
		if len(rows) > mostNamed && w.incidents == 0 {
			t.Caption = l.T("table.areas.with", l.WeekYear(a.week))
			continue
		}
		mean, interval := "–", "–"
		if w.usual.known {
			mean, interval = l.About(w.usual.mean), l.Range(w.usual.low, w.usual.high)
		}
		incidents, detected := web.Number(l.Int(w.incidents)), web.Number(l.Int(w.detected))
		if w.incidents > 0 {
			incidents = incidents.To(a.behind("area", w.code, "group", a.group))
		}
		if w.detected > 0 {
			detected = detected.To(a.behind("area", w.code, "group", a.behindGroup()))
		}
		t.Rows = append(t.Rows, []web.Cell{
			web.Name(w.name), web.Name(k.areas.parent(w.code)), incidents, web.Number(l.Int(w.reports)), detected, web.Number(mean), web.Number(interval),
		})
	}
	return t
}
