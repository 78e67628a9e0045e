// SPDX-License-Identifier: EUPL-1.2

package web_test

import (
	"testing"
	"time"

	"samsyn/events"
	"samsyn/internal/web"
)

func stockholm(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// Swedish readers take 12,345 for twelve: the table is what Intl.NumberFormat("sv-SE")
// writes (ICU 72).
func TestNumbersAsIntlWritesThem(t *testing.T) {
	sv, en := web.NewLocale("sv", nil, time.UTC), web.NewLocale("en", nil, time.UTC)
	for _, c := range []struct{ got, want string }{
		{sv.Int(0), "0"},
		{sv.Int(999), "999"},
		{sv.Int(1000), "1\u00a0000"},
		{sv.Int(12345), "12\u00a0345"},
		{sv.Int(1234567), "1\u00a0234\u00a0567"},
		{sv.Int(-3), "\u22123"},
		{sv.Int(-1234), "\u22121\u00a0234"},
		{sv.Decimal(12345.6, 1), "12\u00a0345,6"},
		{sv.Decimal(12345.64, 1), "12\u00a0345,6"},
		{sv.Decimal(2, 1), "2"},
		{sv.Decimal(0.05, 1), "0,1"},
		{sv.Decimal(-3, 1), "\u22123"},
		{sv.Decimal(-0.04, 1), "0"},
		{sv.Percent(0.125, 1), "12,5\u00a0%"},
		{sv.Percent(1, 1), "100\u00a0%"},
		{sv.Range(2, 9), "2\u20139"},
		{sv.About(5.27), "5,3"},
		{sv.About(128.4), "128"},
		{en.Int(12345), "12,345"},
		{en.Decimal(12345.6, 1), "12,345.6"},
		{en.Percent(0.125, 1), "12.5%"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// The turn of the year is where week numbers go wrong: 2026 has a week 53, and its
// last days lie in 2027.
func TestWeeksAreISO(t *testing.T) {
	zone := stockholm(t)
	sv := web.NewLocale("sv", nil, zone)
	for _, c := range []struct{ day, want, address string }{
		{"2026-11-21", "v.\u00a047\u00a02026", "2026-W47"},
		{"2026-12-28", "v.\u00a053\u00a02026", "2026-W53"},
		{"2026-12-31", "v.\u00a053\u00a02026", "2026-W53"},
		{"2027-01-01", "v.\u00a053\u00a02026", "2026-W53"},
		{"2027-01-03", "v.\u00a053\u00a02026", "2026-W53"},
		{"2027-01-04", "v.\u00a01\u00a02027", "2027-W01"},
		{"2024-12-30", "v.\u00a01\u00a02025", "2025-W01"},
	} {
		day, err := time.ParseInLocation(time.DateOnly, c.day, zone)
		if err != nil {
			t.Fatal(err)
		}
		week := web.WeekOf(day)
		if got := sv.WeekYear(week); got != c.want || week.String() != c.address {
			t.Errorf("%s: %q, %s; want %q, %s", c.day, got, week, c.want, c.address)
		}
		if back, ok := web.ParseWeek(c.address); !ok || back != week {
			t.Errorf("%s is not read back: %v", c.address, back)
		}
		if monday := week.Monday(zone); monday.Weekday() != time.Monday || monday.Hour() != 0 || web.WeekOf(monday) != week {
			t.Errorf("%s begins %v", week, monday)
		}
	}
}

// Every week of a century and the next one are neighbours, and no other week is read.
func TestWeeksFollowEachOther(t *testing.T) {
	week, _ := web.ParseWeek("1970-W01")
	for range 5300 {
		next := week.Add(1)
		if next.Monday(time.UTC) != week.Monday(time.UTC).AddDate(0, 0, 7) || next.Add(-1) != week || !week.Before(next) {
			t.Fatalf("%s is followed by %s", week, next)
		}
		week = next
	}
	for _, s := range []string{"", "2026-47", "2026-W5", "2026-W00", "2026-W54", "2025-W53", "26-W01", "2026-W1x", "2026-W-1", "99999-W01"} {
		if w, ok := web.ParseWeek(s); ok {
			t.Errorf("%q is read as %s", s, w)
		}
	}
}

// On the nights when the clock changes a local day is 23 or 25 hours: a date must stay
// the date.
func TestDatesInTheMunicipalitysZone(t *testing.T) {
	zone := stockholm(t)
	sv, en := web.NewLocale("sv", nil, zone), web.NewLocale("en", nil, zone)
	midnight := web.DateIn(time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC), zone)
	for _, c := range []struct{ got, want string }{
		{sv.Day(midnight), "2026-10-25"},
		{sv.Day(web.DateIn(time.Date(2027, 3, 28, 0, 0, 0, 0, time.UTC), zone)), "2027-03-28"},
		{sv.Moment(time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)), "2026-10-25 kl.\u00a002.30"},
		{sv.Moment(time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC)), "2026-10-25 kl.\u00a002.30"},
		{sv.Clock(time.Date(2026, 11, 21, 13, 5, 0, 0, time.UTC)), "14.05"},
		{en.Clock(time.Date(2026, 11, 21, 13, 5, 0, 0, time.UTC)), "14:05"},
		{sv.LongDay(midnight), "25\u00a0oktober\u00a02026"},
		{sv.Weekday(midnight), "söndag"},
		{en.Weekday(midnight), "Sunday"},
		{sv.Span(midnight.AddDate(0, 0, -6), midnight), "19\u201325\u00a0oktober\u00a02026"},
		{sv.Span(midnight.AddDate(0, 0, 8), midnight.AddDate(0, 0, 36)), "2\u201330\u00a0november\u00a02026"},
		{sv.Span(midnight, midnight.AddDate(0, 0, 7)), "25\u00a0oktober\u20131\u00a0november\u00a02026"},
		{sv.Span(midnight.AddDate(0, 2, 3), midnight.AddDate(0, 2, 9)), "28\u00a0december\u00a02026\u20133\u00a0januari\u00a02027"},
		{sv.Span(midnight, midnight), "25\u00a0oktober\u00a02026"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// A text that is missing must be seen at once, and a number chooses its form.
func TestTextsByKeyAndNumber(t *testing.T) {
	texts := web.Catalogue{
		"hello":      events.Text{SV: "Hej %s", EN: "Hello %s"},
		"place.one":  events.Text{SV: "%s plats", EN: "%s place"},
		"place.many": events.Text{SV: "%s platser", EN: "%s places"},
		"half":       events.Text{SV: "halv"},
	}
	sv, en := web.NewLocale("sv", texts, time.UTC), web.NewLocale("en", texts, time.UTC)
	for _, c := range []struct{ got, want string }{
		{sv.T("hello", "du"), "Hej du"},
		{en.T("hello", "you"), "Hello you"},
		{sv.N("place", 1), "1 plats"},
		{sv.N("place", 0), "0 platser"},
		{en.N("place", 1200), "1,200 places"},
		{sv.T("none"), "«none»"},
		{en.T("half"), "«half»"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
