// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/privacy"
)

// item is one event at the door.
type item struct {
	event   events.Event
	body    []byte          // as it goes into the stream
	msgID   string          // Nats-Msg-Id
	reasons []events.Reason // why it is not taken in; none: it is
}

// admit decides about one event: complete, decode, compare, screen. It reads no clock and nothing outside its arguments.
//
// Refused here is what cannot be an event, what names another agency, and personal data. What a sender must decide about
// otherwise (the quarantine codes) goes on to the correlator, which alone gives verdicts.
func admit(who grant, sent []byte, now time.Time) item {
	return admitAs(who, sent, sent, now)
}

// admitAs admits an event that the door made of what was sent (a correction, a withdrawal). The message id is of what was
// sent, so that the same bytes sent again a moment later are found to be the same although `time` was put in anew.
func admitAs(who grant, sent, event []byte, now time.Time) item {
	o := sketch(event)
	body := complete(who, event, o, now)
	e, found := events.Decode(body)
	found = append(found, e.Mismatch(who.municipality, who.agency, e.Verb)...)
	found = append(found, privacy.ScreenEvent(e)...)
	if o.read {
		found = withoutOurs(found, o, len(body)-len(event))
	}
	it := item{event: e, body: body}
	if slices.ContainsFunc(found, func(r events.Reason) bool { return refusedHere(r.Code) }) {
		it.reasons = ordered(found)
		return it
	}
	hash := sha256.Sum256(sent)
	it.msgID = string(e.Report) + ":" + strconv.Itoa(e.Revision) + ":" + hex.EncodeToString(hash[:8])
	return it
}

// withoutOurs takes back what is said about members that the sender was free to leave out, and counts offsets in what was
// sent.
func withoutOurs(found []events.Reason, o outline, added int) []events.Reason {
	found = slices.DeleteFunc(found, func(r events.Reason) bool { return !o.id.said && r.Path == "/id" })
	for i := range found {
		if found[i].Offset > o.inside {
			found[i].Offset = max(found[i].Offset-added, 0)
		}
	}
	return found
}

func refusedHere(c events.Code) bool {
	return c.Outcome() == events.Refused || c == events.AgencyMismatch || personal(c)
}

func personal(c events.Code) bool { return strings.HasPrefix(string(c), "pii_") }

// ordered puts the worst first: its code becomes the problem's, and the first 20 are told.
func ordered(found []events.Reason) []events.Reason {
	weight := func(r events.Reason) int {
		switch {
		case r.Code.Outcome() == events.Refused:
			return 0
		case r.Code == events.AgencyMismatch:
			return 1
		case personal(r.Code):
			return 2
		}
		return 3
	}
	slices.SortStableFunc(found, func(a, b events.Reason) int { return weight(a) - weight(b) })
	return found[:min(len(found), events.MaxReasons)]
}

func (it item) message(who grant) bus.Message {
	return bus.Message{
		Subject: events.IncidentSubject(who.municipality, who.agency, it.event.Verb), ID: it.msgID, Body: it.body,
	}
}

// stateOf says what became of an item, for metrics and results.
func (it item) state(r bus.Result) state {
	switch {
	case len(it.reasons) > 0 && personal(it.reasons[0].Code):
		return personalD
	case len(it.reasons) > 0:
		return refused
	case r.Err != nil:
		return unstored
	case r.Ack.Duplicate:
		return duplicate
	}
	return received
}
