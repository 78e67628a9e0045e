// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"bytes"
	"time"
)

// The years a time may name, as written.
const (
	firstYear = 2000
	lastYear  = 9998
)

// parseTime reads RFC 3339 with an offset, more strictly than time.Parse (upper-case T and Z, two digits each, no 24:00:00,
// no leap second, offsets up to 23:59), and rounds to milliseconds. A comma before the fraction is ISO 8601: accepted, and
// noted by rounded like what is lost by rounding. -00:00 is UTC. The code is "" when the time is good.
func parseTime(b []byte) (at time.Time, rounded bool, code Code) {
	const form = "0000-00-00T00:00:00"
	if len(b) < len(form) || !hasForm(b[:len(form)], form) {
		return at, false, TimeSyntax
	}
	year, month, day := number(b[0:4]), number(b[5:7]), number(b[8:10])
	hour, minute, second := number(b[11:13]), number(b[14:16]), number(b[17:19])
	if month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59 {
		return at, false, TimeSyntax
	}
	millis, rounded, rest, ok := fraction(b[len(form):])
	if !ok {
		return at, false, TimeSyntax
	}
	if len(rest) == 0 {
		return at, false, TimeNoZone
	}
	zone, ok := offset(rest)
	if !ok {
		return at, false, TimeSyntax
	}
	if year < firstYear || year > lastYear {
		return at, false, TimeRange
	}
	at = time.Date(year, time.Month(month), day, hour, minute, second, millis*int(time.Millisecond), zone)
	if at.Year() > lastYear {
		return at, false, TimeRange
	}
	if day > 28 && time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Day() != day {
		return at, false, TimeNonexistent
	}
	return at, rounded, ""
}

// hasForm compares text with a form in which 0 stands for any digit.
func hasForm(b []byte, form string) bool {
	for i := range b {
		if form[i] == '0' {
			if b[i] < '0' || b[i] > '9' {
				return false
			}
		} else if b[i] != form[i] {
			return false
		}
	}
	return true
}

func number(digits []byte) int {
	v := 0
	for _, c := range digits {
		v = v*10 + int(c-'0')
	}
	return v
}

// fraction reads the part of a second, if there is one, to the nearest millisecond.
func fraction(b []byte) (millis int, rounded bool, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '.' && b[0] != ',' {
		return 0, false, b, true
	}
	end := 1
	for end < len(b) && b[end] >= '0' && b[end] <= '9' {
		end++
	}
	digits := b[1:end]
	if len(digits) == 0 {
		return 0, false, nil, false
	}
	for i := range 3 {
		millis *= 10
		if i < len(digits) {
			millis += int(digits[i] - '0')
		}
	}
	if len(digits) > 3 {
		rounded = len(bytes.TrimLeft(digits[3:], "0")) > 0
		if digits[3] >= '5' {
			millis++
		}
	}
	return millis, rounded || b[0] == ',', b[end:], true
}

func offset(b []byte) (*time.Location, bool) {
	if len(b) == 1 && b[0] == 'Z' {
		return time.UTC, true
	}
	if len(b) != 6 || b[0] != '+' && b[0] != '-' || !hasForm(b[1:], "00:00") {
		return nil, false
	}
	hours, minutes := number(b[1:3]), number(b[4:6])
	if hours > 23 || minutes > 59 {
		return nil, false
	}
	seconds := hours*3600 + minutes*60
	if b[0] == '-' {
		seconds = -seconds
	}
	if seconds == 0 {
		return time.UTC, true
	}
	return time.FixedZone("", seconds), true
}

// isDefault recognises the times that programs write when they have none; those before 2000 are refused by the year.
func isDefault(t time.Time) bool {
	return t.Year() == firstYear && t.YearDay() == 1 && t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0
}

// longer says whether an interval is longer than so many days, both by the clock on the wall and by time elapsed: a month
// in which the clock is put back is no longer than the month.
func longer(i Interval, days int) bool {
	limit := time.Duration(days) * 24 * time.Hour
	return i.To.Sub(i.From) > limit && onWall(i.To).Sub(onWall(i.From)) > limit
}

func onWall(t time.Time) time.Time {
	_, seconds := t.Zone()
	return t.Add(time.Duration(seconds) * time.Second)
}
