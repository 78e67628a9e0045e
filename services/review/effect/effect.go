// SPDX-License-Identifier: EUPL-1.2

// Package effect says whether something that was done about a place changed how much happens there, as far as counts can
// tell: the weighted displacement difference of Wheeler and Ratcliffe (2018), "A simple weighted displacement difference
// test to evaluate place based crime interventions", Crime Science 7:11, against a control area, with a 95 % interval.
//
// It promises that an effect is claimed only where the interval leaves out zero, that it is never claimed of too few
// events or before the time after is as long as the time before, and that it says what else may lie behind a difference:
// a place chosen because it was high, a source that began or ceased.
//
// The interval takes events as independent (Poisson) and a difference as what the control area would have had in numbers,
// not in shares. Where events come in bursts it is too narrow: detection measures a variance of about 1.3 times the mean,
// which widens it by a seventh. It does not find a control area and cannot tell a good one from a bad one.
//
// It reads nothing and knows no clock. Nothing here fails: any counts have an answer, often that it cannot be decided.
package effect

import (
	"math"

	"samsyn/events"
)

// Counts are incidents in one area before and after something was done, over windows of equal length.
type Counts struct {
	Before int `json:"before"`
	After  int `json:"after"`
	// Weight is the size that a count is divided by to be compared with another area's: inhabitants, square kilometres, a
	// length of street. 0 is 1.
	Weight float64 `json:"weight,omitempty"`
}

// change is after less before in units of weight, with its variance. A count n of a Poisson number has variance n, divided
// by a weight w it has n/w² (Wheeler 2021, "The WDD test with different area sizes").
func (c Counts) change() (difference, variance float64) {
	w := c.Weight
	if w == 0 {
		w = 1
	}
	return float64(c.After-c.Before) / w, float64(c.After+c.Before) / (w * w)
}

// Test is what is compared: the place where something was done and its control, and, where somebody fears that the problem
// has moved, the places around both.
type Test struct {
	Treated, Control      Counts
	Nearby, NearbyControl Counts
}

// Estimate is a difference in incidents (below zero: fewer than the control area leads one to expect), with its standard
// error and 95 % interval.
type Estimate struct {
	Difference    float64 `json:"difference"`
	StandardError float64 `json:"standard_error"`
	Low           float64 `json:"low"`
	High          float64 `json:"high"`
}

// z95 is the 97.5 % point of the normal distribution.
const z95 = 1.959963984540054

func against(treated, control Counts) Estimate {
	t, vt := treated.change()
	c, vc := control.change()
	return estimate(t-c, vt+vc)
}

func estimate(difference, variance float64) Estimate {
	se := math.Sqrt(variance)
	return Estimate{Difference: difference, StandardError: se, Low: difference - z95*se, High: difference + z95*se}
}

// Local is the effect where something was done.
func (t Test) Local() Estimate { return against(t.Treated, t.Control) }

// Displacement is the effect around it: above zero the problem has moved there, below zero the good has spread.
func (t Test) Displacement() Estimate { return against(t.Nearby, t.NearbyControl) }

// Total is both together.
func (t Test) Total() Estimate {
	local, moved := t.Local(), t.Displacement()
	return estimate(local.Difference+moved.Difference, local.StandardError*local.StandardError+moved.StandardError*moved.StandardError)
}

// Verdict is what an estimate lets one say.
type Verdict string

// The verdicts.
const (
	Decrease  Verdict = "decrease"
	Increase  Verdict = "increase"
	Undecided Verdict = "undecided" // the interval spans zero
	TooFew    Verdict = "too_few"   // there are too few incidents to tell anything
	TooEarly  Verdict = "too_early" // the time after is not as long as the time before
	NoControl Verdict = "no_control"
	NoPast    Verdict = "no_past" // counting began after the time before had begun
)

// Text is what people are told.
func (v Verdict) Text() events.Text {
	return map[Verdict]events.Text{
		Decrease:  {SV: "säker minskning", EN: "certain decrease"},
		Increase:  {SV: "säker ökning", EN: "certain increase"},
		Undecided: {SV: "ingen säker skillnad", EN: "no certain difference"},
		TooFew:    {SV: "ingen säker skillnad: för få händelser", EN: "no certain difference: too few incidents"},
		TooEarly:  {SV: "för tidigt att säga", EN: "too early to say"},
		NoControl: {SV: "kan inte avgöras: inget jämförelseområde", EN: "cannot be decided: no control area"},
		NoPast:    {SV: "kan inte avgöras: för kort historik", EN: "cannot be decided: the history is too short"},
	}[v]
}

// fewest is how many incidents, before and after together, an area must have had for the normal approximation to hold: with
// fewer, four that become none would be called certain.
const fewest = 10

// Judge is the verdict on the place where something was done.
func (t Test) Judge() Verdict {
	if t.Treated.Before+t.Treated.After < fewest || t.Control.Before+t.Control.After < fewest {
		return TooFew
	}
	switch e := t.Local(); {
	case e.High < 0:
		return Decrease
	case e.Low > 0:
		return Increase
	}
	return Undecided
}
