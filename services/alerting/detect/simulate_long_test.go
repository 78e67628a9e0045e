// SPDX-License-Identifier: EUPL-1.2

//go:build long

package detect

import (
	"math/rand/v2"
	"testing"
)

// The bound holds in every world that the design names, save where rates drift
// strongly: that limit is stated in the package comment and measured here.
func TestChanceFlagsStayUnderTheBoundInEveryWorld(t *testing.T) {
	const years = 10
	worlds := map[string]func(*world){
		"usual":               func(*world) {},
		"20 % told twice":     func(w *world) { w.duplicates = 0.2 },
		"30 % lead to others": func(w *world) { w.offspring = 0.3 },
		"20 a week":           func(w *world) { w.weekly = 20 },
		"60 a week":           func(w *world) { w.weekly = 60 },
		"100 areas":           func(w *world) { w.areas = 100 },
		"8 weeks of history":  func(w *world) { w.history, w.outbreaks = ColdDays, 0 },
		"strong drift":        func(w *world) { w.drift = 0.8 },
	}
	for name, change := range worlds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := usualWorld
			change(&w)
			flags := 0
			for seed := range uint64(years) {
				d, from, to := w.build(t, 1000+seed)
				flags += flagged(d, from, to)
			}
			perWeek := float64(flags) / (52 * years)
			t.Logf("%.2f chance flags a week", perWeek)
			if limit := map[bool]float64{true: 0.25, false: 0.5}[name == "usual"]; perWeek > limit && name != "strong drift" {
				t.Errorf("%.2f chance flags a week, want %.2f at most", perWeek, limit)
			}
		})
	}
}

// What the figures of the design promise about bursts.
func TestBurstsOfEveryShapeAreFound(t *testing.T) {
	const years = 10
	shapes := []struct {
		n, days   int
		least     float64
		maxMedian int
	}{{4, 3, 0.78, 2}, {6, 7, 0.90, 3}, {8, 14, 0.94, 5}, {12, 28, 0.94, 7}}
	for _, s := range shapes {
		share, delay := 0.0, 0
		for seed := range uint64(years) {
			d, from, to := usualWorld.build(t, 2000+seed)
			one, median := found(t, d, rand.New(rand.NewPCG(seed, uint64(s.n))), usualWorld, from, to, s.n, s.days, 120)
			share += one / years
			delay = max(delay, median)
		}
		t.Logf("%d in %d days: %.3f found, median delay at most %d days", s.n, s.days, share, delay)
		if share < s.least || delay > s.maxMedian+1 {
			t.Errorf("%d in %d days: %.3f found after %d days, want %.2f after %d", s.n, s.days, share, delay, s.least, s.maxMedian)
		}
	}
}
