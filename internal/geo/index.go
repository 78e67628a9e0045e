// SPDX-License-Identifier: EUPL-1.2

package geo

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/paulmach/orb"
)

// Found says what a point lies in. Codes are empty where nothing holds the point.
type Found struct {
	// Inside says that the point is in the municipality: inside its polygon if it
	// has one, else inside any of its districts and areas.
	Inside bool
	// District is the parent of the area; without one, the district polygon that
	// holds the point.
	District string
	// Area is the code of the area that holds the point.
	Area string
}

// Index finds the areas of one municipality that hold a point.
//
// The border rule is the half-open crossing rule: an edge belongs to the polygon
// on its right seen from its southern end (to its east; a level edge, to its
// north), so a point on a border that two polygons draw with the same vertices
// is in exactly one of them. Holes are outside. Where polygons of one level
// overlap, the lowest code wins.
type Index struct {
	municipality, district, area layer
	byCode                       map[string]Found
}

// NewIndex builds an index of the areas of one municipality, at most one polygon
// set a code. It refuses an empty code, a code twice, an unknown level and
// geometry without a ring, and names all of them. Validity is Check's business.
func NewIndex(areas []Area) (*Index, error) {
	ix := &Index{byCode: make(map[string]Found, len(areas))}
	if err := ix.register(areas); err != nil {
		return nil, err
	}
	ix.municipality = newLayer(areas, LevelMunicipality)
	ix.district = newLayer(areas, LevelDistrict)
	ix.area = newLayer(areas, LevelArea)
	return ix, nil
}

// register notes what each code stands for.
func (ix *Index) register(areas []Area) error {
	municipalities := map[string]bool{}
	for _, a := range areas {
		municipalities[a.Code] = municipalities[a.Code] || a.Level == LevelMunicipality
	}
	var problems []error
	for _, a := range areas {
		found := Found{Inside: true}
		switch a.Level {
		case LevelMunicipality:
		case LevelDistrict:
			found.District = a.Code
		case LevelArea:
			found.Area = a.Code
			if !municipalities[a.Parent] {
				found.District = a.Parent
			}
		default:
			problems = append(problems, fmt.Errorf("area %q: unknown level %q", a.Code, a.Level))
		}
		if a.Code == "" {
			problems = append(problems, errors.New("an area has no code"))
		}
		if _, twice := ix.byCode[a.Code]; twice {
			problems = append(problems, fmt.Errorf("area %q: the code stands twice", a.Code))
		}
		if !hasRing(a.Geometry) {
			problems = append(problems, fmt.Errorf("area %q: no geometry", a.Code))
		}
		ix.byCode[a.Code] = found
	}
	return errors.Join(problems...)
}

func hasRing(mp orb.MultiPolygon) bool {
	return slices.ContainsFunc(mp, func(p orb.Polygon) bool { return len(p) > 0 && len(p[0]) > 0 })
}

// Place finds the areas that hold a point in WGS 84 degrees. A point that is not
// a number lies nowhere.
func (ix *Index) Place(lon, lat float64) Found {
	p := orb.Point{lon, lat}
	var found Found
	area, inArea := ix.area.find(p)
	if inArea {
		found = ix.byCode[area]
	}
	if found.District == "" {
		found.District, _ = ix.district.find(p)
	}
	found.Inside = inArea || found.District != ""
	if len(ix.municipality.shapes) > 0 {
		_, found.Inside = ix.municipality.find(p)
	}
	return found
}

// Lookup returns what a code stands for: an area with its parent, a district, or
// the municipality itself (Inside and nothing else). It reports false for a code
// that is none of them.
func (ix *Index) Lookup(code string) (Found, bool) {
	found, ok := ix.byCode[code]
	return found, ok
}

// layer holds the polygons of one level behind a grid of candidates.
type layer struct {
	shapes     []shape
	bound      orb.Bound
	grid       [][]int32 // by row and column: the shapes whose bounds meet the cell
	side       int       // cells along each side
	perX, perY float64   // cells per degree
}

func newLayer(areas []Area, level Level) layer {
	var l layer
	for _, a := range areas {
		if a.Level != level {
			continue
		}
		for _, polygon := range a.Geometry {
			if len(polygon) > 0 && len(polygon[0]) > 0 {
				l.shapes = append(l.shapes, newShape(a.Code, polygon))
			}
		}
	}
	if len(l.shapes) == 0 {
		return l
	}
	slices.SortStableFunc(l.shapes, func(a, b shape) int { return cmp.Compare(a.code, b.code) })
	l.bound = l.shapes[0].bound
	for _, s := range l.shapes {
		l.bound = l.bound.Union(s.bound)
	}
	l.fillGrid()
	return l
}

// fillGrid makes about sixteen cells a shape, so that most cells have one to
// three candidates, and at most 65,536.
func (l *layer) fillGrid() {
	l.side = 1
	for l.side < 256 && l.side*l.side < 16*len(l.shapes) {
		l.side *= 2
	}
	l.perX = perDegree(l.side, l.bound.Min[0], l.bound.Max[0])
	l.perY = perDegree(l.side, l.bound.Min[1], l.bound.Max[1])
	l.grid = make([][]int32, l.side*l.side)
	for i, s := range l.shapes {
		x0, y0 := l.cell(s.bound.Min)
		x1, y1 := l.cell(s.bound.Max)
		for y := y0; y <= y1; y++ {
			for x := x0; x <= x1; x++ {
				l.grid[y*l.side+x] = append(l.grid[y*l.side+x], int32(i))
			}
		}
	}
}

func (l *layer) cell(p orb.Point) (x, y int) {
	return slot(p[0], l.bound.Min[0], l.perX, l.side), slot(p[1], l.bound.Min[1], l.perY, l.side)
}

func (l *layer) find(p orb.Point) (code string, ok bool) {
	if len(l.shapes) == 0 || !l.bound.Contains(p) || p != p { // p != p: not a number
		return "", false
	}
	x, y := l.cell(p)
	for _, i := range l.grid[y*l.side+x] {
		if s := &l.shapes[i]; s.contains(p) {
			return s.code, true
		}
	}
	return "", false
}

// shape is one polygon with its edges sorted into strips from south to north, so
// that a long border costs no more than a short one.
type shape struct {
	code   string
	bound  orb.Bound
	strips [][]edge
	perY   float64 // strips per degree
}

// edge runs from its southern end a to its northern end b.
type edge struct{ a, b orb.Point }

func newShape(code string, polygon orb.Polygon) shape {
	s := shape{code: code, bound: polygon.Bound()}
	var edges []edge
	for _, ring := range polygon {
		for i, a := range ring {
			b := ring[(i+1)%len(ring)]
			if a[1] > b[1] {
				a, b = b, a
			}
			if a[1] < b[1] { // a level edge is never crossed by a level ray
				edges = append(edges, edge{a, b})
			}
		}
	}
	n := 1 + len(edges)/4
	s.perY = perDegree(n, s.bound.Min[1], s.bound.Max[1])
	s.strips = make([][]edge, n)
	for _, e := range edges {
		last := slot(e.b[1], s.bound.Min[1], s.perY, n)
		for i := slot(e.a[1], s.bound.Min[1], s.perY, n); i <= last; i++ {
			s.strips[i] = append(s.strips[i], e)
		}
	}
	for i := range s.strips {
		s.strips[i] = slices.Clip(s.strips[i])
	}
	return s
}

// contains counts the edges that a ray to the east crosses; odd is inside. Every
// ring counts, so holes are out whatever their winding.
func (s *shape) contains(p orb.Point) bool {
	if !s.bound.Contains(p) {
		return false
	}
	inside := false
	strip := s.strips[slot(p[1], s.bound.Min[1], s.perY, len(s.strips))]
	for i := range strip {
		e := &strip[i]
		if e.a[1] <= p[1] && p[1] < e.b[1] && side(e.a, e.b, p) > 0 {
			inside = !inside
		}
	}
	return inside
}

// perDegree returns slots per degree; 0, hence slot 0, for a range without extent.
func perDegree(slots int, low, high float64) float64 {
	if high <= low {
		return 0
	}
	return float64(slots) / (high - low)
}

// slot never falls as v rises, whatever the rounding: an edge that spans v is
// listed in v's strip.
func slot(v, low, perDegree float64, slots int) int {
	return min(max(int((v-low)*perDegree), 0), slots-1)
}
