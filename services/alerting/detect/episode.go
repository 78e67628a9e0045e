// SPDX-License-Identifier: EUPL-1.2

package detect

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"samsyn/events"
)

// Reason says why something about an episode or flag changed.
type Reason string

// The reasons.
const (
	// Risen is an episode that began or began again.
	Risen Reason = "risen"
	// Grown is one that has become materially stronger, or shows in more places.
	Grown Reason = "grown"
	// Calm is one that ended: 14 days in a row at a tenth of the limit or below.
	Calm Reason = "calm"
	// Revised is one that changed or ended because reports were corrected or withdrawn.
	Revised Reason = "revised"
	// Merged is a flag that became part of an older one.
	Merged Reason = "merged"
)

// Episode is the time during which one cell is out of the ordinary.
type Episode struct {
	// Key is made of the cell and the day on which the episode first opened: the
	// same in a rebuild.
	Key  string
	Cell Cell
	// Flag is the key of the flag that the episode belongs to: its own, or that of
	// an episode which is the same thing on another level.
	Flag string
	// Opened and LastAlert are the first and the last day at ALERT.
	Opened, LastAlert Day
	// QuietSince is the first of the latest days in a row that were quiet (R below a
	// tenth of the limit); 0 when the last day was not.
	QuietSince Day
	// Closed is the day on which the episode ended, 0 while it is open.
	Closed Day
	// Ended says why it is closed.
	Ended Reason
	// Stated is the finding that was last told.
	Stated Finding
}

// Open reports that the episode has not ended.
func (e Episode) Open() bool { return e.Closed == 0 }

const (
	mergeDays = 28 // an alert so soon after the last one of the cell is the same episode
	quietDays = 14
)

var quietMargin = -math.Log(10)

// Change is what became of one episode in a step.
type Change struct {
	Episode Episode
	Reason  Reason
	// Fresh says that the episode is one that was not seen before.
	Fresh bool
}

// step takes findings into account in order. It returns the episodes as they are
// then, by cell and day of opening, and what changed.
func step(findings []Finding, prior []Episode) (next []Episode, changes []Change) {
	next = slices.Clone(prior)
	slices.SortFunc(next, Episode.compare)
	for _, f := range findings {
		i := latestOf(next, f.Cell)
		switch {
		case i >= 0 && next[i].Open():
			if reason := next[i].follow(f); reason != "" {
				changes = append(changes, Change{Episode: next[i], Reason: reason})
			}
		case f.Grade != events.GradeAlert:
		case i >= 0 && f.Day-next[i].LastAlert <= mergeDays:
			next[i].reopen(f)
			changes = append(changes, Change{Episode: next[i], Reason: Risen})
		default:
			e := open(f)
			next = append(next, e)
			changes = append(changes, Change{Episode: e, Reason: Risen, Fresh: true})
		}
	}
	slices.SortFunc(next, Episode.compare)
	return next, changes
}

func (e Episode) compare(o Episode) int {
	return cmp.Or(e.Cell.compare(o.Cell), cmp.Compare(e.Opened, o.Opened))
}

// latestOf returns the index of the latest episode of a cell, -1 for none.
func latestOf(episodes []Episode, c Cell) int {
	latest := -1
	for i, e := range episodes {
		if e.Cell == c && (latest < 0 || e.Opened > episodes[latest].Opened) {
			latest = i
		}
	}
	return latest
}

func open(f Finding) Episode {
	key := fmt.Sprintf("%s/%s/%s/%s", f.Cell.Level, f.Cell.Area, f.Cell.Group, f.Day)
	f.Kept = f.Observed
	return Episode{Key: key, Cell: f.Cell, Opened: f.Day, LastAlert: f.Day, Stated: f}
}

func (e *Episode) reopen(f Finding) {
	e.Closed, e.Ended, e.QuietSince, e.LastAlert = 0, "", 0, f.Day
	e.state(f)
}

func (e *Episode) state(f Finding) {
	f.Kept = f.Observed
	e.Stated = f
}

// follow takes a finding of the same cell into account and returns why it should
// be told, empty when it need not be.
func (e *Episode) follow(f Finding) Reason {
	takenBack := f.Kept < e.Stated.Observed
	if f.Grade == events.GradeAlert {
		e.LastAlert = f.Day
	}
	if !f.quiet() {
		e.QuietSince = 0
		if takenBack {
			e.state(f)
			return Revised
		}
		if f.Grade == events.GradeAlert && f.grownFrom(e.Stated) {
			e.state(f)
			return Grown
		}
		return ""
	}
	if takenBack {
		e.Closed, e.Ended = f.Day, Revised
		e.state(f)
		return Revised
	}
	if e.QuietSince == 0 {
		e.QuietSince = f.Day
	}
	if f.Day-e.QuietSince >= quietDays {
		e.Closed, e.Ended = f.Day, Calm
		return Calm
	}
	return ""
}

// quiet reports that R is below a tenth of the limit, or rests on no more than one
// incident.
func (f Finding) quiet() bool { return f.Margin < quietMargin || f.Observed < minObserved }

// grownFrom reports a material change: a quarter more incidents, two at least, and
// further above the limit.
func (f Finding) grownFrom(stated Finding) bool {
	more := f.Observed - stated.Observed
	return more >= 2 && 4*more >= stated.Observed && f.Margin > stated.Margin
}
