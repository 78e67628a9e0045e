// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// The types of event that the platform sends. The corrected and withdrawn ones share their names with what an agency
// sends; they are told apart by subject (correlated.>) and by source (urn:samsyn:<municipality>).
const (
	TypeReceipt           = "samsyn.receipt.v1"
	TypeFeedback          = "samsyn.feedback.v1"
	TypeAccepted          = "samsyn.incident.accepted.v1"
	TypeAcceptedCorrected = TypeIncidentCorrected
	TypeAcceptedWithdrawn = TypeIncidentWithdrawn
	TypeHotspotFlagged    = "samsyn.hotspot.flagged.v1"
	TypeHotspotUpdated    = "samsyn.hotspot.updated.v1"
	TypeHotspotCleared    = "samsyn.hotspot.cleared.v1"
	TypeDecision          = "samsyn.decision.decided.v1"
)

// Outgoing is an event of the platform as a reader meets it. Members it does not name are ignored, so that a reader
// lives on when more are added.
type Outgoing struct {
	ID     string          `json:"id"`
	Source string          `json:"source"`
	Type   string          `json:"type"`
	Time   time.Time       `json:"time"`
	Data   json.RawMessage `json:"data"`
}

type envelope struct {
	SpecVersion     string    `json:"specversion"`
	ID              string    `json:"id"`
	Source          string    `json:"source"`
	Type            string    `json:"type"`
	Time            time.Time `json:"time"`
	DataContentType string    `json:"datacontenttype"`
	Data            any       `json:"data"`
}

// Envelope writes an outgoing event in CloudEvents structured JSON, with its time in UTC. It fails only when data cannot
// be written as JSON.
func Envelope(id, source, typ string, at time.Time, data any) ([]byte, error) {
	body, err := json.Marshal(envelope{"1.0", id, source, typ, at.UTC(), "application/json", data})
	if err != nil {
		return nil, fmt.Errorf("write %s %s: %w", typ, id, err)
	}
	return body, nil
}

// ErrOtherType is returned for an event of another type than the one asked for; readers pass over it.
var ErrOtherType = errors.New("event of another type")

// Open reads the envelope of an outgoing event and leaves its data for the type's own decoder.
func Open(body []byte) (Outgoing, error) {
	var o Outgoing
	if err := json.Unmarshal(body, &o); err != nil {
		return Outgoing{}, fmt.Errorf("open event: %w", err)
	}
	if o.Type == "" {
		return Outgoing{}, errors.New("open event: no type")
	}
	return o, nil
}

// decodeOutgoing reads the data of an event of one of the types, and says which it was.
func decodeOutgoing[T any](body []byte, types ...string) (data T, typ string, err error) {
	o, err := Open(body)
	if err != nil {
		return data, "", err
	}
	if !slices.Contains(types, o.Type) {
		return data, "", fmt.Errorf("%s: %w", o.Type, ErrOtherType)
	}
	if err := json.Unmarshal(o.Data, &data); err != nil {
		return data, "", fmt.Errorf("read %s %s: %w", o.Type, o.ID, err)
	}
	return data, o.Type, nil
}
