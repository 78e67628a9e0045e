// SPDX-License-Identifier: EUPL-1.2

package web

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strings"
)

// Column is one week in a row of columns.
type Column struct {
	Label string // the week
	Count int
	// Expected with its 5-95 % interval; Known is false where there is no history.
	Known     bool
	Expected  float64
	Low, High int
	// Apart are those of Count that are shown apart on top: the ones that only a new source tells of.
	Apart int
	// Partial is a week that is not over: it must not look like a drop.
	Partial bool
	// Marked is the week that the page is about.
	Marked bool
}

// Columns is a row of weekly counts over their expected band.
type Columns struct {
	ID, Label string
	Columns   []Column
	Locale    Locale
	// Ongoing is the word on the column of a week that is not over.
	Ongoing string
}

// The row, in units; two are a pixel on a wide screen.
const (
	rowWidth   = 1440
	rowHeight  = 560
	rowLeft    = 96
	rowRight   = 16
	rowTop     = 56
	rowBottom  = 96
	rowLabels  = 4 // every so many columns, counted from the last
	rowTicks   = 4
	columnPart = 0.62 // of its slot
)

// SVG draws the columns, the band behind them and an axis with round numbers.
func (c Columns) SVG() template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="row" viewBox="0 0 %d %d" role="img" aria-label="%s">`, rowWidth, rowHeight, html.EscapeString(c.Label))
	fmt.Fprintf(&b, `<defs><pattern id="%s-now" width="12" height="12" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">`+
		`<rect class="now-back" width="12" height="12"/><rect class="now-line" width="5" height="12"/></pattern></defs>`, c.ID)
	top := c.top()
	y := func(n float64) float64 {
		return rowHeight - rowBottom - n/float64(top)*(rowHeight-rowTop-rowBottom)
	}
	c.axis(&b, top, y)
	for i := range c.Columns {
		c.band(&b, i, y)
	}
	for i := range c.Columns {
		c.column(&b, i, y)
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) // built here; every text is escaped
}

// top is a round number above every column and band.
func (c Columns) top() int {
	most := 4
	for _, col := range c.Columns {
		most = max(most, col.Count)
		if col.Known {
			most = max(most, col.High)
		}
	}
	step := roundUp(float64(most) / rowTicks)
	return step * int(math.Ceil(float64(most)/float64(step)))
}

// roundUp is the next of 1, 2, 5, 10, 20, 50 ...
func roundUp(x float64) int {
	power := math.Pow(10, math.Floor(math.Log10(math.Max(1, x))))
	for _, times := range []float64{1, 2, 5} {
		if times*power >= x {
			return int(times * power)
		}
	}
	return int(10 * power)
}

func (c Columns) slot() float64 {
	return float64(rowWidth-rowLeft-rowRight) / float64(max(1, len(c.Columns)))
}

func (c Columns) axis(b *strings.Builder, top int, y func(float64) float64) {
	step := roundUp(float64(top) / rowTicks)
	for n := 0; n <= top; n += step {
		class := "grid"
		if n == 0 {
			class = "base"
		}
		fmt.Fprintf(b, `<path class="%s" d="M%d %.0fH%d"/><text class="tick" x="%d" y="%.0f" dy=".36em">%s</text>`,
			class, rowLeft, y(float64(n)), rowWidth-rowRight, rowLeft-12, y(float64(n)), c.Locale.Int(n))
	}
	for i := len(c.Columns) - 1; i >= 0; i -= rowLabels {
		anchor := "mid"
		if i == len(c.Columns)-1 {
			anchor = "end"
		}
		x := rowLeft + c.slot()*(float64(i)+0.5)
		if anchor == "end" {
			x = rowWidth - rowRight
		}
		fmt.Fprintf(b, `<text class="week %s" x="%.0f" y="%d">%s</text>`, anchor, x, rowHeight-rowBottom+64, html.EscapeString(c.Columns[i].Label))
	}
}

func (c Columns) band(b *strings.Builder, i int, y func(float64) float64) {
	col := c.Columns[i]
	if !col.Known {
		return
	}
	x0, x1 := rowLeft+c.slot()*float64(i), rowLeft+c.slot()*float64(i+1)
	low, high := y(float64(col.Low)), y(float64(col.High))
	fmt.Fprintf(b, `<path class="band" d="M%.0f %.0fH%.0fV%.0fH%.0fz"/><path class="expected" d="M%.0f %.0fH%.0f"/>`,
		x0, high, x1, low, x0, x0, y(col.Expected), x1)
}

func (c Columns) column(b *strings.Builder, i int, y func(float64) float64) {
	col := c.Columns[i]
	width := c.slot() * columnPart
	x := rowLeft + c.slot()*(float64(i)+0.5) - width/2
	class, fill := "column", ""
	switch {
	case col.Partial: // a pattern's address in a style sheet would be read against the sheet
		class, fill = "now", fmt.Sprintf(` fill="url(#%s-now)"`, c.ID)
	case col.Marked:
		class = "column marked"
	}
	fmt.Fprintf(b, `<rect class="%s"%s x="%.0f" y="%.0f" width="%.0f" height="%.0f"/>`, class, fill, x, y(float64(col.Count)), width, y(0)-y(float64(col.Count)))
	if col.Apart > 0 {
		fmt.Fprintf(b, `<rect class="apart" x="%.0f" y="%.0f" width="%.0f" height="%.0f"/>`, x, y(float64(col.Count)), width, y(float64(col.Count-col.Apart))-y(float64(col.Count)))
	}
	if col.Partial || col.Marked {
		anchor, at := "mid", x+width/2
		if i > len(c.Columns)-4 {
			anchor, at = "end", x+width
		}
		text := c.Locale.Int(col.Count)
		if col.Partial && c.Ongoing != "" {
			text = c.Ongoing + " " + text
		}
		above := float64(col.Count)
		if col.Known {
			above = max(above, float64(col.High))
		}
		fmt.Fprintf(b, `<text class="value %s" x="%.0f" y="%.0f">%s</text>`, anchor, at, y(above)-12, html.EscapeString(text))
	}
}
