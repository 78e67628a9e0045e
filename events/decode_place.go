// SPDX-License-Identifier: EUPL-1.2

package events

import "math"

// The coordinates that a projected system of the kind municipalities use (SWEREF 99 TM, UTM) can give, in metres.
const (
	leastEasting, mostEasting   = 100_000, 1_000_000
	leastNorthing, mostNorthing = 0, 10_000_000
)

type placeMembers struct{ lon, lat, easting, northing, property, area int32 }

func (m *placeMembers) slot(name []byte) *int32 {
	switch string(name) {
	case "lon":
		return &m.lon
	case "lat":
		return &m.lat
	case "easting":
		return &m.easting
	case "northing":
		return &m.northing
	case "property":
		return &m.property
	case "area":
		return &m.area
	}
	return nil
}

// place reads every form of a place that is given; which of them is used, and whether they agree, is the correlator's.
func (w *walk) place(i int32) Place {
	var m placeMembers
	var p Place
	if !w.object(i) {
		return p
	}
	for c := w.first(i); c < w.past(i); c = w.past(c) {
		w.take(m.slot(w.name(c)), c, true)
	}
	if a, b, ok := w.pair(i, m.lon, m.lat, "lon", "lat"); ok {
		p.Point = &Point{Lon: a, Lat: b}
		w.point(i, m, *p.Point)
	}
	if a, b, ok := w.pair(i, m.easting, m.northing, "easting", "northing"); ok {
		p.Grid = &Grid{Easting: a, Northing: b}
		w.grid(i, m, *p.Grid)
	}
	p.Property = w.line(m.property, maxProperty)
	p.Area = w.area(m.area)
	said := m
	if p.Property == "" && m.property != 0 && w.nodes[m.property].kind == '"' {
		said.property = 0
	}
	if said == (placeMembers{}) {
		w.fail(NoPlace, i)
	}
	return p
}

// pair reads two numbers that mean something only together.
func (w *walk) pair(place, a, b int32, nameA, nameB string) (x, y float64, ok bool) {
	if a == 0 && b == 0 {
		return 0, 0, false
	}
	if a == 0 {
		w.missing(Required, place, nameA)
	}
	if b == 0 {
		w.missing(Required, place, nameB)
	}
	x, okA := w.float(a)
	y, okB := w.float(b)
	return x, y, okA && okB
}

func (w *walk) point(place int32, m placeMembers, p Point) {
	switch {
	case projected(p.Lon, p.Lat) || projected(p.Lat, p.Lon):
		w.fail(CoordsSweref, place)
	case math.Abs(p.Lon) > 180 || math.Abs(p.Lat) > 90:
		if math.Abs(p.Lon) > 180 {
			w.fail(CoordsRange, m.lon)
		}
		if math.Abs(p.Lat) > 90 {
			w.fail(CoordsRange, m.lat)
		}
	case p.Lon == 0 && p.Lat == 0:
		w.fail(CoordsNullIsland, place)
	case coarse(p.Lon) && coarse(p.Lat):
		w.note(CoordsCoarse, place)
	}
}

// projected says whether two numbers that should be degrees are metres; the northing of inhabited land here has seven digits.
func projected(easting, northing float64) bool {
	return easting >= leastEasting && easting < mostEasting && northing >= 1_000_000 && northing <= mostNorthing
}

func (w *walk) grid(place int32, m placeMembers, g Grid) {
	switch {
	case g.Northing < mostEasting && projected(g.Northing, g.Easting):
		w.fail(CoordsSwapped, place)
	case g.Easting < leastEasting || g.Easting >= mostEasting:
		w.fail(CoordsUnknownSystem, m.easting)
	case g.Northing < leastNorthing || g.Northing > mostNorthing:
		w.fail(CoordsUnknownSystem, m.northing)
	}
}

// coarse says whether a coordinate has one decimal at most.
func coarse(degrees float64) bool { return math.Round(degrees*10)/10 == degrees }
