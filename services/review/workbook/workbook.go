// SPDX-License-Identifier: EUPL-1.2

// Package workbook writes tables as a spreadsheet file (Office Open XML, ECMA-376): a few sheets of texts and numbers.
//
// It promises that no cell is a formula, whatever its text: texts are stored as texts, and one that a spreadsheet would run
// after it was saved as CSV or typed again gets an apostrophe before it (OWASP ASVS 5.0, 1.2.10). The same sheets are the same
// bytes. Numbers are numbers, negative ones too. The first row of a sheet is bold and stays in view.
//
// It does not read spreadsheets, and knows no formulas, dates, colours or links. The only thing that can fail is a sheet's name.
package workbook

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Type is the media type of a workbook.
const Type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// Sheet is one table. Its name has 1 to 31 characters, none of []:*?/\ and is not given twice.
type Sheet struct {
	Name string
	Rows [][]Cell
}

// Cell is a text, or a number.
type Cell struct {
	Text    string
	Number  float64
	numeric bool
}

// Text is a cell of text.
func Text(s string) Cell { return Cell{Text: s} }

// Int is a cell of a whole number.
func Int(n int) Cell { return Cell{Number: float64(n), numeric: true} }

// Float is a cell of a number; what is not a number is empty.
func Float(x float64) Cell {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return Cell{}
	}
	return Cell{Number: x, numeric: true}
}

const (
	contentTypes = `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
		`<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>`
	relations     = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
	relationTypes = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
	namespace     = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	styles        = `<styleSheet xmlns="` + namespace + `"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
		`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders>` +
		`<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf/><xf fontId="1" applyFont="1"/></cellXfs></styleSheet>`
)

// Write makes the file.
func Write(sheets []Sheet) ([]byte, error) {
	if err := check(sheets); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	parts := []struct{ name, body string }{
		{"[Content_Types].xml", types(sheets)},
		{"_rels/.rels", relations + relation(1, "officeDocument", "xl/workbook.xml") + `</Relationships>`},
		{"xl/workbook.xml", list(sheets)},
		{"xl/_rels/workbook.xml.rels", targets(sheets)},
		{"xl/styles.xml", styles},
	}
	for i, s := range sheets {
		parts = append(parts, struct{ name, body string }{sheetFile(i), s.xml()})
	}
	for _, p := range parts {
		w, err := z.CreateHeader(&zip.FileHeader{Name: p.name, Method: zip.Deflate})
		if err == nil {
			_, err = w.Write([]byte(xml.Header + p.body))
		}
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", p.name, err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("close workbook: %w", err)
	}
	return b.Bytes(), nil
}

func check(sheets []Sheet) error {
	seen := map[string]bool{}
	for _, s := range sheets {
		if n := utf8.RuneCountInString(s.Name); n < 1 || n > 31 || strings.ContainsAny(s.Name, `[]:*?/\`) || seen[strings.ToLower(s.Name)] {
			return fmt.Errorf("a sheet cannot be called %q", s.Name)
		}
		seen[strings.ToLower(s.Name)] = true
	}
	return nil
}

func sheetFile(i int) string { return "xl/worksheets/sheet" + strconv.Itoa(i+1) + ".xml" }

func types(sheets []Sheet) string {
	b := contentTypes
	for i := range sheets {
		b += `<Override PartName="/` + sheetFile(i) + `" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>`
	}
	return b + `</Types>`
}

func list(sheets []Sheet) string {
	b := `<workbook xmlns="` + namespace + `" xmlns:r="` + strings.TrimSuffix(relationTypes, "/") + `"><sheets>`
	for i, s := range sheets {
		b += `<sheet` + attr("name", s.Name) + attr("sheetId", strconv.Itoa(i+1)) + attr("r:id", "rId"+strconv.Itoa(i+1)) + `/>`
	}
	return b + `</sheets></workbook>`
}

func targets(sheets []Sheet) string {
	b := relations
	for i := range sheets {
		b += relation(i+1, "worksheet", strings.TrimPrefix(sheetFile(i), "xl/"))
	}
	return b + relation(len(sheets)+1, "styles", "styles.xml") + `</Relationships>`
}

func relation(id int, kind, target string) string {
	return `<Relationship` + attr("Id", "rId"+strconv.Itoa(id)) + attr("Type", relationTypes+kind) + attr("Target", target) + `/>`
}

// attr is an attribute of an element.
func attr(name, value string) string { return ` ` + name + `="` + escape(value) + `"` }

func (s Sheet) xml() string {
	var b strings.Builder
	b.WriteString(`<worksheet xmlns="` + namespace + `"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>`)
	for i, row := range s.Rows {
		fmt.Fprintf(&b, `<row r="%d">`, i+1)
		for j, c := range row {
			b.WriteString(c.xml(column(j)+strconv.Itoa(i+1), i == 0))
		}
		b.WriteString(`</row>`)
	}
	b.WriteString(`</sheetData></worksheet>`)
	return b.String()
}

func (c Cell) xml(at string, head bool) string {
	cell := `<c` + attr("r", at)
	if head {
		cell += attr("s", "1")
	}
	switch {
	case c.numeric:
		return cell + `><v>` + strconv.FormatFloat(c.Number, 'f', -1, 64) + `</v></c>`
	case c.Text == "":
		return ""
	}
	return cell + ` t="inlineStr"><is><t xml:space="preserve">` + escape(harmless(c.Text)) + `</t></is></c>`
}

// column is the letters of a column: A, B, ... Z, AA.
func column(i int) string {
	if i < 26 {
		return string(rune('A' + i))
	}
	return column(i/26-1) + column(i%26)
}

// starts begin a formula in a spreadsheet (OWASP ASVS 5.0, 1.2.10).
const starts = "=+-@\t\r\n\x00＝＋－＠"

// harmless puts an apostrophe before what a spreadsheet would run.
func harmless(s string) string {
	bare := strings.TrimLeft(s, " \u00a0\ufeff\u200b\u200c\u200d")
	if first, size := utf8.DecodeRuneInString(bare); size > 0 && strings.ContainsRune(starts, first) {
		return "'" + s
	}
	return s
}

// longest is how many characters a cell may hold.
const longest = 32_767

// escape makes XML of a text; what XML cannot hold becomes U+FFFD.
func escape(s string) string {
	if utf8.RuneCountInString(s) > longest {
		s = string([]rune(s)[:longest])
	}
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a builder takes everything
	return b.String()
}
