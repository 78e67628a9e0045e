// SPDX-License-Identifier: EUPL-1.2

package detect

// Expectation says what is usual in a cell in one ISO week.
type Expectation struct {
	// Monday is the first day of the week.
	Monday Day
	// Shape and Rate make the distribution of any part of the week: a count in an
	// exposure X is negative binomial with that shape and probability Rate / (Rate +
	// X), hence has the mean Shape / Rate * X.
	Shape, Rate float64
	// Exposure is that of Monday to Sunday; a day's mean is Shape / Rate * Exposure.
	Exposure [7]float64
	// Mean is the expected count of the whole week; 90 % of weeks as usual hold Low
	// to High.
	Mean      float64
	Low, High int
}

// Expected returns what is usual in a cell in each week from the one that holds
// from to the one that holds to, as the weeks' Mondays know it: what a week brings
// does not change what was expected of it. Weeks that begin less than ColdDays after
// the first incident of the level are left out.
func (d *Detector) Expected(c Cell, from, to Day) []Expectation {
	l, area, group, ok := d.find(c)
	if !ok {
		return nil
	}
	var weeks []Expectation
	for monday := from.Monday(); monday <= to; monday += 7 {
		if l.warm(int(monday - l.start)) {
			weeks = append(weeks, d.expectation(l, area, group, monday))
		}
	}
	return weeks
}

func (d *Detector) expectation(l *level, area, group int, monday Day) Expectation {
	weeks := weeksKnown(int(monday - l.start))
	l.learn(weeks)
	shape := l.shapeAfter(weeks)
	e := Expectation{Monday: monday}
	total := 0.0
	for i := range e.Exposure {
		e.Exposure[i] = shape.weekday[group][(monday + Day(i)).Weekday()]
		total += e.Exposure[i]
	}
	usual := l.posterior(shape, area, group, weeks).predictive(total, d.config.Dispersion)
	e.Shape, e.Rate, e.Mean = usual.shape, usual.shape*total/usual.mean, usual.mean
	e.Low, e.High = usual.quantile(0.05), usual.quantile(0.95)
	return e
}
