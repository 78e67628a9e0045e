// SPDX-License-Identifier: EUPL-1.2

package events

// findings are what a string was seen to hold.
type findings uint8

const (
	escapes findings = 1 << iota
	nulEscape
	halfCharacter
)

func (g *gate) stringValue(i int32) bool {
	start, end, found, ok := g.str()
	if !ok {
		return false
	}
	n := &g.nodes[i]
	n.start, n.end, n.escaped = start, end, found&escapes != 0
	g.found(found, i)
	return true
}

func (g *gate) found(f findings, i int32) {
	if f&nulEscape != 0 {
		g.flaw(NULChar, i)
	}
	if f&halfCharacter != 0 {
		g.flaw(LoneSurrogate, i)
	}
}

// str reads a string and returns where its inside starts and ends.
func (g *gate) str() (start, end int32, found findings, ok bool) {
	g.p++
	start = int32(g.p)
	for g.p < len(g.body) {
		switch c := g.body[g.p]; {
		case c == '"':
			end = int32(g.p)
			g.p++
			return start, end, found, true
		case c == 0:
			return 0, 0, 0, g.stop(NULChar, g.p, "")
		case c < 0x20:
			return 0, 0, 0, g.syntax()
		case c == '\\':
			f, ok := g.escape()
			if !ok {
				return 0, 0, 0, g.syntax()
			}
			found |= f | escapes
		default:
			g.p++
		}
	}
	return 0, 0, 0, g.syntax()
}

func (g *gate) escape() (findings, bool) {
	if g.p+1 >= len(g.body) {
		return 0, false
	}
	switch g.body[g.p+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		g.p += 2
		return 0, true
	case 'u':
		first := hex4(g.body[g.p+2:])
		if first < 0 {
			return 0, false
		}
		if first >= 0xd800 && first <= 0xdfff {
			r, size := unescapeRune(g.body[g.p:])
			g.p += size
			if r == 0xfffd {
				return halfCharacter, true
			}
			return 0, true
		}
		g.p += 6
		if first == 0 {
			return nulEscape, true
		}
		return 0, true
	}
	return 0, false
}

// number reads a number by RFC 8259, and counts its digits and its power of ten.
func (g *gate) number(i int32) bool {
	if g.next('-') && g.p >= len(g.body) {
		return g.syntax()
	}
	c := g.body[g.p]
	if c < '0' || c > '9' {
		return g.syntax()
	}
	start, power := g.p, 0
	if c == '0' {
		g.p++
	} else {
		g.digits()
		power = g.p - start
	}
	mantissa := g.p
	if g.next('.') {
		if g.digits() == 0 {
			return g.syntax()
		}
		mantissa = g.p
	}
	if g.p < len(g.body) && g.body[g.p]|0x20 == 'e' {
		exponent, ok := g.exponent()
		if !ok {
			return g.syntax()
		}
		power += exponent
	}
	digits := significant(g.body[start:mantissa])
	if digits > maxDigits {
		g.flaw(NumberPrecision, i)
	}
	if digits > 0 && (power > maxPower || power < -maxPower) {
		g.flaw(NumberRange, i)
	}
	return true
}

func (g *gate) digits() int {
	start := g.p
	for g.p < len(g.body) && g.body[g.p]-'0' <= 9 {
		g.p++
	}
	return g.p - start
}

func (g *gate) exponent() (int, bool) {
	g.p++
	negative := false
	if !g.next('+') {
		negative = g.next('-')
	}
	start := g.p
	if g.digits() == 0 {
		return 0, false
	}
	v := 0
	for _, c := range g.body[start:g.p] {
		v = min(v*10+int(c-'0'), 100*maxPower)
	}
	if negative {
		v = -v
	}
	return v, true
}

// significant counts the digits of a number from the first that is not 0.
func significant(number []byte) int {
	n := 0
	for _, c := range number {
		if c >= '1' && c <= '9' || c == '0' && n > 0 {
			n++
		}
	}
	return n
}
