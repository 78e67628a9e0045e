// SPDX-License-Identifier: EUPL-1.2

package privacy

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"samsyn/events"
)

// folded is a text in the form that detectors read: ASCII digits, '-' for every
// dash, ' ' for every space but '\n' for a line break, compatibility characters
// (full width, circled, superscript) replaced, nothing invisible.
type folded struct {
	runes []rune
	at    []int // where each rune stood in the text as given, counted in runes
}

func fold(text string) folded {
	f := folded{runes: make([]rune, 0, len(text)), at: make([]int, 0, len(text))}
	at := 0
	for _, r := range text {
		f.add(r, at)
		at++
	}
	return f
}

func (f *folded) add(r rune, at int) {
	switch {
	case r == '\n' || r == '\r' || r == '\v' || r == '\f' || r == 0x85 || r == 0x2028 || r == 0x2029:
		f.put('\n', at)
	case r < utf8.RuneSelf:
		f.put(asciiOf(r), at)
	case 0xC0 <= r && r < 0x180: // Latin letters: as they are
		f.put(r, at)
	case unicode.In(r, unicode.Cf, unicode.Variation_Selector):
		// zero-width characters, soft hyphens, marks of direction, tags
	case unicode.In(r, unicode.Mn, unicode.Me):
		f.combine(r)
	case dash(r):
		f.put('-', at)
	case unicode.IsSpace(r):
		f.put(' ', at)
	case unicode.Is(unicode.Nd, r):
		f.put('0'+digitValue(r), at)
	default:
		for _, part := range norm.NFKC.String(string(r)) {
			switch {
			case part == 0x2044: // the stroke of a fraction
				f.put('/', at)
			case dash(part):
				f.put('-', at)
			default:
				f.put(part, at)
			}
		}
	}
}

func (f *folded) put(r rune, at int) {
	f.runes = append(f.runes, r)
	f.at = append(f.at, at)
}

// combine lets a mark change a letter (a and a ring is å) and drops it elsewhere
// (the keycap around a digit, a stroke through it).
func (f *folded) combine(mark rune) {
	last := len(f.runes) - 1
	if last < 0 || !unicode.IsLetter(f.runes[last]) {
		return
	}
	if r, size := utf8.DecodeRuneInString(norm.NFC.String(string([]rune{f.runes[last], mark}))); size > 1 {
		f.runes[last] = r
	}
}

// hit makes a Hit of a stretch of folded runes.
func (f folded) hit(code events.Code, start, end int) Hit {
	return Hit{Code: code, Start: f.at[start], End: f.at[end-1] + 1}
}

// rune returns the rune at i, or -1 outside the text.
func (f folded) rune(i int) rune {
	if i < 0 || i >= len(f.runes) {
		return -1
	}
	return f.runes[i]
}

// count returns how many runes are what the function says.
func (f folded) count(is func(i int) bool) int {
	n := 0
	for i := range f.runes {
		if is(i) {
			n++
		}
	}
	return n
}

// without returns the text less the runes that drop names.
func (f folded) without(drop func(i int) bool) folded {
	var g folded
	for i, r := range f.runes {
		if !drop(i) {
			g.put(r, f.at[i])
		}
	}
	return g
}

func asciiOf(r rune) rune {
	if r == '\t' {
		return ' '
	}
	return r
}

// dash reports the dashes of trust.md and those that look like them in print.
func dash(r rune) bool {
	return 0x2010 <= r && r <= 0x2015 || r == 0x2212 || r == 0x2043 || r == 0x207B || r == 0x208B || r == 0xFE58 || r == 0xFE63 || r == 0xFF0D
}

// digitValue returns the value of a decimal digit of any script. In Unicode the
// ten digits of a script stand in order, and a range of the table holds whole tens.
func digitValue(r rune) rune {
	for _, t := range unicode.Nd.R16 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return (r - rune(t.Lo)) % 10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return (r - rune(t.Lo)) % 10
		}
	}
	return 0
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

func isBlank(r rune) bool { return r == ' ' || r == '\n' }
