// SPDX-License-Identifier: EUPL-1.2

package detect

import (
	"math"
	"time"
)

// Needs returns how many incidents in the last so many days (1 to 28), spread
// evenly and with none in the 28 days otherwise, would raise an ALERT in a cell as
// its baseline stands at asOf. It is what a page says about an area before anything
// happens there: "needs 15 in a week". It returns 0 for an unknown cell, for other
// days, and while the history is too short for any flag.
func (d *Detector) Needs(asOf time.Time, c Cell, days int) int {
	t := Current(asOf)
	l, area, group, ok := d.find(c)
	if !ok || days < 1 || days > Window || !l.warm(int(t-d.config.HistoryFrom)) {
		return 0
	}
	v := d.lookAt(t, nil).view(l)
	limit := v.lnCells + math.Log(d.config.AlertDays)
	posterior := l.posterior(v.shape, area, group, v.weeks)
	return least(func(n int) bool {
		return n >= minObserved && srgp(posterior, spread(n, days), v.exposures[group], d.root).lnR >= limit
	})
}

// spread lays n incidents evenly on the last days of the window, from the first of
// these days on.
func spread(n, days int) []int32 {
	counts := make([]int32, Window)
	for i := range n {
		counts[Window-days+i*days/n]++
	}
	return counts
}

// least returns the smallest n for which ok holds; ok must hold from some n on.
func least(ok func(n int) bool) int {
	low, high := 0, 1 // not ok(low), ok(high) after the first loop
	for !ok(high) {
		low, high = high, 2*high
	}
	for high-low > 1 {
		if mid := (low + high) / 2; ok(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return high
}

// Field is how large the field is that a cell competes in: the areas of its level, and
// the groups that occurred on the level in the 52 weeks up to the day.
type Field struct{ Areas, Groups int }

// Needs returns how many incidents in the last so many days (1 to 28) up to day, spread
// evenly and with none in the 28 days otherwise, would raise an ALERT in a cell of which
// e says what is usual. It is Detector.Needs for who has only what is stored of a week,
// and agrees with it for the days that know as much as the week's Monday does; limits
// and dispersion are the defaults of Config. It returns 0 for other days and where
// nothing is known.
func (e Expectation) Needs(day Day, days int, field Field) int {
	total := 0.0
	for _, x := range e.Exposure {
		total += x
	}
	if days < 1 || days > Window || field.Areas < 1 || e.Shape <= 0 || e.Rate <= 0 || total <= 0 {
		return 0
	}
	exposures := make([]float64, Window)
	for i := range exposures {
		exposures[i] = e.Exposure[(int((day-Day(Window-1-i)).Weekday())+6)%7]
	}
	posterior := e.posterior(total)
	limit := math.Log(defaultAlertDays * float64(field.Areas*(field.Groups+1)))
	return least(func(n int) bool {
		return n >= minObserved && srgp(posterior, spread(n, days), exposures, sqrt(defaultDispersion)).lnR >= limit
	})
}

// posterior takes the dispersion out of the predictive distribution again (see
// gamma.predictive).
func (e Expectation) posterior(total float64) gamma {
	mean := e.Shape / e.Rate * total
	a := 1 / (1/e.Shape - (defaultDispersion-1)/mean)
	return gamma{a: a, b: a * total / mean}
}
