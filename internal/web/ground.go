// SPDX-License-Identifier: EUPL-1.2

package web

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"samsyn/internal/geo"
)

// Ground is the areas of a municipality made ready for drawing: in projected metres,
// with common borders stored once, so that simplifying never tears neighbours apart.
// It is for the eye only; nothing is ever placed by it. It does not change and may be
// used by any number of goroutines.
type Ground struct {
	cells []groundCell
	arcs  []groundArc
}

type groundCell struct {
	code, parent string
	rings        [][]arcUse
	bound        orb.Bound
	middle       orb.Point
}

// groundArc is a border between two points where more than two borders meet.
type groundArc struct {
	points []orb.Point
	owners []int // cells
}

type arcUse struct {
	arc      int
	reversed bool
}

// NewGround projects the areas and takes their borders apart. Areas that share
// vertices along a border share it in the drawing.
func NewGround(p geo.Projection, areas []geo.Area) *Ground {
	b := groundBuilder{joints: jointsOf(areas), known: map[arcKey]int{}, projection: p}
	for i, a := range areas {
		cell := groundCell{code: a.Code, parent: a.Parent}
		var largest float64
		for _, polygon := range a.Geometry {
			for r, ring := range polygon {
				uses := b.ring(ring, i)
				if len(uses) == 0 {
					continue
				}
				cell.rings = append(cell.rings, uses)
				if size, middle, bound := b.measure(uses); r == 0 {
					if size > largest {
						largest, cell.middle = size, middle
					}
					cell.bound = union(cell.bound, bound, len(cell.rings) == 1)
				}
			}
		}
		b.ground.cells = append(b.ground.cells, cell)
	}
	return &b.ground
}

func union(a, b orb.Bound, first bool) orb.Bound {
	if first {
		return b
	}
	return a.Union(b)
}

// jointsOf finds the vertices where borders meet or end: those that do not have the
// same two neighbours in every ring that holds them.
func jointsOf(areas []geo.Area) map[orb.Point]bool {
	type pair [2]orb.Point
	seen := map[orb.Point]pair{}
	joints := map[orb.Point]bool{}
	for _, a := range areas {
		for _, polygon := range a.Geometry {
			for _, ring := range polygon {
				points := open(ring)
				for i, p := range points {
					before, after := points[(i+len(points)-1)%len(points)], points[(i+1)%len(points)]
					if after[0] < before[0] || after[0] == before[0] && after[1] < before[1] {
						before, after = after, before
					}
					if was, again := seen[p]; again && was != (pair{before, after}) {
						joints[p] = true
					}
					seen[p] = pair{before, after}
				}
			}
		}
	}
	return joints
}

// open is the ring without its closing point and repeated points.
func open(ring orb.Ring) []orb.Point {
	points := slices.Compact(slices.Clone(ring))
	for len(points) > 1 && points[0] == points[len(points)-1] {
		points = points[:len(points)-1]
	}
	return points
}

type arcKey struct {
	from, second, last orb.Point
	n                  int
}

type groundBuilder struct {
	ground     Ground
	joints     map[orb.Point]bool
	known      map[arcKey]int
	projection geo.Projection
}

// ring cuts a ring at its joints and stores or finds each arc.
func (b *groundBuilder) ring(ring orb.Ring, owner int) []arcUse {
	points := open(ring)
	if len(points) < 3 {
		return nil
	}
	start := slices.IndexFunc(points, func(p orb.Point) bool { return b.joints[p] })
	if start < 0 { // an island: begin where its twin hole would
		start = slices.Index(points, slices.MinFunc(points, comparePoints))
	}
	points = append(slices.Clone(points[start:]), points[:start+1]...)
	var uses []arcUse
	from := 0
	for i := 1; i < len(points); i++ {
		if b.joints[points[i]] || i == len(points)-1 {
			uses = append(uses, b.arc(points[from:i+1], owner))
			from = i
		}
	}
	return uses
}

func comparePoints(a, b orb.Point) int {
	return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
}

// arc stores an arc in one direction, whoever asks first.
func (b *groundBuilder) arc(points []orb.Point, owner int) arcUse {
	n := len(points)
	reversed := comparePoints(points[0], points[n-1]) > 0 ||
		points[0] == points[n-1] && comparePoints(points[1], points[n-2]) > 0
	if reversed {
		points = slices.Clone(points)
		slices.Reverse(points)
	}
	key := arcKey{points[0], points[1], points[n-1], n}
	index, found := b.known[key]
	if !found {
		projected := make([]orb.Point, n)
		for i, p := range points {
			projected[i][0], projected[i][1] = b.projection.Forward(p[0], p[1])
		}
		index = len(b.ground.arcs)
		b.known[key] = index
		b.ground.arcs = append(b.ground.arcs, groundArc{points: projected})
	}
	b.ground.arcs[index].owners = append(b.ground.arcs[index].owners, owner)
	return arcUse{index, reversed}
}

// measure returns the size of a ring, a point well inside it and its bounds.
func (b *groundBuilder) measure(uses []arcUse) (float64, orb.Point, orb.Bound) {
	points := b.ground.points(uses, func(a int) []orb.Point { return b.ground.arcs[a].points })
	var twice, x, y float64
	o := points[0]
	for i, p := range points {
		q := points[(i+1)%len(points)]
		c := (p[0]-o[0])*(q[1]-o[1]) - (q[0]-o[0])*(p[1]-o[1])
		twice += c
		x += (p[0] + q[0] - 2*o[0]) * c
		y += (p[1] + q[1] - 2*o[1]) * c
	}
	bound := orb.MultiPoint(points).Bound()
	if twice == 0 {
		return 0, o, bound
	}
	return math.Abs(twice / 2), orb.Point{o[0] + x/3/twice, o[1] + y/3/twice}, bound
}

// points strings the arcs of a ring together, without repeating the joints.
func (g *Ground) points(uses []arcUse, arc func(int) []orb.Point) []orb.Point {
	var out []orb.Point
	for _, u := range uses {
		points := arc(u.arc)
		if u.reversed {
			for i := len(points) - 1; i > 0; i-- {
				out = append(out, points[i])
			}
			continue
		}
		out = append(out, points[:len(points)-1]...)
	}
	return out
}

// Bound is the box around all areas, in projected metres.
func (g *Ground) Bound() orb.Bound {
	var box orb.Bound
	for i, c := range g.cells {
		box = union(box, c.bound, i == 0)
	}
	return box
}

const (
	coreShare = 0.7  // of the areas
	coreSmall = 0.25 // of the ground
)

// Core is the box around the areas nearest to the middle of most, and whether it is
// so small a part of the whole that a map of it is worth having: a town in its
// countryside.
func (g *Ground) Core() (orb.Bound, bool) {
	whole := g.Bound()
	if len(g.cells) < 10 {
		return whole, false
	}
	xs, ys := make([]float64, 0, len(g.cells)), make([]float64, 0, len(g.cells))
	for _, c := range g.cells {
		xs, ys = append(xs, c.middle[0]), append(ys, c.middle[1])
	}
	slices.Sort(xs)
	slices.Sort(ys)
	centre := orb.Point{xs[len(xs)/2], ys[len(ys)/2]}
	cells := slices.Clone(g.cells)
	slices.SortFunc(cells, func(a, b groundCell) int { return cmp.Compare(apart(a.middle, centre), apart(b.middle, centre)) })
	var box orb.Bound
	for i, c := range cells[:int(coreShare*float64(len(cells)))] {
		box = union(box, c.bound, i == 0)
	}
	return box, sizeOf(box) < coreSmall*sizeOf(whole)
}

func sizeOf(b orb.Bound) float64 { return (b.Max[0] - b.Min[0]) * (b.Max[1] - b.Min[1]) }

func apart(a, b orb.Point) float64 { return math.Hypot(a[0]-b[0], a[1]-b[1]) }
