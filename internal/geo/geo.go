// SPDX-License-Identifier: EUPL-1.2

// Package geo answers three questions about a place: which areas hold it, what
// its coordinates are in the municipality's projected system, and how far it is
// from another place.
//
// It promises that every point is judged on the coordinates as given: nothing is
// rounded, moved or snapped, and the side of an edge is decided exactly, with
// whole-number arithmetic where floating point cannot tell. Where polygons share
// their vertices, a point on the shared border belongs to exactly one of them.
// An Index never changes after NewIndex and may be used by any number of
// goroutines.
//
// It does not read files, choose between systems of coordinates or decide what a
// misplaced point means for a report: those are the registry's and the
// correlator's decisions.
//
// Nothing here fails at run time: what cannot be used is named by Check, NewIndex
// or ProjectionOf before it is used.
package geo

import (
	"math"

	"github.com/paulmach/orb"
)

// Level is one of the three levels of areas in a municipality.
type Level string

// The levels, from the largest.
const (
	LevelMunicipality Level = "municipality"
	LevelDistrict     Level = "district"
	LevelArea         Level = "area"
)

// Area is one polygon, or several, with a code.
type Area struct {
	// Code names the area within the municipality, unique over all levels.
	Code string
	// Level says which of the three it is.
	Level Level
	// Parent is the code of the district that an area belongs to; a district need
	// not have a polygon. Empty when there is none, and for the other levels.
	Parent string
	// Geometry is in WGS 84, longitude before latitude (RFC 7946), and has no
	// Problem that Check finds. Either winding will do.
	Geometry orb.MultiPolygon
}

// The axes of the ellipsoids, metres and flattening: GRS 80 for SWEREF 99, WGS 84
// for UTM. They differ by 0.1 mm at the pole.
const (
	semiMajorAxis   = 6378137.0
	flatteningGRS80 = 1 / 298.257222101
	flatteningWGS84 = 1 / 298.257223563
)

// Distance returns the metres between two points in WGS 84 along the ellipsoid.
// It is right to 1 cm up to 50 km and to 0.3 % at any distance: the chord through
// the ellipsoid, made into an arc of the mean radius.
func Distance(a, b orb.Point) float64 {
	const meanRadius = 6371008.8
	ax, ay, az := cartesian(a)
	bx, by, bz := cartesian(b)
	half := math.Sqrt((ax-bx)*(ax-bx)+(ay-by)*(ay-by)+(az-bz)*(az-bz)) / 2
	return 2 * meanRadius * math.Asin(min(1, half/meanRadius))
}

// cartesian returns earth-centred metres of a point on the WGS 84 ellipsoid.
func cartesian(p orb.Point) (x, y, z float64) {
	const e2 = flatteningWGS84 * (2 - flatteningWGS84)
	sinLat, cosLat := math.Sincos(radians(p.Lat()))
	sinLon, cosLon := math.Sincos(radians(p.Lon()))
	normal := semiMajorAxis / math.Sqrt(1-e2*sinLat*sinLat)
	return normal * cosLat * cosLon, normal * cosLat * sinLon, normal * (1 - e2) * sinLat
}

func radians(degrees float64) float64 { return degrees * math.Pi / 180 }

func degrees(radians float64) float64 { return radians * 180 / math.Pi }
