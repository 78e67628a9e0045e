// SPDX-License-Identifier: EUPL-1.2

package registry

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"samsyn/events"
	"samsyn/internal/sheet"
	"samsyn/services/registry/areas"
)

// Property is a line of an agency's property register. Its reports may name the
// key or the address in place of coordinates.
type Property struct {
	Key     string  `json:"key"`
	Address string  `json:"address"`
	Lon     float64 `json:"lon"`
	Lat     float64 `json:"lat"`
}

// PropertyFile says which columns of a table hold what. Empty names are looked for
// under the usual Swedish and English headers.
type PropertyFile struct {
	Key, Address, Lon, Lat, Easting, Northing string
	// SkipInvalid leaves out the lines that cannot be used.
	SkipInvalid bool
}

// PropertyResult tells what an import did.
type PropertyResult struct {
	Imported int          `json:"imported"`
	Removed  int          `json:"removed"`
	Encoding string       `json:"encoding"`
	System   string       `json:"system"`
	Skipped  []RowProblem `json:"skipped"`
	// Outside counts properties outside the municipality: kept, since an agency's
	// register may cover several.
	Outside int `json:"outside_municipality"`
}

// ImportProperties replaces the property register of an agency by a table with a
// key, an address, and either lon and lat (WGS 84) or easting and northing (the
// municipality's projected system). Errors: *sheet.Error, *InvalidRowsError,
// *UnknownError.
func (s *Service) ImportProperties(ctx context.Context, m events.MunicipalityID, agency events.AgencyID, how PropertyFile, file []byte) (PropertyResult, error) {
	municipality, err := s.MunicipalityOf(ctx, m)
	if err != nil {
		return PropertyResult{}, err
	}
	register, err := readProperties(file, how, municipality.EPSG)
	if err != nil {
		return PropertyResult{}, err
	}
	if len(register.wrong) > 0 && !how.SkipInvalid || len(register.properties) == 0 {
		return PropertyResult{}, &InvalidRowsError{Problems: register.wrong, Rows: register.rows}
	}
	result := PropertyResult{Encoding: register.encoding, System: register.system, Skipped: register.wrong}
	err = s.changeAgency(ctx, m, agency, func(st store, _ Agency) error {
		known, err := st.areas(ctx, m)
		if err != nil {
			return err
		}
		result.Imported, result.Outside = len(register.properties), outside(known, register.properties)
		result.Removed, err = st.replaceProperties(ctx, m, agency, register.properties)
		return err
	})
	return result, err
}

// outside counts the properties that lie in none of the areas.
func outside(known []areas.Area, properties []Property) int {
	active := slices.DeleteFunc(known, func(a areas.Area) bool { return a.Retired })
	index, err := areas.Index(active)
	if err != nil || len(active) == 0 {
		return 0
	}
	n := 0
	for _, p := range properties {
		if !index.Place(p.Lon, p.Lat).Inside {
			n++
		}
	}
	return n
}

// SetProperties replaces the property register of an agency. Error: *UnknownError.
func (s *Service) SetProperties(ctx context.Context, m events.MunicipalityID, agency events.AgencyID, properties []Property) error {
	return s.changeAgency(ctx, m, agency, func(st store, _ Agency) error {
		_, err := st.replaceProperties(ctx, m, agency, properties)
		return err
	})
}

// Properties lists the register of an agency by key. Error: *UnknownError.
func (s *Service) Properties(ctx context.Context, m events.MunicipalityID, agency events.AgencyID) (all []Property, err error) {
	err = s.tx(ctx, func(st store) error {
		if _, err := st.agency(ctx, m, agency); err != nil {
			return err
		}
		all, err = st.properties(ctx, m, agency)
		return err
	})
	return all, err
}

// register is a table of properties as it was read.
type register struct {
	properties       []Property
	wrong            []RowProblem
	rows             int
	encoding, system string
}

// propertyColumns are places in a row; -1 where there is none.
type propertyColumns struct {
	key, address, x, y int
	separator          rune
	metres             bool
	epsg               int // of the municipality
	grid               areas.System
	system             string
}

func readProperties(file []byte, how PropertyFile, epsg int) (register, error) {
	table, err := sheet.Read(file)
	if err != nil {
		return register{}, err
	}
	columns, err := columnsOf(table, how, epsg)
	if err != nil {
		return register{}, err
	}
	r := register{rows: len(table.Rows), encoding: table.Encoding, system: columns.system}
	lines := map[string]int{}
	for _, row := range table.Rows {
		p, problem := columns.property(row)
		if first, twice := lines[p.Key]; twice && problem == "" {
			problem = fmt.Sprintf("the key %q stands on line %d too", p.Key, first)
		}
		if problem != "" {
			r.wrong = append(r.wrong, RowProblem{row.Line, problem})
			continue
		}
		lines[p.Key] = row.Line
		r.properties = append(r.properties, p)
	}
	return r, nil
}

func columnsOf(table sheet.Sheet, how PropertyFile, epsg int) (propertyColumns, error) {
	find := func(given string, usual ...string) int {
		if given != "" {
			return table.Column(given)
		}
		return table.Column(usual...)
	}
	c := propertyColumns{
		key:       find(how.Key, "key", "nyckel", "property", "fastighet", "fastighetsbeteckning", "objekt", "objektnummer", "id"),
		address:   find(how.Address, "address", "adress", "gatuadress", "besöksadress"),
		x:         find(how.Lon, "lon", "lng", "longitude", "longitud", "long"),
		y:         find(how.Lat, "lat", "latitude", "latitud"),
		separator: table.Separator, epsg: epsg, system: "WGS 84",
	}
	if c.x < 0 && c.y < 0 || how.Easting != "" || how.Northing != "" {
		var err error
		if c.grid, err = areas.Known(epsg, epsg); err != nil {
			return c, err
		}
		c.x = find(how.Easting, "easting", "e", "östlig", "öst", "sweref99tm e", "sweref e", "e sweref99tm")
		c.y = find(how.Northing, "northing", "n", "nordlig", "nord", "sweref99tm n", "sweref n", "n sweref99tm")
		c.metres, c.system = true, fmt.Sprintf("EPSG:%d", epsg)
	}
	if c.key < 0 || c.x < 0 || c.y < 0 || how.Address != "" && c.address < 0 {
		return c, &sheet.Error{Line: 1, Problem: fmt.Sprintf("want the columns key, address, and lon and lat or easting and northing "+
			"(or name yours with --key-field, --address-field, --lon-field ...); the table has %s", strings.Join(table.Header, ", "))}
	}
	return c, nil
}

const longestProperty = 128

// property reads one row; problem is "" when it can be used.
func (c propertyColumns) property(row sheet.Row) (p Property, problem string) {
	p = Property{Key: row.Cell(c.key), Address: row.Cell(c.address)}
	if n := utf8.RuneCountInString(p.Key); n == 0 || n > longestProperty {
		return p, fmt.Sprintf("key %q: want 1-%d characters", p.Key, longestProperty)
	}
	if utf8.RuneCountInString(p.Address) > longestProperty {
		return p, fmt.Sprintf("the address is longer than %d characters", longestProperty)
	}
	if strings.ContainsFunc(p.Key+p.Address, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }) {
		return p, fmt.Sprintf("key %q or its address holds characters that cannot be read: is the encoding right?", p.Key)
	}
	x, okX := number(row.Cell(c.x), c.separator)
	y, okY := number(row.Cell(c.y), c.separator)
	if !okX || !okY {
		return p, fmt.Sprintf("%q, %q are not two numbers", row.Cell(c.x), row.Cell(c.y))
	}
	if c.metres {
		return c.fromMetres(p, x, y)
	}
	at := orb.Point{x, y}
	p.Lon, p.Lat = x, y
	switch {
	case areas.Swapped(at.Bound(), c.epsg):
		return p, areas.Plain(at) + ": latitude and longitude have changed places"
	case x < -180 || x > 180 || y < -90 || y > 90:
		return p, areas.Plain(at) + " are not longitude and latitude; for metres name the columns easting and northing"
	case x == 0 && y == 0:
		return p, areas.Plain(at) + " is no place"
	}
	return p, ""
}

func (c propertyColumns) fromMetres(p Property, easting, northing float64) (Property, string) {
	given, turned := orb.Point{easting, northing}, orb.Point{northing, easting}
	switch {
	case c.grid.Fits(given.Bound()):
		at := c.grid.Degrees(given)
		p.Lon, p.Lat = at.Lon(), at.Lat()
		return p, ""
	case c.grid.Fits(turned.Bound()):
		return p, areas.Plain(given) + ": northing and easting have changed places"
	}
	return p, fmt.Sprintf("%s is not in %s", areas.Plain(given), c.system)
}

// number reads a number as people write it: a decimal comma where the comma is no
// separator, and spaces between thousands.
func number(text string, separator rune) (float64, bool) {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
	if separator != ',' {
		text = strings.Replace(text, ",", ".", 1)
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil && n-n == 0 // infinities and NaN are not
}
