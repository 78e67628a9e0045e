// SPDX-License-Identifier: EUPL-1.2

package web_test

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"samsyn/internal/geo"
	"samsyn/internal/web"
)

// wellFormed fails for a picture that a strict reader could not read.
func wellFormed(t *testing.T, svg string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
	}
}

// The classes are the same in every municipality and every week: a colour means a number.
func TestShadesAreFixed(t *testing.T) {
	for n, want := range map[int]web.Shade{0: web.Count0, 1: web.Count1, 2: web.Count1, 3: web.Count3, 5: web.Count3, 6: web.Count6, 9: web.Count6, 10: web.Count10, 500: web.Count10} {
		if got := web.CountShade(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
	for _, c := range []struct {
		n         int
		expected  float64
		low, high int
		want      web.Shade
	}{
		{5, 5, 2, 9, web.Usual},
		{9, 5, 2, 9, web.Usual},
		{2, 5, 2, 9, web.Usual},
		{10, 5, 2, 9, web.Over},
		{13, 5, 2, 9, web.Over},
		{14, 5, 2, 9, web.FarOver},
		{1, 5, 2, 9, web.Under},
		{0, 20, 13, 28, web.FarUnder},
		{0, 0.4, 0, 2, web.TooFew}, // no incident where none is expected says nothing
		{3, 0.4, 0, 2, web.Over},   // but three do
	} {
		if got := web.ChangeShade(c.n, c.expected, c.low, c.high); got != c.want {
			t.Errorf("%d against %g (%d-%d) is %s, want %s", c.n, c.expected, c.low, c.high, got, c.want)
		}
	}
}

// wiggly are two areas with a common border of many points, and a third inside the second.
func wiggly() []geo.Area {
	border := []orb.Point{}
	for i := range 201 {
		x := 14.85
		if i%2 == 1 {
			x += 0.0001
		}
		border = append(border, orb.Point{x, 56.85 + 0.0005*float64(i)})
	}
	west := orb.Ring{{14.75, 56.85}}
	west = append(west, border...)
	west = append(west, orb.Point{14.75, 56.95}, orb.Point{14.75, 56.85})
	east := orb.Ring{{14.95, 56.95}}
	for i := len(border) - 1; i >= 0; i-- {
		east = append(east, border[i])
	}
	east = append(east, orb.Point{14.95, 56.85}, orb.Point{14.95, 56.95})
	island := orb.Ring{{14.90, 56.88}, {14.92, 56.88}, {14.92, 56.90}, {14.90, 56.90}, {14.90, 56.88}}
	hole := island.Clone()
	hole.Reverse()
	return []geo.Area{
		{Code: "west", Level: geo.LevelArea, Parent: "a", Geometry: orb.MultiPolygon{{west}}},
		{Code: "east", Level: geo.LevelArea, Parent: "b", Geometry: orb.MultiPolygon{{east, hole}}},
		{Code: "island", Level: geo.LevelArea, Parent: "b", Geometry: orb.MultiPolygon{{island}}},
	}
}

func ground(t *testing.T, areas []geo.Area) *web.Ground {
	t.Helper()
	p, err := geo.ProjectionOf(geo.SWEREF99TM)
	if err != nil {
		t.Fatal(err)
	}
	return web.NewGround(p, areas)
}

var paths = regexp.MustCompile(`<path class="(c\d|border)"[^>]* d="([^"]*)"`)

// points reads the absolute points of a path of relative lines.
func points(t *testing.T, d string) map[[2]int]bool {
	t.Helper()
	found := map[[2]int]bool{}
	var x, y int
	for _, m := range regexp.MustCompile(`([Ml])(-?\d+)[ ]?(-?\d+)`).FindAllStringSubmatch(d, -1) {
		dx, dy := atoi(m[2]), atoi(m[3])
		if m[1] == "M" {
			x, y = 0, 0
		}
		x, y = x+dx, y+dy
		found[[2]int{x, y}] = true
	}
	return found
}

func atoi(s string) int {
	n, sign := 0, 1
	for _, c := range s {
		if c == '-' {
			sign = -1
			continue
		}
		n = 10*n + int(c-'0')
	}
	return sign * n
}

// Simplifying each area by itself would tear neighbours apart: the common border must
// have the same points in both, far fewer than the 201 it came with.
func TestNeighboursShareTheirSimplifiedBorder(t *testing.T) {
	g := ground(t, wiggly())
	svg := string(web.AreaMap{
		ID: "m", Label: "karta", Drawing: g.Draw(g.Bound()), Locale: web.NewLocale("sv", nil, nil),
		Shades: map[string]web.Shade{"west": web.Count0, "east": web.Count1, "island": web.Count3},
	}.SVG())
	wellFormed(t, svg)
	drawn := map[string]map[[2]int]bool{}
	for _, m := range paths.FindAllStringSubmatch(svg, -1) {
		drawn[m[1]] = points(t, m[2])
	}
	west, east := drawn["c0"], drawn["c1"]
	shared, onlyWest := 0, 0
	for p := range west {
		if east[p] {
			shared++
		} else {
			onlyWest++
		}
	}
	if shared < 2 || onlyWest > 3 { // the two western corners are its own
		t.Errorf("%d points shared, %d in the west only\n%s", shared, onlyWest, svg)
	}
	if shared > 150 {
		t.Errorf("the common border keeps %d of 201 points", shared)
	}
	for p := range drawn["c2"] {
		if !east[p] {
			t.Errorf("the island's corner %v is not in the hole around it", p)
		}
	}
}

// A picture with links in it may not be an image to a screen reader, and one without
// must be.
func TestMapWithMarkersIsAGroup(t *testing.T) {
	g := ground(t, wiggly())
	m := web.AreaMap{ID: "m", Label: `Karta & "mer"`, Drawing: g.Draw(g.Bound()), Locale: web.NewLocale("sv", nil, nil)}
	plain := string(m.SVG())
	wellFormed(t, plain)
	if !strings.Contains(plain, `role="img" aria-label="Karta &amp; &#34;mer&#34;"`) {
		t.Error("a map without markers is no image")
	}
	m.Markers = []web.Marker{{Area: "west", Number: 1, Label: "Plats 1: <Torget>", Href: "#f-1"}, {Area: "west", Number: 2, Label: "b", Href: "#f-2"}, {Area: "b", Number: 3, Label: "c", Href: "#f-3"}, {Area: "nowhere", Number: 4}}
	marked := string(m.SVG())
	wellFormed(t, marked)
	if !strings.Contains(marked, `role="group"`) || strings.Contains(marked, `role="img"`) || !strings.Contains(marked, `aria-label="Plats 1: &lt;Torget&gt;"`) {
		t.Errorf("markers are not links in a group:\n%s", marked)
	}
	circles := regexp.MustCompile(`<circle cx="(\d+)" cy="(\d+)"`).FindAllStringSubmatch(marked, -1)
	if len(circles) != 3 || circles[0][1] == circles[1][1] && circles[0][2] == circles[1][2] {
		t.Errorf("%d markers, want 3 that do not cover each other: %v", len(circles), circles)
	}
}

// A week that is not over must not look like a drop, and the band must stand where the
// table says.
func TestColumnsHatchTheWeekThatIsNotOver(t *testing.T) {
	svg := string(web.Columns{ID: "c", Label: "staplar", Ongoing: "pågår", Locale: web.NewLocale("sv", nil, nil), Columns: []web.Column{
		{Label: "v. 45", Count: 40, Known: true, Expected: 35, Low: 25, High: 46},
		{Label: "v. 46", Count: 30},
		{Label: "v. 47", Count: 12, Known: true, Expected: 35, Low: 25, High: 46, Partial: true, Marked: true},
	}}.SVG())
	wellFormed(t, svg)
	if n := strings.Count(svg, `fill="url(#c-now)"`); n != 1 {
		t.Errorf("%d hatched columns, want 1", n)
	}
	if n := strings.Count(svg, `class="band"`); n != 2 {
		t.Errorf("%d bands, want 2: a week without history has none", n)
	}
	if !strings.Contains(svg, "pågår 12") {
		t.Error("the ongoing week does not say so")
	}
	wellFormed(t, string(web.Columns{ID: "c", Label: "tom", Locale: web.NewLocale("sv", nil, nil)}.SVG()))
	wellFormed(t, string(web.Bullet{Count: 12, Expected: 2.1, Low: 0, High: 5}.SVG()))
	wellFormed(t, string(web.Bullet{}.SVG()))
}

// A town of squares in a wide countryside gets a map of its own; an even grid does not.
func TestCoreIsWhereAreasLieClose(t *testing.T) {
	var areas []geo.Area
	square := func(code string, x, y, side float64) {
		areas = append(areas, geo.Area{Code: code, Level: geo.LevelArea, Geometry: orb.MultiPolygon{{{{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}, {x, y}}}}})
	}
	for i := range 16 {
		square("t"+string(rune('a'+i)), 14.8+0.01*float64(i%4), 56.88+0.01*float64(i/4), 0.01)
	}
	if _, worth := ground(t, areas).Core(); worth {
		t.Error("an even grid got two maps")
	}
	square("north", 14.5, 57.0, 0.5)
	square("south", 14.5, 56.2, 0.5)
	g := ground(t, areas)
	box, worth := g.Core()
	if !worth || g.Draw(box).Shows("north") || !g.Draw(box).Shows("tf") || !g.Draw(g.Bound()).Shows("south") {
		t.Errorf("core %v, worth %t", box, worth)
	}
}
