// SPDX-License-Identifier: EUPL-1.2

package demo_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"samsyn/deploy/demo"
	"samsyn/events"
	"samsyn/internal/geo"
	"samsyn/schemas"
	"samsyn/services/review/calendar"
)

var now = time.Date(2026, 11, 21, 22, 50, 0, 0, time.UTC)

// The worlds are made once: no test changes them.
var (
	madeVaxjo        = sync.OnceValues(func() (demo.World, error) { return demo.Vaxjo(now) })
	madeSanFrancisco = sync.OnceValues(demo.SanFrancisco)
)

func vaxjo(t *testing.T) demo.World {
	t.Helper()
	w, err := madeVaxjo()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func sanFrancisco(t *testing.T) demo.World {
	t.Helper()
	w, err := madeSanFrancisco()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func index(t *testing.T, w demo.World) *geo.Index {
	t.Helper()
	var areas []geo.Area
	for _, a := range w.Areas {
		for _, p := range geo.Check(a.Geometry) {
			t.Errorf("%s: %s", a.Code, p)
		}
		areas = append(areas, geo.Area{Code: string(a.Code), Level: a.Level, Parent: string(a.Parent), Geometry: a.Geometry})
	}
	ix, err := geo.NewIndex(areas)
	if err != nil {
		t.Fatal(err)
	}
	return ix
}

func levels(w demo.World) map[geo.Level]int {
	n := map[geo.Level]int{}
	for _, a := range w.Areas {
		n[a.Level]++
	}
	return n
}

// What the registry refuses would stop the demo before it begins.
func TestAreasAreValidAndHangTogether(t *testing.T) {
	for _, w := range []demo.World{vaxjo(t), sanFrancisco(t)} {
		index(t, w)
		codes := map[events.AreaCode]geo.Level{}
		for _, a := range w.Areas {
			if !a.Code.Valid() {
				t.Errorf("%s: code %q is none", w.Municipality.Code, a.Code)
			}
			if _, twice := codes[a.Code]; twice {
				t.Errorf("%s: code %q stands twice", w.Municipality.Code, a.Code)
			}
			codes[a.Code] = a.Level
		}
		for _, a := range w.Areas {
			want := map[geo.Level]geo.Level{geo.LevelArea: geo.LevelDistrict, geo.LevelDistrict: geo.LevelMunicipality}[a.Level]
			if codes[a.Parent] != want {
				t.Errorf("%s: parent %q of level %q, want %q", a.Code, a.Parent, codes[a.Parent], want)
			}
		}
	}
	if n := levels(vaxjo(t)); n[geo.LevelArea] != 53 || n[geo.LevelDistrict] != 9 || n[geo.LevelMunicipality] != 1 {
		t.Errorf("Växjö has %v", n)
	}
	if n := levels(sanFrancisco(t)); n[geo.LevelArea] != 579 || n[geo.LevelDistrict] != 10 || n[geo.LevelMunicipality] != 1 {
		t.Errorf("San Francisco has %v", n)
	}
}

// A district is the ground of its areas, neither more nor less: a point in an area is
// in the polygon of its district and in no other.
func TestDistrictsAreTheGroundOfTheirAreas(t *testing.T) {
	for _, w := range []demo.World{vaxjo(t), sanFrancisco(t)} {
		ix := index(t, w)
		var onlyDistricts []geo.Area
		for _, a := range w.Areas {
			if a.Level == geo.LevelDistrict {
				onlyDistricts = append(onlyDistricts, geo.Area{Code: string(a.Code), Level: a.Level, Geometry: a.Geometry})
			}
		}
		districts, err := geo.NewIndex(onlyDistricts)
		if err != nil {
			t.Fatal(err)
		}
		in, differ := 0, 0
		var bound orb.Bound
		for i, a := range w.Areas {
			if i == 0 {
				bound = a.Geometry.Bound()
			}
		}
		const steps = 120
		for x := range steps {
			for y := range steps {
				lon := bound.Min[0] + (bound.Max[0]-bound.Min[0])*(float64(x)+0.5)/steps
				lat := bound.Min[1] + (bound.Max[1]-bound.Min[1])*(float64(y)+0.5)/steps
				found := ix.Place(lon, lat)
				if found.Area == "" {
					continue
				}
				in++
				if districts.Place(lon, lat).District != found.District {
					differ++
				}
			}
		}
		if in < 1000 || differ > 0 {
			t.Errorf("%s: of %d points in areas %d have another district polygon", w.Municipality.Code, in, differ)
		}
	}
}

// The published records are the proof of the whole path: all of them are taken in,
// inside the city, with the publisher's coordinates to the last digit.
func TestSanFranciscoIsWholeAndInside(t *testing.T) {
	w := sanFrancisco(t)
	ix := index(t, w)
	references, reports := map[string]bool{}, map[events.ReportID]bool{}
	outside, off := 0, 0
	for _, item := range w.Items {
		e, reasons := events.Decode(item.Body)
		if len(reasons) > 0 {
			t.Fatalf("%s: %v", e.ID, reasons)
		}
		references[e.Incident.Reference], reports[e.Report] = true, true
		found := ix.Place(e.Incident.Place.Point.Lon, e.Incident.Place.Point.Lat)
		if !found.Inside {
			outside++
		}
		if found.Area == "" {
			off++
		}
		if e.Incident.Occurred.To.After(e.Time) {
			t.Fatalf("%s: told before it was over", e.ID)
		}
	}
	if len(w.Items) != 13472 || len(reports) != 13472 || len(references) != 10140 {
		t.Errorf("%d items, %d reports, %d references; want 13472, 13472, 10140", len(w.Items), len(reports), len(references))
	}
	if outside != 0 {
		t.Errorf("%d points outside the city", outside)
	}
	t.Logf("%d points in no block group", off)
}

// The publisher counted by another program; a correct point in polygon agrees with it
// in all but these few areas.
func TestSanFranciscoAgreesWithThePublisher(t *testing.T) {
	w := sanFrancisco(t)
	ix := index(t, w)
	mapping := w.Agencies[0].Mappings
	ours := map[string]map[events.AreaCode]int{}
	for _, p := range w.Published {
		ours[p.Name] = map[events.AreaCode]int{}
	}
	for _, item := range w.Items {
		e, _ := events.Decode(item.Body)
		category := mapping[strings.TrimPrefix(e.Incident.Category, "x:")]
		at := events.AreaCode(ix.Place(e.Incident.Place.Point.Lon, e.Incident.Place.Point.Lat).Area)
		for _, p := range w.Published {
			for _, c := range p.Categories {
				if c == category {
					ours[p.Name][at]++
				}
			}
		}
	}
	want := map[string]int{"Vandalism": 578, "Robbery": 577, "Drugs": 578, "CarTheft": 575}
	for _, p := range w.Published {
		equal := 0
		for code, n := range p.Count {
			if ours[p.Name][code] == n {
				equal++
			}
		}
		if equal != want[p.Name] || len(p.Count) != 579 {
			t.Errorf("%s: equal in %d of %d areas, want %d of 579", p.Name, equal, len(p.Count), want[p.Name])
		}
	}
}

// A code that is mapped to nothing would quarantine every report that has it.
func TestEveryCodeIsMappedToACategory(t *testing.T) {
	known := map[string]bool{}
	categories, _ := schemas.Categories()
	for _, c := range categories {
		known[c.Code] = true
	}
	for _, w := range []demo.World{vaxjo(t), sanFrancisco(t)} {
		mapped := map[events.AgencyID]map[string]string{}
		for _, a := range w.Agencies {
			mapped[a.Code] = a.Mappings
			for code, category := range a.Mappings {
				if !known[category] {
					t.Errorf("%s: %s is mapped to %q, which is no category", a.Code, code, category)
				}
			}
		}
		unknown := 0
		for _, item := range w.Items {
			e, reasons := events.Decode(item.Body)
			if len(reasons) > 0 || e.Incident == nil {
				continue
			}
			category := e.Incident.Category
			if own, isOwn := strings.CutPrefix(category, "x:"); isOwn {
				category = mapped[e.Agency][own]
			}
			if !known[category] {
				unknown++
			}
		}
		if want := map[events.MunicipalityID]int{"0780": 1, "us-sf": 0}[w.Municipality.Code]; unknown != want {
			t.Errorf("%s: %d reports of an unknown category, want %d", w.Municipality.Code, unknown, want)
		}
	}
}

// The replay moves the clock once a day and sends each day's reports under it.
func TestDaysEndAtLocalMidnight(t *testing.T) {
	days, err := sanFrancisco(t).Days()
	if err != nil {
		t.Fatal(err)
	}
	if len(days) != 184 {
		t.Errorf("%d days, want 184", len(days))
	}
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	items := 0
	for _, d := range days {
		items += len(d.Items)
		if h, m, s := d.AsOf.In(zone).Clock(); h+m+s != 0 {
			t.Errorf("day ends %v", d.AsOf)
		}
	}
	if first := days[0].AsOf.In(zone).Format(time.DateOnly); first != "2012-07-02" || items != 13472 {
		t.Errorf("first day ends %s, %d items in all", first, items)
	}
}

// Every made-up event lies in the municipality, save the one that must not.
func TestVaxjoIsMadeUpInside(t *testing.T) {
	w := vaxjo(t)
	if !w.Municipality.MadeUp {
		t.Error("the municipality does not say that it is made up")
	}
	ix := index(t, w)
	outside := 0
	for _, item := range w.Items {
		e, reasons := events.Decode(item.Body)
		if len(reasons) > 0 || e.Incident == nil {
			continue
		}
		if e.Incident.Occurred.From.Before(w.Municipality.HistoryFrom) {
			t.Errorf("%s occurred before the history begins", e.ID)
		}
		if !ix.Place(e.Incident.Place.Point.Lon, e.Incident.Place.Point.Lat).Inside {
			outside++
		}
	}
	if outside != 1 {
		t.Errorf("%d events outside the municipality, want 1", outside)
	}
}

// Data without origin and licence may not be shipped.
func TestSourceNamesOriginAndLicence(t *testing.T) {
	text := demo.Source()
	for _, want := range []string{"CC0 1.0", "SCB", "GeoDaCenter/data-and-lab", "306f17496f63eb62ccefd6cce2afe0942eb28b7b", "made up"} {
		if !strings.Contains(text, want) {
			t.Errorf("SOURCE.md does not say %q", want)
		}
	}
}

// Nobody may be taken for a real person, and each of them must be taken by the registry's agencies and units.
func TestPeopleAreMadeUpAndBelongSomewhere(t *testing.T) {
	w := vaxjo(t)
	zone, err := time.LoadLocation(w.Municipality.TimeZone)
	if err != nil {
		t.Fatal(err)
	}
	rhythm := calendar.Default(zone)
	if rhythm.Ends(*w.Reviewed).After(now) || !rhythm.Ends(w.Reviewed.Add(1)).After(now) {
		t.Errorf("%s is not the week of the last meeting before %s", w.Reviewed, now)
	}
	places, seen := map[string]bool{"/": true}, map[string]bool{}
	for _, a := range w.Agencies {
		places[string(a.Code)+"/"] = true
		for _, u := range a.Units {
			places[string(a.Code)+"/"+u.Code] = true
		}
	}
	for _, p := range w.People {
		if !strings.HasSuffix(p.Name, ", Växjö (påhittad)") || !strings.HasSuffix(p.Mail, "@vaxjo.example.org") || seen[p.Mail] {
			t.Errorf("%s <%s> may be somebody", p.Name, p.Mail)
		}
		seen[p.Mail] = true
		if !places[string(p.Agency)+"/"+p.Unit] {
			t.Errorf("%s belongs to %s/%s, which is not there", p.Name, p.Agency, p.Unit)
		}
	}
	if w.People[0].Roles[0] != "coordinator" {
		t.Errorf("the first person, who decides in the demo, is %v", w.People[0].Roles)
	}
}
