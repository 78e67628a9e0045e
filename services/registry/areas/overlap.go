// SPDX-License-Identifier: EUPL-1.2

package areas

import (
	"cmp"
	"maps"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"samsyn/internal/geo"
)

// Overlap is measured on a grid laid over the area. A grid decides a share to about
// one part in its number of points, which is enough to say where most of an area
// lies; exact clipping would fail on borders that touch themselves.
const (
	coarse = 24
	fine   = 120
	enough = 30
)

// samples returns points that lie in the area, spread evenly over it. There is at
// least one: of a sliver that every grid misses, the middle of its border.
func samples(area orb.MultiPolygon) []orb.Point {
	index, err := geo.NewIndex([]geo.Area{{Code: "area", Level: geo.LevelArea, Geometry: area}})
	if err != nil {
		return nil
	}
	for _, side := range []int{coarse, fine} {
		points := gridOver(area.Bound(), side, func(p orb.Point) bool { return index.Place(p[0], p[1]).Inside })
		if len(points) >= enough || side == fine && len(points) > 0 {
			return points
		}
	}
	middle, _ := planar.CentroidArea(area)
	return []orb.Point{middle}
}

func gridOver(bound orb.Bound, side int, inside func(orb.Point) bool) []orb.Point {
	var points []orb.Point
	dx, dy := (bound.Max[0]-bound.Min[0])/float64(side), (bound.Max[1]-bound.Min[1])/float64(side)
	for i := range side {
		for j := range side {
			p := orb.Point{bound.Min[0] + (float64(i)+0.5)*dx, bound.Min[1] + (float64(j)+0.5)*dy}
			if inside(p) {
				points = append(points, p)
			}
		}
	}
	return points
}

// mostIn returns what most of the points lie in and its share of them, 0 to 1; of
// equals the lowest code. It returns "" when nothing holds any.
func mostIn(points []orb.Point, in func(geo.Found) string, index *geo.Index) (code string, share float64) {
	held := map[string]int{}
	for _, p := range points {
		if code := in(index.Place(p[0], p[1])); code != "" {
			held[code]++
		}
	}
	if len(held) == 0 {
		return "", 0
	}
	codes := slices.SortedFunc(maps.Keys(held), func(a, b string) int {
		return cmp.Or(cmp.Compare(held[b], held[a]), cmp.Compare(a, b))
	})
	return codes[0], float64(held[codes[0]]) / float64(len(points))
}

// shareInside returns the share of the points that lie in the municipality.
func shareInside(points []orb.Point, municipality *geo.Index) float64 {
	n := 0
	for _, p := range points {
		if municipality.Place(p[0], p[1]).Inside {
			n++
		}
	}
	return float64(n) / float64(len(points))
}
