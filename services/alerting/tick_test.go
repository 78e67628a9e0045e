// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"samsyn/events"
	"samsyn/internal/testenv"
)

// wantFlags compares the revisions after the first n with lines that say them.
func (w *world) wantFlags(after int, want ...string) []Flag {
	w.t.Helper()
	got := w.flagEvents()[after:]
	if diff := cmp.Diff(want, lines(got), cmp.Transformer("sorted", func(s []string) []string { return slices.Sorted(slices.Values(s)) })); diff != "" {
		w.t.Errorf("flags (-want +got):\n%s", diff)
	}
	return got
}

// wantFlagged compares what was flagged after the first n revisions; what else changed is left aside.
func (w *world) wantFlagged(after int, want ...string) []Flag {
	w.t.Helper()
	got := slices.DeleteFunc(w.flagEvents()[after:], func(f Flag) bool { return f.Verb != verbFlagged })
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(lines(got)))); diff != "" {
		w.t.Errorf("flagged (-want +got):\n%s", diff)
	}
	return got
}

// The main promise: where more happens than usual, a flag stands at the next look, with its place, its numbers, why, and who saw it.
func TestRiseIsFlaggedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.NATS(t).Conn)
	w.history("2026-11-20")
	w.look("2026-11-20T08:00:00+01:00")
	w.wantFlags(0)
	w.burst("D1A2", "2026-11-20", 9)
	w.look("2026-11-20T21:00:00+01:00")
	f := w.wantFlags(0, "flagged rise r1 area D1A2 damage: 9")[0]

	if f.Expected > 0.2 || f.Low != 0 || f.High != 1 || f.Margin < 10 || !f.New || f.WindowFrom != "2026-11-20" || f.WindowTo != "2026-11-20" {
		t.Errorf("numbers: %+v", f)
	}
	if want := []events.AgencyID{"bostad", "polis", "skola"}; !slices.Equal(f.Agencies, want) || len(f.Reports) != 9 {
		t.Errorf("seen by %v in %d reports", f.Agencies, len(f.Reports))
	}
	if want := []events.AreaCode{"D1A2", "D1", "0780"}; !slices.Equal(f.Areas, want) || len(f.Parts) != 2 {
		t.Errorf("areas %v, parts %+v: one thing is one flag, with a part for each level that it shows on", f.Areas, f.Parts)
	}
	if !strings.HasPrefix(f.ReasonSV, "9 händelser (skadegörelse och brand) på en dag (20 november) mot 0,1 väntade") || !strings.HasSuffix(f.ReasonSV, "Tre organisationer ser det.") {
		t.Errorf("reason: %s", f.ReasonSV)
	}
}

// A flag is worth having only if it ends: growing, quiet and over are told, once each, and a day without change tells nothing.
func TestEpisodeIsFlaggedUpdatedAndCleared(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.NATS(t).Conn)
	w.history("2026-11-20")
	w.burst("D1A2", "2026-11-20", 6)
	w.look("2026-11-20T21:00:00+01:00")
	w.wantFlags(0, "flagged rise r1 area D1A2 damage: 6")
	w.burst("D1A2", "2026-11-21", 6)
	w.look("2026-11-21T21:00:00+01:00")
	n := len(w.flagEvents())
	if n != 2 || w.flagEvents()[1].Verb != verbUpdated || w.flagEvents()[1].New {
		t.Fatalf("after twice as many: %v", lines(w.flagEvents()))
	}
	for d := 22; d <= 30; d++ {
		w.look(fmt.Sprintf("2026-11-%02dT12:00:00+01:00", d))
	}
	w.wantFlags(n)
	for d := 1; d <= 31; d++ {
		w.look(fmt.Sprintf("2026-12-%02dT12:00:00+01:00", d))
	}
	w.look("2027-01-20T12:00:00+01:00")
	last := w.flagEvents()
	if f := last[len(last)-1]; f.Verb != verbCleared || f.State != stateCleared || f.ID != last[0].ID || f.Change != "calm" {
		t.Errorf("at the end: %s (%s)", f.line(), f.Change)
	}
}

// Reports that are taken back take the flag back, at once: nobody should act on what did not happen.
func TestWithdrawnReportsClearTheFlag(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.NATS(t).Conn)
	w.history("2026-11-20")
	w.burst("D2A1", "2026-11-20", 6)
	w.look("2026-11-20T21:00:00+01:00")
	back := several("property_damage", "D2A1", "2026-11-20", 6)
	for i := range back {
		back[i].gone = true
	}
	w.commit(back...)
	w.look("2026-11-20T21:05:00+01:00")
	w.wantFlags(1, "cleared rise r2 area D2A1 damage: 0")
	if f := w.flagEvents()[1]; f.Change != "revised" {
		t.Errorf("it ended because %q", f.Change)
	}
}

// What is not watched raises no flag, however much of it there is: places and traffic are counted and shown, never alarmed.
func TestPlaceAndTrafficAreNeverAlarmed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.NATS(t).Conn)
	w.history("2026-11-20")
	var reports []seen
	for i := range 40 {
		reports = append(reports, seen{report: fmt.Sprint("p", i), category: []string{"poor_lighting", "reckless_driving"}[i%2], day: "2026-11-20"})
	}
	w.commit(reports...)
	w.look("2026-11-20T21:00:00+01:00")
	w.wantFlags(0)
}

// Close to the limit is for the list of the review: it stands there, is told to nobody, and goes when it is calm or becomes an alert.
func TestCloseToTheLimitIsListedAndToldToNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.NATS(t).Conn)
	w.subscribe(Subscription{Channel: "mail", Recipient: "anna@vaxjo.example"})
	w.history("2026-11-20")
	w.burst("D1A2", "2026-11-20", 2)
	w.look("2026-11-20T21:00:00+01:00")
	if got := w.eventsOf(events.GradeWatch); len(got) != 0 {
		t.Fatalf("before midnight: %v", lines(got))
	}
	w.look("2026-11-21T08:00:00+01:00")
	got := w.eventsOf(events.GradeWatch)
	if !slices.ContainsFunc(got, func(f Flag) bool { return f.line() == "flagged rise r1 area D1A2 damage: 2" && f.Margin < 0 }) {
		t.Fatalf("after midnight: %v", lines(got))
	}
	w.burst("D1A2", "2026-11-21", 7)
	w.look("2026-11-21T09:00:00+01:00")
	ended := w.eventsOf(events.GradeWatch)[len(got):]
	if !slices.ContainsFunc(ended, func(f Flag) bool { return f.line() == "cleared rise r2 area D1A2 damage: 2" }) {
		t.Errorf("when it was alerted: %v; alerts %v", lines(ended), lines(w.flagEvents()))
	}
	for d := 22; d <= 30; d++ {
		w.look(fmt.Sprintf("2026-11-%02dT12:00:00+01:00", d))
	}
	for m := 0; m < 40; m++ {
		w.look(at(t, "2026-12-01T12:00:00+01:00").AddDate(0, 0, m).Format("2006-01-02T15:04:05Z07:00"))
	}
	open := map[string]bool{}
	for _, f := range w.eventsOf(events.GradeWatch) {
		open[f.ID.String()] = f.State == stateOpen
	}
	for id, is := range open {
		if is {
			t.Errorf("watch %s never ended", id)
		}
	}
	if n := w.rows(`SELECT count(*)::text FROM alerting.notification n JOIN alerting.flag_event e USING (municipality, flag, revision) WHERE e.body->>'grade' = 'watch'`); n[0] != "0" {
		t.Errorf("%s people and systems were told of a watch", n[0])
	}
	if v := w.verify(); len(v.Problems) > 0 {
		t.Errorf("not repeated: %v", v.Problems)
	}
}

// A very serious report flags its place by itself, at once, in a place where nothing ever happened and without any history.
func TestSeriousReportFlagsAtOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		report seen
		want   []string
	}{
		"a shooting":                 {seen{report: "1", category: "shooting_explosion", severity: 4, day: "2026-11-20"}, []string{"flagged serious r1 area D1A1 violence: 1"}},
		"severity 4 that was seen":   {seen{report: "1", severity: 4, day: "2026-11-20"}, []string{"flagged serious r1 area D1A1 damage: 1"}},
		"severity 4 that was likely": {seen{report: "1", severity: 4, certainty: "likely", day: "2026-11-20"}, nil},
		"without the right":          {seen{report: "1", severity: 4, agency: "skola", day: "2026-11-20"}, nil},
		"a shooting needs no right":  {seen{report: "1", category: "shooting_explosion", severity: 4, agency: "skola", day: "2026-11-20"}, []string{"flagged serious r1 area D1A1 violence: 1"}},
		"long ago":                   {seen{report: "1", category: "shooting_explosion", severity: 4, day: "2026-10-01"}, nil},
		"severity 3":                 {seen{report: "1", severity: 3, day: "2026-11-20"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testenv.NATS(t).Conn)
			w.exec(w.registry, `UPDATE registry.agency SET serious = false WHERE agency = 'skola'`)
			w.look("2026-11-20T20:00:00+01:00")
			w.commit(c.report)
			w.look("2026-11-20T21:00:00+01:00")
			w.wantFlags(0, c.want...)
		})
	}
}

// Two agencies that tell of one explosion tell of one thing; and a withdrawal of both ends it.
func TestLinkedSeriousReportsAreOneFlag(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.NATS(t).Conn)
	first := seen{report: "1", category: "shooting_explosion", severity: 4, day: "2026-11-20"}
	second := seen{report: "2", agency: "polis", category: "shooting_explosion", severity: 4, day: "2026-11-20", with: "bostad/1"}
	w.commit(first)
	w.look("2026-11-20T21:00:00+01:00")
	w.commit(second)
	w.look("2026-11-20T21:01:00+01:00")
	got := w.wantFlags(0, "flagged serious r1 area D1A1 violence: 1", "updated serious r2 area D1A1 violence: 1")
	if !slices.Equal(got[1].Agencies, []events.AgencyID{"bostad", "polis"}) {
		t.Errorf("seen by %v", got[1].Agencies)
	}
	first.gone, second.gone = true, true
	w.commit(second)
	w.look("2026-11-20T21:02:00+01:00")
	w.commit(first)
	w.look("2026-11-20T21:03:00+01:00")
	w.wantFlags(2, "updated serious r3 area D1A1 violence: 1", "cleared serious r4 area D1A1 violence: 1")
}

// A mistake in one agency's system must not drown everyone: five a day are told one by one, the rest together.
func TestSixthSeriousReportOfADayGoesWithTheRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.NATS(t).Conn)
	for i := range 5 {
		w.commit(seen{report: fmt.Sprint(i), severity: 4, area: fmt.Sprintf("D1A%d", i%4+1), day: "2026-11-20"})
		w.look(fmt.Sprintf("2026-11-20T21:%02d:00+01:00", i))
	}
	w.commit(seen{report: "5", severity: 4, day: "2026-11-20"}, seen{report: "6", severity: 4, area: "D2A1", day: "2026-11-20"}, seen{report: "p", agency: "polis", severity: 4, day: "2026-11-20"})
	w.look("2026-11-20T21:30:00+01:00")
	w.wantFlags(5, "flagged serious r1 municipality 0780 damage: 2", "flagged serious r1 area D1A1 damage: 1")
	w.commit(seen{report: "7", severity: 4, day: "2026-11-20"})
	w.look("2026-11-20T21:31:00+01:00")
	w.wantFlags(7, "updated serious r2 municipality 0780 damage: 3")
	w.commit(seen{report: "8", severity: 4, day: "2026-11-21"})
	w.look("2026-11-21T08:00:00+01:00")
	w.wantFlags(8, "flagged serious r1 area D1A1 damage: 1")
}

// A serious flag is not for ever.
func TestSeriousFlagEndsAfterFourteenDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.NATS(t).Conn)
	w.commit(seen{report: "1", severity: 4, day: "2026-11-20"})
	w.look("2026-11-20T21:00:00+01:00")
	w.look("2026-12-04T12:00:00+01:00")
	w.wantFlags(1)
	w.look("2026-12-05T00:00:01+01:00")
	w.wantFlags(1, "cleared serious r2 area D1A1 damage: 1")
}

// Whoever takes over goes on where the other stopped: nothing is flagged twice, nothing that came meanwhile is missed.
func TestRestartGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.NATS(t).Conn)
	w.history("2026-11-20")
	w.burst("D1A2", "2026-11-20", 6)
	w.commit(seen{report: "s", severity: 4, area: "D2A2", day: "2026-11-20"})
	w.look("2026-11-20T21:00:00+01:00")
	n := len(w.flagEvents())
	w.restart()
	w.look("2026-11-20T21:10:00+01:00")
	w.wantFlags(n)
	w.restart()
	w.commit(several("public_nuisance", "D2A4", "2026-11-20", 6)...)
	w.commit(seen{report: "s2", agency: "polis", severity: 4, area: "D2A3", day: "2026-11-20"})
	w.look("2026-11-20T21:20:00+01:00")
	w.wantFlagged(n, "flagged rise r1 area D2A4 disorder: 7", "flagged serious r1 area D2A3 damage: 1")
}

// Two alerters at one municipality would tell everything twice: the second waits, and one that was overtaken stores nothing.
func TestOneAlerterAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.NATS(t).Conn)
	w.history("2026-11-20")
	w.look("2026-11-20T21:00:00+01:00")
	second := w.newService(Config{})
	if _, err := second.load(t.Context(), vaxjo, at(t, "2026-11-20T21:00:10+01:00")); err == nil {
		t.Fatal("two hold one municipality")
	}
	other, err := second.load(t.Context(), vaxjo, at(t, "2026-11-20T21:00:16+01:00"))
	if err != nil {
		t.Fatalf("the lease ran out and was not taken: %v", err)
	}
	w.burst("D1A2", "2026-11-20", 6)
	moment := at(t, "2026-11-20T21:00:17+01:00")
	w.town.held = moment // it was frozen and does not know better
	if _, err := w.service.look(t.Context(), w.town, moment); err == nil {
		t.Error("an alerter that was overtaken has ticked")
	}
	if _, err := second.look(t.Context(), other, moment); err != nil {
		t.Error(err)
	}
	w.wantFlags(0, "flagged rise r1 area D1A2 damage: 6")
}

// On a replay clock the day is the one that the replay has reached, whenever it is played.
func TestReplayFlagsAsOfItsOwnClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.NATS(t).Conn)
	clock := func(asOf string) {
		w.exec(w.registry, `UPDATE registry.municipality SET clock = 'replay', as_of = $1, version = version + 1`, asOf)
	}
	clock("2026-11-20T00:00:00+01:00")
	w.history("2026-11-20")
	w.look("2031-05-05T12:00:00+02:00")
	w.burst("D1A2", "2026-11-20", 6)
	w.look("2031-05-05T12:00:01+02:00")
	w.wantFlags(0) // the day is not over
	clock("2026-11-21T00:00:00+01:00")
	w.look("2031-05-05T12:00:02+02:00")
	f := w.wantFlags(0, "flagged rise r1 area D1A2 damage: 6")[0]
	if !f.OpenedAsOf.Equal(at(t, "2026-11-21T00:00:00+01:00")) || !f.OpenedAt.Equal(at(t, "2031-05-05T12:00:02+02:00")) || f.WindowTo != "2026-11-20" {
		t.Errorf("opened as of %s at %s, window to %s", f.OpenedAsOf, f.OpenedAt, f.WindowTo)
	}
	// Days that passed between two looks are looked at each.
	w.commit(several("public_nuisance", "D2A2", "2026-11-22", 6)...)
	clock("2026-11-25T00:00:00+01:00")
	w.look("2031-05-05T12:00:03+02:00")
	f = w.wantFlagged(1, "flagged rise r1 area D2A2 disorder: 6")[0]
	if !f.OpenedAsOf.Equal(at(t, "2026-11-23T00:00:00+01:00")) {
		t.Errorf("opened as of %s", f.OpenedAsOf)
	}
}

// A changed map is a changed budget: the detector is made anew and goes on, and the flag that stands keeps standing.
func TestNewAreaIsWatched(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.NATS(t).Conn)
	w.history("2026-11-20")
	w.burst("D1A2", "2026-11-20", 6)
	w.look("2026-11-20T21:00:00+01:00")
	w.area("D1A9", "area", "D1")
	w.exec(w.registry, `UPDATE registry.municipality SET version = version + 1`)
	w.commit(several("public_nuisance", "D1A9", "2026-11-20", 6)...)
	moment := at(t, "2026-11-20T21:00:10+01:00")
	if _, err := w.service.look(t.Context(), w.town, moment); err == nil {
		t.Fatal("the changed map was not noticed")
	}
	w.town = nil
	w.look("2026-11-20T21:00:11+01:00")
	w.wantFlagged(1, "flagged rise r1 area D1A9 disorder: 6")
}
