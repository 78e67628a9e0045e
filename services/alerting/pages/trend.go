// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"time"

	"samsyn/internal/web"
)

// trend is the last half year: weekly counts over their expected band.
func trend(k known, a ask) web.Figure {
	l := a.locale
	columns, weeks := trendColumns(k, a)
	first := a.week
	if len(weeks) > 0 {
		first = weeks[0]
	}
	f := web.Figure{
		Locale: l, Finding: trendFinding(columns, l), What: l.T("trend.what", l.WeekYear(first), l.WeekYear(a.week)),
		Picture: web.Columns{ID: "trend", Label: l.T("trend.label", l.Int(len(columns))), Columns: columns, Locale: l, Ongoing: l.T("trend.ongoing")}.SVG(),
		Legend:  []web.Swatch{{Class: "bar", Text: l.T("trend.count")}, {Class: "band", Text: l.T("trend.band")}},
		Links:   []web.Link{{Href: "/files/weeks.csv" + a.query(), Text: l.T("csv.weeks")}},
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

// trendColumns are the weeks from the first with history to the one asked for. The band of a week that is not over
// is the whole week's: the hatched column grows into it.
func trendColumns(k known, a ask) ([]web.Column, []web.Week) {
	bands := map[web.Week]expected{}
	for _, e := range k.expectedWeeks {
		bands[web.WeekOf(e.Week)] = e
	}
	var columns []web.Column
	var weeks []web.Week
	for i := 1 - trendWeeks; i <= 0; i++ {
		week := a.week.Add(i)
		if week.Monday(time.UTC).Before(k.row.HistoryFrom) {
			continue // half a week would look like a rise after it
		}
		e, known := bands[week]
		columns = append(columns, web.Column{
			Label: a.locale.ShortWeek(week), Count: k.past.week(week), Known: known, Expected: e.Expected, Low: e.Low, High: e.High,
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
