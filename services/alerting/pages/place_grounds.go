// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"cmp"
	"html/template"
	"slices"
	"time"

	"samsyn/internal/geo"
	"samsyn/internal/web"
	"samsyn/services/alerting/aoristic"
)

// freshView answers the first objection in the room: is it reporting or reality?
type freshView struct {
	Names   string // of the new sources
	Since   []string
	Finding string
	// without is the number without them, and whether that is more than usual.
	only, without int
	over          bool
	usual         usual
}

// freshView compares the flag's days with and without the sources that are new; nil where none of them tells anything here.
func (k placeKnown) freshView(a ask) *freshView {
	l := a.locale
	if len(k.fresh) == 0 || len(k.onlyNew) == 0 {
		return nil
	}
	v := &freshView{usual: k.usualIn(k.flag.Area)}
	var who []string
	for _, f := range k.freshSources() {
		who = append(who, f.name)
		v.Since = append(v.Since, l.T("fresh.since", f.name, l.WeekYear(web.WeekOf(f.first.In(a.zone)))))
	}
	v.Names = join(l, who)
	for _, day := range k.onlyNew {
		if !day.Before(k.flag.WindowFrom) && !day.After(k.flag.WindowTo) {
			v.only++
		}
	}
	all := k.countIn(geo.Level(k.flag.Level), k.flag.Area)
	v.without = max(0, all-v.only)
	if !v.usual.known {
		v.Finding = l.T("fresh.unknown", v.Names, l.Int(v.without), l.Int(all))
		return v
	}
	v.over = v.without > v.usual.high
	key := "fresh.usual"
	if v.over {
		key = "fresh.over"
	}
	v.Finding = l.T(key, v.Names, l.Int(v.without), l.Int(all), l.About(v.usual.mean), l.Range(v.usual.low, v.usual.high))
	return v
}

// freshSource is a new agency, or a new unit of one that was heard before.
type freshOne struct {
	name  string
	first time.Time
}

func (k placeKnown) freshSources() []freshOne {
	isFresh := map[string]bool{}
	for _, f := range k.fresh {
		isFresh[f.Agency+"/"+f.Unit] = true
	}
	old := map[string]bool{} // agencies with a source that is not new
	for _, v := range k.voices {
		if v.FirstAt != nil && !isFresh[v.Agency+"/"+v.Unit] {
			old[v.Agency] = true
		}
	}
	var out []freshOne
	seen := map[string]int{}
	for _, f := range k.fresh {
		name := f.AgencyName
		if old[f.Agency] && f.UnitName != "" {
			name = f.UnitName
		}
		if i, ok := seen[name]; ok {
			if f.FirstAt.Before(out[i].first) {
				out[i].first = *f.FirstAt
			}
			continue
		}
		seen[name] = len(out)
		out = append(out, freshOne{name, *f.FirstAt})
	}
	return out
}

// grounds are facts that speak for and against that something is going on here. Nothing is weighed: people do that.
func (k placeKnown) grounds(a ask, n names, fresh *freshView) (speakFor, against []string) {
	l := a.locale
	agencies := map[string]bool{}
	presence := 0
	for _, i := range k.behind {
		for _, code := range i.Agencies {
			agencies[code] = true
		}
		if i.Origin == "presence" {
			presence++
		}
	}
	if len(agencies) > 1 {
		speakFor = append(speakFor, l.T("for.agencies", l.Int(len(agencies))))
	} else if len(k.behind) > 1 {
		for code := range agencies {
			against = append(against, l.T("against.alone", n.agency(code)))
		}
	}
	if end := lastDay(a.now, a.zone); k.flag.ClearedAsOf == nil {
		if weeks := int(end.Sub(web.DateIn(k.flag.OpenedAsOf.In(a.zone), a.zone)).Hours()+1) / (24 * 7); weeks >= 1 {
			speakFor = append(speakFor, l.N("for.weeks", weeks))
		}
	}
	if presence > 0 {
		against = append(against, l.T("against.presence", l.Int(presence), l.Int(len(k.behind))))
	}
	if fresh != nil && fresh.only > 0 && fresh.usual.known {
		if fresh.over {
			speakFor = append(speakFor, fresh.Finding)
		} else {
			against = append(against, fresh.Finding)
		}
	}
	speakFor, against = k.aroundGrounds(a, speakFor, against)
	return speakFor, append(against, k.announced(a)...)
}

// aroundGrounds says whether it is here or everywhere, and whether the numbers have moved since.
func (k placeKnown) aroundGrounds(a ask, speakFor, against []string) (more, less []string) {
	l := a.locale
	if k.flag.Level != string(geo.LevelMunicipality) && k.flag.Kind != kindSerious {
		if u := k.usualIn(a.municipality); u.known {
			switch n := k.countIn(geo.LevelMunicipality, ""); {
			case n > u.high:
				against = append(against, l.T("against.everywhere", l.Int(n), l.About(u.mean), l.Range(u.low, u.high)))
			default:
				speakFor = append(speakFor, l.T("for.here", l.Int(n), l.About(u.mean), l.Range(u.low, u.high)))
			}
		}
	}
	if now := k.countIn(geo.Level(k.flag.Level), k.flag.Area); k.flag.Kind != kindSerious && now < k.flag.Observed {
		against = append(against, l.T("against.fewer", l.Int(now), l.Int(k.flag.Observed)))
	} else if k.flag.Kind != kindSerious && now > k.flag.Observed {
		speakFor = append(speakFor, l.T("for.more", l.Int(now), l.Int(k.flag.Observed)))
	}
	return speakFor, against
}

// announced is what was announced for these days and this place, and can explain a rise.
func (k placeKnown) announced(a ask) []string {
	l := a.locale
	parent, _ := k.areas.parentCode(k.flag.Area)
	var out []string
	for _, n := range k.notices {
		here := len(n.Areas) == 0
		for _, code := range n.Areas {
			here = here || code == k.flag.Area || code == parent || code == a.municipality
		}
		if n.Kind == "context" && here {
			text := l.T("context."+n.Context) + " " + when(l, n.Starts, n.Ends)
			if n.Text != "" {
				text += ": " + n.Text
			}
			out = append(out, l.T("against.announced", text))
		}
	}
	return out
}

// hoursView is when in the week it happens.
type hoursView struct {
	Finding, Note string
	Grid          template.HTML
}

func hours(behind []incident, a ask) hoursView {
	l := a.locale
	if len(behind) == 0 {
		return hoursView{Finding: l.T("hours.none")}
	}
	var week aoristic.Table
	for _, i := range behind {
		week.Add(i.OccurredFrom.In(a.zone), i.OccurredTo.In(a.zone))
	}
	grid := web.Grid{Caption: l.N("hours.caption", week.N), Corner: l.T("hours.day"), Sum: l.T("hours.sum"), Locale: l}
	for b := range aoristic.Blocks {
		grid.Columns = append(grid.Columns, blockName(b))
	}
	monday := time.Date(2024, 1, 1, 12, 0, 0, 0, a.zone) // a Monday
	for day, tenths := range week.Tenths() {
		grid.Rows = append(grid.Rows, web.GridRow{Name: l.Weekday(monday.AddDate(0, 0, day)), Tenths: tenths[:]})
	}
	v := hoursView{Grid: grid.HTML(), Note: l.T("hours.uncertain", l.Int(week.Uncertain), l.Int(week.N))}
	day, block, weight, _ := week.Peak()
	v.Finding = l.T("hours.finding", l.Weekday(monday.AddDate(0, 0, day)), blockName(block), l.Decimal(weight, 1), l.Int(week.N))
	return v
}

// blockName is four hours as clocks have them: 20–24.
func blockName(b int) string {
	two := func(n int) string { return string([]byte{'0' + byte(n/10), '0' + byte(n%10)}) }
	return two(b*aoristic.BlockHours) + "–" + two((b+1)*aoristic.BlockHours)
}

// seenBy is how many of the incidents each agency saw.
func seenBy(behind []incident, n names, l web.Locale) template.HTML {
	counts := map[string]int{}
	for _, i := range behind {
		for _, code := range i.Agencies {
			counts[code]++
		}
	}
	if len(counts) == 0 {
		return ""
	}
	bars := make([]web.Bar, 0, len(counts))
	for code, count := range counts {
		bars = append(bars, web.Bar{Name: n.agency(code), Count: count})
	}
	web.SortNames(l, bars, func(b web.Bar) string { return b.Name })
	slices.SortStableFunc(bars, func(x, y web.Bar) int { return cmp.Compare(y.Count, x.Count) })
	return web.Bars{Caption: l.N("seen.caption", len(behind)), Head: [2]string{l.T("head.agency"), l.T("head.incidents")}, Bars: bars, Locale: l}.HTML()
}
