// SPDX-License-Identifier: EUPL-1.2

// Package aoristic spreads incidents over the hours in which they may have happened
// (Ratcliffe, Aoristic analysis, Int J Geogr Inf Sci 14, 2000): damage that was found on Monday morning happened some
// time since Friday, and each block of hours carries its share of it.
//
// It promises that every incident weighs one, however long its interval, and that the numbers that are shown add up to
// the number of incidents. It does not guess which hours are likelier than others, and counts nothing that contracts
// call a count: those have whole incidents. It cannot fail.
package aoristic

import (
	"cmp"
	"math"
	"slices"
	"time"
)

const (
	// Blocks are the blocks of a day, BlockHours long each.
	Blocks = 24 / BlockHours
	// BlockHours is how many hours a block is long.
	BlockHours = 4
	// known is the longest interval whose hour is taken as known.
	known = 2 * time.Hour
)

// Table is a week of seven days, Monday first, by blocks of local time. Its zero value is empty.
type Table struct {
	Cells [7][Blocks]float64
	// N is how many incidents there are, and Uncertain of how many the time is known to no better than two hours.
	N, Uncertain int
}

// Add spreads one incident evenly over its interval, which is local time in the zone of from. An interval without length,
// or one that runs backwards, is its first instant.
func (t *Table) Add(from, to time.Time) {
	t.N++
	whole := to.Sub(from)
	if whole <= 0 {
		t.cell(from, 1)
		return
	}
	if whole > known {
		t.Uncertain++
	}
	for at := from; at.Before(to); {
		next := blockEnd(at)
		if next.After(to) {
			next = to
		}
		t.cell(at, float64(next.Sub(at))/float64(whole))
		at = next
	}
}

func (t *Table) cell(at time.Time, weight float64) {
	t.Cells[(int(at.Weekday())+6)%7][at.Hour()/BlockHours] += weight
}

// blockEnd is when the block of an instant ends. A block that holds a change of the clock is an hour longer or shorter.
func blockEnd(at time.Time) time.Time {
	y, m, d := at.Date()
	end := time.Date(y, m, d, (at.Hour()/BlockHours+1)*BlockHours, 0, 0, 0, at.Location())
	if !end.After(at) { // the clock was put back across the end of a block
		return at.Add(time.Hour)
	}
	return end
}

// Tenths are the cells in tenths of an incident, rounded so that together they are ten times N: what is cut off goes to
// the cells that lost most by it.
func (t Table) Tenths() [7][Blocks]int {
	type rest struct {
		day, block int
		lost       float64
	}
	var out [7][Blocks]int
	var rests []rest
	missing := 10 * t.N
	for day, row := range t.Cells {
		for block, weight := range row {
			tenths := 10 * weight
			whole := math.Floor(tenths + 1e-9)
			out[day][block] = int(whole)
			missing -= int(whole)
			rests = append(rests, rest{day, block, tenths - whole})
		}
	}
	slices.SortStableFunc(rests, func(x, y rest) int { return cmp.Compare(y.lost, x.lost) })
	for _, r := range rests[:max(0, min(missing, len(rests)))] {
		out[r.day][r.block]++
	}
	return out
}

// Peak is the block that carries most, the earliest of the week if several do; ok is false where nothing is counted.
func (t Table) Peak() (day, block int, weight float64, ok bool) {
	for d, row := range t.Cells {
		for b, w := range row {
			if w > weight+1e-9 {
				day, block, weight, ok = d, b, w, true
			}
		}
	}
	return day, block, weight, ok
}
