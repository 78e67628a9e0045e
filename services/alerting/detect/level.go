// SPDX-License-Identifier: EUPL-1.2

package detect

import (
	"cmp"
	"slices"

	"samsyn/events"
)

// series holds the counts of one cell. The zero series is a cell without any.
type series struct {
	days []int32   // from HistoryFrom
	sums []float64 // discounted, after so many weeks of history; sums[0] is 0
}

// add counts more or less on a day and returns by how much the incidents of the day
// changed: a day below zero, of which more was taken back than counted so far, is a
// day without incidents.
func (s *series) add(day int, delta int32) int32 {
	if day >= len(s.days) {
		s.days = append(s.days, make([]int32, day+1-len(s.days))...)
	}
	before := max(s.days[day], 0)
	s.days[day] += delta
	return max(s.days[day], 0) - before
}

// sum adds the days from one index up to, not including, another.
func (s *series) sum(from, to int) int {
	total := 0
	for _, n := range s.slice(from, to) {
		total += int(max(n, 0))
	}
	return total
}

// slice returns the stored part of the days from one index up to another.
func (s *series) slice(from, to int) []int32 {
	to = min(to, len(s.days))
	from = max(from, 0)
	if from >= to {
		return nil
	}
	return s.days[from:to]
}

// window returns the days from one index up to another, at most 28, with 0 where
// nothing is stored.
func (s *series) window(from, to int) (counts [Window]int32) {
	copyCounts(counts[:to-from], s.slice(from, to))
	return counts
}

func copyCounts(to, from []int32) {
	for i, n := range from {
		to[i] = max(n, 0)
	}
}

// sumAfter returns the discounted sum after so many weeks.
func (s *series) sumAfter(weeks int) float64 {
	if weeks < len(s.sums) {
		return s.sums[weeks]
	}
	return 0 // a cell without counts has no sums
}

// level holds the cells of one level: of each area its groups and, last, their total.
type level struct {
	name   events.Level
	start  Day
	groups int // without the total
	areas  []events.AreaCode
	index  map[events.AreaCode]int
	cells  []series // by area and group
	whole  []series // by group, over all areas; days only
	// first is the index of the first day with an incident, -1 for none. What came
	// before it was not quiet but unknown.
	first int
	// margins are the discounted sums over all areas, after so many weeks, by group.
	margins [][]float64
	// weekdays are how many incidents fell on each weekday up to a week, by group.
	weekdays   [][][7]int
	dispersion float64
}

func newLevel(name events.Level, c Config) *level {
	l := &level{name: name, start: c.HistoryFrom, groups: len(c.Groups), index: map[events.AreaCode]int{}, dispersion: c.Dispersion, first: -1}
	for _, a := range c.Areas {
		if a.Level == name {
			l.areas = append(l.areas, a.Code)
		}
	}
	slices.Sort(l.areas)
	for i, a := range l.areas {
		l.index[a] = i
	}
	l.cells = make([]series, len(l.areas)*(l.groups+1))
	l.whole = make([]series, l.groups+1)
	l.margins = [][]float64{make([]float64, l.groups+1)}
	l.weekdays = [][][7]int{make([][7]int, l.groups+1)}
	return l
}

func (l *level) cell(area, group int) *series { return &l.cells[area*(l.groups+1)+group] }

// add counts in a group, in the total and over all areas, and forgets what was
// worked out from the week of the day on.
func (l *level) add(day, area, group int, delta int32) {
	delta = l.cell(area, group).add(day, delta)
	l.cell(area, l.groups).add(day, delta)
	l.whole[group].add(day, delta)
	l.whole[l.groups].add(day, delta)
	if l.first < 0 || day <= l.first {
		l.first = slices.IndexFunc(l.whole[l.groups].days, func(n int32) bool { return n > 0 })
	}
	if known := day/7 + 1; known < len(l.margins) {
		l.margins = l.margins[:known]
		l.weekdays = l.weekdays[:known]
	}
}

// warm reports that enough history lies before a day to say what is usual.
func (l *level) warm(day int) bool { return l.first >= 0 && day >= l.first+ColdDays }

// occurred counts the groups that occurred on the level in the 52 weeks up to a day.
func (l *level) occurred(day int) int {
	n := 0
	for g := range l.groups {
		if l.whole[g].sum(day-363, day+1) > 0 {
			n++
		}
	}
	return n
}

func (c Cell) compare(o Cell) int {
	return cmp.Or(cmp.Compare(slices.Index(levelOrder, c.Level), slices.Index(levelOrder, o.Level)), cmp.Compare(c.Area, o.Area), cmp.Compare(c.Group, o.Group))
}
