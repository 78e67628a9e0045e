// SPDX-License-Identifier: EUPL-1.2

package effect

import (
	"math"
	"time"
)

// Window is a run of local days; To is the first day after it. Days are calendar dates at midnight UTC.
type Window struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Contains says whether a day lies in the window.
func (w Window) Contains(day time.Time) bool { return !day.Before(w.From) && day.Before(w.To) }

// Days is how long the window is.
func (w Window) Days() int { return int(w.To.Sub(w.From).Hours() / 24) }

// Windows are the weeks before and after something was done on a day, equally long and each of whole weeks, so that both
// have the same days of the week. flaggedFrom is the first of the days that made the place be chosen, zero if none: what
// was chosen because it was high falls back by itself, so those days are never what the time after is compared with.
func Windows(start, flaggedFrom time.Time, weeks int) (before, after Window) {
	end := start
	if !flaggedFrom.IsZero() && flaggedFrom.Before(start) {
		end = flaggedFrom
	}
	return Window{From: end.AddDate(0, 0, -7*weeks), To: end}, Window{From: start, To: start.AddDate(0, 0, 7*weeks)}
}

// wasHigh is the chance below which a window is called high: one in twenty.
const wasHigh = 0.05

// WasHigh says whether n incidents in some days were more than the past of the same place leads one to expect: had both the
// same rate, as many or more would come with a chance below one in twenty. Such a place goes back towards its usual by itself.
// Without a past it is false.
func WasHigh(n, days, past, pastDays int) bool {
	if n == 0 || days <= 0 || pastDays <= 0 {
		return false
	}
	return upperTail(n, n+past, float64(days)/float64(days+pastDays)) < wasHigh
}

// upperTail is the chance of k or more of n, each with chance p: given their sum, one of two Poisson numbers is binomial.
func upperTail(k, n int, p float64) float64 {
	sum := 0.0
	all, _ := math.Lgamma(float64(n + 1))
	for i := k; i <= n; i++ {
		a, _ := math.Lgamma(float64(i + 1))
		b, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(all - a - b + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return min(1, sum)
}

// Source is an agency's unit and when it was heard first and last; Unit is empty for the agency as a whole.
type Source struct {
	Agency, Unit string
	First, Last  time.Time
}

// Change is a source that began or ceased.
type Change struct {
	Agency string    `json:"agency"`
	Unit   string    `json:"unit"`
	Began  bool      `json:"began"` // else it ceased
	At     time.Time `json:"at"`
}

// quiet is how long a source is unheard before it is said to have ceased.
const quiet = 28 * 24 * time.Hour

// Changes are the sources that began after the time before had begun, or ceased before the time after had ended, in the
// order given: a difference may be theirs. A source that was heard within four weeks of the end has not ceased.
func Changes(sources []Source, before, after Window) []Change {
	var all []Change
	for _, s := range sources {
		if s.First.After(before.From) && s.First.Before(after.To) {
			all = append(all, Change{s.Agency, s.Unit, true, s.First})
		}
		if s.Last.After(before.From) && s.Last.Before(after.To.Add(-quiet)) {
			all = append(all, Change{s.Agency, s.Unit, false, s.Last})
		}
	}
	return all
}
