// SPDX-License-Identifier: EUPL-1.2

package areas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"samsyn/internal/geo"
	"samsyn/internal/sheet"
)

// File says how a GeoJSON file is to be read.
type File struct {
	// CodeField, NameField, ParentField and PopulationField name members of each
	// feature's properties. CodeField is required; the others may be empty.
	CodeField, NameField, ParentField, PopulationField string
	// WhereField and WhereValue leave out every feature whose property differs, so
	// that one municipality can be taken out of a national file. Empty takes all.
	WhereField, WhereValue string
	// EPSG is the coordinate system, when the caller knows better than the file;
	// 0 asks the file.
	EPSG int
	// Projected is the municipality's own projected system, which is accepted
	// beside WGS 84 and SWEREF 99 TM.
	Projected int
}

// Feature is one area of a file, in WGS 84.
type Feature struct {
	// Number counts the features of the file from 1.
	Number int
	// Code and Parent are as they stand in the file.
	Code, Name, Parent string
	// Population is nil when the file does not say.
	Population *int
	Geometry   orb.MultiPolygon
	// Problems says why the feature cannot be used; empty when it can.
	Problems []string
}

// Content is what a file holds.
type Content struct {
	Features []Feature
	// System says in words which coordinate system the file was read in.
	System string
	// Height says that a third coordinate was left out.
	Height bool
}

// maxFile bounds the memory that one import takes: about four times the file.
const maxFile = 256 << 20

// Read reads the areas of a GeoJSON file (RFC 7946). An error means that the
// file as a whole cannot be used and says why; what is wrong with single features
// stands in Feature.Problems. Nothing is rounded: WGS 84 coordinates stay as they
// came, projected ones are converted.
func Read(file []byte, how File) (Content, error) {
	raw, err := readCollection(file)
	if err != nil {
		return Content{}, err
	}
	if err := hasFields(raw.Features, how); err != nil {
		return Content{}, err
	}
	content := Content{}
	for i, f := range raw.Features {
		if how.WhereField != "" && f.text(how.WhereField) != how.WhereValue {
			continue
		}
		feature, height := f.read(i+1, how)
		content.Height = content.Height || height
		content.Features = append(content.Features, feature)
	}
	if len(content.Features) == 0 {
		return Content{}, &FileError{fmt.Sprintf("no feature has %s = %q", how.WhereField, how.WhereValue)}
	}
	system, err := systemOf(raw.CRS, content.Features, how)
	if err != nil {
		return Content{}, err
	}
	content.System = system.words
	for i := range content.Features {
		f := &content.Features[i]
		system.toDegrees(f.Geometry)
		for _, p := range geo.Check(f.Geometry) {
			if len(f.Geometry) > 0 || len(f.Problems) == 0 { // a missing geometry was named when it was read
				f.Problems = append(f.Problems, p.String())
			}
		}
	}
	return content, nil
}

// FileError says that a file as a whole cannot be used, and what to do about it.
type FileError struct {
	// Problem is a sentence for the person who chose the file.
	Problem string
}

// Error returns the problem.
func (e *FileError) Error() string { return e.Problem }

type rawCollection struct {
	Type     string          `json:"type"`
	CRS      json.RawMessage `json:"crs"`
	Features []rawFeature    `json:"features"`
}

type rawFeature struct {
	Type       string         `json:"type"`
	Properties map[string]any `json:"properties"`
	Geometry   *struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
	} `json:"geometry"`
}

func readCollection(file []byte) (rawCollection, error) {
	file = bytes.TrimPrefix(file, []byte("\xef\xbb\xbf"))
	if len(file) > maxFile {
		return rawCollection{}, &FileError{fmt.Sprintf("the file is larger than %d MiB: cut out the municipality first, "+
			"for instance with ogr2ogr -where", maxFile>>20)}
	}
	if kind := sheet.Looks(file); kind != "JSON" {
		return rawCollection{}, notJSON(file, kind)
	}
	if !utf8.Valid(file) {
		return rawCollection{}, &FileError{"the file is not UTF-8; GeoJSON always is (RFC 8259)"}
	}
	var raw rawCollection
	d := json.NewDecoder(bytes.NewReader(file))
	d.UseNumber() // a code of digits stays as it is written
	if err := d.Decode(&raw); err != nil {
		return rawCollection{}, &FileError{jsonProblem(file, err)}
	}
	switch {
	case raw.Type == "Topology":
		return rawCollection{}, &FileError{"this is TopoJSON; convert it to GeoJSON, for instance with ogr2ogr areas.geojson FILE"}
	case raw.Type != "FeatureCollection":
		return rawCollection{}, &FileError{fmt.Sprintf("this is JSON of type %q; areas are read from a GeoJSON FeatureCollection", raw.Type)}
	case len(raw.Features) == 0:
		return rawCollection{}, &FileError{"the FeatureCollection has no features"}
	}
	return raw, nil
}

func notJSON(file []byte, kind string) error {
	if kind != "" {
		return &FileError{"this is " + kind + "; areas are read from GeoJSON: convert it, " +
			"for instance with ogr2ogr -t_srs EPSG:4326 areas.geojson FILE"}
	}
	if len(bytes.TrimSpace(file)) == 0 {
		return &FileError{"the file is empty"}
	}
	if table, err := sheet.Read(file); err == nil && len(table.Header) > 1 {
		return &FileError{fmt.Sprintf("this is a table (columns %s); areas are read from GeoJSON, "+
			"property registers from tables (samsyn properties import)", strings.Join(table.Header, ", "))}
	}
	return &FileError{"this is not GeoJSON: it does not begin with {"}
}

func jsonProblem(file []byte, err error) string {
	line := func(offset int64) int { return 1 + bytes.Count(file[:min(offset, int64(len(file)))], []byte("\n")) }
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("line %d is not JSON: %s", line(syntax.Offset), syntax.Error())
	}
	if typed, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("line %d: %s is %s where GeoJSON has %s", line(typed.Offset), typed.Field, typed.Value, typed.Type)
	}
	return fmt.Sprintf("the file ends in the middle (%s): was it copied whole?", err)
}

// hasFields refuses a field that no feature has: a typing error would otherwise be
// as many problems as there are features.
func hasFields(features []rawFeature, how File) error {
	seen := map[string]bool{}
	for _, f := range features {
		for name := range f.Properties {
			seen[name] = true
		}
	}
	for _, field := range []string{how.CodeField, how.NameField, how.ParentField, how.PopulationField, how.WhereField} {
		if field != "" && !seen[field] {
			return &FileError{fmt.Sprintf("no feature has a property %q; the file has %s", field,
				strings.Join(slices.Sorted(maps.Keys(seen)), ", "))}
		}
	}
	return nil
}

// read takes what one feature says. Coordinates are still in the file's system.
func (f rawFeature) read(number int, how File) (feature Feature, height bool) {
	feature = Feature{
		Number: number, Code: f.text(how.CodeField), Name: f.text(how.NameField), Parent: f.text(how.ParentField),
	}
	problem := func(format string, args ...any) {
		feature.Problems = append(feature.Problems, fmt.Sprintf(format, args...))
	}
	if feature.Code == "" {
		problem("property %q has no code", how.CodeField)
	}
	if how.ParentField != "" && feature.Parent == "" {
		problem("property %q has no code", how.ParentField)
	}
	if text := f.text(how.PopulationField); text != "" {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || n < 0 || n > 1e8 {
			problem("property %q is %q, not a number of people", how.PopulationField, text)
		} else {
			people := int(n)
			feature.Population = &people
		}
	}
	switch {
	case f.Geometry == nil:
		problem("has no geometry")
	case f.Geometry.Type != "Polygon" && f.Geometry.Type != "MultiPolygon":
		problem("is a %s; an area is a Polygon or a MultiPolygon", f.Geometry.Type)
	default:
		var err error
		if feature.Geometry, height, err = polygons(f.Geometry.Type, f.Geometry.Coordinates); err != nil {
			problem("coordinates: %s", err)
		}
	}
	return feature, height
}

// text returns a property as text; a name may be a number, nothing else is one.
func (f rawFeature) text(field string) string {
	switch v := f.Properties[field].(type) {
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return v.String()
	}
	return ""
}

// position reads [x, y] and [x, y, z]; null is not a number.
type position struct {
	point  orb.Point
	height bool
}

var errPosition = errors.New("a position is not two or three numbers")

func (p *position) UnmarshalJSON(b []byte) error {
	var numbers []*float64
	if err := json.Unmarshal(b, &numbers); err != nil || len(numbers) < 2 || slices.Contains(numbers, nil) {
		return errPosition
	}
	p.point, p.height = orb.Point{*numbers[0], *numbers[1]}, len(numbers) > 2
	return nil
}

func polygons(kind string, coordinates json.RawMessage) (mp orb.MultiPolygon, height bool, err error) {
	var parts [][][]position
	if kind == "Polygon" {
		parts = make([][][]position, 1)
		err = json.Unmarshal(coordinates, &parts[0])
	} else {
		err = json.Unmarshal(coordinates, &parts)
	}
	if errors.Is(err, errPosition) {
		return nil, false, errPosition
	}
	if err != nil {
		return nil, false, fmt.Errorf("not those of a %s", kind)
	}
	for _, rings := range parts {
		polygon := make(orb.Polygon, len(rings))
		for i, ring := range rings {
			polygon[i] = make(orb.Ring, len(ring))
			for j, p := range ring {
				polygon[i][j], height = p.point, height || p.height
			}
		}
		mp = append(mp, polygon)
	}
	return mp, height, nil
}
