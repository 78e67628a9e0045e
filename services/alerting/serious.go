// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/schemas"
	"samsyn/services/alerting/detect"
)

const (
	// A report of something longer ago than this is counted, and is no reason to call anybody at once.
	seriousWithin = detect.Window
	// A serious flag ends so many days after the last thing it tells of.
	seriousDays = 14
)

// cause is a very serious report as a tick saw it. It is kept with the tick, because the report may be corrected later.
type cause struct {
	Batch     int64           `json:"-"` // in which it came
	Agency    events.AgencyID `json:"agency"`
	Report    events.ReportID `json:"report"`
	Revision  int             `json:"revision"`
	Category  string          `json:"category"`
	Severity  int             `json:"severity"`
	Certainty string          `json:"certainty"`
	Episode   uuid.UUID       `json:"episode"` // of linked reports
	Day       string          `json:"day"`
	District  events.AreaCode `json:"district,omitempty"`
	Area      events.AreaCode `json:"area,omitempty"`
}

func (c cause) sameAs(o cause) bool {
	c.Batch = o.Batch
	return c == o
}

func (c cause) ref() events.ReportRef { return events.ReportRef{Agency: c.Agency, Report: c.Report} }

// causes are what a tick was told of very serious reports: those that came, and those behind open flags that no longer hold.
type causes struct {
	Seen []cause            `json:"seen,omitempty"`
	Gone []events.ReportRef `json:"gone,omitempty"`
}

func (c causes) empty() bool { return len(c.Seen) == 0 && len(c.Gone) == 0 }

// seriousFlags decides about very serious reports: each flags its place at once, by rule. A report of the same incident as another adds to
// its flag. After five of one agency in a day the rest is one flag of the whole municipality. Each flag is told once a tick.
func (t *town) seriousFlags(kind string, asOf time.Time, c causes) []Flag {
	today := detect.Current(asOf)
	turned := map[uuid.UUID]Flag{}
	flagNow := func(id uuid.UUID) Flag {
		if f, ok := turned[id]; ok {
			return f
		}
		return t.flags[id]
	}
	for _, one := range c.Seen {
		if !t.serious(one, today) {
			continue
		}
		id := t.flagFor(one, today, turned)
		if f, changed := flagNow(id).joined(one, today); changed {
			f.Municipality, f.ID = t.id, id
			turned[id] = f
		}
	}
	for _, ref := range c.Gone {
		for _, f := range t.openSerious() {
			if changed, ok := flagNow(f.ID).without(ref); ok {
				turned[f.ID] = changed
			}
		}
	}
	if kind == tickMidnight {
		for _, f := range t.openSerious() {
			if now := flagNow(f.ID); now.State == stateOpen && today-now.lastDay() >= seriousDays {
				turned[f.ID] = now.ended(detect.Calm)
			}
		}
	}
	return t.revised(turned)
}

func (t *town) serious(c cause, today detect.Day) bool {
	day, err := time.Parse(time.DateOnly, c.Day)
	if err != nil || today-detect.DayOf(day) >= seriousWithin {
		return false
	}
	return detect.Serious(defaultSeverity(c.Category), c.Severity, c.Certainty, slices.Contains(t.frame.Serious, string(c.Agency)))
}

func defaultSeverity(category string) int {
	categories, _ := schemas.Categories()
	for _, c := range categories {
		if c.Code == category {
			return c.DefaultSeverity
		}
	}
	return 0
}

// flagFor says which flag a cause belongs to: one that knows the report, else one that knows its incident, else its own, or that of the
// agency's rest of the day.
func (t *town) flagFor(c cause, today detect.Day, turned map[uuid.UUID]Flag) uuid.UUID {
	all := maps.Clone(t.flags)
	maps.Copy(all, turned)
	sofar, sameIncident := 0, uuid.Nil
	for _, f := range slices.SortedFunc(maps.Values(all), byID) {
		for _, known := range f.Causes {
			if known.ref() == c.ref() {
				return f.ID
			}
			if known.Episode == c.Episode && sameIncident == uuid.Nil {
				sameIncident = f.ID
			}
		}
		if len(f.Causes) > 0 && f.Causes[0].Agency == c.Agency && f.FirstDay == today.String() {
			sofar++
		}
	}
	switch {
	case sameIncident != uuid.Nil:
		return sameIncident
	case detect.OneByOne(sofar):
		return t.flagID(string(events.KindSerious), string(c.Agency), string(c.Report))
	}
	return t.flagID(string(events.KindSerious), "rest", string(c.Agency), today.String())
}

// flagID derives a flag's identity from its first cause (UUID version 5).
func (t *town) flagID(cause ...string) uuid.UUID {
	name := []byte("hotspot\x00" + string(t.id))
	for _, part := range cause {
		name = append(append(name, 0), part...)
	}
	return uuid.NewSHA1(uuid.NameSpaceURL, name)
}

// joined adds a cause to a flag; the zero Flag, and one whose reports were all taken back, becomes a new one. changed is false when the flag
// has it already, or ended long ago.
func (f Flag) joined(c cause, today detect.Day) (Flag, bool) {
	i := slices.IndexFunc(f.Causes, func(known cause) bool { return known.ref() == c.ref() })
	switch {
	case f.State == "", f.State == stateCleared && f.Change == string(detect.Revised):
		f = Flag{
			Municipality: f.Municipality, ID: f.ID, Kind: events.KindSerious, Grade: events.GradeAlert, State: stateOpen,
			Verb: verbFlagged, New: true, FirstDay: today.String(), Causes: []cause{c},
		}
	case f.State == stateCleared, i >= 0 && f.Causes[i].sameAs(c):
		return f, false
	default:
		f.Causes = slices.Clone(f.Causes)
		f.Change = string(detect.Grown)
		if i >= 0 {
			f.Causes[i], f.Change = c, string(detect.Revised)
		} else {
			f.Causes = append(f.Causes, c)
		}
		if f.Verb != verbFlagged || f.Revision > 0 {
			f.Verb, f.New = verbUpdated, false
		}
	}
	return f.placed(), true
}

// without takes a report away that no longer holds; without any the flag is over.
func (f Flag) without(ref events.ReportRef) (Flag, bool) {
	i := slices.IndexFunc(f.Causes, func(c cause) bool { return c.ref() == ref })
	if f.State != stateOpen || i < 0 {
		return f, false
	}
	if len(f.Causes) == 1 {
		return f.ended(detect.Revised), true
	}
	f.Causes = slices.Delete(slices.Clone(f.Causes), i, i+1)
	f.Verb, f.New, f.Change = verbUpdated, false, string(detect.Revised)
	return f.placed(), true
}

func (f Flag) ended(why detect.Reason) Flag {
	f.State, f.Verb, f.New, f.Change = stateCleared, verbCleared, false, string(why)
	return f
}

func (f Flag) lastDay() detect.Day {
	day, err := time.Parse(time.DateOnly, f.WindowTo)
	if err != nil {
		return 0
	}
	return detect.DayOf(day)
}

// placed works out where and when the causes of a serious flag are, and how many incidents they are.
func (f Flag) placed() Flag {
	first := f.Causes[0]
	f.Category, f.Group = first.Category, categoryGroup(first.Category)
	f.Areas, f.WindowFrom, f.WindowTo = nil, first.Day, first.Day
	incidents := map[uuid.UUID]bool{}
	for _, c := range f.Causes {
		incidents[c.Episode] = true
		f.WindowFrom, f.WindowTo = min(f.WindowFrom, c.Day), max(f.WindowTo, c.Day)
		if at := cmp.Or(c.Area, c.District); at != "" && !slices.Contains(f.Areas, at) {
			f.Areas = append(f.Areas, at)
		}
	}
	f.Observed = len(incidents)
	f.Level, f.Area = events.LevelMunicipality, ""
	if len(f.Areas) == 1 {
		f.Area, f.Level = f.Areas[0], events.LevelDistrict
		if first.Area != "" {
			f.Level = events.LevelArea
		}
	}
	return f
}

func categoryGroup(category string) string {
	categories, _ := schemas.Categories()
	for _, c := range categories {
		if c.Code == category {
			return c.Group
		}
	}
	return ""
}

func (t *town) openSerious() []Flag {
	var open []Flag
	for _, f := range t.flags {
		if f.Kind == events.KindSerious && f.State == stateOpen {
			open = append(open, f)
		}
	}
	slices.SortFunc(open, byID)
	return open
}

// seriousReports are the reports behind open serious flags: of those it is asked whether they still hold.
func (t *town) seriousReports() []events.ReportRef {
	var refs []events.ReportRef
	for _, f := range t.openSerious() {
		for _, c := range f.Causes {
			refs = append(refs, c.ref())
		}
	}
	return refs
}

func byID(a, b Flag) int { return cmp.Compare(a.ID.String(), b.ID.String()) }

// revised gives turned flags their next revision, in order of identity.
func (t *town) revised(turned map[uuid.UUID]Flag) []Flag {
	out := slices.SortedFunc(maps.Values(turned), byID)
	for i := range out {
		out[i].Revision = t.flags[out[i].ID].Revision + 1
		if out[i].Area == "" {
			out[i].Area = events.AreaCode(t.id)
		}
		if len(out[i].Areas) == 0 {
			out[i].Areas = []events.AreaCode{out[i].Area}
		}
		words := detect.SeriousWords(categoryText(out[i].Category))
		if n := out[i].Observed; n > 1 {
			words.SV = strconv.Itoa(n) + " händelser. " + words.SV
			words.EN = strconv.Itoa(n) + " incidents. " + words.EN
		}
		out[i].ReasonSV, out[i].ReasonEN = withChange(out[i], words)
		out[i].Agencies, out[i].Reports = nil, nil
	}
	return out
}

// withChange puts why it changed before why it is flagged.
func withChange(f Flag, words events.Text) (sv, en string) {
	if why := detect.Reason(f.Change).Words(); f.Verb != verbFlagged && why.SV != "" {
		return why.SV + " " + words.SV, why.EN + " " + words.EN
	}
	return words.SV, words.EN
}

func categoryText(code string) events.Text {
	categories, _ := schemas.Categories()
	for _, c := range categories {
		if c.Code == code {
			return events.Text{SV: c.SV, EN: c.EN}
		}
	}
	return events.Text{}
}
