// SPDX-License-Identifier: EUPL-1.2

package areas

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"samsyn/events"
	"samsyn/internal/geo"
)

func square(west, south, size float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{west, south}, {west + size, south}, {west + size, south + size}, {west, south + size}, {west, south}}}}
}

// A code is part of a subject and of a key: it must be one, and be the same when the
// file comes again.
func TestCodeOf(t *testing.T) {
	for text, want := range map[string]events.AreaCode{
		"0780C1210":            "0780C1210",
		"1500000US06075031400": "1500000US06075031400",
		"Södra Ängby":          "Sodra-Angby",
		"Åby/Östra (norr)":     "Aby-Ostra-norr",
		"  spår ":              "spar",
		"a.b>*":                "a-b",
		"日本":                   "",
		"...":                  "",
	} {
		if got := CodeOf(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	long := CodeOf("ett mycket långt namn på ett område som inte ryms")
	other := CodeOf("ett mycket långt namn på ett annat område som inte heller ryms")
	if len(long) != 32 || !strings.HasPrefix(string(long), "ett-mycket-langt-namn-p-") || long == other {
		t.Errorf("long names became %q and %q", long, other)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		if code := CodeOf(text); code != "" && (!code.Valid() || CodeOf(string(code)) != code) {
			t.Fatalf("%q became %q", text, code)
		}
	})
}

// codes lists what is stored as code:parent, in order.
func codes(areas []Area) []string {
	var all []string
	for _, a := range areas {
		all = append(all, string(a.Code)+":"+string(a.Parent))
	}
	return all
}

// The level above is what districts are counted by: an area belongs where most of
// it lies, and the border cases are told.
func TestAreasGetTheDistrictThatHoldsMostOfThem(t *testing.T) {
	known := []Area{
		{Code: "N", Level: geo.LevelDistrict, Geometry: square(14, 57, 1)},
		{Code: "S", Level: geo.LevelDistrict, Geometry: square(14, 56, 1)},
	}
	got := Replace("0780", geo.LevelArea, "", known, []Feature{
		{Number: 1, Code: "inside", Geometry: square(14.1, 57.1, 0.2)},
		{Number: 2, Code: "mostlyS", Geometry: square(14.5, 56.8, 0.3)},
		{Number: 3, Code: "sliver", Geometry: orb.MultiPolygon{{{{14, 56.2}, {14.000001, 56.2}, {14.9, 56.9}, {14, 56.2}}}}},
		{Number: 4, Code: "away", Geometry: square(20, 60, 0.1)},
	})
	if diff := cmp.Diff([]string{"inside:N", "mostlyS:S", "sliver:S", "away:"}, codes(got.Store)); diff != "" {
		t.Error(diff)
	}
	if want := []string{"mostlyS is counted in S, where 67 % of it lies", "away lies in no district"}; !cmp.Equal(got.Notes, want) {
		t.Errorf("notes %q", got.Notes)
	}
}

// A municipality without district polygons can still be counted by district, when
// the areas say which they belong to.
func TestDistrictsNamedOnlyByAreasAreMadeOfThem(t *testing.T) {
	ten, five := 10, 5
	got := Replace("sf", geo.LevelArea, "source", nil, []Feature{
		{Number: 1, Code: "1", Parent: "SOUTHERN", Geometry: square(14, 56, 1), Population: &ten},
		{Number: 2, Code: "2", Parent: "SOUTHERN", Geometry: square(15, 56, 1), Population: &five},
		{Number: 3, Code: "3", Parent: "Mission", Geometry: square(16, 56, 1)},
	})
	if diff := cmp.Diff([]string{"Mission:", "SOUTHERN:", "1:SOUTHERN", "2:SOUTHERN", "3:Mission"}, codes(got.Store)); diff != "" {
		t.Error(diff)
	}
	southern := got.Store[1]
	if !southern.MadeOfAreas || len(southern.Geometry) != 2 || southern.Population == nil || *southern.Population != 15 || got.Store[0].Population != nil {
		t.Errorf("the district is %+v", southern)
	}
	index, err := Index(got.Store)
	if err != nil {
		t.Fatal(err)
	}
	if found := index.Place(15.5, 56.5); found != (geo.Found{Inside: true, District: "SOUTHERN", Area: "2"}) {
		t.Errorf("found %+v", found)
	}
}

// What is wrong with the list as a whole is told feature by feature, and nothing
// that is right is lost with SkipInvalid.
func TestReplaceNamesWhatItLeavesOut(t *testing.T) {
	known := []Area{
		{Code: "0780", Level: geo.LevelMunicipality, Geometry: square(14, 56, 2)},
		{Code: "D", Level: geo.LevelDistrict, Geometry: square(14, 56, 2)},
		{Code: "old", Level: geo.LevelDistrict, Geometry: square(14, 56, 1), Retired: true},
	}
	got := Replace("0780", geo.LevelArea, "", known, []Feature{
		{Number: 1, Code: "A 1", Geometry: square(14, 56, 1), Parent: "D"},
		{Number: 2, Code: "A-1", Geometry: square(15, 56, 1)},
		{Number: 3, Code: "D", Geometry: square(15, 57, 1)},
		{Number: 4, Code: "0780", Geometry: square(15, 57, 1)},
		{Number: 5, Code: "B", Geometry: square(40, 57, 1)},
		{Number: 6, Code: "C", Geometry: square(15, 57, 1), Parent: "X"},
		{Number: 7, Code: "E", Geometry: square(15, 57, 1), Parent: "0780"},
		{Number: 8, Code: "★", Problems: []string{"has no geometry"}},
		{Number: 9, Code: "old", Geometry: square(15, 57, 1)},
	})
	want := []string{
		"feature 2 (A-1): the code A-1 is that of feature 1 too",
		"feature 3 (D): D is already a district of 0780; retire it first (samsyn areas retire)",
		"feature 4 (0780): the code 0780 stands for the whole municipality",
		"feature 5 (B): lies outside municipality 0780",
		"feature 6 (C): its parent X is no district of 0780; there are D",
		"feature 7 (E): its parent 0780 is a municipality, not a district",
		"feature 8 (★): has no geometry; nothing of the code \"★\" can be used (letters, digits, _ and -)",
	}
	var problems []string
	for _, p := range got.Problems {
		problems = append(problems, p.String())
	}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"A-1:D", "old:D"}, codes(got.Store)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]CodeChange{{From: "A 1", To: "A-1"}}, got.Codes); diff != "" {
		t.Error(diff)
	}
}

// A list that holds two divisions of the same ground counts in one of them only, and
// a border drawn for maps cuts off reports near it: both are seen before they are felt.
func TestReplaceNotesOverlapsAndWhatReachesOutside(t *testing.T) {
	border := []Area{{Code: "0780", Level: geo.LevelMunicipality, Geometry: square(14, 56, 2)}}
	for _, level := range []geo.Level{geo.LevelArea, geo.LevelDistrict} {
		got := Replace("0780", level, "", border, []Feature{
			{Number: 1, Code: "A", Geometry: square(14, 56, 1)},
			{Number: 2, Code: "B", Geometry: square(14.5, 56, 1)},
			{Number: 3, Code: "C", Geometry: square(15.5, 57, 1)},
			{Number: 4, Code: "D", Geometry: square(15, 57, 0.51)},
		})
		want := []string{
			"50 % of C lies outside the border of the municipality, where no report is taken",
			"50 % of B lies in A too, and is counted there",
		}
		if diff := cmp.Diff(want, got.Notes); diff != "" {
			t.Errorf("%s: %s", level, diff)
		}
	}
}

// An area and a district of one code could not be told apart in a figure.
func TestACodeIsNotAnAreaAndAParent(t *testing.T) {
	got := Replace("0780", geo.LevelArea, "", nil, []Feature{
		{Number: 1, Code: "A", Parent: "B", Geometry: square(14, 56, 1)},
		{Number: 2, Code: "B", Parent: "C", Geometry: square(15, 56, 1)},
	})
	if len(got.Problems) != 1 || got.Problems[0].Feature != 2 {
		t.Errorf("problems %v", got.Problems)
	}
	if diff := cmp.Diff([]string{"C:", "A:", "B:C"}, codes(got.Store)); diff != "" {
		t.Error(diff)
	}
}

// New districts move the areas whose parent follows the polygons, and those whose
// parent goes; what a source said stays.
func TestNewDistrictsMoveTheAreasUnderThem(t *testing.T) {
	known := []Area{
		{Code: "old", Level: geo.LevelDistrict, Geometry: square(14, 56, 2)},
		{Code: "kept", Level: geo.LevelDistrict, Geometry: square(16, 56, 1)},
		{Code: "follows", Level: geo.LevelArea, Parent: "old", Geometry: square(14, 56, 0.5)},
		{Code: "orphan", Level: geo.LevelArea, Parent: "old", ParentGiven: true, Geometry: square(15, 57, 0.5)},
		{Code: "said", Level: geo.LevelArea, Parent: "kept", ParentGiven: true, Geometry: square(14, 56, 0.5)},
		{Code: "gone", Level: geo.LevelArea, Parent: "old", Geometry: square(14, 56, 0.5), Retired: true},
	}
	got := Replace("0780", geo.LevelDistrict, "", known, []Feature{
		{Number: 1, Code: "west", Geometry: square(14, 56, 1)},
		{Number: 2, Code: "kept", Geometry: square(15, 57, 1)},
	})
	if diff := cmp.Diff([]string{"west:", "kept:", "follows:west", "orphan:kept"}, codes(got.Store)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]events.AreaCode{"old"}, got.Retire); diff != "" {
		t.Error(diff)
	}
}

// The same import again must change nothing, however it was first made.
func TestImportingAgainChangesNothing(t *testing.T) {
	features := []Feature{
		{Number: 1, Code: "1", Parent: "S", Geometry: square(14, 56, 1)},
		{Number: 2, Code: "2", Geometry: square(15, 56, 1)},
	}
	first := Replace("0780", geo.LevelArea, "", nil, features)
	again := Replace("0780", geo.LevelArea, "", first.Store, features)
	if diff := cmp.Diff(first, again); diff != "" || len(again.Retire) > 0 {
		t.Errorf("%s, retired %v", diff, again.Retire)
	}
	fewer := Replace("0780", geo.LevelArea, "", first.Store, features[1:])
	if diff := cmp.Diff([]events.AreaCode{"1", "S"}, fewer.Retire); diff != "" {
		t.Error(diff)
	}
}

// Figures of the whole municipality carry its code.
func TestTheMunicipalityHasItsOwnCode(t *testing.T) {
	many := []Feature{{Number: 1, Code: "0114", Geometry: square(17, 59, 1)}, {Number: 2, Code: "0780", Name: "Växjö", Geometry: square(14, 56, 1)}}
	got := Replace("0780", geo.LevelMunicipality, "", nil, many)
	if diff := cmp.Diff([]string{"0780:"}, codes(got.Store)); diff != "" || got.Store[0].Name != "Växjö" {
		t.Error(diff)
	}
	got = Replace("0780", geo.LevelMunicipality, "", nil, many[:1])
	if diff := cmp.Diff([]CodeChange{{From: "0114", To: "0780"}}, got.Codes); diff != "" || got.Store[0].Code != "0780" {
		t.Error(diff)
	}
	got = Replace("0999", geo.LevelMunicipality, "", nil, many)
	if len(got.Store) != 0 || len(got.Problems) != 1 || !strings.Contains(got.Problems[0].String(), "none of the 2 features has the municipality's code 0999") {
		t.Errorf("%+v", got.Problems)
	}
}

// Retiring a district must not leave its areas pointing at it.
func TestRetiredDistrictsGiveTheirAreasAway(t *testing.T) {
	known := []Area{
		{Code: "A", Level: geo.LevelDistrict, Geometry: square(14, 56, 1)},
		{Code: "B", Level: geo.LevelDistrict, Geometry: square(14, 56, 2)},
		{Code: "1", Level: geo.LevelArea, Parent: "A", ParentGiven: true, Geometry: square(14, 56, 0.5)},
	}
	got, unknown := Retire("0780", geo.LevelDistrict, known, []events.AreaCode{"A"})
	if len(unknown) > 0 || !cmp.Equal(got.Retire, []events.AreaCode{"A"}) {
		t.Errorf("unknown %v, retired %v", unknown, got.Retire)
	}
	if diff := cmp.Diff([]string{"1:B"}, codes(got.Store)); diff != "" {
		t.Error(diff)
	}
	if _, unknown := Retire("0780", geo.LevelDistrict, known, []events.AreaCode{"1", "B"}); !cmp.Equal(unknown, []events.AreaCode{"1"}) {
		t.Errorf("unknown %v", unknown)
	}
	if got, _ := Retire("0780", geo.LevelDistrict, known, nil); len(got.Retire) != 2 || codes(got.Store)[0] != "1:" {
		t.Errorf("retired %v, moved %v", got.Retire, codes(got.Store))
	}
}
