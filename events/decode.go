// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"crypto/sha256"
	"strings"
	"time"
)

// SchemaPrefix begins the $id of every event's schema; `dataschema`, when an event has it, is SchemaPrefix + its type.
const SchemaPrefix = "urn:samsyn:schema:"

// reportSlack is how much later than its report an incident may have occurred: clocks differ.
const reportSlack = 5 * time.Minute

// Decode reads one event as an agency sent it (CloudEvents 1.0, structured JSON) and gives every reason, at most
// MaxReasons, why it is not simply accepted. No reasons means that, on its own, it is good.
//
// Decode knows neither the clock nor any municipality: what needs them, or the screening of texts, is the correlator's.
// So most reasons refuse, but some quarantine (schema_unsupported, time_order, default_time, coords_sweref,
// coords_swapped): take Worst of the reasons. The Event is as complete as could be read, also when it is refused, and its
// identifiers are valid or empty, so that a receipt can name what it answers.
//
// Content is the SHA-256 of `data` in canonical form (RFC 8785) without x_ members and without members that are null,
// taken before anything is cleaned; of a body that cannot be read, of its bytes. null is the same as left out, everywhere.
//
// Decode never panics, keeps nothing of body, and takes about 6 µs for a usual event.
func Decode(body []byte) (Event, []Reason) {
	var w walk
	var e Event
	if w.read(body) {
		w.event(&e)
	} else {
		e.Content = sha256.Sum256(body)
	}
	e.Notes = w.notes
	return e, w.reasons
}

type envelopeMembers struct {
	specversion, id, source, typ, time, contentType, schema, subject, traceparent, tracestate, data int32
}

func (m *envelopeMembers) slot(name []byte) *int32 {
	switch string(name) {
	case "specversion":
		return &m.specversion
	case "id":
		return &m.id
	case "source":
		return &m.source
	case "type":
		return &m.typ
	case "time":
		return &m.time
	case "datacontenttype":
		return &m.contentType
	case "dataschema":
		return &m.schema
	case "subject":
		return &m.subject
	case "traceparent":
		return &m.traceparent
	case "tracestate":
		return &m.tracestate
	case "data":
		return &m.data
	}
	return nil
}

// event reads the envelope and then the data that its type calls for. Of a version that is not ours only the identity is
// read: what else it holds, nobody here can judge.
func (w *walk) event(e *Event) {
	var m envelopeMembers
	before := len(w.reasons)
	for c := w.first(0); c < w.past(0); c = w.past(c) {
		w.take(m.slot(w.name(c)), c, false)
	}
	known := len(w.reasons)
	ours := w.typ(m.typ, e)
	if !w.ourSchema(m.schema, e.Type) {
		ours = false
	}
	if !ours && e.Verb != "" {
		w.reasons = append(w.reasons[:before], w.reasons[known:]...)
	}
	w.envelope(m, e)
	if m.data == 0 {
		w.missing(Required, 0, "data")
		e.Content = w.content(0)
		return
	}
	e.Content = w.content(m.data)
	if ours {
		w.data(m.data, e)
	} else {
		w.identity(m.data, e)
	}
}

// typ reads the type; false when its data is not of a form known here.
func (w *walk) typ(i int32, e *Event) bool {
	if i == 0 {
		w.missing(Required, 0, "type")
		return false
	}
	b, ok := w.str(i)
	if !ok {
		return false
	}
	typ, verb, kind, ours := parseType(string(b))
	if verb == "" {
		w.fail(NotAnEvent, i)
		return false
	}
	e.Type, e.Verb, e.Kind = typ, verb, kind
	if !ours {
		w.fail(SchemaUnsupported, i)
	}
	return ours
}

// parseType takes a type apart. ours is false for a version that is not 1; verb is empty for what is no event of an agency.
func parseType(typ string) (own string, verb Verb, kind Kind, ours bool) {
	if own, verb, kind = firstVersion(typ); verb != "" {
		return own, verb, kind, true
	}
	base, version, _ := strings.Cut(typ, ".v")
	if len(version) > 4 || strings.Trim(version, "0123456789") != "" || version == "" || version[0] == '0' {
		return "", "", "", false
	}
	if _, verb, kind = firstVersion(base + ".v1"); verb == "" {
		return "", "", "", false
	}
	return typ, verb, kind, false
}

func firstVersion(typ string) (own string, verb Verb, kind Kind) {
	switch typ {
	case TypeIncidentReported:
		return TypeIncidentReported, Reported, KindIncident
	case TypeIncidentCorrected:
		return TypeIncidentCorrected, Corrected, KindIncident
	case TypeIncidentWithdrawn:
		return TypeIncidentWithdrawn, Withdrawn, KindIncident
	case TypeNothingReported:
		return TypeNothingReported, NothingVerb, KindNothing
	case TypeCountsReported:
		return TypeCountsReported, CountsVerb, KindCounts
	case TypeContextAnnounced:
		return TypeContextAnnounced, ContextVerb, KindContext
	}
	return "", "", ""
}

func (w *walk) ourSchema(i int32, typ string) bool {
	b, ok := w.str(i)
	if !ok || typ == "" {
		return true
	}
	if rest, found := strings.CutPrefix(string(b), SchemaPrefix); found && rest == typ {
		return true
	}
	w.fail(SchemaUnsupported, i)
	return false
}

func (w *walk) envelope(m envelopeMembers, e *Event) {
	for _, need := range [...]struct {
		i    int32
		name string
	}{{m.specversion, "specversion"}, {m.id, "id"}, {m.source, "source"}, {m.time, "time"}} {
		if need.i == 0 {
			w.missing(Required, 0, need.name)
		}
	}
	if b, ok := w.str(m.specversion); ok && string(b) != "1.0" {
		w.fail(OutOfRange, m.specversion)
	}
	e.ID = w.id(m.id, maxID)
	if b, ok := w.str(m.source); ok {
		source := string(b)
		if municipality, agency, ok := ParseSource(source); ok {
			e.Source, e.Municipality, e.Agency = source, municipality, agency
		} else {
			w.fail(OutOfRange, m.source)
		}
	}
	e.Time, _ = w.moment(m.time)
	if b, ok := w.str(m.contentType); ok && !isJSON(string(b)) {
		w.fail(OutOfRange, m.contentType)
	}
	e.Subject = w.line(m.subject, maxAttribute)
	w.line(m.traceparent, maxAttribute)
	w.line(m.tracestate, maxAttribute)
}

func isJSON(contentType string) bool {
	return contentType == "application/json" || contentType == "application/json; charset=utf-8"
}

// identity reads what a receipt needs from data that cannot be judged here, and says nothing about the rest.
func (w *walk) identity(data int32, e *Event) {
	e.Revision = 1
	if w.nodes[data].kind != '{' {
		return
	}
	said, noted := len(w.reasons), len(w.notes)
	for c := w.first(data); c < w.past(data); c = w.past(c) {
		switch string(w.name(c)) {
		case "report":
			e.Report = ReportID(w.id(c, maxReport))
		case "revision":
			if n, ok := w.integer(c, 1, maxRevision, RevisionRange); ok {
				e.Revision = n
			}
		case "kind":
			if e.Verb == Corrected || e.Verb == Withdrawn {
				if b, ok := w.str(c); ok {
					e.Kind, _ = correctedKind(string(b))
				}
			}
		}
	}
	w.reasons, w.notes = w.reasons[:said], w.notes[:noted]
}
