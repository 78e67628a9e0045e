// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// gate reads a body into a document, strictly: RFC 8259 and I-JSON, with limits. encoding/json is not used because it
// lets the last of two equal names win, folds case, and passes NUL, half characters and bad UTF-8, some of which Postgres
// then refuses for ever.
//
// What makes the rest unreadable stops it: one reason. What does not (a duplicate, half a character, too many digits) is
// noted as a reason and reading goes on, so that the sender hears of everything at once.
type gate struct {
	document
	p       int
	depth   int
	reasons []Reason
	notes   []Note
}

var bom = []byte{0xef, 0xbb, 0xbf}

// read fills the document; false means that there is nothing to walk.
func (g *gate) read(body []byte) bool {
	if len(body) > MaxBody {
		return g.stop(TooLarge, 0, "")
	}
	if rest, found := bytes.CutPrefix(body, bom); found {
		body = rest
		g.notes = append(g.notes, Note{Code: BOMRemoved})
	}
	g.body = body
	g.space()
	if g.p == len(body) {
		return g.stop(EmptyBody, 0, "")
	}
	if utf16(body) {
		return g.stop(NotUTF8, 0, "utf-16")
	}
	if strings.IndexByte(`{["-0123456789tfn`, body[g.p]) < 0 {
		return g.stop(JSONSyntax, g.p, looksLike(body))
	}
	if !utf8.Valid(body) {
		return g.stop(NotUTF8, firstInvalid(body), "")
	}
	g.nodes = make([]node, 0, 8+len(body)/bytesPerNode)
	return g.root()
}

// bytesPerNode is what one value and its name take in a usual event; an event with more of them makes its document grow.
const bytesPerNode = 18

func (g *gate) root() bool {
	if !g.value(node{}) {
		return false
	}
	object := g.nodes[0].kind == '{'
	g.space()
	if g.p != len(g.body) {
		if !object && g.nodes[0].kind != '[' {
			return g.stop(JSONSyntax, g.p, looksLike(g.body))
		}
		g.give(Reason{Code: JSONTrailing, Offset: g.p})
	}
	if !object {
		return g.stop(NotObject, 0, "")
	}
	return true
}

// stop gives the reason why nothing more can be read.
func (g *gate) stop(code Code, offset int, hint string) bool {
	path := ""
	if len(g.nodes) > 0 {
		path = g.pointer(g.open())
	}
	g.reasons = g.reasons[:min(len(g.reasons), MaxReasons-1)]
	g.give(Reason{Code: code, Path: path, Offset: offset, Hint: hint})
	return false
}

// open is the innermost value that is still being read.
func (g *gate) open() int32 {
	for i := int32(len(g.nodes)) - 1; i > 0; i-- {
		if g.nodes[i].next == 0 {
			return i
		}
	}
	return 0
}

func (g *gate) syntax() bool { return g.stop(JSONSyntax, g.p, g.dialect()) }

// flaw gives a reason that does not stop the reading.
func (g *gate) flaw(code Code, i int32) {
	if len(g.reasons) < MaxReasons {
		g.give(Reason{Code: code, Path: g.pointer(i)})
	}
}

func (g *gate) give(r Reason) {
	if len(g.reasons) < MaxReasons {
		g.reasons = append(g.reasons, r)
	}
}

func (g *gate) space() {
	for g.p < len(g.body) {
		switch g.body[g.p] {
		case ' ', '\t', '\n', '\r':
			g.p++
		default:
			return
		}
	}
}

// value reads one value as a new node; n carries the member's name.
func (g *gate) value(n node) bool {
	if g.p >= len(g.body) {
		return g.syntax()
	}
	i := int32(len(g.nodes))
	n.kind, n.start = g.body[g.p], int32(g.p)
	g.nodes = append(g.nodes, n)
	ok := false
	switch n.kind {
	case '{':
		ok = g.readObject(i)
	case '[':
		ok = g.readArray()
	case '"':
		ok = g.stringValue(i)
	case 't':
		ok = g.literal("true")
	case 'f':
		ok = g.literal("false")
	case 'n':
		ok = g.literal("null")
	default:
		ok = g.number(i)
	}
	if !ok {
		return false
	}
	if n.kind != '"' {
		g.nodes[i].end = int32(g.p)
	}
	g.nodes[i].next = int32(len(g.nodes))
	return true
}

func (g *gate) literal(s string) bool {
	if !bytes.HasPrefix(g.body[g.p:], []byte(s)) {
		return g.syntax()
	}
	g.p += len(s)
	return true
}

func (g *gate) readObject(i int32) bool {
	if g.depth++; g.depth > maxDepth {
		return g.stop(TooDeep, g.p, "")
	}
	g.p++
	g.space()
	if g.next('}') {
		g.depth--
		return true
	}
	for members := 1; ; members++ {
		if members > maxMembers {
			return g.stop(TooManyMembers, g.p, "")
		}
		if !g.member(i) {
			return false
		}
		g.space()
		if g.next('}') {
			g.depth--
			return true
		}
		if !g.next(',') {
			return g.syntax()
		}
		g.space()
	}
}

// member reads a name and its value, and compares the name with those before it.
func (g *gate) member(object int32) bool {
	if g.p >= len(g.body) || g.body[g.p] != '"' {
		return g.syntax()
	}
	var n node
	start, end, found, ok := g.str()
	if !ok {
		return false
	}
	n.name, n.nameEnd, n.nameEscape = start, end, found&escapes != 0
	g.space()
	if !g.next(':') {
		return g.syntax()
	}
	g.space()
	i := int32(len(g.nodes))
	if !g.value(n) {
		return false
	}
	g.found(found, i)
	if g.twin(object, i) {
		g.flaw(DuplicateMember, i)
	}
	return true
}

// twin says whether an earlier member of the object has the same name, however either is escaped.
func (g *gate) twin(object, i int32) bool {
	own := g.name(i)
	for c := g.first(object); c < i; c = g.nodes[c].next {
		n := &g.nodes[c]
		if !n.nameEscape {
			if bytes.Equal(own, g.body[n.name:n.nameEnd]) {
				return true
			}
		} else if bytes.Equal(own, g.name(c)) {
			return true
		}
	}
	return false
}

func (g *gate) readArray() bool {
	if g.depth++; g.depth > maxDepth {
		return g.stop(TooDeep, g.p, "")
	}
	g.p++
	g.space()
	if g.next(']') {
		g.depth--
		return true
	}
	for items := 1; ; items++ {
		if items > maxItems {
			return g.stop(TooManyMembers, g.p, "")
		}
		if !g.value(node{}) {
			return false
		}
		g.space()
		if g.next(']') {
			g.depth--
			return true
		}
		if !g.next(',') {
			return g.syntax()
		}
		g.space()
	}
}

func (g *gate) next(c byte) bool {
	if g.p < len(g.body) && g.body[g.p] == c {
		g.p++
		return true
	}
	return false
}
