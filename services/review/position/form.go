// SPDX-License-Identifier: EUPL-1.2

package position

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/internal/web"
	"samsyn/services/review/action"
	"samsyn/services/review/calendar"
)

// formView is the form for a position: all fields of all four kinds, filled in.
type formView struct {
	web.Locale
	Action      string
	Version     int
	Kinds       []option
	Measures    []option
	MeasureText string
	Agencies    []option
	Persons     []personGroup
	Due         string
	DueFrom     string
	Weeks       []option
	Reasons     []option
	Forums      []option
	Note        string
	// Wrong is the field that cannot be as it is, and Why says so; empty if none.
	Wrong, Why string
}

type option struct {
	Value, Text string
	Chosen      bool
}

type personGroup struct {
	Agency  string
	Persons []option
}

// watchAhead is how many weeks a place is watched unless somebody says otherwise.
const watchAhead = 2

// newSource is how long an agency counts as new: a rise may then be one of reporting.
const newSource = 8 * 7 * 24 * time.Hour

// fresh is a decision as it is offered: every kind has its usual values, and no kind is chosen.
func (k known) fresh(now time.Time) Decision {
	d := Decision{Flag: k.flag.ID, Until: k.town.Week(now).Add(watchAhead), Measure: usualMeasure(k.flag.Grp), OwnerAgency: k.owner(), DueOn: k.due(now)}
	if k.position != nil {
		d.Version = k.position.Version
	}
	if k.newlyReported() {
		d.Reason = ReportingEffect
	}
	return d
}

// owner is the agency with most reports behind the flag.
func (k known) owner() string {
	most := agencyRow{}
	for _, a := range k.agencies {
		if a.Behind > most.Behind || most.Agency == "" && slices.Contains(k.flag.Agencies, a.Agency) {
			most = a
		}
	}
	return most.Agency
}

// due is the day of the next meeting that is not today.
func (k known) due(now time.Time) time.Time {
	local := k.town.Now(now)
	today := action.Date(local)
	for w := k.town.Rhythm.Next(local); ; w = w.Add(1) {
		if day := action.Date(k.town.Rhythm.Meeting(w)); k.town.Rhythm.Meets(w) && day.After(today) {
			return day
		}
	}
}

// newlyReported says whether an agency behind the flag is so new that the rise may be one of reporting.
func (k known) newlyReported() bool {
	return slices.ContainsFunc(k.agencies, func(a agencyRow) bool { return a.Behind > 0 && k.flag.WindowTo.Sub(a.StartedOn) < newSource })
}

// usualMeasure is what is offered first for a group. The group decides otherwise with one choice.
func usualMeasure(group string) action.Measure {
	switch group {
	case "damage", "property_crime":
		return action.Guards
	case "violence", "drugs":
		return action.PolicePresence
	}
	return action.AdultPresence
}

// form fills in a decision.
func (k known) form(l web.Locale, target string, d Decision, now time.Time) formView {
	v := formView{
		Locale: l, Action: target, Version: d.Version, MeasureText: d.MeasureText, Note: d.Note, DueFrom: action.Date(k.town.Now(now)).Format(time.DateOnly),
		Kinds:    options(l, Kinds(), d.Kind, Kind.Text),
		Measures: options(l, action.Measures(), d.Measure, action.Measure.Text),
		Reasons:  options(l, Reasons(), d.Reason, Reason.Text),
		Forums:   options(l, Forums(), d.To, Forum.Text),
		Persons:  k.personGroups(d.OwnerPerson),
	}
	if !d.DueOn.IsZero() {
		v.Due = d.DueOn.Format(time.DateOnly)
	}
	for _, a := range k.agencies {
		v.Agencies = append(v.Agencies, option{a.Agency, a.Name, a.Agency == d.OwnerAgency})
	}
	for i := 1; i <= LongestWatch; i++ {
		w := k.town.Week(now).Add(i)
		v.Weeks = append(v.Weeks, option{w.String(), l.T("until.option", l.WeekYear(w), l.Day(w.Monday(k.town.Rhythm.Zone))), w == d.Until})
	}
	return v
}

func options[T ~string](l web.Locale, all []T, chosen T, text func(T) events.Text) []option {
	out := make([]option, len(all))
	for i, o := range all {
		out[i] = option{string(o), in(l, text(o)), o == chosen}
	}
	return out
}

// personGroups are the persons by agency, in the order of the agencies.
func (k known) personGroups(chosen *uuid.UUID) []personGroup {
	var out []personGroup
	for _, a := range k.agencies {
		g := personGroup{Agency: a.Name}
		for _, p := range k.persons {
			if p.Agency == a.Agency {
				g.Persons = append(g.Persons, option{p.Person.String(), p.Name, chosen != nil && *chosen == p.Person})
			}
		}
		if len(g.Persons) > 0 {
			out = append(out, g)
		}
	}
	return out
}

// says is a position in a sentence, without its note.
func (k known) says(l web.Locale, p Position) string {
	switch p.Kind {
	case Act:
		what := l.T("says.act.unknown")
		if a, ok := k.actions[deref(p.Action)]; ok {
			what = strings.ToLower(in(l, a.Measure.Text()))
		}
		return l.T("says.act", what, k.agencyName(p.OwnerAgency), l.Day(*p.DueOn))
	case Watch:
		return l.T("says.watch", l.WeekYear(web.WeekOf(*p.UntilWeek)))
	case Dismiss:
		return l.T("says.dismiss", strings.ToLower(in(l, p.Reason.Text())))
	}
	return l.T("says.handover", in(l, p.HandedTo.Text()))
}

func (k known) agencyName(code string) string {
	for _, a := range k.agencies {
		if a.Agency == code {
			return a.Name
		}
	}
	return code
}

func deref(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}

// locale writes for a municipality.
func locale(lang string, town calendar.Town) web.Locale {
	return web.NewLocale(lang, web.Texts().With(Texts()), town.Rhythm.Zone)
}
