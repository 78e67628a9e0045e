// SPDX-License-Identifier: EUPL-1.2

package areas

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"samsyn/internal/geo"
)

var fields = File{CodeField: "code", NameField: "name", Projected: geo.SWEREF99TM}

// collection makes a GeoJSON file of features, with members before them.
func collection(members string, features ...string) []byte {
	return fmt.Appendf(nil, `{"type":"FeatureCollection",%s"features":[%s]}`, members, strings.Join(features, ",\n"))
}

func feature(code, geometry string) string {
	return fmt.Sprintf(`{"type":"Feature","properties":{"code":%q,"name":"Område %s"},"geometry":%s}`, code, code, geometry)
}

func box(west, south, size float64) string {
	east, north := west+size, south+size
	return fmt.Sprintf(`{"type":"Polygon","coordinates":[[[%[1]v,%[2]v],[%[3]v,%[2]v],[%[3]v,%[4]v],[%[1]v,%[4]v],[%[1]v,%[2]v]]]}`, west, south, east, north)
}

// SCB's own file has four rings that touch themselves. They are right, and a
// municipality cannot mend them.
func TestReadTakesSCBsFileAsItIs(t *testing.T) {
	file, err := os.ReadFile("../../../deploy/demo/data/vaxjo_deso_2025.geojson")
	if err != nil {
		t.Fatal(err)
	}
	got, err := Read(file, File{CodeField: "code", Projected: geo.SWEREF99TM})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Features) != 53 || got.System != "WGS 84 (EPSG:4326)" {
		t.Errorf("%d features in %s", len(got.Features), got.System)
	}
	for _, f := range got.Features {
		if len(f.Problems) > 0 {
			t.Errorf("%s: %v", f.Code, f.Problems)
		}
	}
	if p := got.Features[0].Geometry[0][0][0]; p.Lon() != 14.809213 || p.Lat() != 56.895895 {
		t.Errorf("the first point became %v", p)
	}
}

// SCB's services and QGIS write SWEREF 99 TM, with the crs
// member of 2008 or without any. The place must be the same.
func TestReadConvertsSWEREF99TM(t *testing.T) {
	const metres = `{"type":"Polygon","coordinates":[[[674571.8664,6580743.0083],[675571.8664,6580743.0083],[675571.8664,6581743.0083],[674571.8664,6580743.0083]]]}`
	for _, members := range []string{
		"",
		`"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::3006"}},`,
		`"crs":{"type":"name","properties":{"name":"EPSG:3006"}},`,
		`"crs":null,`,
	} {
		got, err := Read(collection(members, feature("A", metres)), fields)
		if err != nil {
			t.Errorf("%s: %v", members, err)
			continue
		}
		p := got.Features[0].Geometry[0][0][0]
		if geo.Distance(p, [2]float64{18.0686, 59.3293}) > 0.01 || !strings.Contains(got.System, "SWEREF 99 TM") {
			t.Errorf("%s: %v in %s", members, p, got.System)
		}
	}
}

// A municipality abroad has its own zone.
func TestReadConvertsTheMunicipalitysOwnSystem(t *testing.T) {
	how := fields
	how.Projected = 32610
	got, err := Read(collection("", feature("A", box(551000, 4180000, 500))), how)
	if err != nil {
		t.Fatal(err)
	}
	p := got.Features[0].Geometry[0][0][0]
	if p.Lon() < -122.5 || p.Lon() > -122.3 || p.Lat() < 37.7 || p.Lat() > 37.8 {
		t.Errorf("San Francisco is at %v", p)
	}
}

// In another system the areas would lie elsewhere: the file is refused with the
// name of what it seems to be and a way on.
func TestReadRefusesOtherCoordinateSystems(t *testing.T) {
	crs := func(name string) string {
		return fmt.Sprintf(`"crs":{"type":"name","properties":{"name":%q}},`, name)
	}
	tests := []struct{ name, members, geometry, want string }{
		{"a local zone, said", crs("urn:ogc:def:crs:EPSG::3009"), box(150000, 6300000, 1000), "EPSG:3009; areas are read in"},
		{"a local zone, not said", "", box(150000, 6300000, 1000), "local SWEREF 99 zone"},
		{"RT 90", "", box(1450000, 6300000, 1000), "RT 90 (EPSG:3021)"},
		{"Web Mercator", "", box(1648000, 7740000, 1000), "Web Mercator (EPSG:3857)"},
		{"northing first", "", box(6300000, 500000, 1000), "northing before easting"},
		{"latitude first", "", box(56.8, 14.8, 0.1), "latitude stands before longitude"},
		{"latitude first, said to be right", crs("urn:ogc:def:crs:OGC:1.3:CRS84"), box(56.8, 14.8, 0.1), "latitude stands before longitude"},
		{"said to be metres, in degrees", crs("EPSG:3006"), box(14.8, 56.8, 0.1), "the file says EPSG:3006, but the coordinates lie between (14.8, 56.8)"},
		{"said to be degrees, in metres", crs("EPSG:4326"), box(500000, 6300000, 1000), "but the coordinates"},
		{"unknown", crs("LOCAL_CS"), box(14.8, 56.8, 0.1), `"LOCAL_CS", which Samsyn does not know`},
		{"Stockholm's old grid", "", box(98000, 70000, 1000), "neither WGS 84"},
	}
	for _, tt := range tests {
		_, err := Read(collection(tt.members, feature("A", tt.geometry)), fields)
		if _, ok := errors.AsType[*FileError](err); !ok || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// Who chose the wrong file must hear what it is and what to do.
func TestReadSaysWhatAFileIs(t *testing.T) {
	tests := []struct{ name, file, want string }{
		{"a table", "code;name\nA;B\n", "this is a table (columns code, name); areas are read from GeoJSON"},
		{"a workbook", "PK\x03\x04", "an Excel file or another archive"},
		{"a geopackage", "SQLite format 3\x00", "a GeoPackage"},
		{"nothing", " ", "the file is empty"},
		{"prose", "hej", "not GeoJSON"},
		{"a syntax error", "{\"type\":\n\n oops}", "line 3 is not JSON"},
		{"half a file", `{"type":"FeatureCollection","features":[`, "copied whole"},
		{"topojson", `{"type":"Topology"}`, "TopoJSON"},
		{"one feature", `{"type":"Feature"}`, `JSON of type "Feature"`},
		{"another shape", `{"type":"FeatureCollection","features":{}}`, "features is object"},
		{"no features", `{"type":"FeatureCollection","features":[]}`, "no features"},
		{"latin 1", "{\"type\":\"\xe5\"}", "not UTF-8"},
		{"another field", string(collection("", `{"properties":{"kod":1,"namn":2}}`)), `no feature has a property "code"; the file has kod, namn`},
	}
	for _, tt := range tests {
		_, err := Read([]byte(tt.file), fields)
		if _, ok := errors.AsType[*FileError](err); !ok || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// Every feature that cannot be used is named with all that is wrong with it, so that
// the file is mended once.
func TestReadNamesEveryBadFeature(t *testing.T) {
	how := fields
	how.ParentField, how.PopulationField = "parent", "people"
	file := collection("",
		`{"properties":{"code":"ok","name":"n","parent":"P","people":12},"geometry":`+box(14, 56, 1)+`}`,
		`{"properties":{"code":"bowtie","parent":"P"},"geometry":{"type":"Polygon","coordinates":[[[14,56],[15,57],[15,56],[14,57],[14,56]]]}}`,
		`{"properties":{"code":"open","parent":"P"},"geometry":{"type":"Polygon","coordinates":[[[14,56],[15,56],[15,57]]]}}`,
		`{"properties":{"code":"point","parent":"P"},"geometry":{"type":"Point","coordinates":[14,56]}}`,
		`{"properties":{"code":"none","parent":"P"},"geometry":null}`,
		`{"properties":{"code":"null","parent":"P"},"geometry":{"type":"Polygon","coordinates":[[[null,56],[15,56],[15,57],[14,56]]]}}`,
		`{"properties":{"code":"flat","parent":"P"},"geometry":{"type":"Polygon","coordinates":[[14,56],[15,56]]}}`,
		`{"properties":{"code":"text","parent":"P"},"geometry":{"type":"MultiPolygon","coordinates":"14 56"}}`,
		`{"properties":{"parent":"","people":"many"},"geometry":`+box(14, 56, 1)+`}`,
	)
	got, err := Read(file, how)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		nil,
		{"polygon 1, ring 1 crosses itself, at 14.5 56.5"},
		{"polygon 1, ring 1 does not end where it begins"},
		{"is a Point; an area is a Polygon or a MultiPolygon"},
		{"has no geometry"},
		{"coordinates: a position is not two or three numbers"},
		{"coordinates: a position is not two or three numbers"},
		{"coordinates: not those of a MultiPolygon"},
		{`property "code" has no code`, `property "parent" has no code`, `property "people" is "many"`},
	}
	for i, f := range got.Features {
		if len(f.Problems) != len(want[i]) {
			t.Errorf("feature %d: %q, want %q", f.Number, f.Problems, want[i])
			continue
		}
		for j := range want[i] {
			if !strings.HasPrefix(f.Problems[j], want[i][j]) {
				t.Errorf("feature %d: %q, want %q", f.Number, f.Problems[j], want[i][j])
			}
		}
	}
	if f := got.Features[0]; f.Number != 1 || f.Parent != "P" || f.Population == nil || *f.Population != 12 {
		t.Errorf("feature 1 is %+v", f)
	}
}

// A national file is too large to edit by hand, and its heights are of no use.
func TestReadPicksOneMunicipality(t *testing.T) {
	how := File{CodeField: "regsokod", WhereField: "kommunkod", WhereValue: "0480", Projected: geo.SWEREF99TM}
	file := collection("",
		`{"properties":{"regsokod":"0480R001","kommunkod":"0480"},"geometry":{"type":"MultiPolygon","coordinates":[[[[17,58,4],[17.1,58,4],[17.1,58.1,4],[17,58,4]]]]}}`,
		`{"properties":{"regsokod":"0581R001","kommunkod":"0581"},"geometry":null}`)
	got, err := Read(file, how)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Features) != 1 || got.Features[0].Code != "0480R001" || len(got.Features[0].Problems) != 0 || !got.Height {
		t.Errorf("got %+v", got)
	}
	how.WhereValue = "0999"
	if _, err := Read(file, how); err == nil || !strings.Contains(err.Error(), `no feature has kommunkod = "0999"`) {
		t.Errorf("got %v", err)
	}
}

// Whatever the bytes, reading ends in features or in a sentence.
func FuzzRead(f *testing.F) {
	f.Add(collection("", feature("A", box(14, 56, 1))))
	f.Add(collection(`"crs":{"properties":{"name":"EPSG:3006"}},`, feature("A", box(500000, 6300000, 1000))))
	f.Add([]byte(`{"type":"FeatureCollection","features":[{"geometry":{"type":"MultiPolygon","coordinates":[[[]],[[[1]]]]}}]}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := Read(file, fields)
		if _, ok := errors.AsType[*FileError](err); err != nil && !ok {
			t.Fatalf("%T %v", err, err)
		}
		for _, feature := range got.Features {
			if len(feature.Problems) == 0 && len(geo.Check(feature.Geometry)) > 0 {
				t.Fatalf("a feature without problems cannot be used: %+v", feature)
			}
		}
	})
}
