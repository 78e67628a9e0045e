// SPDX-License-Identifier: EUPL-1.2

package events

import "time"

// Incident is the data of incident.reported and incident.corrected: one report of one thing at one place.
// Empty strings, 0 and nil mean "not said"; defaults that need the agreement or the category are the correlator's.
type Incident struct {
	Category       string   // a code of schemas/categories.json, lower-cased; or x:<code>, the agency's own, as sent
	Occurred       Interval // at most 31 days
	Place          Place
	PlaceType      string // one of PlaceTypes
	Severity       int    // 1-4; 0 is not said
	Certainty      string // observed (also when not said), likely, possible
	Persons        string // none, 1-2, 3-9, 10-29, 30+, unknown
	Ongoing        bool
	Text           string // at most 500 characters, cleaned, not yet screened for personal data
	MeasuresTaken  []string
	PoliceReported string    // yes, no, unknown
	Sharing        string    // withheld, counts, coordinators, partners; empty is as the agreement says
	Groups         []string  // narrows Sharing to the members of these groups
	ShareAfter     time.Time // until then only the own agency opens the report; zero is not said
	Unit           string
	Reporter       string // opaque: only the own agency can resolve it
	Origin         string // told, found, presence
	Test           bool   // never counted, never shown outside admin
	Reference      string // the agency's case number: only that agency sees it
	Reviewed       []string
}

// CertaintyObserved is the certainty of a report that does not say.
const CertaintyObserved = "observed"

// PlaceTypes lists the kinds of place a report may name. A dwelling is refused: Samsyn is about places open to many.
func PlaceTypes() []string {
	return []string{
		"square", "park", "school_yard", "stairwell", "cellar_storage", "laundry", "garage", "parking", "bus_stop", "station",
		"shopping_centre", "playground", "path_tunnel", "youth_centre", "library", "other_public",
	}
}

// Place says where: one or more of its parts, the most exact is used (point or grid, then property, then area).
type Place struct {
	Point    *Point   `json:"point,omitempty"`
	Grid     *Grid    `json:"grid,omitempty"`
	Property string   `json:"property,omitempty"` // key or address in the agency's property register
	Area     AreaCode `json:"area,omitempty"`
}

// Point is a place in WGS 84 (EPSG:4326), in degrees.
type Point struct {
	Lon float64 `json:"lon"`
	Lat float64 `json:"lat"`
}

// Grid is a place in the municipality's projected system (SWEREF 99 TM, EPSG:3006, unless configured otherwise), in metres.
type Grid struct {
	Easting  float64 `json:"easting"`
	Northing float64 `json:"northing"`
}

// Nothing is the data of nothing.reported: a unit had nothing to report. Silence is not calm; this is.
type Nothing struct {
	From, To time.Time
	Unit     string // empty is the whole agency
}

// Counts is the data of counts.reported, from those who can give only figures (police statistics).
// They are kept and shown beside the incidents, never mixed into them.
type Counts struct {
	From, To time.Time
	Area     AreaCode
	Category string
	N        int
}

// Context is the data of context.announced: a match, a market, a school holiday, a warning. It is never counted and can
// explain a rise.
type Context struct {
	Kind   string // event, warning, holiday, other
	Occurs Interval
	Areas  []AreaCode
	Place  *Place
	Text   string
}

// Withdrawal is the data of incident.withdrawn; it leaves a tombstone whether or not the report has come.
type Withdrawal struct {
	Reason string // in the sender's words, at most 500 characters, not yet screened for personal data
}
