// SPDX-License-Identifier: EUPL-1.2

package geo

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// A report given in metres must land where the agency's own map shows it. The
// vectors are PROJ's (cs2cs 9.1.1, EPSG:4258 and EPSG:4326).
func TestProjectionAgreesWithPROJ(t *testing.T) {
	vectors := []struct {
		epsg              int
		lat, lon          float64
		northing, easting float64
	}{
		{3006, 59.3293, 18.0686, 6580743.0083, 674571.8664},
		{3006, 55.605, 13.0038, 6163926.5534, 374243.7585},
		{3006, 67.8558, 20.2253, 7536069.9699, 719583.1230},
		{3006, 57.7089, 11.9746, 6400326.0362, 319758.0201},
		{3006, 65.8, 24.1, 7327768.6092, 915084.4507},
		{32638, 33.3, 44.4, 3684706.355550, 444140.544918},
		{32610, 37.7749, -122.4194, 4180998.881499, 551130.768481},
		{32610, 37.708, -122.514, 4173528.944821, 542838.265092},
		{32633, 59.3293, 18.0686, 6580743.008454, 674571.866447},
		{32633, 51.5, -0.5, 5820240.606517, -572804.926143},
		{32756, -33.8688, 151.2093, 6250948.345385, 334368.633648},
		{32630, 51.5, -0.5, 5708392.652609, 673519.503597},
		{32631, 0, 3, 0, 500000},
	}
	for _, v := range vectors {
		p, err := ProjectionOf(v.epsg)
		if err != nil {
			t.Fatal(err)
		}
		e, n := p.Forward(v.lon, v.lat)
		if math.Abs(e-v.easting) > 1e-4 || math.Abs(n-v.northing) > 1e-4 {
			t.Errorf("EPSG:%d forward %v %v = %.4f %.4f, want %.4f %.4f", v.epsg, v.lon, v.lat, e, n, v.easting, v.northing)
		}
		lon, lat := p.Inverse(v.easting, v.northing)
		if math.Abs(lon-v.lon) > 2e-9 || math.Abs(lat-v.lat) > 1e-9 {
			t.Errorf("EPSG:%d inverse %v %v = %.10f %.10f, want %v %v", v.epsg, v.easting, v.northing, lon, lat, v.lon, v.lat)
		}
	}
}

// There and back must not move a report, in any zone.
func TestInverseUndoesForward(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.IntRange(1, 60).Draw(t, "zone")
		south := rapid.IntRange(0, 1).Draw(t, "south")
		p, err := ProjectionOf(32600 + 100*south + zone)
		if err != nil {
			t.Fatal(err)
		}
		lon := float64(6*zone-183) + rapid.Float64Range(-15, 15).Draw(t, "lon from the meridian")
		lat := rapid.Float64Range(-84, 84).Draw(t, "lat")
		e, n := p.Forward(lon, lat)
		backLon, backLat := p.Inverse(e, n)
		metres := math.Hypot((backLon-lon)*math.Cos(radians(lat)), backLat-lat) * 111320
		if metres > 1e-6 {
			t.Fatalf("%v %v came back as %v %v, %g m away", lon, lat, backLon, backLat, metres)
		}
	})
}

// A municipality with a system we cannot calculate must be told so when it is set up.
func TestUnknownProjectionIsNamed(t *testing.T) {
	for _, epsg := range []int{0, -3006, 4326, 3857, 3011, 32600, 32661, 32700, 32761, 132633} {
		if _, err := ProjectionOf(epsg); !errors.Is(err, ErrUnknownProjection) {
			t.Errorf("EPSG:%d gave %v", epsg, err)
		}
	}
	if p, err := ProjectionOf(3006); err != nil || p.EPSG() != 3006 {
		t.Errorf("EPSG:3006 gave %v, %v", p.EPSG(), err)
	}
}
