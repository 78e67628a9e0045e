// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"samsyn/events"
	"samsyn/services/alerting/detect"
)

// Places that are close to the limit stand on the list of the review and call nobody: flags of grade watch. They come and go at midnight,
// one a place, and end when the place becomes part of an alert.

// spot is a place on one level.
type spot struct {
	level events.Level
	area  events.AreaCode
}

// watchFlags decides about places close to the limit, out of what a look found and the episodes after it.
func (t *town) watchFlags(kind string, asOf time.Time, findings []detect.Finding, episodes []detect.Episode) []Flag {
	alerted := map[spot]bool{}
	for _, e := range episodes {
		if e.Open() {
			alerted[spot{e.Cell.Level, e.Cell.Area}] = true
		}
	}
	close := closest(findings, alerted)
	var told []Flag
	for _, f := range t.openWatches() {
		at := spot{f.Level, f.Area}
		now, still := close[at]
		delete(close, at)
		switch {
		case alerted[at]:
			told = append(told, f.noLonger(events.Text{SV: "Platsen ingår nu i ett larm.", EN: "The place is part of an alert now."}))
		case kind != tickMidnight:
		case !still:
			told = append(told, f.noLonger(events.Text{SV: "Inte längre nära gränsen.", EN: "No longer close to the limit."}))
		case now.Observed != f.Observed || now.Cell.Group != f.Group:
			told = append(told, t.watchFlag(f, now))
		}
	}
	if kind == tickMidnight {
		for _, found := range inOrder(close) {
			day := detect.Current(asOf).String()
			id := t.flagID("watch", string(found.Cell.Level), string(found.Cell.Area), found.Cell.Group, day)
			told = append(told, t.watchFlag(Flag{Municipality: t.id, ID: id, FirstDay: day, LeadSince: asOf}, found))
		}
	}
	return told
}

// closest keeps of each place that is not alerted the strongest finding close to the limit.
func closest(findings []detect.Finding, alerted map[spot]bool) map[spot]detect.Finding {
	close := map[spot]detect.Finding{}
	for _, f := range findings {
		at := spot{f.Cell.Level, f.Cell.Area}
		if best, known := close[at]; f.Grade == events.GradeWatch && !alerted[at] && (!known || f.Margin > best.Margin) {
			close[at] = f
		}
	}
	return close
}

func inOrder(found map[spot]detect.Finding) []detect.Finding {
	var out []detect.Finding
	for _, f := range found {
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b detect.Finding) int {
		return cmp.Or(strings.Compare(string(a.Cell.Level), string(b.Cell.Level)), strings.Compare(string(a.Cell.Area), string(b.Cell.Area)))
	})
	return out
}

func (t *town) openWatches() []Flag {
	var open []Flag
	for _, f := range t.flags {
		if f.Grade == events.GradeWatch && f.State == stateOpen {
			open = append(open, f)
		}
	}
	slices.SortFunc(open, byID)
	return open
}

// watchFlag is the next revision of a watch; the zero revision becomes the first.
func (t *town) watchFlag(before Flag, found detect.Finding) Flag {
	f := Flag{
		Municipality: t.id, ID: before.ID, Revision: before.Revision + 1, Verb: verbUpdated, Kind: events.KindRise, Grade: events.GradeWatch, State: stateOpen,
		Level: found.Cell.Level, Area: found.Cell.Area, Areas: []events.AreaCode{found.Cell.Area}, Group: found.Cell.Group,
		WindowFrom: found.From.String(), WindowTo: found.To.String(), Observed: found.Observed, Expected: found.Expected, Low: found.Low, High: found.High,
		RecurrenceDays: found.RecurrenceDays, LnR: found.LnR, Margin: found.Margin, FirstDay: before.FirstDay, LeadSince: before.LeadSince,
	}
	if f.Revision == 1 {
		f.Verb, f.New = verbFlagged, true
	}
	words := sentences(found.Words(groupText(found.Cell.Group)))
	f.ReasonSV, f.ReasonEN = words.SV, words.EN
	return f
}

func (f Flag) noLonger(why events.Text) Flag {
	f.Revision++
	f.State, f.Verb, f.New, f.ReasonSV, f.ReasonEN = stateCleared, verbCleared, false, why.SV, why.EN
	f.Agencies, f.Reports = nil, nil
	return f
}
