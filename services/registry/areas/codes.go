// SPDX-License-Identifier: EUPL-1.2

package areas

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"samsyn/events"
)

const (
	longestArea = 32
	hashLength  = 8
)

// CodeOf makes an area code of what a file calls an area: letters lose their
// marks, everything else that a subject cannot carry becomes a hyphen, and a long
// code ends in the beginning of its SHA-256. The same text always gives the same
// code, whatever else is in the file; two texts can give one code, which the caller
// must refuse. An empty result means that nothing of the text could be used.
func CodeOf(text string) events.AreaCode {
	if code := events.AreaCode(text); code.Valid() {
		return code
	}
	var b strings.Builder
	hyphen := false
	for _, r := range norm.NFD.String(text) {
		switch {
		case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) || r == '_':
			if hyphen && b.Len() > 0 {
				b.WriteByte('-')
			}
			b.WriteRune(r)
			hyphen = false
		case unicode.Is(unicode.Mn, r): // the mark of the letter before it
		default:
			hyphen = true
		}
	}
	code := b.String()
	if len(code) > longestArea {
		sum := sha256.Sum256([]byte(text))
		code = code[:longestArea-hashLength-1] + "-" + hex.EncodeToString(sum[:])[:hashLength]
	}
	return events.AreaCode(code)
}
