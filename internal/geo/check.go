// SPDX-License-Identifier: EUPL-1.2

package geo

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// ProblemKind names what is wrong with a geometry.
type ProblemKind string

// What Check finds.
const (
	// NoGeometry is a multipolygon, polygon or ring without a point.
	NoGeometry ProblemKind = "no_geometry"
	// OutOfRange is a coordinate that is no longitude or latitude.
	OutOfRange ProblemKind = "out_of_range"
	// Projected is a coordinate that looks like metres in a projected system.
	Projected ProblemKind = "projected"
	// TooFewPoints is a ring with fewer than three different points.
	TooFewPoints ProblemKind = "too_few_points"
	// Unclosed is a ring whose last point is not its first.
	Unclosed ProblemKind = "unclosed"
	// SelfIntersection is a border that crosses itself.
	SelfIntersection ProblemKind = "self_intersection"
	// HoleOutside is a hole with a point outside the outer ring.
	HoleOutside ProblemKind = "hole_outside"
)

// Problem is one reason why a geometry cannot be used.
type Problem struct {
	Kind ProblemKind
	// Polygon and Ring count from 0; ring 0 is the outer one.
	Polygon, Ring int
	// At is the coordinate where it shows.
	At orb.Point
}

// String says what is wrong and where, counting from 1 as people do.
func (p Problem) String() string {
	words := map[ProblemKind]string{
		NoGeometry:       "has no points",
		OutOfRange:       "has a coordinate that is no longitude and latitude",
		Projected:        "has coordinates in metres; convert the file to WGS 84 (EPSG:4326)",
		TooFewPoints:     "has fewer than three different points",
		Unclosed:         "does not end where it begins",
		SelfIntersection: "crosses itself",
		HoleOutside:      "is a hole that reaches outside the outer ring",
	}
	return fmt.Sprintf("polygon %d, ring %d %s, at %g %g", p.Polygon+1, p.Ring+1, words[p.Kind], p.At[0], p.At[1])
}

// maxProblems keeps the list readable: who has twenty has the wrong file.
const maxProblems = 20

// Check lists what makes a geometry unusable, at most 20 problems; none means that
// the Index can place points in it. A border that touches itself, in a point or
// along a line, encloses the same ground however it is read and is allowed:
// official polygons do it. So is a crossing that rounding to six decimals makes of
// a touch.
func Check(mp orb.MultiPolygon) []Problem {
	if !hasRing(mp) {
		return []Problem{{Kind: NoGeometry}}
	}
	var found []Problem
	for i, polygon := range mp {
		problems := checkRings(polygon)
		if len(problems) == 0 {
			problems = append(crossings(polygon), holesOutside(polygon)...)
		}
		for _, p := range problems {
			p.Polygon = i
			found = append(found, p)
		}
	}
	return found[:min(len(found), maxProblems)]
}

// checkRings reports what hinders a look at how the rings lie.
func checkRings(polygon orb.Polygon) []Problem {
	if len(polygon) == 0 {
		return []Problem{{Kind: NoGeometry}}
	}
	var found []Problem
	for i, ring := range polygon {
		if kind, at := checkRing(ring); kind != "" {
			found = append(found, Problem{Kind: kind, Ring: i, At: at})
		}
	}
	return found
}

func checkRing(ring orb.Ring) (ProblemKind, orb.Point) {
	if len(ring) == 0 {
		return NoGeometry, orb.Point{}
	}
	different := map[orb.Point]bool{}
	for _, p := range ring {
		if kind := checkPoint(p); kind != "" {
			return kind, p
		}
		different[p] = true
	}
	if len(different) < 3 {
		return TooFewPoints, ring[0]
	}
	if ring[0] != ring[len(ring)-1] {
		return Unclosed, ring[len(ring)-1]
	}
	return "", orb.Point{}
}

func checkPoint(p orb.Point) ProblemKind {
	x, y := math.Abs(p[0]), math.Abs(p[1])
	switch {
	case x <= 180 && y <= 90:
		return ""
	case 1000 < x && x < 1e8 && 1000 < y && y < 1e8:
		return Projected
	default:
		return OutOfRange
	}
}

// corner is an edge of a ring with the point before it.
type corner struct {
	before, a, b orb.Point
	ring         int
}

// crossings finds the edges of a polygon that cross: a sweep from west to east
// over pairs whose bounds meet.
func crossings(polygon orb.Polygon) []Problem {
	corners := cornersOf(polygon)
	slices.SortFunc(corners, func(c, d corner) int { return cmp.Compare(min(c.a[0], c.b[0]), min(d.a[0], d.b[0])) })
	var found []Problem
	for i, c := range corners {
		east := max(c.a[0], c.b[0])
		south, north := min(c.a[1], c.b[1]), max(c.a[1], c.b[1])
		for _, d := range corners[i+1:] {
			if min(d.a[0], d.b[0]) > east {
				break
			}
			if max(d.a[1], d.b[1]) < south || min(d.a[1], d.b[1]) > north {
				continue
			}
			if cross(c, d) {
				found = append(found, Problem{Kind: SelfIntersection, Ring: max(c.ring, d.ring), At: meeting(c, d)})
			}
			if len(found) == maxProblems {
				return found
			}
		}
	}
	return found
}

// cornersOf lists the edges of all rings without repeated points.
func cornersOf(polygon orb.Polygon) []corner {
	var corners []corner
	for r, ring := range polygon {
		points := slices.Compact(slices.Clone(ring))
		n := len(points) - 1 // the last is the first again
		for i := range n {
			corners = append(corners, corner{before: points[(i+n-1)%n], a: points[i], b: points[i+1], ring: r})
		}
	}
	return corners
}

// cross reports whether the border passes from one side of itself to the other
// where two edges meet.
func cross(c, d corner) bool {
	ca, cb := side(d.a, d.b, c.a), side(d.a, d.b, c.b)
	da, db := side(c.a, c.b, d.a), side(c.a, c.b, d.b)
	switch {
	case ca*cb < 0 && da*db < 0:
		return !grazes(c, d)
	case ca == 0 && within(c.a, d): // a corner on the other's edge: do its arms part?
		return cb*side(d.a, d.b, c.before) < 0
	case da == 0 && within(d.a, c):
		return db*side(c.a, c.b, d.before) < 0
	}
	return false
}

// grazes reports whether an end of one edge is so near the other edge that the
// crossing is a touch in coordinates rounded to six decimals (0.1 m).
func grazes(c, d corner) bool {
	const rounding = 2e-6 // degrees
	return planar.DistanceFromSegment(d.a, d.b, c.a) < rounding || planar.DistanceFromSegment(d.a, d.b, c.b) < rounding ||
		planar.DistanceFromSegment(c.a, c.b, d.a) < rounding || planar.DistanceFromSegment(c.a, c.b, d.b) < rounding
}

// within reports whether a point of an edge's line lies between its ends.
func within(p orb.Point, c corner) bool {
	axis := 0
	if c.a[0] == c.b[0] {
		axis = 1
	}
	return min(c.a[axis], c.b[axis]) < p[axis] && p[axis] < max(c.a[axis], c.b[axis])
}

// meeting is about where two edges meet: for a person to look at.
func meeting(c, d corner) orb.Point {
	dx, dy := c.b[0]-c.a[0], c.b[1]-c.a[1]
	ex, ey := d.b[0]-d.a[0], d.b[1]-d.a[1]
	det := dx*ey - dy*ex
	if det == 0 {
		return c.a
	}
	t := ((d.a[0]-c.a[0])*ey - (d.a[1]-c.a[1])*ex) / det
	return orb.Point{c.a[0] + t*dx, c.a[1] + t*dy}
}

func holesOutside(polygon orb.Polygon) []Problem {
	var found []Problem
	outer := newShape("", polygon[:1])
	for i, hole := range polygon[1:] {
		for _, p := range hole {
			if !outer.contains(p) && !onRing(polygon[0], p) {
				found = append(found, Problem{Kind: HoleOutside, Ring: i + 1, At: p})
				break
			}
		}
	}
	return found
}

func onRing(ring orb.Ring, p orb.Point) bool {
	for i := range len(ring) - 1 {
		a, b := ring[i], ring[i+1]
		if p == a || p == b || side(a, b, p) == 0 && within(p, corner{a: a, b: b}) {
			return true
		}
	}
	return false
}

// Rewind returns the geometry with outer rings counterclockwise and holes
// clockwise, as RFC 7946 asks of what is sent out. The points stay as they are.
func Rewind(mp orb.MultiPolygon) orb.MultiPolygon {
	out := mp.Clone()
	for _, polygon := range out {
		for i, ring := range polygon {
			want := orb.CW
			if i == 0 {
				want = orb.CCW
			}
			if ring.Orientation() == -want {
				ring.Reverse()
			}
		}
	}
	return out
}
