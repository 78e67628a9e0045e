// SPDX-License-Identifier: EUPL-1.2

package workbook_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"io"
	"math"
	"strings"
	"testing"

	"samsyn/services/review/workbook"
)

type cell struct {
	At      string `xml:"r,attr"`
	Type    string `xml:"t,attr"`
	Formula string `xml:"f"`
	Value   string `xml:"v"`
	Text    string `xml:"is>t"`
}

// cells reads the cells of a sheet, each part of the file being well-formed XML.
func cells(t *testing.T, file []byte, sheet string) []cell {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var found []cell
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		var any struct {
			Cells []cell `xml:"sheetData>row>c"`
		}
		if err := xml.Unmarshal(body, &any); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		if f.Name == "xl/worksheets/"+sheet {
			found = any.Cells
		}
	}
	return found
}

// A text that a partner wrote must never run in a coordinator's spreadsheet.
func TestNoCellIsAFormula(t *testing.T) {
	rows := [][]workbook.Cell{{workbook.Text("Namn")}}
	payloads := []string{`=cmd|'/C calc'!A0`, `+1+1`, `-2+3`, `@SUM(A1)`, "\t=1", "\r=1", "\n=1", " =1", "\ufeff=1", "\u200b=1", "＝1", "＋1", "－1", "＠1", "\x00=1", "\u00a0=1"}
	for _, p := range payloads {
		rows = append(rows, []workbook.Cell{workbook.Text(p)})
	}
	file, err := workbook.Write([]workbook.Sheet{{Name: "Blad", Rows: rows}})
	if err != nil {
		t.Fatal(err)
	}
	found := cells(t, file, "sheet1.xml")
	if len(found) != len(rows) {
		t.Fatalf("%d cells", len(found))
	}
	for i, c := range found[1:] {
		if c.Formula != "" || c.Type != "inlineStr" || !strings.HasPrefix(c.Text, "'") {
			t.Errorf("%q became %+v", payloads[i], c)
		}
	}
}

// Numbers are numbers, and texts are what they were.
func TestCellsComeBack(t *testing.T) {
	file, err := workbook.Write([]workbook.Sheet{
		{Name: "Ett", Rows: [][]workbook.Cell{{workbook.Text(`Å & <ä> "ö"`), workbook.Int(-3), workbook.Float(2.5), workbook.Float(math.NaN()), workbook.Text("")}}},
		{Name: "Två"},
	})
	if err != nil {
		t.Fatal(err)
	}
	found := cells(t, file, "sheet1.xml")
	if len(found) != 3+1 && len(found) != 3 {
		t.Fatalf("%+v", found)
	}
	if found[0].Text != `Å & <ä> "ö"` || found[1].Value != "-3" || found[1].Type != "" || found[2].Value != "2.5" || found[2].At != "C1" {
		t.Errorf("%+v", found)
	}
	again, err := workbook.Write([]workbook.Sheet{{Name: "Ett", Rows: [][]workbook.Cell{{workbook.Int(1)}}}})
	once, errOnce := workbook.Write([]workbook.Sheet{{Name: "Ett", Rows: [][]workbook.Cell{{workbook.Int(1)}}}})
	if err != nil || errOnce != nil || !bytes.Equal(again, once) {
		t.Error("the same sheets are other bytes")
	}
}

// A name that a spreadsheet refuses would make the whole file unreadable.
func TestSheetNamesAreChecked(t *testing.T) {
	for _, names := range [][]string{{""}, {"a/b"}, {"Blad", "blad"}, {strings.Repeat("x", 32)}} {
		var sheets []workbook.Sheet
		for _, n := range names {
			sheets = append(sheets, workbook.Sheet{Name: n})
		}
		if _, err := workbook.Write(sheets); err == nil {
			t.Errorf("%q is taken", names)
		}
	}
}
