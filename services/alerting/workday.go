// SPDX-License-Identifier: EUPL-1.2

package alerting

import "time"

// nextDigest is the first moment after now at which digests leave: at, counted from local midnight, on a work day in zone.
func nextDigest(now time.Time, zone *time.Location, at time.Duration) time.Time {
	year, month, day := now.In(zone).Date()
	for ; ; day++ {
		// Given as hour and minute, so that a night of daylight saving does not move it.
		leaves := time.Date(year, month, day, 0, int(at/time.Minute), 0, 0, zone)
		if leaves.After(now) && workday(leaves) {
			return leaves
		}
	}
}

// workday says whether people are at work: Monday to Friday, no public holiday (lag 1989:253 om allmänna helgdagar) and none of
// the three eves that count as Sundays (semesterlag 1977:480, 3 a §). It is the Swedish calendar wherever the municipality lies.
func workday(t time.Time) bool {
	if t.Weekday() == time.Saturday || t.Weekday() == time.Sunday {
		return false
	}
	year, month, day := t.Date()
	switch {
	case month == time.January && (day == 1 || day == 6),
		month == time.May && day == 1,
		month == time.June && day == 6,
		month == time.December && (day >= 24 && day <= 26 || day == 31),
		// Midsummer's eve: the Friday between 19 and 25 June.
		month == time.June && t.Weekday() == time.Friday && day >= 19 && day <= 25:
		return false
	}
	// Good Friday, Easter Monday and Ascension Day move with Easter; the other holidays fall on Saturdays and Sundays.
	switch t.YearDay() - easter(year).YearDay() {
	case -2, 1, 39:
		return false
	}
	return true
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
