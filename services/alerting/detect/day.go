// SPDX-License-Identifier: EUPL-1.2

package detect

import "time"

// Day is a date of the municipality's calendar, counted from 1 January 1970.
type Day int

// DayOf returns the date of an instant in the time zone that it carries.
func DayOf(t time.Time) Day {
	year, month, day := t.Date()
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// Current returns the day that an evaluation looks at: the local date one
// nanosecond before asOf, so that midnight looks at the day that has just ended.
func Current(asOf time.Time) Day { return DayOf(asOf.Add(-time.Nanosecond)) }

// Time returns midnight UTC of the day, for its parts and for printing.
func (d Day) Time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// Weekday returns the day of the week.
func (d Day) Weekday() time.Weekday { return time.Weekday(((d+4)%7 + 7) % 7) } // day 0 was a Thursday

// Monday returns the first day of the ISO week.
func (d Day) Monday() Day { return d - Day((int(d.Weekday())+6)%7) }

// String returns the day as 2006-01-02.
func (d Day) String() string { return d.Time().Format(time.DateOnly) }
