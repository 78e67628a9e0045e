// SPDX-License-Identifier: EUPL-1.2

package ical_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"samsyn/services/review/meeting/ical"
)

// A calendar program is strict about the octets: these are the whole of a small calendar.
func TestACalendarIsWrittenAsTheStandardSays(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	got := string(ical.Calendar{
		Name: "Möten, Provstad", RefreshEvery: 6 * time.Hour,
		Events: []ical.Event{
			{
				UID: "m@samsyn", Sequence: 2, Stamp: time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC),
				From: time.Date(2026, 10, 27, 9, 0, 0, 0, zone), To: time.Date(2026, 10, 27, 10, 0, 0, 0, zone),
				Summary: "Veckomöte v. 43; Provstad", Description: "Rad ett\nRad två, med komma", URL: "https://samsyn.example/mote/x", RemindBefore: time.Hour,
			},
			{UID: "a@samsyn", Stamp: time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC), Day: time.Date(2026, 12, 31, 0, 0, 0, 0, zone), Summary: `Klart: a\b`},
		},
	}.Bytes())
	want := strings.Join([]string{
		"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Samsyn//Samsyn//SV", "CALSCALE:GREGORIAN", `NAME:Möten\, Provstad`, `X-WR-CALNAME:Möten\, Provstad`,
		"REFRESH-INTERVAL;VALUE=DURATION:PT360M", "X-PUBLISHED-TTL:PT360M",
		"BEGIN:VEVENT", "UID:m@samsyn", "DTSTAMP:20261101T080000Z", "SEQUENCE:2", "DTSTART:20261027T080000Z", "DTEND:20261027T090000Z",
		`SUMMARY:Veckomöte v. 43\; Provstad`, `DESCRIPTION:Rad ett\nRad två\, med komma`, "URL:https://samsyn.example/mote/x", "STATUS:CONFIRMED",
		"BEGIN:VALARM", "ACTION:DISPLAY", `DESCRIPTION:Veckomöte v. 43\; Provstad`, "TRIGGER:-PT60M", "END:VALARM", "END:VEVENT",
		"BEGIN:VEVENT", "UID:a@samsyn", "DTSTAMP:20261101T080000Z", "SEQUENCE:0", "DTSTART;VALUE=DATE:20261231", "DTEND;VALUE=DATE:20270101", "TRANSP:TRANSPARENT",
		`SUMMARY:Klart: a\\b`, "STATUS:CONFIRMED", "END:VEVENT", "END:VCALENDAR", "",
	}, "\r\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Whatever people write, it stays text: it comes back as it was, and no line is too long.
func TestTextComesBackAndBecomesNoProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		summary := rapid.StringOf(rapid.RuneFrom([]rune("abcåäö€😀,;:\\\n\"ENDVT "))).Draw(t, "summary")
		body := ical.Calendar{Events: []ical.Event{{UID: "u", Summary: summary}}}.Bytes()
		for line := range strings.SplitSeq(strings.TrimSuffix(string(body), "\r\n"), "\r\n") {
			if len(line) > 75 || !utf8.ValidString(line) || strings.ContainsAny(line, "\r\n") {
				t.Fatalf("line %q", line)
			}
		}
		properties := parse(t, string(body))
		if got := properties["SUMMARY"]; len(got) != 1 || got[0] != summary {
			t.Fatalf("%q became %q", summary, got)
		}
		if len(properties["END"]) != 2 {
			t.Fatalf("%q ended %q", summary, properties["END"])
		}
	})
}

// Control characters are left out, not passed on.
func TestControlCharactersAreLeftOut(t *testing.T) {
	body := string(ical.Calendar{Events: []ical.Event{{UID: "u", Summary: "a\x00b\x1bc\xff", URL: "https://x/\r\nATTENDEE:y"}}}.Bytes())
	if strings.ContainsAny(body, "\x00\x1b") || strings.Contains(body, "\xff") || !strings.Contains(body, "SUMMARY:abc\r\n") || strings.Contains(body, "\r\nATTENDEE") {
		t.Errorf("%q", body)
	}
}

// parse unfolds and unescapes as RFC 5545, 3.1 and 3.3.11, independently of the writer.
func parse(t interface{ Fatalf(string, ...any) }, body string) map[string][]string {
	out := map[string][]string{}
	for line := range strings.SplitSeq(strings.ReplaceAll(body, "\r\n ", ""), "\r\n") {
		if line == "" {
			continue
		}
		name, value, found := strings.Cut(line, ":")
		if !found {
			t.Fatalf("line without a colon: %q", line)
		}
		var plain strings.Builder
		for i := 0; i < len(value); i++ {
			if value[i] != '\\' {
				plain.WriteByte(value[i])
				continue
			}
			i++
			switch value[i] {
			case 'n', 'N':
				plain.WriteByte('\n')
			default:
				plain.WriteByte(value[i])
			}
		}
		out[name] = append(out[name], plain.String())
	}
	return out
}
