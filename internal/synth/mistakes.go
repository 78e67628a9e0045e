// SPDX-License-Identifier: EUPL-1.2

package synth

import (
	"bytes"
	"strings"
	"time"

	"samsyn/events"
)

// testPersonnummer is no person's: it is the example number of Swedish forms, with a
// right date and check digit.
const testPersonnummer = "19121212-1212"

// mistakes are sent in the last days, so that receipts of every outcome are there to
// be seen: four that an agency must decide about, four that cannot be events.
func (w *world) mistakes() {
	r := newDice(w.seed, 2)
	day := w.today.AddDate(0, 0, -2)
	good := func(text string) events.Incident {
		area := w.area(w.town.Scene.Shared)
		p := w.grounds[area].draw(r)
		from := clock(day, 13, 0)
		return events.Incident{
			Category: "littering", Occurred: events.Interval{From: from, To: from.Add(20 * time.Minute)}, Text: madeUp + text,
			Place: events.Place{Point: &events.Point{Lon: p[0], Lat: p[1]}},
		}
	}
	at := clock(day, 14, 0)

	in := good("Avsändarens klocka går fel.")
	w.mistake(Polis, "omrade", "fel-klocka", at, at.AddDate(0, 0, 9), in)
	in = good("Platsen hamnade i en annan kommun.")
	in.Place.Point = &events.Point{Lon: w.town.Scene.Outside[0], Lat: w.town.Scene.Outside[1]}
	w.mistake(Kommun, "park", "fel-kommun", at, at, in)
	in = good("Någon skrev ett personnummer, " + testPersonnummer + ".")
	w.mistake(Kommun, "falt", "fel-personnummer", at, at, in)
	in = good("Felkoden finns inte i översättningen.")
	in.Category = "x:VVS"
	w.mistake(Bostad, "norr", "fel-kod", at, at, in)

	in = good("Bostäder tas inte emot.")
	in.PlaceType = "stairwell"
	w.spoil(w.mistake(Bostad, "norr", "fel-bostad", at, at, in), `"stairwell"`, `"dwelling"`)
	w.spoil(w.mistake(Kommun, "vakt", "fel-falt", at, at, good("Ett fält är felstavat.")), `"category"`, `"kategori"`)
	w.spoil(w.mistake(Polis, "yttre", "fel-tid", at, at, good("Tiden saknar zon.")), w.offset(at)+`"`, `"`)
	w.cut(w.mistake(Kommun, "vakt", "fel-avbruten", at, at, good("Sändningen bröts.")))
}

// mistake sends a report that says it was told at a time of its own; it returns the
// index of the item.
func (w *world) mistake(a events.AgencyID, unit, id string, sent, told time.Time, in events.Incident) int {
	in.Unit = unit
	day := strings.ReplaceAll(sent.Format(time.DateOnly), "-", "")
	w.put(a, events.ReportID(id+"-"+day), 1, sent, events.Event{
		Verb: events.Reported, Kind: events.KindIncident, Type: events.TypeIncidentReported, Incident: &in, Time: told,
	})
	return len(w.items) - 1
}

// spoil replaces what a correct sender wrote.
func (w *world) spoil(item int, right, wrong string) {
	if w.err == nil {
		w.items[item].Body = bytes.Replace(w.items[item].Body, []byte(right), []byte(wrong), 1)
	}
}

// cut ends the body in the middle of the text.
func (w *world) cut(item int) {
	if w.err == nil {
		body := w.items[item].Body
		w.items[item].Body = body[:len(body)*2/3]
	}
}

// offset is how the zone's offset is written at a time.
func (w *world) offset(at time.Time) string { return at.In(w.town.Zone).Format("-07:00") }
