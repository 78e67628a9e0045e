// SPDX-License-Identifier: EUPL-1.2

package connector

import (
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"samsyn/events"
	"samsyn/internal/privacy"
	"samsyn/services/connector/outbox"
)

// judged is an event as this side sees it.
type judged struct {
	event   events.Event
	body    []byte
	reasons []events.Reason // why it does not leave; none: it does
}

// judge decides whether an event may leave. What cannot be an event, what names another agency and personal data stay; what
// a sender must decide about otherwise goes, because only the platform can tell.
func judge(body []byte, who identity) judged {
	e, found := events.Decode(body)
	if who.known() {
		found = append(found, e.Mismatch(who.municipality, who.agency, e.Verb)...)
	} else {
		// With an API key the platform fills in the source.
		found = slices.DeleteFunc(found, func(r events.Reason) bool { return r.Path == "/source" && r.Code == events.Required })
	}
	found = append(found, privacy.ScreenEvent(e)...)
	if !slices.ContainsFunc(found, func(r events.Reason) bool { return stays(r.Code) }) {
		found = nil
	}
	return judged{event: e, body: body, reasons: found[:min(len(found), events.MaxReasons)]}
}

func stays(c events.Code) bool {
	return c.Outcome() == events.Refused || c == events.AgencyMismatch || strings.HasPrefix(string(c), "pii_")
}

// key names the version of the report that an event is.
func key(e events.Event) outbox.Key {
	return outbox.Key{Kind: e.Kind, Report: e.Report, Revision: e.Revision}
}

// toSend makes the row of an event that may leave.
func (j judged) toSend(line int, print string) outbox.NewRow {
	return outbox.NewRow{
		Row: outbox.Row{
			Line: line, Key: key(j.event), Verb: j.event.Verb, Content: events.ContentHex(j.event.Content), Print: print, Time: j.event.Time,
		},
		Body: j.body,
	}
}

// refusal makes the row of one that stays.
func refusal(line int, k outbox.Key, reasons []outbox.Reason, now time.Time) outbox.NewRow {
	return outbox.NewRow{Row: outbox.Row{Line: line, Key: k, Answer: &outbox.Answer{
		Outcome: events.Refused, Final: true, By: outbox.ByConnector, Reasons: reasons, Decided: now,
	}}}
}

// unchanged makes the row of what was sent before: it is answered as that was, or will be.
func unchanged(line int, k outbox.Known) outbox.NewRow {
	return outbox.NewRow{Row: outbox.Row{Line: line, Key: k.Key, Content: k.Content, Print: k.Print, Same: true, Answer: k.Answer}}
}

// skipped makes the row that the mapping does not want sent.
func skipped(line int, now time.Time) outbox.NewRow {
	return outbox.NewRow{Row: outbox.Row{Line: line, Answer: &outbox.Answer{Outcome: outbox.Skipped, Final: true, By: outbox.ByConnector, Decided: now}}}
}

func printOf(content [32]byte) string {
	const enough = 16
	return hex.EncodeToString(content[:enough])
}

// reasons adds to each reason the column that it is about; columns may be nil.
func explain(found []events.Reason, columns func(path string) string) []outbox.Reason {
	out := make([]outbox.Reason, len(found))
	for i, e := range events.Explain(found) {
		out[i] = outbox.Reason{Explained: e}
		if text, own := messages[e.Code]; own {
			out[i].Message = text
		}
		if columns != nil {
			out[i].Column = columns(e.Path)
		}
	}
	return out
}

// answered is what a receipt says.
func answered(r events.Receipt) outbox.Answered {
	return outbox.Answered{
		Key: outbox.Key{Kind: r.Kind, Report: r.Report, Revision: r.Revision}, Content: r.Content,
		Answer: outbox.Answer{
			Outcome: r.Outcome, Final: r.Final, By: outbox.ByPlatform, Receipt: r.Receipt.String(), StreamSeq: r.StreamSeq,
			Reasons: reasons(r.Reasons), Notes: reasons(r.Notes), Decided: r.Decided,
		},
	}
}

func reasons(from []events.Explained) []outbox.Reason {
	var out []outbox.Reason
	for _, e := range from {
		out = append(out, outbox.Reason{Explained: e})
	}
	return out
}
