// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"github.com/paulmach/orb"

	"samsyn/internal/geo"
)

// touchWithin is how close, in degrees of latitude, outlines must come to touch: about five metres. Areas that share a
// border are often drawn by two hands.
const touchWithin = 0.00005

// touching are the areas of the same level that share a border with one.
func (ref *reference) touching(code string) []string {
	i, ok := ref.byCode[code]
	if !ok || ref.areas[i].level == geo.LevelMunicipality {
		return nil
	}
	own := ref.areas[i]
	box := own.shape.Bound().Pad(2 * touchWithin)
	var out []string
	for _, other := range ref.areas {
		if other.level == own.level && other.code != code && box.Intersects(other.shape.Bound()) && touch(own.shape, other.shape, box) {
			out = append(out, other.code)
		}
	}
	return out
}

// touch says whether a corner of one shape lies on an edge of the other.
func touch(a, b orb.MultiPolygon, box orb.Bound) bool {
	return cornerOnEdge(a, b, box) || cornerOnEdge(b, a, box)
}

func cornerOnEdge(corners, edges orb.MultiPolygon, box orb.Bound) bool {
	near := edges.Bound().Pad(2 * touchWithin)
	for _, polygon := range corners {
		for _, ring := range polygon {
			for _, p := range ring {
				if box.Contains(p) && near.Contains(p) && onEdge(p, edges) {
					return true
				}
			}
		}
	}
	return false
}

func onEdge(p orb.Point, shape orb.MultiPolygon) bool {
	for _, polygon := range shape {
		for _, ring := range polygon {
			for i := 1; i < len(ring); i++ {
				if closeTo(p, ring[i-1], ring[i]) {
					return true
				}
			}
		}
	}
	return false
}

// closeTo is the distance of a point to a segment, with degrees of longitude taken for half of those of latitude: what
// they are at 60 degrees north.
func closeTo(p, a, b orb.Point) bool {
	x, y := (p[0]-a[0])/2, p[1]-a[1]
	dx, dy := (b[0]-a[0])/2, b[1]-a[1]
	t := 0.0
	if length := dx*dx + dy*dy; length > 0 {
		t = min(1, max(0, (x*dx+y*dy)/length))
	}
	x, y = x-t*dx, y-t*dy
	return x*x+y*y <= touchWithin*touchWithin
}

// parentCode is the district of an area.
func (ref *reference) parentCode(code string) (string, bool) {
	i, ok := ref.byCode[code]
	if !ok || ref.areas[i].level != geo.LevelArea || ref.areas[i].parent == "" {
		return "", false
	}
	return ref.areas[i].parent, true
}
