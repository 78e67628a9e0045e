// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// sameTime compares instant and offset: the offset is kept, the name of the zone is not.
var sameTime = cmp.Comparer(func(a, b time.Time) bool {
	_, offsetA := a.Zone()
	_, offsetB := b.Zone()
	return a.Equal(b) && offsetA == offsetB
})

// withoutTraces drops what decoding adds: the notes, and the hash of what was sent.
func withoutTraces(e Event) Event {
	e.Notes, e.Content = nil, [32]byte{}
	return e
}

// The connector's outbox and every rebuild encode what was decoded before: nothing may change on the way round.
func TestDecodingWhatWasEncodedGivesTheEventBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anEvent.Draw(t, "event")
		body, err := Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		got, reasons := Decode(body)
		if len(reasons) > 0 {
			t.Fatalf("%s\n%+v", body, reasons)
		}
		if diff := cmp.Diff(e, withoutTraces(got), sameTime); diff != "" {
			t.Fatalf("%s\n%s", body, diff)
		}
		again, err := Encode(got)
		if err != nil {
			t.Fatal(err)
		}
		if twice, _ := Decode(again); twice.Content != got.Content {
			t.Fatalf("the content changed:\n%s\n%s", body, again)
		}
	})
}

// An event that lacks its data would be sent as null and refused far away.
func TestEncodeRefusesAnEventWithoutItsData(t *testing.T) {
	for _, e := range []Event{
		{Verb: Reported, Kind: KindIncident},
		{Verb: Withdrawn, Kind: KindIncident, Incident: &Incident{}},
		{Verb: CountsVerb, Kind: KindCounts, Nothing: &Nothing{}},
		{Verb: Reported, Kind: KindIncident, Incident: &Incident{Place: Place{Point: &Point{Lon: math.NaN()}}}},
	} {
		if body, err := Encode(e); err == nil {
			t.Errorf("%+v was encoded as %s", e, body)
		}
	}
}

// What senders rarely fill in by hand follows from the rest.
func TestEncodeFillsInTheEnvelope(t *testing.T) {
	at := time.Date(2026, 6, 30, 23, 0, 0, 0, time.UTC)
	body, err := Encode(Event{
		Municipality: "0480", Agency: "bostad", Verb: Reported, Kind: KindIncident, Report: "R-1", Time: at,
		Incident: &Incident{Category: "graffiti", Occurred: Interval{From: at}, Place: Place{Area: "A1"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	e, reasons := Decode(body)
	if len(reasons) > 0 {
		t.Fatal(reasons)
	}
	if e.ID != "R-1:1" || e.Source != "urn:samsyn:0480:bostad" || e.Type != TypeIncidentReported || e.Revision != 1 {
		t.Errorf("%+v", e)
	}
	if !e.Incident.Occurred.To.Equal(at) {
		t.Errorf("to is %v, want from", e.Incident.Occurred.To)
	}
}

var anEvent = rapid.Custom(func(t *rapid.T) Event {
	e := Event{
		Municipality: MunicipalityID(rapid.StringMatching(`[0-9]{4}|[a-z0-9-]{2,16}`).Draw(t, "municipality")),
		Agency:       AgencyID(rapid.StringMatching(`[a-z0-9-]{2,32}`).Draw(t, "agency")),
		Kind:         rapid.SampledFrom([]Kind{KindIncident, KindNothing, KindCounts, KindContext}).Draw(t, "kind"),
		Report:       ReportID(rapid.StringMatching(`[A-Za-z0-9_:-][A-Za-z0-9._:-]{0,63}`).Draw(t, "report")),
		ID:           rapid.StringMatching(`[A-Za-z0-9_:-][A-Za-z0-9._:-]{0,127}`).Draw(t, "id"),
		Subject:      text(t, "subject", 60, false),
	}
	e.Source = Source(e.Municipality, e.Agency)
	e.Verb = rapid.SampledFrom([]Verb{
		Corrected, Withdrawn,
		map[Kind]Verb{KindIncident: Reported, KindNothing: NothingVerb, KindCounts: CountsVerb, KindContext: ContextVerb}[e.Kind],
	}).Draw(t, "verb")
	e.Type = e.Verb.Type()
	e.Revision = 1
	if e.Verb == Corrected || e.Verb == Withdrawn {
		e.Revision = rapid.IntRange(2, math.MaxInt32).Draw(t, "revision")
	}
	when := anInterval(t, 31)
	e.Time = aTime(t, when.To, time.Hour*24*30)
	switch {
	case e.Verb == Withdrawn:
		e.Withdrawal = &Withdrawal{Reason: text(t, "reason", 500, true)}
	case e.Kind == KindIncident:
		e.Incident = anIncident(t, when)
	case e.Kind == KindNothing:
		e.Nothing = &Nothing{From: when.From, To: when.To, Unit: optional(t, "unit", `[a-z0-9-]{1,32}`)}
	case e.Kind == KindCounts:
		e.Counts = &Counts{
			From: when.From, To: when.To, Area: area(t), Category: category(t), N: rapid.IntRange(0, math.MaxInt32).Draw(t, "n"),
		}
	case e.Kind == KindContext:
		e.Context = aContext(t)
	}
	return e
})

func anIncident(t *rapid.T, when Interval) *Incident {
	one := func(name string, words []string) string {
		return rapid.SampledFrom(append([]string{""}, words...)).Draw(t, name)
	}
	some := func(name string, words []string) []string {
		list := rapid.SliceOfNDistinct(rapid.SampledFrom(words), 0, len(words), rapid.ID[string]).Draw(t, name)
		if len(list) == 0 {
			return nil
		}
		return list
	}
	in := &Incident{
		Category: category(t), Occurred: when, Place: aPlace(t),
		PlaceType: one("place_type", placeTypes), Severity: rapid.IntRange(0, 4).Draw(t, "severity"),
		Certainty: rapid.SampledFrom(certainties).Draw(t, "certainty"), Persons: one("persons", personBands),
		Ongoing: rapid.Bool().Draw(t, "ongoing"), Text: text(t, "text", 500, true),
		MeasuresTaken: some("measures", measures), PoliceReported: one("police", policeReported),
		Sharing: one("sharing", sharings), Unit: optional(t, "unit", `[a-z0-9-]{1,32}`),
		Reporter: text(t, "reporter", 64, false), Origin: one("origin", origins), Test: rapid.Bool().Draw(t, "test"),
		Reference: text(t, "reference", 64, false), Reviewed: some("reviewed", reviewable),
	}
	if group := optional(t, "group", `[a-z0-9-]{1,64}`); group != "" {
		in.Groups = []string{group}
	}
	if rapid.Bool().Draw(t, "embargo") {
		in.ShareAfter = aTime(t, when.To, time.Hour*1000)
	}
	return in
}

func aContext(t *rapid.T) *Context {
	c := &Context{
		Kind: rapid.SampledFrom(contextKinds).Draw(t, "context"), Occurs: anInterval(t, 400), Text: text(t, "text", 500, true),
	}
	if rapid.Bool().Draw(t, "in areas") {
		c.Areas = []AreaCode{area(t)}
	} else {
		place := aPlace(t)
		c.Place = &place
	}
	return c
}

func aPlace(t *rapid.T) Place {
	var p Place
	forms := rapid.IntRange(1, 15).Draw(t, "forms of place")
	decimals := func(v float64) float64 { return math.Round(v*1e6) / 1e6 }
	if forms&1 != 0 {
		p.Point = &Point{
			Lon: decimals(rapid.Float64Range(-180, 180).Draw(t, "lon")), Lat: decimals(rapid.Float64Range(0.01, 90).Draw(t, "lat")),
		}
	}
	if forms&2 != 0 {
		p.Grid = &Grid{
			Easting:  decimals(rapid.Float64Range(leastEasting, mostEasting-1).Draw(t, "easting")),
			Northing: decimals(rapid.Float64Range(leastNorthing, mostNorthing).Draw(t, "northing")),
		}
	}
	if forms&4 != 0 {
		p.Property = "Oppeby " + text(t, "property", 190, false)
		p.Property, _ = clean(p.Property, false)
	}
	if forms&8 != 0 {
		p.Area = area(t)
	}
	return p
}

func area(t *rapid.T) AreaCode {
	return AreaCode(rapid.StringMatching(`[A-Za-z0-9_-]{1,32}`).Draw(t, "area"))
}

func category(t *rapid.T) string {
	return rapid.StringMatching(`[a-wyz][a-z_]{1,30}|x:[A-Za-z0-9åäö/._-]{1,64}`).Draw(t, "category")
}

func optional(t *rapid.T, name, form string) string {
	if rapid.Bool().Draw(t, name+"?") {
		return ""
	}
	return rapid.StringMatching(form).Draw(t, name)
}

// text is any text as it is after cleaning, at most so many characters.
func text(t *rapid.T, name string, most int, lines bool) string {
	s, _ := clean(rapid.StringN(0, most, -1).Draw(t, name), lines)
	for characters(s) > most {
		s, _ = clean(string([]rune(s)[:most-1]), lines)
	}
	return s
}

func anInterval(t *rapid.T, days int) Interval {
	from := aTime(t, time.Date(2001, 1, 2, 0, 0, 0, 0, time.UTC), time.Hour*24*365*50)
	if rapid.Bool().Draw(t, "moment") {
		return Interval{From: from, To: from}
	}
	length := time.Duration(rapid.Int64Range(1, int64(days)*24*3600*1000).Draw(t, "length")) * time.Millisecond
	return Interval{From: from, To: from.Add(length)}
}

// aTime is at or after a moment, in any zone of whole minutes.
func aTime(t *rapid.T, after time.Time, within time.Duration) time.Time {
	at := after.Add(time.Duration(rapid.Int64Range(0, within.Milliseconds()).Draw(t, "time")) * time.Millisecond)
	zone := time.UTC
	if minutes := rapid.IntRange(-14*60, 14*60).Draw(t, "offset"); minutes != 0 {
		zone = time.FixedZone("", minutes*60)
	}
	return at.In(zone)
}
