// SPDX-License-Identifier: EUPL-1.2

package position

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/internal/privacy"
	"samsyn/internal/web"
	"samsyn/services/review/action"
	"samsyn/services/review/calendar"
)

// Decision is what somebody decides about a flagged place. Fields of other kinds than its own are ignored: a form has them all.
type Decision struct {
	Flag uuid.UUID
	// Version is the one of the position that was seen when deciding; 0 where there was none.
	Version int
	Kind    Kind

	Reason Reason        // of Dismiss
	Until  calendar.Week // of Watch
	To     Forum         // of HandOver

	// Of Act. MeasureText says what exactly, at most 500 characters; OwnerPerson may be nil.
	Measure     action.Measure
	MeasureText string
	OwnerAgency string
	OwnerPerson *uuid.UUID
	DueOn       time.Time // a local calendar date, see action.Date

	// Note is for those who decide, at most 500 characters.
	Note string

	// By is who decides; nil: not a person of the municipality. At is by the municipality's clock. Meeting is where; nil: alone.
	By      *uuid.UUID
	At      time.Time
	Meeting *uuid.UUID
}

const (
	longestNote = 500
	// LongestWatch is how many weeks ahead a place may be watched: a year later it is another place.
	LongestWatch = 26
	longestDue   = 366 * 24 * time.Hour
	// followUpAfter is how long after the due date an action is followed up, unless the plan says otherwise: as many weeks are then
	// there to be compared as the page of effects asks for at least.
	followUpAfter = 28
)

// settle is the whole decision: a function of the flag, the position before (nil if none) and what is decided. It gives the position
// as it becomes and, of Act, the action that it leads to.
func settle(f flag, before *Position, d Decision, zone *time.Location) (Position, *action.Action, error) {
	if err := d.check(zone); err != nil {
		return Position{}, nil, err
	}
	p := Position{
		Municipality: f.Municipality, Flag: f.ID, Version: 1, Kind: d.Kind, Note: strings.TrimSpace(d.Note), FlagRevision: f.Revision, Observed: f.Observed,
		DecidedAt: d.At, DecidedBy: d.By, Meeting: d.Meeting,
	}
	if before != nil {
		p.Version = before.Version + 1
	}
	switch d.Kind {
	case Watch:
		monday := d.Until.Monday(time.UTC)
		p.UntilWeek = &monday
	case Dismiss:
		p.Reason = d.Reason
	case HandOver:
		p.HandedTo = d.To
	case Act:
		due, id := d.DueOn, p.actionID()
		p.OwnerAgency, p.OwnerPerson, p.DueOn, p.Action = d.OwnerAgency, d.OwnerPerson, &due, &id
		a := d.action(f, p, zone)
		return p, &a, nil
	}
	return p, nil, nil
}

// action is what an act sets going. Its problem is the flag's own reason; the rest is added where actions are followed.
func (d Decision) action(f flag, p Position, zone *time.Location) action.Action {
	start, follow := action.Date(d.At.In(zone)), d.DueOn.AddDate(0, 0, followUpAfter)
	return action.Action{
		Municipality: f.Municipality, ID: *p.Action, State: action.Decided, Flag: &p.Flag, Meeting: d.Meeting, Level: f.Level, Area: f.Area, Group: f.Grp,
		Problem: cut(f.ReasonSV, longestNote), Measure: d.Measure, MeasureText: strings.TrimSpace(d.MeasureText), OwnerAgency: d.OwnerAgency, OwnerPerson: d.OwnerPerson,
		StartOn: start, DueOn: d.DueOn, FollowUpOn: &follow, CreatedAt: d.At, CreatedBy: d.By,
	}
}

// check says what of a decision cannot be, the first field of the form first.
func (d Decision) check(zone *time.Location) error {
	if !slices.Contains(Kinds(), d.Kind) {
		return &Invalid{"kind", "missing"}
	}
	if utf8.RuneCountInString(d.Note) > longestNote {
		return &Invalid{"note", "long"}
	}
	if len(privacy.Screen(d.Note)) > 0 {
		return &Invalid{"note", "personal"}
	}
	switch d.Kind {
	case Act:
		return d.checkAct(zone)
	case Watch:
		now := web.WeekOf(d.At.In(zone))
		if !now.Before(d.Until) || now.Add(LongestWatch).Before(d.Until) {
			return &Invalid{"until", "week"}
		}
	case Dismiss:
		if !slices.Contains(Reasons(), d.Reason) {
			return &Invalid{"reason", "missing"}
		}
	case HandOver:
		if !slices.Contains(Forums(), d.To) {
			return &Invalid{"to", "missing"}
		}
	}
	return nil
}

func (d Decision) checkAct(zone *time.Location) error {
	today := action.Date(d.At.In(zone))
	switch {
	case !d.Measure.Known():
		return &Invalid{"measure", "missing"}
	case d.Measure == action.Other && strings.TrimSpace(d.MeasureText) == "":
		return &Invalid{"measure_text", "missing"}
	case utf8.RuneCountInString(d.MeasureText) > longestNote:
		return &Invalid{"measure_text", "long"}
	case len(privacy.Screen(d.MeasureText)) > 0:
		return &Invalid{"measure_text", "personal"}
	case d.OwnerAgency == "":
		return &Invalid{"owner_agency", "missing"}
	case d.DueOn.IsZero():
		return &Invalid{"due_on", "missing"}
	case d.DueOn.Before(today) || d.DueOn.Sub(today) > longestDue:
		return &Invalid{"due_on", "day"}
	}
	return nil
}

// cut keeps the first runes of a text.
func cut(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}

// Positions and their actions have derived ids: what is sent twice is recognised.
var idSpace = uuid.MustParse("6d2f1c0e-4b7a-5c39-9e1d-2a8f5b7c4d10")

func (p Position) id() uuid.UUID { return p.derived("position") }

func (p Position) actionID() uuid.UUID { return p.derived("action") }

func (p Position) derived(what string) uuid.UUID {
	return uuid.NewSHA1(idSpace, []byte(what+"\x00"+p.Municipality+"\x00"+p.Flag.String()+"\x00"+strconv.Itoa(p.Version)))
}

// event is what the bus hears of a position: codes, days and identities.
func (p Position) event(f flag) events.Decision {
	d := events.Decision{
		ID: p.id(), Hotspot: p.Flag, Version: p.Version, Position: p.Kind.wire(), Decided: p.DecidedAt.UTC(), Area: events.AreaCode(f.Area), Group: f.Grp,
		Action: p.Action, Owner: events.AgencyID(p.OwnerAgency), Reason: string(p.Reason), To: string(p.HandedTo), Meeting: p.Meeting,
	}
	if p.DueOn != nil {
		d.Due = p.DueOn.Format(time.DateOnly)
	}
	if week, ok := p.Until(); ok {
		d.Until = week.String()
	}
	return d
}
