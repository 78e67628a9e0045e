// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"strings"
	"testing"
)

// The correlator believes the subject and the stream's name: what they were made from must come back, and nothing else.
func TestSubjectsAndStreamsComeApartAsTheyWereMade(t *testing.T) {
	for _, v := range Verbs() {
		m, a, verb, ok := ParseIncidentSubject(IncidentSubject("0480", "nykopings-hem", v))
		if !ok || m != "0480" || a != "nykopings-hem" || verb != v {
			t.Errorf("%s: %s %s %s %v", v, m, a, verb, ok)
		}
	}
	m, a, ok := ParseIncidentStream(IncidentStream("se-x", "a-b"))
	if !ok || m != "se-x" || a != "a-b" {
		t.Errorf("%s %s %v", m, a, ok)
	}
	for _, subject := range []string{
		"", "incident", "incident.0480.bostad", "incident.0480.bostad.reported.x", "incident.0480..reported", "incident..bostad.reported",
		"incident.0480.bostad.", "incident.0480.bostad.deleted", "incident.0480.Bostad.reported", "incident.0480.*.reported",
		"incident.0480.>", "receipt.0480.bostad", "incident.0480.bo stad.reported", "incident.0480." + strings.Repeat("a", 1000) + ".reported",
	} {
		if m, a, v, ok := ParseIncidentSubject(subject); ok {
			t.Errorf("%q was read as %s %s %s", subject, m, a, v)
		}
	}
	for _, stream := range []string{"", "INCIDENTS_", "INCIDENTS_0480", "INCIDENTS_0480_", "INCIDENTS_0480_a_b", "RECEIPTS_0480_bostad", "INCIDENTS_0480_A"} {
		if m, a, ok := ParseIncidentStream(stream); ok {
			t.Errorf("%q was read as %s %s", stream, m, a)
		}
	}
}

// No code may hold what joins or ends the tokens of a subject or the parts of a stream's name.
func TestCodesHoldNothingThatASubjectIsMadeOf(t *testing.T) {
	for _, joint := range []string{".", "*", ">", " ", "_", "\n", "å", "A", ""} {
		if joint != "" && (MunicipalityID("ab"+joint).Valid() || AgencyID("ab"+joint).Valid()) {
			t.Errorf("%q may stand in a code", joint)
		}
	}
	if AreaCode("a.b").Valid() || AreaCode("a b").Valid() || AreaCode("").Valid() || !AreaCode("0480_A-1").Valid() {
		t.Error("area codes")
	}
	if MunicipalityID("a").Valid() || AgencyID(strings.Repeat("a", 33)).Valid() {
		t.Error("lengths")
	}
}

func TestSourceComesApartAsItWasMade(t *testing.T) {
	if m, a, ok := ParseSource(Source("0480", "bostad")); !ok || m != "0480" || a != "bostad" {
		t.Errorf("%s %s %v", m, a, ok)
	}
	for _, source := range []string{"", "urn:samsyn:0480", PlatformSource("0480"), "urn:samsyn:0480:bostad:x", "URN:samsyn:0480:bostad", "urn:samsyn::bostad"} {
		if _, _, ok := ParseSource(source); ok {
			t.Errorf("%q was taken for an agency's", source)
		}
	}
}

// Subjects and streams are what agencies' credentials and operators' tools name: a change breaks them from outside.
func TestNamesAreThoseOfTheContract(t *testing.T) {
	for got, want := range map[string]string{
		strings.Join(IncidentSubjects("0480", "bostad"), " "): "incident.0480.bostad.reported incident.0480.bostad.corrected " +
			"incident.0480.bostad.withdrawn incident.0480.bostad.nothing incident.0480.bostad.counts incident.0480.bostad.context",
		CheckSubject("0480", "bostad"):   "check.0480.bostad",
		ReceiptSubject("0480", "bostad"): "receipt.0480.bostad",
		CorrelatedSubject("0480", "A1"):  "correlated.0480.A1",
		HotspotSubject("0480", "A1"):     "hotspot.0480.A1",
		AlertSubject("0480", "bostad"):   "alert.0480.bostad",
		DecisionSubject("0480"):          "decision.0480",
		SummarySubject("d", "0480"):      "summary.d.0480",
		RegistrySubject("0480"):          "registry.0480.changed",
		CommittedSubject("0480"):         "committed.0480",
		CheckpointSubject("0480"):        "checkpoint.0480",
		IncidentStream("0480", "bostad"): "INCIDENTS_0480_bostad",
		ReceiptStream("0480", "bostad"):  "RECEIPTS_0480_bostad",
		AlertStream("0480", "bostad"):    "ALERTS_0480_bostad",
		Source("0480", "bostad"):         "urn:samsyn:0480:bostad",
	} {
		if got != want {
			t.Errorf("%s, the contract says %s", got, want)
		}
	}
}
