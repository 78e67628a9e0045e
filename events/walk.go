// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// walk takes values out of a document. What is wrong becomes a reason and reading goes on with the next field, so that
// the sender hears of everything at once. Index 0 is "not there": each method then returns the zero value.
type walk struct {
	gate
}

func (w *walk) fail(code Code, i int32) { w.flaw(code, i) }

// note says what was cleaned, once for each code and place.
func (w *walk) note(code Code, i int32) {
	n := Note{Code: code, Path: w.pointer(i)}
	if len(w.notes) < MaxReasons && !slices.Contains(w.notes, n) {
		w.notes = append(w.notes, n)
	}
}

// missing refuses an object for what it lacks.
func (w *walk) missing(code Code, object int32, name string) {
	w.give(Reason{Code: code, Path: w.pointer(object) + "/" + name})
}

// object says whether a node is one, and refuses it when it is not.
func (w *walk) object(i int32) bool {
	if w.nodes[i].kind != '{' {
		w.fail(WrongType, i)
		return false
	}
	return true
}

// take puts member c into the slot that its name stands for. null is the same as left out; x_ members are passed over
// where own is true; any other name without a slot is refused.
func (w *walk) take(slot *int32, c int32, own bool) {
	switch {
	case slot == nil && own && ownMember(w.name(c)):
	case slot == nil:
		w.fail(UnknownMember, c)
	case *slot == 0 && w.nodes[c].kind != 'n':
		*slot = c
	}
}

// items calls each for every item of a list.
func (w *walk) items(i int32, each func(item int32)) {
	if i == 0 {
		return
	}
	if w.nodes[i].kind != '[' {
		w.fail(WrongType, i)
		return
	}
	for c := w.first(i); c < w.past(i); c = w.past(c) {
		each(c)
	}
}

// str returns the decoded bytes of a string; they belong to the body. false when it is not there or not a string.
func (w *walk) str(i int32) ([]byte, bool) {
	if i == 0 {
		return nil, false
	}
	if w.nodes[i].kind != '"' {
		w.fail(WrongType, i)
		return nil, false
	}
	return w.text(nil, i), true
}

// id reads an identifier that is never cleaned: what is wrong in it is refused.
func (w *walk) id(i int32, most int) string {
	b, ok := w.str(i)
	if !ok {
		return ""
	}
	if s := string(b); validID(s, most) {
		return s
	}
	w.fail(BadID, i)
	return ""
}

// prose reads a text of several lines, cleans it and notes what was cleaned.
func (w *walk) prose(i int32, most int) string { return w.cleaned(i, most, true, TextTooLong) }

// line reads a text of one line.
func (w *walk) line(i int32, most int) string { return w.cleaned(i, most, false, TextTooLong) }

func (w *walk) cleaned(i int32, most int, lines bool, long Code) string {
	b, ok := w.str(i)
	if !ok {
		return ""
	}
	s, did := clean(string(b), lines)
	if did != 0 {
		for _, code := range did.notes() {
			w.note(code, i)
		}
	}
	if len(s) > most && characters(s) > most {
		w.fail(long, i)
	}
	return s
}

// code reads a code that must match valid, after blanks around it are trimmed and, if lower, capitals made small.
func (w *walk) code(i int32, lower bool, valid func(string) bool) string {
	b, ok := w.str(i)
	if !ok {
		return ""
	}
	s := string(b)
	if !valid(s) {
		s = tidy(s, lower)
		if !valid(s) {
			w.fail(OutOfRange, i)
			return ""
		}
		w.note(Trimmed, i)
	}
	return s
}

// choice reads one of a list of words. The word returned is the list's own.
func (w *walk) choice(i int32, words []string) string {
	b, ok := w.str(i)
	if !ok {
		return ""
	}
	if word := find(words, b); word != "" {
		return word
	}
	if word := find(words, []byte(tidy(string(b), true))); word != "" {
		w.note(Trimmed, i)
		return word
	}
	w.fail(OutOfRange, i)
	return ""
}

func find(words []string, b []byte) string {
	for _, word := range words {
		if string(b) == word {
			return word
		}
	}
	return ""
}

func tidy(s string, lower bool) string {
	s, _ = clean(s, false)
	if lower {
		s = strings.ToLower(s)
	}
	return s
}

// choices reads a list of words.
func (w *walk) choices(i int32, words []string) []string {
	var list []string
	w.items(i, func(item int32) {
		if word := w.choice(item, words); word != "" && !slices.Contains(list, word) {
			list = append(list, word)
		}
	})
	return list
}

func (w *walk) boolean(i int32) bool {
	if i == 0 {
		return false
	}
	kind := w.nodes[i].kind
	if kind != 't' && kind != 'f' {
		w.fail(WrongType, i)
	}
	return kind == 't'
}

// float reads a number; false when it is not there or not one. -0 becomes 0.
func (w *walk) float(i int32) (float64, bool) {
	if i == 0 {
		return 0, false
	}
	if kind := w.nodes[i].kind; kind != '-' && (kind < '0' || kind > '9') {
		w.fail(WrongType, i)
		return 0, false
	}
	f, err := strconv.ParseFloat(string(w.raw(i)), 64)
	if err != nil {
		return 0, false // refused as number_range by the gate
	}
	if f == 0 && math.Signbit(f) {
		w.note(Rounded, i)
		return 0, true
	}
	return f, true
}

// integer reads a whole number in any spelling (2, 2.0, 2e0) between least and most; another one is refused by code.
func (w *walk) integer(i int32, least, most int, code Code) (int, bool) {
	f, ok := w.float(i)
	if !ok {
		return 0, false
	}
	if f != math.Trunc(f) {
		w.fail(WrongType, i)
		return 0, false
	}
	if f < float64(least) || f > float64(most) {
		w.fail(code, i)
		return 0, false
	}
	return int(f), true
}

// moment reads a time; false when it is not there or wrong. A number is refused as a time, not as a type: it is the
// seconds or milliseconds of some clock.
func (w *walk) moment(i int32) (time.Time, bool) {
	if i == 0 {
		return time.Time{}, false
	}
	if kind := w.nodes[i].kind; kind == '-' || kind >= '0' && kind <= '9' {
		w.fail(TimeSyntax, i)
		return time.Time{}, false
	}
	b, ok := w.str(i)
	if !ok {
		return time.Time{}, false
	}
	at, rounded, code := parseTime(b)
	if code != "" {
		w.fail(code, i)
		return time.Time{}, false
	}
	if rounded {
		w.note(Rounded, i)
	}
	return at, true
}

// intervalMembers are the nodes of an interval, wherever it stands.
type intervalMembers struct{ from, to int32 }

// intervalOf takes the members of an object that is an interval.
func (w *walk) intervalOf(object int32) (m intervalMembers, ok bool) {
	if !w.object(object) {
		return m, false
	}
	for c := w.first(object); c < w.past(object); c = w.past(c) {
		w.take(m.slot(w.name(c)), c, true)
	}
	return m, true
}

func (m *intervalMembers) slot(name []byte) *int32 {
	switch string(name) {
	case "from":
		return &m.from
	case "to":
		return &m.to
	}
	return nil
}

// interval reads from and to. A missing `to` is `from`, unless both are needed.
func (w *walk) interval(object int32, m intervalMembers, both bool, days int) (Interval, bool) {
	if m.from == 0 {
		w.missing(Required, object, "from")
	}
	if both && m.to == 0 {
		w.missing(Required, object, "to")
	}
	from, okFrom := w.moment(m.from)
	to, okTo := w.moment(m.to)
	switch {
	case !okFrom || !okTo && m.to != 0:
		return Interval{From: from, To: to}, false
	case !okTo:
		return Interval{From: from, To: from}, true
	}
	i := Interval{From: from, To: to}
	if to.Before(from) {
		w.fail(IntervalReversed, m.to)
		return i, false
	}
	if longer(i, days) {
		w.fail(IntervalLong, m.to)
		return i, false
	}
	return i, true
}
