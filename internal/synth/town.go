// SPDX-License-Identifier: EUPL-1.2

package synth

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"samsyn/events"
)

// Town is what the generator must know of a place.
type Town struct {
	Municipality events.MunicipalityID
	Zone         *time.Location
	Areas        []Area
	// Scene says where the story takes place.
	Scene Scene
	// Reviewed is the local Monday of the week that the last meeting looked at; zero for a town without meetings. The story then begins in
	// that week, and what is to wait for a position lies after it.
	Reviewed time.Time
}

// Area is one area that things happen in.
type Area struct {
	Code     events.AreaCode
	District events.AreaCode
	// Weight is the area's share of what happens, against the other areas.
	Weight float64
	Shape  orb.MultiPolygon // WGS 84
}

// Scene names the areas of the story: each an area's code, Match and Quiet districts.
// Gathering and Dealing may be empty where the town has no Reviewed week.
type Scene struct {
	Rise    events.AreaCode // far more damage than usual in the last days
	Serious events.AreaCode // one shooting this week
	Shared  events.AreaCode // one event that three agencies see
	Match   events.AreaCode // the district of a coming match
	Quiet   events.AreaCode // the district whose caretakers fall silent
	Outside orb.Point       // a point outside the municipality

	Gathering events.AreaCode // gatherings through the reviewed week
	Dealing   events.AreaCode // dealing in its first days
}

// errNoGround is an area whose polygons enclose nothing to put an event on.
var errNoGround = errors.New("area encloses no ground")

const metresPerDegree = 111_320.0

// ground draws points evenly from the polygons of one area.
type ground struct {
	polygon orb.Polygon // the largest: islets get no events
	bound   orb.Bound
}

func newGround(a Area) (ground, error) {
	best, size := -1, 0.0
	for i, p := range a.Shape {
		if s := math.Abs(planar.Area(p)); s > size {
			best, size = i, s
		}
	}
	if best < 0 {
		return ground{}, fmt.Errorf("area %s: %w", a.Code, errNoGround)
	}
	return ground{polygon: a.Shape[best], bound: a.Shape[best].Bound()}, nil
}

// draw returns a point inside, with seven decimals (1 cm). After 10,000 misses the
// polygon is a sliver: its first vertex will do.
func (g ground) draw(r *dice) orb.Point {
	for range 10_000 {
		p := orb.Point{
			round7(g.bound.Min[0] + r.Float64()*(g.bound.Max[0]-g.bound.Min[0])),
			round7(g.bound.Min[1] + r.Float64()*(g.bound.Max[1]-g.bound.Min[1])),
		}
		if planar.PolygonContains(g.polygon, p) {
			return p
		}
	}
	return g.polygon[0][0]
}

// near returns a point inside and at most so many metres from p; p itself after 50
// misses.
func (g ground) near(r *dice, p orb.Point, metres float64) orb.Point {
	for range 50 {
		q := step(p, r.Float64()*metres, r.Float64()*2*math.Pi)
		if planar.PolygonContains(g.polygon, q) {
			return q
		}
	}
	return p
}

// step is the point so many metres away in a direction; good to 1 % within a town.
func step(p orb.Point, metres, direction float64) orb.Point {
	sin, cos := math.Sincos(direction)
	return orb.Point{
		round7(p[0] + metres*sin/(metresPerDegree*math.Cos(p[1]*math.Pi/180))),
		round7(p[1] + metres*cos/metresPerDegree),
	}
}

func round7(x float64) float64 { return math.Round(x*1e7) / 1e7 }

// distance in metres, good to 1 % within a town.
func distance(a, b orb.Point) float64 {
	return metresPerDegree * math.Hypot((a[0]-b[0])*math.Cos(a[1]*math.Pi/180), a[1]-b[1])
}
