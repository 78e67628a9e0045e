// SPDX-License-Identifier: EUPL-1.2

package events

import "github.com/google/uuid"

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

// DecodeAccepted reads an accepted, corrected or withdrawn incident from correlated.> and the type that says which.
// ErrOtherType for anything else.
func DecodeAccepted(body []byte) (IncidentAccepted, string, error) {
	return decodeOutgoing[IncidentAccepted](body, TypeAccepted, TypeAcceptedCorrected, TypeAcceptedWithdrawn)
}
