// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"samsyn/internal/web"
)

// mayOpen says whether the viewer opens any report of a municipality. Who has no agency there, such as somebody who signed
// in by the terminal's link, sees numbers. An agency's code is its own in its municipality only: the agency of the same
// name in another is somebody else.
func (s *Service) mayOpen(r *http.Request, a ask) bool {
	v, _ := web.VisitOf(r.Context())
	return s.config.Agencies != nil && v.Login != "" && v.Viewer.Agency != "" && v.Viewer.Municipality == a.municipality
}

// open reads what the viewer may open of some reports, by incident, the lead first. Where the agency's door is shut, of an
// agency that is suspended for instance, nothing is opened: the numbers are shown nevertheless.
func (s *Service) open(r *http.Request, a ask, keys []reportKey) map[uuid.UUID][]report {
	out := map[uuid.UUID][]report{}
	if len(keys) == 0 || !s.mayOpen(r, a) {
		return out
	}
	visit, _ := web.VisitOf(r.Context())
	all, err := readOpened(r.Context(), s.config.Agencies.For(visit.Login), visit.Viewer, keys)
	if err != nil {
		s.config.Logger.ErrorContext(r.Context(), "reports not opened", "agency", visit.Viewer.Agency, "error", err)
	}
	for _, one := range all {
		out[one.Episode] = append(out[one.Episode], one)
	}
	return out
}

// rowView is an incident in a list: opened, or only that it exists.
type rowView struct {
	When, Kind, Where, Source string
	Told                      string // how many reports, where several
	Texts                     []string
	Open                      bool
	Closed                    string // why it is not open
}

// names are what people call codes.
type names struct {
	agencies map[string]string
	units    map[string]string // agency/unit
	areas    *reference
	words    lexicon
}

func newNames(voices []voice, areas *reference, words lexicon) names {
	n := names{agencies: map[string]string{}, units: map[string]string{}, areas: areas, words: words}
	for _, v := range voices {
		n.agencies[v.Agency], n.units[v.Agency+"/"+v.Unit] = v.AgencyName, v.UnitName
	}
	return n
}

func (n names) agency(code string) string {
	if name := n.agencies[code]; name != "" {
		return name
	}
	return code
}

func (n names) list(codes []string) []string {
	out := make([]string, len(codes))
	for i, c := range codes {
		out[i] = n.agency(c)
	}
	return out
}

// rows are incidents as the viewer may see them.
func rows(all []incident, opened map[uuid.UUID][]report, n names, a ask) []rowView {
	out := make([]rowView, len(all))
	for i, one := range all {
		out[i] = oneRow(one, opened[one.Episode], n, a)
	}
	return out
}

func oneRow(i incident, opened []report, n names, a ask) rowView {
	l := a.locale
	v := rowView{Kind: in(n.words.categories[i.Category], l.Lang), Where: areaName(i.Area, n, l), Source: join(l, n.list(i.Agencies))}
	if i.Reports > 1 {
		v.Told = l.T("row.told", l.Int(i.Reports))
	}
	if len(opened) == 0 {
		day := web.DateIn(i.Day, a.zone)
		v.When, v.Closed = shortDay(l, day), l.T("row.closed", join(l, n.list(i.Agencies)))
		return v
	}
	first := opened[0]
	v.Open, v.When, v.Where = true, spell(l, first.OccurredFrom.In(a.zone), first.OccurredTo.In(a.zone)), placeOf(first, n, l)
	for _, r := range opened {
		if text := strings.TrimSpace(r.Text); text != "" {
			if len(i.Agencies) > 1 {
				text = n.agency(r.Agency) + ": " + text
			}
			v.Texts = append(v.Texts, text)
		}
	}
	return v
}

func areaName(code string, n names, l web.Locale) string {
	if code == "" {
		return l.T("row.noarea")
	}
	return n.areas.name(code)
}

// placeOf is where a report says it was, with how exactly that is known.
func placeOf(r report, n names, l web.Locale) string {
	where := areaName(r.Area, n, l)
	detail := []string{l.T("exact." + [...]string{"none", "area", "property", "grid", "point"}[min(max(r.Exactness, 0), 4)])}
	if r.PlaceType != "" {
		detail = append([]string{l.T("placetype." + strings.ReplaceAll(r.PlaceType, "_", "."))}, detail...)
	}
	return where + " (" + strings.Join(detail, ", ") + ")"
}

// shortDay is a day with its weekday: lör 2026-11-21.
func shortDay(l web.Locale, day time.Time) string {
	return string([]rune(l.Weekday(day))[:3]) + " " + l.Day(day)
}

// spell writes an interval as a list has it.
func spell(l web.Locale, from, to time.Time) string {
	switch {
	case !to.After(from):
		return shortDay(l, from) + " " + l.Clock(from)
	case l.Day(from) == l.Day(to):
		return shortDay(l, from) + " " + l.Clock(from) + "–" + l.Clock(to)
	}
	return shortDay(l, from) + " " + l.Clock(from) + " – " + shortDay(l, to) + " " + l.Clock(to)
}

// sight says in words how much of some incidents the viewer may open, and whose the others are.
func sight(all []incident, opened map[uuid.UUID][]report, n names, may bool, l web.Locale) string {
	if !may {
		return l.T("sight.numbers")
	}
	closed := map[string]int{}
	var holders []string
	seen := 0
	for _, i := range all {
		if len(opened[i.Episode]) > 0 {
			seen++
			continue
		}
		if closed[i.Agency] == 0 {
			holders = append(holders, i.Agency)
		}
		closed[i.Agency]++
	}
	if seen == len(all) {
		return l.T("sight.all", l.Int(len(all)))
	}
	parts := make([]string, len(holders))
	for i, h := range holders {
		parts[i] = l.T("sight.kept", l.Int(closed[h]), n.agency(h))
	}
	return l.T("sight.some", l.Int(seen), l.Int(len(all)), join(l, parts))
}
