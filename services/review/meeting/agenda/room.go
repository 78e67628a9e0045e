// SPDX-License-Identifier: EUPL-1.2

package agenda

import "time"

// Room is who sits before the wall, as far as it decides what the wall shows.
type Room struct {
	// Outside are agencies in the room that may not see the numbers of the partnership (contracts.md, section 6): an association that
	// owns an action sees that action and nothing else. Their codes.
	Outside []string
}

// Shows says whether an item may be on the wall: what everyone in the room may see. Numbers, flagged places and coverage are the same
// for everyone inside the agreement and for nobody outside it; what an outside agency is to do is its own to see, if it alone is
// outside.
func (r Room) Shows(i Item) bool {
	switch i.Part {
	case FollowUp:
		return len(r.Outside) == 0 || i.Due != nil && len(r.Outside) == 1 && r.Outside[0] == i.Due.Owner
	case Opening, Picture, Places:
		return len(r.Outside) == 0
	}
	return true
}

// ShowsDecision says the same of a paragraph of the minutes.
func (r Room) ShowsDecision(d Decision) bool {
	return len(r.Outside) == 0 || len(r.Outside) == 1 && r.Outside[0] == d.Owner
}

// Kind is what was decided.
type Kind string

// The kinds: the four positions on a flagged place, and what becomes of an action.
const (
	Act      Kind = "act"
	Watch    Kind = "watch"
	Dismiss  Kind = "dismiss"
	HandOver Kind = "handover"
	NewDue   Kind = "due"
	Done     Kind = "done"
)

// Decision is a paragraph of the minutes: codes, days, and names of areas and agencies. Number and Subject (an item's key) name it.
type Decision struct {
	Number  int       `json:"-"`
	Subject string    `json:"-"`
	At      time.Time `json:"-"`

	Kind      Kind   `json:"kind"`
	Area      string `json:"area"`
	Name      string `json:"name"`
	Group     string `json:"group,omitempty"`
	Measure   string `json:"measure,omitempty"`
	Owner     string `json:"owner,omitempty"`
	OwnerName string `json:"owner_name,omitempty"`
	DueOn     string `json:"due_on,omitempty"` // act, due
	Until     string `json:"until,omitempty"`  // watch: the week in which it returns
	Reason    string `json:"reason,omitempty"` // dismiss
	To        string `json:"to,omitempty"`     // handover: the code of whom
}
