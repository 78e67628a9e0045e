// SPDX-License-Identifier: EUPL-1.2

package sheet

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// pages are the single-byte encodings, with what å ä ö Å Ä Ö é æ ø are in them.
var pages = []struct {
	name    string
	charmap *charmap.Charmap
	letters string
}{
	{"Windows-1252", charmap.Windows1252, "\xe5\xe4\xf6\xc5\xc4\xd6\xe9\xe6\xf8"},
	{"IBM850", charmap.CodePage850, "\x86\x84\x94\x8f\x8e\x99\x82\x91\x9b"},
	{"Macintosh", charmap.Macintosh, "\x8c\x8a\x9a\x81\x80\x85\x8e\xbe\xbf"},
}

// Encodings lists the names of the encodings that are known here.
func Encodings() []string {
	names := []string{"UTF-8", "UTF-16"}
	for _, page := range pages {
		names = append(names, page.name)
	}
	return names
}

// decodeAs makes text of bytes whose encoding is known, or of any when it is "". What is recognised for certain (UTF-8 and
// UTF-16) goes before it, and what is plainly not in it is an error: better no table than one with other letters.
func decodeAs(file []byte, encoding string) (text, name string, err error) {
	if encoding == "" {
		text, name = decode(file)
		return text, name, nil
	}
	if !slices.Contains(Encodings(), encoding) {
		return "", "", &Error{Problem: fmt.Sprintf("there is no encoding %q; known are %s", encoding, strings.Join(Encodings(), ", "))}
	}
	found, seen := decode(file)
	if seen == "UTF-8" && encoding != "UTF-16" || seen == "UTF-16" || seen == encoding {
		return found, seen, nil
	}
	for _, page := range pages {
		if page.name == encoding {
			return with(page.charmap, file), encoding, nil
		}
	}
	if encoding == "UTF-8" {
		return "", "", &Error{Line: 1 + bytes.Count(file[:firstNotUTF8(file)], []byte{'\n'}), Problem: "the text is not UTF-8; it looks like " + seen}
	}
	return "", "", &Error{Problem: "the text is not " + encoding + "; it looks like " + seen}
}

func firstNotUTF8(file []byte) int {
	at := 0
	for at < len(file) {
		r, size := utf8.DecodeRune(file[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return at
}

// decode makes text of bytes. UTF-8 and UTF-16 are recognised for certain or by
// their mark; of the single-byte encodings the one is taken in which most of the
// bytes above 127 are letters of the Nordic languages.
func decode(file []byte) (text, name string) {
	switch {
	case bytes.HasPrefix(file, []byte("\xef\xbb\xbf")):
		return string(bytes.ToValidUTF8(file[3:], []byte("\uFFFD"))), "UTF-8"
	case bytes.HasPrefix(file, []byte("\xff\xfe")), zeros(file, 1):
		return with(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), file), "UTF-16"
	case bytes.HasPrefix(file, []byte("\xfe\xff")), zeros(file, 0):
		return with(unicode.UTF16(unicode.BigEndian, unicode.UseBOM), file), "UTF-16"
	case utf8.Valid(file):
		return string(file), "UTF-8"
	}
	best, most := 0, -1
	for i, page := range pages {
		n := 0
		for _, b := range file {
			if b >= 0x80 && bytes.IndexByte([]byte(page.letters), b) >= 0 {
				n++
			}
		}
		if n > most {
			best, most = i, n
		}
	}
	return with(pages[best].charmap, file), pages[best].name
}

// with decodes what its caller has recognised; bytes without a meaning become
// U+FFFD, so there is no error to return.
func with(e encoding.Encoding, file []byte) string {
	text, err := e.NewDecoder().Bytes(file)
	if err != nil {
		return string(bytes.ToValidUTF8(file, []byte("\uFFFD")))
	}
	return string(text)
}

// zeros reports whether most bytes at even (0) or odd (1) places are zero: UTF-16
// without a mark, as some exports write it.
func zeros(file []byte, parity int) bool {
	head := file[:min(len(file), 400)]
	if len(head) < 4 || len(file)%2 != 0 {
		return false
	}
	n := 0
	for i := parity; i < len(head); i += 2 {
		if head[i] == 0 {
			n++
		}
	}
	return n > len(head)/4
}
