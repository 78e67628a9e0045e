// SPDX-License-Identifier: EUPL-1.2

package events

import "github.com/google/uuid"

// DecideVerb is what an agency decides about an event of its own in quarantine.
type DecideVerb string

// The verbs. The third way out of quarantine, corrected, is an event with a higher revision.
const (
	Release DecideVerb = "released" // accepted as it is: its sender stands by it
	Drop    DecideVerb = "dropped"  // never counted; the record stays
)

// Decide asks the correlator, on DecideSubject, to let an event out of quarantine. The subject says whose it is: what the
// asking door has checked is believed, an id of another agency is unknown.
type Decide struct {
	ID   uuid.UUID  `json:"id"` // of the quarantined event, contract.quarantine
	Verb DecideVerb `json:"verb"`
	By   string     `json:"by"` // who decided, for the decision's record: key:<prefix>, person:<id>, operator
}

// Decided answers a Decide. Without a problem, Receipt is the final receipt that followed; the same request again gives the
// same answer.
type Decided struct {
	Problem DecideProblem `json:"problem,omitempty"`
	Receipt *Receipt      `json:"receipt,omitempty"` // with DecideOtherwise, the one that was final already; may be absent
	Reasons []Explained   `json:"reasons,omitempty"` // with DecideNotPossible, what still stands in the way
}

// DecideProblem says why nothing was decided.
type DecideProblem string

// The problems.
const (
	DecideUnknown     DecideProblem = "unknown"      // this agency has no such event in quarantine and never had
	DecideOtherwise   DecideProblem = "otherwise"    // it left quarantine another way
	DecideNotPossible DecideProblem = "not_possible" // it cannot be counted even so: no place, no category; it stays
	DecideFailed      DecideProblem = "failed"       // ours: a part is away; ask again
)

// DecideSubject is where a door asks the correlator to let an event of one agency out of quarantine. It is the platform's
// own: no agency's account reaches it. The payload is a Decide, the answer a Decided, both as JSON.
func DecideSubject(m MunicipalityID, a AgencyID) string {
	return "decide." + string(m) + "." + string(a)
}
