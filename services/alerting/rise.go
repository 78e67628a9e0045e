// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"samsyn/events"
	"samsyn/schemas"
	"samsyn/services/alerting/detect"
)

// riseFlag writes what the detector tells of a rise as the next revision of its flag.
func (t *town) riseFlag(told detect.Transition, asOf time.Time) Flag {
	lead := told.Flag.Lead.Stated
	id := t.flagID(string(events.KindRise), told.Flag.Key)
	before := t.flags[id]
	f := Flag{
		Municipality: t.id, ID: id, Revision: before.Revision + 1, Verb: string(told.Verb), Kind: events.KindRise, Grade: events.GradeAlert,
		State: stateOpen, Level: lead.Cell.Level, Area: lead.Cell.Area, Group: lead.Cell.Group,
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
	f.showIn(t.placesOf(told.Flag), before, asOf)
	f.ReasonSV, f.ReasonEN = withChange(f, sentences(lead.Words(groupText(lead.Cell.Group))))
	return f
}

func sentences(words []events.Text) events.Text {
	var all events.Text
	for _, w := range words {
		all.SV, all.EN = strings.TrimSpace(all.SV+" "+w.SV), strings.TrimSpace(all.EN+" "+w.EN)
	}
	return all
}

// repeats says that a revision says nothing that the one before did not: the same number since the same day, leading in the same place and
// showing in the same others. What only moved in a part of it can wait for the next.
func (f Flag) repeats(before Flag) bool {
	return f.Level == before.Level && f.Area == before.Area && f.Group == before.Group && f.Observed == before.Observed && f.WindowFrom == before.WindowFrom &&
		slices.EqualFunc(f.current(), before.current(), part.same)
}

// current lists the other places that the flag shows in, in order.
func (f Flag) current() []part {
	var places []part
	for _, p := range f.Parts {
		if !p.Over {
			places = append(places, p)
		}
	}
	slices.SortFunc(places, func(a, b part) int {
		return cmp.Or(strings.Compare(string(a.Level), string(b.Level)), strings.Compare(string(a.Area), string(b.Area)))
	})
	return places
}

// placesOf lists where a flag shows, the leading place first. Of an area its strongest episode is told: a group and the total of it are one
// place.
func (t *town) placesOf(f detect.Flag) []part {
	var places []part
	for _, e := range append([]detect.Episode{f.Lead}, f.Parts...) {
		at := e.Stated
		if slices.ContainsFunc(places, func(p part) bool { return p.Level == at.Cell.Level && p.Area == at.Cell.Area }) {
			continue
		}
		places = append(places, part{HotspotPart: events.HotspotPart{
			ID: t.flagID(string(events.KindRise), e.Key), Level: at.Cell.Level, Area: at.Cell.Area, Observed: at.Observed, Expected: at.Expected,
		}})
	}
	return places
}

// showIn puts the leading place and the others into the flag. Where it showed before and no longer does stays, as over: one thing is one
// flag from its beginning to its end, wherever it went.
func (f *Flag) showIn(places []part, before Flag, asOf time.Time) {
	known := before.Parts
	if before.Area != "" {
		known = append([]part{{
			HotspotPart: events.HotspotPart{ID: before.ID, Level: before.Level, Area: before.Area, Observed: before.Observed, Expected: before.Expected},
			Since:       before.LeadSince,
		}}, known...)
	}
	for i := range places {
		places[i].Since = asOf
		if k := slices.IndexFunc(known, places[i].same); k >= 0 {
			places[i].Since = known[k].Since
		}
	}
	for _, k := range known {
		if !slices.ContainsFunc(places, k.same) {
			k.Over = true
			places = append(places, k)
		}
	}
	f.LeadSince, f.Parts = places[0].Since, places[1:]
	for _, p := range places {
		if !slices.Contains(f.Areas, p.Area) {
			f.Areas = append(f.Areas, p.Area)
		}
	}
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
