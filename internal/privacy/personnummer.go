// SPDX-License-Identifier: EUPL-1.2

package privacy

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"samsyn/events"
)

// number is a stretch that has the shape of a personal identity number
// (personnummer) or a co-ordination number (samordningsnummer, day + 60).
type number struct {
	start, end       int
	century          int // 18, 19 or 20; 0 when it is not written
	year, month, day int // of the century; day less 60 for a co-ordination number
	dateValid        bool
	luhn             bool // the check digit is right
	hyphen           bool // a dash or plus, without blanks, before the last four
	grouped          bool // the date itself is written in groups
	letter           bool // a letter in the last four: interim and reserve numbers
	clock            bool // the last four follow a blank and read as a time of day
}

// personnummer finds personal and co-ordination numbers. In the text as folded
// also those with a wrong check digit are hits if they have the dash, for they are
// slips of the pen, and those with a letter in the last four. Where characters had
// to be left out or read otherwise, date and check digit must be right.
func personnummer(f folded) []Hit {
	var hits []Hit
	for _, n := range numbers(f) {
		if n.sure() || n.hyphen && !n.grouped && !n.letter || n.letter && n.dateValid && !n.grouped {
			hits = append(hits, f.hit(events.PIIPersonnummer, n.start, n.end))
		}
	}
	for _, read := range []func(folded) []Hit{overLineBreaks, spacedOut, lettersForDigits} {
		for _, h := range read(f) {
			hits = join(hits, h)
		}
	}
	return hits
}

// join adds a hit, or widens the one that it overlaps: of two ways to read the same
// digits none is left showing.
func join(hits []Hit, h Hit) []Hit {
	for i := range hits {
		if hits[i].overlaps(h) {
			hits[i].Start, hits[i].End = min(hits[i].Start, h.Start), max(hits[i].End, h.End)
			return hits
		}
	}
	return append(hits, h)
}

// sure reports a valid date and check digit in digits that are not a date and time.
func (n number) sure() bool { return n.dateValid && n.luhn && !n.letter && !(n.grouped && n.clock) }

// overLineBreaks finds numbers that a line break cuts anywhere.
func overLineBreaks(f folded) []Hit {
	if !slices.Contains(f.runes, '\n') {
		return nil
	}
	joined := f.without(func(i int) bool {
		before, after := i, i
		for f.rune(before) == ' ' {
			before--
		}
		for f.rune(after) == ' ' {
			after++
		}
		return f.rune(before) == '\n' || f.rune(after) == '\n'
	})
	var hits []Hit
	for _, n := range numbers(joined) {
		if n.sure() {
			hits = append(hits, joined.hit(events.PIIPersonnummer, n.start, n.end))
		}
	}
	return hits
}

// spacedOut finds numbers with blanks between single digits or pairs of digits.
func spacedOut(f folded) []Hit {
	const leastBlanks = 4 // 85 07 09 98 05
	within := func(i int) bool {
		return f.runes[i] == ' ' && (isDigit(f.rune(i-1)) || f.rune(i-1) == '-') && (isDigit(f.rune(i+1)) || f.rune(i+1) == '-')
	}
	if f.count(within) < leastBlanks {
		return nil
	}
	joined := f.without(within)
	var hits []Hit
	for _, n := range numbers(joined) {
		h := joined.hit(events.PIIPersonnummer, n.start, n.end)
		if n.sure() && h.End-h.Start >= n.end-n.start+leastBlanks {
			hits = append(hits, h)
		}
	}
	return hits
}

// lettersForDigits finds numbers typed with the letters O and l for 0 and 1.
func lettersForDigits(f folded) []Hit {
	if f.count(func(i int) bool { return likeDigit(f.runes[i]) && (isDigit(f.rune(i-1)) || isDigit(f.rune(i+1))) }) == 0 {
		return nil
	}
	g := folded{runes: slices.Clone(f.runes), at: f.at}
	for i, r := range g.runes {
		switch r {
		case 'O', 'o':
			g.runes[i] = '0'
		case 'l', 'I':
			g.runes[i] = '1'
		}
	}
	var hits []Hit
	for _, n := range numbers(g) {
		digits := 0
		for _, r := range f.runes[n.start:n.end] {
			if isDigit(r) {
				digits++
			}
		}
		if n.sure() && digits >= 6 && !unicode.IsLetter(f.rune(n.start-1)) && !unicode.IsLetter(f.rune(n.end)) {
			hits = append(hits, f.hit(events.PIIPersonnummer, n.start, n.end))
		}
	}
	return hits
}

func likeDigit(r rune) bool { return r == 'O' || r == 'o' || r == 'l' || r == 'I' }

// numbers lists every stretch of the shape, each of a start and end of its own.
func numbers(f folded) []number {
	var found []number
	for i := 0; i < len(f.runes); i++ {
		if !isDigit(f.runes[i]) || isDigit(f.rune(i-1)) {
			continue
		}
		for _, withCentury := range [...]bool{true, false} {
			if n, ok := (&reader{f: f, i: i}).number(withCentury); ok {
				found = append(found, n)
				i = n.end - 1
				break
			}
		}
	}
	return found
}

// reader reads one number from left to right.
type reader struct {
	f      folded
	i      int
	digits [10]int // of the year in two digits, month, day and last four
	n      int
}

func (r *reader) number(withCentury bool) (number, bool) {
	n := number{start: r.i}
	if withCentury {
		century, ok := r.pair()
		if !ok || century < 18 || century > 20 {
			return n, false
		}
		n.century, r.n = century, 0
		n.grouped = r.gap() == ' '
	}
	if !r.date(&n) {
		return n, false
	}
	blank, apart := r.separator(&n)
	hour, ok := r.lastFour(&n)
	if !ok || isDigit(r.f.rune(r.i)) || n.letter && (apart && !n.hyphen || unicode.IsLetter(r.f.rune(r.i))) {
		return n, false
	}
	n.end = r.i
	n.clock = blank && hour
	n.luhn = !n.letter && luhn(r.digits[:])
	return n, true
}

// date reads year, month and day, with the same sign between them or none.
func (r *reader) date(n *number) bool {
	var ok [3]bool
	n.year, ok[0] = r.pair()
	first := r.gap()
	n.month, ok[1] = r.pair()
	second := r.gap()
	n.day, ok[2] = r.pair()
	if ok != [3]bool{true, true, true} || first != second || n.month < 1 || n.month > 12 || 40 <= n.day && n.day < 60 {
		return false
	}
	n.grouped = n.grouped || first != 0
	if n.day >= 60 {
		n.day -= 60
	}
	n.dateValid = n.century != 0 && validDate(100*n.century+n.year, n.month, n.day) ||
		n.century == 0 && (validDate(1900+n.year, n.month, n.day) || validDate(2000+n.year, n.month, n.day))
	return true
}

func (r *reader) pair() (int, bool) {
	a, b := r.f.rune(r.i), r.f.rune(r.i+1)
	if !isDigit(a) || !isDigit(b) {
		return 0, false
	}
	r.i += 2
	r.push(int(a - '0'))
	r.push(int(b - '0'))
	return int(a-'0')*10 + int(b-'0'), true
}

func (r *reader) push(digit int) {
	if r.n < len(r.digits) {
		r.digits[r.n] = digit
		r.n++
	}
}

// gap skips one sign between the parts of a date and returns it, 0 for none.
func (r *reader) gap() rune {
	if c := r.f.rune(r.i); strings.ContainsRune(" -./", c) && isDigit(r.f.rune(r.i+1)) {
		r.i++
		return c
	}
	return 0
}

// separator skips what stands before the last four, blanks and at most one sign,
// four at most. It reports whether these are blanks only, and whether there are any.
func (r *reader) separator(n *number) (blank, apart bool) {
	start, blanks, signs := r.i, 0, 0
	for ; r.i-start < 4; r.i++ {
		c := r.f.rune(r.i)
		sign := signs == 0 && (c == '-' || c == '+')
		if sign {
			signs++
		}
		if isBlank(c) {
			blanks++
		} else if !sign {
			break
		}
	}
	n.hyphen = signs == 1 && blanks == 0
	return blanks > 0 && signs == 0, r.i > start
}

// lastFour reads four digits, or three and a letter; hour reports that they could
// be a time of day.
func (r *reader) lastFour(n *number) (hour, ok bool) {
	const letters = "TRSUWXJKLMNtrsuwxjkmn" // used in interim and reserve numbers; a small l is a mistyped 1
	for range 4 {
		switch c := r.f.rune(r.i); {
		case isDigit(c):
			r.push(int(c - '0'))
		case strings.ContainsRune(letters, c) && !n.letter:
			n.letter = true
		default:
			return false, false
		}
		r.i++
	}
	return !n.letter && r.digits[6]*10+r.digits[7] < 24 && r.digits[8] < 6, true
}

func validDate(year, month, day int) bool {
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return day >= 1 && t.Day() == day && t.Month() == time.Month(month)
}

// luhn checks the last of ten digits (SKV 704; ISO/IEC 7812-1 annex B).
func luhn(digits []int) bool {
	sum := 0
	for i, d := range digits {
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// dateWithinYearBefore reports that the date is one of the 366 days up to the day
// after t.
func (n number) dateWithinYearBefore(t time.Time) bool {
	if t.IsZero() || n.century != 0 && n.century != 20 {
		return false
	}
	date := time.Date(2000+n.year, time.Month(n.month), n.day, 0, 0, 0, 0, time.UTC)
	return date.Before(t.AddDate(0, 0, 1)) && date.After(t.AddDate(-1, 0, -1))
}
