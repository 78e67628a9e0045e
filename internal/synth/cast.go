// SPDX-License-Identifier: EUPL-1.2

package synth

import (
	"time"

	"samsyn/events"
)

// The agencies of the made-up town.
const (
	Kommun events.AgencyID = "kommunen"
	Polis  events.AgencyID = "polisen"
	Bostad events.AgencyID = "bostad"
	Skola  events.AgencyID = "skola"
)

// Agency is one of the cast, with how much and what it reports.
type Agency struct {
	Code  events.AgencyID
	Name  string
	Kind  string // as the registry has it
	Units []Unit
	// Mappings translate the agency's own codes, without "x:".
	Mappings map[string]string

	perWeek float64 // incidents it is the first to see
	since   int     // weeks it has reported; 0 is from the first day
	mix     []share
}

// Unit is a reporting unit. A unit with districts reports only from there.
type Unit struct {
	Code, Name string
	districts  []events.AreaCode
	seldom     bool // reports about once in two weeks
}

type share struct {
	category string
	weight   float64
}

// newcomerWeeks is how long the newest agency has reported.
const newcomerWeeks = 4

// Cast lists the agencies of the town, with the units of the housing company set to
// its districts: caretakers of Scene.Quiet are the unit "soder".
func Cast(t Town) []Agency {
	return []Agency{kommunen(), polisen(), bostaden(t), skolan()}
}

func kommunen() Agency {
	return Agency{
		Code: Kommun, Name: "Kommunen", Kind: "municipality", perWeek: 15,
		Units: []Unit{{Code: "vakt", Name: "Väktare"}, {Code: "falt", Name: "Fältgruppen"}, {Code: "park", Name: "Parkdrift", seldom: true}},
		mix: []share{
			{"littering", 14},
			{"graffiti", 13},
			{"unsafe_gathering", 11},
			{"public_nuisance", 10},
			{"broken_window", 8},
			{"public_intoxication", 7},
			{"poor_lighting", 7},
			{"property_damage", 7},
			{"reckless_driving", 6},
			{"drug_litter", 5},
			{"local_ordinance_breach", 3},
			{"obstructed_view", 3},
			{"staff_incident", 2},
			{"pyrotechnics", 2},
			{"haunt_desolate_place", 2},
			{"positive_observation", 1},
		},
	}
}

func polisen() Agency {
	return Agency{
		Code: Polis, Name: "Polisen", Kind: "police", perWeek: 12,
		Units: []Unit{{Code: "omrade", Name: "Områdespolis"}, {Code: "yttre", Name: "Yttre tjänst"}},
		mix: []share{
			{"theft", 20},
			{"assault", 12},
			{"reckless_driving", 10},
			{"property_damage", 10},
			{"suspected_drug_dealing", 9},
			{"burglary", 9},
			{"threat_harassment", 8},
			{"public_intoxication", 7},
			{"unsafe_gathering", 6},
			{"robbery", 2},
			{"vehicle_damage", 5},
			{"weapon_found", 1},
			{"supply_to_minors", 1},
		},
	}
}

// bostaden sends its fault register's own codes.
func bostaden(t Town) Agency {
	var north, south []events.AreaCode
	seen := map[events.AreaCode]bool{}
	for _, a := range t.Areas {
		if seen[a.District] {
			continue
		}
		seen[a.District] = true
		if a.District == t.Scene.Quiet {
			south = append(south, a.District)
		} else {
			north = append(north, a.District)
		}
	}
	return Agency{
		Code: Bostad, Name: "Bostadsbolaget", Kind: "housing", perWeek: 13,
		Units: []Unit{
			{Code: "norr", Name: "Fastighetsskötare norr", districts: north},
			{Code: "soder", Name: "Fastighetsskötare söder", districts: south},
		},
		Mappings: map[string]string{
			"SKADEG": "property_damage", "GLAS": "broken_window", "KLOTTER": "graffiti", "OBEHOR": "trespass_common_space", "SKRAP": "littering",
			"BELYSN": "poor_lighting", "INBROTT": "burglary", "FORDON": "abandoned_vehicle", "BRAND": "arson_structure",
		},
		mix: []share{
			{"x:SKADEG", 20},
			{"x:OBEHOR", 18},
			{"x:GLAS", 13},
			{"x:KLOTTER", 12},
			{"x:SKRAP", 12},
			{"x:INBROTT", 9},
			{"x:BELYSN", 7},
			{"x:FORDON", 4},
			{"x:BRAND", 1.5},
			{"public_nuisance", 6},
		},
	}
}

func skolan() Agency {
	return Agency{
		Code: Skola, Name: "Skolan", Kind: "school", perWeek: 5, since: newcomerWeeks,
		Units: []Unit{{Code: "hogstadiet", Name: "Högstadiet"}, {Code: "fritid", Name: "Fritidsgården"}},
		mix: []share{
			{"property_damage", 6},
			{"graffiti", 5},
			{"threat_harassment", 4},
			{"reckless_driving", 4},
			{"group_conflict", 3},
			{"broken_window", 2},
			{"supply_to_minors", 2},
			{"pyrotechnics", 2},
		},
	}
}

// startedOn is the first local day an agency reports.
func (a Agency) startedOn(first, today time.Time) time.Time {
	if a.since == 0 {
		return first
	}
	return today.AddDate(0, 0, -7*a.since)
}

// StartedOn is the day, at midnight UTC, from which the registry has the agency in a
// world made for now.
func (a Agency) StartedOn(t Town, now time.Time) time.Time {
	today := localDay(now, t.Zone)
	y, m, d := a.startedOn(firstDay(today), today).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// FirstDay is the first local day on which anything occurs in a world made for now, at
// midnight UTC: the evening before the first report.
func FirstDay(t Town, now time.Time) time.Time {
	y, m, d := firstDay(localDay(now, t.Zone)).Date()
	return time.Date(y, m, d-1, 0, 0, 0, 0, time.UTC)
}
