// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
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

// Receipt tells the sender what became of one event.
type Receipt struct {
	Receipt   uuid.UUID   `json:"receipt"` // see ReceiptID: the same event has the same receipt whenever it comes again
	Kind      Kind        `json:"kind"`
	Report    ReportID    `json:"report"`
	Revision  int         `json:"revision"`
	ID        string      `json:"id"`         // the sender's id of the message
	StreamSeq uint64      `json:"stream_seq"` // where it stands in the agency's stream
	Content   string      `json:"content"`    // Event.Content in hex
	Outcome   Outcome     `json:"outcome"`
	Final     bool        `json:"final"`
	Notes     []Explained `json:"notes"`
	Reasons   []Explained `json:"reasons"`
	Decided   time.Time   `json:"decided"`
}

// ContentHex writes a content hash as receipts do.
func ContentHex(content [32]byte) string { return hex.EncodeToString(content[:]) }

// ReceiptID derives the id of a receipt from what it answers (UUID version 5), so that a resent event makes its receipt
// come again with the same id.
func ReceiptID(m MunicipalityID, a AgencyID, k Kind, r ReportID, revision int, content [32]byte, o Outcome) uuid.UUID {
	b := make([]byte, 0, 256)
	for _, part := range [...]string{"receipt", string(m), string(a), string(k), string(r), strconv.Itoa(revision), string(o)} {
		b = append(append(b, part...), 0)
	}
	return uuid.NewSHA1(uuid.NameSpaceURL, append(b, content[:]...))
}

// IncidentAccepted says that a report counts, counts otherwise than before, or no longer counts.
type IncidentAccepted struct {
	Municipality MunicipalityID `json:"municipality"`
	Agency       AgencyID       `json:"agency"`
	Report       ReportID       `json:"report"`
	Revision     int            `json:"revision"`
	District     AreaCode       `json:"district,omitempty"`
	Area         AreaCode       `json:"area,omitempty"` // empty is inside the municipality, outside every area
	Category     string         `json:"category"`
	Group        string         `json:"group"`
	Occurred     Interval       `json:"occurred"`
	Severity     int            `json:"severity"`
	Episode      uuid.UUID      `json:"episode"`  // linked reports share one
	Agencies     []AgencyID     `json:"agencies"` // of the episode
}

// HotspotKind says by which rule a place was flagged.
type HotspotKind string

// The kinds of flag.
const (
	KindSerious HotspotKind = "serious" // one very serious incident, at once
	KindRise    HotspotKind = "rise"    // more than expected
	KindCluster HotspotKind = "cluster" // space-time scan across areas
	KindRepeat  HotspotKind = "repeat"  // near repeat
)

// Grade says how strongly a flag calls.
type Grade string

// The grades.
const (
	GradeAlert Grade = "alert"
	GradeWatch Grade = "watch"
)

// Level is a level of area.
type Level string

// The levels, coarse to fine.
const (
	LevelMunicipality Level = "municipality"
	LevelDistrict     Level = "district"
	LevelArea         Level = "area"
)

// Hotspot is the data of hotspot.flagged, hotspot.updated and hotspot.cleared.
type Hotspot struct {
	ID             uuid.UUID     `json:"id"` // UUID version 5 of the flag's first cause: a rebuild finds the same
	Kind           HotspotKind   `json:"kind"`
	Grade          Grade         `json:"grade"`
	Level          Level         `json:"level"`
	Areas          []AreaCode    `json:"areas"`
	Group          string        `json:"group"`
	Category       string        `json:"category,omitempty"` // of a serious one
	Window         Interval      `json:"window"`
	Observed       int           `json:"observed"`
	Expected       float64       `json:"expected"`
	Interval       CountInterval `json:"interval"`
	RecurrenceDays float64       `json:"recurrence_days,omitempty"` // mean days between chance flags at least this strong on this level
	Agencies       []AgencyID    `json:"agencies"`
	New            bool          `json:"new"` // false is ongoing
	Reasons        []Text        `json:"reasons"`
	Reports        []ReportRef   `json:"reports"` // an agency's alert carries only its own
	Parts          []HotspotPart `json:"parts,omitempty"`
}

// CountInterval is the 5-95 % predictive interval of a count, both ends included.
type CountInterval struct {
	Low  int `json:"low"`
	High int `json:"high"`
}

// ReportRef is the identity of an incident report inside a municipality.
type ReportRef struct {
	Agency AgencyID `json:"agency"`
	Report ReportID `json:"report"`
}

// HotspotPart is a flag of the same group and window on another level, led by the one with the largest margin.
type HotspotPart struct {
	ID       uuid.UUID `json:"id"`
	Level    Level     `json:"level"`
	Area     AreaCode  `json:"area"`
	Observed int       `json:"observed"`
	Expected float64   `json:"expected"`
}

// Decision is what a review decided about a flagged place.
type Decision struct {
	ID       uuid.UUID `json:"id"`
	Hotspot  uuid.UUID `json:"hotspot"`
	Position string    `json:"position"` // act, watch, dismiss, hand_over
	Decided  time.Time `json:"decided"`
}

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

// DecodeReceipt reads a receipt; ErrOtherType for anything else that comes on the same subject.
func DecodeReceipt(body []byte) (Receipt, error) { return decodeOutgoing[Receipt](body, TypeReceipt) }

// DecodeHotspot reads a flagged, updated or cleared place; the type says which. ErrOtherType for anything else.
func DecodeHotspot(body []byte) (Hotspot, string, error) {
	h, err := decodeOutgoing[Hotspot](body, TypeHotspotFlagged, TypeHotspotUpdated, TypeHotspotCleared)
	if err != nil {
		return Hotspot{}, "", err
	}
	o, err := Open(body)
	return h, o.Type, err
}

func decodeOutgoing[T any](body []byte, types ...string) (T, error) {
	var data T
	o, err := Open(body)
	if err != nil {
		return data, err
	}
	for _, typ := range types {
		if o.Type != typ {
			continue
		}
		if err := json.Unmarshal(o.Data, &data); err != nil {
			return data, fmt.Errorf("read %s %s: %w", o.Type, o.ID, err)
		}
		return data, nil
	}
	return data, fmt.Errorf("%s: %w", o.Type, ErrOtherType)
}
