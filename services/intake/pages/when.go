// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"strconv"
	"strings"
	"time"

	"samsyn/events"
)

// The time chips. What is found in the morning happened some time in the night: a chip is an interval, never a guess.
const (
	whenNow       = "now"
	whenToday     = "today"
	whenNight     = "night"
	whenYesterday = "yesterday"
	whenOther     = "other"
)

var whenChips = []string{whenNow, whenToday, whenNight, whenYesterday, whenOther}

// when is what was filled in about the time; the dates and clocks count for "other" alone.
type when struct {
	Chip, Date, From, To string
}

const (
	nightBegins = 22
	nightEnds   = 6
)

// interval is the time that was meant, as seen at now, in now's zone, and else the key of what is wrong. It never reaches past
// now: what was reported has happened.
func (w when) interval(now time.Time) (span events.Interval, wrong string) {
	switch w.Chip {
	case whenNow:
		return events.Interval{From: now, To: now}, ""
	case whenToday:
		return events.Interval{From: onDay(now, 0, 0), To: now}, ""
	case whenNight:
		return events.Interval{From: onDay(now, -1, nightBegins), To: earlier(onDay(now, 0, nightEnds), now)}, ""
	case whenYesterday:
		return events.Interval{From: onDay(now, -1, 0), To: onDay(now, 0, 0)}, ""
	case whenOther:
		return w.other(now)
	}
	return span, "wrong.when"
}

// other reads a date with or without clocks: without, the whole day; with one, that minute; with two, the time between them,
// into the next day if the second is the earlier.
func (w when) other(now time.Time) (span events.Interval, wrong string) {
	day, err := time.ParseInLocation(time.DateOnly, w.Date, now.Location())
	if err != nil {
		return span, "wrong.date"
	}
	if w.From == "" {
		span = events.Interval{From: onDay(day, 0, 0), To: onDay(day, 1, 0)}
		if w.To != "" {
			return span, "wrong.clock"
		}
	} else if span, wrong = w.clocks(day); wrong != "" {
		return span, wrong
	}
	if span.From.After(now) {
		return span, "wrong.future"
	}
	span.To = earlier(span.To, now)
	return span, ""
}

func (w when) clocks(day time.Time) (span events.Interval, wrong string) {
	hour, minute, ok := clock(w.From)
	if !ok {
		return span, "wrong.clock"
	}
	first, last, ok := instants(day, hour, minute)
	if !ok {
		return span, "wrong.skipped"
	}
	if w.To == "" || w.To == w.From {
		return events.Interval{From: first, To: last}, ""
	}
	endHour, endMinute, ok := clock(w.To)
	if !ok {
		return span, "wrong.clock"
	}
	if endHour*60+endMinute < hour*60+minute {
		day = onDay(day, 1, 0)
	}
	_, end, ok := instants(day, endHour, endMinute)
	if !ok {
		return span, "wrong.skipped"
	}
	return events.Interval{From: first, To: end}, ""
}

// onDay is an hour of the day so many days after that of t, in t's zone.
func onDay(t time.Time, days, hour int) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d+days, hour, 0, 0, 0, t.Location())
}

// instants are the first and the last moment at which clocks showed this on that day: two when they are put back, none in the
// hour that is skipped.
func instants(day time.Time, hour, minute int) (first, last time.Time, ok bool) {
	y, m, d := day.Date()
	t := time.Date(y, m, d, hour, minute, 0, 0, day.Location())
	shows := func(t time.Time) bool { return t.Day() == d && t.Hour() == hour && t.Minute() == minute }
	if !shows(t) {
		return first, last, false
	}
	first, last = t, t
	for _, shift := range []time.Duration{-time.Hour, -time.Hour / 2, time.Hour / 2, time.Hour} {
		if o := t.Add(shift); shows(o) {
			first, last = earlier(first, o), later(last, o)
		}
	}
	return first, last, true
}

// clock reads 14:05, as browsers write it, and 14.05, as people do.
func clock(s string) (hour, minute int, ok bool) {
	h, m, found := strings.Cut(strings.ReplaceAll(s, ".", ":"), ":")
	hour, errHour := strconv.Atoi(h)
	minute, errMinute := strconv.Atoi(m)
	return hour, minute, found && errHour == nil && errMinute == nil && hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && len(m) == 2
}

// countedDay is the local day that holds most of an interval, the earliest if two hold as much (contracts.md, "what one count is").
func countedDay(span events.Interval, zone *time.Location) time.Time {
	day := onDay(span.From.In(zone), 0, 0)
	best, most := day, time.Duration(-1)
	for ; !day.After(span.To); day = onDay(day, 1, 0) {
		if held := earlier(span.To, onDay(day, 1, 0)).Sub(later(span.From, day)); held > most {
			best, most = day, held
		}
	}
	return best
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
