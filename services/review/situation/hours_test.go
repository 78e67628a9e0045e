// SPDX-License-Identifier: EUPL-1.2

package situation

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func stockholm(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// Whatever the intervals, also over the nights when clocks change: every incident weighs one, and what is shown adds up.
func TestSpreadingAddsUp(t *testing.T) {
	t.Parallel()
	zone := stockholm(t)
	rapid.Check(t, func(t *rapid.T) {
		begin := time.Date(2026, 10, 20, 0, 0, 0, 0, zone).AddDate(0, rapid.SampledFrom([]int{0, 5}).Draw(t, "months"), 0)
		var rows []timeRow
		n := 0
		for range rapid.IntRange(1, 12).Draw(t, "rows") {
			from := begin.Add(time.Duration(rapid.IntRange(0, 12*24*60).Draw(t, "from")) * time.Minute)
			to := from.Add(time.Duration(rapid.IntRange(0, 31*24*60).Draw(t, "long")) * time.Minute)
			row := timeRow{InWeek: true, OccurredFrom: from.UTC(), OccurredTo: to.UTC(), N: rapid.IntRange(1, 5).Draw(t, "n")}
			rows, n = append(rows, row), n+row.N
		}
		h := hours(rows, zone, nil)
		sum, shown := 0.0, 0
		for d, row := range tenths(h) {
			for b, x := range row {
				shown += x
				sum += h.Cells[d][b]
				if math.Abs(float64(x)-10*h.Cells[d][b]) > 1.0001 {
					t.Fatalf("day %d block %d is shown as %d tenths and is %v", d, b, x, h.Cells[d][b])
				}
			}
		}
		if h.Incidents != n || math.Abs(sum-float64(n)) > 1e-6 || shown != 10*n {
			t.Fatalf("%d incidents, cells %v, shown %d tenths", h.Incidents, sum, shown)
		}
	})
}

// On 25 October 2026 the block 00-04 has five hours: an incident of that night lies in it by what passed, not by the clock's face.
func TestANightOfFiveHoursIsOneBlock(t *testing.T) {
	t.Parallel()
	zone := stockholm(t)
	h := hours([]timeRow{{
		InWeek: true, OccurredFrom: time.Date(2026, 10, 25, 0, 0, 0, 0, zone), OccurredTo: time.Date(2026, 10, 25, 5, 0, 0, 0, zone), N: 6,
	}}, zone, nil)
	if got := h.Cells[6][0]; math.Abs(got-5) > 1e-9 {
		t.Errorf("00-04 holds %v of 6, want 5", got)
	}
	if got := h.Cells[6][1]; math.Abs(got-1) > 1e-9 {
		t.Errorf("04-08 holds %v of 6, want 1", got)
	}
}

// The hours of the year before say what is usual only where there are enough of them.
func TestUsualHoursNeedAYear(t *testing.T) {
	t.Parallel()
	zone := stockholm(t)
	at := time.Date(2026, 6, 1, 21, 0, 0, 0, zone)
	week := &expectedRow{Shape: 20, Rate: 2, Expected: 10}
	few := hours([]timeRow{{OccurredFrom: at, OccurredTo: at, N: leastForHours - 1}, {InWeek: true, OccurredFrom: at, OccurredTo: at, N: 1}}, zone, week)
	enough := hours([]timeRow{{OccurredFrom: at, OccurredTo: at, N: leastForHours}, {InWeek: true, OccurredFrom: at, OccurredTo: at, N: 1}}, zone, week)
	if few.Expected != nil || len(enough.Expected) != 6 || enough.Expected[5].Mean != 10 || enough.Expected[0].Mean != 0 {
		t.Errorf("few %v, enough %v", few.Expected, enough.Expected)
	}
}

// The interval of a count is the one that the model gives: 5 and 95 % of a negative binomial.
func TestQuantileIsTheSmallestThatHolds(t *testing.T) {
	t.Parallel()
	// A large shape is Poisson: for mean 7 the 5 and 95 % quantiles are 3 and 12.
	if low, high := quantile(1e9, 7, 0.05), quantile(1e9, 7, 0.95); low != 3 || high != 12 {
		t.Errorf("%d-%d, want 3-12", low, high)
	}
	// Geometric with mean 1: P(X<=k) = 1 - 2^-(k+1), which reaches 0.95 at k = 4.
	if got := quantile(1, 1, 0.95); got != 4 {
		t.Errorf("%d, want 4", got)
	}
	if got := quantile(1, 0, 0.95); got != 0 {
		t.Errorf("nothing is expected and %d is usual", got)
	}
}
