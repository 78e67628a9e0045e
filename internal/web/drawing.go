// SPDX-License-Identifier: EUPL-1.2

package web

import (
	"math"
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
	borders       string // between districts, and the outer one
}

type drawnCell struct {
	code, path string
	x, y       int
}

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
	for _, c := range g.cells {
		if !box.Intersects(c.bound) {
			continue
		}
		cell := drawnCell{code: c.code}
		cell.x, cell.y = d.unit(c.middle)
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
