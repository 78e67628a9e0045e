// SPDX-License-Identifier: EUPL-1.2

package table

import (
	"slices"
	"strings"
	"unicode"

	"samsyn/schemas"
)

// meaning is what a column may be about.
type meaning int

const (
	asReport meaning = iota
	asFrom
	asClock
	asTo
	asReported
	asCategory
	asLon
	asLat
	asEasting
	asNorthing
	asProperty
	asArea
	asText
	asPlaceType
	asSeverity
)

// names are what such columns are called, in small letters without blanks, the surest first. A name that begins so counts
// too, for less.
var names = map[meaning][]string{
	asReport: {
		"ärendenummer", "ärendenr", "ärendeid", "rapportnummer", "rapportnr", "rapportid", "händelseid", "händelsenummer", "felanmälansnummer",
		"diarienummer", "dnr", "incidentid", "incidentnumber", "caseid", "casenumber", "reportid", "report", "ärende", "felanmälan", "löpnummer", "id", "nummer", "nr",
	},
	asFrom: {
		"händelsedatum", "inträffade", "inträffad", "händelsetid", "brottsdatum", "occurred", "incidentdate", "fråndatum", "från",
		"tidpunkt", "datum", "date", "startdatum", "starttid", "start", "when", "när",
	},
	asClock:     {"klockslag", "tid", "kl", "time", "frånkl", "frånklockan", "tidpunkt"},
	asTo:        {"tilldatum", "slutdatum", "sluttid", "till", "slut", "enddate", "end"},
	asReported:  {"rapporterad", "anmäld", "anmälningsdatum", "inkom", "inkommen", "registrerad", "skapad", "skapaddatum", "reported", "created"},
	asCategory:  {"kategori", "händelsetyp", "ärendetyp", "incidenttyp", "brottstyp", "typ", "händelse", "category", "incidenttype", "type", "orsak", "rubrik"},
	asLon:       {"lon", "long", "longitud", "longitude", "lng", "x"},
	asLat:       {"lat", "latitud", "latitude", "y"},
	asEasting:   {"easting", "e", "öst", "ost", "swerefe", "x", "y"},
	asNorthing:  {"northing", "n", "nord", "swerefn", "y", "x"},
	asProperty:  {"fastighetsbeteckning", "fastighet", "fastighetsnyckel", "objektsnummer", "objektnr", "objekt", "adress", "gatuadress", "address", "property", "byggnad", "plats", "gata"},
	asArea:      {"områdeskod", "område", "deso", "stadsdel", "distrikt", "area", "neighbourhood"},
	asText:      {"beskrivning", "fritext", "text", "kommentar", "anteckning", "notering", "description", "comment"},
	asPlaceType: {"platstyp", "utrymme", "lokaltyp", "typavplats", "placetype"},
	asSeverity:  {"allvarlighetsgrad", "allvar", "allvarlighet", "severity"},
}

// score says how likely a column has a meaning: 0 is not.
func (c *surveyed) score(of meaning) int {
	if c.filled == 0 || !c.fits(of) {
		return 0
	}
	folded := strings.NewReplacer(" ", "", "_", "", "-", "", ".", "", "/", "").Replace(strings.ToLower(c.name))
	list := names[of]
	if i := slices.Index(list, folded); i >= 0 {
		return 1000 - i
	}
	for i, name := range list {
		if len(name) > 2 && strings.HasPrefix(folded, name) {
			return 500 - i
		}
	}
	return 0
}

// fits says whether what stands in a column can have a meaning at all.
func (c *surveyed) fits(of meaning) bool {
	switch of {
	case asReport:
		return !c.prose
	case asFrom, asTo, asReported:
		return c.kinds.dates
	case asClock:
		return c.kinds.clocks
	case asCategory:
		return !c.prose && !c.kinds.numbers && c.distinct <= mostCategories
	case asLon:
		return c.kinds.within(-180, 180)
	case asLat:
		return c.kinds.within(-90, 90)
	case asEasting:
		return c.kinds.within(100_000, 1_000_000)
	case asNorthing:
		return c.kinds.within(1_000_000, 10_000_000)
	case asText:
		return !c.kinds.numbers && !c.kinds.dates
	}
	return true
}

// mostCategories is how many values a column of categories has at most.
const mostCategories = 100

// kinds is what all values of a column can be read as.
type kinds struct {
	dates, clocks, numbers bool
	format                 string // of the dates; "" for ISO 8601, and where there are none
	least, most            float64
}

// formats are tried in this order: of two that fit all values the first is meant more often. A midnight that all values
// have was put there by a program: it says nothing about the time of day.
var formats = []string{
	"yyyy-MM-dd 00:00:00", "yyyy-MM-dd 00:00", "yyyy-MM-ddT00:00:00",
	"yyyy-MM-dd", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH.mm", "yyyy-MM-ddTHH:mm:ss", "yyyy-MM-ddTHH:mm",
	"yyyyMMdd", "yyyy/MM/dd", "yyyy/MM/dd HH:mm", "yyyy.MM.dd", "yyyyMMdd HH:mm", "yyyyMMdd HHmm",
	"dd/MM/yyyy", "dd/MM/yyyy HH:mm", "dd/MM/yyyy HH:mm:ss", "d/M/yyyy", "d/M/yyyy HH:mm", "d/M/yyyy H:mm", "d/M yyyy",
	"dd.MM.yyyy", "dd.MM.yyyy HH:mm", "d.M.yyyy", "d.M.yyyy HH:mm", "dd-MM-yyyy", "dd-MM-yyyy HH:mm", "d/M-yyyy",
	"M/d/yyyy", "M/d/yyyy HH:mm", "M/d/yyyy H:mm", "yy-MM-dd", "yyMMdd", "d/M/yy",
}

func kindsOf(values []string) kinds {
	if len(values) == 0 {
		return kinds{}
	}
	k := kinds{clocks: true, numbers: true}
	for i, v := range values {
		if _, ok := readClock(v); !ok {
			k.clocks = false
		}
		n, err := number(v)
		if err != nil {
			k.numbers = false
			continue
		}
		if i == 0 {
			k.least, k.most = n, n
		}
		k.least, k.most = min(k.least, n), max(k.most, n)
	}
	for _, format := range append([]string{""}, formats...) {
		// ISO 8601 needs no format, unless every value has the midnight of a program.
		if format == "" && all(values, "yyyy-MM-dd 00:00:00", "yyyy-MM-ddT00:00:00", "yyyy-MM-dd 00:00") {
			continue
		}
		if all(values, format) {
			k.dates, k.format = true, format
			break
		}
	}
	return k
}

// all says whether one of the formats reads all values.
func all(values []string, formats ...string) bool {
	for _, format := range formats {
		if !slices.ContainsFunc(values, func(v string) bool {
			_, code := readMoment(v, "", format)
			return code != ""
		}) {
			return true
		}
	}
	return false
}

func (k kinds) within(least, most float64) bool {
	return k.numbers && k.least >= least && k.most <= most
}

// words lead from what a system calls something to a category, in the order in which they are looked for. They are parts
// of words, in small letters.
var words = []struct{ part, category string }{
	{"klotter", "graffiti"},
	{"graffiti", "graffiti"},
	{"krossa", "broken_window"},
	{"glaskross", "broken_window"},
	{"fönster", "broken_window"},
	{"fordonsbrand", "vehicle_fire"},
	{"bilbrand", "vehicle_fire"},
	{"brand i bil", "vehicle_fire"},
	{"brand", "arson_structure"},
	{"eldning", "arson_structure"},
	{"smällare", "pyrotechnics"},
	{"pyroteknik", "pyrotechnics"},
	{"fyrverkeri", "pyrotechnics"},
	{"skadegörelse på fordon", "vehicle_damage"},
	{"skadegörelse", "property_damage"},
	{"vandalis", "property_damage"},
	{"sabotage", "property_damage"},
	{"obehörig", "trespass_common_space"},
	{"samling", "unsafe_gathering"},
	{"gäng", "unsafe_gathering"},
	{"oljud", "public_nuisance"},
	{"störning", "public_nuisance"},
	{"ordningsstör", "public_nuisance"},
	{"berus", "public_intoxication"},
	{"missbruk", "public_intoxication"},
	{"slagsmål", "group_conflict"},
	{"bråk", "group_conflict"},
	{"stenkast", "riot_stone_throwing"},
	{"upplopp", "riot_stone_throwing"},
	{"misshandel", "assault"},
	{"våld mot tjänsteman", "staff_incident"},
	{"våld", "assault"},
	{"hot mot personal", "staff_incident"},
	{"trakasseri", "threat_harassment"},
	{"hot", "threat_harassment"},
	{"personrån", "robbery"},
	{"rån", "robbery"},
	{"vapen", "weapon_found"},
	{"skottlossning", "shooting_explosion"},
	{"skjutning", "shooting_explosion"},
	{"sprängning", "shooting_explosion"},
	{"explosion", "shooting_explosion"},
	{"kanyl", "drug_litter"},
	{"narkotikahandel", "suspected_drug_dealing"},
	{"droghandel", "suspected_drug_dealing"},
	{"langning", "supply_to_minors"},
	{"narkotika", "drug_litter"},
	{"inbrott", "burglary"},
	{"stöld", "theft"},
	{"tillgrepp", "theft"},
	{"buskör", "reckless_driving"},
	{"moped", "reckless_driving"},
	{"olovlig körning", "unlawful_traffic"},
	{"felparker", "unlawful_traffic"},
	{"skrotbil", "abandoned_vehicle"},
	{"övergivet fordon", "abandoned_vehicle"},
	{"belysning", "poor_lighting"},
	{"lampa", "poor_lighting"},
	{"skymd", "obstructed_view"},
	{"nedskräp", "littering"},
	{"dumpning", "littering"},
	{"skräp", "littering"},
	{"tillhåll", "haunt_desolate_place"},
}

// likely proposes a category for what a system calls something; "" when nothing comes to mind.
func likely(value string) string {
	folded := fold(value)
	categories, _ := schemas.Categories()
	for _, c := range categories {
		if folded == c.Code || folded == strings.ToLower(c.SV) || folded == strings.ToLower(c.EN) {
			return c.Code
		}
	}
	for _, w := range words {
		if speaksOf(folded, w.part) {
			return w.category
		}
	}
	return ""
}

// speaksOf looks for a part of a word, and for a short one as a word of its own: "hot" is in "hot mot granne" and not in
// "hotell".
func speaksOf(text, part string) bool {
	if len([]rune(part)) > 3 {
		return strings.Contains(text, part)
	}
	return slices.Contains(strings.FieldsFunc(text, func(c rune) bool { return !unicode.IsLetter(c) }), part)
}
