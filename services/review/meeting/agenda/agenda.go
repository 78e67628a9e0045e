// SPDX-License-Identifier: EUPL-1.2

// Package agenda makes the agenda of a meeting out of what is known when it starts: the frozen picture of
// the week, the actions that are due, the positions taken, what somebody took out or put in.
//
// It promises the same agenda for the same input; that what is late comes first, oldest first; that every
// flagged place without a position is on it, talked about or listed; and that nothing in it was written by
// a person: codes, numbers, days, and names of areas and agencies, so that a screen for a whole room can be
// drawn from it alone. What somebody wrote (a question of one's own, an assessment, an announcement) is
// named by its key and read where one may.
//
// It does no I/O and knows no clock. It cannot fail: what it is not given is not on the agenda.
package agenda

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"samsyn/services/review/situation"
)

// Format is the version of Agenda as JSON.
const Format = 1

// Part is a point of the agenda, which has one item or several.
type Part string

// The parts in the order in which they are talked about.
const (
	Opening   Part = "opening"   // who is here, who has reported
	FollowUp  Part = "follow_up" // what was decided and is due
	Picture   Part = "picture"   // what is different
	Places    Part = "places"    // places to decide
	Ahead     Part = "ahead"     // the coming week
	Questions Part = "questions" // of our own
	Closing   Part = "closing"   // decisions read aloud, next meeting
)

// MostPlaces are talked about in one meeting; the rest is listed.
const MostPlaces = 8

// Agenda is what a meeting talks about, as it was when the meeting started.
type Agenda struct {
	Format int `json:"format"`
	// Week is the ISO week that the meeting looks at; Version and FrozenAt are of its frozen picture.
	Week     string    `json:"week"`
	Version  int       `json:"version"`
	FrozenAt time.Time `json:"frozen_at"`
	// LockedAt is when the agenda was made: numbers do not move after it.
	LockedAt  time.Time        `json:"locked_at"`
	Items     []Item           `json:"items"`
	Coverage  Coverage         `json:"coverage"`
	Totals    situation.Totals `json:"totals"`
	Changes   []Change         `json:"changes"`
	Announced []Announced      `json:"announced"`
	// Rest are places that there is no time for: they keep waiting and are listed.
	Rest []Place `json:"rest"`
}

// Item is one page of the wall. Its key is its part, or the part's kind and an id.
type Item struct {
	Key   string `json:"key"`
	Part  Part   `json:"part"`
	Due   *Due   `json:"due,omitempty"`
	Place *Place `json:"place,omitempty"`
}

// Coverage is who reported on the week.
type Coverage struct {
	Heard  int      `json:"heard"`
	Of     int      `json:"of"`
	Silent []Source `json:"silent"`
}

// Source is an agency's unit; an agency without units stands for itself.
type Source struct {
	Agency string `json:"agency"`
	Unit   string `json:"unit"`
	Name   string `json:"name"`
}

// Change is an area or a group that is outside its interval.
type Change struct {
	Area      string             `json:"area,omitempty"`
	Group     string             `json:"group,omitempty"`
	Name      string             `json:"name,omitempty"` // of the area
	Incidents int                `json:"incidents"`
	Expected  situation.Expected `json:"expected"`
}

// Announced is what is coming, without what was written about it.
type Announced struct {
	Kind  string    `json:"kind"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Where []string  `json:"where"`
}

// Due is an action that is due or late.
type Due struct {
	Action    uuid.UUID `json:"action"`
	Area      string    `json:"area"`
	Name      string    `json:"name"`
	Group     string    `json:"group"`
	Measure   string    `json:"measure"`
	Owner     string    `json:"owner"`
	OwnerName string    `json:"owner_name"`
	State     string    `json:"state"`
	DueOn     string    `json:"due_on"`
	Late      int       `json:"late"` // days; 0 is due today or later
}

// Place is a flagged place to take a position on. Number is its place in the list. Weeks are the counts of the half year that ends
// with the week, oldest first; Peaks are when it happens most.
type Place struct {
	Flag     uuid.UUID          `json:"flag"`
	Number   int                `json:"number"`
	Kind     string             `json:"kind"`
	Level    string             `json:"level"`
	Area     string             `json:"area"`
	Name     string             `json:"name"`
	District string             `json:"district"`
	Group    string             `json:"group"`
	Category string             `json:"category"`
	From     string             `json:"from"`
	To       string             `json:"to"`
	Observed int                `json:"observed"`
	Expected situation.Expected `json:"expected"`
	Agencies int                `json:"agencies"`
	Returned bool               `json:"returned"` // a watch whose week has come
	Weeks    []int              `json:"weeks,omitempty"`
	Peaks    []Peak             `json:"peaks,omitempty"`
}

// Peak is a block of four hours of a weekday (0 is Monday) with its number of incidents.
type Peak struct {
	Weekday   int `json:"weekday"`
	Block     int `json:"block"`
	Incidents int `json:"incidents"`
}

// Known is what an agenda is made from.
type Known struct {
	Report situation.Report
	// Due are open actions due on the day of the meeting or before.
	Due []Due
	// Taken are the flags that have a position which stands, and Returned the watches whose week has come, oldest first.
	Taken    map[uuid.UUID]bool
	Returned []Place
	// Hidden are keys of items that somebody took out; Questions are ids of our own, in their order.
	Hidden    []string
	Questions []uuid.UUID
	Now       time.Time
}

// Compose makes the agenda.
func Compose(k Known) Agenda {
	a := Agenda{
		Format: Format, Week: k.Report.Week, Version: k.Report.Version, FrozenAt: k.Report.FrozenAt, LockedAt: k.Now.UTC(),
		Coverage: coverage(k.Report.Coverage), Totals: k.Report.Totals, Changes: changes(k.Report), Announced: announced(k.Report.Coming, k.Now),
	}
	a.add(k, Item{Key: string(Opening), Part: Opening})
	for _, due := range oldestFirst(k.Due) {
		a.add(k, Item{Key: ActionKey(due.Action), Part: FollowUp, Due: &due})
	}
	a.add(k, Item{Key: string(Picture), Part: Picture})
	a.places(k)
	if len(a.Announced) > 0 {
		a.add(k, Item{Key: string(Ahead), Part: Ahead})
	}
	for _, id := range k.Questions {
		a.add(k, Item{Key: QuestionKey(id), Part: Questions})
	}
	a.add(k, Item{Key: string(Closing), Part: Closing})
	return a
}

// add puts an item on, unless somebody took it out. The opening and the closing cannot be taken out.
func (a *Agenda) add(k Known, item Item) {
	if item.Part == Opening || item.Part == Closing || !slices.Contains(k.Hidden, item.Key) {
		a.Items = append(a.Items, item)
	}
}

// places puts on what is flagged and has no position, as the picture orders it, then the watches that return. A place that
// somebody took out is listed with the rest: it still waits.
func (a *Agenda) places(k Known) {
	var waiting []Place
	seen := map[uuid.UUID]bool{}
	for _, p := range k.Report.Places {
		if p.Grade == "alert" && !k.Taken[p.Flag] && !slices.ContainsFunc(k.Returned, func(r Place) bool { return r.Flag == p.Flag }) {
			waiting = append(waiting, PlaceOf(p))
		}
	}
	n := 0
	for _, p := range slices.Concat(waiting, k.Returned) {
		item := Item{Key: FlagKey(p.Flag), Part: Places}
		switch {
		case seen[p.Flag]:
		case n == MostPlaces || slices.Contains(k.Hidden, item.Key):
			a.Rest = append(a.Rest, p)
		default:
			n++
			p.Number = n
			item.Place = &p
			a.Items = append(a.Items, item)
		}
		seen[p.Flag] = true
	}
}

// PlaceOf is a place of the picture as an agenda has it.
func PlaceOf(p situation.Place) Place {
	return Place{
		Flag: p.Flag, Kind: p.Kind, Level: p.Level, Area: p.Area, Name: p.Name, District: p.District, Group: p.Group, Category: p.Category,
		From: p.From, To: p.To, Observed: p.Observed, Expected: p.Expected, Agencies: len(p.Agencies),
	}
}

func oldestFirst(due []Due) []Due {
	return slices.SortedStableFunc(slices.Values(due), func(a, b Due) int {
		return cmp.Or(cmp.Compare(a.DueOn, b.DueOn), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Action.String(), b.Action.String()))
	})
}

// coverage counts units that are expected to report; one that has not begun or is suspended is not.
func coverage(sources []situation.Source) Coverage {
	var c Coverage
	for _, s := range sources {
		if s.State == "not_started" || s.State == "suspended" {
			continue
		}
		c.Of++
		if s.State == "reported" || s.State == "nothing" {
			c.Heard++
			continue
		}
		name := s.AgencyName
		if s.UnitName != "" {
			name += ", " + s.UnitName
		}
		c.Silent = append(c.Silent, Source{Agency: s.Agency, Unit: s.Unit, Name: name})
	}
	return c
}

// changes are groups and areas outside their interval, the farthest outside first.
func changes(r situation.Report) []Change {
	var all []Change
	for _, g := range r.Groups {
		if g.Detected && outside(g.Incidents, g.Expected) {
			all = append(all, Change{Group: g.Group, Incidents: g.Incidents, Expected: *g.Expected})
		}
	}
	for _, f := range r.Areas {
		if outside(f.Detected, f.Expected) {
			all = append(all, Change{Area: f.Area, Name: f.Name, Incidents: f.Detected, Expected: *f.Expected})
		}
	}
	slices.SortStableFunc(all, func(a, b Change) int { return cmp.Compare(b.excess(), a.excess()) })
	return all
}

func outside(n int, e *situation.Expected) bool { return e != nil && (n > e.High || n < e.Low) }

// excess is how far outside its interval a number lies.
func (c Change) excess() int { return max(c.Incidents-c.Expected.High, c.Expected.Low-c.Incidents) }

// aheadFor is how far ahead a meeting looks: to the next one and the weekend after it.
const aheadFor = 12 * 24 * time.Hour

func announced(coming []situation.Coming, now time.Time) []Announced {
	var all []Announced
	for _, c := range coming {
		if c.To.Before(now) || c.From.After(now.Add(aheadFor)) {
			continue
		}
		all = append(all, Announced{Kind: c.Kind, From: c.From, To: c.To, Where: c.AreaNames})
	}
	slices.SortStableFunc(all, func(a, b Announced) int { return a.From.Compare(b.From) })
	return all
}

// The kinds of keys that name something with an id.
const (
	flagPrefix     = "flag:"
	actionPrefix   = "action:"
	questionPrefix = "question:"
)

// FlagKey is the key of the item about a flagged place.
func FlagKey(id uuid.UUID) string { return flagPrefix + id.String() }

// ActionKey is the key of the item about an action.
func ActionKey(id uuid.UUID) string { return actionPrefix + id.String() }

// QuestionKey is the key of the item about a question of our own.
func QuestionKey(id uuid.UUID) string { return questionPrefix + id.String() }

// QuestionOf is the id of a question's item; false for any other.
func QuestionOf(key string) (uuid.UUID, bool) {
	rest, found := strings.CutPrefix(key, questionPrefix)
	id, err := uuid.Parse(rest)
	return id, found && err == nil
}

// At is the place of an item in the agenda; -1 if it is not there.
func (a Agenda) At(key string) int {
	return slices.IndexFunc(a.Items, func(i Item) bool { return i.Key == key })
}

// Parts are the parts that have an item, in order.
func (a Agenda) Parts() []Part {
	var all []Part
	for _, i := range a.Items {
		if len(all) == 0 || all[len(all)-1] != i.Part {
			all = append(all, i.Part)
		}
	}
	return all
}

// Of are the items of a part.
func (a Agenda) Of(p Part) []Item {
	var all []Item
	for _, i := range a.Items {
		if i.Part == p {
			all = append(all, i)
		}
	}
	return all
}

// Minutes is how long a part of a meeting of a given length is planned to take, as in practice: of an hour 3 for the opening, 12 for
// what is due, 8 for the picture, 25 for places, 7 for the coming week, 5 for the decisions.
func Minutes(p Part, length time.Duration) int {
	ofAnHour := map[Part]int{Opening: 3, FollowUp: 12, Picture: 8, Places: 25, Ahead: 7, Closing: 5}
	return int((time.Duration(ofAnHour[p])*length + 30*time.Minute) / time.Hour)
}
