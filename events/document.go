// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// The limits of the JSON gate; they hold inside x_ members too.
const (
	// MaxBody is the largest event, in bytes.
	MaxBody = 65536

	maxDepth   = 16
	maxMembers = 64
	maxItems   = 256
	maxDigits  = 15
	maxPower   = 300 // |number| must lie in 1e-300..1e300
)

// document is a body that has been read once: its values in the order in which they stand, each knowing where it ends.
// The root is node 0; an index of 0 elsewhere means "not there".
type document struct {
	body  []byte
	nodes []node
}

type node struct {
	kind       byte // one of { [ " 0 t f n
	escaped    bool // the string holds escapes
	nameEscape bool
	start, end int32 // of the value; of a string, inside the quotes
	name       int32 // where the member's name starts, inside its quotes; 0 outside objects
	nameEnd    int32
	next       int32 // the first node after this one and all it holds; 0 while it is still open
}

// first is the first value inside a container, or past(i) when it is empty.
func (d *document) first(i int32) int32 { return i + 1 }

// past is where the values of container i end.
func (d *document) past(i int32) int32 {
	if d.nodes[i].next == 0 {
		return int32(len(d.nodes))
	}
	return d.nodes[i].next
}

func (d *document) raw(i int32) []byte { return d.body[d.nodes[i].start:d.nodes[i].end] }

// name is the decoded name of member i.
func (d *document) name(i int32) []byte {
	n := &d.nodes[i]
	raw := d.body[n.name:n.nameEnd]
	if n.nameEscape {
		return unescape(nil, raw)
	}
	return raw
}

// text is the decoded string of node i, appended to dst when it holds escapes.
func (d *document) text(dst []byte, i int32) []byte {
	if d.nodes[i].escaped {
		return unescape(dst, d.raw(i))
	}
	return d.raw(i)
}

// pointer is the RFC 6901 JSON pointer of node i. It descends from the root, which costs time only when something is wrong.
func (d *document) pointer(i int32) string {
	var path []byte
	for at := int32(0); at != i; {
		item, past := 0, d.past(at)
		child := d.first(at)
		for child < past && !(child <= i && i < d.past(child)) {
			child = d.past(child)
			item++
		}
		if child >= past {
			break
		}
		path = append(path, '/')
		if d.nodes[at].kind == '[' {
			path = strconv.AppendInt(path, int64(item), 10)
		} else {
			path = appendToken(path, d.name(child))
		}
		at = child
	}
	return string(path)
}

// appendToken writes a name as a token of a JSON pointer, cut to a length that an answer can carry and without control
// characters: answers are stored, and Postgres takes no NUL.
func appendToken(path, name []byte) []byte {
	const most = 80
	if len(name) > most {
		name = bytes.ToValidUTF8(name[:most], nil)
	}
	for _, c := range name {
		switch {
		case c == '~':
			path = append(path, '~', '0')
		case c == '/':
			path = append(path, '~', '1')
		case c < ' ' || c == 0x7f:
			path = utf8.AppendRune(path, utf8.RuneError)
		default:
			path = append(path, c)
		}
	}
	return path
}

// unescape decodes the inside of a JSON string that the gate has read. Half a surrogate becomes U+FFFD: the gate has
// refused it already.
func unescape(dst, raw []byte) []byte {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			dst = append(dst, raw[i])
			continue
		}
		i++
		switch raw[i] {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, size := unescapeRune(raw[i-1:])
			dst = utf8.AppendRune(dst, r)
			i += size - 2
		default:
			dst = append(dst, raw[i])
		}
	}
	return dst
}

// unescapeRune decodes one \u escape, or two that are the halves of one character, and says how many bytes it took.
func unescapeRune(raw []byte) (rune, int) {
	r := hex4(raw[2:])
	if r < 0xd800 || r > 0xdfff {
		return r, 6
	}
	if r <= 0xdbff && len(raw) >= 12 && raw[6] == '\\' && raw[7] == 'u' {
		if low := hex4(raw[8:]); low >= 0xdc00 && low <= 0xdfff {
			return (r-0xd800)<<10 | (low - 0xdc00) + 0x10000, 12
		}
	}
	return utf8.RuneError, 6
}

// hex4 reads four hexadecimal digits; -1 when they are not there.
func hex4(b []byte) rune {
	if len(b) < 4 {
		return -1
	}
	var v rune
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			v = v<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			v = v<<4 | rune(c|0x20-'a'+10)
		default:
			return -1
		}
	}
	return v
}
