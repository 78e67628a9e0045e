// SPDX-License-Identifier: EUPL-1.2

package privacy

import (
	"strings"
	"unicode"

	"samsyn/events"
)

// phone finds Swedish telephone numbers: +46, 0046 or 0 and seven to ten digits
// that do not begin with 0, in groups. Free-phone numbers (020, 0200) belong to
// offices; 112, 114 14 and 1177 do not begin with 0.
func phone(f folded) []Hit {
	var hits []Hit
	for i := 0; i < len(f.runes); i++ {
		if r := f.runes[i]; r != '0' && r != '+' {
			continue
		}
		digits, ok := afterPrefix(f, i)
		if !ok {
			continue
		}
		if end := numberEnd(f, digits); end > 0 && !timesOfDay(f.runes[i:end]) {
			hits = append(hits, f.hit(events.PIIPhone, i, end))
			i = end - 1
		}
	}
	return hits
}

// afterPrefix returns where the digits of the national number begin if a prefix
// begins at i. A 0 within a number, an id or a date is no prefix.
func afterPrefix(f folded, i int) (digits int, ok bool) {
	if isDigit(f.rune(i-1)) || unicode.IsLetter(f.rune(i-1)) || strings.ContainsRune("-.:/,", f.rune(i-1)) && isDigit(f.rune(i-2)) {
		return 0, false
	}
	switch {
	case f.has(i, "+46"):
		i += len("+46")
	case f.has(i, "0046"):
		i += len("0046")
	case f.has(i, "0"):
		return skipSigns(f, i+1), true
	default:
		return 0, false
	}
	i = skipSigns(f, i)
	if f.has(i, "(0)") {
		return skipSigns(f, i+len("(0)")), true
	}
	return i, true
}

// numberEnd returns where the national number ends: at the last end of a group
// within seven to ten digits. It returns 0 when there is none.
func numberEnd(f folded, i int) int {
	if f.rune(i) == '0' || f.has(i, "20") {
		return 0
	}
	end, count := 0, 0
	for isDigit(f.rune(i)) {
		i++
		if count++; count > 10 {
			break
		}
		if !isDigit(f.rune(i)) {
			if count >= 7 {
				end = i
			}
			i = skipSigns(f, i)
		}
	}
	return end
}

// skipSigns passes what people put between the groups of a number: two signs at
// most.
func skipSigns(f folded, i int) int {
	for range 2 {
		if strings.ContainsRune(" -/)", f.rune(i)) {
			i++
		}
	}
	return i
}

// timesOfDay reports 0700-1530: opening hours, not a number.
func timesOfDay(r []rune) bool {
	return len(r) == 9 && !isDigit(r[4]) && string(r[0:2]) < "24" && r[2] < '6' && string(r[5:7]) <= "24" && r[7] < '6'
}

// has reports whether s stands at i.
func (f folded) has(i int, s string) bool {
	for k, want := range s {
		if f.rune(i+k) != want {
			return false
		}
	}
	return true
}
