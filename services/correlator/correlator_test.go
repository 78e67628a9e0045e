// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"fmt"
	"strings"
	"testing"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/pg"
)

// A caretaker, a guard and a police officer see one smashed entrance: the municipality counts one.
func TestOneIncidentSeenByThreeAgenciesIsCountedOnce(t *testing.T) {
	w := newTown(t)
	w.start()
	w.send(
		report1("bostad", "b-1", ""),
		report1("kommun", "k-1", `place={"lon":14.8054,"lat":56.8751}`),
		report1("polis", "p-1", `occurred={"from":"2026-11-20T21:10:00+01:00"}`),
	)
	w.settled()
	if got := w.counted("a1"); got != "1 of 3" {
		t.Errorf("counted %s, want 1 of 3", got)
	}
	if got := w.text(`SELECT array_to_string(agencies, ' ') FROM contract.incident`); got != "bostad kommun polis" {
		t.Errorf("seen by %q", got)
	}
	w.verified()
}

// Corrections, withdrawals and re-linking move every count that the report had moved.
func TestCountsMoveWithCorrectionsAndWithdrawals(t *testing.T) {
	w := newTown(t)
	w.start()
	w.send(report1("bostad", "b-1", ""), report1("polis", "p-1", ""))
	w.settled()
	if got := w.counted("a1"); got != "1 of 2" {
		t.Fatalf("counted %s, want 1 of 2", got)
	}
	w.send(corrected("polis", "p-1", 2, `place={"lon":14.805,"lat":56.885}`))
	w.settled()
	if a1, a2 := w.counted("a1"), w.counted("a2"); a1 != "1 of 1" || a2 != "1 of 1" {
		t.Errorf("after the correction %s and %s, want 1 of 1 each", a1, a2)
	}
	w.verified()
	w.send(corrected("polis", "p-1", 3, ""), withdrawn("bostad", "b-1", 2))
	w.settled()
	if a1, a2 := w.counted("a1"), w.counted("a2"); a1 != "1 of 1" || a2 != "0 of 0" {
		t.Errorf("after the withdrawal %s and %s, want 1 of 1 and 0 of 0", a1, a2)
	}
	w.verified()
}

// A sender that heard nothing sends again: nothing is doubled, and the receipt comes again under its id.
func TestTheSameEventAgainIsOneEventWithOneReceipt(t *testing.T) {
	w := newTown(t)
	w.start()
	first := report1("bostad", "b-1", "")
	again := told{first.agency, first.verb, append([]byte(" "), first.body...)}
	w.send(first, first, again)
	w.settled()
	if n := w.number(`SELECT count(*) FROM correlator.event`); n != 1 {
		t.Errorf("%d events are stored, want 1", n)
	}
	if got := w.counted("a1"); got != "1 of 1" {
		t.Errorf("counted %s, want 1 of 1", got)
	}
	receipts := w.receipts("bostad")
	if len(receipts) != 3 || receipts[0].Receipt != receipts[1].Receipt || receipts[1].Receipt != receipts[2].Receipt {
		t.Errorf("receipts %v, want the same three times", receipts)
	}
	w.verified()
}

// Other content under a taken key must not replace what stands, nor vanish.
func TestOtherContentUnderATakenKeyIsQuarantined(t *testing.T) {
	w := newTown(t)
	w.start()
	w.send(report1("bostad", "b-1", ""), report1("bostad", "b-1", `severity=3`), report1("polis", "b-1", `severity=3`))
	w.settled()
	if got := w.text(`SELECT string_agg(kind || ' ' || outcome, ', ' ORDER BY agency, kind DESC) FROM correlator.event`); got != "incident accepted, conflict quarantined, incident accepted" {
		t.Errorf("events: %s", got)
	}
	if got := w.receipts("bostad")[1]; got.Outcome != events.Quarantined || got.Reasons[0].Code != events.IDConflict || got.Report != "b-1" {
		t.Errorf("receipt %+v", got)
	}
	w.verified()
}

// A sender whose conflict was not mended sends it again, in other words: it waits in quarantine once.
func TestTheSameConflictAgainIsOneConflict(t *testing.T) {
	w := newTown(t)
	w.start()
	other := report1("bostad", "b-1", `severity=3`)
	w.send(report1("bostad", "b-1", ""), other, told{other.agency, other.verb, append([]byte(" "), other.body...)})
	w.settled()
	if n := w.number(`SELECT count(*) FROM correlator.event WHERE kind = 'conflict'`); n != 1 {
		t.Errorf("%d conflicts are stored, want 1", n)
	}
	w.verified()
	w.send(corrected("bostad", "b-1", 2, ""))
	w.settled()
	if got := w.text(`SELECT string_agg(state, ' ') FROM correlator.quarantine`); got != "corrected" {
		t.Errorf("after the correction it is %s", got)
	}
	w.verified()
}

// What came before a bad event and what comes after it must not wait for it.
func TestEveryOutcomeHasItsReceipt(t *testing.T) {
	w := newTown(t)
	w.start()
	w.send(
		told{"bostad", events.Reported, []byte(`{"id":`)},
		report1("bostad", "b-1", `place={"lon":15.5,"lat":56.875}`),
		report1("bostad", "b-2", `text="Ring 850709-9805"`),
		report1("bostad", "b-3", `category="x:GL";place={"property":"storgatan 12"}`),
		report1("bostad", "b-4", `category="x:NIX"`),
		report1("bostad", "b-5", "", "source", "urn:samsyn:0780:polis"),
		report1("bostad", "b-6", `place={"area":"a2"}`),
	)
	w.settled()
	want := []string{"refused json_syntax", "quarantined outside_municipality", "quarantined pii_personnummer", "accepted", "quarantined unknown_code", "quarantined agency_mismatch", "accepted"}
	for i, r := range w.receipts("bostad") {
		got := string(r.Outcome)
		if len(r.Reasons) > 0 {
			got += " " + string(r.Reasons[0].Code)
		}
		if got != want[i] {
			t.Errorf("receipt %d is %q, want %q", i, got, want[i])
		}
	}
	if got := w.counted("a2"); got != "2 of 2" {
		t.Errorf("counted %s in a2, want 2 of 2", got)
	}
	w.verified()
}

// Its sender decides about a quarantined event, once.
func TestAnEventLeavesQuarantineOnce(t *testing.T) {
	w := newTown(t)
	s := w.start()
	w.send(
		report1("bostad", "drop", `occurred={"from":"2020-01-02T00:00:00+01:00"}`),
		report1("bostad", "release", `occurred={"from":"2020-01-02T00:00:00+01:00"}`),
		report1("bostad", "correct", `place={"lon":15.5,"lat":56.875}`),
		report1("bostad", "stay", `place={"lon":15.5,"lat":56.875}`),
	)
	w.settled()
	decide := func(report string, verb events.DecideVerb) events.Decided {
		return s.askDecide(t, report, verb)
	}
	if d := decide("drop", events.Drop); d.Problem != "" || d.Receipt.Outcome != events.Dropped {
		t.Errorf("drop: %+v", d)
	}
	if d := decide("release", events.Release); d.Problem != "" || d.Receipt.Outcome != events.Accepted {
		t.Errorf("release: %+v", d)
	}
	if d := decide("release", events.Release); d.Problem != "" || d.Receipt == nil {
		t.Errorf("release again: %+v", d)
	}
	if d := decide("release", events.Drop); d.Problem != events.DecideOtherwise {
		t.Errorf("drop after release: %+v", d)
	}
	if d := decide("stay", events.Release); d.Problem != events.DecideNotPossible || d.Reasons[0].Code != events.OutsideMunicipality {
		t.Errorf("release of a place elsewhere: %+v", d)
	}
	w.send(corrected("bostad", "correct", 2, ""))
	w.settled()
	if got := w.text(`SELECT string_agg(report || ' ' || state, ', ' ORDER BY report) FROM correlator.quarantine`); got != "correct corrected, drop dropped, release released, stay open" {
		t.Errorf("quarantine: %s", got)
	}
	if got := w.counted("a1"); got != "2 of 2" {
		t.Errorf("counted %s, want 2 of 2", got)
	}
	w.verified()
}

// A header that speaks to the broker is refused with its own reason, and a recount knows that the bytes did not say it.
func TestHeadersForTheBrokerAreRefused(t *testing.T) {
	w := newTown(t)
	w.start()
	for id, header := range map[string]string{"h-1": "Nats-Custom", "h-2": "nats-anything", "h-3": "Nats-Msg-Id", "h-4": "traceparent"} {
		e := report1("bostad", id, "")
		message := bus.Message{Subject: events.IncidentSubject(testTown, e.agency, e.verb), Body: e.body, Header: map[string]string{header: id}}
		if _, err := w.nats.Conn.Publish(t.Context(), message); err != nil {
			t.Fatal(err)
		}
	}
	w.settled()
	want := map[events.ReportID]string{"h-1": "refused [bad_header]", "h-2": "refused [bad_header]", "h-3": "accepted []", "h-4": "accepted []"}
	for _, r := range w.receipts("bostad") {
		codes := []events.Code{}
		for _, reason := range r.Reasons {
			codes = append(codes, reason.Code)
		}
		if got := fmt.Sprint(r.Outcome, " ", codes); got != want[r.Report] {
			t.Errorf("%s: %s, want %s", r.Report, got, want[r.Report])
		}
		delete(want, r.Report)
	}
	if len(want) > 0 {
		t.Errorf("no receipt: %v", want)
	}
	w.verified()
}

// Groups narrow who may open a report. One that is not in the agreement is its sender's mistake: nobody would be in it.
func TestGroupsAreThoseOfTheAgreement(t *testing.T) {
	w := newTown(t)
	w.execAs(pg.RoleAccess, `INSERT INTO access.grp (municipality, grp, name) VALUES ('0780', 'centrum', 'Centrum')`)
	w.start()
	w.send(report1("bostad", "g-1", `groups=["centrum"]`), report1("bostad", "g-2", `groups=["centrum","norr"]`))
	w.settled()
	if got := w.text(`SELECT report || ' ' || groups::text FROM correlator.report`); got != "g-1 {centrum}" {
		t.Errorf("accepted %s, want g-1 for the group", got)
	}
	if got := w.text(`SELECT reasons::text FROM contract.quarantine`); !strings.Contains(got, "unknown_group") || !strings.Contains(got, "/data/groups/1") {
		t.Errorf("quarantined for %s, want the second group", got)
	}
	w.verified()
}
