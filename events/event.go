// SPDX-License-Identifier: EUPL-1.2

package events

import "time"

// Kind says what a report is about; it is part of the report's identity.
type Kind string

// The kinds of report.
const (
	KindIncident Kind = "incident"
	KindNothing  Kind = "nothing"
	KindCounts   Kind = "counts"
	KindContext  Kind = "context"
)

// Verb is the last word of an incident subject; it follows from the event's type.
type Verb string

// The verbs an agency may use.
const (
	Reported    Verb = "reported"
	Corrected   Verb = "corrected"
	Withdrawn   Verb = "withdrawn"
	NothingVerb Verb = "nothing"
	CountsVerb  Verb = "counts"
	ContextVerb Verb = "context"
)

// Valid says whether the verb is one of the six.
func (v Verb) Valid() bool {
	switch v {
	case Reported, Corrected, Withdrawn, NothingVerb, CountsVerb, ContextVerb:
		return true
	}
	return false
}

// The types of event that an agency sends.
const (
	TypeIncidentReported  = "samsyn.incident.reported.v1"
	TypeIncidentCorrected = "samsyn.incident.corrected.v1"
	TypeIncidentWithdrawn = "samsyn.incident.withdrawn.v1"
	TypeNothingReported   = "samsyn.nothing.reported.v1"
	TypeCountsReported    = "samsyn.counts.reported.v1"
	TypeContextAnnounced  = "samsyn.context.announced.v1"
)

// Event is what an agency said, decoded. Of Incident, Nothing, Counts, Context and Withdrawal exactly one is set in an
// event without reasons: Withdrawal when Verb is Withdrawn, else the one that Kind names. Times keep the offset they were
// sent with and are exact to the millisecond.
type Event struct {
	ID      string // the sender's id of this message: echoed, never a key
	Source  string // urn:samsyn:<municipality>:<agency>
	Type    string
	Subject string    // the CloudEvents attribute, free for the sender's use; not the NATS subject
	Time    time.Time // when it was reported

	Municipality MunicipalityID // as Source says; compare with the stream by Mismatch
	Agency       AgencyID
	Verb         Verb
	Kind         Kind
	Report       ReportID
	Revision     int      // 1 for what is new, 2 and up for corrected and withdrawn
	Content      [32]byte // SHA-256 of the canonical data, see Decode

	Incident   *Incident
	Nothing    *Nothing
	Counts     *Counts
	Context    *Context
	Withdrawal *Withdrawal

	Notes []Note // what was cleaned on the way in
}

// Mismatch compares the event with what its stream and subject say. Another municipality or agency quarantines it and is
// an alarm; another verb refuses it. What Decode could not read is not compared: that has its own reason.
func (e Event) Mismatch(m MunicipalityID, a AgencyID, v Verb) []Reason {
	var rs []Reason
	if e.Agency != "" && (e.Municipality != m || e.Agency != a) {
		rs = append(rs, Reason{Code: AgencyMismatch, Path: "/source"})
	}
	if e.Verb != "" && e.Verb != v {
		rs = append(rs, Reason{Code: SubjectMismatch, Path: "/type"})
	}
	return rs
}

// Interval is a stretch of time; To equals From where `to` was left out.
type Interval struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}
