// SPDX-License-Identifier: EUPL-1.2

// Package table reads incidents out of the tables that other systems export, as a saved mapping says.
//
// It promises that a row becomes what its author meant or is refused with the column that is to blame: a decimal comma is
// one, a date that Excel made a number of is the date, a local time without zone is read in the mapping's zone and refused
// where the clock was put forward (time_nonexistent) or back (time_ambiguous), a day without a time is the whole day, and a
// value that the mapping does not name is never guessed. The same row gives the same incident whenever it is read. A
// mapping is read strictly ([ParseMapping]), and [Propose] writes one from a file, as a proposal to a person.
//
// It does no I/O, keeps no state and knows no clock. It does not judge the incident beyond what its columns say (package
// events does), sends nothing, and reads incidents only: other kinds of report come as JSON.
//
// When it fails: a mapping or a header that cannot be used is an error that names every place; a file that is no table is a
// *sheet.Error with its line; everything else is a problem of one row and leaves the others alone.
package table

import (
	"fmt"
	"strings"

	"samsyn/internal/sheet"
)

// Table is a file read by a mapping.
type Table struct {
	mapping Mapping
	sheet   sheet.Sheet
	columns map[string]int
}

// HeaderError says that a mapping names columns that the file does not have.
type HeaderError struct {
	Missing []string
	Header  []string
}

// Error names them, and those there are.
func (e *HeaderError) Error() string {
	return fmt.Sprintf("the file has no column %s; it has %s", quoted(e.Missing), quoted(e.Header))
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(out, ", ")
}

// Open reads a file. Errors: *sheet.Error, when it is no table; *HeaderError, when it is another one than the mapping is for.
func Open(file []byte, m Mapping) (*Table, error) {
	s, err := sheet.ReadAs(file, m.form())
	if err != nil {
		return nil, err
	}
	t := &Table{mapping: m, sheet: s, columns: map[string]int{}}
	var missing []string
	for _, name := range m.columns() {
		if t.columns[name] = s.Column(name); t.columns[name] < 0 {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return nil, &HeaderError{Missing: missing, Header: s.Header}
	}
	return t, nil
}

// Len is the number of rows.
func (t *Table) Len() int { return len(t.sheet.Rows) }

// cell returns what a row says in a column that the mapping names; "" where it names none.
func (t *Table) cell(row sheet.Row, column string) string {
	if column == "" {
		return ""
	}
	return row.Cell(t.columns[column])
}
