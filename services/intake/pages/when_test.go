// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"testing"
	"time"

	"samsyn/events"
)

func stockholm(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// What is found in the morning happened some time in the night: an hour that nobody knows is never made up, also in the
// nights when clocks are changed.
func TestTimeChipsAreIntervals(t *testing.T) {
	zone := stockholm(t)
	for _, c := range []struct {
		name, now string
		when      when
		from, to  string
		wrong     string
	}{
		{"now", "2026-11-21T09:30:00+01:00", when{Chip: "now"}, "2026-11-21T09:30:00+01:00", "2026-11-21T09:30:00+01:00", ""},
		{"today", "2026-11-21T09:30:00+01:00", when{Chip: "today"}, "2026-11-21T00:00:00+01:00", "2026-11-21T09:30:00+01:00", ""},
		{"night", "2026-11-21T09:30:00+01:00", when{Chip: "night"}, "2026-11-20T22:00:00+01:00", "2026-11-21T06:00:00+01:00", ""},
		{"the night that is not over", "2026-11-21T03:00:00+01:00", when{Chip: "night"}, "2026-11-20T22:00:00+01:00", "2026-11-21T03:00:00+01:00", ""},
		{"the night is nine hours in autumn", "2026-10-25T09:30:00+01:00", when{Chip: "night"}, "2026-10-24T22:00:00+02:00", "2026-10-25T06:00:00+01:00", ""},
		{"and seven in spring", "2026-03-29T09:30:00+02:00", when{Chip: "night"}, "2026-03-28T22:00:00+01:00", "2026-03-29T06:00:00+02:00", ""},
		{"yesterday had 25 hours", "2026-10-26T09:30:00+01:00", when{Chip: "yesterday"}, "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", ""},
		{"a day", "2026-11-21T09:30:00+01:00", when{Chip: "other", Date: "2026-11-18"}, "2026-11-18T00:00:00+01:00", "2026-11-19T00:00:00+01:00", ""},
		{"today so far", "2026-11-21T09:30:00+01:00", when{Chip: "other", Date: "2026-11-21"}, "2026-11-21T00:00:00+01:00", "2026-11-21T09:30:00+01:00", ""},
		{"a minute, as people write it", "2026-11-21T09:30:00+01:00", when{Chip: "other", Date: "2026-11-18", From: "14.05"}, "2026-11-18T14:05:00+01:00", "2026-11-18T14:05:00+01:00", ""},
		{"over midnight", "2026-11-21T09:30:00+01:00", when{Chip: "other", Date: "2026-11-18", From: "23:00", To: "01:30"}, "2026-11-18T23:00:00+01:00", "2026-11-19T01:30:00+01:00", ""},
		{"a minute that came twice", "2026-10-26T09:30:00+01:00", when{Chip: "other", Date: "2026-10-25", From: "02:30"}, "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", ""},
		{"a minute that never came", "2026-03-30T09:30:00+02:00", when{Chip: "other", Date: "2026-03-29", From: "02:30"}, "", "", "wrong.skipped"},
		{"tomorrow", "2026-11-21T09:30:00+01:00", when{Chip: "other", Date: "2026-11-22"}, "", "", "wrong.future"},
		{"later today", "2026-11-21T09:30:00+01:00", when{Chip: "other", Date: "2026-11-21", From: "10:00"}, "", "", "wrong.future"},
		{"no date", "2026-11-21T09:30:00+01:00", when{Chip: "other"}, "", "", "wrong.date"},
		{"no clock", "2026-11-21T09:30:00+01:00", when{Chip: "other", Date: "2026-11-20", From: "25:00"}, "", "", "wrong.clock"},
		{"an end alone", "2026-11-21T09:30:00+01:00", when{Chip: "other", Date: "2026-11-20", To: "12:00"}, "", "", "wrong.clock"},
		{"nothing", "2026-11-21T09:30:00+01:00", when{}, "", "", "wrong.when"},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		got, wrong := c.when.interval(now.In(zone))
		if wrong != c.wrong || wrong == "" && (got.From.Format(time.RFC3339) != c.from || got.To.Format(time.RFC3339) != c.to) {
			t.Errorf("%s: %s - %s %q, want %s - %s %q", c.name, got.From.Format(time.RFC3339), got.To.Format(time.RFC3339), wrong, c.from, c.to, c.wrong)
		}
	}
}

// The receipt must name the week that the correlator will count the report in.
func TestDayIsTheOneThatHoldsMost(t *testing.T) {
	zone := stockholm(t)
	at := func(s string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", s, zone)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct{ from, to, want string }{
		{"2026-11-20 22:00", "2026-11-21 06:00", "2026-11-21"},
		{"2026-11-20 22:00", "2026-11-21 02:00", "2026-11-20"},
		{"2026-11-20 12:00", "2026-11-20 12:00", "2026-11-20"},
		{"2026-11-20 00:00", "2026-11-21 00:00", "2026-11-20"},
		{"2026-11-19 23:00", "2026-11-21 01:00", "2026-11-20"},
	} {
		if got := countedDay(events.Interval{From: at(c.from), To: at(c.to)}, zone).Format(time.DateOnly); got != c.want {
			t.Errorf("%s - %s: %s, want %s", c.from, c.to, got, c.want)
		}
	}
}

// A mark in the wrong place shows personal data and hides what is innocent.
func TestHitsAreMarkedByCharacters(t *testing.T) {
	got := marked("Åke såg 19811228-9874 åka", "/data/text", []events.Reason{
		{Code: events.PIIPersonnummer, Path: "/data/text", Span: &events.Span{Start: 8, End: 21}},
		{Code: events.TooOld, Path: "/data/occurred/from"},
		{Code: events.PIIPhone, Path: "/data/text", Span: &events.Span{Start: 10, End: 99}},
	})
	want := []piece{{"Åke såg ", false}, {"19811228-9874", true}, {" åka", true}}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%d: %+v, want %+v", i, got[i], want[i])
		}
	}
}
