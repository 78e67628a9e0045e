// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"samsyn/events"
	"samsyn/internal/geo"
)

// exactness orders the ways to say where, the most exact highest.
const (
	exactNowhere = iota
	exactArea
	exactProperty
	exactGrid
	exactPoint
)

// placed is where a report lies: its point, where it has one, and the areas that hold it. Areas are
// empty for a point inside the municipality that no area holds.
type placed struct {
	district, area string
	lon, lat       float64
	// exactness says how the point was known; from exactProperty up there is one.
	exactness int
}

func (p placed) located() bool { return p.exactness >= exactProperty }

// readPlace uses the most exact part of what was said and checks that the rest does not contradict it.
// A point is judged as it was sent: never moved, rounded or snapped.
func (r *reference) readPlace(v *verdict, place events.Place) {
	p, path, ok := r.locate(v, place)
	if !ok {
		return
	}
	if p.located() {
		found := r.areas.Place(p.lon, p.lat)
		if !found.Inside {
			r.outside(v, p, path)
			return
		}
		p.district, p.area = found.District, found.Area
		if place.Area != "" && !r.agrees(found, place.Area) {
			v.quarantine(events.PlaceConflict, "/data/place/area")
		}
	}
	v.reading.place = p
}

// locate turns the most exact part into a point, or into an area where there is nothing better.
func (r *reference) locate(v *verdict, place events.Place) (p placed, path string, ok bool) {
	switch {
	case place.Point != nil:
		return placed{lon: place.Point.Lon, lat: place.Point.Lat, exactness: exactPoint}, "/data/place", true
	case place.Grid != nil:
		lon, lat := r.projection.Inverse(place.Grid.Easting, place.Grid.Northing)
		return placed{lon: lon, lat: lat, exactness: exactGrid}, "/data/place", true
	case place.Property != "":
		at, known := r.property(v.agency, place.Property)
		if !known {
			v.quarantine(events.UnknownProperty, "/data/place/property")
			return placed{}, "", false
		}
		return placed{lon: at.Lon(), lat: at.Lat(), exactness: exactProperty}, "/data/place/property", true
	default:
		found, known := r.areas.Lookup(string(place.Area))
		if !known {
			v.quarantine(events.UnknownArea, "/data/place/area")
			return placed{}, "", false
		}
		return placed{district: found.District, area: found.Area, exactness: exactArea}, "/data/place/area", true
	}
}

// outside says why a point is not in the municipality, where that can be told: a sender can mend
// swapped axes faster than "outside".
func (r *reference) outside(v *verdict, p placed, path string) {
	switch {
	case p.exactness == exactPoint && looksProjected(p.lon, p.lat):
		v.quarantine(events.CoordsSweref, path)
	case p.exactness == exactPoint && r.areas.Place(p.lat, p.lon).Inside:
		v.quarantine(events.CoordsSwapped, path)
	case p.exactness == exactGrid && r.swappedGrid(v):
		v.quarantine(events.CoordsSwapped, path)
	default:
		v.quarantine(events.OutsideMunicipality, path)
	}
}

func looksProjected(lon, lat float64) bool {
	return lon > 1000 || lat > 1000
}

func (r *reference) swappedGrid(v *verdict) bool {
	if v.event.Incident == nil || v.event.Incident.Place.Grid == nil {
		return false
	}
	g := v.event.Incident.Place.Grid
	lon, lat := r.projection.Inverse(g.Northing, g.Easting)
	return r.areas.Place(lon, lat).Inside
}

// agrees says whether a point found in some areas may also be said to lie in the area of a code.
func (r *reference) agrees(found geo.Found, code events.AreaCode) bool {
	said, known := r.areas.Lookup(string(code))
	if !known {
		return false
	}
	return (said.Area == "" || said.Area == found.Area) && (said.District == "" || said.District == found.District)
}
