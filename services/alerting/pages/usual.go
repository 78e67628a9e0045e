// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"time"

	"gonum.org/v1/gonum/mathext"
)

// usual is what was to be expected of some days: the mean and the 5-95 % interval.
type usual struct {
	known     bool
	mean      float64
	low, high int
}

// through is what was to be expected of the week up to now: whole days that have
// passed, and of today the share that has. A week that is over is taken as it is
// stored.
func (e expected) through(a ask) usual {
	if !a.ongoing || len(e.Exposure) != 7 {
		return usual{true, e.Expected, e.Low, e.High}
	}
	exposure := 0.0
	for i, x := range e.Exposure {
		exposure += x * passed(a.monday.AddDate(0, 0, i), a.now)
	}
	mean := e.Shape / e.Rate * exposure
	return usual{true, mean, quantile(e.Shape, mean, 0.05), quantile(e.Shape, mean, 0.95)}
}

// passed is the share of a local day that has passed.
func passed(day, now time.Time) float64 {
	next := day.AddDate(0, 0, 1)
	return min(1, max(0, float64(now.Sub(day))/float64(next.Sub(day))))
}

// quantile is the smallest k with P(X <= k) >= p of a negative binomial count.
func quantile(shape, mean, p float64) int {
	if mean <= 0 {
		return 0
	}
	atMost := func(k int) float64 { return mathext.RegIncBeta(shape, float64(k+1), shape/(shape+mean)) }
	high := 0
	for step := 1; atMost(high) < p; step *= 2 {
		high += step
	}
	low := -1
	for high-low > 1 {
		if middle := (low + high) / 2; atMost(middle) < p {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}
