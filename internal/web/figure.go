// SPDX-License-Identifier: EUPL-1.2

package web

import (
	"bytes"
	"encoding/csv"
	"html"
	"html/template"
	"strings"
)

// Figure is a picture with what must stand beside it: the finding in a sentence, what is
// measured, when and by whom, a legend, the same numbers as a table, and links to them
// as files.
type Figure struct {
	Locale  Locale
	Finding string
	What    string
	Picture template.HTML
	Legend  []Swatch
	Note    string
	Table   Table
	Links   []Link
}

// Swatch is one entry of a legend; Class is a class of the style sheet.
type Swatch struct{ Class, Text string }

// Link is a link with its text.
type Link struct{ Href, Text string }

// Table is a table for people and for spreadsheets. The first cell of a row names it.
type Table struct {
	Caption string
	Head    []Cell
	Rows    [][]Cell
}

// Cell is one cell. Number is aligned right; Tag is the class of a label that the text is
// put in; Href leads to what is behind it.
type Cell struct {
	Text   string
	Number bool
	Tag    string
	Href   string
}

// Name is a cell of text.
func Name(text string) Cell { return Cell{Text: text} }

// Number is a cell of a number already written for people.
func Number(text string) Cell { return Cell{Text: text, Number: true} }

// To is the cell with a link to what is behind it.
func (c Cell) To(href string) Cell {
	c.Href = href
	return c
}

// HTML writes the table in a region of its own that scrolls where it is too wide. It is written here and not by a template,
// which took half the time of a page with six hundred areas.
func (t Table) HTML() template.HTML {
	var b strings.Builder
	caption := html.EscapeString(t.Caption)
	b.WriteString(`<div class="scroll" role="region" aria-label="` + caption + `" tabindex="0"><table><caption>` + caption + `</caption><thead><tr>`)
	for _, c := range t.Head {
		b.WriteString(`<th scope="col"` + c.class() + `>` + html.EscapeString(c.Text) + `</th>`)
	}
	b.WriteString("</tr></thead>\n<tbody>")
	for _, row := range t.Rows {
		b.WriteString("\n<tr>")
		for i, c := range row {
			if i == 0 {
				b.WriteString(`<th scope="row">` + c.markup() + `</th>`)
				continue
			}
			b.WriteString(`<td` + c.class() + `>` + c.markup() + `</td>`)
		}
		b.WriteString(`</tr>`)
	}
	b.WriteString("\n</tbody></table></div>")
	return template.HTML(b.String()) // built here; every text is escaped
}

func (c Cell) class() string {
	if c.Number {
		return ` class="num"`
	}
	return ""
}

// markup is the text with its label and its link, which leads to a page of ours or nowhere.
func (c Cell) markup() string {
	out := html.EscapeString(c.Text)
	if strings.HasPrefix(c.Href, "/") && !strings.HasPrefix(c.Href, "//") {
		out = `<a href="` + html.EscapeString(c.Href) + `">` + out + `</a>`
	}
	if c.Tag != "" {
		out = `<span class="tag ` + html.EscapeString(c.Tag) + `">` + out + `</span>`
	}
	return out
}

// CSV writes the table as Swedish spreadsheets open it: UTF-8 with BOM, semicolons,
// decimal commas, no cell that a spreadsheet would run as a formula.
func (t Table) CSV() []byte {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.Comma, w.UseCRLF = ';', true
	_ = w.Write(plainCells(t.Head)) // a buffer takes everything
	for _, row := range t.Rows {
		_ = w.Write(plainCells(row))
	}
	w.Flush()
	return b.Bytes()
}

func plainCells(cells []Cell) []string {
	out := make([]string, len(cells))
	for i, c := range cells {
		if c.Number {
			out[i] = plainNumber(c.Text)
			continue
		}
		out[i] = plainText(c.Text)
	}
	return out
}

// plainNumber takes out what only people read. A dash alone is no number.
func plainNumber(s string) string {
	if s == enDash {
		return ""
	}
	return strings.NewReplacer(noBreak, "", minusSign, "-").Replace(s)
}

// formulaStarts begin a formula in a spreadsheet (OWASP ASVS 5.0, 1.2.10).
const formulaStarts = "=+-@\t\r\n\x00＝＋－＠"

// plainText puts an apostrophe before what a spreadsheet would run.
func plainText(s string) string {
	s = strings.ReplaceAll(s, noBreak, " ")
	bare := strings.TrimLeft(s, " \ufeff\u200b\u200c\u200d")
	if bare != "" && strings.ContainsRune(formulaStarts, []rune(bare)[0]) {
		return "'" + s
	}
	return s
}
