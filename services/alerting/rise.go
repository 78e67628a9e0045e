// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"samsyn/events"
	"samsyn/schemas"
	"samsyn/services/alerting/detect"
)

// riseFlag writes what the detector tells of a rise as the next revision of its flag.
func (t *town) riseFlag(told detect.Transition, _ time.Time) Flag {
	lead := told.Flag.Lead.Stated
	id := t.flagID(string(events.KindRise), told.Flag.Key)
	f := Flag{
		Municipality: t.id, ID: id, Revision: t.flags[id].Revision + 1, Verb: string(told.Verb), Kind: events.KindRise, Grade: events.GradeAlert,
		State: stateOpen, Level: lead.Cell.Level, Area: lead.Cell.Area, Areas: []events.AreaCode{lead.Cell.Area}, Group: lead.Cell.Group,
		WindowFrom: lead.From.String(), WindowTo: lead.To.String(), Observed: lead.Observed, Expected: lead.Expected, Low: lead.Low, High: lead.High,
		RecurrenceDays: lead.RecurrenceDays, LnR: lead.LnR, Margin: lead.Margin, New: told.Fresh, Change: string(told.Reason),
		FirstDay: told.Flag.Lead.Opened.String(),
	}
	if told.Verb == detect.Cleared {
		f.State = stateCleared
	}
	if told.Into != "" {
		f.Into = t.flagID(string(events.KindRise), told.Into)
	}
	seen := map[detect.Cell]bool{{Level: lead.Cell.Level, Area: lead.Cell.Area}: true}
	for _, part := range told.Flag.Parts {
		at := part.Stated
		// Of an area its strongest part is told: the group and the total of it are one place.
		place := detect.Cell{Level: at.Cell.Level, Area: at.Cell.Area}
		if seen[place] {
			continue
		}
		seen[place] = true
		f.Parts = append(f.Parts, events.HotspotPart{
			ID: t.flagID(string(events.KindRise), part.Key), Level: at.Cell.Level, Area: at.Cell.Area, Observed: at.Observed, Expected: at.Expected,
		})
		if !slices.Contains(f.Areas, at.Cell.Area) {
			f.Areas = append(f.Areas, at.Cell.Area)
		}
	}
	words := lead.Words(groupText(lead.Cell.Group))
	var both events.Text
	for _, w := range words {
		both.SV, both.EN = strings.TrimSpace(both.SV+" "+w.SV), strings.TrimSpace(both.EN+" "+w.EN)
	}
	f.ReasonSV, f.ReasonEN = withChange(f, both)
	return f
}

func groupText(code string) events.Text {
	_, groups := schemas.Categories()
	for _, g := range groups {
		if g.Code == code {
			return events.Text{SV: g.SV, EN: g.EN}
		}
	}
	return events.Text{}
}

// explain adds who sees it to the reason in words. Several who see it make it no more unusual, but a place to act on together.
func (f *Flag) explain() {
	switch n := len(f.Agencies); {
	case f.Verb == verbCleared || n == 0:
	case n == 1:
		f.ReasonSV += " En organisation ser det."
		f.ReasonEN += " One agency sees it."
	default:
		f.ReasonSV += " " + upperFirst(numberWord(n)) + " organisationer ser det."
		f.ReasonEN += " " + strconv.Itoa(n) + " agencies see it."
	}
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	r := []rune(s)
	return strings.ToUpper(string(r[:1])) + string(r[1:])
}
