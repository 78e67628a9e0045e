// SPDX-License-Identifier: EUPL-1.2

// Package sheet reads the tables that people export from other systems: CSV in
// the encodings and with the separators that spreadsheets and case systems write.
//
// It promises that a table is either read as its author meant it, or refused with
// the line at which it stops making sense; that every row knows the line it began
// on; and that no cell is changed beyond its encoding. It does not know what the
// columns mean, does not read XLSX, and keeps the whole table in memory.
//
// When a file is something else (JSON, a spreadsheet, an archive) Read says what it
// looks like, so that the caller can say what was expected.
package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Sheet is a table with a header.
type Sheet struct {
	// Encoding is what the bytes were read as, such as "UTF-8" or "Windows-1252".
	Encoding string
	// Separator stands between the cells: comma, semicolon, tab or bar.
	Separator rune
	// Header holds the names of the columns without surrounding space.
	Header []string
	// Rows are the lines after the header; empty lines are left out.
	Rows []Row
}

// Row is one line of a table. It may have fewer or more cells than the header.
type Row struct {
	// Line is where the row begins in the file, counted from 1.
	Line int
	// Cells are as they came, without surrounding space.
	Cells []string
}

// Error says at which line a file stops being a table.
type Error struct {
	// Line is counted from 1; 0 means the file as a whole.
	Line int
	// Problem says what is wrong.
	Problem string
}

// Error says what is wrong and at which line.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Problem
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Problem)
}

// Read reads a table. What cannot be one is returned as *Error.
func Read(file []byte) (Sheet, error) { return ReadAs(file, Form{}) }

// Form is what is known of a table before it is read. What is not known is found out.
type Form struct {
	// Encoding is one of Encodings; a mark at the beginning of the file goes before it.
	Encoding string
	// Separator stands between the cells.
	Separator rune
}

// ReadAs reads a table whose form is known. What cannot be one is returned as *Error.
func ReadAs(file []byte, form Form) (Sheet, error) {
	if kind := Looks(file); kind != "" {
		return Sheet{}, &Error{Problem: "this is " + kind + ", not CSV"}
	}
	text, encoding, err := decodeAs(file, form.Encoding)
	if err != nil {
		return Sheet{}, err
	}
	text, separator := sepLine(text)
	if form.Separator != 0 {
		separator = form.Separator
	}
	if separator == 0 {
		separator = guess(text)
	}
	rows, err := records(text, separator)
	if err != nil {
		return Sheet{}, err
	}
	if len(rows) == 0 {
		return Sheet{}, &Error{Problem: "the file is empty"}
	}
	header := rows[0].Cells
	if twice := repeated(header); twice != "" {
		return Sheet{}, &Error{Line: rows[0].Line, Problem: fmt.Sprintf("the header has the column %q twice", twice)}
	}
	return Sheet{Encoding: encoding, Separator: separator, Header: header, Rows: rows[1:]}, nil
}

// Column finds the column whose header is one of the names, in the order of the
// names, without regard to case, space, hyphen and underscore; -1 if there is none.
func (s Sheet) Column(names ...string) int {
	for _, name := range names {
		for i, h := range s.Header {
			if fold(h) == fold(name) {
				return i
			}
		}
	}
	return -1
}

// Cell returns a cell of a row, and "" for a column that the row does not have.
func (r Row) Cell(column int) string {
	if column < 0 || column >= len(r.Cells) {
		return ""
	}
	return r.Cells[column]
}

func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '_' || r == '-' || r == '.' {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}

func repeated(header []string) string {
	seen := map[string]bool{}
	for _, h := range header {
		if h != "" && seen[fold(h)] {
			return h
		}
		seen[fold(h)] = true
	}
	return ""
}

// Looks names what a file is when its beginning shows that it is no table of text:
// "JSON", "an Excel file or another archive", "a GeoPackage or another SQLite
// file", "an old Excel file", "a PDF", "XML"; else "".
func Looks(file []byte) string {
	head := bytes.TrimLeft(bytes.TrimPrefix(file[:min(len(file), 512)], []byte("\xef\xbb\xbf")), " \t\r\n")
	for _, kind := range []struct{ magic, name string }{
		{"PK\x03\x04", "an Excel file or another archive"},
		{"\xd0\xcf\x11\xe0", "an old Excel file"},
		{"SQLite format 3", "a GeoPackage or another SQLite file"},
		{"%PDF", "a PDF"},
		{"\x1f\x8b", "a gzip file"},
		{"{", "JSON"},
		{"[", "JSON"},
		{"<", "XML"},
	} {
		if bytes.HasPrefix(head, []byte(kind.magic)) {
			return kind.name
		}
	}
	return ""
}

// sepLine takes Excel's own first line, "sep=;", off the text.
func sepLine(text string) (rest string, separator rune) {
	line, rest, _ := strings.Cut(text, "\n")
	after, ok := strings.CutPrefix(strings.ToLower(strings.TrimRight(line, "\r")), "sep=")
	if runes := []rune(after); ok && len(runes) == 1 {
		// An empty line in its place keeps the line numbers right.
		return "\n" + rest, runes[0]
	}
	return text, 0
}

// guess tries the separators on the beginning of the text: the one that gives most
// lines the same number of cells, and more than one.
func guess(text string) rune {
	const lines = 50
	head := text
	if cut := nthLine(text, lines); cut > 0 {
		head = text[:cut]
	}
	best, bestScore := ',', 0
	for _, separator := range []rune{';', '\t', ',', '|'} {
		rows, _ := records(head, separator)
		score := 0
		for _, row := range rows {
			if len(row.Cells) == len(rows[0].Cells) && len(row.Cells) > 1 {
				score += 100 + len(row.Cells)
			}
		}
		if score > bestScore {
			best, bestScore = separator, score
		}
	}
	return best
}

func nthLine(text string, n int) int {
	at := 0
	for range n {
		i := strings.IndexByte(text[at:], '\n')
		if i < 0 {
			return 0
		}
		at += i + 1
	}
	return at
}

func records(text string, separator rune) ([]Row, error) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if !strings.Contains(text, "\n") {
		text = strings.ReplaceAll(text, "\r", "\n")
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord = separator, -1
	// A tab is space too: trimming would swallow the empty cells of a table that is separated by tabs.
	r.TrimLeadingSpace = separator != '\t'
	var rows []Row
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, parseError(err)
		}
		line, _ := r.FieldPos(0)
		empty := true
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
			empty = empty && cells[i] == ""
		}
		if !empty {
			rows = append(rows, Row{Line: line, Cells: cells})
		}
	}
}

func parseError(err error) error {
	parse, ok := errors.AsType[*csv.ParseError](err)
	if !ok {
		return &Error{Problem: err.Error()}
	}
	problem := parse.Err.Error()
	switch {
	case errors.Is(parse.Err, csv.ErrBareQuote):
		problem = `a quotation mark stands inside a cell that does not begin with one`
	case errors.Is(parse.Err, csv.ErrQuote):
		problem = `a cell begins with a quotation mark that is not closed`
	}
	return &Error{Line: parse.StartLine, Problem: problem}
}
