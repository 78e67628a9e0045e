// SPDX-License-Identifier: EUPL-1.2

package situation

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"samsyn/internal/web"
)

const (
	levelMunicipality = "municipality"
	levelDistrict     = "district"
	levelArea         = "area"
	mostBurdens       = 8
	// newFor is how long an agency is pointed out as new.
	newFor = 8 * 7 * 24 * time.Hour
)

// compile makes the report of a week from what is known. It reads nothing and does not look at the clock.
func compile(k known, municipality string, x lexicon) Report {
	r := Report{
		Format: Format, Municipality: municipality, Name: k.town.Name, MadeUp: k.town.MadeUp, Zone: k.town.TimeZone, Week: k.week.String(),
		From: day(k.monday()), To: day(k.end().AddDate(0, 0, -1)), FrozenAt: k.now.UTC(), Batch: k.town.Batch, Basis: basisOf(k.basis),
	}
	of := newPlaces(k.areas, municipality)
	usual := k.usual(municipality)
	r.Totals = totals(k, x, usual[""])
	r.Groups = groups(k, x, usual)
	r.Areas = areas(k, x, of)
	r.Days = days(k, x, usual[""])
	r.Hours = hours(k.times, k.zone, usual[""])
	r.Weeks = weeks(k)
	r.Coverage = coverage(k)
	r.Places = flagged(k, of)
	r.Burdens = burdens(k, of)
	r.Weekly, r.Coming = noticed(k, x, of)
	r.Positions, r.Actions = followUp(k, of)
	return r
}

func day(t time.Time) string { return t.Format(time.DateOnly) }

// basisOf names what the numbers stand on. The rows are put in order.
func basisOf(rows []basisRow) Basis {
	slices.SortFunc(rows, func(a, b basisRow) int {
		return cmp.Or(cmp.Compare(a.Agency, b.Agency), cmp.Compare(a.Report, b.Report))
	})
	h := sha256.New()
	for _, b := range rows {
		_, _ = fmt.Fprintf(h, "%s/%s/%d\n", b.Agency, b.Report, b.Revision) // a hash takes everything
	}
	return Basis{Reports: len(rows), SHA256: hex.EncodeToString(h.Sum(nil))}
}

// places are the areas by code.
type places struct {
	municipality string
	byCode       map[string]areaRow
	lowest       string
}

func newPlaces(areas []areaRow, municipality string) places {
	p := places{municipality: municipality, byCode: map[string]areaRow{}, lowest: lowest(areas)}
	for _, a := range areas {
		p.byCode[a.Code] = a
	}
	return p
}

// lowest is the level that is counted by: area, or district where there are no areas.
func lowest(areas []areaRow) string {
	if slices.ContainsFunc(areas, func(a areaRow) bool { return a.Level == levelArea }) {
		return levelArea
	}
	return levelDistrict
}

// name is what an area is called: its own name, or its code.
func (p places) name(code string) string {
	if a, ok := p.byCode[code]; ok && a.Name != "" {
		return a.Name
	}
	return code
}

// district is the name of the district an area lies in; empty for one that is none.
func (p places) district(code string) string {
	a := p.byCode[code]
	if a.Level != levelArea || a.Parent == "" || a.Parent == p.municipality {
		return ""
	}
	return p.name(a.Parent)
}

// of is the code of an area of the lowest level that a count belongs to.
func (p places) of(area, district string) string {
	if p.lowest == levelDistrict {
		return district
	}
	return area
}

// usual are the municipality's expectations of the week, by group; "" is all that are held against one.
func (k known) usual(municipality string) map[string]*expectedRow {
	all := map[string]*expectedRow{}
	for i, e := range k.expected {
		if e.Area == municipality {
			all[e.Grp] = &k.expected[i]
		}
	}
	return all
}

func (e *expectedRow) band() *Expected {
	if e == nil {
		return nil
	}
	return &Expected{Mean: e.Expected, Low: e.Low, High: e.High}
}

func totals(k known, x lexicon, usual *expectedRow) Totals {
	t := Totals{Expected: usual.band()}
	for _, c := range k.counts {
		if x.isDetected[c.Category] {
			t.Incidents += c.Incidents
		} else {
			t.Others += c.Incidents
		}
		if c.Area == "" && c.District == "" {
			t.Outside += c.Incidents
		}
		t.Reports += c.Reports
	}
	return t
}

func groups(k known, x lexicon, usual map[string]*expectedRow) []GroupFigure {
	byCode := map[string]*GroupFigure{}
	all := make([]GroupFigure, len(x.order))
	for i, code := range x.order {
		all[i] = GroupFigure{Group: code, SV: x.groups[code].SV, EN: x.groups[code].EN, Detected: x.isDetectedGroup[code]}
		if all[i].Detected {
			all[i].Expected = usual[code].band()
		}
		byCode[code] = &all[i]
	}
	for _, c := range k.counts {
		if g := byCode[x.groupOf[c.Category]]; g != nil {
			g.Incidents, g.Reports = g.Incidents+c.Incidents, g.Reports+c.Reports
		}
	}
	return slices.DeleteFunc(all, func(g GroupFigure) bool { return !g.Detected && g.Incidents == 0 })
}

func areas(k known, x lexicon, of places) []AreaFigure {
	all, at := []AreaFigure{}, map[string]int{}
	for _, a := range k.areas {
		if a.Level == of.lowest {
			at[a.Code] = len(all)
			all = append(all, AreaFigure{Area: a.Code, Name: of.name(a.Code), District: of.district(a.Code), Population: a.Population})
		}
	}
	for _, c := range k.counts {
		if i, ok := at[of.of(c.Area, c.District)]; ok {
			all[i].Incidents += c.Incidents
			if x.isDetected[c.Category] {
				all[i].Detected += c.Incidents
			}
		}
	}
	for i, e := range k.expected {
		if j, ok := at[e.Area]; ok && e.Grp == "" {
			all[j].Expected = k.expected[i].band()
		}
	}
	for i := range all {
		all[i].Proposed, all[i].Why = propose(all[i], k.flags, k.end())
	}
	slices.SortStableFunc(all, func(a, b AreaFigure) int {
		return cmp.Or(cmp.Compare(rank(a.Proposed), rank(b.Proposed)), cmp.Compare(b.Incidents, a.Incidents), cmp.Compare(a.Area, b.Area))
	})
	return all
}

// rank puts what needs the review first.
func rank(l Level) int { return slices.Index([]Level{Red, Yellow, Green, Unknown}, l) }

// propose is the rule for the level of an area, the first line that holds:
//
//	red, flagged      an alert shows in the area and is open when the week ends
//	yellow, ended     an alert showed in the area during the week and ended in it
//	yellow, watched   a place in it is close to the limit (a watch)
//	yellow, over      more incidents than the 95 % limit of the expectation
//	unknown           there is no expectation to hold the number against
//	green, usual      none of these
//
// A flag shows in its leading area and in those of its parts.
func propose(a AreaFigure, flags []flagRow, end time.Time) (level Level, why string) {
	ended, watched := false, false
	for _, f := range flags {
		switch {
		case f.Area != a.Area && !slices.Contains(f.Areas, a.Area):
		case f.Grade != gradeAlert:
			watched = true
		case f.ClearedAsOf == nil || f.ClearedAsOf.After(end):
			return Red, "flagged"
		default:
			ended = true
		}
	}
	switch {
	case ended:
		return Yellow, "ended"
	case watched:
		return Yellow, "watched"
	case a.Expected == nil:
		return Unknown, "unknown"
	case a.Detected > a.Expected.High:
		return Yellow, "over"
	}
	return Green, "usual"
}

func days(k known, x lexicon, usual *expectedRow) []DayFigure {
	all := make([]DayFigure, 7)
	for i := range all {
		all[i].Day = day(k.monday().AddDate(0, 0, i))
		if usual != nil && len(usual.Exposure) == 7 && usual.Rate > 0 {
			e := spreadOf(usual.Shape, usual.Shape/usual.Rate*usual.Exposure[i])
			all[i].Expected = &e
		}
	}
	for _, c := range k.counts {
		if i := int(c.Day.Sub(dateOf(k.monday())).Hours()) / 24; x.isDetected[c.Category] && i >= 0 && i < 7 {
			all[i].Incidents += c.Incidents
		}
	}
	return all
}

// weeks are the half year that ends with the week, from the first whole week with history.
func weeks(k known) []WeekFigure {
	bands, sums := map[web.Week]*Expected{}, map[web.Week]int{}
	for i, e := range k.trend {
		bands[web.WeekOf(e.Week)] = k.trend[i].band()
	}
	for _, p := range k.past {
		sums[web.WeekOf(p.Week)] += p.Incidents
	}
	all := []WeekFigure{}
	for i := 1 - trendWeeks; i <= 0; i++ {
		w := k.week.Add(i)
		if w.Monday(time.UTC).Before(k.town.HistoryFrom) {
			continue // half a week would look like a rise after it
		}
		all = append(all, WeekFigure{Week: w.String(), Incidents: sums[w], Expected: bands[w]})
	}
	return all
}

func coverage(k known) []Source {
	reports := map[[2]string]int{}
	for _, b := range k.basis {
		reports[[2]string{b.Agency, b.Unit}]++
	}
	all := make([]Source, 0, len(k.sources))
	for _, s := range k.sources {
		if s.Outside {
			continue
		}
		one := Source{
			Agency: s.Agency, AgencyName: s.AgencyName, Unit: s.Unit, UnitName: s.UnitName, Reports: reports[[2]string{s.Agency, s.Unit}],
			StartedOn: day(s.StartedOn), LastHeard: utc(s.LastAt),
		}
		one.State = standing(s, one.Reports, k.monday(), k.end())
		began := web.DateIn(s.StartedOn, k.zone)
		one.New = one.State != "not_started" && k.end().Sub(began) < newFor
		all = append(all, one)
	}
	return all
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// standing is what a unit did in a week that is over.
func standing(s sourceRow, reports int, monday, end time.Time) string {
	switch {
	case reports > 0:
		return "reported"
	case s.Suspended:
		return "suspended"
	case !web.DateIn(s.StartedOn, monday.Location()).Before(end):
		return "not_started"
	case s.Nothing:
		return "nothing"
	case s.LastAt != nil && !s.LastAt.Before(monday):
		return "unheard" // it was heard since, about something else
	}
	return "silent"
}

// burdens are the areas that carry most over twelve months.
func burdens(k known, of places) []Burden {
	at, all := map[string]*Burden{}, 0
	for _, p := range k.past {
		if p.Area == "" || p.Incidents <= 0 {
			continue
		}
		b := at[p.Area]
		if b == nil {
			b = &Burden{Area: p.Area, Name: of.name(p.Area)}
			at[p.Area] = b
		}
		b.Incidents, b.Weeks, all = b.Incidents+p.Incidents, b.Weeks+1, all+p.Incidents
	}
	top := make([]Burden, 0, len(at))
	for _, b := range at {
		b.Share = float64(b.Incidents) / float64(all)
		top = append(top, *b)
	}
	slices.SortFunc(top, func(a, b Burden) int {
		return cmp.Or(cmp.Compare(b.Incidents, a.Incidents), cmp.Compare(a.Area, b.Area))
	})
	return top[:min(mostBurdens, len(top))]
}

// noticed are the weekly figures of those who give no more, and what has been announced.
func noticed(k known, x lexicon, of places) (weekly []WeeklyFigure, coming []Coming) {
	weekly, coming = []WeeklyFigure{}, []Coming{}
	names := k.agencyNames()
	for _, n := range k.notices {
		if n.Kind != "counts" {
			c := Coming{
				Kind: n.Context, Agency: n.Agency, AgencyName: names[n.Agency], From: n.Starts.UTC(), To: n.Ends.UTC(), Areas: n.Areas, AreaNames: []string{}, Text: n.Text,
			}
			for _, code := range n.Areas {
				c.AreaNames = append(c.AreaNames, of.name(code))
			}
			coming = append(coming, c)
			continue
		}
		i := slices.IndexFunc(weekly, func(w WeeklyFigure) bool { return w.Agency == n.Agency && w.Category == n.Category })
		if i < 0 {
			i = len(weekly)
			weekly = append(weekly, WeeklyFigure{
				Agency: n.Agency, AgencyName: names[n.Agency], Category: n.Category, SV: x.categories[n.Category].SV, EN: x.categories[n.Category].EN,
			})
		}
		weekly[i].N += n.N
	}
	slices.SortFunc(weekly, func(a, b WeeklyFigure) int {
		return cmp.Or(cmp.Compare(a.Agency, b.Agency), cmp.Compare(a.Category, b.Category))
	})
	return weekly, coming
}

// agencyNames are the names of agencies by code.
func (k known) agencyNames() map[string]string {
	names := map[string]string{}
	for _, s := range k.sources {
		names[s.Agency] = s.AgencyName
	}
	return names
}
