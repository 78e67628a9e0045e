// SPDX-License-Identifier: EUPL-1.2

// Package demo carries the two worlds that `samsyn demo` plays through the real
// path: Växjö, with made-up events on SCB's areas, and San Francisco, July to
// December 2012, with a police's records as they were published.
//
// It promises that a world is the same for the same arguments, that published
// coordinates are passed on as they are, and that what is made up says so
// (Municipality.MadeUp, and in every text). Where the data come from and under what
// licence is in data/SOURCE.md.
//
// It does not register, publish or check anything: it is data and a reading of it.
// The caller does with it what an administrator and an agency would do.
//
// The data are embedded; what can fail is a defect of the build and comes back as
// an error that names the file.
package demo

import (
	"embed"
	"encoding/json"
	"fmt"
	"time"

	"github.com/paulmach/orb"

	"samsyn/events"
	"samsyn/internal/geo"
	"samsyn/internal/synth"
	"samsyn/services/review/calendar"
)

//go:embed data
var files embed.FS

// World is one municipality with everything that makes it run.
type World struct {
	Municipality  Municipality
	Areas         []Area // the municipality first, then districts, then areas, each by code
	Agencies      []Agency
	Subscriptions []Subscription
	// Items are the messages in the order in which they are sent.
	Items []synth.Item
	// Published are counts by somebody else, to check ours against. Empty for Växjö.
	Published []Published
	// Differences say why our count and the publisher's cannot agree in some areas. No point is moved to make them.
	Differences map[events.AreaCode]string
	// Reviewed is the week that the last meeting looked at: its deadline and its meeting are over. Nil: no meetings are held.
	Reviewed *calendar.Week
	// People are those of the review, by what they are; the first one decides in the demo. They are as made up as the rest.
	People []Person
	// Source names origin and licence in one line, for the foot of a page.
	Source string
}

// Municipality is what `samsyn municipality add` takes.
type Municipality struct {
	Code     events.MunicipalityID
	Name     string
	TimeZone string
	EPSG     int
	// HistoryFrom is the first local day of which events are taken, at midnight UTC.
	HistoryFrom time.Time
	// Replay says that the clock stands still and is moved by whoever plays the items (Days).
	Replay bool
	// StandsAt is where the clock of a replay stands at first; zero: HistoryFrom.
	StandsAt time.Time
	MadeUp   bool
}

// Area is what `samsyn areas import` takes, one for each level of municipality,
// district and area. Codes are unique over all levels.
type Area struct {
	Code       events.AreaCode
	Level      geo.Level
	Parent     events.AreaCode // the district of an area, the municipality of a district
	Name       string
	Population int // 0 is not known
	Geometry   orb.MultiPolygon
}

// Agency is what `samsyn agency add` takes.
type Agency struct {
	Code       events.AgencyID
	Name       string
	Kind       string // municipality, police, housing, guard, school, association, other
	StartedOn  time.Time
	Units      []Unit
	Mappings   map[string]string // own category code, without "x:", to category
	Properties []Property
}

// Unit is a reporting unit of an agency.
type Unit struct{ Code, Name string }

// Property is a line of an agency's property register, WGS 84.
type Property struct {
	Key, Address string
	Lon, Lat     float64
}

// Subscription is a person who hears of flagged places by mail. Addresses are in
// example.org, which belongs to nobody (RFC 2606).
type Subscription struct {
	Name, Mail string
	Role       string // coordinator, agency_lead, member
	Agency     events.AgencyID
	Area       events.AreaCode // the municipality's code is all of it
	Language   string          // sv, en
}

// Person is what `samsyn person add` takes. Names say what somebody is and that nobody is meant; addresses are in example.org.
type Person struct {
	Name, Mail string
	Agency     events.AgencyID // empty for an administrator
	Unit       string          // of whoever reports
	Roles      []string
}

// Published is one column of counts that the publisher of the data made. They are
// of reports placed in areas, not of incidents.
type Published struct {
	Name string
	// Categories are those that the publisher's category was mapped to, and no others.
	Categories []string
	Count      map[events.AreaCode]int
}

// Day is what is sent while the replay clock stands at AsOf.
type Day struct {
	AsOf  time.Time
	Items []synth.Item
}

// Days cuts the items at local midnights: each day's AsOf is the midnight that ends
// it, so what was sent at the stroke of midnight still belongs to the day before.
func (w World) Days() ([]Day, error) {
	zone, err := time.LoadLocation(w.Municipality.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("time zone of %s: %w", w.Municipality.Code, err)
	}
	var days []Day
	for _, item := range w.Items {
		y, m, d := item.At.In(zone).Add(-time.Nanosecond).Date()
		asOf := time.Date(y, m, d+1, 0, 0, 0, 0, zone)
		if n := len(days); n == 0 || !days[n-1].AsOf.Equal(asOf) {
			days = append(days, Day{AsOf: asOf})
		}
		last := &days[len(days)-1]
		last.Items = append(last.Items, item)
	}
	return days, nil
}

// feature is one polygon of a data file with its members.
type feature struct {
	Members  members `json:"properties"`
	Geometry struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
	} `json:"geometry"`
	shape orb.MultiPolygon
}

// members are a feature's properties; what is missing reads as empty and 0.
type members map[string]any

func (m members) text(name string) string {
	s, _ := m[name].(string)
	return s
}

func (m members) number(name string) int {
	n, _ := m[name].(float64)
	return int(n)
}

func readFeatures(name string) ([]feature, error) {
	raw, err := files.ReadFile("data/" + name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	var collection struct {
		Features []feature `json:"features"`
	}
	if err := json.Unmarshal(raw, &collection); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	for i := range collection.Features {
		if err := collection.Features[i].read(); err != nil {
			return nil, fmt.Errorf("read %s: feature %d: %w", name, i+1, err)
		}
	}
	return collection.Features, nil
}

// read makes the shape of the coordinates.
func (f *feature) read() error {
	switch f.Geometry.Type {
	case "Polygon":
		f.shape = make(orb.MultiPolygon, 1)
		return json.Unmarshal(f.Geometry.Coordinates, &f.shape[0])
	case "MultiPolygon":
		return json.Unmarshal(f.Geometry.Coordinates, &f.shape)
	}
	return fmt.Errorf("geometry of type %q is no polygon", f.Geometry.Type)
}

// Source is data/SOURCE.md: origin, licence and what is ours in each world.
func Source() string {
	raw, err := files.ReadFile("data/SOURCE.md")
	if err != nil {
		return ""
	}
	return string(raw)
}
