// SPDX-License-Identifier: EUPL-1.2

package situation_test

import (
	"errors"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/internal/web"
	"samsyn/services/review/situation"
)

// What is frozen must be what is counted, each number by its own way.
func TestReportHoldsTheWeekInNumbers(t *testing.T) {
	w := weekOf47(t)
	w.flag("a1", "alert", w.when("11-19 10.00"), nil)
	s, made := w.freeze("")
	r := s.Report
	if !made || r.Version != 1 || r.Week != "2026-W47" || r.From != "2026-11-16" || r.To != "2026-11-22" || !r.FrozenAt.Equal(tuesday) {
		t.Fatalf("frozen %t, version %d, %s %s-%s at %s", made, r.Version, r.Week, r.From, r.To, r.FrozenAt)
	}
	want := situation.Totals{Incidents: 8, Others: 1, Reports: 10, Outside: 1, Expected: &situation.Expected{Mean: 7, Low: 3, High: 12}}
	if diff := cmp.Diff(want, r.Totals); diff != "" {
		t.Error(diff)
	}
	sum := func(name string, numbers func(yield func(int) bool), want int) {
		n := 0
		for x := range numbers {
			n += x
		}
		if n != want {
			t.Errorf("%s add up to %d, want %d", name, n, want)
		}
	}
	sum("groups", func(yield func(int) bool) {
		for _, g := range r.Groups {
			yield(g.Incidents)
		}
	}, 9)
	sum("areas", func(yield func(int) bool) {
		for _, a := range r.Areas {
			yield(a.Incidents)
		}
	}, 8)
	sum("days", func(yield func(int) bool) {
		for _, d := range r.Days {
			yield(d.Incidents)
		}
	}, 8)
	sum("coverage", func(yield func(int) bool) {
		for _, c := range r.Coverage {
			yield(c.Reports)
		}
	}, r.Basis.Reports)
	if r.Basis.Reports != 10 {
		t.Errorf("%d reports behind it", r.Basis.Reports)
	}
	if last := r.Weeks[len(r.Weeks)-1]; len(r.Weeks) != 26 || last.Week != "2026-W47" || last.Incidents != 8 || r.Weeks[24].Incidents != 1 {
		t.Errorf("%d weeks, the last %+v", len(r.Weeks), last)
	}
	if diff := cmp.Diff([]situation.WeeklyFigure{{Agency: "polisen", AgencyName: "Polisen", Category: "assault", SV: r.Weekly[0].SV, EN: r.Weekly[0].EN, N: 7}}, r.Weekly); diff != "" {
		t.Error(diff)
	}
	if len(r.Coming) != 1 || r.Coming[0].Text != "Julmarknad på torget" || r.Coming[0].AreaNames[0] != "Norra 1" {
		t.Errorf("coming: %+v", r.Coming)
	}
	if len(r.Burdens) != 2 || r.Burdens[0].Area != "a1" || r.Burdens[0].Incidents != 6 || r.Burdens[1].Incidents != 2 {
		t.Errorf("burdens: %+v", r.Burdens)
	}
}

// Silence is not calm: each unit says something, or is named.
func TestCoverageTellsWhoReportedWhoHadNothingAndWhoIsSilent(t *testing.T) {
	w := weekOf47(t)
	w.agency("ny", "Ny förening", "2026-12-01")
	s, _ := w.freeze("")
	got := map[string]string{}
	for _, c := range s.Report.Coverage {
		got[c.Agency+"/"+c.Unit] = c.State
	}
	want := map[string]string{
		"bostad/norr": "reported", "bostad/soder": "silent", "kommun/falt": "nothing", "polisen/": "reported", "skola/": "silent", "ny/": "not_started",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, c := range s.Report.Coverage {
		if c.New != (c.Agency == "kommun") {
			t.Errorf("%s: new is %t", c.Agency, c.New)
		}
	}
}

// The table says when without guessing: 18.00-06.00 is half before midnight and half after, and every incident weighs one.
func TestHoursSpreadUncertainTimesAndAddUp(t *testing.T) {
	w := weekOf47(t)
	s, _ := w.freeze("")
	h := s.Report.Hours
	total := 0.0
	for _, row := range h.Cells {
		for _, x := range row {
			total += x
		}
	}
	if h.Incidents != 8 || h.Uncertain != 1 || math.Abs(total-8) > 1e-9 {
		t.Errorf("%d incidents, %d uncertain, cells add up to %v", h.Incidents, h.Uncertain, total)
	}
	// Friday 18-06 is twelve hours: two of them before 20, four before midnight, four after, two more after 04.
	for _, c := range []struct {
		day, block int
		want       float64
	}{{4, 4, 2.0 / 12}, {4, 5, 4.0 / 12}, {5, 0, 4.0 / 12}, {5, 1, 2.0 / 12}, {2, 5, 5}, {0, 2, 1}} {
		if got := h.Cells[c.day][c.block]; math.Abs(got-c.want) > 1e-9 {
			t.Errorf("day %d block %d: %v, want %v", c.day, c.block, got, c.want)
		}
	}
}

// The rule is written down; each line of it is seen.
func TestAreaLevelsAreProposedByTheRule(t *testing.T) {
	w := weekOf47(t)
	ended := w.when("11-20 10.00")
	w.flag("a1", "alert", w.when("11-19 10.00"), nil)
	w.flag("b2", "alert", w.when("11-18 10.00"), &ended)
	w.flag("b3", "watch", w.when("11-18 10.00"), nil)
	w.expect("area", "a2", "", 1, 0.3, 0, 1)
	w.expect("area", "a3", "", 1, 0.3, 0, 1)
	for range 2 {
		w.incident("11-18 21.00", "11-18 22.00", "a3", "graffiti", "bostad", "norr")
	}
	s, _ := w.freeze("")
	got := map[string]string{}
	for _, a := range s.Report.Areas {
		got[a.Area] = string(a.Proposed) + " " + a.Why
	}
	want := map[string]string{
		"a1": "red flagged", "a2": "green usual", "a3": "yellow over", "a4": "unknown unknown", "b1": "green usual", "b2": "yellow ended",
		"b3": "yellow watched", "b4": "unknown unknown",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if s.Report.Areas[0].Area != "a1" {
		t.Errorf("first is %s", s.Report.Areas[0].Area)
	}
}

// A worker that asks every minute must not fill the table.
func TestFreezingTwiceIsOneVersion(t *testing.T) {
	w := weekOf47(t)
	first, _ := w.freeze("")
	w.now = w.now.Add(time.Hour)
	again, made := w.freeze(eva)
	if made || again.SHA256 != first.SHA256 || w.number(`SELECT count(*) FROM review.situation`) != 1 {
		t.Errorf("made %t, %d versions", made, w.number(`SELECT count(*) FROM review.situation`))
	}
	if n := w.number(`SELECT count(*) FROM review.outgoing WHERE subject = 'decision.0001'`); n != 1 {
		t.Errorf("%d events", n)
	}
	var body []byte
	if err := w.admin.QueryRow(t.Context(), `SELECT body FROM review.outgoing`).Scan(&body); err != nil {
		t.Fatal(err)
	}
	event, err := events.DecodeReportPublished(body)
	if err != nil || event.SHA256 != first.SHA256 || event.Week != "2026-W47" || event.Version != 1 {
		t.Errorf("%+v %v", event, err)
	}
}

// Two processes at the deadline are one report.
func TestFreezingAtOnceIsOneVersion(t *testing.T) {
	w := weekOf47(t)
	var wg sync.WaitGroup
	made := make(chan bool, 4)
	for range 4 {
		wg.Go(func() {
			_, m, err := w.service.Freeze(t.Context(), pg.System, code, week47, "")
			if err != nil {
				t.Error(err)
			}
			made <- m
		})
	}
	wg.Wait()
	close(made)
	n := 0
	for m := range made {
		if m {
			n++
		}
	}
	if n != 1 || w.number(`SELECT count(*) FROM review.situation`) != 1 {
		t.Errorf("%d were made", n)
	}
}

// What is not over, or not there, has no picture.
func TestOnlyAWeekThatIsOverIsFrozen(t *testing.T) {
	w := weekOf47(t)
	for week, want := range map[web.Week]error{
		{Year: 2026, Number: 48}: situation.ErrNotOver, {Year: 2025, Number: 40}: situation.ErrUnknown,
	} {
		if _, _, err := w.service.Freeze(t.Context(), pg.System, code, week, ""); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", week, err, want)
		}
	}
	if _, _, err := w.service.Freeze(t.Context(), pg.System, "9999", week47, ""); !errors.Is(err, situation.ErrUnknown) {
		t.Errorf("a municipality that is not there: %v", err)
	}
}

// The picture freezes by itself at the deadline, not before, and what a pause has missed comes after.
func TestTheDeadlineFreezes(t *testing.T) {
	w := weekOf47(t)
	for _, c := range []struct {
		at   string
		want int
	}{{"11-23 09.59", 1}, {"11-23 10.00", 1}, {"11-23 10.01", 0}, {"12-14 12.00", 3}} {
		w.now = w.when(c.at)
		n, err := w.service.FreezeDue(t.Context(), w.now)
		if err != nil || n != c.want {
			t.Errorf("%s: %d frozen (%v), want %d", c.at, n, err, c.want)
		}
	}
	if n := w.number(`SELECT count(*) FROM review.situation WHERE frozen_by = ''`); n != 5 {
		t.Errorf("%d weeks are frozen", n)
	}
}

// Who freezes early must not lose what still came before the deadline; what comes after it waits for a person.
func TestTheDeadlineTakesWhatCameAfterAnEarlyFreeze(t *testing.T) {
	w := weekOf47(t)
	w.now = w.when("11-23 08.00")
	w.freeze(eva)
	w.incident("11-22 10.00", "11-22 11.00", "b1", "graffiti", "skola", "")
	for _, c := range []struct {
		at       string
		versions int
	}{{"11-23 09.00", 1}, {"11-23 10.00", 2}, {"11-23 10.01", 2}} {
		w.now = w.when(c.at)
		if _, err := w.service.FreezeDue(t.Context(), w.now); err != nil {
			t.Fatal(err)
		}
		if n := w.number(`SELECT count(*) FROM review.situation WHERE week = '2026-11-16'`); n != c.versions {
			t.Errorf("%s: %d versions, want %d", c.at, n, c.versions)
		}
	}
	w.incident("11-22 12.00", "11-22 13.00", "b1", "graffiti", "skola", "")
	w.now = w.when("11-23 11.00")
	if n, err := w.service.FreezeDue(t.Context(), w.now); n != 0 || err != nil {
		t.Errorf("after the deadline: %d %v", n, err)
	}
}

// What shows in several places is one flag: those that became part of it are not decided about beside it.
func TestAFlagThatBecamePartOfAnotherIsNoPlace(t *testing.T) {
	w := weekOf47(t)
	cleared := w.when("11-19 11.00")
	part, whole := w.flag("a1", "alert", w.when("11-19 10.00"), &cleared), w.flag("a1", "alert", w.when("11-18 10.00"), nil)
	w.exec(`UPDATE alerting.flag SET merged_into = $2 WHERE id = $1`, part, whole)
	s, _ := w.freeze("")
	if places := s.Report.Places; len(places) != 1 || places[0].Flag != whole {
		t.Errorf("the week has %+v", places)
	}
}
