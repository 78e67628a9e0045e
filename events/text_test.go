// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"slices"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestCleanRemovesWhatNobodySees(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
		notes          []Code
	}{
		{"plain", "Klotter i trapphuset, färgen är våt.", "Klotter i trapphuset, färgen är våt.", nil},
		{"empty", "", "", nil},
		{"lines", "En rad\noch\ten till", "En rad\noch\ten till", nil},
		{"carriage return", "En\r\nrad", "En\nrad", []Code{ControlsRemoved}},
		{"escape, delete, C1", "a\x1b[31mb\x7fc\u0085d", "a[31mbcd", []Code{ControlsRemoved}},
		{"override", "Fil \u202efdp.exe", "Fil fdp.exe", []Code{BidiRemoved}},
		{"isolates and marks", "A\u2066B\u2069\u200eC\u200fD\u061c", "ABCD", []Code{BidiRemoved}},
		{"zero width", "8112\u200b28-9874", "811228-9874", []Code{ZeroWidthRemoved}},
		{"soft hyphen, joiner, mark, selector, tag", "a\u00adb\u2060c\ufeffd\ufe0fe\U000e0041", "abcde", []Code{ZeroWidthRemoved}},
		{"decomposed", "A\u030angest", "Ångest", []Code{NFC}},
		{"kelvin sign", "20 \u212a", "20 K", []Code{NFC}},
		{"blanks around", "\u00a0 text\t", "text", []Code{Trimmed}},
		{"blanks alone", " \u2003\n", "", []Code{Trimmed}},
		{"emoji alone", "😡🔥 ", "", []Code{Trimmed}},
		{"emoji in a sentence", "Eld 🔥", "Eld 🔥", nil},
		{"all at once", " \u202eA\u030a\u200b\x07 ", "Å", []Code{ControlsRemoved, BidiRemoved, ZeroWidthRemoved, NFC, Trimmed}},
		{"full width stays for the screen to see", "＝1", "＝1", nil},
		{"signs that say something", "$$", "$$", nil},
	} {
		got, did := clean(c.in, true)
		if got != c.want || !slices.Equal(did.notes(), c.notes) {
			t.Errorf("%s: %q with %v, want %q with %v", c.name, got, did.notes(), c.want, c.notes)
		}
	}
	if got, did := clean("a\tb\nc", false); got != "abc" || did != changedControls {
		t.Errorf("one line: %q", got)
	}
}

// What is stored is encoded, sent and cleaned again: nothing may be left to clean, and nothing unseen may be left.
func TestCleaningTwiceChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		once, _ := clean(s, true)
		twice, did := clean(once, true)
		if once != twice || did != 0 {
			t.Fatalf("%q became %q and then %q", s, once, twice)
		}
		if !norm.NFC.IsNormalString(once) {
			t.Fatalf("%q is not NFC", once)
		}
		for _, r := range once {
			if isBidi(r) || isZeroWidth(r) || unicode.IsControl(r) && r != '\n' && r != '\t' {
				t.Fatalf("%q still holds %U", once, r)
			}
		}
	})
}
