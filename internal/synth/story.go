// SPDX-License-Identifier: EUPL-1.2

package synth

import (
	"time"

	"github.com/paulmach/orb"

	"samsyn/events"
)

// story is what the demo shows: one event that three agencies see, a place with a
// clear rise, one shooting, all in the last days before now; and where meetings are
// held, two places that the last one had to decide about.
func (w *world) story() {
	r := newDice(w.seed, 1)
	w.oneEventThreeEyes(r)
	w.rise(r)
	w.shooting(r)
	if !w.town.Reviewed.IsZero() {
		w.gatherings(r)
		w.dealing(r)
	}
}

// oneEventThreeEyes: yesterday evening a caretaker, a guard and the police see the
// same smashed entrance, within 40 m and an hour.
func (w *world) oneEventThreeEyes(r *dice) {
	yesterday := w.today.AddDate(0, 0, -1)
	area := w.area(w.town.Scene.Shared)
	at := w.grounds[area].draw(r)
	eyes := []struct {
		agency           events.AgencyID
		unit, category   string
		from, to, told   time.Time
		text, place, how string
	}{
		{Bostad, "norr", "x:GLAS", clock(yesterday, 21, 20), clock(yesterday, 22, 5), clock(yesterday, 22, 15), "Entrédörrens ruta krossad, glas i trapphuset.", "stairwell", "found"},
		{Kommun, "vakt", "broken_window", clock(yesterday, 21, 30), clock(yesterday, 21, 40), clock(yesterday, 21, 50), "Ljud av krossat glas vid entrén.", "stairwell", "presence"},
		{Polis, "omrade", "broken_window", clock(yesterday, 21, 35), clock(yesterday, 22, 0), clock(yesterday, 22, 25), "Krossad entréruta, ingen på plats.", "stairwell", "told"},
	}
	for _, e := range eyes {
		p := w.grounds[area].near(r, at, 20)
		w.tell(e.agency, e.unit, p, events.Incident{
			Category: e.category, Occurred: events.Interval{From: e.from, To: e.to}, PlaceType: e.place, Origin: e.how, Text: madeUp + e.text,
		}, e.told)
	}
}

const (
	riseReports = 12
	riseDays    = 6
	riseApart   = 160.0 // metres: no two of them are one event
)

// eye is a unit that sees something, and what it calls it.
type eye struct {
	agency         events.AgencyID
	unit, category string
}

// rise: twelve acts of damage in one area in six days, seen by all. Where a meeting was
// held in these days they lie in fewer, after the week it looked at.
func (w *world) rise(r *dice) {
	first, days := w.today.AddDate(0, 0, -riseDays), riseDays
	for !w.town.Reviewed.IsZero() && days > 1 && first.Before(w.town.Reviewed.AddDate(0, 0, 7)) {
		first, days = first.AddDate(0, 0, 1), days-1
	}
	w.several(r, w.town.Scene.Rise, riseReports, []eye{
		{Bostad, "norr", "x:GLAS"}, {Kommun, "vakt", "property_damage"}, {Polis, "omrade", "vehicle_damage"}, {Skola, "hogstadiet", "broken_window"},
	}, func(i int) time.Time { return clock(first.AddDate(0, 0, i*days/riseReports), 17+i%4, 10*(i%5)) })
}

// gatherings: ten evenings of trouble in the reviewed week, from Tuesday to Saturday.
func (w *world) gatherings(r *dice) {
	w.several(r, w.town.Scene.Gathering, 10, []eye{
		{Kommun, "vakt", "unsafe_gathering"}, {Bostad, "norr", "x:OBEHOR"}, {Polis, "omrade", "public_intoxication"}, {Skola, "fritid", "group_conflict"},
	}, func(i int) time.Time { return clock(w.town.Reviewed.AddDate(0, 0, 1+i/2), 19+i%3, 5+10*(i%5)) })
}

// dealing: seven signs of it in the first days of the reviewed week, so that somebody
// can decide to wait and see before the week is over.
func (w *world) dealing(r *dice) {
	w.several(r, w.town.Scene.Dealing, 7, []eye{
		{Kommun, "falt", "drug_litter"}, {Bostad, "norr", "drug_litter"}, {Polis, "omrade", "suspected_drug_dealing"},
	}, func(i int) time.Time { return clock(w.town.Reviewed.AddDate(0, 0, i/3), 10+2*(i%3), 15) })
}

// several is the same kind of thing at places apart in one area, seen by some in turn.
func (w *world) several(r *dice, where events.AreaCode, n int, eyes []eye, when func(int) time.Time) {
	area := w.area(where)
	var spots []orb.Point
	for range n {
		spots = append(spots, w.apart(r, area, spots))
	}
	for i, p := range spots {
		e, from := eyes[i%len(eyes)], when(i)
		text := one(r, kindOf(w.agency(e.agency), e.category).texts)
		w.tell(e.agency, e.unit, p, events.Incident{
			Category: e.category, Occurred: events.Interval{From: from, To: from.Add(30 * time.Minute)}, PlaceType: "other_public", Origin: "told", Text: madeUp + text,
		}, from.Add(70*time.Minute))
	}
}

// apart draws a point far from those already drawn, as far as the area allows.
func (w *world) apart(r *dice, area int, taken []orb.Point) orb.Point {
	var best orb.Point
	room := -1.0
	for range 200 {
		p := w.grounds[area].draw(r)
		nearest := riseApart
		for _, q := range taken {
			nearest = min(nearest, distance(p, q))
		}
		if nearest > room {
			best, room = p, nearest
		}
		if room >= riseApart {
			break
		}
	}
	return best
}

// shooting: one event of severity 4 this week, told by the police.
func (w *world) shooting(r *dice) {
	from := clock(w.today.AddDate(0, 0, -1), 22, 40)
	if w.today.Weekday() == time.Monday { // yesterday was last week
		from = clock(w.today, 0, 5)
	}
	w.tell(Polis, "yttre", w.grounds[w.area(w.town.Scene.Serious)].draw(r), events.Incident{
		Category: "shooting_explosion", Severity: 4, Certainty: events.CertaintyObserved, PlaceType: "other_public", Origin: "told",
		Occurred: events.Interval{From: from, To: from.Add(10 * time.Minute)}, Text: madeUp + kinds["shooting_explosion"].texts[0], PoliceReported: "yes",
	}, from.Add(25*time.Minute))
}

// tell sends one report of the story.
func (w *world) tell(a events.AgencyID, unit string, p orb.Point, in events.Incident, at time.Time) {
	in.Unit = unit
	in.Place = events.Place{Point: &events.Point{Lon: p[0], Lat: p[1]}}
	id := w.number(sight{agency: w.agency(a), reported: at})
	w.heard[unitWeek(a, unit, at, w.town.Zone)] = true
	w.put(a, id, 1, at, events.Event{Verb: events.Reported, Kind: events.KindIncident, Type: events.TypeIncidentReported, Incident: &in})
}
