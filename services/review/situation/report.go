// SPDX-License-Identifier: EUPL-1.2

package situation

import (
	"time"

	"github.com/google/uuid"
)

// Format is the version of Report as JSON. A stored report of an older format still decodes.
const Format = 1

// Report is the picture of one municipality in one ISO week, as it was when it was frozen. It holds no text that a reporter
// wrote and no person. Codes of areas, agencies, groups and categories stand with the names they had then, so that the report
// reads the same when those change. Dates are local days (2026-11-16), moments UTC.
type Report struct {
	Format       int    `json:"format"`
	Municipality string `json:"municipality"`
	Name         string `json:"name"`
	MadeUp       bool   `json:"made_up"`
	// Zone is the time zone of days and hours.
	Zone string `json:"zone"`
	// Week is the ISO week, 2026-W47; From and To are its Monday and Sunday.
	Week string `json:"week"`
	From string `json:"from"`
	To   string `json:"to"`
	// Version counts from 1; FrozenAt is by the municipality's clock. FrozenBy is a person, or empty: at the deadline, by itself.
	Version  int       `json:"version"`
	FrozenAt time.Time `json:"frozen_at"`
	FrozenBy string    `json:"frozen_by"`
	// Previous is the hash of the version before, empty for the first: versions are a chain.
	Previous string `json:"previous"`
	// Batch is the correlator's last batch that is in it.
	Batch int64 `json:"batch"`
	Basis Basis `json:"basis"`

	Totals   Totals         `json:"totals"`
	Groups   []GroupFigure  `json:"groups"`
	Areas    []AreaFigure   `json:"areas"`
	Days     []DayFigure    `json:"days"`
	Hours    Hours          `json:"hours"`
	Weeks    []WeekFigure   `json:"weeks"`
	Coverage []Source       `json:"coverage"`
	Places   []Place        `json:"places"`
	Burdens  []Burden       `json:"burdens"`
	Weekly   []WeeklyFigure `json:"weekly_figures"`
	Coming   []Coming       `json:"coming"`
	// Positions and Actions are what is to be followed up: due in the week after, late, or done since the Monday of this week.
	Positions []PositionLine `json:"positions"`
	Actions   []ActionLine   `json:"actions"`
}

// Basis is what the numbers stand on: the counted reports, by agency, report and revision, kept beside the report. SHA256 is
// the hash of their lines "agency/report/revision\n" in byte order, so that the list is under the report's own hash.
type Basis struct {
	Reports int    `json:"reports"`
	SHA256  string `json:"sha256"`
}

// Expected is what was to be expected of a number by what was known of the time before: the mean and the 5-95 % interval.
type Expected struct {
	Mean float64 `json:"mean"`
	Low  int     `json:"low"`
	High int     `json:"high"`
}

// Totals are the week in numbers. Incidents are those of groups that are held against an expectation; Others those that are
// counted and shown apart (traffic, physical places, context). Outside are incidents of both that lie in no area.
type Totals struct {
	Incidents int       `json:"incidents"`
	Others    int       `json:"others"`
	Reports   int       `json:"reports"`
	Outside   int       `json:"outside"`
	Expected  *Expected `json:"expected,omitempty"`
}

// GroupFigure is one group of categories. Detected says whether it is held against an expectation at all.
type GroupFigure struct {
	Group     string    `json:"group"`
	SV        string    `json:"sv"`
	EN        string    `json:"en"`
	Detected  bool      `json:"detected"`
	Incidents int       `json:"incidents"`
	Reports   int       `json:"reports"`
	Expected  *Expected `json:"expected,omitempty"`
}

// Level is how an area stands: proposed by rule, decided by the review.
type Level string

// The levels. Unknown is too little to say: no expectation and nothing flagged.
const (
	Green   Level = "green"
	Yellow  Level = "yellow"
	Red     Level = "red"
	Unknown Level = "unknown"
)

// AreaFigure is one area of the lowest level that the municipality has. Incidents are all that are counted, Detected those
// held against the expectation. Proposed follows from Why: flagged, watched, over, usual, unknown (see propose).
type AreaFigure struct {
	Area       string    `json:"area"`
	Name       string    `json:"name"`
	District   string    `json:"district"`
	Population int       `json:"population,omitempty"`
	Incidents  int       `json:"incidents"`
	Detected   int       `json:"detected"`
	Expected   *Expected `json:"expected,omitempty"`
	Proposed   Level     `json:"proposed"`
	Why        string    `json:"why"`
}

// DayFigure is one day of the week, Monday first, of the groups in Totals.Incidents.
type DayFigure struct {
	Day       string    `json:"day"`
	Incidents int       `json:"incidents"`
	Expected  *Expected `json:"expected,omitempty"`
}

// Hours is the table of weekdays (Monday first) by blocks of four hours (00-04 first). An incident whose time is uncertain is
// spread over the blocks that its interval covers, in proportion (aoristic: Ratcliffe 2000), so the cells add up to Incidents.
// Uncertain are those whose interval is longer than two hours.
type Hours struct {
	Incidents int           `json:"incidents"`
	Uncertain int           `json:"uncertain"`
	Cells     [7][6]float64 `json:"cells"`
	// Expected are the six blocks over the whole week: the week's expectation in the proportions of the year before, spread
	// the same way. Empty where the year holds too few.
	Expected []Expected `json:"expected,omitempty"`
}

// WeekFigure is one week of the half year that ends with the report's own, of the groups in Totals.Incidents.
type WeekFigure struct {
	Week      string    `json:"week"`
	Incidents int       `json:"incidents"`
	Expected  *Expected `json:"expected,omitempty"`
}

// Source is an agency's unit, or the agency itself where it has none: what it reported, or that it said it had nothing, or
// that it is silent. State is reported, nothing, silent, unheard (heard after the week, not about it), not_started or
// suspended. New is an agency younger than eight weeks: a rise may be due to it.
type Source struct {
	Agency     string     `json:"agency"`
	AgencyName string     `json:"agency_name"`
	Unit       string     `json:"unit"`
	UnitName   string     `json:"unit_name"`
	State      string     `json:"state"`
	Reports    int        `json:"reports"`
	New        bool       `json:"new,omitempty"`
	StartedOn  string     `json:"started_on"`
	LastHeard  *time.Time `json:"last_heard,omitempty"`
}

// Place is a flagged place: an alert, or a watch that was close to the limit.
type Place struct {
	Flag     uuid.UUID `json:"flag"`
	Revision int       `json:"revision"`
	Kind     string    `json:"kind"`  // serious, rise, cluster, repeat
	Grade    string    `json:"grade"` // alert, watch
	State    string    `json:"state"` // open, cleared
	Level    string    `json:"level"` // area, district, municipality
	Area     string    `json:"area"`
	Name     string    `json:"name"`
	District string    `json:"district"`
	Areas    []string  `json:"areas"`
	Group    string    `json:"group"`    // empty: all groups together
	Category string    `json:"category"` // of a serious one
	From     string    `json:"from"`     // the window's days, both included
	To       string    `json:"to"`
	Observed int       `json:"observed"`
	Expected Expected  `json:"expected"`
	// RecurrenceDays are the mean days between chance flags at least this strong; 0 where no such rate is claimed.
	RecurrenceDays float64   `json:"recurrence_days,omitempty"`
	Fresh          bool      `json:"fresh"`
	Agencies       []string  `json:"agencies"`
	AgencyNames    []string  `json:"agency_names"`
	ReasonSV       string    `json:"reason_sv"`
	ReasonEN       string    `json:"reason_en"`
	FlaggedAt      time.Time `json:"flagged_at"`
	// Position is the position taken by the time of freezing; nil: none.
	Position *PositionLine `json:"position,omitempty"`
}

// Burden is an area among those that carry most over the twelve months that end with the week: to plan for, never alerted.
// Weeks are those with any incident.
type Burden struct {
	Area      string `json:"area"`
	Name      string `json:"name"`
	Incidents int    `json:"incidents"`
	Weeks     int    `json:"weeks"`
	// Share of all incidents in areas over these months, 0-1.
	Share float64 `json:"share"`
}

// WeeklyFigure is what an agency that gives only weekly figures said (police statistics): beside the incidents, never among them.
type WeeklyFigure struct {
	Agency     string `json:"agency"`
	AgencyName string `json:"agency_name"`
	Category   string `json:"category"`
	SV         string `json:"sv"`
	EN         string `json:"en"`
	N          int    `json:"n"`
}

// Coming is what has been announced for the week and the two after it. Text is what the announcing agency wrote: not for a wall.
type Coming struct {
	Kind       string    `json:"kind"` // event, warning, holiday, other
	Agency     string    `json:"agency"`
	AgencyName string    `json:"agency_name"`
	From       time.Time `json:"from"`
	To         time.Time `json:"to"`
	Areas      []string  `json:"areas"`
	AreaNames  []string  `json:"area_names"`
	Text       string    `json:"text"`
}

// PositionLine is a position without its note: what was decided about a flag, and when it is to be looked at again.
type PositionLine struct {
	Flag uuid.UUID `json:"flag"`
	Kind string    `json:"kind"` // act, watch, dismiss, handover
	// Reason is of a dismissal, Until the week of a watch, HandedTo of a handover.
	Reason      string    `json:"reason,omitempty"`
	Until       string    `json:"until,omitempty"`
	HandedTo    string    `json:"handed_to,omitempty"`
	OwnerAgency string    `json:"owner_agency,omitempty"`
	DueOn       string    `json:"due_on,omitempty"`
	DecidedAt   time.Time `json:"decided_at"`
	// State says why the line is in the list: due, late, taken; empty on a place.
	State string `json:"state,omitempty"`
	Area  string `json:"area,omitempty"`
	Name  string `json:"name,omitempty"`
	Group string `json:"group,omitempty"`
}

// ActionLine is an action without its texts: what kind of measure, where, whose and until when.
type ActionLine struct {
	Action      uuid.UUID `json:"action"`
	Flag        uuid.UUID `json:"flag"` // zero: of no flag
	Area        string    `json:"area"`
	Name        string    `json:"name"`
	Group       string    `json:"group"`
	Measure     string    `json:"measure"`
	OwnerAgency string    `json:"owner_agency"`
	OwnerName   string    `json:"owner_name"`
	DueOn       string    `json:"due_on"`
	FollowUpOn  string    `json:"follow_up_on,omitempty"`
	Progress    string    `json:"progress"` // proposed, decided, in_progress, done, evaluated, cancelled
	// State says why the line is in the list: late, due, open, done.
	State string `json:"state"`
}

// Words are what people add to a frozen report until it is adopted: the coordinator's assessment, a hypothesis of the cause, and
// the level of areas where the review decided another one than the rule proposed. Revision counts from 1 for each version of
// a report; 0 is nothing written yet.
type Words struct {
	Revision   int                `json:"revision"`
	Assessment string             `json:"assessment"`
	Cause      string             `json:"cause"`
	Levels     map[string]Decided `json:"levels"`
	Adopted    bool               `json:"adopted"`
	By         string             `json:"by"`
	At         time.Time          `json:"at"`
}

// Decided is a level that the review set, with who did it and when.
type Decided struct {
	Level Level     `json:"level"`
	By    string    `json:"by"`
	At    time.Time `json:"at"`
}

// Situation is a report with everything that belongs to it.
type Situation struct {
	Report Report
	// SHA256 is the hash of Body, the report as canonical JSON, checked when it was read.
	SHA256 string
	Body   []byte
	Words  Words
}

// LevelOf is the level of an area: decided by the review, else proposed. by is empty for a proposal.
func (s Situation) LevelOf(a AreaFigure) (level Level, by string) {
	if d, ok := s.Words.Levels[a.Area]; ok {
		return d.Level, d.By
	}
	return a.Proposed, ""
}
