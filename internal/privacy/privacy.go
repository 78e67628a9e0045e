// SPDX-License-Identifier: EUPL-1.2

// Package privacy finds personal data in what an agency sends: the free text and
// the ids that it chooses.
//
// It promises that a number, an address or a plate is found however it is typed:
// with Unicode digits, any dash or space, zero-width characters, letters O and l
// for 0 and 1, over a line break. A hit says which code it has and which runes of
// the text as it was given it covers, never what stands there, so that receipts
// and logs can name it without repeating it.
//
// It does not decide what a hit means (the code's Outcome does), does not change
// the text, keeps nothing and reads no clock. It looks for shapes, so it also hits
// what only looks like personal data: of random ten-digit numbers 0.73 % pass as a
// personal or co-ordination number. The sender is asked, never overruled.
//
// Nothing here fails: any string has an answer.
//
// A detector is one function in a file of its own and one line in detectors; names
// and addresses come there later.
package privacy

import (
	"cmp"
	"slices"
	"time"

	"samsyn/events"
)

// Hit is a stretch of a text that looks like personal data.
type Hit struct {
	// Code is one of the pii_ codes.
	Code events.Code
	// Start and End count runes of the text as it was given, End not included.
	Start, End int
}

// detectors are tried in this order; where two hit the same runes the first counts.
var detectors = []func(folded) []Hit{personnummer, email, phone, plate}

// Screen returns the hits in a text, in the order of the text, none overlapping.
func Screen(text string) []Hit {
	if !worthALook(text) {
		return nil
	}
	f := fold(text)
	var hits []Hit
	for _, detect := range detectors {
		for _, h := range detect(f) {
			if !slices.ContainsFunc(hits, h.overlaps) {
				hits = append(hits, h)
			}
		}
	}
	slices.SortFunc(hits, func(a, b Hit) int { return cmp.Compare(a.Start, b.Start) })
	return hits
}

// ScreenID returns the hits in an id that an agency chose (report, reference,
// reporter, unit): personal and co-ordination numbers with a valid date and check
// digit, as pii_in_id. Many systems number by date, 20260630-0017, and every tenth
// of those passes for a personal number: a date within the year before reported is
// taken for such a serial number. The zero time exempts nothing.
func ScreenID(id string, reported time.Time) []Hit {
	f := fold(id)
	var hits []Hit
	for _, n := range numbers(f) {
		if n.luhn && n.dateValid && !n.dateWithinYearBefore(reported) {
			hits = append(hits, f.hit(events.PIIInID, n.start, n.end))
		}
	}
	return hits
}

func (h Hit) overlaps(other Hit) bool { return h.Start < other.End && other.Start < h.End }

// worthALook reports whether a text holds anything that a detector begins with: a
// digit, an @, or a character that may hide one.
func worthALook(text string) bool {
	for i := range len(text) {
		const latin1Letters = 0xC3 // leads å, ä, ö and their like in UTF-8
		if c := text[i]; '0' <= c && c <= '9' || c == '@' || c >= 0xC2 && c != latin1Letters {
			return true
		}
	}
	return false
}
