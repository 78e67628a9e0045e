// SPDX-License-Identifier: EUPL-1.2

package web

import (
	"fmt"
	"html"
	"html/template"
	"strings"
)

// Grid is a table whose cells are shaded by their number: weekdays by hours. It is picture and table in one, so its numbers
// stand in its cells.
type Grid struct {
	Caption string
	// Corner names the rows, Columns each column, and Sum the column and row of sums; an empty Sum leaves them out.
	Corner  string
	Columns []string
	Sum     string
	Rows    []GridRow
	Locale  Locale
}

// GridRow is a row of numbers in tenths, so that what is shown adds up.
type GridRow struct {
	Name   string
	Tenths []int
	// Hrefs lead to what is behind each cell, as many as Tenths, or none.
	Hrefs []string
}

// HTML writes the table. A zero is a middle dot: what matters is where there is something.
func (g Grid) HTML() template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<div class="scroll" role="region" aria-label="%s" tabindex="0"><table class="grid"><caption>%s</caption><thead><tr><th scope="col">%s</th>`,
		html.EscapeString(g.Caption), html.EscapeString(g.Caption), html.EscapeString(g.Corner))
	for _, c := range g.Columns {
		fmt.Fprintf(&b, `<th scope="col" class="num">%s</th>`, html.EscapeString(c))
	}
	g.sumCell(&b, "th scope=\"col\"", html.EscapeString(g.Sum))
	b.WriteString(`</tr></thead><tbody>`)
	sums := make([]int, len(g.Columns))
	for _, row := range g.Rows {
		g.row(&b, row, sums)
	}
	if g.Sum != "" {
		fmt.Fprintf(&b, `<tr><th scope="row">%s</th>`, html.EscapeString(g.Sum))
		all := 0
		for _, n := range sums {
			all += n
			fmt.Fprintf(&b, `<td class="num">%s</td>`, g.number(n))
		}
		g.sumCell(&b, "td", g.number(all))
		b.WriteString(`</tr>`)
	}
	b.WriteString(`</tbody></table></div>`)
	return template.HTML(b.String()) // built here; every text is escaped
}

func (g Grid) row(b *strings.Builder, row GridRow, sums []int) {
	fmt.Fprintf(b, `<tr><th scope="row">%s</th>`, html.EscapeString(row.Name))
	all := 0
	for i, n := range row.Tenths {
		all += n
		sums[i] += n
		text := g.number(n)
		if n > 0 && i < len(row.Hrefs) && row.Hrefs[i] != "" {
			text = `<a href="` + html.EscapeString(row.Hrefs[i]) + `">` + text + `</a>`
		}
		fmt.Fprintf(b, `<td class="num %s">%s</td>`, CountShade((n+9)/10), text)
	}
	g.sumCell(b, "td", g.number(all))
	b.WriteString(`</tr>`)
}

// sumCell writes a cell of the last column; text is markup already.
func (g Grid) sumCell(b *strings.Builder, tag, text string) {
	if g.Sum == "" {
		return
	}
	name, _, _ := strings.Cut(tag, " ")
	fmt.Fprintf(b, `<%s class="num sum">%s</%s>`, tag, text, name)
}

func (g Grid) number(tenths int) string {
	if tenths == 0 {
		return "·"
	}
	return g.Locale.Decimal(float64(tenths)/10, 1)
}

// Bars are a few numbers side by side, most first: a table with a bar in each row.
type Bars struct {
	Caption string
	// Head names the rows and the numbers.
	Head [2]string
	Bars []Bar
	// Locale writes the numbers.
	Locale Locale
}

// Bar is one row.
type Bar struct {
	Name  string
	Count int
}

const barWidth = 240

// HTML writes the table; the bars repeat its numbers and are hidden from assistive technology.
func (s Bars) HTML() template.HTML {
	var b strings.Builder
	caption := html.EscapeString(s.Caption)
	fmt.Fprintf(&b, `<div class="scroll" role="region" aria-label="%s" tabindex="0"><table class="bars"><caption>%s</caption><thead><tr>`+
		`<th scope="col">%s</th><th scope="col" class="num">%s</th><td></td></tr></thead><tbody>`,
		caption, caption, html.EscapeString(s.Head[0]), html.EscapeString(s.Head[1]))
	most := 1
	for _, bar := range s.Bars {
		most = max(most, bar.Count)
	}
	for _, bar := range s.Bars {
		fmt.Fprintf(&b, `<tr><th scope="row">%s</th><td class="num">%s</td><td aria-hidden="true"><svg class="bar" viewBox="0 0 %d 20" focusable="false"><rect class="column" width="%d" height="20"/></svg></td></tr>`,
			html.EscapeString(bar.Name), s.Locale.Int(bar.Count), barWidth, barWidth*bar.Count/most)
	}
	b.WriteString(`</tbody></table></div>`)
	return template.HTML(b.String()) // built here; every text is escaped
}
