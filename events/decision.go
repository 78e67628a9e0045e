// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"fmt"
	"time"

	"github.com/google/uuid"
)

// The types of event on decision.<municipality>, beside TypeDecision.
const (
	TypeActionChanged   = "samsyn.action.changed.v1"
	TypeReportPublished = "samsyn.report.published.v1"
)

// ReviewEvent is an event of the review. Its message id follows from what it says, so that a repeat has the same.
type ReviewEvent interface {
	Type() string
	MessageID() string
	When() time.Time
}

// Decision is what a review decided about a flagged place. It holds no text that people wrote and no person.
type Decision struct {
	ID       uuid.UUID `json:"id"` // UUID version 5 of municipality, place and version
	Hotspot  uuid.UUID `json:"hotspot"`
	Version  int       `json:"version"`  // positions on one place are numbered; the highest holds
	Position string    `json:"position"` // act, watch, dismiss, hand_over
	Decided  time.Time `json:"decided"`

	Area    AreaCode   `json:"area,omitempty"`
	Group   string     `json:"group,omitempty"`
	Action  *uuid.UUID `json:"action,omitempty"`  // of act
	Owner   AgencyID   `json:"owner,omitempty"`   // of act
	Due     string     `json:"due,omitempty"`     // of act: 2026-12-01
	Until   string     `json:"until,omitempty"`   // of watch: the week in which it comes back, 2026-W49
	Reason  string     `json:"reason,omitempty"`  // of dismiss: known_cause, reporting_effect, chance, duplicate, wrong
	To      string     `json:"to,omitempty"`      // of hand_over: to whom, a code
	Meeting *uuid.UUID `json:"meeting,omitempty"` // where it was decided; without one, by a coordinator
}

// Type is samsyn.decision.decided.v1.
func (Decision) Type() string { return TypeDecision }

// MessageID is the decision's id.
func (d Decision) MessageID() string { return d.ID.String() }

// When is when it was decided, by the municipality's clock.
func (d Decision) When() time.Time { return d.Decided }

// ActionChanged is a new version of an action: what is done about a place.
type ActionChanged struct {
	ID      uuid.UUID  `json:"id"`
	Version int        `json:"version"`
	Hotspot *uuid.UUID `json:"hotspot,omitempty"`
	Level   Level      `json:"level"`
	Area    AreaCode   `json:"area"`
	Group   string     `json:"group,omitempty"`
	Measure string     `json:"measure"` // night_walk, lighting, ...: the closed list of measures
	State   string     `json:"state"`   // proposed, decided, in_progress, done, evaluated, cancelled
	Owner   AgencyID   `json:"owner"`
	Due     string     `json:"due"`
	Changed time.Time  `json:"changed"`
}

// Type is samsyn.action.changed.v1.
func (ActionChanged) Type() string { return TypeActionChanged }

// MessageID is the action with its version.
func (a ActionChanged) MessageID() string { return fmt.Sprintf("%s:%d", a.ID, a.Version) }

// When is when it was changed, by the municipality's clock.
func (a ActionChanged) When() time.Time { return a.Changed }

// ReportPublished says that the situation report of a week was frozen, or frozen anew with what came late.
type ReportPublished struct {
	Municipality MunicipalityID `json:"municipality"`
	Week         string         `json:"week"` // 2026-W47
	Version      int            `json:"version"`
	SHA256       string         `json:"sha256"` // of the report's JSON, in hexadecimal
	Frozen       time.Time      `json:"frozen"`
}

// Type is samsyn.report.published.v1.
func (ReportPublished) Type() string { return TypeReportPublished }

// MessageID is the municipality, the week and the version.
func (r ReportPublished) MessageID() string {
	return fmt.Sprintf("report:%s:%s:%d", r.Municipality, r.Week, r.Version)
}

// When is when it was frozen, by the municipality's clock.
func (r ReportPublished) When() time.Time { return r.Frozen }

// DecodeDecision reads what a review decided about a place. ErrOtherType for anything else.
func DecodeDecision(body []byte) (Decision, error) {
	d, _, err := decodeOutgoing[Decision](body, TypeDecision)
	return d, err
}

// DecodeActionChanged reads a new version of an action. ErrOtherType for anything else.
func DecodeActionChanged(body []byte) (ActionChanged, error) {
	a, _, err := decodeOutgoing[ActionChanged](body, TypeActionChanged)
	return a, err
}

// DecodeReportPublished reads that a report was frozen. ErrOtherType for anything else.
func DecodeReportPublished(body []byte) (ReportPublished, error) {
	r, _, err := decodeOutgoing[ReportPublished](body, TypeReportPublished)
	return r, err
}
