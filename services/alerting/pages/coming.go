// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"cmp"
	"slices"
	"time"

	"samsyn/internal/web"
)

// comingView is something announced: a match, a market, a holiday, a warning.
type comingView struct {
	When, Kind, Text, Where string
	Warning                 bool
}

// coming are the announcements of the week and the two weeks after it, and the weekly
// figures of those who give no more, which are shown beside the incidents and never
// among them.
func coming(k known, a ask, words lexicon) (announced []comingView, weekly []string) {
	l := a.locale
	type figure struct{ agency, category string }
	sums := map[figure]int{}
	for _, n := range k.notices {
		if n.Kind == "counts" {
			sums[figure{n.Agency, n.Category}] += n.N
			continue
		}
		var where []string
		for _, code := range n.Areas {
			where = append(where, k.areas.name(code))
		}
		announced = append(announced, comingView{
			When: when(l, n.Starts, n.Ends), Kind: l.T("context." + n.Context), Text: n.Text, Where: join(l, where), Warning: n.Context == "warning",
		})
	}
	figures := make([]figure, 0, len(sums))
	for f := range sums {
		figures = append(figures, f)
	}
	slices.SortFunc(figures, func(x, y figure) int {
		return cmp.Or(cmp.Compare(x.agency, y.agency), cmp.Compare(x.category, y.category))
	})
	for _, f := range figures {
		name := join(l, agencyNames(k, []string{f.agency}))
		weekly = append(weekly, l.T("weekly.line", name, in(words.categories[f.category], l.Lang), l.Int(sums[f])))
	}
	return announced, weekly
}

// when writes a stretch of time as people say it.
func when(l web.Locale, from, to time.Time) string {
	day := l.Weekday(from) + " " + l.Span(from, to)
	if l.Day(from) == l.Day(to) {
		return l.T("when.clock", day, l.Clock(from), l.Clock(to))
	}
	return day
}
