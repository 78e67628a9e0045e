// SPDX-License-Identifier: EUPL-1.2

package situation

import (
	"math"
	"sort"
	"time"

	"gonum.org/v1/gonum/mathext"
)

// blocks are stretches of four local hours, one after the other: where each begins, and its weekday (Monday 0) and number of
// the day. When clocks change one is three hours long, and one five.
type blocks struct {
	begins []time.Time
	cell   [][2]int
}

const (
	blockHours   = 4
	blocksPerDay = 24 / blockHours
	// certain is the longest interval whose hour counts as known (contracts.md).
	certain = 2 * time.Hour
)

// newBlocks lays blocks over the local days that hold two moments.
func newBlocks(from, to time.Time, zone *time.Location) blocks {
	var b blocks
	y, m, d := from.In(zone).Date()
	for day := 0; ; day++ {
		noon := time.Date(y, m, d+day, 12, 0, 0, 0, zone)
		weekday := (int(noon.Weekday()) + 6) % 7
		for i := range blocksPerDay {
			begins := time.Date(y, m, d+day, i*blockHours, 0, 0, 0, zone)
			b.begins, b.cell = append(b.begins, begins), append(b.cell, [2]int{weekday, i})
			if begins.After(to) {
				return b
			}
		}
	}
}

// spread adds n incidents of an interval to a table: in proportion to how much of it lies in each block, n in all (aoristic
// analysis, Ratcliffe 2000). An interval without length lies in one block.
func (b blocks) spread(table *[7][6]float64, from, to time.Time, n float64) {
	i := sort.Search(len(b.begins), func(i int) bool { return b.begins[i].After(from) }) - 1
	length := to.Sub(from)
	if length <= 0 {
		table[b.cell[i][0]][b.cell[i][1]] += n
		return
	}
	for ; i < len(b.begins) && b.begins[i].Before(to); i++ {
		begins, ends := b.begins[i], to
		if begins.Before(from) {
			begins = from
		}
		if i+1 < len(b.begins) && b.begins[i+1].Before(to) {
			ends = b.begins[i+1]
		}
		table[b.cell[i][0]][b.cell[i][1]] += n * float64(ends.Sub(begins)) / float64(length)
	}
}

// leastForHours is how many incidents the year before must hold for its hours to say what is usual.
const leastForHours = 100

// hours makes the table of the week, and what was to be expected of its blocks by the year before.
func hours(times []timeRow, zone *time.Location, week *expectedRow) Hours {
	var h Hours
	if len(times) == 0 {
		return h
	}
	first, last := times[0].OccurredFrom, times[0].OccurredTo
	for _, t := range times {
		if t.OccurredFrom.Before(first) {
			first = t.OccurredFrom
		}
		if t.OccurredTo.After(last) {
			last = t.OccurredTo
		}
	}
	b := newBlocks(first, last, zone)
	var past [7][6]float64
	before := 0
	for _, t := range times {
		if !t.InWeek {
			b.spread(&past, t.OccurredFrom, t.OccurredTo, float64(t.N))
			before += t.N
			continue
		}
		b.spread(&h.Cells, t.OccurredFrom, t.OccurredTo, float64(t.N))
		h.Incidents += t.N
		if t.OccurredTo.Sub(t.OccurredFrom) > certain {
			h.Uncertain += t.N
		}
	}
	if week == nil || before < leastForHours {
		return h
	}
	for i := range blocksPerDay {
		share := 0.0
		for day := range past {
			share += past[day][i] / float64(before)
		}
		h.Expected = append(h.Expected, spreadOf(week.Shape, week.Expected*share))
	}
	return h
}

// spreadOf is the mean and the 5-95 % interval of a negative binomial count. A share of such a count has the same shape.
func spreadOf(shape, mean float64) Expected {
	return Expected{Mean: mean, Low: quantile(shape, mean, 0.05), High: quantile(shape, mean, 0.95)}
}

// quantile is the smallest k with P(X <= k) >= p of a negative binomial count.
func quantile(shape, mean, p float64) int {
	if mean <= 0 || math.IsNaN(mean) {
		return 0
	}
	atMost := func(k int) float64 { return mathext.RegIncBeta(shape, float64(k+1), shape/(shape+mean)) }
	return sort.Search(1<<20, func(k int) bool { return atMost(k) >= p })
}
