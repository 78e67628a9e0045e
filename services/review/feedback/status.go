// SPDX-License-Identifier: EUPL-1.2

package feedback

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/internal/web"
)

// Positions that the review takes on a flagged place, as review.position has them.
const (
	act      = "act"
	watch    = "watch"
	dismiss  = "dismiss"
	handOver = "handover"
)

// What became of the action of a position.
const (
	actionOpen      = "open"
	actionDone      = "done"
	actionCancelled = "cancelled"
)

// Status is what came of one report. The zero Status is received, and nothing more.
type Status struct {
	State events.FeedbackState
	// Week is the week whose situation report it was counted in; zero: none.
	Week web.Week
	// Position is act, watch, dismiss or handover; Until of watch is the week in which the place comes back.
	Position string
	Until    web.Week
	// Measure and Action are of act: what is done, and whether that is open, done or cancelled.
	Measure, Action string

	// When, by the municipality's clock; zero where it has not happened. A change of these alone is not told.
	PictureAt, PositionAt, DoneOn time.Time
}

// Picture is a situation report that a report was counted in.
type Picture struct {
	Week     web.Week
	FrozenAt time.Time
}

// Decision is a position on a flagged place that a report is part of.
type Decision struct {
	Flag      uuid.UUID
	Kind      string
	Until     web.Week
	DecidedAt time.Time
	// Of act: the action's measure, its state in review.action, and the day on which it was done.
	Measure, ActionState string
	DoneOn               time.Time
}

// Facts are what is known of one report.
type Facts struct {
	// Live is false when the report was withdrawn, is a test or is not there: nothing more is told of it.
	Live      bool
	Pictures  []Picture
	Decisions []Decision
}

// next is what came of a report, after what was told of it before. What was told is not taken back when a fact is gone: flags are
// rebuilt, and a report that was corrected may belong to another week now.
func next(told Status, f Facts) Status {
	if !f.Live {
		return told
	}
	s := told
	for _, p := range f.Pictures {
		if s.Week == (web.Week{}) || s.Week.Before(p.Week) || s.Week == p.Week && p.FrozenAt.Before(s.PictureAt) {
			s.Week, s.PictureAt = p.Week, p.FrozenAt
		}
	}
	if len(f.Decisions) > 0 {
		s = s.decided(slices.MaxFunc(f.Decisions, byWeight))
	}
	switch {
	case s.Action == actionDone:
		s.State = events.FeedbackDone
	case s.Position != "":
		s.State = events.FeedbackPosition
	case s.Week != web.Week{}:
		s.State = events.FeedbackPicture
	}
	return s
}

// byWeight orders decisions by how much they say to a reporter whose report is part of several places: what was done, what is
// to be done, and of equals the latest.
func byWeight(a, b Decision) int {
	if d := weight(a) - weight(b); d != 0 {
		return d
	}
	if d := a.DecidedAt.Compare(b.DecidedAt); d != 0 {
		return d
	}
	return slices.Compare(a.Flag[:], b.Flag[:])
}

func weight(d Decision) int {
	if d.Kind == act && d.action() == actionCancelled {
		return 1
	}
	return map[string]int{act: 5, handOver: 4, watch: 3, dismiss: 2}[d.Kind] + map[bool]int{true: 1}[d.action() == actionDone]
}

func (d Decision) action() string {
	switch {
	case d.Kind != act:
		return ""
	case d.ActionState == "done" || d.ActionState == "evaluated":
		return actionDone
	case d.ActionState == "cancelled":
		return actionCancelled
	}
	return actionOpen
}

func (s Status) decided(d Decision) Status {
	s.Position, s.PositionAt, s.Action = d.Kind, d.DecidedAt, d.action()
	s.Until, s.Measure, s.DoneOn = web.Week{}, "", time.Time{}
	if d.Kind == watch {
		s.Until = d.Until
	}
	if d.Kind == act {
		s.Measure = d.Measure
	}
	if s.Action == actionDone {
		s.DoneOn = d.DoneOn
	}
	return s
}

// says is what a status tells: two that say the same are one.
func (s Status) says() Status {
	s.PictureAt, s.PositionAt, s.DoneOn = time.Time{}, time.Time{}, time.Time{}
	return s
}

// event is the status as an agency's system hears it.
func (s Status) event() events.Feedback {
	f := events.Feedback{State: s.State, Position: s.Position, Measure: s.Measure, Action: s.Action, Text: s.text()}
	if s.Position == handOver {
		f.Position = "hand_over"
	}
	if s.Week != (web.Week{}) {
		f.Week = s.Week.String()
	}
	if s.Until != (web.Week{}) {
		f.Until = s.Until.String()
	}
	return f
}
