// SPDX-License-Identifier: EUPL-1.2

package web

import (
	"fmt"
	"html/template"
	"math"
)

// Bullet is a number on its expected band: one glance, no percent. The numbers stand
// beside it as text, so it is hidden from assistive technology.
type Bullet struct {
	Count     int
	Expected  float64
	Low, High int
}

const (
	bulletWidth  = 480
	bulletHeight = 48
)

// SVG draws the band from low to high, the expected as a line and the number as a bar.
func (u Bullet) SVG() template.HTML {
	top := 1.1 * math.Max(1, math.Max(float64(u.Count), float64(u.High)))
	x := func(n float64) float64 { return n / top * bulletWidth }
	return template.HTML(fmt.Sprintf( // numbers only
		`<svg class="bullet" viewBox="0 0 %d %d" aria-hidden="true" focusable="false"><rect class="rail" y="4" width="%d" height="40"/>`+
			`<rect class="band" x="%.0f" y="4" width="%.0f" height="40"/><rect class="column" y="16" width="%.0f" height="16"/><path class="expected" d="M%.0f 0V48"/></svg>`,
		bulletWidth, bulletHeight, bulletWidth, x(float64(u.Low)), x(float64(u.High-u.Low)), x(float64(u.Count)), x(u.Expected)))
}
