// SPDX-License-Identifier: EUPL-1.2

package areas

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"samsyn/internal/geo"
)

const wgs84 = 4326

// Geographic systems that are WGS 84 within a metre: ETRS89 and SWEREF 99 in degrees.
var degreeSystems = map[int]string{
	wgs84: "WGS 84 (EPSG:4326)",
	4258:  "ETRS89 (EPSG:4258), taken as WGS 84",
	4619:  "SWEREF 99 (EPSG:4619), taken as WGS 84",
}

// System is a coordinate system that places may come in.
type System struct {
	words      string
	projection *geo.Projection // nil for degrees
}

// Degrees returns a place in WGS 84; one that is in degrees stays as it is.
func (s System) Degrees(p orb.Point) orb.Point {
	if s.projection == nil {
		return p
	}
	lon, lat := s.projection.Inverse(p[0], p[1])
	return orb.Point{lon, lat}
}

// toDegrees converts the geometry in place.
func (s System) toDegrees(mp orb.MultiPolygon) {
	for _, polygon := range mp {
		for _, ring := range polygon {
			for i, p := range ring {
				ring[i] = s.Degrees(p)
			}
		}
	}
}

// systemOf decides which coordinate system a file is in: what the caller says, else
// what the file's crs member says (GeoJSON of 2008, which most exports still
// write), else what the size of the coordinates says. What is said must agree with
// the coordinates, so that a file with the wrong label is refused, not misplaced.
func systemOf(crs json.RawMessage, features []Feature, how File) (System, error) {
	bound, any := boundOf(features)
	epsg, said := how.EPSG, fmt.Sprintf("EPSG:%d was asked for", how.EPSG)
	if epsg == 0 {
		var err error
		if epsg, said, err = crsMember(crs); err != nil {
			return System{}, err
		}
	}
	if !any {
		return System{words: "no coordinates"}, nil
	}
	if epsg == 0 {
		return bySize(bound, how.Projected)
	}
	s, err := Known(epsg, how.Projected)
	if err != nil {
		return System{}, err
	}
	if !s.Fits(bound) {
		return System{}, &FileError{fmt.Sprintf("%s, but the coordinates lie between %s and %s%s", said,
			Plain(bound.Min), Plain(bound.Max), hint(bound, how.Projected))}
	}
	if s.projection == nil && Swapped(bound, how.Projected) {
		return System{}, errSwapped(bound)
	}
	return s, nil
}

// Known returns the system of an EPSG number: WGS 84 and what is the same within a
// metre, SWEREF 99 TM, or the municipality's own projected system. Any other is a
// *FileError.
func Known(epsg, projected int) (System, error) {
	if words, ok := degreeSystems[epsg]; ok {
		return System{words: words}, nil
	}
	if epsg != geo.SWEREF99TM && epsg != projected {
		return System{}, &FileError{fmt.Sprintf("the coordinate system is EPSG:%d; areas are read in WGS 84 (EPSG:4326), SWEREF 99 TM (EPSG:3006) "+
			"or the municipality's own system: convert the file, for instance with ogr2ogr -t_srs EPSG:4326 areas.geojson FILE", epsg)}
	}
	p, err := geo.ProjectionOf(epsg)
	if err != nil {
		return System{}, fmt.Errorf("projection of the municipality: %w", err)
	}
	words := fmt.Sprintf("EPSG:%d, converted to WGS 84", epsg)
	if epsg == geo.SWEREF99TM {
		words = "SWEREF 99 TM (EPSG:3006), converted to WGS 84"
	}
	return System{words: words, projection: &p}, nil
}

func bySize(bound orb.Bound, projected int) (System, error) {
	for _, epsg := range []int{wgs84, projected, geo.SWEREF99TM} {
		s, err := Known(epsg, projected)
		if err != nil {
			return System{}, err
		}
		if !s.Fits(bound) {
			continue
		}
		if s.projection == nil && Swapped(bound, projected) {
			return System{}, errSwapped(bound)
		}
		return s, nil
	}
	return System{}, &FileError{fmt.Sprintf("the coordinates, between %s and %s, are neither WGS 84 (EPSG:4326) nor SWEREF 99 TM (EPSG:3006)%s: "+
		"convert the file, for instance with ogr2ogr -t_srs EPSG:4326 areas.geojson FILE",
		Plain(bound.Min), Plain(bound.Max), hint(bound, projected))}
}

// Fits reports whether coordinates can be of the system: within 4 degrees of the
// central meridian of a UTM zone, and in SWEREF 99 TM between Sweden's own limits. The
// least easting, 24 km west of Koster, keeps out the local zones, which have their
// middle at 150,000.
func (s System) Fits(bound orb.Bound) bool {
	if s.projection == nil {
		return bound.Min[0] >= -180 && bound.Max[0] <= 180 && bound.Min[1] >= -90 && bound.Max[1] <= 90
	}
	meridian, reach := centralMeridian(s.projection.EPSG())
	within, leastEasting := orb.Bound{Min: orb.Point{meridian - reach, -80}, Max: orb.Point{meridian + reach, 84}}, 1000.0
	if s.projection.EPSG() == geo.SWEREF99TM {
		within, leastEasting = orb.Bound{Min: orb.Point{10, 54}, Max: orb.Point{25.2, 70}}, 240e3
	}
	for _, corner := range []orb.Point{bound.Min, bound.Max, bound.LeftTop(), bound.RightBottom()} {
		if corner[0] < leastEasting || corner[0] > 1e6 || corner[1] < 0 || corner[1] > 1e7 || !within.Contains(s.Degrees(corner)) {
			return false
		}
	}
	return true
}

// centralMeridian returns the middle of a system and how far to its sides it is used.
func centralMeridian(epsg int) (degrees, reach float64) {
	if epsg == geo.SWEREF99TM {
		return 15, 10.2
	}
	return float64(epsg%100)*6 - 183, 4
}

// Swapped reports whether degrees lie near the municipality only when they are read
// as latitude and longitude.
func Swapped(bound orb.Bound, projected int) bool {
	meridian, reach := centralMeridian(projected)
	near := func(low, high float64) bool { return low >= meridian-reach && high <= meridian+reach }
	return !near(bound.Min[0], bound.Max[0]) && near(bound.Min[1], bound.Max[1])
}

func errSwapped(bound orb.Bound) error {
	return &FileError{fmt.Sprintf("the coordinates begin near %s: latitude stands before longitude. GeoJSON has longitude first; "+
		"convert the file, for instance with ogr2ogr -s_srs EPSG:4326 -t_srs OGC:CRS84 areas.geojson FILE", Plain(bound.Min))}
}

// Plain writes a coordinate without an exponent: (6306000, 487000.5).
func Plain(p orb.Point) string {
	return fmt.Sprintf("(%s, %s)", strconv.FormatFloat(p[0], 'f', -1, 64), strconv.FormatFloat(p[1], 'f', -1, 64))
}

// hint names the system that coordinates look like, for those met in Sweden.
func hint(bound orb.Bound, projected int) string {
	x, y := bound.Center()[0], bound.Center()[1]
	between := func(v, low, high float64) bool { return low < v && v < high }
	switch {
	case between(x, -180, 180) && between(y, -90, 90):
		return "; they look like degrees (WGS 84)"
	case projected == geo.SWEREF99TM && between(x, 6.1e6, 7.7e6) && between(y, 2e5, 1e6):
		return "; they look like SWEREF 99 TM with northing before easting"
	case projected == geo.SWEREF99TM && between(x, 5e4, 2.5e5) && between(y, 6.1e6, 7.7e6):
		return "; they look like a local SWEREF 99 zone (EPSG:3007 to 3018)"
	case projected == geo.SWEREF99TM && between(x, 1.15e6, 1.95e6) && between(y, 6.1e6, 7.36e6):
		return "; they look like RT 90 (EPSG:3021)"
	case between(y, 1e6, 2.1e7) || between(-x, 1e6, 2.1e7):
		return "; they may be Web Mercator (EPSG:3857)"
	}
	return ""
}

func boundOf(features []Feature) (bound orb.Bound, any bool) {
	for _, f := range features {
		for _, polygon := range f.Geometry {
			for _, ring := range polygon {
				for _, p := range ring {
					if !any {
						bound, any = p.Bound(), true
					}
					bound = bound.Extend(p)
				}
			}
		}
	}
	return bound, any
}

var (
	epsgName  = regexp.MustCompile(`(?i)^(?:urn:(?:x-)?ogc:def:crs:)?EPSG:(?:[0-9.]*:)?([0-9]{4,6})$`)
	epsgURL   = regexp.MustCompile(`(?i)^https?://www\.opengis\.net/def/crs/EPSG/[0-9.]+/([0-9]{4,6})$`)
	crs84Name = []string{"urn:ogc:def:crs:ogc:1.3:crs84", "urn:ogc:def:crs:ogc::crs84", "ogc:crs84", "crs84", "http://www.opengis.net/def/crs/ogc/1.3/crs84"}
)

// crsMember reads the crs member; 0 means that the file has none.
func crsMember(raw json.RawMessage) (epsg int, said string, err error) {
	if len(raw) == 0 || string(raw) == "null" {
		return 0, "", nil
	}
	var crs struct {
		Properties struct {
			Name string          `json:"name"`
			Code json.RawMessage `json:"code"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(raw, &crs); err != nil {
		return 0, "", &FileError{"the crs member cannot be read; give the coordinate system with --crs"}
	}
	name := crs.Properties.Name
	said = fmt.Sprintf("the file says %s", name)
	if slices.Contains(crs84Name, strings.ToLower(name)) {
		return wgs84, said, nil
	}
	for _, form := range []*regexp.Regexp{epsgName, epsgURL} {
		if found := form.FindStringSubmatch(name); found != nil {
			epsg, err = strconv.Atoi(found[1])
			return epsg, said, err
		}
	}
	return 0, "", &FileError{fmt.Sprintf("the file's coordinate system is %q, which Samsyn does not know; convert the file to WGS 84, "+
		"for instance with ogr2ogr -t_srs EPSG:4326 areas.geojson FILE, or say what it is with --crs EPSG:NNNN", name)}
}
