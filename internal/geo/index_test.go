// SPDX-License-Identifier: EUPL-1.2

package geo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

func square(west, south, size float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{west, south}, {west + size, south}, {west + size, south + size}, {west, south + size}, {west, south}}}}
}

func mustIndex(t testing.TB, areas ...Area) *Index {
	t.Helper()
	ix, err := NewIndex(areas)
	if err != nil {
		t.Fatal(err)
	}
	return ix
}

// What a point lies in decides which cells it is counted in.
func TestPlaceFindsEveryLevel(t *testing.T) {
	withPolygons := []Area{
		{Code: "0780", Level: LevelMunicipality, Geometry: square(0, 0, 10)},
		{Code: "north", Level: LevelDistrict, Geometry: square(0, 5, 5)},
		{Code: "a1", Level: LevelArea, Parent: "south", Geometry: square(1, 1, 1)},
		{Code: "a2", Level: LevelArea, Geometry: square(1, 6, 1)},
		{Code: "a3", Level: LevelArea, Parent: "0780", Geometry: square(20, 20, 1)},
	}
	tests := []struct {
		name  string
		areas []Area
		at    orb.Point
		want  Found
	}{
		{"area with a parent", withPolygons, orb.Point{1.5, 1.5}, Found{true, "south", "a1"}},
		{"area without a parent, in a district polygon", withPolygons, orb.Point{1.5, 6.5}, Found{true, "north", "a2"}},
		{"district, no area", withPolygons, orb.Point{4, 9}, Found{true, "north", ""}},
		{"municipality only", withPolygons, orb.Point{9, 1}, Found{true, "", ""}},
		{"nowhere", withPolygons, orb.Point{11, 1}, Found{}},
		{"area outside its municipality's polygon", withPolygons, orb.Point{20.5, 20.5}, Found{false, "", "a3"}},
		{"no municipality polygon: in an area", withPolygons[1:], orb.Point{1.5, 1.5}, Found{true, "south", "a1"}},
		{"no municipality polygon: in a district", withPolygons[1:], orb.Point{4, 9}, Found{true, "north", ""}},
		{"no municipality polygon: nowhere", withPolygons[1:], orb.Point{9, 1}, Found{}},
		{"no areas", nil, orb.Point{1, 1}, Found{}},
		{"not a number", withPolygons, orb.Point{math.NaN(), 1}, Found{}},
		{"infinite", withPolygons, orb.Point{1, math.Inf(1)}, Found{}},
	}
	for _, tt := range tests {
		if got := mustIndex(t, tt.areas...).Place(tt.at[0], tt.at[1]); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// A report that names an area has no point, yet is counted in the same cells.
func TestLookupKnowsWhatACodeStandsFor(t *testing.T) {
	ix := mustIndex(t,
		Area{Code: "m", Level: LevelMunicipality, Geometry: square(0, 0, 10)},
		Area{Code: "d", Level: LevelDistrict, Geometry: square(0, 0, 5)},
		Area{Code: "a", Level: LevelArea, Parent: "d", Geometry: square(0, 0, 1)})
	for code, want := range map[string]Found{"m": {Inside: true}, "d": {true, "d", ""}, "a": {true, "d", "a"}} {
		if got, ok := ix.Lookup(code); !ok || got != want {
			t.Errorf("%s: %v %v, want %v", code, got, ok, want)
		}
	}
	if _, ok := ix.Lookup("b"); ok {
		t.Error("a code that no area has was found")
	}
}

// A municipality that imports the wrong list must hear everything at once.
func TestNewIndexNamesWhatItRefuses(t *testing.T) {
	_, err := NewIndex([]Area{
		{Code: "a", Level: LevelArea, Geometry: square(0, 0, 1)},
		{Code: "a", Level: LevelArea, Geometry: square(1, 0, 1)},
		{Code: "", Level: LevelArea, Geometry: square(2, 0, 1)},
		{Code: "b", Level: "parish", Geometry: square(3, 0, 1)},
		{Code: "c", Level: LevelArea},
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`"a": the code stands twice`, "no code", `"b": unknown level "parish"`, `"c": no geometry`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}

// A report on a street that parts two areas is counted once: never twice, never
// not at all. Points on corners and borders of a tiling lie in exactly one tile,
// whichever way the tiles are drawn.
func TestPointOnASharedBorderIsInExactlyOneArea(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		areas, corners := tiling(rand.New(rand.NewPCG(seed, 1)), 6)
		layers := make([]shape, len(areas))
		for i, a := range areas {
			layers[i] = newShape(a.Code, a.Geometry[0])
		}
		a := corners[rapid.IntRange(0, len(corners)-1).Draw(t, "corner")]
		b := corners[rapid.IntRange(0, len(corners)-1).Draw(t, "another corner")]
		part := rapid.SampledFrom([]float64{0, 0.5, 0.25, 0.1, 1.0 / 3}).Draw(t, "part")
		p := orb.Point{a[0] + part*(b[0]-a[0]), a[1] + part*(b[1]-a[1])}
		if p[0] <= 0 || p[0] >= 6 || p[1] <= 0 || p[1] >= 6 {
			return // the rim of the tiling has one side only
		}
		holders := 0
		for i := range layers {
			if layers[i].contains(p) {
				holders++
			}
		}
		if holders != 1 {
			t.Fatalf("%v lies in %d areas", p, holders)
		}
		if found := mustIndexRapid(t, areas).Place(p[0], p[1]); found.Area == "" {
			t.Fatalf("%v is in an area that the grid does not offer", p)
		}
	})
}

func mustIndexRapid(t *rapid.T, areas []Area) *Index {
	ix, err := NewIndex(areas)
	if err != nil {
		t.Fatal(err)
	}
	return ix
}

// tiling cuts a square of n by n into triangles with shaken corners, drawn in
// either direction from any corner.
func tiling(r *rand.Rand, n int) (areas []Area, corners []orb.Point) {
	at := map[[2]int]orb.Point{}
	for x := range n + 1 {
		for y := range n + 1 {
			p := orb.Point{float64(x), float64(y)}
			if x > 0 && x < n && y > 0 && y < n {
				p[0] += 0.4 * (r.Float64() - 0.5)
				p[1] += 0.4 * (r.Float64() - 0.5)
			}
			at[[2]int{x, y}] = p
			corners = append(corners, p)
		}
	}
	add := func(ring ...orb.Point) {
		if r.IntN(2) == 0 {
			ring[0], ring[2] = ring[2], ring[0]
		}
		start := r.IntN(3)
		ring = append(ring[start:], ring[:start]...)
		ring = append(ring, ring[0])
		areas = append(areas, Area{Code: fmt.Sprintf("t%03d", len(areas)), Level: LevelArea, Geometry: orb.MultiPolygon{{ring}}})
	}
	for x := range n {
		for y := range n {
			a, b, c, d := at[[2]int{x, y}], at[[2]int{x + 1, y}], at[[2]int{x + 1, y + 1}], at[[2]int{x, y + 1}]
			add(a, b, c)
			add(a, c, d)
		}
	}
	return areas, corners
}

// The courtyard of another owner is not part of the area around it, and a lake
// island is part of the area it belongs to.
func TestHolesAreOutsideAndPartsAreInside(t *testing.T) {
	hole := orb.Ring{{2, 2}, {4, 2}, {4, 4}, {2, 4}, {2, 2}}
	backwards := hole.Clone()
	backwards.Reverse()
	for _, inner := range []orb.Ring{hole, backwards} {
		outer := square(0, 0, 6)[0][0]
		ix := mustIndex(t,
			Area{Code: "around", Level: LevelArea, Geometry: orb.MultiPolygon{{outer, inner}, square(10, 10, 1)[0]}},
			Area{Code: "court", Level: LevelArea, Geometry: orb.MultiPolygon{{inner}}})
		for at, want := range map[orb.Point]string{
			{1, 1}: "around", {3, 3}: "court", {10.5, 10.5}: "around", {8, 8}: "",
			{2, 3}: "court", {4, 3}: "around", {3, 2}: "court", {3, 4}: "around",
		} {
			if got := ix.Place(at[0], at[1]).Area; got != want {
				t.Errorf("%v is in %q, want %q", at, got, want)
			}
		}
	}
}

// The grid and the strips only speed up: the answer is that of trying every edge
// of every area.
func TestIndexAgreesWithTryingEveryEdge(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	var areas []Area
	for i := range 40 {
		areas = append(areas, Area{Code: fmt.Sprintf("s%02d", i), Level: LevelArea, Geometry: orb.MultiPolygon{{star(r, orb.Point{10 * r.Float64(), 10 * r.Float64()}, 5+r.IntN(300))}}})
	}
	ix := mustIndex(t, areas...)
	inside := 0
	for range 20000 {
		p := orb.Point{12*r.Float64() - 1, 12*r.Float64() - 1}
		want := ""
		for _, a := range areas {
			if want == "" && plainContains(a.Geometry[0][0], p) {
				want = a.Code
			}
		}
		if got := ix.Place(p[0], p[1]).Area; got != want {
			t.Fatalf("%v is in %q, want %q", p, got, want)
		}
		if want != "" {
			inside++
		}
	}
	if inside < 2000 {
		t.Errorf("only %d points tested the inside", inside)
	}
}

func star(r *rand.Rand, center orb.Point, n int) orb.Ring {
	var ring orb.Ring
	for i := range n {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		radius := 0.3 + r.Float64()
		ring = append(ring, orb.Point{center[0] + radius*cos, center[1] + radius*sin})
	}
	return append(ring, ring[0])
}

func plainContains(ring orb.Ring, p orb.Point) bool {
	inside := false
	for i := range len(ring) - 1 {
		a, b := ring[i], ring[i+1]
		if a[1] > b[1] {
			a, b = b, a
		}
		if a[1] <= p[1] && p[1] < b[1] && side(a, b, p) > 0 {
			inside = !inside
		}
	}
	return inside
}

// Floating point alone misjudges points within its rounding of an edge; two areas
// would then both claim the point, or neither.
func TestSideIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		near := func(name string, v float64) float64 {
			for range rapid.IntRange(0, 8).Draw(t, name) {
				v = math.Nextafter(v, 200)
			}
			return v
		}
		a, b := orb.Point{0.5, 0.5}, orb.Point{24, 24}
		p := orb.Point{near("x", 12), near("y", 12)}
		if got, want := side(a, b, p), exactSide(a, b, p); got != want {
			t.Fatalf("side %d, want %d", got, want)
		}
		if side(a, b, p) != -side(b, a, p) {
			t.Fatal("the side changes with the direction by more than its sign")
		}
	})
	if side(orb.Point{0, 0}, orb.Point{5e-324, 5e-324}, orb.Point{5e-324, 0}) != -1 {
		t.Error("products that underflow hide the side")
	}
}

// The correlator places every event it reads: 579 areas, more than 500,000 points
// a second.
func BenchmarkPlace(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	areas, _ := tiling(r, 17) // 578 areas
	for i, a := range areas {
		areas[i].Geometry[0][0] = refined(a.Geometry[0][0], 10)
	}
	areas = append(areas, Area{Code: "m", Level: LevelMunicipality, Geometry: orb.MultiPolygon{{refined(square(0, 0, 17)[0][0], 1000)}}})
	ix := mustIndex(b, areas...)
	points := make([]orb.Point, 4096)
	for i := range points {
		points[i] = orb.Point{17 * r.Float64(), 17 * r.Float64()}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p := points[i%len(points)]
		if !ix.Place(p[0], p[1]).Inside {
			b.Fatal("a point of the municipality is outside")
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "points/s")
}

// refined puts n corners on each edge.
func refined(ring orb.Ring, n int) orb.Ring {
	var out orb.Ring
	for i := range len(ring) - 1 {
		a, b := ring[i], ring[i+1]
		for k := range n {
			f := float64(k) / float64(n)
			out = append(out, orb.Point{a[0] + f*(b[0]-a[0]), a[1] + f*(b[1]-a[1])})
		}
	}
	return append(out, ring[len(ring)-1])
}
