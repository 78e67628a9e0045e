// SPDX-License-Identifier: EUPL-1.2

// Package ical writes calendars as every calendar program reads them: iCalendar (RFC 5545), with the
// meetings and the due dates of the weekly review.
//
// It promises lines of at most 75 octets that end with CRLF and never break a character, text escaped so
// that nothing written by people becomes a property, instants in UTC (which need no VTIMEZONE and are the
// same moment on both sides of a clock change), whole days as dates, and an UID that stays the same for
// ever with a SEQUENCE that grows when the time moves.
//
// It does not read calendars, does no I/O and knows no clock. It cannot fail: what cannot be written
// (control characters) is left out.
package ical

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// ContentType is how a calendar is served and attached.
const ContentType = "text/calendar; charset=utf-8"

// Calendar is a calendar with a name that programs show.
type Calendar struct {
	Name string
	// Method is how a mail's calendar is meant: PUBLISH to be put in, as nobody is asked for an answer;
	// empty in a feed that is subscribed to.
	Method string
	// RefreshEvery says how often a subscribed calendar is worth fetching; 0 says nothing.
	RefreshEvery time.Duration
	Events       []Event
}

// Event is a time that is taken, or a day that something is due.
type Event struct {
	// UID names the event for ever, in all calendars of the world.
	UID string
	// Sequence grows by one whenever the time moves.
	Sequence int
	// Stamp is when the event was last changed; a feed of unchanged events is the same octets.
	Stamp time.Time
	// From and To are instants; To may be zero where the event has no length.
	From, To time.Time
	// Day, if set, is the calendar date of an event without a time of day, and From and To do not count.
	Day          time.Time
	Summary      string
	Description  string
	URL          string
	Cancelled    bool
	RemindBefore time.Duration
}

// product names who wrote the calendar (RFC 5545, 3.7.3).
const product = "-//Samsyn//Samsyn//SV"

// Bytes writes the calendar.
func (c Calendar) Bytes() []byte {
	var w writer
	w.line("BEGIN", "VCALENDAR")
	w.line("VERSION", "2.0")
	w.line("PRODID", product)
	w.line("CALSCALE", "GREGORIAN")
	if c.Method != "" {
		w.line("METHOD", c.Method)
	}
	if c.Name != "" {
		w.text("NAME", c.Name) // RFC 7986
		w.text("X-WR-CALNAME", c.Name)
	}
	if c.RefreshEvery > 0 {
		w.line("REFRESH-INTERVAL;VALUE=DURATION", duration(c.RefreshEvery))
		w.line("X-PUBLISHED-TTL", duration(c.RefreshEvery))
	}
	for _, e := range c.Events {
		w.event(e)
	}
	w.line("END", "VCALENDAR")
	return []byte(w.b.String())
}

type writer struct{ b strings.Builder }

func (w *writer) event(e Event) {
	w.line("BEGIN", "VEVENT")
	w.text("UID", e.UID)
	w.line("DTSTAMP", instant(e.Stamp))
	w.line("SEQUENCE", strconv.Itoa(e.Sequence))
	w.times(e)
	w.text("SUMMARY", e.Summary)
	if e.Description != "" {
		w.text("DESCRIPTION", e.Description)
	}
	if e.URL != "" {
		w.line("URL", printable(e.URL))
	}
	if e.Cancelled {
		w.line("STATUS", "CANCELLED")
	} else {
		w.line("STATUS", "CONFIRMED")
	}
	if e.RemindBefore > 0 {
		w.line("BEGIN", "VALARM")
		w.line("ACTION", "DISPLAY")
		w.text("DESCRIPTION", e.Summary)
		w.line("TRIGGER", "-"+duration(e.RemindBefore))
		w.line("END", "VALARM")
	}
	w.line("END", "VEVENT")
}

// times writes when the event is. A whole day takes no one's time; its end is the day after (3.6.1).
func (w *writer) times(e Event) {
	if !e.Day.IsZero() {
		w.line("DTSTART;VALUE=DATE", e.Day.Format("20060102"))
		w.line("DTEND;VALUE=DATE", e.Day.AddDate(0, 0, 1).Format("20060102"))
		w.line("TRANSP", "TRANSPARENT")
		return
	}
	w.line("DTSTART", instant(e.From))
	if e.To.After(e.From) {
		w.line("DTEND", instant(e.To))
	}
}

func instant(t time.Time) string { return t.UTC().Format("20060102T150405Z") }

// duration writes whole minutes as RFC 5545, 3.3.6.
func duration(d time.Duration) string { return "PT" + strconv.Itoa(int(d/time.Minute)) + "M" }

// text writes a property whose value is text.
func (w *writer) text(name, value string) { w.line(name, escape(value)) }

// mostOctets is the length of a line without its CRLF (3.1).
const mostOctets = 75

// line writes a property, folded: a line goes on in the next one after a space.
func (w *writer) line(name, value string) {
	rest := name + ":" + value
	for room := mostOctets; len(rest) > room; room = mostOctets - 1 {
		cut := room
		for !utf8.RuneStart(rest[cut]) {
			cut--
		}
		w.b.WriteString(rest[:cut] + "\r\n ")
		rest = rest[cut:]
	}
	w.b.WriteString(rest + "\r\n")
}

var escaper = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`)

func escape(s string) string { return printable(escaper.Replace(s)) }

// printable leaves control characters out (3.1 allows none but the tab) and what is not UTF-8.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
}
