// SPDX-License-Identifier: EUPL-1.2

package situation

import "strconv"

// Late is what came to a week after a version was frozen: reports that are new, that have another revision, and that are no
// longer counted in the week.
type Late struct {
	New, Changed, Gone int
	// ByAgency has the sum of the three for each agency that has any.
	ByAgency map[string]int
}

// Any says whether anything came.
func (l Late) Any() bool { return l.New+l.Changed+l.Gone > 0 }

// late compares the reports behind a version with those of later.
func late(frozen, later []basisRow) Late {
	l := Late{ByAgency: map[string]int{}}
	type key struct{ agency, report string }
	was := make(map[key]int, len(frozen))
	for _, b := range frozen {
		was[key{b.Agency, b.Report}] = b.Revision
	}
	for _, b := range later {
		id := key{b.Agency, b.Report}
		revision, there := was[id]
		delete(was, id)
		switch {
		case !there:
			l.New++
		case revision != b.Revision:
			l.Changed++
		default:
			continue
		}
		l.ByAgency[b.Agency]++
	}
	for id := range was {
		l.Gone++
		l.ByAgency[id.agency]++
	}
	return l
}

// Change is a number or a state that is another in a later version. What is total, others, reports, group, area, level,
// coverage, weekly or place; Code says of what, Name what it is called in Swedish and EN in English.
type Change struct {
	What, Code, Name, EN string
	Was, Is              string
}

// Changes are what a later version says otherwise, in the order of the report.
func Changes(was, is Report) []Change {
	var all []Change
	put := func(what, code, name, en, a, b string) {
		if a != b {
			all = append(all, Change{What: what, Code: code, Name: name, EN: en, Was: a, Is: b})
		}
	}
	put("total", "", "", "", strconv.Itoa(was.Totals.Incidents), strconv.Itoa(is.Totals.Incidents))
	put("others", "", "", "", strconv.Itoa(was.Totals.Others), strconv.Itoa(is.Totals.Others))
	put("reports", "", "", "", strconv.Itoa(was.Totals.Reports), strconv.Itoa(is.Totals.Reports))
	pairs(was.Groups, is.Groups, func(g GroupFigure) string { return g.Group }, func(code string, a, b GroupFigure) {
		put("group", code, or(b.SV, a.SV), or(b.EN, a.EN), strconv.Itoa(a.Incidents), strconv.Itoa(b.Incidents))
	})
	pairs(was.Areas, is.Areas, func(f AreaFigure) string { return f.Area }, func(code string, a, b AreaFigure) {
		name := or(b.Name, a.Name)
		put("area", code, name, name, strconv.Itoa(a.Incidents), strconv.Itoa(b.Incidents))
		put("level", code, name, name, string(a.Proposed), string(b.Proposed))
	})
	pairs(was.Coverage, is.Coverage, func(s Source) string { return s.Agency + "/" + s.Unit }, func(code string, a, b Source) {
		name := or(b.called(), a.called())
		put("coverage", code, name, name, a.State, b.State)
	})
	pairs(was.Weekly, is.Weekly, func(w WeeklyFigure) string { return w.Agency + "/" + w.Category }, func(code string, a, b WeeklyFigure) {
		put("weekly", code, or(b.SV, a.SV), or(b.EN, a.EN), strconv.Itoa(a.N), strconv.Itoa(b.N))
	})
	pairs(was.Places, is.Places, func(p Place) string { return p.Flag.String() }, func(code string, a, b Place) {
		name := or(b.Name, a.Name)
		put("place", code, name, name, strconv.Itoa(a.Observed), strconv.Itoa(b.Observed))
	})
	return all
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// pairs gives each thing of two lists with the one of the same key in the other, or its zero value.
func pairs[T any](was, is []T, key func(T) string, each func(code string, a, b T)) {
	before := map[string]T{}
	for _, x := range was {
		before[key(x)] = x
	}
	var none T
	seen := map[string]bool{}
	for _, x := range is {
		k := key(x)
		seen[k] = true
		each(k, before[k], x)
	}
	for _, x := range was {
		if k := key(x); !seen[k] {
			each(k, x, none)
		}
	}
}
