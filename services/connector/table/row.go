// SPDX-License-Identifier: EUPL-1.2

package table

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"samsyn/events"
	"samsyn/internal/privacy"
	"samsyn/internal/sheet"
)

// Problem is one reason why a row cannot be sent, and the column that is to blame.
type Problem struct {
	events.Reason
	Column string
}

// Codes that only a table can give, beside those of package events.
const (
	// ExcelNumber says that Excel has written a number in scientific form: digits are lost.
	ExcelNumber events.Code = "excel_number"
	// RowLength says that a row has more cells than the header: something in it was taken for a separator.
	RowLength events.Code = "row_length"
)

// Row is what one line of a table says.
type Row struct {
	Line int
	Skip bool // the mapping says that it is not to be sent
	// Report is the id, also when the row has problems; "" when there is none.
	Report   events.ReportID
	Incident events.Incident
	// Reported is when it was reported; zero when the table does not say.
	Reported time.Time
	// Uncertain says that Incident.Occurred.To is the end of a day that may not be over yet; see Until.
	Uncertain bool
	Problems  []Problem
}

// Until returns the incident as it can be known at a moment: what happened some time during a day that is not over
// happened before that moment.
func (r Row) Until(moment time.Time) events.Incident {
	in := r.Incident
	if r.Uncertain && in.Occurred.To.After(moment) && !in.Occurred.From.After(moment) {
		in.Occurred.To = moment.In(in.Occurred.From.Location()).Truncate(time.Second)
		if in.Occurred.To.Before(in.Occurred.From) {
			in.Occurred.To = in.Occurred.From
		}
	}
	return in
}

// Column says which column of the table a path of the event was read from.
func (t *Table) Column(path string) string { return t.mapping.column(path) }

// Row reads row i. Rows whose ids are hashes count how often seen has met what they say, so that two rows that say the
// same are two reports, the same two whenever the file is read; seen belongs to one reading of one file, from row 0 on.
func (t *Table) Row(i int, seen map[string]int) Row {
	row := t.sheet.Rows[i]
	r := reading{table: t, row: row, out: Row{Line: row.Line}}
	if len(row.Cells) > len(t.sheet.Header) {
		r.fail(RowLength, "", "")
		return r.out
	}
	r.codes()
	if r.out.Skip {
		r.out.Problems = nil
		return r.out
	}
	r.times()
	r.report(seen)
	r.place()
	in, m := &r.out.Incident, &t.mapping
	in.Text = r.joined(m.Text)
	in.Reporter, in.Reference = t.cell(row, m.Reporter), t.cell(row, m.Reference)
	if in.Reference != "" && scientific.MatchString(in.Reference) {
		r.fail(ExcelNumber, "/data/reference", m.Reference)
	}
	return r.out
}

// reading is a row on its way.
type reading struct {
	table *Table
	row   sheet.Row
	out   Row
}

func (r *reading) fail(code events.Code, path, column string) {
	r.out.Problems = append(r.out.Problems, Problem{Reason: events.Reason{Code: code, Path: path}, Column: column})
}

func (r *reading) joined(columns Columns) string {
	var parts []string
	for _, c := range columns {
		if cell := r.table.cell(r.row, c); cell != "" {
			parts = append(parts, cell)
		}
	}
	return strings.Join(parts, " ")
}

// scientific is what Excel makes of a long number in a narrow column.
var scientific = regexp.MustCompile(`^[+-]?[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+$`)

func (r *reading) report(seen map[string]int) {
	m := &r.table.mapping
	column := m.column("/data/report")
	var parts []string
	said := false
	for _, c := range m.Report.Columns {
		cell := r.table.cell(r.row, c)
		if scientific.MatchString(cell) {
			r.fail(ExcelNumber, "/data/report", c)
			return
		}
		said = said || cell != ""
		parts = append(parts, cell)
	}
	switch {
	case !said:
		r.fail(events.Required, "/data/report", column)
	case m.Report.As == "hash":
		r.screen(parts)
		r.out.Report = hashed(parts, seen)
	default:
		r.out.Report = named(strings.Join(parts, ":"))
	}
}

// screen looks for personal numbers in what is going to be hashed: the hash of one is found again by trying them all.
func (r *reading) screen(parts []string) {
	for i, part := range parts {
		if len(privacy.ScreenID(part, r.out.Incident.Occurred.To)) > 0 {
			r.fail(events.PIIInID, "/data/report", r.table.mapping.Report.Columns[i])
		}
	}
}

const (
	mostReport = 64
	hashDigits = 20
)

// hashed names a report by what it says; one that says the same as an earlier row of the file is the second such.
func hashed(parts []string, seen map[string]int) events.ReportID {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(strconv.Itoa(len(p)) + ":" + p))
	}
	id := "h-" + hex.EncodeToString(h.Sum(nil))[:hashDigits]
	seen[id]++
	if n := seen[id]; n > 1 {
		id += "-" + strconv.Itoa(n)
	}
	return events.ReportID(id)
}

// named makes an id of an agency's own number. One with characters that an id cannot hold keeps those it can, and a hash of
// the whole tells it from others.
func named(number string) events.ReportID {
	if id := events.ReportID(number); id.Valid() {
		return id
	}
	kept := strings.Map(func(c rune) rune {
		if c < 128 && events.ReportID(string(c)).Valid() || c == '.' {
			return c
		}
		return '-'
	}, number)
	sum := sha256.Sum256([]byte(number))
	suffix := "." + hex.EncodeToString(sum[:4])
	return events.ReportID(kept[:min(len(kept), mostReport-len(suffix))] + suffix)
}

func (r *reading) codes() {
	for _, f := range r.table.mapping.fields() {
		cells := []string{r.table.cell(r.row, f.coded.Column)}
		if f.name == "measures_taken" {
			cells = strings.FieldsFunc(cells[0], func(c rune) bool { return strings.ContainsRune(",;/+|\n", c) })
		}
		for _, cell := range cells {
			r.code(f, cell)
		}
		if f.name == "category" && f.coded.Value == "" && strings.TrimSpace(cells[0]) == "" && !r.out.Skip && r.out.Incident.Category == "" {
			r.fail(events.Required, "/data/category", f.coded.Column)
		}
	}
}

func (r *reading) code(f field, cell string) {
	code, skipRow, known := f.coded.code(cell)
	switch {
	case skipRow:
		r.out.Skip = true
	case !known && f.name == "category":
		r.fail(events.UnknownCode, "/data/category", f.coded.Column)
	case !known:
		r.fail(events.OutOfRange, "/data/"+f.name, f.coded.Column)
	case code == "":
	case f.name == "category" && f.coded.Other == otherSend && !f.exists(code):
		f.set(&r.out.Incident, "x:"+strings.TrimSpace(cell))
	case !f.set(&r.out.Incident, code):
		r.fail(events.OutOfRange, "/data/"+f.name, f.coded.Column)
	}
}

func (r *reading) times() {
	m := &r.table.mapping
	occurred := &r.out.Incident.Occurred
	from, ok := r.wall(m.Occurred.From, "/data/occurred/from", true)
	if !ok {
		return
	}
	occurred.From = r.begin(from, m.Occurred.From, "/data/occurred/from")
	occurred.To = occurred.From
	last := from
	if m.Occurred.To != nil && r.table.cell(r.row, m.Occurred.To.Date) != "" {
		if last, ok = r.wall(*m.Occurred.To, "/data/occurred/to", true); !ok {
			return
		}
		occurred.To = r.begin(last, *m.Occurred.To, "/data/occurred/to")
	}
	if !last.clock {
		occurred.To, r.out.Uncertain = last.midnight(1, m.zone), true
	}
	if m.Reported == nil {
		return
	}
	if reported, ok := r.wall(*m.Reported, "/time", false); ok {
		r.out.Reported = r.begin(reported, *m.Reported, "/time")
		if !reported.clock {
			// Reported some time that day: after whatever happened on it.
			r.out.Reported = reported.midnight(1, m.zone).Add(-time.Second)
		}
	}
}

// wall reads a moment as it stands in the row; ok is false when there is none, which only a needed one may not be.
func (r *reading) wall(m Moment, path string, needed bool) (w wall, ok bool) {
	date := r.table.cell(r.row, m.Date)
	if date == "" {
		if needed {
			r.fail(events.Required, path, m.Date)
		}
		return w, false
	}
	w, code := readMoment(date, r.table.cell(r.row, m.Time), m.Format)
	if code != "" {
		r.fail(code, path, m.columns())
	}
	return w, code == ""
}

// begin is the moment, or the beginning of the day.
func (r *reading) begin(w wall, m Moment, path string) time.Time {
	zone := r.table.mapping.zone
	if !w.clock {
		return w.midnight(0, zone)
	}
	at, code := w.moment(zone)
	if code != "" {
		r.fail(code, path, m.columns())
	}
	return at
}

func (m Moment) columns() string {
	if m.Time == "" {
		return m.Date
	}
	return m.Date + " + " + m.Time
}

func (r *reading) place() {
	m := r.table.mapping.Place
	p := &r.out.Incident.Place
	if x, y, ok := r.pair(m.Lon, m.Lat, "/data/place/lon", "/data/place/lat"); ok {
		p.Point = &events.Point{Lon: x, Lat: y}
	}
	if x, y, ok := r.pair(m.Easting, m.Northing, "/data/place/easting", "/data/place/northing"); ok {
		p.Grid = &events.Grid{Easting: x, Northing: y}
	}
	p.Property = r.joined(m.Property)
	p.Area = events.AreaCode(r.table.cell(r.row, m.Area))
}

// pair reads two numbers that mean something only together.
func (r *reading) pair(columnX, columnY, pathX, pathY string) (x, y float64, ok bool) {
	cellX, cellY := r.table.cell(r.row, columnX), r.table.cell(r.row, columnY)
	if cellX == "" && cellY == "" {
		return 0, 0, false
	}
	x, okX := r.number(cellX, columnX, pathX)
	y, okY := r.number(cellY, columnY, pathY)
	return x, y, okX && okY
}

func (r *reading) number(cell, column, path string) (float64, bool) {
	if cell == "" {
		r.fail(events.Required, path, column)
		return 0, false
	}
	n, err := number(cell)
	switch {
	case errors.Is(err, errScientific):
		r.fail(ExcelNumber, path, column)
	case err != nil:
		r.fail(events.WrongType, path, column)
	}
	return n, err == nil
}

var (
	errScientific = errors.New("a number in scientific form")
	errNumber     = errors.New("not a number")
	groups        = regexp.MustCompile(`^-?[0-9]{1,3}(\.[0-9]{3}){2,}(,[0-9]+)?$`)
	plainNumber   = regexp.MustCompile(`^-?[0-9]+([.,][0-9]+)?$`)
)

// number reads a number with decimal comma or point, with or without blanks (or, where there are two, points) between its
// groups of three.
func number(cell string) (float64, error) {
	cell = strings.ReplaceAll(strings.Join(strings.Fields(cell), ""), "−", "-")
	if scientific.MatchString(cell) {
		return 0, errScientific
	}
	if groups.MatchString(cell) {
		cell = strings.ReplaceAll(cell, ".", "")
	}
	if !plainNumber.MatchString(cell) {
		return 0, errNumber
	}
	return strconv.ParseFloat(strings.ReplaceAll(cell, ",", "."), 64)
}
