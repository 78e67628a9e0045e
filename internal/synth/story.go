// SPDX-License-Identifier: EUPL-1.2

package synth

import (
	"time"

	"github.com/paulmach/orb"

	"samsyn/events"
)

// story is what the demo shows: one event that three agencies see, a place with a
// clear rise, one shooting. All of it lies in the last days before now.
func (w *world) story() {
	r := newDice(w.seed, 1)
	w.oneEventThreeEyes(r)
	w.rise(r)
	w.shooting(r)
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
	riseApart   = 160.0 // metres: no two of them are one event
)

// rise: twelve acts of damage in one area in six days, seen by all.
func (w *world) rise(r *dice) {
	area := w.area(w.town.Scene.Rise)
	var spots []orb.Point
	for range riseReports {
		spots = append(spots, w.apart(r, area, spots))
	}
	eyes := []struct {
		agency         events.AgencyID
		unit, category string
	}{{Bostad, "norr", "x:GLAS"}, {Kommun, "vakt", "property_damage"}, {Polis, "omrade", "vehicle_damage"}, {Skola, "hogstadiet", "broken_window"}}
	for i, p := range spots {
		e := eyes[i%len(eyes)]
		day := w.today.AddDate(0, 0, -6+i/2)
		from := clock(day, 17+i%4, 10*(i%5))
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
