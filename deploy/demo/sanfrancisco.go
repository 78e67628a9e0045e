// SPDX-License-Identifier: EUPL-1.2

package demo

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"samsyn/events"
	"samsyn/internal/geo"
	"samsyn/internal/synth"
)

const (
	sanFrancisco = "us-sf"
	sfPolice     = "sfpd"
	sfZone       = "America/Los_Angeles"
	// sfUTM10N is the projected system, metres: WGS 84 / UTM zone 10N.
	sfUTM10N = 32610
	// outlineMargin is how much wider than points and areas the city's outline is.
	outlineMargin = 200.0
)

// sfColumns ties the publisher's counts to the publisher's categories.
var sfColumns = []struct{ name, category string }{
	{"Vandalism", "VANDALISM"}, {"Robbery", "ROBBERY"}, {"Drugs", "DRUG/NARCOTIC"}, {"CarTheft", "VEHICLE THEFT"},
}

// sfDifferences explain the areas in which a correct point-in-polygon cannot agree with the publisher. In the last four
// the publisher counted a row on both sides of a border: CarTheft adds up to 3,386 for 3,384 rows.
var sfDifferences = map[events.AreaCode]string{
	"060750179021": "Its polygon holds only two slivers 9 km away; the rows lie on Treasure Island, outside every polygon.",
	"060750229031": "Row 120888013 lies 0.6 mm outside, in 060750228033.",
	"060750106002": "Row 120933884 lies 0.8 mm outside, in 060750611001.",
	"060750257013": "Row 120687332 lies 0.3 mm outside, in 060750257022.",
	"060759803001": "Row 120874125 lies 0.1 mm outside, in 060750166001.",
}

// SanFrancisco is July to December 2012 in San Francisco, as published: one report a
// row, its place the published point with every decimal, its time the whole local
// day. Rows of one incident number carry it as reference and so become one incident.
func SanFrancisco() (World, error) {
	records, err := readRecords()
	if err != nil {
		return World{}, err
	}
	codes, err := readCodes()
	if err != nil {
		return World{}, err
	}
	areas, published, err := sfAreas(records, codes)
	if err != nil {
		return World{}, err
	}
	items, err := sfItems(records, codes)
	if err != nil {
		return World{}, err
	}
	mappings := map[string]string{}
	for _, c := range codes {
		mappings[c.code] = c.category
	}
	started := time.Date(2012, time.July, 1, 0, 0, 0, 0, time.UTC)
	return World{
		Municipality: Municipality{Code: sanFrancisco, Name: "San Francisco", TimeZone: sfZone, EPSG: sfUTM10N, HistoryFrom: started, Replay: true},
		Areas:        areas,
		Agencies:     []Agency{{Code: sfPolice, Name: "San Francisco Police Department", Kind: "police", StartedOn: started, Mappings: mappings}},
		Subscriptions: []Subscription{
			{Name: "City coordinator", Mail: "coordinator@sf.example.org", Role: "coordinator", Area: sanFrancisco, Language: "en"},
		},
		Items:     items,
		Published: published, Differences: sfDifferences,
		Source: "SFPD July-December 2012 and census block groups, GeoDa Center (data-and-lab), CC0 1.0",
	}, nil
}

// record is one row of the publisher's file.
type record struct {
	incident, day, category, description, district string
	lon, lat                                       float64
}

func readRecords() ([]record, error) {
	const name = "san_francisco_2012_h2.csv.gz"
	packed, err := files.Open("data/" + name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	defer packed.Close()
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	rows, err := readTable(unpacked, 7)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	records := make([]record, len(rows))
	for i, r := range rows {
		lon, errLon := strconv.ParseFloat(r[5], 64)
		lat, errLat := strconv.ParseFloat(r[6], 64)
		if errLon != nil || errLat != nil {
			return nil, fmt.Errorf("read %s: row %d: coordinates %q %q", name, i+2, r[5], r[6])
		}
		records[i] = record{r[0], r[1], r[2], r[3], r[4], lon, lat}
	}
	slices.SortStableFunc(records, func(a, b record) int { return strings.Compare(a.day, b.day) })
	return records, nil
}

// readTable reads a CSV file with a heading and a number of columns.
func readTable(r io.Reader, columns int) ([][]string, error) {
	reader := csv.NewReader(r)
	reader.FieldsPerRecord = columns
	rows, err := reader.ReadAll()
	if err != nil {
		return nil, err
	}
	return rows[1:], nil
}

// sfCode is the agency's own code for a description, and the category it is mapped to.
type sfCode struct{ published, description, code, category string }

func readCodes() (map[string]sfCode, error) {
	const name = "san_francisco_codes.csv"
	file, err := files.Open("data/" + name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	defer file.Close()
	rows, err := readTable(file, 5)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	codes := make(map[string]sfCode, len(rows))
	for _, r := range rows {
		codes[r[1]] = sfCode{published: r[0], description: r[1], code: r[2], category: r[3]}
	}
	return codes, nil
}

// sfItems are the reports, each day's at the midnight that ends it: that is when the
// day is known.
func sfItems(records []record, codes map[string]sfCode) ([]synth.Item, error) {
	zone, err := time.LoadLocation(sfZone)
	if err != nil {
		return nil, fmt.Errorf("time zone %s: %w", sfZone, err)
	}
	items := make([]synth.Item, 0, len(records))
	nth := map[string]int{}
	for _, r := range records {
		day, err := time.ParseInLocation(time.DateOnly, r.day, zone)
		if err != nil {
			return nil, fmt.Errorf("incident %s: %w", r.incident, err)
		}
		nth[r.incident]++
		report := events.ReportID(r.incident + "-" + strconv.Itoa(nth[r.incident]))
		end := day.AddDate(0, 0, 1)
		body, err := events.Encode(events.Event{
			ID: string(report) + ":1", Source: events.Source(sanFrancisco, sfPolice), Type: events.TypeIncidentReported, Time: end,
			Municipality: sanFrancisco, Agency: sfPolice, Verb: events.Reported, Kind: events.KindIncident, Report: report, Revision: 1,
			Incident: &events.Incident{
				Category: "x:" + codes[r.description].code, Reference: r.incident,
				Occurred: events.Interval{From: day, To: end}, Place: events.Place{Point: &events.Point{Lon: r.lon, Lat: r.lat}},
			},
		})
		if err != nil {
			return nil, fmt.Errorf("report %s: %w", report, err)
		}
		items = append(items, synth.Item{At: end, Agency: sfPolice, Verb: events.Reported, Body: body})
	}
	return items, nil
}

// sfAreas makes the three levels and reads the publisher's counts.
func sfAreas(records []record, codes map[string]sfCode) ([]Area, []Published, error) {
	features, err := readFeatures("san_francisco_block_groups.geojson")
	if err != nil {
		return nil, nil, err
	}
	published := make([]Published, len(sfColumns))
	for i, c := range sfColumns {
		published[i] = Published{Name: c.name, Categories: mappedTo(codes, c.category), Count: map[events.AreaCode]int{}}
	}
	blocks := make([]Area, 0, len(features))
	for _, f := range features {
		geoID := f.Members.text("GEO_ID")
		code := events.AreaCode(geoID[len(geoID)-12:])
		tract, _ := strconv.Atoi(f.Members.text("tract"))
		blocks = append(blocks, Area{
			Code: code, Level: geo.LevelArea, Geometry: f.shape, Population: f.Members.number("population"),
			Name: fmt.Sprintf("Tract %g, block group %s", float64(tract)/100, f.Members.text("block_group")),
		})
		for i, c := range sfColumns {
			published[i].Count[code] = f.Members.number(c.name)
		}
	}
	byDistrict, err := policeDistricts(blocks, records)
	if err != nil {
		return nil, nil, err
	}
	areas := []Area{{Code: sanFrancisco, Level: geo.LevelMunicipality, Name: "San Francisco", Geometry: sfOutline(blocks, records)}}
	areas = append(areas, districtAreas(sanFrancisco, byDistrict, blocks)...)
	return append(areas, blocks...), published, nil
}

// mappedTo lists the categories that one of the publisher's categories was mapped to.
func mappedTo(codes map[string]sfCode, published string) []string {
	found := map[string]bool{}
	for _, c := range codes {
		if c.published == published {
			found[c.category] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// sfOutline holds every block group and every point.
func sfOutline(blocks []Area, records []record) orb.MultiPolygon {
	var points []orb.Point
	for _, b := range blocks {
		for _, polygon := range b.Geometry {
			points = append(points, polygon[0]...)
		}
	}
	for _, r := range records {
		points = append(points, orb.Point{r.lon, r.lat})
	}
	return orb.MultiPolygon{{hull(points, outlineMargin)}}
}

// policeDistricts sets the parent of each block group: the police district that most
// of its records name (the first by name if equal), or that of the nearest block
// group that has records. It returns the names by code.
func policeDistricts(blocks []Area, records []record) (map[events.AreaCode]string, error) {
	index, err := geo.NewIndex(geoAreas(blocks))
	if err != nil {
		return nil, fmt.Errorf("index block groups: %w", err)
	}
	votes := map[events.AreaCode]map[string]int{}
	names := map[events.AreaCode]string{}
	for _, r := range records {
		code := events.AreaCode(strings.ToLower(r.district))
		names[code] = r.district[:1] + strings.ToLower(r.district[1:])
		area := events.AreaCode(index.Place(r.lon, r.lat).Area)
		if votes[area] == nil {
			votes[area] = map[string]int{}
		}
		votes[area][string(code)]++
	}
	var decided []int
	for i := range blocks {
		if v := votes[blocks[i].Code]; len(v) > 0 {
			blocks[i].Parent = events.AreaCode(most(v))
			decided = append(decided, i)
		}
	}
	for i := range blocks {
		if blocks[i].Parent == "" {
			blocks[i].Parent = blocks[nearest(blocks, decided, i)].Parent
		}
	}
	return names, nil
}

func most(votes map[string]int) string {
	best := ""
	for _, name := range slices.Sorted(maps.Keys(votes)) {
		if best == "" || votes[name] > votes[best] {
			best = name
		}
	}
	return best
}

func nearest(blocks []Area, candidates []int, i int) int {
	at := middle(blocks[i].Geometry)
	best := candidates[0]
	for _, c := range candidates {
		if geo.Distance(at, middle(blocks[c].Geometry)) < geo.Distance(at, middle(blocks[best].Geometry)) {
			best = c
		}
	}
	return best
}

func geoAreas(areas []Area) []geo.Area {
	out := make([]geo.Area, len(areas))
	for i, a := range areas {
		out[i] = geo.Area{Code: string(a.Code), Level: a.Level, Parent: string(a.Parent), Geometry: a.Geometry}
	}
	return out
}

// districtAreas dissolves the areas of each district into one, by code. It fills
// nothing in that the areas do not have: a district without areas is left out.
func districtAreas(municipality events.AreaCode, names map[events.AreaCode]string, areas []Area) []Area {
	var districts []Area
	for _, code := range slices.Sorted(maps.Keys(names)) {
		var parts []orb.MultiPolygon
		people := 0
		for _, a := range areas {
			if a.Parent == code {
				parts = append(parts, a.Geometry)
				people += a.Population
			}
		}
		if len(parts) == 0 {
			continue
		}
		districts = append(districts, Area{
			Code: code, Level: geo.LevelDistrict, Parent: municipality, Name: names[code], Population: people, Geometry: dissolve(parts),
		})
	}
	return districts
}
