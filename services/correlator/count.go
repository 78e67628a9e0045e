// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// countKey is one cell of the counts: a local day and hour of a category in an area. Levels above
// are sums that the reader makes.
type countKey struct {
	day                      time.Time
	district, area, category string
	hour                     int16
}

func (k countKey) compare(o countKey) int {
	return cmp.Or(k.day.Compare(o.day), strings.Compare(k.district, o.district), strings.Compare(k.area, o.area),
		strings.Compare(k.category, o.category), cmp.Compare(k.hour, o.hour))
}

// tally is what one cell holds, or how much it moves.
type tally struct{ incidents, reports int32 }

// counts maps cells to what they hold or how much they move. Every report counts where it lies, and
// its incident where the lead report lies: a correction, a withdrawal, a late report or a new link
// takes away what stood and adds what stands.
type counts map[countKey]tally

func (c counts) add(r *report, sign int32) {
	if r == nil || !r.Counted {
		return
	}
	k := countKey{r.Day, r.District, r.Area, r.Category, r.Hour}
	t := c[k]
	t.reports += sign
	if r.Lead {
		t.incidents += sign
	}
	c[k] = t
}

// countColumns are cells and how much they move, as parallel arrays.
type countColumns struct {
	days                         []time.Time
	districts, areas, categories []string
	hours                        []int16
	incidents, reports           []int32
}

// newCountColumns has empty arrays, not absent ones: a batch that moves nothing says so.
func newCountColumns() countColumns {
	return countColumns{
		days: []time.Time{}, districts: []string{}, areas: []string{}, categories: []string{}, hours: []int16{}, incidents: []int32{}, reports: []int32{},
	}
}

func (c *countColumns) add(k countKey, t tally) {
	c.days, c.districts, c.areas = append(c.days, k.day), append(c.districts, k.district), append(c.areas, k.area)
	c.categories, c.hours = append(c.categories, k.category), append(c.hours, k.hour)
	c.incidents, c.reports = append(c.incidents, t.incidents), append(c.reports, t.reports)
}

func (c *countColumns) args() []any {
	return []any{c.days, c.districts, c.areas, c.categories, c.hours, c.incidents, c.reports}
}

// columns lists the cells that move, sorted: those that only rise, those in which something falls,
// and all of them.
func (c counts) columns() (up, down, all countColumns) {
	up, down, all = newCountColumns(), newCountColumns(), newCountColumns()
	keys := slices.SortedFunc(maps.Keys(c), countKey.compare)
	for _, k := range keys {
		t := c[k]
		switch {
		case t == tally{}:
			continue
		case t.incidents < 0 || t.reports < 0:
			down.add(k, t)
		default:
			up.add(k, t)
		}
		all.add(k, t)
	}
	return up, down, all
}
