// SPDX-License-Identifier: EUPL-1.2

package table

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"samsyn/events"
)

// wall is a time as it stands on a wall: no zone. Without clock it is a day.
type wall struct {
	year, month, day     int
	hour, minute, second int
	clock                bool
	zone                 *time.Location // said with it; nil: not said
}

// readMoment reads a date and, where it stands in a column of its own, the time of day. code is "" when it is good.
func readMoment(date, clock, format string) (wall, events.Code) {
	w, ok := readDate(date, format)
	if !ok {
		return w, events.TimeSyntax
	}
	if clock = strings.TrimSpace(clock); clock != "" {
		seconds, ok := readClock(clock)
		if !ok {
			return w, events.TimeSyntax
		}
		w.hour, w.minute, w.second, w.clock = seconds/3600, seconds/60%60, seconds%60, true
	}
	if w.month < 1 || w.month > 12 || w.day < 1 || w.day > 31 || w.hour > 24 || w.minute > 59 || w.second > 59 ||
		w.hour == 24 && w.minute+w.second > 0 {
		return w, events.TimeSyntax
	}
	if time.Date(w.year, time.Month(w.month), w.day, 0, 0, 0, 0, time.UTC).Day() != w.day {
		return w, events.TimeNonexistent
	}
	return w, ""
}

func readDate(s, format string) (wall, bool) {
	s = strings.TrimSpace(s)
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04Z07:00", "2006-01-02 15:04 Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return wall{t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second(), true, t.Location()}, true
		}
	}
	if w, ok := readSerial(s); ok {
		return w, true
	}
	patterns := []string{format}
	if format == "" {
		patterns = []string{"yyyy-MM-dd", "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-ddTHH:mm", "yyyy-MM-ddTHH:mm:ss"}
	}
	for _, p := range patterns {
		if w, ok := readPattern(s, p); ok {
			return w, true
		}
	}
	return wall{}, false
}

// The days that Excel's numbers (1900 system) stand for when they come from a date of our time: 2000 to 2099.
const (
	firstSerial = 36526
	lastSerial  = 73050
)

var serialForm = regexp.MustCompile(`^[0-9]{5}([.,][0-9]+)?$`)

// readSerial reads a date that Excel made a number of: 46203 is 2026-06-30, and what follows the decimal sign the part of
// the day.
func readSerial(s string) (wall, bool) {
	if !serialForm.MatchString(s) {
		return wall{}, false
	}
	number, err := strconv.ParseFloat(strings.ReplaceAll(s, ",", "."), 64)
	if err != nil || number < firstSerial || number > lastSerial {
		return wall{}, false
	}
	days, part := math.Modf(number)
	t := time.Date(1899, time.December, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(days)).Add(ofDay(part))
	w := wall{year: t.Year(), month: int(t.Month()), day: t.Day()}
	if part > 0 {
		w.hour, w.minute, w.second, w.clock = t.Hour(), t.Minute(), t.Second(), true
	}
	return w, true
}

// ofDay is a part of a day, to the second: a number has no better.
func ofDay(part float64) time.Duration {
	return time.Duration(math.Round(part*86400)) * time.Second
}

var (
	clockForm  = regexp.MustCompile(`^(?i:kl\.?\s*)?([0-9]{1,2})[:.]([0-9]{2})(?:[:.]([0-9]{2}))?(?:[.,][0-9]+)?$`)
	digitsForm = regexp.MustCompile(`^([0-9]{2})([0-9]{2})$`)
	partForm   = regexp.MustCompile(`^0?[.,][0-9]+$`)
)

// readClock reads a time of day: 14:05, 14.05, 14:05:00, 1405, kl. 14.05, or the part of a day that Excel made of it.
func readClock(s string) (seconds int, ok bool) {
	m := clockForm.FindStringSubmatch(s)
	if m == nil {
		m = digitsForm.FindStringSubmatch(s)
	}
	if m != nil {
		for _, part := range m[1:] {
			n, _ := strconv.Atoi(part) // digits, or nothing
			seconds = seconds*60 + n
		}
		if len(m) == 3 {
			seconds *= 60
		}
		minutes, _ := strconv.Atoi(m[2])
		return seconds, minutes < 60 && seconds <= 86400
	}
	if !partForm.MatchString(s) {
		return 0, false
	}
	part, err := strconv.ParseFloat(strings.ReplaceAll(s, ",", "."), 64)
	return int(ofDay(part).Seconds()), err == nil
}

// readPattern reads a date by a pattern of yyyy, yy, MM, M, dd, d, HH, H, mm, ss; other characters stand for themselves.
func readPattern(s, pattern string) (wall, bool) {
	var w wall
	for pattern != "" {
		letter, n := run(pattern)
		pattern = pattern[n:]
		target := w.part(letter)
		if target == nil {
			literal := letter
			if unicode.IsSpace(rune(literal)) {
				trimmed := strings.TrimLeftFunc(s, unicode.IsSpace)
				if len(trimmed) == len(s) {
					return w, false
				}
				s = trimmed
				continue
			}
			if len(s) < n || s[:n] != strings.Repeat(string(literal), n) {
				return w, false
			}
			s = s[n:]
			continue
		}
		least, most := n, n
		if n == 1 {
			most = 2
		}
		digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
		if digits = min(digits, most); digits < least {
			return w, false
		}
		value, err := strconv.Atoi(s[:digits])
		if err != nil {
			return w, false
		}
		if letter == 'y' && n == 2 {
			value += 2000
		}
		*target, s = value, s[digits:]
		w.clock = w.clock || letter == 'H'
	}
	if w.clock && fractionForm.MatchString(s) {
		s = ""
	}
	return w, s == ""
}

var fractionForm = regexp.MustCompile(`^[.,][0-9]+$`)

func run(pattern string) (letter byte, n int) {
	for n < len(pattern) && pattern[n] == pattern[0] {
		n++
	}
	return pattern[0], n
}

func (w *wall) part(letter byte) *int {
	switch letter {
	case 'y':
		return &w.year
	case 'M':
		return &w.month
	case 'd':
		return &w.day
	case 'H':
		return &w.hour
	case 'm':
		return &w.minute
	case 's':
		return &w.second
	}
	return nil
}

// checkPattern says what is wrong with a pattern. "" is none.
func checkPattern(pattern string) error {
	if pattern == "" {
		return nil
	}
	lengths := map[byte][]int{'y': {2, 4}, 'M': {1, 2}, 'd': {1, 2}, 'H': {1, 2}, 'm': {2}, 's': {2}}
	seen := map[byte]bool{}
	for rest := pattern; rest != ""; {
		letter, n := run(rest)
		rest = rest[n:]
		allowed, ok := lengths[letter]
		switch {
		case !ok && (letter >= 'a' && letter <= 'z' || letter >= 'A' && letter <= 'Z' && letter != 'T'):
			return fmt.Errorf("%q: there is no %q; use yyyy, yy, MM, M, dd, d, HH, H, mm, ss", pattern, string(letter))
		case !ok:
			continue
		case seen[letter]:
			return fmt.Errorf("%q: %q stands twice", pattern, string(letter))
		case n != allowed[0] && n != allowed[len(allowed)-1]:
			return fmt.Errorf("%q: %q cannot be %d long", pattern, string(letter), n)
		}
		seen[letter] = true
	}
	if !seen['y'] || !seen['M'] || !seen['d'] {
		return fmt.Errorf("%q: year, month and day are needed", pattern)
	}
	return nil
}

// moment finds the instant: refused where the clock on the wall in zone never showed it, and where it showed it twice.
func (w wall) moment(zone *time.Location) (time.Time, events.Code) {
	at := time.Date(w.year, time.Month(w.month), w.day, w.hour, w.minute, w.second, 0, time.UTC)
	if w.zone != nil {
		return time.Date(w.year, time.Month(w.month), w.day, w.hour, w.minute, w.second, 0, w.zone), ""
	}
	var found []time.Time
	for _, beside := range []time.Duration{-36 * time.Hour, 36 * time.Hour} {
		_, offset := at.Add(beside).In(zone).Zone()
		t := at.Add(-time.Duration(offset) * time.Second).In(zone)
		if sameWall(t, at) && (len(found) == 0 || !found[0].Equal(t)) {
			found = append(found, t)
		}
	}
	switch len(found) {
	case 0:
		return at, events.TimeNonexistent
	case 1:
		return found[0], ""
	}
	return found[0], events.TimeAmbiguous
}

func sameWall(a, b time.Time) bool {
	return a.Format(time.DateTime) == b.Format(time.DateTime)
}

// midnight is the beginning of the day so many days on. Where the clock is put forward at midnight it is the first moment
// of the day.
func (w wall) midnight(days int, zone *time.Location) time.Time {
	if w.zone != nil {
		zone = w.zone
	}
	return time.Date(w.year, time.Month(w.month), w.day+days, 0, 0, 0, 0, zone)
}
