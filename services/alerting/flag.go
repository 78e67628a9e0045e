// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
)

// The states of a flag, and what a revision of it says.
const (
	stateOpen    = "open"
	stateCleared = "cleared"

	verbFlagged = "flagged"
	verbUpdated = "updated"
	verbCleared = "cleared"
)

// Flag is a flagged place as one revision says it. It is what alerting.flag_event keeps and what every message is made from.
type Flag struct {
	Municipality   events.MunicipalityID `json:"municipality"`
	ID             uuid.UUID             `json:"id"`
	Revision       int                   `json:"revision"`
	Zone           string                `json:"zone"` // of the days below
	Verb           string                `json:"verb"`
	Kind           events.HotspotKind    `json:"kind"`
	Grade          events.Grade          `json:"grade"`
	State          string                `json:"state"`
	Level          events.Level          `json:"level"`
	Area           events.AreaCode       `json:"area"`
	Areas          []events.AreaCode     `json:"areas"`
	Parts          []part                `json:"parts,omitempty"`
	LeadSince      time.Time             `json:"lead_since,omitzero"` // since when it shows in Area, on the municipality's clock
	Group          string                `json:"group"`
	Category       string                `json:"category,omitempty"`
	WindowFrom     string                `json:"window_from"`
	WindowTo       string                `json:"window_to"`
	Observed       int                   `json:"observed"`
	Expected       float64               `json:"expected"`
	Low            int                   `json:"low"`
	High           int                   `json:"high"`
	RecurrenceDays float64               `json:"recurrence_days,omitempty"`
	LnR            float64               `json:"ln_r"`
	Margin         float64               `json:"margin"`
	New            bool                  `json:"new"`
	Change         string                `json:"change,omitempty"` // why this revision: detect.Reason
	FirstDay       string                `json:"first_day"`        // the day it was first flagged
	Into           uuid.UUID             `json:"into,omitzero"`    // the flag that this one became part of
	Causes         []cause               `json:"causes,omitempty"` // of a serious one
	Agencies       []events.AgencyID     `json:"agencies"`
	Reports        []events.ReportRef    `json:"reports"`
	ReasonSV       string                `json:"reason_sv"`
	ReasonEN       string                `json:"reason_en"`
	Tick           int64                 `json:"tick"`
	OpenedAt       time.Time             `json:"opened_at"`
	OpenedAsOf     time.Time             `json:"opened_as_of"`
	At             time.Time             `json:"at"`    // wall clock of this revision
	AsOf           time.Time             `json:"as_of"` // the municipality's clock
}

// part is another place that the same thing shows in, or showed in.
type part struct {
	events.HotspotPart
	Since time.Time `json:"since"`          // on the municipality's clock
	Over  bool      `json:"over,omitempty"` // it no longer shows there
}

func (p part) same(o part) bool { return p.Level == o.Level && p.Area == o.Area }

// reportsToldOf bounds what a message names: an event holds 65,536 bytes, and a rise of a whole town has thousands of reports. All of
// them are in contract.flag_report.
const reportsToldOf = 500

// messageID is the identity of a revision wherever it is sent.
func (f Flag) messageID() string { return f.ID.String() + ":" + strconv.Itoa(f.Revision) }

// flagPath is where a flag is shown, under the public address.
func flagPath(f Flag) string { return "/plats/" + f.ID.String() }

func (f Flag) eventType() string {
	switch f.Verb {
	case verbFlagged:
		return events.TypeHotspotFlagged
	case verbCleared:
		return events.TypeHotspotCleared
	}
	return events.TypeHotspotUpdated
}

// event writes the revision as it is published; for an agency, with its own reports only.
func (f Flag) event(agency events.AgencyID) ([]byte, error) {
	data, err := f.hotspot()
	if err != nil {
		return nil, err
	}
	if agency != "" {
		data.Reports = slices.DeleteFunc(data.Reports, func(r events.ReportRef) bool { return r.Agency != agency })
	}
	data.Reports = data.Reports[:min(len(data.Reports), reportsToldOf)]
	return events.Envelope(f.messageID(), events.PlatformSource(f.Municipality), f.eventType(), f.AsOf, data)
}

func (f Flag) hotspot() (events.Hotspot, error) {
	zone, err := time.LoadLocation(f.Zone)
	if err != nil {
		return events.Hotspot{}, fmt.Errorf("time zone of flag %s: %w", f.ID, err)
	}
	var parts []events.HotspotPart
	for _, p := range f.Parts {
		if !p.Over {
			parts = append(parts, p.HotspotPart)
		}
	}
	from, err := time.ParseInLocation(time.DateOnly, f.WindowFrom, zone)
	if err != nil {
		return events.Hotspot{}, fmt.Errorf("window of flag %s: %w", f.ID, err)
	}
	to, err := time.ParseInLocation(time.DateOnly, f.WindowTo, zone)
	if err != nil {
		return events.Hotspot{}, fmt.Errorf("window of flag %s: %w", f.ID, err)
	}
	return events.Hotspot{
		ID: f.ID, Kind: f.Kind, Grade: f.Grade, Level: f.Level, Areas: f.Areas, Group: f.Group, Category: f.Category,
		// The window's last day is in it: it ends at the midnight after.
		Window: events.Interval{From: from, To: to.AddDate(0, 0, 1)}, Observed: f.Observed, Expected: f.Expected,
		Interval: events.CountInterval{Low: f.Low, High: f.High}, RecurrenceDays: f.RecurrenceDays, New: f.New,
		Agencies: append([]events.AgencyID{}, f.Agencies...),
		Reasons:  []events.Text{{SV: f.ReasonSV, EN: f.ReasonEN}}, Reports: append([]events.ReportRef{}, f.Reports...), Parts: parts,
	}, nil
}
