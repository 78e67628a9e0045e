// SPDX-License-Identifier: EUPL-1.2

package pages

import "samsyn/internal/web"

// burdenView are the areas that carry most over twelve months: to plan for, never
// alarmed.
type burdenView struct {
	Finding string
	What    string
	Table   web.Table
}

func burdens(k known, a ask) burdenView {
	l := a.locale
	from := a.week.Add(1 - yearWeeks).Monday(a.zone)
	if first := web.DateIn(k.row.HistoryFrom, a.zone); first.After(from) {
		from = first
	}
	last := a.through.AddDate(0, 0, -1)
	v := burdenView{What: l.T("burden.what", l.Span(from, last)), Finding: l.T("burden.none")}
	top, all := k.past.burdens(mostBurdens)
	if len(top) == 0 {
		return v
	}
	people, carried := false, 0
	for _, b := range top {
		carried += b.incidents
		people = people || k.areas.people(b.area) > 0
	}
	v.Finding = l.T("burden.finding", l.Int(len(top)), l.Int(len(k.areas.counted())), l.Percent(float64(carried)/float64(all), 0))
	v.Table = web.Table{Caption: l.T("table.burden"), Head: []web.Cell{
		web.Name(l.T("head.area")), web.Name(l.T("head.district")), web.Number(l.T("head.incidents")), web.Number(l.T("head.perweek")), web.Number(l.T("head.weeks")),
	}}
	if people {
		v.Table.Head = append(v.Table.Head, web.Number(l.T("head.perthousand")))
	}
	weeks := last.Sub(from).Hours()/(7*24) + 1.0/7
	for _, b := range top {
		row := []web.Cell{
			web.Name(k.areas.name(b.area)), web.Name(k.areas.parent(b.area)), web.Number(l.Int(b.incidents)).To(a.behind("week", "", "from", l.Day(from), "to", l.Day(last), "area", b.area, "group", a.behindGroup())),
			web.Number(l.Decimal(float64(b.incidents)/max(1, weeks), 1)), web.Number(l.Int(b.weeks)),
		}
		if people {
			row = append(row, web.Number(perThousand(l, b.incidents, k.areas.people(b.area))))
		}
		v.Table.Rows = append(v.Table.Rows, row)
	}
	return v
}

func perThousand(l web.Locale, n, people int) string {
	if people == 0 {
		return "–"
	}
	return l.Decimal(1000*float64(n)/float64(people), 0)
}

// people is how many live in an area; 0 is not known.
func (ref *reference) people(code string) int {
	if i, ok := ref.byCode[code]; ok {
		return ref.areas[i].population
	}
	return 0
}
