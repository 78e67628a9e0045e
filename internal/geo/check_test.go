// SPDX-License-Identifier: EUPL-1.2

package geo

import (
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

// A polygon that cannot be used must be named before reports are placed in it;
// one that official sources publish must not be refused for its looks.
func TestCheckTellsUsableFromUnusable(t *testing.T) {
	shell := orb.Ring{{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}}
	tests := []struct {
		name string
		mp   orb.MultiPolygon
		want []ProblemKind
	}{
		{"a square", square(0, 0, 1), nil},
		{"clockwise", orb.MultiPolygon{{{{0, 0}, {0, 1}, {1, 1}, {1, 0}, {0, 0}}}}, nil},
		{"a repeated point", orb.MultiPolygon{{{{0, 0}, {1, 0}, {1, 0}, {1, 1}, {0, 0}}}}, nil},
		{"nothing", nil, []ProblemKind{NoGeometry}},
		{"an empty ring", orb.MultiPolygon{{{}}}, []ProblemKind{NoGeometry}},
		{"an empty hole", orb.MultiPolygon{{shell, {}}}, []ProblemKind{NoGeometry}},
		{"an empty second polygon", orb.MultiPolygon{{shell}, {}}, []ProblemKind{NoGeometry}},
		{"unclosed", orb.MultiPolygon{{{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}}, []ProblemKind{Unclosed}},
		{"two points", orb.MultiPolygon{{{{0, 0}, {1, 0}, {0, 0}}}}, []ProblemKind{TooFewPoints}},
		{"one point many times", orb.MultiPolygon{{{{1, 1}, {1, 1}, {1, 1}, {1, 1}}}}, []ProblemKind{TooFewPoints}},
		{"latitude 91", orb.MultiPolygon{{{{0, 0}, {1, 91}, {1, 1}, {0, 0}}}}, []ProblemKind{OutOfRange}},
		{"metres", orb.MultiPolygon{{{{674571, 6580743}, {674671, 6580743}, {674671, 6580843}, {674571, 6580743}}}}, []ProblemKind{Projected}},
		{"bow tie", orb.MultiPolygon{{{{0, 0}, {2, 2}, {2, 0}, {0, 2}, {0, 0}}}}, []ProblemKind{SelfIntersection}},
		{"through a corner on its own edge", orb.MultiPolygon{{{{0, 0}, {4, 0}, {4, 2}, {2, 0}, {2, -2}, {0, -2}, {0, 0}}}}, []ProblemKind{SelfIntersection}},
		{"along its own edge", orb.MultiPolygon{{{{0, 0}, {6, 0}, {6, 2}, {4, 0}, {2, 0}, {0, 2}, {0, 0}}}}, nil},
		{"a spike that rounding made cross (DeSO 0780C1201)", orb.MultiPolygon{{{{14.784501, 56.888479}, {14.790245, 56.889111}, {14.790129, 56.889098}, {14.789543, 56.890191}, {14.784501, 56.888479}}}}, nil},
		{"touches its own edge", orb.MultiPolygon{{{{0, 0}, {4, 0}, {4, 4}, {2, 0}, {0, 4}, {0, 0}}}}, nil},
		{"touches its own corner", orb.MultiPolygon{{{{0, 0}, {2, 2}, {4, 0}, {4, 4}, {2, 2}, {0, 4}, {0, 0}}}}, nil},
		{"a spike", orb.MultiPolygon{{{{0, 0}, {2, 0}, {2, 2}, {2, 5}, {2, 2}, {0, 2}, {0, 0}}}}, nil},
		{"a hole", orb.MultiPolygon{{shell, {{2, 2}, {4, 2}, {4, 4}, {2, 2}}}}, nil},
		{"a hole that touches", orb.MultiPolygon{{shell, {{0, 5}, {4, 2}, {4, 8}, {0, 5}}}}, nil},
		{"a hole outside", orb.MultiPolygon{{shell, {{20, 2}, {24, 2}, {24, 4}, {20, 2}}}}, []ProblemKind{HoleOutside}},
		{"a hole across the border", orb.MultiPolygon{{shell, {{8, 4}, {12, 5}, {8, 6}, {8, 4}}}}, []ProblemKind{SelfIntersection, SelfIntersection, HoleOutside}},
		{"two parts, one bad", orb.MultiPolygon{{shell}, {{{0, 0}, {2, 2}, {2, 0}, {0, 2}, {0, 0}}}}, []ProblemKind{SelfIntersection}},
	}
	for _, tt := range tests {
		got := Check(tt.mp)
		kinds := make([]ProblemKind, len(got))
		for i, p := range got {
			kinds[i] = p.Kind
		}
		if len(kinds) != len(tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
			continue
		}
		for i := range kinds {
			if kinds[i] != tt.want[i] {
				t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
			}
		}
	}
}

// The message must lead a person to the spot.
func TestProblemSaysWhere(t *testing.T) {
	got := Check(orb.MultiPolygon{square(0, 0, 1)[0], {{{4, 0}, {6, 2}, {6, 0}, {4, 2}, {4, 0}}}})
	if len(got) != 1 || got[0].String() != "polygon 2, ring 1 crosses itself, at 5 1" {
		t.Errorf("got %v", got)
	}
	metres := Check(orb.MultiPolygon{{{{674571, 6580743}, {674671, 6580743}, {674671, 6580843}, {674571, 6580743}}}})
	if len(metres) != 1 || !strings.Contains(metres[0].String(), "EPSG:4326") {
		t.Errorf("got %v", metres)
	}
}

// A file of the wrong kind must not fill the screen.
func TestCheckStopsAtTwenty(t *testing.T) {
	var zigzag orb.Ring
	for i := range 50 {
		zigzag = append(zigzag, orb.Point{float64(i), float64(i % 2)}, orb.Point{float64(i), float64(1 - i%2)})
	}
	for i := range 50 {
		zigzag = append(zigzag, orb.Point{float64(50 - i), 0.5})
	}
	zigzag = append(zigzag, zigzag[0])
	if got := Check(orb.MultiPolygon{{zigzag}}); len(got) != 20 {
		t.Errorf("%d problems", len(got))
	}
}

// What goes out as GeoJSON follows RFC 7946.
func TestRewindTurnsRingsTheRightWay(t *testing.T) {
	shell, hole := orb.Ring{{0, 0}, {0, 9}, {9, 9}, {9, 0}, {0, 0}}, orb.Ring{{2, 2}, {4, 2}, {4, 4}, {2, 2}}
	given := orb.MultiPolygon{{shell, hole}}
	out := Rewind(given)
	if out[0][0].Orientation() != orb.CCW || out[0][1].Orientation() != orb.CW {
		t.Error("rings wind the wrong way")
	}
	if given[0][0].Orientation() != orb.CW {
		t.Error("the given geometry was changed")
	}
}
