// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"samsyn/events"
	"samsyn/schemas"
)

// spoiled is the town's reference with a bug in it: a category that the database cannot store.
func (w *town) spoiled() *reference {
	ref := *w.ref
	ref.mappings = maps.Clone(ref.mappings)
	ref.mappings["bostad"] = map[string]string{"NUL": "nul"}
	ref.categories = maps.Clone(ref.categories)
	ref.categories["nul"] = schemas.Category{Code: "nul\x00", Group: "damage", DefaultSeverity: 1, Countable: true}
	return &ref
}

// A poison event must neither stop its neighbours nor be lost; after the bug is mended it passes.
func TestPoisonIsHeldAloneAndPassesWhenMended(t *testing.T) {
	w := newTown(t)
	s := w.service()
	s.references.held = map[events.MunicipalityID]*reference{testTown: w.spoiled()}
	w.exec(`INSERT INTO registry.mapping (municipality, agency, code, category) VALUES ('0780', 'bostad', 'NUL', 'graffiti')`)
	for i := range 40 {
		category := `"broken_window"`
		if i == 17 {
			category = `"x:NUL"`
		}
		w.send(report1("bostad", fmt.Sprint("b-", i), fmt.Sprintf(`category=%s;place={"lon":14.805,"lat":56.875}`, category)))
	}
	w.run(s)
	w.settled()
	if got := w.number(`SELECT count(*) FROM correlator.event WHERE outcome = 'accepted'`); got != 39 {
		t.Errorf("%d events are accepted, want the 39 good ones", got)
	}
	held, err := s.ListHeld(t.Context())
	if err != nil || len(held) != 1 || held[0].StreamSeq != 18 {
		t.Fatalf("held: %+v, %v", held, err)
	}
	if n := len(w.receipts("bostad")); n != 39 {
		t.Errorf("%d receipts, want none for the held one", n)
	}
	w.verified()

	s.references.held = map[events.MunicipalityID]*reference{}
	if decided, left, err := s.RetryHeld(t.Context(), time.Now().Add(time.Hour)); decided != 1 || left != 0 || err != nil {
		t.Fatalf("retry: %d decided, %d left, %v", decided, left, err)
	}
	if got := w.counted("a1"); got != "40 of 40" {
		t.Errorf("counted %s, want 40 of 40", got)
	}
	w.verified()
}

// A bug that meets every event must stop the reading, not put everything aside.
func TestTooManyHeldEventsStopTheReading(t *testing.T) {
	var b breaker
	now := time.Now()
	for i := range breakerMost {
		if !b.allow(now) {
			t.Fatalf("event %d may not be held", i)
		}
	}
	if b.allow(now) {
		t.Error("one more than the limit may be held")
	}
	if !b.allow(now.Add(breakerWindow + time.Second)) {
		t.Error("after five minutes nothing may be held")
	}
}

// A projection can be thrown away and made again.
func TestRebuildMakesTheSameProjections(t *testing.T) {
	w := newTown(t)
	s := w.start()
	for i, e := range someNight() {
		w.send(e)
		if i%5 == 0 {
			w.settled()
		}
	}
	w.settled()
	before := w.picture(testTown)
	if _, _, err := s.Rebuild(t.Context(), testTown, func(int64) {}); err != nil {
		t.Fatal(err)
	}
	if after := w.picture(testTown); after != before {
		t.Errorf("rebuilt:\n%s\nwas:\n%s", after, before)
	}
	w.verified()
}

// A checker that was never seen failing is not a checker.
func TestVerifyFindsWhatIsSpoiled(t *testing.T) {
	w := newTown(t)
	w.start()
	w.send(report1("bostad", "b-1", ""), report1("polis", "p-1", ""), report1("bostad", "b-2", `place={"lon":15.5,"lat":56.875}`))
	w.settled()
	w.verified()
	for _, c := range [][2]string{
		{"a count that moved", `UPDATE correlator.count SET incidents = incidents + 1`},
		{"a report that moved", `UPDATE correlator.report SET area = 'a2' WHERE report = 'p-1'`},
		{"a report that is gone", `DELETE FROM correlator.report WHERE report = 'b-1'`},
		{"a quarantine let go", `DELETE FROM correlator.quarantine`},
		{"a source never heard", `DELETE FROM correlator.source WHERE agency = 'polis'`},
	} {
		w.spoil(c[1])
		if len(w.verify().Problems) == 0 {
			t.Errorf("%s: verify finds nothing", c[0])
		}
		if _, _, err := w.service().Rebuild(t.Context(), testTown, func(int64) {}); err != nil {
			t.Fatal(err)
		}
		w.verified()
	}
	// An event that was acknowledged, and passed over.
	w.stop()
	w.send(report1("kommun", "lost", ""))
	w.spoil(`INSERT INTO correlator.position (municipality, agency, seq, sha256, stored_at) VALUES ('0780', 'kommun', 1, '\x00', now())`)
	if len(w.verify().Problems) == 0 {
		t.Error("an acknowledged event that is nowhere: verify finds nothing")
	}
}
