// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"encoding/hex"
	"strconv"
	"time"

	"github.com/google/uuid"
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

// DecodeReceipt reads a receipt; ErrOtherType for anything else that comes on the same subject.
func DecodeReceipt(body []byte) (Receipt, error) {
	r, _, err := decodeOutgoing[Receipt](body, TypeReceipt)
	return r, err
}
