// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"time"

	"github.com/google/uuid"
)

// Decision is what a review decided about a flagged place.
type Decision struct {
	ID       uuid.UUID `json:"id"`
	Hotspot  uuid.UUID `json:"hotspot"`
	Position string    `json:"position"` // act, watch, dismiss, hand_over
	Decided  time.Time `json:"decided"`
}
