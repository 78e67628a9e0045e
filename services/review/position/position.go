// SPDX-License-Identifier: EUPL-1.2

// Package position keeps what was decided about each flagged place: act, watch until a week, dismiss with a reason, or hand over.
//
// What it is for. A flag calls for a decision, taken by a coordinator on the place's page or in the meeting. What waits for one stands
// in a list with the oldest first; what is watched comes back by itself; why places are dismissed says how often an alarm was none.
//
// What it promises. A position, the action it leads to, its version in the record and the event that tells of it
// (samsyn.decision.decided.v1) are one transaction. Two who decide about the same place never overwrite each other: the second is shown
// both ([Conflict]). The same decision sent twice is one. A watched place comes back exactly once, in its week, by the municipality's
// own clock. The note of a position is read by those who decide and by nobody else; what looks like personal data in it is refused.
//
// What it does not do. It does not flag or clear a place (alerting does), does not follow an action (package action does), and knows no
// report. It never decides by itself: without a position a place keeps waiting until its flag ends.
//
// When it fails. What cannot be is *[Invalid], a place that is not there or not for this viewer [ErrUnknown], and nothing is stored.
//
// Read it in this order: position.go (what a position is), decide.go (what may be decided), store.go, page.go and api.go.
package position

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/internal/web"
	"samsyn/services/review/calendar"
)

// Kind is which of the four decisions a position is.
type Kind string

// The kinds, in the order in which they are offered.
const (
	Act      Kind = "act"
	Watch    Kind = "watch"
	Dismiss  Kind = "dismiss"
	HandOver Kind = "handover"
)

// Kinds are all of them.
func Kinds() []Kind { return []Kind{Act, Watch, Dismiss, HandOver} }

// Text is what people call the decision.
func (k Kind) Text() events.Text {
	return map[Kind]events.Text{
		Act: {SV: "Åtgärd", EN: "Act"}, Watch: {SV: "Bevaka", EN: "Watch"}, Dismiss: {SV: "Avskriv", EN: "Dismiss"}, HandOver: {SV: "Lämna över", EN: "Hand over"},
	}[k]
}

// wire is the kind as events and the API write it.
func (k Kind) wire() string {
	if k == HandOver {
		return "hand_over"
	}
	return string(k)
}

// Reason is why a place is dismissed.
type Reason string

// The reasons, in the order in which they are offered.
const (
	KnownCause      Reason = "known_cause"
	ReportingEffect Reason = "reporting_effect"
	Chance          Reason = "chance"
	Duplicate       Reason = "duplicate"
	Wrong           Reason = "wrong"
)

// Reasons are all of them.
func Reasons() []Reason { return []Reason{KnownCause, ReportingEffect, Chance, Duplicate, Wrong} }

// False says whether a dismissal for this reason means that the alarm was none: more was reported, chance, the same thing twice, or a
// mistake. A rise with a known cause was a rise.
func (r Reason) False() bool { return r != KnownCause }

// Text is what people call the reason.
func (r Reason) Text() events.Text {
	return map[Reason]events.Text{
		KnownCause: {SV: "Känd orsak", EN: "Known cause"}, ReportingEffect: {SV: "Rapporteringseffekt", EN: "Change in reporting"}, Chance: {SV: "Slump", EN: "Chance"},
		Duplicate: {SV: "Dubblett", EN: "Duplicate"}, Wrong: {SV: "Fel uppgift", EN: "Wrong data"},
	}[r]
}

// Forum is to whom a place is handed over. The list is closed, so that it may stand on a wall and in an event.
type Forum string

// The forums, in the order in which they are offered.
const (
	SSPF            Forum = "sspf"
	SocialServices  Forum = "social_services"
	SocialEmergency Forum = "social_emergency"
	Police          Forum = "police"
	Rescue          Forum = "rescue"
	School          Forum = "school"
	PropertyOwner   Forum = "property_owner"
	LocalGroup      Forum = "local_group"
	OtherForum      Forum = "other"
)

// Forums are all of them.
func Forums() []Forum {
	return []Forum{SSPF, SocialServices, SocialEmergency, Police, Rescue, School, PropertyOwner, LocalGroup, OtherForum}
}

// Text is what people call the forum.
func (f Forum) Text() events.Text {
	return map[Forum]events.Text{
		SSPF:            {SV: "SSPF (skola, socialtjänst, polis, fritid)", EN: "SSPF (school, social services, police, leisure)"},
		SocialServices:  {SV: "Socialtjänsten", EN: "Social services"},
		SocialEmergency: {SV: "Socialjouren", EN: "Social services, out of hours"},
		Police:          {SV: "Polisen (114 14)", EN: "The police (114 14)"},
		Rescue:          {SV: "Räddningstjänsten", EN: "The rescue service"},
		School:          {SV: "Skolan", EN: "The school"},
		PropertyOwner:   {SV: "Fastighetsägaren", EN: "The property owner"},
		LocalGroup:      {SV: "En lokal grupp", EN: "A local group"},
		OtherForum:      {SV: "Annat forum", EN: "Another forum"},
	}[f]
}

// Position is what was decided about a flagged place, as of one version. Days are local calendar dates at midnight UTC.
type Position struct {
	Municipality string    `json:"municipality"`
	Flag         uuid.UUID `json:"hotspot"`
	Version      int       `json:"version"`
	Kind         Kind      `json:"kind"`

	Reason     Reason     `json:"reason,omitempty"`      // of Dismiss
	UntilWeek  *time.Time `json:"until_week,omitempty"`  // of Watch: the Monday of the week in which it comes back
	ReturnedAt *time.Time `json:"returned_at,omitempty"` // of Watch: when it did
	HandedTo   Forum      `json:"handed_to,omitempty"`   // of HandOver

	OwnerAgency string     `json:"owner_agency,omitempty"` // of Act, as the other four
	OwnerPerson *uuid.UUID `json:"owner_person,omitempty"`
	DueOn       *time.Time `json:"due_on,omitempty"`
	Action      *uuid.UUID `json:"action,omitempty"`

	// Note is read by those who decide: never on a wall, in an event or outside the group.
	Note string `json:"note,omitempty"`
	// FlagRevision and Observed are what the flag said when the position was taken.
	FlagRevision int `json:"flag_revision"`
	Observed     int `json:"observed"`

	DecidedAt time.Time  `json:"decided_at"` // by the municipality's clock
	DecidedBy *uuid.UUID `json:"decided_by,omitempty"`
	Meeting   *uuid.UUID `json:"meeting,omitempty"` // where; nil: by a coordinator alone
}

// Until is the week in which a watched place comes back; false for other kinds.
func (p Position) Until() (calendar.Week, bool) {
	if p.UntilWeek == nil {
		return calendar.Week{}, false
	}
	return web.WeekOf(*p.UntilWeek), true
}

// Stands says whether the position still answers the flag: a watched place that came back waits for a new one.
func (p Position) Stands() bool { return p.ReturnedAt == nil }

// same says whether two positions say the same about a place, whenever they were taken.
func (p Position) same(q Position) bool {
	return p.Kind == q.Kind && p.Reason == q.Reason && equal(p.UntilWeek, q.UntilWeek) && p.HandedTo == q.HandedTo && p.OwnerAgency == q.OwnerAgency &&
		equal(p.OwnerPerson, q.OwnerPerson) && equal(p.DueOn, q.DueOn) && p.Note == q.Note && equal(p.DecidedBy, q.DecidedBy) && equal(p.Meeting, q.Meeting)
}

func equal[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// Errors that callers branch on.
var (
	// ErrUnknown is a place that is not there, or not for this viewer: the two are never told apart.
	ErrUnknown = errors.New("unknown flagged place")
	// ErrConflict is in every *Conflict.
	ErrConflict = errors.New("somebody else has taken a position")
)

// Conflict says that the position is no longer the one that the caller saw.
type Conflict struct{ Stored Position }

// Error names the place and the version that is stored.
func (c *Conflict) Error() string {
	return fmt.Sprintf("place %s has position %d: %v", c.Stored.Flag, c.Stored.Version, ErrConflict)
}

// Unwrap makes errors.Is(err, ErrConflict) true.
func (c *Conflict) Unwrap() error { return ErrConflict }

// Invalid says which field of a decision cannot be as it is. Why is a key of Texts under "invalid.".
type Invalid struct{ Field, Why string }

// Error names field and reason.
func (i *Invalid) Error() string { return "the decision's " + i.Field + " is " + i.Why }
