// SPDX-License-Identifier: EUPL-1.2

package events

import "github.com/google/uuid"

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

// DecodeHotspot reads a flagged, updated or cleared place and the type that says which. ErrOtherType for anything else.
func DecodeHotspot(body []byte) (Hotspot, string, error) {
	return decodeOutgoing[Hotspot](body, TypeHotspotFlagged, TypeHotspotUpdated, TypeHotspotCleared)
}
