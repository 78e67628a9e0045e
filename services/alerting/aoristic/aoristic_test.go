// SPDX-License-Identifier: EUPL-1.2

package aoristic_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"samsyn/services/alerting/aoristic"
)

func stockholm(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

// What is known to the minute is one block; what was found in the morning is spread over the night.
func TestAnIncidentWeighsOneOverItsInterval(t *testing.T) {
	zone := stockholm(t)
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, zone) }
	var week aoristic.Table
	week.Add(at(20, 21, 40), at(20, 21, 40)) // Friday
	week.Add(at(20, 22, 0), at(21, 6, 0))    // the night to Saturday: 2 h, 4 h, 2 h
	if !near(week.Cells[4][5], 1.25) || !near(week.Cells[5][0], 0.5) || !near(week.Cells[5][1], 0.25) {
		t.Errorf("cells %v", week.Cells)
	}
	if week.N != 2 || week.Uncertain != 1 {
		t.Errorf("%d incidents, %d of uncertain time", week.N, week.Uncertain)
	}
	if day, block, weight, ok := week.Peak(); day != 4 || block != 5 || !near(weight, 1.25) || !ok {
		t.Errorf("peak %d %d %g %v", day, block, weight, ok)
	}
}

// The night of 25 October 2026 has an hour more: its first block is five hours long.
func TestTheNightTheClockIsPutBack(t *testing.T) {
	zone := stockholm(t)
	var week aoristic.Table
	week.Add(time.Date(2026, 10, 25, 0, 0, 0, 0, zone), time.Date(2026, 10, 25, 8, 0, 0, 0, zone))
	if !near(week.Cells[6][0], 5.0/9) || !near(week.Cells[6][1], 4.0/9) {
		t.Errorf("cells %v", week.Cells[6])
	}
}

// Whatever the intervals, the table adds up to the incidents, and so does what is shown of it.
func TestTheTableAddsUp(t *testing.T) {
	zone := stockholm(t)
	rapid.Check(t, func(t *rapid.T) {
		var week aoristic.Table
		n := rapid.IntRange(0, 40).Draw(t, "n")
		for range n {
			from := time.Unix(rapid.Int64Range(1_700_000_000, 1_900_000_000).Draw(t, "from"), 0).In(zone)
			week.Add(from, from.Add(time.Duration(rapid.IntRange(-3600, 31*86400).Draw(t, "seconds"))*time.Second))
		}
		sum, shown := 0.0, 0
		tenths := week.Tenths()
		for day := range week.Cells {
			for block, w := range week.Cells[day] {
				sum += w
				shown += tenths[day][block]
				if math.Abs(10*w-float64(tenths[day][block])) > 1 {
					t.Fatalf("%g is shown as %d tenths", w, tenths[day][block])
				}
			}
		}
		if math.Abs(sum-float64(n)) > 1e-6 || shown != 10*n || week.N != n {
			t.Fatalf("%d incidents weigh %g and show %d tenths", n, sum, shown)
		}
	})
}
