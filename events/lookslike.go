// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"bytes"
	"unicode/utf8"
)

// looksLike guesses what a body that is not JSON is, to tell its sender; nothing is decided by it.
func looksLike(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte{0x1f, 0x8b}):
		return "gzip"
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		return "zip"
	case len(b) > 1 && b[0]&0x0f == 8 && b[0]>>4 <= 7 && (int(b[0])<<8|int(b[1]))%31 == 0 && !utf8.Valid(b):
		return "deflate"
	}
	head := bytes.TrimSpace(b[:min(len(b), 512)])
	if bytes.HasPrefix(head, []byte("<")) {
		if lower := bytes.ToLower(head); bytes.Contains(lower, []byte("<html")) || bytes.HasPrefix(lower, []byte("<!doctype html")) {
			return "html"
		}
		return "xml"
	}
	if bytes.ContainsFunc(head, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' }) {
		return "binary"
	}
	line, _, _ := bytes.Cut(head, []byte("\n"))
	if name, _, found := bytes.Cut(line, []byte("=")); found && len(name) > 0 && !bytes.ContainsAny(name, " \t;,") {
		return "form"
	}
	if bytes.ContainsAny(line, ";,\t") {
		return "csv"
	}
	return "text"
}

// dialect names the relative of JSON in which the byte where reading stopped would have been right.
func (g *gate) dialect() string {
	rest := g.body[min(g.p, len(g.body)):]
	switch {
	case bytes.HasPrefix(rest, []byte("'")):
		return "single_quotes"
	case bytes.HasPrefix(rest, []byte("//")), bytes.HasPrefix(rest, []byte("/*")), bytes.HasPrefix(rest, []byte("#")):
		return "comments"
	case len(g.nodes) == 1 && g.nodes[0].kind != '{' && g.nodes[0].kind != '[':
		return looksLike(g.body)
	}
	return ""
}

// utf16 recognises UTF-16 by its byte order mark or by the zero byte beside an ASCII character.
func utf16(b []byte) bool {
	if len(b) < 2 {
		return false
	}
	return b[0] == 0xff && b[1] == 0xfe || b[0] == 0xfe && b[1] == 0xff || (b[0] == 0) != (b[1] == 0)
}

func firstInvalid(b []byte) int {
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(b)
}
