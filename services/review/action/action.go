// SPDX-License-Identifier: EUPL-1.2

// Package action follows what is done about a place from the problem to the measured effect: problem, cause, measure,
// owner, start and due, expected effect, follow-up.
//
// It promises that an action only takes the steps of its state machine, that two who change the same action at the same
// time never overwrite each other (the second is shown both), that every version is kept with who made it, that the area
// it is compared with was named before it began, and that what is late is late by the municipality's own clock.
//
// It does not decide that something shall be done (package position and the meeting do), know a report, or know a person
// other than as an owner. It keeps no text about persons: what looks like one is refused before it is stored.
//
// An action that somebody else has changed is ErrConflict with what is stored; a step that is not allowed, or a value that
// cannot be, is *Invalid and nothing is stored.
package action

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/internal/privacy"
)

// State is how far an action has come.
type State string

// The states. Evaluated and Cancelled are ends.
const (
	Proposed   State = "proposed"
	Decided    State = "decided"
	InProgress State = "in_progress"
	Done       State = "done"
	Evaluated  State = "evaluated"
	Cancelled  State = "cancelled"
)

// States are all of them in the order of an action's life.
func States() []State { return []State{Proposed, Decided, InProgress, Done, Evaluated, Cancelled} }

// Next are the states that an action in s may go to, the most usual first. Other things may be changed in every state that
// has a next one. The database holds the same list (constraint action_steps).
func (s State) Next() []State {
	switch s {
	case Proposed:
		return []State{Decided, Cancelled}
	case Decided:
		return []State{InProgress, Done, Cancelled}
	case InProgress:
		return []State{Done, Cancelled}
	case Done:
		return []State{Evaluated, InProgress}
	}
	return nil
}

// May says whether an action may go from s to next; staying is allowed while there is a next step.
func (s State) May(next State) bool {
	return s == next && len(s.Next()) > 0 || slices.Contains(s.Next(), next)
}

// Open says whether something remains to be done.
func (s State) Open() bool { return s == Proposed || s == Decided || s == InProgress }

// Text is what people call the state.
func (s State) Text() events.Text {
	return map[State]events.Text{
		Proposed:   {SV: "Föreslagen", EN: "Proposed"},
		Decided:    {SV: "Beslutad", EN: "Decided"},
		InProgress: {SV: "Pågår", EN: "In progress"},
		Done:       {SV: "Klar", EN: "Done"},
		Evaluated:  {SV: "Utvärderad", EN: "Evaluated"},
		Cancelled:  {SV: "Avbruten", EN: "Cancelled"},
	}[s]
}

// DefaultWeeks is how many weeks before and after the start are compared unless somebody says otherwise.
const DefaultWeeks = 8

// Action is one action as of one version. Days are local calendar dates at midnight UTC, as Postgres gives them.
type Action struct {
	Municipality string     `json:"municipality"`
	ID           uuid.UUID  `json:"id" db:"action"`
	Version      int        `json:"version"`
	State        State      `json:"state"`
	Flag         *uuid.UUID `json:"flag,omitempty"`    // the flagged place that it answers
	Meeting      *uuid.UUID `json:"meeting,omitempty"` // where it was decided

	// Where: an area of a level, the municipality's own code for all of it. Group is the group of categories that it is to
	// change; empty: all that are held against an expectation.
	Level string `json:"level"`
	Area  string `json:"area"`
	Group string `json:"group" db:"grp"`

	// At most 500 characters each. An empty Problem is a defect.
	Problem     string  `json:"problem"`
	Cause       string  `json:"cause"`
	Measure     Measure `json:"measure"`
	MeasureText string  `json:"measure_text"`

	OwnerAgency string     `json:"owner_agency"`
	OwnerPerson *uuid.UUID `json:"owner_person,omitempty"`

	StartOn        time.Time  `json:"start_on"`
	DueOn          time.Time  `json:"due_on"`
	ExpectedEffect string     `json:"expected_effect"`
	FollowUpOn     *time.Time `json:"follow_up_on,omitempty"` // nil is a defect

	// The area that the effect is held against, empty if none, and the day on which it was named: never after StartOn.
	ControlLevel string     `json:"control_level,omitempty"`
	ControlArea  string     `json:"control_area,omitempty"`
	ControlOn    *time.Time `json:"control_on,omitempty"`
	Weeks        int        `json:"weeks"` // compared before and after the start

	DoneOn     *time.Time `json:"done_on,omitempty"`
	Conclusion string     `json:"conclusion,omitempty"` // what was concluded when it was evaluated
	// Effect is what was measured when it was evaluated, as JSON of Measured; empty before that and where nothing could be.
	Effect json.RawMessage `json:"effect,omitempty"`

	CreatedAt time.Time  `json:"created_at"`
	CreatedBy *uuid.UUID `json:"created_by,omitempty"`
	ChangedAt time.Time  `json:"changed_at"`
}

// Date is a calendar date as an Action keeps it: midnight UTC of the day that t shows in its own zone.
func Date(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// Step is the action in another state as of a local day. A step that is not allowed is *Invalid.
func (a Action) Step(next State, today time.Time) (Action, error) {
	if !a.State.May(next) {
		return a, &Invalid{"state", "step"}
	}
	switch {
	case next == Done && a.State != Done:
		a.DoneOn = &today
	case next != Done && next != Evaluated:
		a.DoneOn = nil
	}
	a.State = next
	return a, nil
}

// Late is how many days past its due date an open action is on a day; 0 when it is not.
func (a Action) Late(today time.Time) int {
	if !a.State.Open() || !a.DueOn.Before(today) {
		return 0
	}
	return int(today.Sub(a.DueOn).Hours() / 24)
}

// Defects names what an action lacks to be followed up: problem, follow_up.
func (a Action) Defects() []string {
	var lacks []string
	if a.State == Cancelled || a.State == Evaluated {
		return nil
	}
	if a.Problem == "" {
		lacks = append(lacks, "problem")
	}
	if a.FollowUpOn == nil {
		lacks = append(lacks, "follow_up")
	}
	return lacks
}

// Errors that callers branch on.
var (
	// ErrUnknown is an action that is not there, or not for this viewer: the two are never told apart.
	ErrUnknown = errors.New("unknown action")
	// ErrConflict is in every *Conflict.
	ErrConflict = errors.New("the action was changed by somebody else")
)

// Conflict says that the action is no longer what the caller read.
type Conflict struct{ Stored Action }

// Error names the action and the version that is stored.
func (c *Conflict) Error() string {
	return fmt.Sprintf("action %s is at version %d: %v", c.Stored.ID, c.Stored.Version, ErrConflict)
}

// Unwrap makes errors.Is(err, ErrConflict) true.
func (c *Conflict) Unwrap() error { return ErrConflict }

// Invalid says which field of an action cannot be as it is. Why is a key of Texts under "invalid.".
type Invalid struct{ Field, Why string }

// Error names field and reason.
func (i *Invalid) Error() string { return "action: " + i.Field + ": " + i.Why }

const longestText = 500

// check says what is wrong with an action by itself; nil if nothing.
func (a Action) check() error {
	for field, text := range map[string]string{
		"problem": a.Problem, "cause": a.Cause, "measure_text": a.MeasureText, "expected_effect": a.ExpectedEffect, "conclusion": a.Conclusion,
	} {
		if len([]rune(text)) > longestText {
			return &Invalid{field, "long"}
		}
		if len(privacy.Screen(text)) > 0 {
			return &Invalid{field, "personal"}
		}
	}
	switch {
	case !a.Measure.Known():
		return &Invalid{"measure", "unknown"}
	case a.Measure == Other && a.MeasureText == "":
		return &Invalid{"measure_text", "required"}
	case a.OwnerAgency == "":
		return &Invalid{"owner_agency", "required"}
	case a.DueOn.Before(a.StartOn):
		return &Invalid{"due_on", "before_start"}
	case a.FollowUpOn != nil && a.FollowUpOn.Before(a.StartOn):
		return &Invalid{"follow_up_on", "before_start"}
	case a.ControlArea != "" && a.ControlArea == a.Area:
		return &Invalid{"control_area", "same"}
	case a.ControlOn != nil && a.ControlOn.After(a.StartOn):
		return &Invalid{"control_area", "after_start"}
	case a.Weeks < 1 || a.Weeks > 52:
		return &Invalid{"weeks", "range"}
	case (a.State == Evaluated) != (a.Conclusion != ""):
		return &Invalid{"conclusion", "required"}
	}
	return nil
}
