// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestTimesAreReadStrictly(t *testing.T) {
	for in, want := range map[string]string{
		"2026-06-30T23:59:00+02:00":                            "2026-06-30T23:59:00+02:00",
		"2026-06-30T23:59:00Z":                                 "2026-06-30T23:59:00Z",
		"2026-06-30T23:59:00-00:00":                            "2026-06-30T23:59:00Z",
		"2026-06-30T23:59:00.5Z":                               "2026-06-30T23:59:00.5Z",
		"2026-06-30T23:59:00,25Z":                              "2026-06-30T23:59:00.25Z (rounded)",
		"2026-06-30T23:59:00.123000Z":                          "2026-06-30T23:59:00.123Z",
		"2026-06-30T23:59:00.1234Z":                            "2026-06-30T23:59:00.123Z (rounded)",
		"2026-06-30T23:59:00.1235Z":                            "2026-06-30T23:59:00.124Z (rounded)",
		"2026-06-30T23:59:59." + strings.Repeat("9", 30) + "Z": "2026-07-01T00:00:00Z (rounded)",
		"2028-02-29T00:00:00Z":                                 "2028-02-29T00:00:00Z",
		"2000-01-01T00:00:00Z":                                 "2000-01-01T00:00:00Z",
		"9998-12-31T23:59:59Z":                                 "9998-12-31T23:59:59Z",
		"2026-06-30T23:59:00+23:59":                            "2026-06-30T23:59:00+23:59",
		"9998-12-31T23:59:59.9999Z":                            string(TimeRange),
		"1999-12-31T23:59:59Z":                                 string(TimeRange),
		"0000-01-01T00:00:00Z":                                 string(TimeRange),
		"9999-12-31T23:59:59Z":                                 string(TimeRange),
		"2027-02-29T00:00:00Z":                                 string(TimeNonexistent),
		"2100-02-29T00:00:00Z":                                 string(TimeNonexistent),
		"2026-04-31T00:00:00Z":                                 string(TimeNonexistent),
		"2026-06-30T23:59:00":                                  string(TimeNoZone),
		"2026-06-30T23:59:00.5":                                string(TimeNoZone),
		"2026-06-30T24:00:00Z":                                 string(TimeSyntax),
		"2026-06-30T23:60:00Z":                                 string(TimeSyntax),
		"2026-06-30T23:59:60Z":                                 string(TimeSyntax),
		"2026-13-30T23:59:00Z":                                 string(TimeSyntax),
		"2026-00-30T23:59:00Z":                                 string(TimeSyntax),
		"2026-06-00T23:59:00Z":                                 string(TimeSyntax),
		"2026-06-30T9:00:00Z":                                  string(TimeSyntax),
		"2026-06-30t23:59:00Z":                                 string(TimeSyntax),
		"2026-06-30T23:59:00z":                                 string(TimeSyntax),
		"2026-06-30 23:59:00Z":                                 string(TimeSyntax),
		" 2026-06-30T23:59:00Z":                                string(TimeSyntax),
		"2026-06-30T23:59:00Z ":                                string(TimeSyntax),
		"2026-06-30T23:59:00+0200":                             string(TimeSyntax),
		"2026-06-30T23:59:00+02":                               string(TimeSyntax),
		"2026-06-30T23:59:00+25:00":                            string(TimeSyntax),
		"2026-06-30T23:59:00+02:60":                            string(TimeSyntax),
		"2026-06-30T23:59:00.Z":                                string(TimeSyntax),
		"2026-06-30T23:59Z":                                    string(TimeSyntax),
		"2026-06-30":                                           string(TimeSyntax),
		"20260630T235900Z":                                     string(TimeSyntax),
		"1782853200":                                           string(TimeSyntax),
		"２０２６-06-30T23:59:00Z":                                 string(TimeSyntax),
		"":                                                     string(TimeSyntax),
	} {
		at, rounded, code := parseTime([]byte(in))
		got := string(code)
		if code == "" {
			got = at.Format(time.RFC3339Nano)
		}
		if rounded {
			got += " (rounded)"
		}
		if got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

// time.Parse is the oracle for what both take.
func TestTimesMeanWhatTheStandardLibrarySays(t *testing.T) {
	form := rapid.StringMatching(`20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,3})?(Z|[+-][01][0-9]:[0-5][0-9])`)
	rapid.Check(t, func(t *rapid.T) {
		s := form.Draw(t, "time")
		want, err := time.Parse(time.RFC3339, s)
		got, rounded, code := parseTime([]byte(s))
		if (err == nil) != (code == "") {
			t.Fatalf("%s: %q, the standard library says %v", s, code, err)
		}
		if err == nil && (!got.Equal(want) || rounded) {
			t.Fatalf("%s: %v, want %v", s, got, want)
		}
	})
}

// A local month with the autumn night in it has 31 days and an hour; a report of "some time in October" is no longer than
// the month.
func TestAMonthIsNoLongerThanAMonth(t *testing.T) {
	read := func(s string) time.Time {
		at, _, code := parseTime([]byte(s))
		if code != "" {
			t.Fatal(s, code)
		}
		return at
	}
	for _, c := range []struct {
		from, to string
		long     bool
	}{
		{"2026-10-01T00:00:00+02:00", "2026-11-01T00:00:00+01:00", false},
		{"2026-10-01T00:00:00+02:00", "2026-11-01T00:00:00.001+01:00", true},
		{"2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00", false},
		{"2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z", false},
		{"2026-05-01T00:00:00Z", "2026-06-01T00:00:01Z", true},
		{"2026-05-01T00:00:00-12:00", "2026-06-01T12:00:00+14:00", false},
	} {
		if got := longer(Interval{read(c.from), read(c.to)}, 31); got != c.long {
			t.Errorf("%s to %s: longer than 31 days is %v", c.from, c.to, got)
		}
	}
}
