// SPDX-License-Identifier: EUPL-1.2

package registry_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"

	"samsyn/internal/geo"
	"samsyn/internal/sheet"
	"samsyn/services/registry"
	"samsyn/services/registry/areas"
)

// A housing company exports its register from its own system: in its encoding, with
// its column names, in metres.
func TestPropertiesComeAsTheyAreExported(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), t.Context()
	h.addVaxjo()
	h.addAgency("fastigheter")
	_, err := h.ImportAreas(ctx, registry.AreaImport{Municipality: vaxjo, Level: geo.LevelArea}, areas.File{CodeField: "code"}, areaFile(square("A", 14, 56, 1)))
	h.must(err)
	file, err := charmap.Windows1252.NewEncoder().String("Fastighetsbeteckning;Adress;E;N\r\nÅkern 3;Älgvägen 1, Öjaby;487 000,5;6306000\r\nUtom länet;;600000;6600000\r\n")
	h.must(err)
	result, err := h.ImportProperties(ctx, vaxjo, "fastigheter", registry.PropertyFile{}, []byte(file))
	h.must(err)
	if diff := cmp.Diff(registry.PropertyResult{Imported: 2, Outside: 1, Encoding: "Windows-1252", System: "EPSG:3006"}, result); diff != "" {
		t.Error(diff)
	}
	all, err := h.Properties(ctx, vaxjo, "fastigheter")
	h.must(err)
	sweref, err := geo.ProjectionOf(geo.SWEREF99TM)
	h.must(err)
	lon, lat := sweref.Inverse(487000.5, 6306000)
	if want := (registry.Property{Key: "Åkern 3", Address: "Älgvägen 1, Öjaby", Lon: lon, Lat: lat}); len(all) != 2 || all[1] != want {
		t.Errorf("got %+v, want %+v", all, want)
	}
	result, err = h.ImportProperties(ctx, vaxjo, "fastigheter", registry.PropertyFile{Key: "nr", Lon: "x", Lat: "y"}, []byte("x,y,nr\n14.8,56.9,Åkern 3\n"))
	h.must(err)
	if result.Imported != 1 || result.Removed != 1 {
		t.Errorf("importing again: %+v", result)
	}
	if all, err = h.Properties(ctx, vaxjo, "fastigheter"); err != nil || len(all) != 1 || all[0] != (registry.Property{Key: "Åkern 3", Lon: 14.8, Lat: 56.9}) {
		t.Errorf("got %+v, %v", all, err)
	}
}

// Every bad line is named with its number, and a register is never half new.
func TestBadLinesOfARegisterAreNamed(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), t.Context()
	h.addVaxjo()
	h.addAgency("rader")
	file := []byte("key;lon;lat\nA;14,8;56,9\n;14,8;56,9\nB;x;56,9\nA;14,8;56,9\nC;56,9;14,8\nD;0;0\nE;487000;6306000\nF;14,8\n" + strings.Repeat("k", 129) + ";1;1\nG;14,9;56,9;rest\n")
	_, err := h.ImportProperties(ctx, vaxjo, "rader", registry.PropertyFile{}, file)
	bad, ok := errors.AsType[*registry.InvalidRowsError](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	var lines []string
	for _, p := range bad.Problems {
		lines = append(lines, fmt.Sprintf("%d %.40s", p.Line, p.Problem))
	}
	want := []string{
		`3 key "": want 1-128 characters`, `4 "x", "56,9" are not two numbers`, `5 the key "A" stands on line 2 too`,
		`6 (56.9, 14.8): latitude and longitude hav`, `7 (0, 0) is no place`, `8 (487000, 6306000) are not longitude and `,
		`9 "14,8", "" are not two numbers`, `10 key "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk`,
	}
	if diff := cmp.Diff(want, lines); diff != "" || bad.Rows != 10 {
		t.Error(diff)
	}
	if all, err := h.Properties(ctx, vaxjo, "rader"); err != nil || len(all) > 0 {
		t.Errorf("stored are %v, %v", all, err)
	}
	result, err := h.ImportProperties(ctx, vaxjo, "rader", registry.PropertyFile{SkipInvalid: true}, file)
	if err != nil || result.Imported != 2 || len(result.Skipped) != 8 {
		t.Errorf("got %+v, %v", result, err)
	}
}

// A file of another kind must be answered with what was expected.
func TestWrongTablesAreExplained(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), t.Context()
	h.addVaxjo()
	h.addAgency("tabeller")
	imports := map[string]func([]byte) error{
		"properties": func(file []byte) error {
			_, err := h.ImportProperties(ctx, vaxjo, "tabeller", registry.PropertyFile{}, file)
			return err
		},
		"mappings": func(file []byte) error {
			_, err := h.ImportMappings(ctx, vaxjo, "tabeller", file)
			return err
		},
	}
	for _, tt := range []struct{ into, file, want string }{
		{"properties", `{"type":"FeatureCollection"}`, "this is JSON, not CSV"},
		{"properties", "a,b\n1,2\n", "line 1: want the columns key, address, and lon and lat or easting and northing"},
		{"properties", "key,lon,lat\n\"A,1,2\n", "line 2: a cell begins with a quotation mark"},
		{"mappings", "PK\x03\x04", "an Excel file"},
		{"mappings", "a,b\n1,2\n", "line 1: want the columns code and category; the table has a, b"},
	} {
		err := imports[tt.into]([]byte(tt.file))
		if _, ok := errors.AsType[*sheet.Error](err); !ok || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s of %q: %v", tt.into, tt.file, err)
		}
	}
}

// A code mapped to a category that does not exist would keep every report of it in
// quarantine.
func TestMappingsNameACategoryOfTheList(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), t.Context()
	h.addVaxjo()
	h.addAgency("koder")
	if err := h.SetMappings(ctx, vaxjo, "koder", []registry.Mapping{{Code: "", Category: "graffiti"}, {Code: "B", Category: "grafiti"}}); !invalid(err, `category "grafiti"`) || !invalid(err, `code ""`) {
		t.Errorf("got %v", err)
	}
	h.must(h.SetMappings(ctx, vaxjo, "koder", []registry.Mapping{{Code: "x:KLOTTER", Category: "graffiti"}}))
	_, err := h.ImportMappings(ctx, vaxjo, "koder", []byte("kod;kategori\nA;graffiti\nB;none\nA;littering\n"))
	if bad, ok := errors.AsType[*registry.InvalidRowsError](err); !ok || len(bad.Problems) != 2 || bad.Problems[0].Line != 3 || bad.Problems[1].Line != 4 {
		t.Errorf("got %v", err)
	}
	if all, err := h.Mappings(ctx, vaxjo, "koder"); err != nil || !cmp.Equal(all, []registry.Mapping{{Code: "KLOTTER", Category: "graffiti"}}) {
		t.Errorf("got %v, %v", all, err)
	}
	n, err := h.ImportMappings(ctx, vaxjo, "koder", []byte("kod;kategori\nA;graffiti\nB;graffiti\n"))
	h.must(err)
	if all, err := h.Mappings(ctx, vaxjo, "koder"); err != nil || n != 2 || len(all) != 2 || all[0].Code != "A" {
		t.Errorf("got %v, %v", all, err)
	}
}

// A large register is one transaction under the role's time limit of 5 s a statement.
func TestALargeRegisterIsReplacedInTime(t *testing.T) {
	t.Parallel()
	h, ctx := newHouse(t), t.Context()
	h.addVaxjo()
	h.addAgency("manga")
	many := func(from int) []registry.Property {
		all := make([]registry.Property, 30_000)
		for i := range all {
			all[i] = registry.Property{Key: fmt.Sprint("K", from+i), Address: "Storgatan", Lon: 14.8, Lat: 56.9}
		}
		return all
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	h.must(h.SetProperties(ctx, vaxjo, "manga", many(0)))
	h.must(h.SetProperties(ctx, vaxjo, "manga", many(20_000)))
	all, err := h.Properties(ctx, vaxjo, "manga")
	if err != nil || len(all) != 30_000 || all[0].Key != "K20000" {
		t.Errorf("%d properties, the first %v, %v", len(all), all[0], err)
	}
}
