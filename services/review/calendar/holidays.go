// SPDX-License-Identifier: EUPL-1.2

package calendar

import (
	"slices"
	"time"

	"samsyn/events"
)

// Holiday is a day on which nobody is at work.
type Holiday struct {
	Date time.Time // at midnight UTC
	Name events.Text
	// Eve is one of the three eves that no law makes a holiday but that count as Sundays (semesterlag 1977:480, 3 a §).
	Eve bool
}

// Holidays are the Swedish public holidays of a year by date (lag 1989:253 om allmänna helgdagar), ordinary Sundays left out, and the
// three eves. Two that fall on one day are both there.
func Holidays(year int) []Holiday {
	sunday := easter(year)
	fixed := func(month time.Month, day int) time.Time { return time.Date(year, month, day, 0, 0, 0, 0, time.UTC) }
	moved := func(days int) time.Time { return sunday.AddDate(0, 0, days) }
	midsummer := onOrAfter(fixed(time.June, 20), time.Saturday)
	all := []Holiday{
		{Date: fixed(time.January, 1), Name: events.Text{SV: "nyårsdagen", EN: "New Year's Day"}},
		{Date: fixed(time.January, 6), Name: events.Text{SV: "trettondedag jul", EN: "Epiphany"}},
		{Date: moved(-2), Name: events.Text{SV: "långfredagen", EN: "Good Friday"}},
		{Date: moved(0), Name: events.Text{SV: "påskdagen", EN: "Easter Day"}},
		{Date: moved(1), Name: events.Text{SV: "annandag påsk", EN: "Easter Monday"}},
		{Date: fixed(time.May, 1), Name: events.Text{SV: "första maj", EN: "May Day"}},
		{Date: moved(39), Name: events.Text{SV: "Kristi himmelsfärds dag", EN: "Ascension Day"}},
		{Date: moved(49), Name: events.Text{SV: "pingstdagen", EN: "Whit Sunday"}},
		{Date: fixed(time.June, 6), Name: events.Text{SV: "nationaldagen", EN: "the National Day"}},
		{Date: midsummer.AddDate(0, 0, -1), Name: events.Text{SV: "midsommarafton", EN: "Midsummer's Eve"}, Eve: true},
		{Date: midsummer, Name: events.Text{SV: "midsommardagen", EN: "Midsummer's Day"}},
		{Date: onOrAfter(fixed(time.October, 31), time.Saturday), Name: events.Text{SV: "alla helgons dag", EN: "All Saints' Day"}},
		{Date: fixed(time.December, 24), Name: events.Text{SV: "julafton", EN: "Christmas Eve"}, Eve: true},
		{Date: fixed(time.December, 25), Name: events.Text{SV: "juldagen", EN: "Christmas Day"}},
		{Date: fixed(time.December, 26), Name: events.Text{SV: "annandag jul", EN: "Boxing Day"}},
		{Date: fixed(time.December, 31), Name: events.Text{SV: "nyårsafton", EN: "New Year's Eve"}, Eve: true},
	}
	slices.SortStableFunc(all, func(a, b Holiday) int { return a.Date.Compare(b.Date) })
	return all
}

// HolidayOn is the holiday of a date, which is read in its own zone; false for a day that is none.
func HolidayOn(t time.Time) (Holiday, bool) {
	year, month, day := t.Date()
	for _, h := range Holidays(year) {
		if h.Date.Month() == month && h.Date.Day() == day {
			return h, true
		}
	}
	return Holiday{}, false
}

// Workday says whether people are at work on a date, which is read in its own zone: Monday to Friday, no holiday.
func Workday(t time.Time) bool {
	if t.Weekday() == time.Saturday || t.Weekday() == time.Sunday {
		return false
	}
	_, holiday := HolidayOn(t)
	return !holiday
}

func onOrAfter(t time.Time, day time.Weekday) time.Time {
	return t.AddDate(0, 0, (int(day)-int(t.Weekday())+7)%7)
}

// easter is Easter Day of a year (the anonymous Gregorian computus, Meeus, Astronomical Algorithms, chapter 8).
func easter(year int) time.Time {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	f := (b + 8) / 25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return time.Date(year, time.Month(n/31), n%31+1, 0, 0, 0, 0, time.UTC)
}
