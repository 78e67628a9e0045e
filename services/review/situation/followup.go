// SPDX-License-Identifier: EUPL-1.2

package situation

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"samsyn/internal/web"
)

const (
	gradeAlert   = "alert"
	stateCleared = "cleared"
)

// flagged are the places of the week, alerts first, each with the position that stands.
func flagged(k known, of places) []Place {
	names := k.agencyNames()
	positions := map[uuid.UUID]positionRow{}
	for _, p := range k.positions {
		positions[p.Flag] = p
	}
	all := make([]Place, len(k.flags))
	for i, f := range k.flags {
		all[i] = Place{
			Flag: f.ID, Revision: f.Revision, Kind: f.Kind, Grade: f.Grade, State: f.State, Level: f.Level, Area: f.Area, Name: of.name(f.Area),
			District: of.district(f.Area), Areas: f.Areas, Group: f.Grp, Category: f.Category, From: day(f.WindowFrom), To: day(f.WindowTo),
			Observed: f.Observed, Expected: Expected{Mean: f.Expected, Low: f.Low, High: f.High}, Fresh: f.Fresh, Agencies: f.Agencies, AgencyNames: []string{},
			ReasonSV: f.ReasonSV, ReasonEN: f.ReasonEN, FlaggedAt: f.OpenedAsOf.UTC(),
		}
		if f.RecurrenceDays != nil {
			all[i].RecurrenceDays = *f.RecurrenceDays
		}
		for _, a := range f.Agencies {
			all[i].AgencyNames = append(all[i].AgencyNames, names[a])
		}
		if p, ok := positions[f.ID]; ok {
			line := p.line(of)
			all[i].Position = &line
		}
	}
	return all
}

// line is a position as a report has it.
func (p positionRow) line(of places) PositionLine {
	line := PositionLine{
		Flag: p.Flag, Kind: p.Kind, Reason: p.Reason, HandedTo: p.HandedTo, OwnerAgency: p.OwnerAgency, DecidedAt: p.DecidedAt.UTC(),
		Area: p.Area, Name: of.name(p.Area), Group: p.Grp,
	}
	if p.UntilWeek != nil {
		line.Until = web.WeekOf(*p.UntilWeek).String()
	}
	if p.DueOn != nil {
		line.DueOn = day(*p.DueOn)
	}
	return line
}

// dueWithin is how far ahead something is said to be due: until the next picture.
const dueWithin = 7

// followUp are the positions and actions to be looked at: late, due within a week, still open, and those that ended since the
// week began. A position of act is followed up through its action.
func followUp(k known, of places) ([]PositionLine, []ActionLine) {
	positions, actions := []PositionLine{}, []ActionLine{}
	today := k.today()
	soon := today.AddDate(0, 0, dueWithin)
	names := k.agencyNames()
	for _, p := range k.positions {
		line := p.line(of)
		switch {
		case p.Kind == "watch" && (p.ReturnedAt != nil || !p.UntilWeek.After(soon)):
			line.State = "due"
		case !p.DecidedAt.Before(k.monday()):
			line.State = "taken"
		default:
			continue
		}
		positions = append(positions, line)
	}
	for _, a := range k.actions {
		line := ActionLine{
			Action: a.Action, Area: a.Area, Name: of.name(a.Area), Group: a.Grp, Measure: a.Measure, OwnerAgency: a.OwnerAgency,
			OwnerName: names[a.OwnerAgency], DueOn: day(a.DueOn), Progress: a.State, State: actionState(a, today, soon),
		}
		if a.Flag != nil {
			line.Flag = *a.Flag
		}
		if a.FollowUpOn != nil {
			line.FollowUpOn = day(*a.FollowUpOn)
		}
		actions = append(actions, line)
	}
	order := []string{"late", "due", "open", "done"}
	slices.SortStableFunc(actions, func(a, b ActionLine) int { return slices.Index(order, a.State) - slices.Index(order, b.State) })
	return positions, actions
}

func actionState(a actionRow, today, soon time.Time) string {
	switch {
	case a.State == "done" || a.State == "evaluated":
		return "done"
	case a.DueOn.Before(today):
		return "late"
	case !a.DueOn.After(soon):
		return "due"
	}
	return "open"
}
