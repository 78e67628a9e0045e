// SPDX-License-Identifier: EUPL-1.2

package detect

import (
	"math"
	"testing"

	"samsyn/events"
)

// What a page promises ("Centrum needs 15 in a week") is this table: incidents by
// mean a week and days, after two years of history, with a budget for 300 cells.
func TestIncidentsNeededForAnAlert(t *testing.T) {
	days := []int{1, 3, 7, 14, 28}
	table := map[float64][]int{
		0.05: {3, 3, 4, 4, 6},
		0.2:  {4, 4, 5, 6, 9},
		0.5:  {4, 5, 7, 9, 13},
		1:    {5, 7, 9, 12, 18},
		2:    {6, 9, 12, 17, 26},
		3:    {7, 10, 15, 22, 33},
	}
	history := (1 - math.Pow(discountDay, 728)) / (1 - discountDay)
	exposures := make([]float64, Window)
	for i := range exposures {
		exposures[i] = 1
	}
	for weekly, want := range table {
		g := gamma{priorShape + history*weekly/7, priorShape*7/weekly + history}
		for i, d := range days {
			got := least(func(n int) bool { return srgp(g, spread(n, d), exposures, dispersed).lnR >= math.Log(14*300) })
			if got != want[i] {
				t.Errorf("with %g a week: %d in %d days, want %d", weekly, got, d, want[i])
			}
		}
	}
}

// The number must be the one at which the flag comes.
func TestAsManyAsNeededRaiseAnAlertAndOneLessDoesNot(t *testing.T) {
	quiet, busy := cellOf(0, 0), cellOf(1, 0)
	for _, c := range []Cell{quiet, busy} {
		for _, days := range []int{1, 7, 28} {
			d := town(t, 2)
			today := worldStart + 300
			for day := worldStart; day <= today-Window; day += 3 {
				mustAdd(t, d, day, busy, 2)
			}
			needed := d.Needs(midnight(today), c, days)
			if needed < 2 {
				t.Fatalf("%v needs %d in %d days", c, needed, days)
			}
			for _, n := range []int{needed - 1, needed} {
				for i, count := range spread(n, days) {
					mustAdd(t, d, today-Window+1+Day(i), c, int(count))
				}
				if got := alert(d.Evaluate(midnight(today), []Cell{c}, nil)); got != (n == needed) {
					t.Errorf("%v needs %d in %d days; with %d: alert %v", c, needed, days, n, got)
				}
				for i, count := range spread(n, days) {
					mustAdd(t, d, today-Window+1+Day(i), c, -int(count))
				}
			}
		}
	}
}

// A page knows what is usual in a week and not the history: it must say the same.
func TestWhatIsUsualSaysHowManyAreNeeded(t *testing.T) {
	d := town(t, 3)
	monday := (worldStart + 300).Monday()
	for day := worldStart; day <= monday-Window; day += 2 {
		mustAdd(t, d, day, cellOf(1, 0), 1)
		mustAdd(t, d, worldStart+(day-worldStart)/2, cellOf(0, 1), 1)
	}
	for _, c := range []Cell{cellOf(0, 0), cellOf(1, 0), cellOf(0, 1), {events.LevelArea, areaName(1), ""}} {
		usual := d.Expected(c, monday, monday)
		for _, days := range []int{1, 7, 14, 28} {
			want := d.Needs(midnight(monday), c, days)
			if got := usual[0].Needs(monday, days, Field{Areas: 3, Groups: 2}); got != want || got < 2 {
				t.Errorf("%v in %d days: %d, the detector says %d", c, days, got, want)
			}
		}
	}
	if got := (Expectation{}).Needs(monday, 7, Field{Areas: 3, Groups: 2}); got != 0 {
		t.Errorf("where nothing is known: %d", got)
	}
}

// A page must not promise what cannot come.
func TestNothingIsNeededWhereNoFlagCanCome(t *testing.T) {
	d := town(t, 2)
	mustAdd(t, d, worldStart, cellOf(1, 1), 1)
	today := worldStart + 100
	for name, got := range map[string]int{
		"before eight weeks": d.Needs(midnight(worldStart+ColdDays-1), cellOf(0, 0), 7),
		"in no days":         d.Needs(midnight(today), cellOf(0, 0), 0),
		"in 29 days":         d.Needs(midnight(today), cellOf(0, 0), 29),
		"in an unknown area": d.Needs(midnight(today), Cell{events.LevelArea, "elsewhere", "damage"}, 7),
	} {
		if got != 0 {
			t.Errorf("%s: %d", name, got)
		}
	}
}

// town is a detector of so many areas without any incidents.
func town(t testing.TB, areas int) *Detector {
	t.Helper()
	config := Config{HistoryFrom: worldStart, Groups: worldGroups}
	for i := range areas {
		config.Areas = append(config.Areas, Area{Level: events.LevelArea, Code: areaName(i)})
	}
	d, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
