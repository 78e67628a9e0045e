// SPDX-License-Identifier: EUPL-1.2

package situation

import (
	"cmp"
	"html/template"
	"maps"
	"math"
	"slices"
	"strings"

	"samsyn/events"
	"samsyn/internal/web"
	"samsyn/services/review/action"
	"samsyn/services/review/position"
)

// placeView is one flagged place.
type placeView struct {
	Number   int
	Href     string
	Name     string
	District string
	Tags     []tag
	Beyond   bool // not on paper
	What     string
	Days     string
	Count    string
	Usual    string
	Bullet   template.HTML
	Reason   string
	SeenBy   string
	Position string
}

// placesOnPaper is how many places paper describes.
const placesOnPaper = 5

func (c composer) places(v *view) {
	l := c.l
	var markers []web.Marker
	alerts := 0
	for _, p := range c.r.Places {
		if p.Grade != gradeAlert {
			v.Watched = append(v.Watched, l.T("watched.line", p.Name, c.groupName(p.Group), l.Int(p.Observed), l.About(p.Expected.Mean)))
			continue
		}
		alerts++
		v.Places = append(v.Places, c.place(p, alerts))
		if alerts <= 10 {
			markers = append(markers, web.Marker{Area: p.Area, Number: alerts, Label: l.T("map.marker", l.Int(alerts), p.Name), Href: c.placeHref(p)})
		}
	}
	if alerts == 0 {
		v.NoPlaces = l.T("places.none", l.Week(c.a.week))
	}
	if more := alerts - placesOnPaper; more > 0 {
		v.MorePlaces = l.N("more.rows", more)
	}
	c.drawing(v, markers)
}

func (c composer) placeHref(p Place) string {
	return "/plats/" + p.Flag.String() + web.Query(nil, "m", c.a.municipality, "lang", c.a.lang)
}

func (c composer) place(p Place, number int) placeView {
	l := c.l
	out := placeView{
		Number: number, Href: c.placeHref(p), Name: p.Name, District: p.District, Beyond: number > placesOnPaper, Reason: p.ReasonSV,
		SeenBy: c.join(p.AgencyNames), Days: l.Span(c.date(p.From), c.date(p.To)), What: c.groupName(p.Group),
	}
	if l.Lang == "en" {
		out.Reason = p.ReasonEN
	}
	switch p.Level {
	case levelDistrict:
		out.District = l.T("place.district")
	case levelMunicipality:
		out.District = l.T("place.municipality")
	}
	out.Tags = append(out.Tags, tag{"over", "▲ " + l.T("kind."+p.Kind)})
	if p.Kind == "serious" {
		out.Tags[0].Class = "danger"
		out.What = in(c.x.categories[p.Category], l.Lang)
	} else {
		out.Count, out.Usual = l.T("place.against", l.Int(p.Observed), l.About(p.Expected.Mean)), l.T("place.usual", l.Range(p.Expected.Low, p.Expected.High))
		out.Bullet = web.Bullet{Count: p.Observed, Expected: p.Expected.Mean, Low: p.Expected.Low, High: p.Expected.High}.SVG()
	}
	if p.State == stateCleared {
		out.Tags = append(out.Tags, tag{"ok", l.T("place.cleared")})
	} else if p.Fresh {
		out.Tags = append(out.Tags, tag{"plain", l.T("place.new")})
	}
	out.Position = l.T("position.none")
	if p.Position != nil {
		out.Position = c.position(*p.Position)
	}
	return out
}

func (c composer) groupName(group string) string {
	if group == "" {
		return c.l.T("group.all")
	}
	return in(c.x.groups[group], c.l.Lang)
}

// position writes a position: what was decided, whose it is, until when.
func (c composer) position(p PositionLine) string {
	l := c.l
	switch p.Kind {
	case "act":
		return l.T("position.act", c.agency(p.OwnerAgency), p.DueOn)
	case "watch":
		week, _ := web.ParseWeek(p.Until)
		return l.T("position.watch", l.WeekYear(week))
	case "dismiss":
		return l.T("position.dismiss", strings.ToLower(in(position.Reason(p.Reason).Text(), l.Lang)))
	}
	return l.T("position.handover", in(position.Forum(p.HandedTo).Text(), l.Lang))
}

// agency is what an agency was called when the report was frozen.
func (c composer) agency(code string) string {
	for _, s := range c.r.Coverage {
		if s.Agency == code {
			return s.AgencyName
		}
	}
	return code
}

// drawing is the map: counts by area, in steps that black ink keeps apart, and the places by number.
func (c composer) drawing(v *view, markers []web.Marker) {
	l := c.l
	shades := map[string]web.Shade{}
	with, most := 0, AreaFigure{}
	for _, a := range c.r.Areas {
		shades[a.Area] = web.CountShade(a.Incidents)
		if a.Incidents > 0 {
			with++
		}
		if a.Incidents > most.Incidents {
			most = a
		}
	}
	v.MapFinding = l.T("map.none")
	if with > 0 {
		v.MapFinding = l.T("map.finding", l.Int(with), l.Int(len(c.r.Areas)), most.Name, l.Int(most.Incidents))
	}
	if c.r.Totals.Outside > 0 {
		v.NoPlace = l.N("map.outside", c.r.Totals.Outside)
	}
	v.Legend = []web.Swatch{
		{Class: "c0", Text: "0"}, {Class: "c1", Text: l.Range(1, 2)}, {Class: "c2", Text: l.Range(3, 5)}, {Class: "c3", Text: l.Range(6, 9)}, {Class: "c4", Text: l.T("legend.more")},
	}
	v.Map = web.AreaMap{ID: "map", Label: l.T("map.label", c.r.Name), Drawing: c.h.ground, Shades: shades, Markers: markers, Locale: l}.SVG()
}

// hours is the table of weekdays by blocks, with what was to be expected of each day and block beside it.
func (c composer) hours(v *view) {
	l, h := c.l, c.r.Hours
	grid := web.Grid{Caption: l.T("hours.caption", l.WeekYear(c.a.week)), Corner: l.T("head.day"), Sum: l.T("head.sum"), Locale: l}
	for b := range blocksPerDay {
		grid.Columns = append(grid.Columns, blockName(b))
	}
	rounded := tenths(h)
	for d := range rounded {
		grid.Rows = append(grid.Rows, web.GridRow{Name: l.Weekday(c.h.monday().AddDate(0, 0, d)), Tenths: rounded[d][:]})
	}
	v.Hours = grid.HTML()
	v.HoursNote = l.T("hours.note", l.Int(h.Uncertain), l.Int(h.Incidents))
	var odd []string
	v.Days = web.Table{Caption: l.T("days.caption", l.WeekYear(c.a.week)), Head: c.head(l.T("head.day"))}
	for i, d := range c.r.Days {
		name := l.Weekday(c.h.monday().AddDate(0, 0, i))
		href := c.behind("group", detected, "weekday", string(rune('1'+i)))
		v.Days.Rows = append(v.Days.Rows, append([]web.Cell{web.Name(name)}, c.against(d.Incidents, href, d.Expected)...))
		if d.Expected != nil && d.Incidents > d.Expected.High {
			odd = append(odd, l.T("hours.odd", name, l.Int(d.Incidents), l.About(d.Expected.Mean)))
		}
	}
	v.Blocks = web.Table{Caption: l.T("blocks.caption", l.WeekYear(c.a.week)), Head: c.head(l.T("head.block"))}
	for b := range blocksPerDay {
		sum := 0
		for d := range rounded {
			sum += rounded[d][b]
		}
		n := float64(sum) / 10
		row := []web.Cell{web.Name(blockName(b)), web.Number(l.Decimal(n, 1)), web.Number("–"), web.Number("–"), web.Name(l.T("mark.unknown"))}
		if b < len(h.Expected) {
			e := h.Expected[b]
			row[2], row[3], row[4] = web.Number(l.About(e.Mean)), web.Number(l.Range(e.Low, e.High)), web.Name(c.mark(int(math.Round(n)), e))
			if n > float64(e.High) {
				odd = append(odd, l.T("hours.odd", blockName(b), l.Decimal(n, 1), l.About(e.Mean)))
			}
		}
		v.Blocks.Rows = append(v.Blocks.Rows, row)
	}
	v.HoursFinding = l.T("hours.usual")
	if len(odd) > 0 {
		v.HoursFinding = l.T("hours.over", c.join(odd))
	}
}

func blockName(b int) string {
	two := func(n int) string { return string([]byte{'0' + byte(n/10), '0' + byte(n%10)}) }
	return two(b*blockHours) + "–" + two((b+1)*blockHours)
}

// tenths are the cells in tenths of an incident, rounded so that they add up: what is cut off goes to those that lost most.
func tenths(h Hours) [7][6]int {
	type rest struct {
		day, block int
		lost       float64
	}
	var out [7][6]int
	var rests []rest
	missing := 10 * h.Incidents
	for d, row := range h.Cells {
		for b, x := range row {
			whole := math.Floor(10*x + 1e-9)
			out[d][b] = int(whole)
			missing -= int(whole)
			rests = append(rests, rest{d, b, 10*x - whole})
		}
	}
	slices.SortStableFunc(rests, func(x, y rest) int { return cmp.Compare(y.lost, x.lost) })
	for _, r := range rests[:max(0, min(missing, len(rests)))] {
		out[r.day][r.block]++
	}
	return out
}

// mostNamed is how many silent units a sentence names before it counts the rest; the table names all.
const mostNamed = 5

// coverage says who reported, who had nothing to, and who is silent.
func (c composer) coverage(v *view) {
	l := c.l
	t := web.Table{Caption: l.T("coverage.caption", l.WeekYear(c.a.week)), Head: []web.Cell{
		web.Name(l.T("head.agency")), web.Name(l.T("head.unit")), web.Name(l.T("head.state")), web.Number(l.T("head.reports")), web.Name(l.T("head.last")),
	}}
	tags := map[string]string{"reported": "ok", "nothing": "ok", "silent": "danger", "unheard": "warn"}
	heard, due := 0, 0
	var missing []string
	for _, s := range c.r.Coverage {
		switch s.State {
		case "reported", "nothing":
			heard, due = heard+1, due+1
		case "silent", "unheard":
			due++
			missing = append(missing, s.called())
		}
		last := l.T("coverage.never")
		if s.LastHeard != nil {
			last = l.Day(*s.LastHeard)
		}
		href := ""
		if s.Reports > 0 {
			href = c.behind("agency", s.Agency)
		}
		t.Rows = append(t.Rows, []web.Cell{
			web.Name(s.AgencyName), web.Name(s.UnitName), {Text: l.T("coverage." + s.State), Tag: or(tags[s.State], "plain")}, web.Number(l.Int(s.Reports)).To(href), web.Name(last),
		})
		if line := l.T("coverage.new", s.AgencyName, s.StartedOn); s.New && !slices.Contains(v.New, line) {
			v.New = append(v.New, line)
		}
	}
	v.Coverage = c.listing(t, 8)
	v.Coverage.None = l.T("coverage.nobody")
	v.Heard = l.T("coverage.nobody")
	if due > 0 {
		v.Heard = l.T("coverage.finding", l.Int(heard), l.Int(due))
	}
	if len(missing) > 0 {
		if more := len(missing) - mostNamed; more > 1 {
			missing = append(missing[:mostNamed], l.T("coverage.more", l.Int(more)))
		}
		v.Heard += " " + l.T("coverage.missing", c.join(missing))
	}
}

// called is what a unit is called where its agency does not stand beside it.
func (s Source) called() string {
	if s.UnitName == "" {
		return s.AgencyName
	}
	return s.AgencyName + " (" + s.UnitName + ")"
}

// comingView is something announced.
type comingView struct {
	Tag    tag
	When   string
	Text   string
	Beyond bool // not on paper
}

// comingOnPaper is how many announcements paper shows.
const comingOnPaper = 4

func (c composer) ahead(v *view) {
	l := c.l
	for _, w := range c.r.Weekly {
		name := w.SV
		if l.Lang == "en" {
			name = w.EN
		}
		v.Weekly = append(v.Weekly, l.T("weekly.line", w.AgencyName, name, l.Int(w.N)))
	}
	for _, x := range c.r.Coming {
		class := "plain"
		if x.Kind == "warning" {
			class = "warn"
		}
		when := l.Weekday(x.From.In(c.h.zone)) + " " + l.Span(x.From.In(c.h.zone), x.To.In(c.h.zone))
		if l.Day(x.From) == l.Day(x.To) {
			when = l.T("coming.clock", when, l.Clock(x.From), l.Clock(x.To))
		}
		if len(x.AreaNames) > 0 {
			when += ", " + c.join(x.AreaNames)
		}
		v.Coming = append(v.Coming, comingView{tag{class, l.T("context." + x.Kind)}, when, x.Text, len(v.Coming) >= comingOnPaper})
	}
	if more := len(v.Coming) - comingOnPaper; more > 0 {
		v.MoreComing = l.N("more.rows", more)
	}
}

// followUp is one table of what is late, due, open and done.
func (c composer) followUp() listing {
	l := c.l
	t := web.Table{Caption: l.T("followup.caption"), Head: []web.Cell{
		web.Name(l.T("head.what")), web.Name(l.T("head.place")), web.Name(l.T("head.owner")), web.Name(l.T("head.due")), web.Name(l.T("head.state")),
	}}
	tags := map[string]string{"late": "danger", "due": "warn", "open": "plain", "done": "ok", "taken": "plain"}
	for _, a := range c.r.Actions {
		what := in(action.Measure(a.Measure).Text(), l.Lang)
		t.Rows = append(t.Rows, []web.Cell{
			web.Name(what).To("/atgarder/" + a.Action.String() + web.Query(nil, "m", c.a.municipality, "lang", c.a.lang)), web.Name(a.Name),
			web.Name(or(a.OwnerName, a.OwnerAgency)), web.Name(a.DueOn),
			{Text: l.T("followup." + a.State), Tag: tags[a.State]},
		})
	}
	for _, p := range c.r.Positions {
		t.Rows = append(t.Rows, []web.Cell{
			web.Name(c.position(p)).To("/plats/" + p.Flag.String() + web.Query(nil, "m", c.a.municipality, "lang", c.a.lang)), web.Name(p.Name),
			web.Name(c.agency(p.OwnerAgency)), web.Name(p.DueOn),
			{Text: l.T("followup." + p.State), Tag: tags[p.State]},
		})
	}
	out := c.listing(t, 7)
	out.None = l.T("followup.none")
	return out
}

// differences are what came since this version, and what this version says otherwise than the one before.
func (c composer) differences(v *view) {
	l := c.l
	if c.h.since.Any() {
		v.Late = &lateView{Finding: l.T("late.since", l.Int(c.h.since.New)) + c.also(c.h.since), Lines: c.byAgency(c.h.since)}
	}
	if c.h.previous == nil {
		return
	}
	v.Changed = &lateView{
		Finding: l.T("late.between", l.Int(c.h.previous.Report.Version), l.Int(c.h.sincePrior.New)) + c.also(c.h.sincePrior), Lines: c.byAgency(c.h.sincePrior),
		Table: web.Table{Caption: l.T("changes.caption", l.Int(c.h.previous.Report.Version), l.Int(c.r.Version)), Head: []web.Cell{
			web.Name(l.T("head.what")), web.Name(l.T("changes.was")), web.Name(l.T("changes.is")),
		}},
	}
	for _, x := range Changes(c.h.previous.Report, c.r) {
		name := in(events.Text{SV: x.Name, EN: x.EN}, l.Lang)
		what := l.T("change." + x.What)
		if name != "" {
			what += ": " + name
		}
		v.Changed.Table.Rows = append(v.Changed.Table.Rows, []web.Cell{web.Name(what), web.Name(c.changed(x.What, x.Was)), web.Name(c.changed(x.What, x.Is))})
	}
}

// changed writes one side of a change.
func (c composer) changed(what, value string) string {
	switch {
	case value == "":
		return "–"
	case what == "level":
		return c.l.T("level." + value)
	case what == "coverage":
		return c.l.T("coverage." + value)
	}
	return value
}

func (c composer) also(x Late) string {
	var parts []string
	if x.Changed > 0 {
		parts = append(parts, c.l.T("late.changed", c.l.Int(x.Changed)))
	}
	if x.Gone > 0 {
		parts = append(parts, c.l.T("late.gone", c.l.Int(x.Gone)))
	}
	if len(parts) == 0 {
		return "."
	}
	return " (" + strings.Join(parts, ", ") + ")."
}

func (c composer) byAgency(x Late) []string {
	var out []string
	for _, agency := range slices.Sorted(maps.Keys(x.ByAgency)) {
		out = append(out, c.l.T("late.agency", c.agency(agency), c.l.Int(x.ByAgency[agency])))
	}
	return out
}
