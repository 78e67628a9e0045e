// SPDX-License-Identifier: EUPL-1.2

package synth

import (
	"fmt"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"samsyn/events"
)

// Weeks is how far back a world reaches.
const Weeks = 26

// World makes half a year of events in a town up to now: what each agency reports
// from day to day, near repeats, what two agencies both see, late reports,
// corrections, withdrawals, "nothing to report", weekly figures, announcements, the
// story, and some that cannot be taken in. Nothing is sent after now.
func World(t Town, seed uint64, now time.Time) ([]Item, error) {
	w, err := newWorld(t, seed, now)
	if err != nil {
		return nil, err
	}
	for day := w.first; !day.After(w.today); day = day.AddDate(0, 0, 1) {
		w.everyday(day)
	}
	w.story()
	w.notices()
	w.mistakes()
	if w.err != nil {
		return nil, w.err
	}
	sent := slices.DeleteFunc(w.items, func(i Item) bool { return i.At.After(now) })
	return inOrder(sent), nil
}

// world collects what is sent. The first event that cannot be written ends it.
type world struct {
	town    Town
	seed    uint64
	now     time.Time
	first   time.Time // local midnights
	today   time.Time
	cast    []Agency
	grounds []ground
	weights []float64 // by area

	items    []Item
	numbered map[string]int  // reports of an agency and day so far
	heard    map[string]bool // unit and week that reported something
	err      error
}

func newWorld(t Town, seed uint64, now time.Time) (*world, error) {
	w := &world{town: t, seed: seed, now: now, today: localDay(now, t.Zone), cast: Cast(t), numbered: map[string]int{}, heard: map[string]bool{}}
	w.first = firstDay(w.today)
	for _, a := range t.Areas {
		g, err := newGround(a)
		if err != nil {
			return nil, err
		}
		w.grounds = append(w.grounds, g)
		w.weights = append(w.weights, a.Weight)
	}
	scene := []events.AreaCode{t.Scene.Rise, t.Scene.Serious, t.Scene.Shared}
	if !t.Reviewed.IsZero() {
		scene = append(scene, t.Scene.Gathering, t.Scene.Dealing)
	}
	for _, code := range scene {
		if w.area(code) < 0 {
			return nil, fmt.Errorf("scene: area %q is not in the town", code)
		}
	}
	return w, nil
}

// firstDay is the Monday that begins the first of the weeks.
func firstDay(today time.Time) time.Time {
	return monday(today).AddDate(0, 0, -7*(Weeks-1))
}

func monday(day time.Time) time.Time {
	return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
}

func localDay(at time.Time, zone *time.Location) time.Time {
	y, m, d := at.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone)
}

// clock is a time of day on a local day: 25 hours are 01.00 the day after.
func clock(day time.Time, hours, minutes int) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), hours, minutes, 0, 0, day.Location())
}

// area is the index of an area, or -1.
func (w *world) area(code events.AreaCode) int {
	return slices.IndexFunc(w.town.Areas, func(a Area) bool { return a.Code == code })
}

func (w *world) agency(code events.AgencyID) Agency {
	return w.cast[slices.IndexFunc(w.cast, func(a Agency) bool { return a.Code == code })]
}

// everyday is what the agencies see on one day.
func (w *world) everyday(day time.Time) {
	r := diceOf(w.seed, day)
	for _, a := range w.cast {
		mean := a.perWeek / 7 * weekday[day.Weekday()]
		for range r.poisson(mean) {
			s := w.sight(r, a, day)
			if day.Before(a.startedOn(w.first, w.today)) {
				continue // drawn all the same: chance must not depend on when the agency started
			}
			w.report(r, s)
		}
	}
}

// sight is one incident as its first agency sees it.
type sight struct {
	agency   Agency
	unit     string
	area     int
	at       orb.Point
	category string // may be the agency's own code
	kind     kind
	occurred events.Interval
	reported time.Time
	found    bool
}

const (
	nearRepeatShare = 0.10
	secondEyeShare  = 0.12
	lateShare       = 0.04
	correctedShare  = 0.03
	withdrawnShare  = 0.015
	resentShare     = 0.01
)

func (w *world) sight(r *dice, a Agency, day time.Time) sight {
	weights := make([]float64, len(a.mix))
	for i, m := range a.mix {
		weights[i] = m.weight
	}
	s := sight{agency: a, area: r.pick(w.weights), category: a.mix[r.pick(weights)].category}
	s.at = w.grounds[s.area].draw(r)
	s.unit = w.unitFor(r, a, s.area)
	s.kind = kindOf(a, s.category)
	w.time(r, &s, day)
	return s
}

// kindOf reads an agency's own code through its mapping.
func kindOf(a Agency, category string) kind {
	if len(category) > 2 && category[:2] == "x:" {
		category = a.Mappings[category[2:]]
	}
	return kinds[category]
}

func (w *world) unitFor(r *dice, a Agency, area int) string {
	var able []string
	weights := []float64{}
	for _, u := range a.Units {
		if len(u.districts) > 0 && !slices.Contains(u.districts, w.town.Areas[area].District) {
			continue
		}
		able, weights = append(able, u.Code), append(weights, 1)
		if u.seldom {
			weights[len(weights)-1] = seldomWeight
		}
	}
	if len(able) == 0 {
		return a.Units[0].Code
	}
	return able[r.pick(weights)]
}

// seldomWeight is a seldom unit's share beside one that reports daily.
const seldomWeight = 0.06

// time says when it happened and when it was told.
func (w *world) time(r *dice, s *sight, day time.Time) {
	s.found = r.chance(s.kind.found)
	if s.found {
		s.occurred.From = clock(day, -4, r.IntN(60)) // since eight in the evening before
		s.occurred.To = clock(day, 6, 30).Add(r.between(0, 2*time.Hour))
		s.reported = s.occurred.To.Add(r.between(5*time.Minute, 3*time.Hour))
		return
	}
	s.occurred.From = clock(day, r.pick(s.kind.hours[:]), r.IntN(12)*5)
	s.occurred.To = s.occurred.From.Add(r.between(5*time.Minute, 50*time.Minute))
	s.reported = s.occurred.To.Add(r.between(5*time.Minute, 90*time.Minute))
}

// report sends a sight and what may follow from it.
func (w *world) report(r *dice, s sight) {
	if r.chance(lateShare) {
		s.reported = s.reported.AddDate(0, 0, 4+r.IntN(8))
	}
	id, in, sent := w.send(r, s)
	if !sent {
		return
	}
	if r.chance(correctedShare) {
		w.correct(r, s, id, in)
	} else if r.chance(withdrawnShare) {
		w.withdraw(s, id)
	}
	if r.chance(nearRepeatShare) {
		w.repeat(r, s)
	}
	if r.chance(secondEyeShare) {
		w.secondEye(r, s)
	}
	if r.chance(resentShare) {
		again := w.items[len(w.items)-1]
		again.At = again.At.Add(10 * time.Minute)
		w.items = append(w.items, again)
	}
}

// repeat is the same thing again close by, some days later.
func (w *world) repeat(r *dice, s sight) {
	s.at = w.grounds[s.area].near(r, s.at, 200)
	w.time(r, &s, localDay(s.reported, w.town.Zone).AddDate(0, 0, 1+r.IntN(9)))
	w.send(r, s)
}

// secondEye is another agency that sees the same event at the same place.
func (w *world) secondEye(r *dice, s sight) {
	others := []events.AgencyID{Kommun, Polis, Bostad}
	other := w.agency(one(r, others))
	if other.Code == s.agency.Code {
		return
	}
	s.agency, s.unit = other, w.unitFor(r, other, s.area)
	if len(s.category) > 2 && s.category[:2] == "x:" {
		s.category = w.agency(Bostad).Mappings[s.category[2:]]
	}
	s.at = w.grounds[s.area].near(r, s.at, 40)
	s.reported = s.reported.Add(r.between(10*time.Minute, 2*time.Hour))
	w.send(r, s)
}
