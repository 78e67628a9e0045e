// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"crypto/sha256"
	"strconv"
	"strings"
	"time"

	"samsyn/events"
)

// arrival is one message of an agency's stream: what came, from whom by the stream's name, and when
// it was stored there.
type arrival struct {
	municipality events.MunicipalityID
	agency       events.AgencyID
	verb         events.Verb
	seq          uint64 // 0: it does not come from the stream just now
	stored       time.Time
	body         []byte
	// headers are the names of those that it came with.
	headers []string
}

// verdict is what became of one event and why. For an accepted incident, reading is how its place,
// code and time were understood.
type verdict struct {
	arrival
	event   events.Event
	sha     [sha256.Size]byte
	outcome events.Outcome
	reasons []events.Reason
	notes   []events.Note
	reading reading
	// row is the report of an accepted incident as it would stand alone; nil until it is drafted.
	row *report
}

// reading is the correlator's understanding of a report. It is stored with the verdict, so that a
// rebuild decides nothing again.
type reading struct {
	category, group string
	severity        int
	place           placed
}

// Limits of a sender's clock and of what counts as late.
const (
	clockTolerance = 5 * time.Minute
	// lateAfter is when the picture of the week in which it happened has surely been drawn.
	lateAfter = 14 * 24 * time.Hour
)

// judge decodes an event and decides what becomes of it. It is a pure function of the reference, the
// message and nothing else: time checks use the instant at which the stream stored the message, so
// that judging again gives the same verdict. Identity is not judged here: only Postgres knows what
// came before.
func (r *reference) judge(in arrival) verdict {
	return r.judgeWaiving(in, nil)
}

// judgeWaiving is judge for an event that its sender releases from quarantine: reasons with the
// waived codes no longer count.
func (r *reference) judgeWaiving(in arrival, waived map[events.Code]bool) verdict {
	v := verdict{arrival: in, sha: sumOf(in.body)}
	v.event, v.reasons = events.Decode(in.body)
	v.notes = v.event.Notes
	v.reasons = append(v.reasons, v.event.Mismatch(in.municipality, in.agency, in.verb)...)
	v.reasons = append(v.reasons, badHeaders(in.headers)...)
	if events.Worst(v.reasons) != events.Refused {
		r.read(&v)
	}
	v.reasons = unwaived(v.reasons, waived)
	v.outcome = events.Worst(v.reasons)
	v.reasons = v.reasons[:min(len(v.reasons), events.MaxReasons)]
	r.draft(&v)
	return v
}

// badHeaders names the headers that speak to the broker in the platform's place. The broker obeys or
// refuses most of them before anything is stored; one that it does not know reaches us.
func badHeaders(names []string) []events.Reason {
	var reasons []events.Reason
	for _, name := range names {
		if len(name) >= len(brokerHeaders) && strings.EqualFold(name[:len(brokerHeaders)], brokerHeaders) && !strings.EqualFold(name, messageID) {
			reasons = append(reasons, events.Reason{Code: events.BadHeader})
		}
	}
	return reasons
}

const (
	brokerHeaders = "Nats-"
	messageID     = "Nats-Msg-Id"
)

func unwaived(reasons []events.Reason, waived map[events.Code]bool) []events.Reason {
	if len(waived) == 0 {
		return reasons
	}
	var left []events.Reason
	for _, reason := range reasons {
		if !waived[reason.Code] {
			left = append(left, reason)
		}
	}
	return left
}

// read checks what needs the reference, the clock and the screen, and fills in the reading.
func (r *reference) read(v *verdict) {
	r.screen(v)
	e := v.event
	if e.Time.After(v.stored.Add(clockTolerance)) {
		v.quarantine(events.FutureTime, "/time")
	}
	switch {
	case e.Incident != nil:
		r.readIncident(v)
	case e.Nothing != nil:
		r.checkPeriod(v, e.Nothing.From, e.Nothing.To)
	case e.Counts != nil:
		r.checkPeriod(v, e.Counts.From, e.Counts.To)
		if found, ok := r.areas.Lookup(string(e.Counts.Area)); !ok || !found.Inside {
			v.quarantine(events.UnknownArea, "/data/area")
		}
		r.readCategory(v, e.Counts.Category)
	case e.Context != nil:
		for i, code := range e.Context.Areas {
			if _, ok := r.areas.Lookup(string(code)); !ok {
				v.quarantine(events.UnknownArea, "/data/areas/"+strconv.Itoa(i))
			}
		}
		if e.Context.Place != nil {
			r.readPlace(v, *e.Context.Place)
		}
	}
}

func (r *reference) readIncident(v *verdict) {
	in := v.event.Incident
	r.checkTime(v, in.Occurred)
	r.readCategory(v, in.Category)
	r.readPlace(v, in.Place)
	if in.Severity != 0 {
		v.reading.severity = in.Severity
	}
	for i, group := range in.Groups {
		if !r.groups[group] {
			v.quarantine(events.UnknownGroup, "/data/groups/"+strconv.Itoa(i))
		}
	}
}

func (r *reference) readCategory(v *verdict, code string) {
	category, mapped, known := r.category(v.agency, code)
	if !known {
		v.quarantine(events.UnknownCode, "/data/category")
		return
	}
	if mapped {
		v.note(events.MappedCode, "/data/category")
	}
	v.reading.category, v.reading.group, v.reading.severity = category.Code, category.Group, category.DefaultSeverity
}

// checkTime judges when it occurred by the stream's clock and by the municipality's history; what the
// event itself contradicts, Decode has said.
func (r *reference) checkTime(v *verdict, occurred events.Interval) {
	const from, to = "/data/occurred/from", "/data/occurred/to"
	switch {
	case occurred.From.Before(r.history):
		v.quarantine(events.TooOld, from)
	case occurred.From.After(v.stored.Add(clockTolerance)):
		v.quarantine(events.FutureTime, from)
	case occurred.To.After(v.stored.Add(clockTolerance)):
		v.quarantine(events.FutureTime, to)
	}
	if v.received(r).Sub(occurred.To) > lateAfter {
		v.note(events.Late, from)
	}
	if offsetUnusual(occurred.From, r.zone) {
		v.note(events.OffsetUnusual, from)
	}
}

func (r *reference) checkPeriod(v *verdict, from, to time.Time) {
	if from.Before(r.history) {
		v.quarantine(events.TooOld, "/data/from")
	}
	// A week's figures or a promise of calm may reach to the end of the running week, not beyond.
	if to.After(v.stored.Add(8 * 24 * time.Hour)) {
		v.quarantine(events.FutureTime, "/data/to")
	}
}

// received is when the report reached us; in a replay the stream's clock says nothing about that.
func (v *verdict) received(r *reference) time.Time {
	if r.replayed {
		return v.event.Time
	}
	return v.stored
}

// offsetUnusual says that a time was sent with another offset than the municipality's, and not in UTC.
func offsetUnusual(t time.Time, zone *time.Location) bool {
	_, sent := t.Zone()
	_, local := t.In(zone).Zone()
	return sent != 0 && sent != local
}

func (v *verdict) quarantine(code events.Code, path string) {
	v.reasons = append(v.reasons, events.Reason{Code: code, Path: path})
}

func (v *verdict) note(code events.Code, path string) {
	v.notes = append(v.notes, events.Note{Code: code, Path: path})
}

// key is the identity under which the event is kept. What cannot be an event is known by its bytes,
// and what says it is what other content already is, by its content.
type key struct {
	agency   events.AgencyID
	kind     string
	report   string
	revision int32
}

const (
	kindRefused  = "refused"
	kindConflict = "conflict"
)

func (v *verdict) key() key {
	if v.outcome == events.Refused {
		return key{v.agency, kindRefused, hexSum(v.sha), 0}
	}
	return key{v.agency, string(v.event.Kind), string(v.event.Report), int32(v.event.Revision)}
}

// conflictKey is by content and not by bytes: the same conflict in other words is the same one.
func (v *verdict) conflictKey() key {
	return key{v.agency, kindConflict, hexSum(v.event.Content), 0}
}

func hexSum(sum [sha256.Size]byte) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	b.Grow(2 * len(sum))
	for _, c := range sum {
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}

func sumOf(body []byte) [sha256.Size]byte { return sha256.Sum256(body) }
