// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"bytes"
	"crypto/sha256"
	"math"
	"strconv"
)

// content is the SHA-256 of the value's canonical form: what the sender said, whatever its white space, member order,
// escapes and spelling of numbers. It is taken before anything is mapped or cleaned.
func (d *document) content(i int32) [32]byte {
	return sha256.Sum256(d.canonical(make([]byte, 0, len(d.raw(i))), i))
}

// canonical appends the value as RFC 8785 (JSON Canonicalization Scheme) writes it, with names sorted by their bytes,
// without members that are null (left out) or begin with x_ (not ours).
func (d *document) canonical(dst []byte, i int32) []byte {
	switch n := &d.nodes[i]; n.kind {
	case '{':
		return d.canonicalObject(dst, i)
	case '[':
		dst = append(dst, '[')
		for c := d.first(i); c < n.next; c = d.nodes[c].next {
			if c != d.first(i) {
				dst = append(dst, ',')
			}
			dst = d.canonical(dst, c)
		}
		return append(dst, ']')
	case '"':
		return appendString(dst, d.raw(i), n.escaped)
	case 't', 'f', 'n':
		return append(dst, d.raw(i)...)
	default:
		return appendNumber(dst, d.raw(i))
	}
}

func (d *document) canonicalObject(dst []byte, i int32) []byte {
	var sorted [maxMembers]int32
	count := 0
	for c := d.first(i); c < d.nodes[i].next; c = d.nodes[c].next {
		name := d.name(c)
		if d.nodes[c].kind == 'n' || ownMember(name) {
			continue
		}
		at := count
		for at > 0 && bytes.Compare(name, d.name(sorted[at-1])) < 0 {
			sorted[at] = sorted[at-1]
			at--
		}
		sorted[at] = c
		count++
	}
	dst = append(dst, '{')
	for k, c := range sorted[:count] {
		if k > 0 {
			dst = append(dst, ',')
		}
		n := &d.nodes[c]
		dst = appendString(dst, d.body[n.name:n.nameEnd], n.nameEscape)
		dst = append(dst, ':')
		dst = d.canonical(dst, c)
	}
	return append(dst, '}')
}

// ownMember says whether a member is the sender's own business.
func ownMember(name []byte) bool { return len(name) >= 2 && name[0] == 'x' && name[1] == '_' }

// appendString writes a string with the fewest escapes. A raw string without escapes is canonical already.
func appendString(dst, raw []byte, escaped bool) []byte {
	dst = append(dst, '"')
	if !escaped {
		return append(append(dst, raw...), '"')
	}
	for _, c := range unescape(nil, raw) {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c >= ' ':
			dst = append(dst, c)
		case c == '\b':
			dst = append(dst, '\\', 'b')
		case c == '\f':
			dst = append(dst, '\\', 'f')
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		}
	}
	return append(dst, '"')
}

// appendNumber writes a number as ECMAScript does: the shortest digits, an exponent only below 1e-6 and from 1e21.
// Most numbers are sent like that, and 15 digits at most survive a float64 unchanged.
func appendNumber(dst, raw []byte) []byte {
	if isShort(raw) {
		return append(dst, raw...)
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return append(dst, raw...) // refused as number_range
	}
	if f == 0 {
		return append(dst, '0')
	}
	if abs := math.Abs(f); abs >= 1e-6 && abs < 1e21 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	// Go writes at least two digits of exponent, ECMAScript as few as it can.
	if n := len(dst); n-start > 3 && dst[n-2] == '0' && (dst[n-3] == '-' || dst[n-3] == '+') {
		dst = append(dst[:n-2], dst[n-1])
	}
	return dst
}

// isShort says whether a number is written as ECMAScript would: no exponent, no fraction that ends in 0, no -0, not so
// small or so long that it would get an exponent or lose digits.
func isShort(raw []byte) bool {
	if len(raw) > maxDigits+1 || bytes.ContainsAny(raw, "eE") {
		return false
	}
	if bytes.IndexByte(raw, '.') >= 0 {
		return raw[len(raw)-1] != '0' && !bytes.Contains(raw, []byte("0.000000"))
	}
	return len(raw) < 2 || raw[0] != '-' || raw[1] != '0'
}
