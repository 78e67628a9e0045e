// SPDX-License-Identifier: EUPL-1.2

package web

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"
	"github.com/paulmach/orb/simplify"
)

// Drawing is a part of a ground at one scale: paths in whole units of the drawing,
// simplified to less than a pixel. It does not change.
type Drawing struct {
	Width, Height int     // units; two are a pixel on a wide screen
	metres        float64 // per unit
	box           orb.Bound
	cells         []drawnCell
	spots         map[string]spot // of areas and their districts
	borders       string          // between districts, and the outer one
}

// spot is where something about an area is put.
type spot struct{ x, y int }

type drawnCell struct{ code, path string }

// drawingUnits is the longer side of a drawing.
const (
	drawingWidth  = 1440
	drawingHeight = 1240
	// tolerance is how far, in units, a simplified border may lie from the true one.
	tolerance = 1.5
)

// Draw draws what lies in a box of projected metres.
func (g *Ground) Draw(box orb.Bound) Drawing {
	d := Drawing{box: box}
	width, height := math.Max(1, box.Max[0]-box.Min[0]), math.Max(1, box.Max[1]-box.Min[1])
	d.metres = math.Max(width/(drawingWidth-2*drawingMargin), height/(drawingHeight-2*drawingMargin))
	d.Width = int(math.Ceil(width/d.metres)) + 2*drawingMargin
	d.Height = int(math.Ceil(height/d.metres)) + 2*drawingMargin

	simple := make([][]orb.Point, len(g.arcs))
	for i, a := range g.arcs {
		simple[i] = simplify.DouglasPeucker(tolerance * d.metres).LineString(append(orb.LineString{}, a.points...))
	}
	arc := func(i int) []orb.Point { return simple[i] }
	d.spots = d.place(g.cells)
	for _, c := range g.cells {
		if !box.Intersects(c.bound) {
			continue
		}
		cell := drawnCell{code: c.code}
		for _, uses := range c.rings {
			cell.path += d.ring(g.points(uses, arc))
		}
		d.cells = append(d.cells, cell)
	}
	for i, a := range g.arcs {
		if g.isBorder(a) {
			d.borders += d.line(simple[i])
		}
	}
	return d
}

// place finds the spot of each area, and of each district: that of the area nearest to
// the middle of its areas, so that it lies in the district whatever its shape.
func (d Drawing) place(cells []groundCell) map[string]spot {
	spots := map[string]spot{}
	members := map[string][]groundCell{}
	for _, c := range cells {
		spots[c.code] = d.spot(c.middle)
		if c.parent != "" {
			members[c.parent] = append(members[c.parent], c)
		}
	}
	for district, cells := range members {
		var middle orb.Point
		for _, c := range cells {
			middle[0] += c.middle[0] / float64(len(cells))
			middle[1] += c.middle[1] / float64(len(cells))
		}
		nearest := slices.MinFunc(cells, func(a, b groundCell) int { return cmp.Compare(apart(a.middle, middle), apart(b.middle, middle)) })
		if _, taken := spots[district]; !taken {
			spots[district] = d.spot(nearest.middle)
		}
	}
	return spots
}

func (d Drawing) spot(p orb.Point) spot {
	x, y := d.unit(p)
	return spot{x, y}
}

// Shows says whether an area or a district has its spot in the drawing.
func (d Drawing) Shows(code string) bool {
	s, ok := d.spots[code]
	return ok && s.x >= 0 && s.y >= 0 && s.x <= d.Width && s.y <= d.Height
}

// drawingMargin keeps markers at the rim inside the drawing, units.
const drawingMargin = 16

// isBorder says that an arc parts two districts, or the municipality from what is
// outside.
func (g *Ground) isBorder(a groundArc) bool {
	for _, o := range a.owners[1:] {
		if g.cells[o].parent != g.cells[a.owners[0]].parent {
			return true
		}
	}
	return len(a.owners) == 1
}

// unit is a point of projected metres in whole units, y down.
func (d Drawing) unit(p orb.Point) (x, y int) {
	return drawingMargin + int(math.Round((p[0]-d.box.Min[0])/d.metres)), drawingMargin + int(math.Round((d.box.Max[1]-p[1])/d.metres))
}

// around is the box with a margin, so that cut borders lie outside the picture.
func (d Drawing) around() orb.Bound { return d.box.Pad(3 * drawingMargin * d.metres) }

// ring writes a closed path; rings that are a point at this scale give nothing.
func (d Drawing) ring(points []orb.Point) string {
	ring := append(orb.Ring(points), points[0])
	if !d.inside(points) {
		ring = clip.Ring(d.around(), append(orb.Ring{}, ring...))
	}
	path, n := d.path(ring)
	if n < 3 {
		return ""
	}
	return path + "z"
}

// line writes an open path.
func (d Drawing) line(points []orb.Point) string {
	lines := orb.MultiLineString{points}
	if !d.inside(points) {
		lines = clip.LineString(d.around(), append(orb.LineString{}, points...))
	}
	var all string
	for _, l := range lines {
		if path, n := d.path(l); n > 1 {
			all += path
		}
	}
	return all
}

func (d Drawing) inside(points []orb.Point) bool {
	around := d.around()
	for _, p := range points {
		if !around.Contains(p) {
			return false
		}
	}
	return true
}

// path writes points as one move and relative lines, and says how many points differ.
func (d Drawing) path(points []orb.Point) (string, int) {
	var b []byte
	n, x0, y0 := 0, 0, 0
	for i, p := range points {
		x, y := d.unit(p)
		if i > 0 && x == x0 && y == y0 {
			continue
		}
		if i == 0 {
			b = append(b, 'M')
		} else {
			b = append(b, 'l')
		}
		b = strconv.AppendInt(b, int64(x-x0), 10)
		if y-y0 >= 0 {
			b = append(b, ' ')
		}
		b = strconv.AppendInt(b, int64(y-y0), 10)
		n, x0, y0 = n+1, x, y
	}
	return string(b), n
}

// scale is a round length in metres that takes up about a fifth of the width, and its
// units.
func (d Drawing) scale() (metres, units int) {
	room := float64(d.Width) / 5 * d.metres
	power := math.Pow(10, math.Floor(math.Log10(room)))
	length := power
	for _, times := range []float64{5, 2} {
		if times*power <= room {
			length = times * power
			break
		}
	}
	return int(length), int(math.Round(length / d.metres))
}
