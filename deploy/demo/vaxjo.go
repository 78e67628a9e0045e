// SPDX-License-Identifier: EUPL-1.2

package demo

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"samsyn/events"
	"samsyn/internal/geo"
	"samsyn/internal/synth"
	"samsyn/services/review/calendar"
)

const (
	vaxjo     = "0780"
	vaxjoZone = "Europe/Stockholm"
	vaxjoSeed = 780
	// vaxjoMiddleKm is how far from its middle the town still is "the middle".
	vaxjoMiddleKm = 1.3
)

// vaxjoDistricts are the names that deciding district codes get; the codes follow
// from SCB's letter and the compass (districtOf).
var vaxjoDistricts = map[events.AreaCode]string{
	"stad-mitten": "Staden, mitten", "stad-norr": "Staden, norr", "stad-nordost": "Staden, nordost", "stad-sydost": "Staden, sydost",
	"stad-soder": "Staden, söder", "stad-vaster": "Staden, väster", "orter": "Mindre orter", "land-norr": "Landsbygden, norr", "land-soder": "Landsbygden, söder",
}

// Forening is an association of Växjö: it owns actions and reports nothing.
const Forening events.AgencyID = "nattvandrarna"

// Vaxjo is half a year of made-up events in Växjö up to now, with the people of its weekly review.
func Vaxjo(now time.Time) (World, error) {
	areas, err := vaxjoAreas()
	if err != nil {
		return World{}, err
	}
	zone, err := time.LoadLocation(vaxjoZone)
	if err != nil {
		return World{}, fmt.Errorf("time zone %s: %w", vaxjoZone, err)
	}
	town := vaxjoTown(areas, zone)
	reviewed := calendar.Default(zone).Last(now)
	town.Reviewed = reviewed.Monday(zone)
	items, err := synth.World(town, vaxjoSeed, now)
	if err != nil {
		return World{}, fmt.Errorf("make up events of %s: %w", vaxjo, err)
	}
	agencies := make([]Agency, 0, 5)
	for _, a := range synth.Cast(town) {
		agencies = append(agencies, Agency{Code: a.Code, Name: a.Name, Kind: a.Kind, StartedOn: a.StartedOn(town, now), Mappings: a.Mappings, Units: units(a)})
	}
	first := synth.FirstDay(town, now)
	agencies = append(agencies, Agency{Code: Forening, Name: "Nattvandrarna", Kind: "association", StartedOn: first})
	return World{
		Municipality: Municipality{Code: vaxjo, Name: "Växjö", TimeZone: vaxjoZone, EPSG: geo.SWEREF99TM, HistoryFrom: first, MadeUp: true},
		Areas:        areas,
		Agencies:     agencies,
		Subscriptions: []Subscription{
			{Name: "Trygghetssamordnaren", Mail: "samordnare@vaxjo.example.org", Role: "coordinator", Agency: synth.Kommun, Area: vaxjo, Language: "sv"},
			{Name: "Områdespolisen", Mail: "omradespolis@vaxjo.example.org", Role: "member", Agency: synth.Polis, Area: "stad-norr", Language: "sv"},
		},
		Items: items, Reviewed: &reviewed, People: vaxjoPeople(),
		Source: "DeSO 2025, SCB, CC0 1.0; händelserna är påhittade",
	}, nil
}

// vaxjoPeople are one of each kind: a reporter of each agency that reports, who leads one, who meets, who coordinates, who administers, and
// somebody of the association.
func vaxjoPeople() []Person {
	person := func(what, mail string, agency events.AgencyID, unit string, roles ...string) Person {
		return Person{Name: what + ", Växjö (påhittad)", Mail: mail + "@vaxjo.example.org", Agency: agency, Unit: unit, Roles: roles}
	}
	return []Person{
		person("Samordnare", "samordnare", synth.Kommun, "", "coordinator"),
		person("Fastighetsskötare", "fastighetsskotare", synth.Bostad, "norr", "reporter"),
		person("Väktare", "vaktare", synth.Kommun, "vakt", "reporter"),
		person("Områdespolis", "omradespolis", synth.Polis, "omrade", "reporter"),
		person("Skolvärd", "skolvard", synth.Skola, "hogstadiet", "reporter"),
		person("Förvaltningschef", "forvaltning", synth.Bostad, "", "agency_lead", "member"),
		person("Kommunpolis", "kommunpolis", synth.Polis, "", "member"),
		person("Rektor", "rektor", synth.Skola, "", "member"),
		person("Nattvandrare", "nattvandrare", Forening, "", "reporter"),
		person("Administratör", "administrator", "", "", "admin"),
	}
}

func units(a synth.Agency) []Unit {
	out := make([]Unit, len(a.Units))
	for i, u := range a.Units {
		out[i] = Unit{Code: u.Code, Name: u.Name}
	}
	return out
}

// vaxjoTown weighs the areas: most happens in the middle of the town, least in the
// countryside, and neighbours differ.
func vaxjoTown(areas []Area, zone *time.Location) synth.Town {
	town := synth.Town{Municipality: vaxjo, Zone: zone, Scene: synth.Scene{
		Rise: "0780C1260", Serious: "0780C1240", Shared: "0780C1180", Match: "stad-norr", Quiet: "stad-soder",
		Gathering: "0780C1320", Dealing: "0780C1130", Outside: orb.Point{13.91, 57.31},
	}}
	for i, a := range areas {
		if a.Level != geo.LevelArea {
			continue
		}
		weight := 0.7 + 0.15*float64(i%5)
		switch {
		case a.Parent == "stad-mitten":
			weight *= 2.2
		case strings.HasPrefix(string(a.Parent), "land-"):
			weight *= 0.4
		}
		town.Areas = append(town.Areas, synth.Area{Code: a.Code, District: a.Parent, Weight: weight, Shape: a.Geometry})
	}
	return town
}

// vaxjoAreas makes the three levels from SCB's areas.
func vaxjoAreas() ([]Area, error) {
	features, err := readFeatures("vaxjo_deso_2025.geojson")
	if err != nil {
		return nil, err
	}
	areas := make([]Area, 0, len(features))
	var parts []orb.MultiPolygon
	for _, f := range features {
		code := f.Members.text("code")
		areas = append(areas, Area{Code: events.AreaCode(code), Level: geo.LevelArea, Name: "DeSO " + strings.TrimPrefix(code, vaxjo), Geometry: f.shape})
		parts = append(parts, f.shape)
	}
	slices.SortFunc(areas, func(a, b Area) int { return cmp.Compare(a.Code, b.Code) })
	centre := townMiddle(areas)
	for i, a := range areas {
		areas[i].Parent = districtOf(a, centre)
	}
	whole := Area{Code: vaxjo, Level: geo.LevelMunicipality, Name: "Växjö", Geometry: dissolve(parts)}
	return append(append([]Area{whole}, districtAreas(vaxjo, vaxjoDistricts, areas)...), areas...), nil
}

// letter is SCB's kind of area: A outside larger localities, B in a locality, C in the
// central locality.
func letter(a Area) byte { return a.Code[len(vaxjo)] }

// townMiddle is the median of the middles of the central locality's areas.
func townMiddle(areas []Area) orb.Point {
	var xs, ys []float64
	for _, a := range areas {
		if letter(a) == 'C' {
			at := middle(a.Geometry)
			xs, ys = append(xs, at[0]), append(ys, at[1])
		}
	}
	slices.Sort(xs)
	slices.Sort(ys)
	return orb.Point{xs[len(xs)/2], ys[len(ys)/2]}
}

// districtOf groups an area by its letter and where its middle lies from the town's.
func districtOf(a Area, centre orb.Point) events.AreaCode {
	at := middle(a.Geometry)
	east, north := (at[0]-centre[0])*math.Cos(centre[1]*math.Pi/180), at[1]-centre[1]
	bearing := math.Mod(math.Atan2(east, north)*180/math.Pi+360, 360)
	switch letter(a) {
	case 'B':
		return "orter"
	case 'A':
		if bearing < 90 || bearing >= 270 {
			return "land-norr"
		}
		return "land-soder"
	}
	switch {
	case geo.Distance(at, centre) < vaxjoMiddleKm*1000:
		return "stad-mitten"
	case bearing >= 330 || bearing < 30:
		return "stad-norr"
	case bearing < 90:
		return "stad-nordost"
	case bearing < 150:
		return "stad-sydost"
	case bearing < 210:
		return "stad-soder"
	}
	return "stad-vaster"
}
