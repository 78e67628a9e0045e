// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"testing"
	"time"
)

// A digest that comes on Christmas Eve is read by nobody; one that is a day late is a day late.
func TestDigestLeavesOnTheNextSwedishWorkDay(t *testing.T) {
	zone := mustZone(t, "Europe/Stockholm")
	seven := 7 * time.Hour
	for name, c := range map[string]struct{ now, want string }{
		"same morning":                     {"2026-11-23T06:59:59+01:00", "2026-11-23T07:00:00+01:00"},
		"exactly seven is the next day":    {"2026-11-23T07:00:00+01:00", "2026-11-24T07:00:00+01:00"},
		"friday evening":                   {"2026-11-20T19:00:00+01:00", "2026-11-23T07:00:00+01:00"},
		"easter 2026, from thursday":       {"2026-04-02T12:00:00+02:00", "2026-04-07T07:00:00+02:00"},
		"ascension day 2026":               {"2026-05-13T12:00:00+02:00", "2026-05-15T07:00:00+02:00"},
		"national day on a saturday":       {"2026-06-05T12:00:00+02:00", "2026-06-08T07:00:00+02:00"},
		"midsummer eve 2026":               {"2026-06-18T12:00:00+02:00", "2026-06-22T07:00:00+02:00"},
		"christmas 2026":                   {"2026-12-23T12:00:00+01:00", "2026-12-28T07:00:00+01:00"},
		"new year 2027":                    {"2026-12-30T12:00:00+01:00", "2027-01-04T07:00:00+01:00"},
		"epiphany 2027":                    {"2027-01-05T12:00:00+01:00", "2027-01-07T07:00:00+01:00"},
		"night in which clocks go back":    {"2026-10-25T02:30:00+02:00", "2026-10-26T07:00:00+01:00"},
		"weekend in which clocks go ahead": {"2027-03-27T12:00:00+01:00", "2027-03-30T07:00:00+02:00"}, // Easter Monday follows
	} {
		t.Run(name, func(t *testing.T) {
			if got := nextDigest(at(t, c.now), zone, seven); !got.Equal(at(t, c.want)) {
				t.Errorf("nextDigest(%s) = %s, want %s", c.now, got.In(zone).Format(time.RFC3339), c.want)
			}
		})
	}
}

// A holiday too many or too few would show here. By hand: 2026 has 261 weekdays less 1 and 6 January, 3 and 6 April, 1 and 14 May,
// 19 June, 24, 25 and 31 December; in 2027 1 May, 6 June and Christmas Day fall on weekends.
func TestYearsHaveTheirWorkDays(t *testing.T) {
	for year, want := range map[int]int{2024: 251, 2025: 249, 2026: 251, 2027: 253} {
		n := 0
		for d := time.Date(year, 1, 1, 12, 0, 0, 0, time.UTC); d.Year() == year; d = d.AddDate(0, 0, 1) {
			if workday(d) {
				n++
			}
		}
		if n != want {
			t.Errorf("%d has %d work days, want %d", year, n, want)
		}
	}
}

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func mustZone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}
