// SPDX-License-Identifier: EUPL-1.2

package sheet

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

const swedish = "nyckel;adress;lon;lat\nK-1;Ångströms väg 3, Öjaby;14,75;56,90\nK-2;Älggränd 1;14,80;56,88\n"

// A register that was exported on another kind of computer must keep its street
// names: a name with the wrong letters is a place that nobody finds.
func TestReadKnowsTheCommonEncodings(t *testing.T) {
	tests := []struct {
		name     string
		encoding encoding.Encoding
		want     string
	}{
		{"utf-8", encoding.Nop, "UTF-8"},
		{"utf-8 with a mark", unicode.UTF8BOM, "UTF-8"},
		{"utf-16 with a mark", unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM), "UTF-16"},
		{"utf-16 big", unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM), "UTF-16"},
		{"utf-16 without a mark", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "UTF-16"},
		{"windows", charmap.Windows1252, "Windows-1252"},
		{"latin 1", charmap.ISO8859_1, "Windows-1252"},
		{"dos", charmap.CodePage850, "IBM850"},
		{"mac", charmap.Macintosh, "Macintosh"},
	}
	for _, tt := range tests {
		file, err := tt.encoding.NewEncoder().Bytes([]byte(swedish))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Read(file)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		want := []Row{
			{Line: 2, Cells: []string{"K-1", "Ångströms väg 3, Öjaby", "14,75", "56,90"}},
			{Line: 3, Cells: []string{"K-2", "Älggränd 1", "14,80", "56,88"}},
		}
		if diff := cmp.Diff(want, got.Rows); diff != "" || got.Encoding != tt.want {
			t.Errorf("%s: read as %s: %s", tt.name, got.Encoding, diff)
		}
	}
}

// The separator is not announced, and a comma in a number must not be taken for it.
func TestReadFindsTheSeparator(t *testing.T) {
	tests := []struct {
		name, file string
		separator  rune
		header     []string
		first      Row
	}{
		{"comma", "a,b\n1,2\n", ',', []string{"a", "b"}, Row{2, []string{"1", "2"}}},
		{"semicolon and decimal comma", "a;b\n1,5;2,5\n", ';', []string{"a", "b"}, Row{2, []string{"1,5", "2,5"}}},
		{"tab", "a\tb c\r\n1\t2\r\n", '\t', []string{"a", "b c"}, Row{2, []string{"1", "2"}}},
		{"tabs around empty cells", "a\tb\tc\n1\t\t3\n\t\t4\n", '\t', []string{"a", "b", "c"}, Row{2, []string{"1", "", "3"}}},
		{"bar", "a|b\n1|2\n", '|', []string{"a", "b"}, Row{2, []string{"1", "2"}}},
		{"told by Excel", "sep=|\na;x|b\n1|2\n", '|', []string{"a;x", "b"}, Row{3, []string{"1", "2"}}},
		{"one column", "a\n1\n", ',', []string{"a"}, Row{2, []string{"1"}}},
		{"quoted, over two lines", "a;b\n\"x\ny\";2\n3;4\n", ';', []string{"a", "b"}, Row{2, []string{"x\ny", "2"}}},
		{"empty lines", "a;b\n\n;\n1;2\n", ';', []string{"a", "b"}, Row{4, []string{"1", "2"}}},
		{"lines ended as on an old Mac", "a;b\r1;2\r", ';', []string{"a", "b"}, Row{2, []string{"1", "2"}}},
		{"ragged", "a;b\n1;2;3\n1\n", ';', []string{"a", "b"}, Row{2, []string{"1", "2", "3"}}},
	}
	for _, tt := range tests {
		got, err := Read([]byte(tt.file))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got.Separator != tt.separator || !cmp.Equal(got.Header, tt.header) || !cmp.Equal(got.Rows[0], tt.first) {
			t.Errorf("%s: %q %q %v", tt.name, got.Separator, got.Header, got.Rows)
		}
	}
}

// Who hands in the wrong file must hear what it is, and at which line it breaks.
func TestReadSaysWhatIsWrong(t *testing.T) {
	tests := []struct{ name, file, want string }{
		{"json", ` {"type":"FeatureCollection"}`, "this is JSON"},
		{"a workbook", "PK\x03\x04rest", "an Excel file"},
		{"a geopackage", "SQLite format 3\x00", "a GeoPackage"},
		{"nothing", "", "empty"},
		{"only white space", "\n \n", "empty"},
		{"an open quotation mark", "a,b\n1,2\n\"3,4\n5,6\n", "line 3: a cell begins with a quotation mark"},
		{"a stray quotation mark", "a,b\n1,2\n3\"x,4\n", "line 3: a quotation mark"},
		{"a separator that cannot be one", "sep=\"\na,b\n", "delimiter"},
		{"a column twice", "a,A\n1,2\n", `line 1: the header has the column "A" twice`},
	}
	for _, tt := range tests {
		_, err := Read([]byte(tt.file))
		if _, ok := errors.AsType[*Error](err); !ok || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// A mapping that was saved with its encoding must not depend on which letters a week's export happens to hold: one é alone
// is too little to guess by.
func TestReadAsHoldsToTheForm(t *testing.T) {
	tests := []struct {
		name, file string
		form       Form
		want       string
	}{
		{"windows", "a;b\n\x82;\xe5\n", Form{Encoding: "Windows-1252"}, "‚"},
		{"dos", "a;b\n\x82;2\n", Form{Encoding: "IBM850"}, "é"},
		{"only ASCII", "a;b\nx;2\n", Form{Encoding: "Windows-1252"}, "x"},
		{"a mark goes before", "\xef\xbb\xbfa;b\né;2\n", Form{Encoding: "Windows-1252"}, "é"},
		{"UTF-8 without a mark goes before", "a;b\né;2\n", Form{Encoding: "Windows-1252"}, "é"},
		{"UTF-16 goes before", "\xff\xfea\x00;\x00b\x00\n\x00\xe9\x00;\x002\x00\n\x00", Form{Encoding: "UTF-8"}, "é"},
		{"the separator", "a|b;c\n1|2;3\n", Form{Separator: '|'}, "1"},
	}
	for _, tt := range tests {
		got, err := ReadAs([]byte(tt.file), tt.form)
		if err != nil || got.Rows[0].Cells[0] != tt.want {
			t.Errorf("%s: %v, %v", tt.name, got.Rows, err)
		}
	}
	for _, tt := range []struct{ file, encoding, want string }{
		{"a;b\n1;2\n\xe5;2\n", "UTF-8", "line 3: the text is not UTF-8"},
		{"a;b\n1;2\n", "UTF-16", "the text is not UTF-16"},
		{"a;b\n1;2\n", "EBCDIC", "there is no encoding"},
	} {
		if _, err := ReadAs([]byte(tt.file), Form{Encoding: tt.encoding}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.encoding, err)
		}
	}
}

// Column names are typed by people.
func TestColumnIgnoresCaseAndSpace(t *testing.T) {
	s := Sheet{Header: []string{"Fastighets-Beteckning", "LON"}}
	if got := s.Column("key", "fastighetsbeteckning"); got != 0 {
		t.Errorf("column %d", got)
	}
	if got := s.Column("lat"); got != -1 {
		t.Errorf("column %d", got)
	}
	if got := (Row{Cells: []string{"x"}}).Cell(1); got != "" {
		t.Errorf("cell %q", got)
	}
}

// Whatever the bytes, reading them ends in a table or an error that says why.
func FuzzRead(f *testing.F) {
	f.Add([]byte(swedish))
	f.Add([]byte("\xff\xfea\x00"))
	f.Add([]byte("sep=\n\""))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := Read(file)
		if err != nil {
			return
		}
		for _, row := range got.Rows {
			if row.Line < 1 {
				t.Fatalf("row without a line: %v", row)
			}
		}
	})
}
