// SPDX-License-Identifier: EUPL-1.2

package calendar_test

import (
	"testing"
	"time"

	"samsyn/services/review/calendar"
)

// The days of 2024-2027 as printed in almanacs: whoever computes one wrong calls people to work on Midsummer's Eve.
func TestHolidaysAreThoseOfTheAlmanac(t *testing.T) {
	t.Parallel()
	for year, want := range map[int]map[string]string{
		2024: {"2024-03-29": "långfredagen", "2024-03-31": "påskdagen", "2024-04-01": "annandag påsk", "2024-05-09": "Kristi himmelsfärds dag", "2024-05-19": "pingstdagen", "2024-06-21": "midsommarafton", "2024-06-22": "midsommardagen", "2024-11-02": "alla helgons dag"},
		2025: {"2025-04-18": "långfredagen", "2025-04-21": "annandag påsk", "2025-05-29": "Kristi himmelsfärds dag", "2025-06-08": "pingstdagen", "2025-06-20": "midsommarafton", "2025-11-01": "alla helgons dag"},
		2026: {"2026-04-03": "långfredagen", "2026-04-05": "påskdagen", "2026-04-06": "annandag påsk", "2026-05-14": "Kristi himmelsfärds dag", "2026-05-24": "pingstdagen", "2026-06-19": "midsommarafton", "2026-06-20": "midsommardagen", "2026-10-31": "alla helgons dag"},
		2027: {"2027-03-26": "långfredagen", "2027-03-29": "annandag påsk", "2027-05-06": "Kristi himmelsfärds dag", "2027-05-16": "pingstdagen", "2027-06-25": "midsommarafton", "2027-06-26": "midsommardagen", "2027-11-06": "alla helgons dag"},
	} {
		got := map[string]string{}
		var before time.Time
		for _, h := range calendar.Holidays(year) {
			got[h.Date.Format(time.DateOnly)] = h.Name.SV
			if h.Date.Before(before) || h.Name.EN == "" {
				t.Errorf("%d: %v is out of order or has no English name", year, h)
			}
			before = h.Date
		}
		if len(got) != 16 {
			t.Errorf("%d has %d holidays and eves, want 16", year, len(got))
		}
		for date, name := range want {
			if got[date] != name {
				t.Errorf("%s is %q, want %q", date, got[date], name)
			}
		}
	}
}

// An eve is no public holiday by law, and still nobody is at work.
func TestNobodyIsAtWorkOnAnEve(t *testing.T) {
	t.Parallel()
	for date, want := range map[string]bool{
		"2026-06-19": false, "2026-12-24": false, "2026-12-31": false, "2027-01-06": false, "2026-06-06": false, "2026-05-14": false,
		"2026-05-15": true, "2026-11-21": false, "2026-11-22": false, "2026-11-23": true, "2026-10-30": true, "2027-01-05": true,
	} {
		day, err := time.Parse(time.DateOnly, date)
		if err != nil {
			t.Fatal(err)
		}
		if got := calendar.Workday(day); got != want {
			t.Errorf("working day on %s: %t, want %t", date, got, want)
		}
	}
	h, ok := calendar.HolidayOn(time.Date(2026, 12, 24, 9, 0, 0, 0, stockholm(t)))
	if !ok || !h.Eve || h.Name.SV != "julafton" {
		t.Errorf("24 December is %v, %t", h, ok)
	}
}
