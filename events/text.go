// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The lengths of texts, in characters after cleaning.
const (
	maxText      = 500
	maxOpaque    = 64  // reporter, reference
	maxProperty  = 200 // key or address
	maxCategory  = 64  // after x:
	maxUnit      = 32
	maxGroup     = 64
	maxAttribute = 512 // subject, traceparent, tracestate, dataschema
)

// changes are what cleaning did to a text.
type changes uint8

const (
	changedControls changes = 1 << iota
	changedBidi
	changedZeroWidth
	changedNFC
	changedTrim
)

// notes lists the codes of the changes in the order in which they are made.
func (c changes) notes() []Code {
	var codes []Code
	for _, step := range [...]struct {
		bit  changes
		code Code
	}{
		{changedControls, ControlsRemoved},
		{changedBidi, BidiRemoved},
		{changedZeroWidth, ZeroWidthRemoved},
		{changedNFC, NFC},
		{changedTrim, Trimmed},
	} {
		if c&step.bit != 0 {
			codes = append(codes, step.code)
		}
	}
	return codes
}

// clean removes what nobody can see or what changes how the rest is seen, puts the text into NFC (UAX 15) and trims it.
// A text of nothing but blanks and emoji becomes empty. Of several lines keeps \n and \t; else they are removed too.
// Cleaning a cleaned text changes nothing.
func clean(s string, lines bool) (string, changes) {
	if plain(s) {
		return s, 0
	}
	s, did := strip(s, lines)
	if !norm.NFC.IsNormalString(s) {
		s, did = norm.NFC.String(s), did|changedNFC
	}
	trimmed := strings.TrimFunc(s, unicode.IsSpace)
	if saysNothing(trimmed) {
		trimmed = ""
	}
	if trimmed != s {
		did |= changedTrim
	}
	return trimmed, did
}

// plain says at a glance that there is nothing to clean: printable ASCII or Latin-1 letters, no blank at either end.
func plain(s string) bool {
	if s == "" || s[0] == ' ' || s[len(s)-1] == ' ' {
		return s == ""
	}
	letter := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == 0xc3 && i+1 < len(s): // U+00C0..U+00FF, which NFC leaves alone
			i++
			letter = true
		case c < ' ' || c >= 0x7f:
			return false
		case c > ' ' && c != '^' && c != '`':
			letter = true
		}
	}
	return letter
}

func strip(s string, lines bool) (string, changes) {
	var did changes
	kept := strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			if lines {
				return r
			}
			did |= changedControls
		case unicode.IsControl(r):
			did |= changedControls
		case isBidi(r):
			did |= changedBidi
		case isZeroWidth(r):
			did |= changedZeroWidth
		default:
			return r
		}
		return -1
	}, s)
	return kept, did
}

// isBidi says whether the character steers the direction of text (UAX 9): marks, embeddings, overrides, isolates.
func isBidi(r rune) bool {
	return r == 0x061c || r == 0x200e || r == 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// isZeroWidth says whether the character has no width of its own: joiners, soft hyphen, byte order mark, variation
// selectors, tag characters, invisible operators, fillers.
func isZeroWidth(r rune) bool {
	switch {
	case r < 0xad:
		return false
	case r == 0xad, r == 0x034f, r == 0x115f, r == 0x1160, r == 0x17b4, r == 0x17b5, r == 0x3164, r == 0xfeff, r == 0xffa0:
		return true
	case r >= 0x180b && r <= 0x180f, r >= 0x200b && r <= 0x200d, r >= 0x2060 && r <= 0x2065, r >= 0x206a && r <= 0x206f:
		return true
	case r >= 0xfe00 && r <= 0xfe0f, r >= 0xfff9 && r <= 0xfffb, r >= 0xe0000 && r <= 0xe0fff:
		return true
	}
	return false
}

// saysNothing is true of blanks and emoji alone.
func saysNothing(s string) bool {
	for _, r := range s {
		if !unicode.IsSpace(r) && !unicode.In(r, unicode.So, unicode.Sk, unicode.Me) {
			return false
		}
	}
	return true
}

// characters counts what a reader would count as the length limit: Unicode code points.
func characters(s string) int { return utf8.RuneCountInString(s) }
