// SPDX-License-Identifier: EUPL-1.2

package privacy

import (
	"strings"
	"unicode"

	"samsyn/events"
)

// email finds e-mail addresses, by and large as RFC 5322 writes them, but not those
// of a function: the part before the @ is then one of roleAddress.
func email(f folded) []Hit {
	var hits []Hit
	for i, r := range f.runes {
		if r != '@' {
			continue
		}
		start, end := i, domainEnd(f, i+1)
		for localPart(f.rune(start - 1)) {
			start--
		}
		if start < i && end > i && !roleAddress(string(f.runes[start:i])) {
			hits = append(hits, f.hit(events.PIIEmail, start, end))
		}
	}
	return hits
}

// domainEnd returns where a domain that begins at i ends: labels with dots between
// and letters last. It returns 0 when there is none.
func domainEnd(f folded, i int) int {
	end, dots, letters := 0, 0, 0
	if f.rune(i) == '.' {
		return 0
	}
	for ; ; i++ {
		switch r := f.rune(i); {
		case unicode.IsLetter(r):
			letters++
			if dots > 0 && letters >= 2 {
				end = i + 1
			}
		case isDigit(r) || r == '-':
			letters = 0
		case r == '.' && (unicode.IsLetter(f.rune(i+1)) || isDigit(f.rune(i+1))):
			dots++
			letters = 0
		default:
			return end
		}
	}
}

func localPart(r rune) bool {
	return r > 0 && (unicode.IsLetter(r) || isDigit(r) || strings.ContainsRune("._%+'-", r))
}

// roleAddress reports the addresses that agencies publish for a function, which
// name nobody.
func roleAddress(local string) bool {
	switch strings.ToLower(local) {
	case "info", "kontakt", "registrator", "diariet", "support", "kundtjanst", "kundtjänst", "kundservice",
		"kundcenter", "felanmalan", "felanmälan", "vaxel", "växel", "reception", "jour", "stab", "kommun", "kommunen", "noreply", "no-reply":
		return true
	}
	return false
}
