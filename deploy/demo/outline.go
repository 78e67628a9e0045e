// SPDX-License-Identifier: EUPL-1.2

package demo

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// dissolve returns the outline of polygons that share their vertices along common
// borders: every edge that two of them draw in opposite directions is inside and
// goes. No point is moved or added.
func dissolve(parts []orb.MultiPolygon) orb.MultiPolygon {
	return nest(chain(outerEdges(parts)))
}

type edge struct{ from, to orb.Point }

// outerEdges lists what is left when opposite edges have cancelled each other, in
// the order of the input.
func outerEdges(parts []orb.MultiPolygon) []edge {
	net := map[edge]int{}
	var order []edge
	for _, mp := range parts {
		for _, polygon := range mp {
			for i, ring := range polygon {
				for _, e := range ringEdges(ring, i == 0) {
					if net[edge{e.to, e.from}] > 0 {
						net[edge{e.to, e.from}]--
						continue
					}
					net[e]++
					order = append(order, e)
				}
			}
		}
	}
	var left []edge
	for _, e := range order {
		if net[e] > 0 {
			net[e]--
			left = append(left, e)
		}
	}
	return left
}

// ringEdges walks a ring with the ground on its left: outer rings
// counterclockwise, holes clockwise.
func ringEdges(ring orb.Ring, outer bool) []edge {
	edges := make([]edge, 0, len(ring))
	for i := range len(ring) - 1 {
		if ring[i] != ring[i+1] {
			edges = append(edges, edge{ring[i], ring[i+1]})
		}
	}
	if outer != (signedArea(ring) > 0) {
		slices.Reverse(edges)
		for i, e := range edges {
			edges[i] = edge{e.to, e.from}
		}
	}
	return edges
}

// chain joins edges into closed rings. Where several leave a point it takes the
// one furthest to the left, so that rings that touch in a point stay apart.
func chain(edges []edge) []orb.Ring {
	next := map[orb.Point][]orb.Point{}
	for _, e := range edges {
		next[e.from] = append(next[e.from], e.to)
	}
	var rings []orb.Ring
	for _, start := range edges {
		if len(next[start.from]) == 0 {
			continue
		}
		ring := orb.Ring{start.from}
		before := start.from
		for at := take(next, start.from, before); ; {
			ring = append(ring, at)
			if at == ring[0] || len(next[at]) == 0 {
				break
			}
			before, at = at, take(next, at, before)
		}
		rings = append(rings, ring)
	}
	return rings
}

func take(next map[orb.Point][]orb.Point, at, before orb.Point) orb.Point {
	ways := next[at]
	best := 0
	for i := range ways {
		if turn(before, at, ways[i]) > turn(before, at, ways[best]) {
			best = i
		}
	}
	to := ways[best]
	next[at] = slices.Delete(ways, best, best+1)
	return to
}

// turn is the angle from the way we came to the way we go, left positive.
func turn(before, at, to orb.Point) float64 {
	in := math.Atan2(at[1]-before[1], at[0]-before[0])
	out := math.Atan2(to[1]-at[1], to[0]-at[0])
	return math.Remainder(out-in, 2*math.Pi)
}

// nest puts each hole into the smallest outer ring around it.
func nest(rings []orb.Ring) orb.MultiPolygon {
	var outer orb.MultiPolygon
	var holes []orb.Ring
	for _, r := range rings {
		if signedArea(r) > 0 {
			outer = append(outer, orb.Polygon{r})
		} else {
			holes = append(holes, r)
		}
	}
	slices.SortStableFunc(outer, func(a, b orb.Polygon) int { return cmp.Compare(signedArea(a[0]), signedArea(b[0])) })
	for _, h := range holes {
		for i := range outer {
			if ringInside(h, outer[i][0]) {
				outer[i] = append(outer[i], h)
				break
			}
		}
	}
	slices.Reverse(outer) // the largest part first
	return outer
}

func ringInside(hole, outer orb.Ring) bool {
	middle := orb.Point{(hole[0][0] + hole[1][0]) / 2, (hole[0][1] + hole[1][1]) / 2}
	return planar.RingContains(outer, middle)
}

func signedArea(ring orb.Ring) float64 {
	var sum float64
	for i := range len(ring) - 1 {
		// Relative to the first point: the products of whole degrees would drown small rings.
		ax, ay := ring[i][0]-ring[0][0], ring[i][1]-ring[0][1]
		bx, by := ring[i+1][0]-ring[0][0], ring[i+1][1]-ring[0][1]
		sum += ax*by - bx*ay
	}
	return sum / 2
}

// middle is the centre of gravity of a geometry, in degrees.
func middle(mp orb.MultiPolygon) orb.Point {
	at, _ := planar.CentroidArea(mp)
	return at
}

// hull is the smallest convex ring around the points, grown by about margin metres:
// each point stands for eight points around it.
func hull(points []orb.Point, margin float64) orb.Ring {
	const metresPerDegree = 111_320.0
	grown := make([]orb.Point, 0, 8*len(points))
	for _, p := range points {
		// An octagon reaches cos 22.5° of its radius along its flats.
		r := margin / math.Cos(math.Pi/8) / metresPerDegree
		for k := range 8 {
			sin, cos := math.Sincos(float64(k) * math.Pi / 4)
			grown = append(grown, orb.Point{p[0] + r*cos/math.Cos(p[1]*math.Pi/180), p[1] + r*sin})
		}
	}
	slices.SortFunc(grown, func(a, b orb.Point) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	return monotoneChain(grown)
}

// monotoneChain is Andrew's algorithm (Information Processing Letters 9, 1979)
// over points sorted from west to east.
func monotoneChain(points []orb.Point) orb.Ring {
	half := func(points []orb.Point) orb.Ring {
		var chain orb.Ring
		for _, p := range points {
			for len(chain) > 1 && cross(chain[len(chain)-2], chain[len(chain)-1], p) <= 0 {
				chain = chain[:len(chain)-1]
			}
			chain = append(chain, p)
		}
		return chain
	}
	lower := half(points)
	slices.Reverse(points)
	upper := half(points)
	return append(lower, upper[1:]...)
}

func cross(a, b, c orb.Point) float64 {
	return (b[0]-a[0])*(c[1]-a[1]) - (b[1]-a[1])*(c[0]-a[0])
}
