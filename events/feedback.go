// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// FeedbackState is how far the review has come with a report.
type FeedbackState string

// The states, in the order in which a report comes to them. A report without feedback is received and nothing more. A decision can
// be changed, so a report may go back.
const (
	FeedbackPicture  FeedbackState = "picture"  // it was counted in a frozen situation report
	FeedbackPosition FeedbackState = "position" // the place it is part of got a position
	FeedbackDone     FeedbackState = "done"     // what was decided is done
)

// Feedback tells an agency what came of one of its reports. It comes on the subject of its receipts, once for each change, and holds no
// text of the report and no person.
type Feedback struct {
	Feedback uuid.UUID     `json:"feedback"` // see FeedbackID
	Report   ReportID      `json:"report"`
	Change   int           `json:"change"` // what came of a report is numbered from 1; the highest holds
	State    FeedbackState `json:"state"`
	Week     string        `json:"week,omitempty"`     // the week whose situation report it was counted in, 2026-W47
	Position string        `json:"position,omitempty"` // act, watch, dismiss, hand_over
	Until    string        `json:"until,omitempty"`    // of watch: the week in which the place comes back
	Measure  string        `json:"measure,omitempty"`  // of act: night_walk, lighting, ...
	Action   string        `json:"action,omitempty"`   // of act: open, done, cancelled
	Text     Text          `json:"text"`               // the same in a sentence or two
	Changed  time.Time     `json:"changed"`            // by the municipality's clock
}

// FeedbackID derives the id of a change from what it is about (UUID version 5), so that the same change told twice has one id.
func FeedbackID(m MunicipalityID, a AgencyID, r ReportID, change int) uuid.UUID {
	var b []byte
	for _, part := range [...]string{"feedback", string(m), string(a), string(r), strconv.Itoa(change)} {
		b = append(append(b, part...), 0)
	}
	return uuid.NewSHA1(uuid.NameSpaceURL, b)
}

// Message writes the event for the subject of m's agency a (ReceiptSubject).
func (f Feedback) Message(m MunicipalityID) (body []byte, err error) {
	body, err = Envelope(f.Feedback.String(), PlatformSource(m), TypeFeedback, f.Changed, f)
	if err != nil {
		return nil, fmt.Errorf("write feedback on %s: %w", f.Report, err)
	}
	return body, nil
}

// DecodeFeedback reads what came of a report; ErrOtherType for anything else that comes on the same subject.
func DecodeFeedback(body []byte) (Feedback, error) {
	f, _, err := decodeOutgoing[Feedback](body, TypeFeedback)
	return f, err
}
