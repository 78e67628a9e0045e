// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/google/uuid"
	"github.com/klauspost/compress/s2"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/services/correlator/link"
)

// answer says what became of a new event: a receipt to its sender and, where it moved a report, an
// event for whoever follows the picture.
func (b *booking) answer(it item) {
	b.receipt(it, it.outcome, it.reasons, it.notes)
	if it.outcome == events.Accepted && it.event.Kind == events.KindIncident {
		b.correlated(it)
	}
}

func (b *booking) receipt(it item, outcome events.Outcome, reasons []events.Reason, notes []events.Note) {
	e := it.event
	id := events.ReceiptID(b.ref.municipality, it.agency, e.Kind, e.Report, e.Revision, e.Content, outcome)
	b.send(events.ReceiptSubject(b.ref.municipality, it.agency), id.String(), id.String(), events.TypeReceipt, events.Receipt{
		Receipt: id, Kind: e.Kind, Report: e.Report, Revision: e.Revision, ID: e.ID, StreamSeq: it.seq,
		Content: events.ContentHex(e.Content), Outcome: outcome, Final: outcome.Final(),
		Reasons: events.Explain(reasons), Notes: events.Explain(notes), Decided: b.now,
	})
}

// repeat sends the latest receipt of an event that came again, under the id it had. The message id
// differs, or the stream would take the repetition for the first.
func (b *booking) repeat(it item, k known) {
	b.outcomes[duplicate]++
	notes := append(recall(k.Notes), events.Note{Code: events.Duplicate})
	receipt := k.receipt(b.ref.municipality, events.Outcome(k.Outcome), notes, k.DecidedAt)
	id := receipt.Receipt.String()
	b.send(events.ReceiptSubject(b.ref.municipality, it.agency), id, id+"/"+strconv.FormatUint(it.seq, 10), events.TypeReceipt, receipt)
}

// duplicate labels, in metrics, an event that came again.
const duplicate events.Outcome = "duplicate"

// recall reads reasons or notes back from the store, which wrote them.
func recall(stored []byte) []events.Reason {
	var reasons []events.Reason
	if len(stored) > 0 {
		_ = json.Unmarshal(stored, &reasons) // the database holds valid JSON of our own writing
	}
	return reasons
}

var correlatedTypes = map[events.Verb]string{
	events.Reported: events.TypeAccepted, events.Corrected: events.TypeAcceptedCorrected, events.Withdrawn: events.TypeAcceptedWithdrawn,
}

func (b *booking) correlated(it item) {
	row := b.near.entries[link.Key{Agency: string(it.agency), Report: it.key.report}].after
	if row.Revision != it.key.revision {
		return // a higher revision is the picture
	}
	agencies := make([]events.AgencyID, len(row.Agencies))
	for i, a := range row.Agencies {
		agencies[i] = events.AgencyID(a)
	}
	area := events.AreaCode(row.Area)
	if area == "" {
		area = events.AreaCode(b.ref.municipality)
	}
	id := uuid.NewSHA1(uuid.NameSpaceURL, []byte("correlated\n"+string(b.ref.municipality)+"\n"+row.Agency+"\n"+row.Report+"\n"+strconv.Itoa(it.event.Revision))).String()
	b.send(events.CorrelatedSubject(b.ref.municipality, area), id, id, correlatedTypes[it.verb], events.IncidentAccepted{
		Municipality: b.ref.municipality, Agency: it.agency, Report: it.event.Report, Revision: it.event.Revision,
		District: events.AreaCode(row.District), Area: events.AreaCode(row.Area), Category: row.Category, Group: row.Grp,
		Occurred: events.Interval{From: row.OccurredFrom.UTC(), To: row.OccurredTo.UTC()}, Severity: int(row.Severity),
		Episode: row.Episode, Agencies: agencies,
	})
}

func (b *booking) send(subject, eventID, messageID, typ string, data any) {
	body, err := events.Envelope(eventID, events.PlatformSource(b.ref.municipality), typ, b.now, data)
	if err != nil {
		panic(err) // our own types always encode
	}
	b.outgoing = append(b.outgoing, bus.Message{Subject: subject, ID: messageID, Body: body})
}

// pack writes messages into one row: each as three strings, each string after its length, and all of
// it compressed. Messages of a batch are much alike, so the row is a tenth of them: it is written to
// the log and deleted a moment later.
func pack(messages []bus.Message) []byte {
	size := 0
	for _, m := range messages {
		size += len(m.Subject) + len(m.ID) + len(m.Body) + 9
	}
	row := make([]byte, 0, size)
	for _, m := range messages {
		row = append(binary.AppendUvarint(row, uint64(len(m.Subject))), m.Subject...)
		row = append(binary.AppendUvarint(row, uint64(len(m.ID))), m.ID...)
		row = append(binary.AppendUvarint(row, uint64(len(m.Body))), m.Body...)
	}
	return s2.Encode(nil, row)
}

var errPacked = errors.New("outgoing row is cut short")

func unpack(packed []byte) ([]bus.Message, error) {
	row, err := s2.Decode(nil, packed)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errPacked, err)
	}
	var messages []bus.Message
	for len(row) > 0 {
		var parts [3][]byte
		for i := range parts {
			n, used := binary.Uvarint(row)
			if used <= 0 || n > uint64(len(row)-used) {
				return nil, errPacked
			}
			parts[i], row = row[used:used+int(n)], row[used+int(n):]
		}
		messages = append(messages, bus.Message{Subject: string(parts[0]), ID: string(parts[1]), Body: parts[2]})
	}
	return messages, nil
}
