// SPDX-License-Identifier: EUPL-1.2

package connector

import (
	"bytes"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"samsyn/events"
	"samsyn/services/connector/outbox"
)

// line is one event as it stands in a file.
type line struct {
	number int
	text   []byte
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// looksLikeJSON says whether a file is events rather than a table.
func looksLikeJSON(file []byte) bool {
	head := bytes.TrimLeft(bytes.TrimPrefix(file, byteOrderMark), " \t\r\n")
	return len(head) > 0 && (head[0] == '{' || head[0] == '[')
}

// splitLines finds the events of a file: one a line, or, where the whole file is one object or one array, that.
func splitLines(file []byte) []line {
	file = bytes.TrimPrefix(file, byteOrderMark)
	if whole := jsontext.Value(bytes.TrimSpace(file)); bytes.ContainsRune(whole, '\n') || whole.Kind() == '[' {
		if whole.IsValid(jsontext.AllowDuplicateNames(true)) {
			return elements(file)
		}
	}
	var lines []line
	number := 0
	for text := range bytes.Lines(file) {
		number++
		if text = bytes.TrimSpace(text); len(text) > 0 {
			lines = append(lines, line{number, text})
		}
	}
	return lines
}

// elements reads one value, or those of an array, that is known to be JSON.
func elements(file []byte) []line {
	d := jsontext.NewDecoder(bytes.NewReader(file), jsontext.AllowDuplicateNames(true))
	if d.PeekKind() == '[' {
		_, _ = d.ReadToken() // there is one: it was peeked
	}
	var lines []line
	for d.PeekKind() != ']' && d.PeekKind() != 0 {
		value, err := d.ReadValue()
		if err != nil {
			break
		}
		begins := int(d.InputOffset()) - len(value)
		lines = append(lines, line{1 + bytes.Count(file[:begins], []byte{'\n'}), bytes.Clone(value)})
	}
	return lines
}

// lineReader makes rows of lines of JSON.
type lineReader struct {
	lines []line
	deciding
}

func (r *lineReader) count() int { return len(r.lines) }

func (r *lineReader) row(i int) outbox.NewRow {
	l := r.lines[i]
	j := judge(complete(l.text, r.who, r.taken), r.who)
	if len(j.reasons) > 0 {
		return refusal(l.number, key(j.event), explain(j.reasons, nil), r.taken)
	}
	print := printOf(j.event.Content)
	last, known := r.known(j.event.Kind, j.event.Report)
	if known && last.Key == key(j.event) && last.Print == print && r.answeredWell(last) {
		return unchanged(l.number, last)
	}
	return j.toSend(l.number, print)
}

// complete makes an event of what stands on a line: a bare `data` gets its envelope, and an envelope what it lacks of
// specversion, id, source and time. What was written is never changed, and what cannot be read is left to the gate.
func complete(text []byte, who identity, now time.Time) []byte {
	o, ok := outlineOf(text)
	if !ok {
		return text
	}
	if !o.names["data"] {
		typ, addition := typeOf(o)
		text = append([]byte(`{"type":"`+typ+`","data":`), append(insert(text, addition), '}')...)
		inner := o
		o = outline{names: map[string]bool{"type": true, "data": true}, report: inner.report, revision: inner.revision}
	} else if data, ok := outlineOf(o.data); ok {
		o.report, o.revision = data.report, data.revision
	}
	add := ""
	member := func(name, value string) {
		if !o.names[name] {
			add += strconv.Quote(name) + ":" + strconv.Quote(value) + ","
		}
	}
	member("specversion", "1.0")
	if events.ReportID(o.report).Valid() {
		member("id", o.report+":"+strconv.Itoa(max(o.revision, 1)))
	}
	if who.known() {
		member("source", events.Source(who.municipality, who.agency))
	}
	member("time", now.UTC().Format("2006-01-02T15:04:05.000Z"))
	return insert(text, add)
}

// insert puts members, each with its comma, first into an object that has others.
func insert(object []byte, members string) []byte {
	i := bytes.IndexByte(object, '{') + 1
	return append(append(append([]byte{}, object[:i]...), members...), object[i:]...)
}

// outline is what must be known of an object to complete it.
type outline struct {
	names    map[string]bool
	report   string
	revision int
	data     jsontext.Value
}

// outlineOf reads the members of a JSON object that has some; false for anything else.
func outlineOf(text []byte) (outline, bool) {
	o := outline{names: map[string]bool{}}
	d := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if d.PeekKind() != '{' {
		return o, false
	}
	_, _ = d.ReadToken() // the brace
	for d.PeekKind() != '}' {
		token, err := d.ReadToken()
		if err != nil {
			return o, false
		}
		name := token.String()
		value, err := d.ReadValue()
		if err != nil {
			return o, false
		}
		o.names[name] = true
		switch name {
		case "report":
			unquoted, _ := jsontext.AppendUnquote(nil, value) // no string: no report
			o.report = string(unquoted)
		case "revision":
			o.revision, _ = strconv.Atoi(string(value)) // no number: the gate says so
		case "data":
			o.data = value.Clone()
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return o, false
	}
	return o, len(o.names) > 0
}

// typeOf says which type of event a bare `data` is, by the members that only one has, and what must be added to it.
func typeOf(o outline) (typ, addition string) {
	has := func(name string) bool { return o.names[name] }
	later := o.revision > 1
	switch {
	case has("occurs"):
		if later {
			return events.TypeIncidentCorrected, ""
		}
		return events.TypeContextAnnounced, ""
	case has("n"):
		if has("kind") {
			return events.TypeIncidentCorrected, ""
		}
		return events.TypeCountsReported, ""
	case has("category"), has("occurred"), has("place"):
		if later {
			return events.TypeIncidentCorrected, ""
		}
		return events.TypeIncidentReported, ""
	case has("from"), has("to"):
		if !later {
			return events.TypeNothingReported, ""
		}
		if has("kind") {
			return events.TypeIncidentCorrected, ""
		}
		return events.TypeIncidentCorrected, `"kind":"nothing",`
	case later:
		return events.TypeIncidentWithdrawn, ""
	}
	return events.TypeIncidentReported, ""
}
