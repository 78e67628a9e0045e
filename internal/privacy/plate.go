// SPDX-License-Identifier: EUPL-1.2

package privacy

import (
	"strings"
	"unicode"

	"samsyn/events"
)

// plate finds Swedish registration plates: three letters, two digits, and a digit
// or letter, in capitals, or in any letters when written together. Words of three
// letters that are often followed by a number are not plates; personal plates
// cannot be told from words.
func plate(f folded) []Hit {
	var hits []Hit
	for i := 0; i+5 < len(f.runes); i++ {
		if !isDigit(f.runes[i+3]) && !isDigit(f.runes[i+4]) {
			continue
		}
		if end := plateEnd(f, i); end > 0 {
			hits = append(hits, f.hit(events.PIIPlate, i, end))
			i = end - 1
		}
	}
	return hits
}

func plateEnd(f folded, i int) int {
	if wordRune(f.rune(i - 1)) {
		return 0
	}
	small := 0
	for k := range 3 {
		r := f.rune(i + k)
		if !plateLetter(unicode.ToUpper(r)) {
			return 0
		}
		if unicode.IsLower(r) {
			small++
		}
	}
	word, together := string(f.runes[i:i+3]), isDigit(f.rune(i+3))
	i += 3
	if !together && strings.ContainsRune(" -", f.rune(i)) {
		i++
	}
	last := unicode.ToUpper(f.rune(i + 2))
	if !isDigit(f.rune(i)) || !isDigit(f.rune(i+1)) || !(isDigit(last) || plateLetter(last) && last != 'O') || wordRune(f.rune(i+3)) {
		return 0
	}
	if small > 0 && !together || notAPlate(strings.ToUpper(word)) {
		return 0
	}
	return i + 3
}

// plateLetter reports the 23 letters in use: not I, Q, V, Å, Ä, Ö.
func plateLetter(r rune) bool {
	return 'A' <= r && r <= 'Z' && r != 'I' && r != 'Q' && r != 'V'
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || isDigit(r) }

// notAPlate lists words that stand before numbers in reports.
func notAPlate(word string) bool {
	switch word {
	case "OBS", "RUM", "HUS", "KLS", "SAL", "KOD", "KLO", "NRO", "TEL", "TFN", "MOB", "SMS", "SOS", "LGH", "ART", "LAG",
		"KAP", "DNR", "SEK", "EUR", "DEN", "DET", "ETT", "TRE", "SEX", "OCH", "MED", "ALL", "UPP", "MAX", "CCM", "DAG", "AVD", "HSB", "POL", "ZON", "GPS",
		"TPL", "LED", "LUX", "PKT", "NUM", "TAL", "TOT", "ANT":
		return true
	}
	return false
}
