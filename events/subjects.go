// SPDX-License-Identifier: EUPL-1.2

package events

import "strings"

// The subjects and streams, in the order in which an incident meets them.
//
//	incident.<municipality>.<agency>.<verb>   INCIDENTS_<municipality>_<agency>   the agency, or intake for it
//	check.<municipality>.<agency>             (request and answer)                dry run, answered by the correlator
//	decide.<municipality>.<agency>            (request and answer)                release or drop from quarantine, answered by the correlator
//	receipt.<municipality>.<agency>           RECEIPTS_<municipality>_<agency>    the correlator, to the sender
//	correlated.<municipality>.<area>          CORRELATED                          the correlator
//	hotspot.<municipality>.<area>             HOTSPOTS                            alerting
//	alert.<municipality>.<agency>             ALERTS_<municipality>_<agency>      alerting, to one agency
//	decision.<municipality>                   DECISIONS                           review
//	summary.<county>.<municipality>           SUMMARIES                           review
//	registry.<municipality>.changed           (signal)                            registry
//	checkpoint.<municipality>                 (signal)                            the audit log
//	deadletter.>                              DEADLETTER                          the bus: derived events nobody could handle
const (
	// StreamCorrelated holds what the correlator accepted, for 30 days.
	StreamCorrelated = "CORRELATED"
	// StreamHotspots holds every flagged, updated and cleared place, for 2 years.
	StreamHotspots = "HOTSPOTS"
	// StreamDecisions holds what the reviews decided, for 2 years.
	StreamDecisions = "DECISIONS"
	// StreamSummaries holds suppressed weekly counts, for 10 years; a county sources this and nothing else.
	StreamSummaries = "SUMMARIES"
	// StreamDeadletter holds derived events that could not be handled, for 30 days; never what an agency sent.
	StreamDeadletter = "DEADLETTER"

	incidentStreamPrefix = "INCIDENTS_"
	receiptStreamPrefix  = "RECEIPTS_"
	alertStreamPrefix    = "ALERTS_"
)

// Verbs lists what an agency may say, in the order of the contract; each is the last word of a subject.
func Verbs() []Verb {
	return []Verb{Reported, Corrected, Withdrawn, NothingVerb, CountsVerb, ContextVerb}
}

// IncidentSubject is where an agency publishes: incident.<municipality>.<agency>.<verb>.
func IncidentSubject(m MunicipalityID, a AgencyID, v Verb) string {
	return "incident." + string(m) + "." + string(a) + "." + string(v)
}

// IncidentSubjects lists the six subjects of an agency, as its stream names them.
func IncidentSubjects(m MunicipalityID, a AgencyID) []string {
	verbs := Verbs()
	subjects := make([]string, len(verbs))
	for i, v := range verbs {
		subjects[i] = IncidentSubject(m, a, v)
	}
	return subjects
}

// ParseIncidentSubject reads a subject made by IncidentSubject; ok is false for anything else, extra or empty tokens included.
func ParseIncidentSubject(subject string) (m MunicipalityID, a AgencyID, v Verb, ok bool) {
	rest, found := strings.CutPrefix(subject, "incident.")
	if !found {
		return "", "", "", false
	}
	left, rest, _ := strings.Cut(rest, ".")
	middle, right, found := strings.Cut(rest, ".")
	m, a, v = MunicipalityID(left), AgencyID(middle), Verb(right)
	if !found || !m.Valid() || !a.Valid() || !v.Valid() {
		return "", "", "", false
	}
	return m, a, v, true
}

// IncidentStream names the stream of one agency's events. Codes hold no "_", so the name can be taken apart again.
func IncidentStream(m MunicipalityID, a AgencyID) string {
	return incidentStreamPrefix + string(m) + "_" + string(a)
}

// ParseIncidentStream says whose events a stream holds; the correlator believes this name and never the body.
func ParseIncidentStream(name string) (m MunicipalityID, a AgencyID, ok bool) {
	rest, found := strings.CutPrefix(name, incidentStreamPrefix)
	if !found {
		return "", "", false
	}
	left, right, found := strings.Cut(rest, "_")
	m, a = MunicipalityID(left), AgencyID(right)
	if !found || !m.Valid() || !a.Valid() {
		return "", "", false
	}
	return m, a, true
}

// CheckSubject is where an agency asks what the receipt would say, without anything being stored.
func CheckSubject(m MunicipalityID, a AgencyID) string { return "check." + string(m) + "." + string(a) }

// ReceiptSubject is where an agency hears what became of its events.
func ReceiptSubject(m MunicipalityID, a AgencyID) string {
	return "receipt." + string(m) + "." + string(a)
}

// ReceiptStream names the stream of one agency's receipts, kept 30 days.
func ReceiptStream(m MunicipalityID, a AgencyID) string {
	return receiptStreamPrefix + string(m) + "_" + string(a)
}

// CorrelatedSubject is where the correlator says that an incident of an area is accepted, corrected or withdrawn.
func CorrelatedSubject(m MunicipalityID, area AreaCode) string {
	return "correlated." + string(m) + "." + string(area)
}

// HotspotSubject is where alerting says that an area is flagged, updated or cleared.
func HotspotSubject(m MunicipalityID, area AreaCode) string {
	return "hotspot." + string(m) + "." + string(area)
}

// AlertSubject is where one agency hears of flagged places; its reports there are its own only.
func AlertSubject(m MunicipalityID, a AgencyID) string { return "alert." + string(m) + "." + string(a) }

// AlertStream names the stream of one agency's alerts, kept 30 days.
func AlertStream(m MunicipalityID, a AgencyID) string {
	return alertStreamPrefix + string(m) + "_" + string(a)
}

// DecisionSubject is where the review says what it decided.
func DecisionSubject(m MunicipalityID) string { return "decision." + string(m) }

// SummarySubject is where a municipality offers its suppressed weekly counts to its county.
func SummarySubject(county string, m MunicipalityID) string {
	return "summary." + county + "." + string(m)
}

// RegistrySubject tells readers that reference data changed; they look at the version number in Postgres.
func RegistrySubject(m MunicipalityID) string { return "registry." + string(m) + ".changed" }

// CommittedSubject says that the correlator committed a batch of a municipality: whoever follows its journal looks now. It may be missed.
func CommittedSubject(m MunicipalityID) string { return "committed." + string(m) }

// CheckpointSubject carries the audit log's signed checkpoints to its witnesses.
func CheckpointSubject(m MunicipalityID) string { return "checkpoint." + string(m) }
