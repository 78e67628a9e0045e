// SPDX-License-Identifier: EUPL-1.2

package web

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// The characters of Swedish typesetting (CLDR sv, as Intl.NumberFormat writes).
const (
	noBreak   = "\u00a0"
	minusSign = "\u2212"
	enDash    = "\u2013"
)

// Locale writes numbers, dates and texts in one language and one time zone.
type Locale struct {
	Lang  string // sv or en
	texts Catalogue
	zone  *time.Location
}

// NewLocale returns the locale of a language (anything but "en" is Swedish) with the
// texts and the zone of what is shown.
func NewLocale(lang string, texts Catalogue, zone *time.Location) Locale {
	if lang != english {
		lang = swedish
	}
	return Locale{Lang: lang, texts: texts, zone: zone}
}

// Int writes a whole number: 12 345 and −3 in Swedish, 12,345 and −3 in English.
func (l Locale) Int(n int) string {
	digits := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, digits = minusSign, digits[1:]
	}
	return sign + l.group(digits)
}

// group puts a separator between thousands.
func (l Locale) group(digits string) string {
	separator := noBreak
	if l.Lang == english {
		separator = ","
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(separator)
		}
		b.WriteRune(d)
	}
	return b.String()
}

// Decimal writes a number with at most so many decimals, without zeros at the end:
// 12 345,6. What is not a number is a dash.
func (l Locale) Decimal(x float64, decimals int) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return enDash
	}
	whole, fraction, _ := strings.Cut(strconv.FormatFloat(math.Abs(x), 'f', decimals, 64), ".")
	fraction = strings.TrimRight(fraction, "0")
	out := l.group(whole)
	if fraction != "" {
		mark := ","
		if l.Lang == english {
			mark = "."
		}
		out += mark + fraction
	}
	if x < 0 && strings.Trim(out, "0") != "" {
		out = minusSign + out
	}
	return out
}

// About writes an expectation as people read it: whole from 10, else one decimal.
func (l Locale) About(x float64) string {
	if x >= 10 {
		return l.Decimal(x, 0)
	}
	return l.Decimal(x, 1)
}

// Percent writes a share: 12,5 % in Swedish, 12.5% in English.
func (l Locale) Percent(share float64, decimals int) string {
	if l.Lang == english {
		return l.Decimal(100*share, decimals) + "%"
	}
	return l.Decimal(100*share, decimals) + noBreak + "%"
}

// Range writes from-to with an en dash: 2–9.
func (l Locale) Range(low, high int) string { return l.Int(low) + enDash + l.Int(high) }

// Day writes a date for tables: 2026-11-21, in both languages.
func (l Locale) Day(t time.Time) string { return l.in(t).Format(time.DateOnly) }

var months = map[string][12]string{
	swedish: {"januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december"},
	english: {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
}

var weekdays = map[string][7]string{
	swedish: {"söndag", "måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag"},
	english: {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
}

// LongDay writes a date for running text: 21 november 2026. Always with the year.
func (l Locale) LongDay(t time.Time) string {
	t = l.in(t)
	return strconv.Itoa(t.Day()) + noBreak + months[l.Lang][t.Month()-1] + noBreak + strconv.Itoa(t.Year())
}

// Weekday names the day of the week, lower case in Swedish.
func (l Locale) Weekday(t time.Time) string { return weekdays[l.Lang][l.in(t).Weekday()] }

// Clock writes the time of day, 24 hours: 14.05 in Swedish, 14:05 in English.
func (l Locale) Clock(t time.Time) string {
	if l.Lang == english {
		return l.in(t).Format("15:04")
	}
	return l.in(t).Format("15.04")
}

// Moment writes day and time: 2026-11-21 kl. 14.05.
func (l Locale) Moment(t time.Time) string {
	if l.Lang == english {
		return l.Day(t) + " " + l.Clock(t)
	}
	return l.Day(t) + " kl." + noBreak + l.Clock(t)
}

// Span writes two days as briefly as it stays clear: 16–22 november 2026,
// 30 november–6 december 2026, 28 december 2026–3 januari 2027.
func (l Locale) Span(from, to time.Time) string {
	from, to = l.in(from), l.in(to)
	switch {
	case from.Year() != to.Year():
		return l.LongDay(from) + enDash + l.LongDay(to)
	case from.Month() != to.Month():
		return strconv.Itoa(from.Day()) + noBreak + months[l.Lang][from.Month()-1] + enDash + l.LongDay(to)
	case from.Day() != to.Day():
		return strconv.Itoa(from.Day()) + enDash + l.LongDay(to)
	}
	return l.LongDay(to)
}

// in moves an instant to the zone. A day that is a date and no instant is kept at
// midnight UTC by the callers and passed through DateIn first.
func (l Locale) in(t time.Time) time.Time {
	if l.zone == nil {
		return t
	}
	return t.In(l.zone)
}

// DateIn is local midnight of a calendar date: Postgres gives dates as midnight UTC.
func DateIn(date time.Time, zone *time.Location) time.Time {
	y, m, d := date.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone)
}

// Week is an ISO 8601 week. Its year is not always that of its days: 2027-01-03 lies
// in week 53 of 2026.
type Week struct{ Year, Number int }

// WeekOf is the week of a day.
func WeekOf(t time.Time) Week {
	y, n := t.ISOWeek()
	return Week{y, n}
}

// Monday is the first day of the week, at midnight in the zone. 4 January always lies
// in week 1.
func (w Week) Monday(zone *time.Location) time.Time {
	fourth := time.Date(w.Year, time.January, 4, 0, 0, 0, 0, zone)
	return fourth.AddDate(0, 0, 7*(w.Number-1)-(int(fourth.Weekday())+6)%7)
}

// Add is the week so many weeks later.
func (w Week) Add(weeks int) Week { return WeekOf(w.Monday(time.UTC).AddDate(0, 0, 7*weeks)) }

// Before orders weeks.
func (w Week) Before(v Week) bool { return w.Year < v.Year || w.Year == v.Year && w.Number < v.Number }

// String is the week as addresses have it: 2026-W47.
func (w Week) String() string {
	return strconv.Itoa(w.Year) + "-W" + string([]byte{'0' + byte(w.Number/10), '0' + byte(w.Number%10)})
}

// ParseWeek reads 2026-W47; false for what is no week, such as week 53 of a year that
// has 52.
func ParseWeek(s string) (Week, bool) {
	year, number, found := strings.Cut(s, "-W")
	y, errYear := strconv.Atoi(year)
	n, errNumber := strconv.Atoi(number)
	w := Week{y, n}
	if !found || errYear != nil || errNumber != nil || len(year) != 4 || len(number) != 2 || y < 1900 || n < 1 || n > 53 {
		return Week{}, false
	}
	return w, WeekOf(w.Monday(time.UTC)) == w
}

// Week writes a week: v. 47 in Swedish, week 47 in English.
func (l Locale) Week(w Week) string {
	if l.Lang == english {
		return "week" + noBreak + strconv.Itoa(w.Number)
	}
	return "v." + noBreak + strconv.Itoa(w.Number)
}

// ShortWeek writes a week where there is little room: v. 47 in Swedish, w. 47 in English.
func (l Locale) ShortWeek(w Week) string {
	if l.Lang == english {
		return "w." + noBreak + strconv.Itoa(w.Number)
	}
	return l.Week(w)
}

// WeekYear writes a week with its year: v. 53 2026.
func (l Locale) WeekYear(w Week) string { return l.Week(w) + noBreak + strconv.Itoa(w.Year) }
