// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"samsyn/events"
)

// outline is what must be known of an event before it is decoded: which members it has, and where others can be put.
type outline struct {
	read                          bool // it is one JSON object; otherwise nothing else is set
	specVersion, id, source, time slot
	inside                        int // offset just inside the object
	empty                         bool
	data                          dataOutline
}

// dataOutline is the same of an event's data.
type dataOutline struct {
	read             bool
	trailing         bool // something follows the object
	report, revision slot
	inside           int
	empty            bool

	reportID string
	number   int // the revision, 1 when it is not said or no revision
	kind     events.Kind
}

// slot is a member that may be put in. null is the same as left out, and is then what is replaced.
type slot struct {
	said     bool
	null     bool
	from, to int // where its value stands
}

var byteOrderMark = []byte("\uFEFF")

// sketch reads the outline of an event. It decides nothing: what it cannot read, events.Decode refuses.
func sketch(body []byte) outline {
	var o outline
	skipped := 0
	if bytes.HasPrefix(body, byteOrderMark) {
		skipped = len(byteOrderMark)
	}
	inside, _, empty, ok := members(body[skipped:], func(name string, from int, value jsontext.Value) {
		from += skipped
		switch name {
		case "specversion":
			o.specVersion.note(from, value)
		case "id":
			o.id.note(from, value)
		case "source":
			o.source.note(from, value)
		case "time":
			o.time.note(from, value)
		case "data":
			o.data = sketchData(value)
		}
	})
	if !ok {
		return outline{}
	}
	o.read, o.inside, o.empty = true, skipped+inside, empty
	return o
}

// sketchData reads the outline of data; offsets are within it.
func sketchData(data []byte) dataOutline {
	o := dataOutline{kind: events.KindIncident, number: 1}
	inside, end, empty, ok := members(data, func(name string, from int, value jsontext.Value) {
		switch name {
		case "report":
			o.report.note(from, value)
			o.reportID = unquote(value)
		case "revision":
			o.revision.note(from, value)
			if n, err := strconv.ParseFloat(string(value), 64); err == nil && n == math.Trunc(n) && n >= 1 && n <= math.MaxInt32 {
				o.number = int(n)
			}
		case "kind":
			o.kind = kindOf(unquote(value))
		}
	})
	if !ok {
		return dataOutline{}
	}
	o.read, o.inside, o.empty = true, inside, empty
	o.trailing = len(bytes.TrimSpace(data[end:])) > 0
	return o
}

// kindOf says of which kind of report a correction is. A context event's own kind (event, warning ...) says that it is one.
func kindOf(kind string) events.Kind {
	switch k := events.Kind(kind); k {
	case events.KindNothing, events.KindCounts, events.KindContext:
		return k
	}
	switch kind {
	case "event", "warning", "holiday", "other":
		return events.KindContext
	}
	return events.KindIncident
}

func (s *slot) note(from int, value jsontext.Value) {
	s.null = value.Kind() == 'n'
	s.said = !s.null
	s.from, s.to = from, from+len(value)
}

// members calls each for every member of the object that body begins with. inside is the offset after its opening brace,
// end the one after its closing brace.
func members(body []byte, each func(name string, from int, value jsontext.Value)) (inside, end int, empty, ok bool) {
	// The gate refuses what these options let through, with reasons; here they only must not stand in the way.
	d := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	open, err := d.ReadToken()
	if err != nil || open.Kind() != '{' {
		return 0, 0, false, false
	}
	inside, empty = int(d.InputOffset()), d.PeekKind() == '}'
	for d.PeekKind() != '}' {
		token, err := d.ReadToken()
		if err != nil {
			return 0, 0, false, false
		}
		name := token.String()
		value, err := d.ReadValue()
		if err != nil {
			return 0, 0, false, false
		}
		each(name, int(d.InputOffset())-len(value), value)
	}
	_, err = d.ReadToken()
	return inside, int(d.InputOffset()), empty, err == nil
}

func unquote(value jsontext.Value) string {
	s, err := jsontext.AppendUnquote(nil, value)
	if err != nil {
		return ""
	}
	return string(s)
}

// addition is a member that is put in for the sender.
type addition struct {
	slot
	name, value string
}

// insert puts in what the sender left out: in place of a null, or first in the object that begins before inside.
func insert(body []byte, inside int, empty bool, additions []addition) []byte {
	var first []byte
	for _, a := range additions {
		if !a.null {
			first = append(append(append(strconv.AppendQuote(first, a.name), ':'), a.value...), ',')
		}
	}
	if empty && len(first) > 0 {
		first = first[:len(first)-1]
	}
	slices.SortFunc(additions, func(a, b addition) int { return a.from - b.from })
	out := make([]byte, 0, len(body)+256)
	out = append(append(out, body[:inside]...), first...)
	at := inside
	for _, a := range additions {
		if a.null {
			out = append(append(out, body[at:a.from]...), a.value...)
			at = a.to
		}
	}
	return append(out, body[at:]...)
}

// complete puts in what the sender may leave out of the envelope: specversion, source, id (<report>:<revision>) and time
// (now). What the sender wrote is never changed.
func complete(who grant, sent []byte, o outline, now time.Time) []byte {
	if !o.read {
		return sent
	}
	var additions []addition
	add := func(s slot, name, value string) {
		if !s.said {
			additions = append(additions, addition{s, name, value})
		}
	}
	add(o.specVersion, "specversion", `"1.0"`)
	if events.ReportID(o.data.reportID).Valid() {
		add(o.id, "id", `"`+o.data.reportID+":"+strconv.Itoa(o.data.number)+`"`)
	}
	add(o.source, "source", `"`+events.Source(who.municipality, who.agency)+`"`)
	add(o.time, "time", `"`+stamp(now)+`"`)
	return insert(sent, o.inside, o.empty, additions)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
