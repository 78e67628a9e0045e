// SPDX-License-Identifier: EUPL-1.2

package geo

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
)

// Links reach 75 m: a distance that is off by the flattening of the earth would
// link or part reports. The vectors are PROJ's (geod 9.1.1 +ellps=WGS84).
func TestDistanceAgreesWithPROJ(t *testing.T) {
	vectors := []struct {
		a, b      orb.Point
		metres    float64
		tolerance float64
	}{
		{orb.Point{18.0686, 59.3293}, orb.Point{18.07, 59.33}, 111.500030, 1e-5},
		{orb.Point{-122.4194, 37.7749}, orb.Point{-122.4194, 37.7755}, 66.595336, 1e-5},
		{orb.Point{14.8059, 56.8777}, orb.Point{15.3, 57.2}, 46775.546659, 0.01},
		{orb.Point{0, 0}, orb.Point{0.4, 0}, 44527.796317, 0.01},
		{orb.Point{24.1, 65.8}, orb.Point{13.0038, 55.605}, 1283170.008307, 3000},
		{orb.Point{151.2093, -33.8688}, orb.Point{18.0686, 59.3293}, 15586080.746982, 40000},
		{orb.Point{13.0038, 55.605}, orb.Point{13.0038, 55.605}, 0, 0},
	}
	for _, v := range vectors {
		if got := Distance(v.a, v.b); math.Abs(got-v.metres) > v.tolerance {
			t.Errorf("from %v to %v: %.6f m, want %.6f", v.a, v.b, got, v.metres)
		}
		if Distance(v.a, v.b) != Distance(v.b, v.a) {
			t.Errorf("from %v to %v is not as far as back", v.a, v.b)
		}
	}
}
