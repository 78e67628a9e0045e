// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"time"

	"samsyn/internal/web"
)

// trend is the last half year: weekly counts over their expected band.
func trend(k known, a ask, words lexicon) web.Figure {
	bands := map[web.Week]expected{}
	for _, e := range k.expectedWeeks {
		bands[web.WeekOf(e.Week)] = e
	}
	columns, weeks := halfYear(k.row, a, k.past.week, bands)
	first := a.week
	if len(weeks) > 0 {
		first = weeks[0]
	}
	f := weekFigure(columns, weeks, a)
	f.What = a.locale.T("trend.what", a.locale.WeekYear(first), a.locale.WeekYear(a.week))
	if a.group != "" {
		f.What = a.locale.T("place.trend.what", k.row.Name, groupName(words, a.locale, a.group))
	}
	for i := range f.Table.Rows {
		week := weeks[len(weeks)-1-i].String()
		f.Table.Rows[i][1] = f.Table.Rows[i][1].To(a.behind("week", week, "group", a.behindGroup()))
	}
	f.Links = []web.Link{{Href: "/files/weeks.csv" + a.query(), Text: a.locale.T("csv.weeks")}}
	return f
}

// weekFigure is a figure of weeks and its table, latest week first.
func weekFigure(columns []web.Column, weeks []web.Week, a ask) web.Figure {
	l := a.locale
	f := web.Figure{
		Locale: l, Finding: trendFinding(columns, l), Picture: columnsPicture(columns, l),
		Legend: []web.Swatch{{Class: "bar", Text: l.T("trend.count")}, {Class: "band", Text: l.T("trend.band")}},
		Table: web.Table{Caption: l.T("table.weeks"), Head: []web.Cell{
			web.Name(l.T("head.week")), web.Number(l.T("head.detected")), web.Number(l.T("head.expected")), web.Number(l.T("head.usual")),
		}},
	}
	if a.ongoing {
		f.Legend = append(f.Legend, web.Swatch{Class: "ongoing", Text: l.T("trend.partial")})
	}
	for i := len(columns) - 1; i >= 0; i-- {
		c := columns[i]
		mean, interval := "–", "–"
		if c.Known {
			mean, interval = l.About(c.Expected), l.Range(c.Low, c.High)
		}
		name := l.WeekYear(weeks[i])
		if c.Partial {
			name += " (" + l.T("trend.ongoing") + ")"
		}
		f.Table.Rows = append(f.Table.Rows, []web.Cell{web.Name(name), web.Number(l.Int(c.Count)), web.Number(mean), web.Number(interval)})
	}
	return f
}

// halfYear are the weeks from the first with history to the one asked for. The band of a week that is not over
// is the whole week's: the hatched column grows into it.
func halfYear(row municipality, a ask, count func(web.Week) int, bands map[web.Week]expected) ([]web.Column, []web.Week) {
	var columns []web.Column
	var weeks []web.Week
	for i := 1 - trendWeeks; i <= 0; i++ {
		week := a.week.Add(i)
		if week.Monday(time.UTC).Before(row.HistoryFrom) {
			continue // half a week would look like a rise after it
		}
		e, known := bands[week]
		columns = append(columns, web.Column{
			Label: a.locale.ShortWeek(week), Count: count(week), Known: known, Expected: e.Expected, Low: e.Low, High: e.High,
			Partial: i == 0 && a.ongoing, Marked: i == 0,
		})
		weeks = append(weeks, week)
	}
	return columns, weeks
}

func trendFinding(columns []web.Column, l web.Locale) string {
	over, banded := 0, 0
	least, most := -1, 0
	for _, c := range columns {
		if c.Partial {
			continue
		}
		if least < 0 || c.Count < least {
			least = c.Count
		}
		most = max(most, c.Count)
		if c.Known {
			banded++
			if c.Count > c.High {
				over++
			}
		}
	}
	switch {
	case least < 0:
		return l.T("trend.finding.none")
	case banded == 0:
		return l.T("trend.finding.unknown", l.Range(least, most))
	}
	return l.T("trend.finding", l.Int(over), l.Int(banded), l.Range(least, most))
}
