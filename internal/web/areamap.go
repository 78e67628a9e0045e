// SPDX-License-Identifier: EUPL-1.2

package web

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"
)

// Shade is the class that an area is drawn in. Each is a class of the style sheet.
type Shade string

// Counts in fixed classes, the same over time; then change against the expected; then
// too little to say.
const (
	Count0  Shade = "c0"
	Count1  Shade = "c1"
	Count3  Shade = "c2"
	Count6  Shade = "c3"
	Count10 Shade = "c4"

	FarUnder Shade = "d0"
	Under    Shade = "d1"
	Usual    Shade = "d2"
	Over     Shade = "d3"
	FarOver  Shade = "d4"

	TooFew Shade = "few"
)

// CountShade is the class of a number of incidents: 0, 1-2, 3-5, 6-9, 10 and more.
func CountShade(n int) Shade {
	switch {
	case n <= 0:
		return Count0
	case n <= 2:
		return Count1
	case n <= 5:
		return Count3
	case n <= 9:
		return Count6
	}
	return Count10
}

// ChangeShade is the class of a number against what was expected of it, with its
// 5-95 % interval. Outside the interval is over or under; as far again outside is far.
// Where less than one was expected, only more than usual can be seen.
func ChangeShade(n int, expected float64, low, high int) Shade {
	x := float64(n)
	switch {
	case n > high && x > 2*float64(high)-expected:
		return FarOver
	case n > high:
		return Over
	case expected < 1:
		return TooFew
	case n < low && x < 2*float64(low)-expected:
		return FarUnder
	case n < low:
		return Under
	}
	return Usual
}

// AreaMap is a map of areas to be drawn.
type AreaMap struct {
	// ID begins the ids inside the picture: unique in the page.
	ID string
	// Label names the picture for those who do not see it.
	Label   string
	Drawing Drawing
	// Shades has the class of each area's code; an area without one is drawn as ground.
	Shades map[string]Shade
	// Names are shown when a pointer rests on an area. They are for comfort only.
	Names   map[string]string
	Markers []Marker
	// Frame marks a part that another map shows larger.
	Frame  *orb.Bound
	Locale Locale
}

// Marker is a numbered place on a map, with a link to where it is described.
type Marker struct {
	Area   string
	Number int
	Label  string
	Href   string
}

const (
	markerRadius = 26
	markerApart  = 2*markerRadius + 4
)

// SVG draws the map: ground, areas by class, borders between districts, markers, a
// scale bar. The areas are hidden from assistive technology, which has the table; the
// markers are links with names.
func (m AreaMap) SVG() template.HTML {
	var b strings.Builder
	role := "img"
	if slices.ContainsFunc(m.Markers, func(k Marker) bool { return m.Drawing.Shows(k.Area) }) {
		role = "group" // an image may not hold links
	}
	fmt.Fprintf(&b, `<svg class="map" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d" role="%[3]s" aria-label="%[4]s">`,
		m.Drawing.Width, m.Drawing.Height, role, html.EscapeString(m.Label))
	fmt.Fprintf(&b, `<defs><pattern id="%[1]s-few" width="12" height="12" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">`+
		`<rect class="ground" width="12" height="12"/><rect class="hatch" width="3" height="12"/></pattern></defs>`, m.ID)
	b.WriteString(`<g class="cells" aria-hidden="true">`)
	for _, c := range m.Drawing.cells {
		m.cell(&b, c)
	}
	b.WriteString("</g>")
	fmt.Fprintf(&b, `<path class="border" aria-hidden="true" d="%s"/>`, m.Drawing.borders)
	m.frame(&b)
	m.scale(&b)
	m.markers(&b)
	b.WriteString("</svg>")
	return template.HTML(b.String()) // built here; every text is escaped
}

func (m AreaMap) cell(b *strings.Builder, c drawnCell) {
	if c.path == "" {
		return
	}
	shade := m.Shades[c.code]
	if shade == "" {
		shade = "ground"
	}
	fmt.Fprintf(b, `<path class="%s"`, shade)
	if shade == TooFew { // a pattern's address in a style sheet would be read against the sheet
		fmt.Fprintf(b, ` fill="url(#%s-few)"`, m.ID)
	}
	fmt.Fprintf(b, ` d="%s"`, c.path)
	if name := m.Names[c.code]; name != "" {
		fmt.Fprintf(b, "><title>%s</title></path>", html.EscapeString(name))
		return
	}
	b.WriteString("/>")
}

func (m AreaMap) frame(b *strings.Builder) {
	if m.Frame == nil {
		return
	}
	x0, y0 := m.Drawing.unit(orb.Point{m.Frame.Min[0], m.Frame.Max[1]})
	x1, y1 := m.Drawing.unit(orb.Point{m.Frame.Max[0], m.Frame.Min[1]})
	fmt.Fprintf(b, `<rect class="frame" aria-hidden="true" x="%d" y="%d" width="%d" height="%d"/>`, x0, y0, x1-x0, y1-y0)
}

// scale draws the bar in the lower right corner.
func (m AreaMap) scale(b *strings.Builder) {
	metres, units := m.Drawing.scale()
	text := m.Locale.Int(metres) + noBreak + "m"
	if metres >= 1000 {
		text = m.Locale.Decimal(float64(metres)/1000, 1) + noBreak + "km"
	}
	x, y := m.Drawing.Width-drawingMargin-units, m.Drawing.Height-drawingMargin-4
	fmt.Fprintf(b, `<g class="scale" aria-hidden="true"><path d="M%d %dv-12M%d %dh%dM%d %dv-12"/><text x="%d" y="%d">%s</text></g>`,
		x, y, x, y, units, x+units, y, x+units, y-20, text)
}

func (m AreaMap) markers(b *strings.Builder) {
	var taken []spot
	for _, mk := range m.Markers {
		if !m.Drawing.Shows(mk.Area) {
			continue
		}
		at := m.Drawing.spots[mk.Area].beside(taken)
		taken = append(taken, at)
		fmt.Fprintf(b, `<a class="marker" href="%s" aria-label="%s"><circle cx="%d" cy="%d" r="%d"/><text x="%d" y="%d" dy=".36em">%d</text></a>`,
			html.EscapeString(mk.Href), html.EscapeString(mk.Label), at.x, at.y, markerRadius, at.x, at.y, mk.Number)
	}
}

// beside moves a marker to the right until it covers no other.
func (s spot) beside(taken []spot) spot {
	for moved := true; moved; {
		moved = false
		for _, t := range taken {
			if math.Hypot(float64(s.x-t.x), float64(s.y-t.y)) < markerApart {
				s.x, moved = t.x+markerApart, true
			}
		}
	}
	return s
}
