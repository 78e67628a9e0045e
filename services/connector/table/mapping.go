// SPDX-License-Identifier: EUPL-1.2

package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"samsyn/internal/sheet"
)

// Mapping says what the columns of an agency's export mean. Its form as a file is YAML, with these names.
type Mapping struct {
	Version   int     `yaml:"version"`
	Encoding  string  `yaml:"encoding"`  // one of sheet.Encodings; auto or "": found out for each file
	Separator string  `yaml:"separator"` // one character; auto or "": found out for each file
	TimeZone  string  `yaml:"time_zone"` // of times without offset, IANA name; "" is Europe/Stockholm
	Report    Report  `yaml:"report"`
	Reported  *Moment `yaml:"reported"` // when it was reported; without it, when the file was read
	Occurred  Period  `yaml:"occurred"`
	Category  Coded   `yaml:"category"`
	Place     Place   `yaml:"place"`

	PlaceType      *Coded `yaml:"place_type"`
	Severity       *Coded `yaml:"severity"`
	Certainty      *Coded `yaml:"certainty"`
	Persons        *Coded `yaml:"persons"`
	Ongoing        *Coded `yaml:"ongoing"`
	MeasuresTaken  *Coded `yaml:"measures_taken"`
	PoliceReported *Coded `yaml:"police_reported"`
	Sharing        *Coded `yaml:"sharing"`
	Unit           *Coded `yaml:"unit"`
	Origin         *Coded `yaml:"origin"`
	Test           *Coded `yaml:"test"`

	Text      Columns `yaml:"text"`
	Reporter  string  `yaml:"reporter"`
	Reference string  `yaml:"reference"`

	zone *time.Location
}

// Columns names one column or several, in a YAML file a word or a list. Their cells are joined by a blank.
type Columns []string

// UnmarshalYAML reads either form.
func (c *Columns) UnmarshalYAML(unmarshal func(any) error) error {
	var one string
	if err := unmarshal(&one); err == nil {
		*c = Columns{one}
		return nil
	}
	var several []string
	if err := unmarshal(&several); err != nil {
		return err
	}
	*c = several
	return nil
}

// Report names the columns that together name a report, for ever. As "hash" they are many, none of them a number of its
// own: the report is named by a hash of what they say.
type Report struct {
	Columns Columns `yaml:"columns"`
	As      string  `yaml:"as"`
}

// Moment names the column of a date, with or without its time of day, and that of a time of day that stands apart.
type Moment struct {
	Date string `yaml:"date"`
	Time string `yaml:"time"`
	// Format of the date, such as yyyy-MM-dd or d/M/yyyy HH:mm; other characters stand for themselves. Without it only ISO
	// 8601 is read. Numbers that Excel made of dates, and times with an offset, are always read.
	Format string `yaml:"format"`
}

// Period is when it happened. Without To, and without a time of day in From, it is the day.
type Period struct {
	From Moment  `yaml:"from"`
	To   *Moment `yaml:"to"`
}

// Coded is a column whose values stand for codes, or a value that is the same for all rows.
type Coded struct {
	Column string            `yaml:"column"`
	Values map[string]string `yaml:"values"` // what stands in the column: the code
	Value  string            `yaml:"value"`
	// Other says what is done with a value that Values does not name: refuse the row (also when nothing is said); send it
	// as it stands (a category as x:<value>, for a mapping that the platform keeps); leave_out the field; skip the row, for
	// a category.
	Other string `yaml:"other"`

	folded map[string]string // Values, as cells are compared with them
}

// Ways with a value that a mapping does not name, and the code for rows that are not to be sent.
const (
	otherRefuse   = "refuse"
	otherSend     = "send"
	otherLeaveOut = "leave_out"
	skip          = "skip"
)

// Place names the columns of a place. Property may be several: street and number.
type Place struct {
	Lon      string  `yaml:"lon"`
	Lat      string  `yaml:"lat"`
	Easting  string  `yaml:"easting"`
	Northing string  `yaml:"northing"`
	Property Columns `yaml:"property"`
	Area     string  `yaml:"area"`
}

const defaultZone = "Europe/Stockholm"

// MappingError lists everything that is wrong with a mapping.
type MappingError struct{ Problems []string }

// Error lists them, one a line.
func (e *MappingError) Error() string { return strings.Join(e.Problems, "\n") }

// ParseMapping reads a mapping strictly: an unknown name, one that stands twice, a code that does not exist and a format
// that cannot be read are errors with their place. Errors: *MappingError.
func ParseMapping(file []byte) (Mapping, error) {
	var m Mapping
	err := yaml.NewDecoder(bytes.NewReader(file), yaml.Strict()).Decode(&m)
	if err != nil && !errors.Is(err, io.EOF) {
		return Mapping{}, &MappingError{[]string{yaml.FormatError(err, false, true)}}
	}
	if m.TimeZone == "" {
		m.TimeZone = defaultZone
	}
	if problems := m.check(); len(problems) > 0 {
		return Mapping{}, &MappingError{problems}
	}
	return m, nil
}

// check finds everything that is wrong, and loads the zone.
func (m *Mapping) check() []string {
	var found []string
	wrong := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	if m.Version != 1 {
		wrong("version: must be 1")
	}
	if m.Encoding != "" && m.Encoding != auto && !slices.Contains(sheet.Encodings(), m.Encoding) {
		wrong("encoding: there is no %q; known are auto, %s", m.Encoding, strings.Join(sheet.Encodings(), ", "))
	}
	if m.Separator != "" && m.Separator != auto && len([]rune(m.Separator)) != 1 {
		wrong("separator: must be one character, or auto")
	}
	zone, err := time.LoadLocation(m.TimeZone)
	if err != nil {
		wrong("time_zone: %v", err)
	}
	m.zone = zone
	if len(m.Report.Columns) == 0 {
		wrong("report: columns: name the column with the number of the report, or with as: hash those that make a row what it is")
	}
	if m.Report.As != "" && m.Report.As != "hash" {
		wrong("report: as: can only be hash")
	}
	found = append(found, m.checkMoments()...)
	found = append(found, m.checkPlace()...)
	return append(found, m.checkCodes()...)
}

const auto = "auto"

func (m *Mapping) checkMoments() (found []string) {
	moments := map[string]*Moment{"occurred: from": &m.Occurred.From, "occurred: to": m.Occurred.To, "reported": m.Reported}
	for _, name := range []string{"occurred: from", "occurred: to", "reported"} {
		moment := moments[name]
		if moment == nil {
			continue
		}
		if moment.Date == "" {
			found = append(found, name+": date: name the column of the date")
		}
		if err := checkPattern(moment.Format); err != nil {
			found = append(found, fmt.Sprintf("%s: format: %v", name, err))
		}
	}
	return found
}

func (m *Mapping) checkPlace() (found []string) {
	p := m.Place
	if (p.Lon == "") != (p.Lat == "") {
		found = append(found, "place: lon and lat belong together")
	}
	if (p.Easting == "") != (p.Northing == "") {
		found = append(found, "place: easting and northing belong together")
	}
	if p.Lon == "" && p.Easting == "" && len(p.Property) == 0 && p.Area == "" {
		found = append(found, "place: name the columns of lon and lat, easting and northing, property or area")
	}
	return found
}

func (m *Mapping) form() sheet.Form {
	var f sheet.Form
	if m.Encoding != auto {
		f.Encoding = m.Encoding
	}
	if m.Separator != "" && m.Separator != auto {
		f.Separator = []rune(m.Separator)[0]
	}
	return f
}

// columns lists every column that the mapping names, once.
func (m *Mapping) columns() []string {
	names := slices.Concat(m.Report.Columns, m.Place.Property, m.Text,
		[]string{m.Place.Lon, m.Place.Lat, m.Place.Easting, m.Place.Northing, m.Place.Area, m.Reporter, m.Reference})
	for _, moment := range []*Moment{&m.Occurred.From, m.Occurred.To, m.Reported} {
		if moment != nil {
			names = append(names, moment.Date, moment.Time)
		}
	}
	for _, f := range m.fields() {
		names = append(names, f.coded.Column)
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(n string) bool { return n == "" })
}

// column says which columns a path of the event was read from.
func (m *Mapping) column(path string) string {
	p := m.Place
	switch path {
	case "/id", "/data/report":
		return strings.Join(m.Report.Columns, " + ")
	case "/time":
		if m.Reported != nil {
			return m.Reported.Date
		}
	case "/data/occurred", "/data/occurred/from":
		return m.Occurred.From.Date
	case "/data/occurred/to":
		if m.Occurred.To != nil {
			return m.Occurred.To.Date
		}
		return m.Occurred.From.Date
	case "/data/place":
		return strings.Join(slices.DeleteFunc(slices.Concat([]string{p.Lon, p.Lat, p.Easting, p.Northing, p.Area}, p.Property),
			func(n string) bool { return n == "" }), " + ")
	case "/data/place/property":
		return strings.Join(p.Property, " + ")
	case "/data/text":
		return strings.Join(m.Text, " + ")
	}
	one := map[string]string{
		"/data/place/lon": p.Lon, "/data/place/lat": p.Lat, "/data/place/easting": p.Easting, "/data/place/northing": p.Northing,
		"/data/place/area": p.Area, "/data/reporter": m.Reporter, "/data/reference": m.Reference,
	}
	for _, f := range m.fields() {
		one["/data/"+f.name] = f.coded.Column
	}
	if column, ok := one[path]; ok {
		return column
	}
	// A path below a field: an item of a list.
	if cut := strings.LastIndexByte(path, '/'); cut > len("/data") {
		return m.column(path[:cut])
	}
	return ""
}
