// SPDX-License-Identifier: EUPL-1.2

package detect

import (
	"math"
)

// The baseline of a cell says what is usual there: a Gamma posterior of its rate.
//
// History is read in weeks of seven days from its first day, so that each holds
// every weekday once, and counts from the week of the level's first incident; a day
// t knows the weeks that end by t-28. A week counts half
// as much when it is 182 days older. Exposure is 1 a day on average and differs by
// weekday as the group does on the whole level. The prior of a cell is the rate
// that its area and its group have on the level; where an area has hardly any
// history, three incidents' worth of the average area. An outbreak does not become
// usual: of a week, no more counts than the 99.99 % quantile of what was expected.
const (
	halfLife     = 182.0 // days
	priorShape   = 2.0
	priorArea    = 3.0  // incidents by which the share of an area is shrunk
	priorGroup   = 0.5  // the same for the share of a group
	priorLevel   = 1.0  // incidents added to a level, so that no rate is 0
	priorWeekday = 20.0 // incidents added to each weekday
	weekdayWeeks = 156  // how far back weekdays are counted
	capQuantile  = 0.9999
	capAfter     = 8 // weeks from the level's first incident before anything is capped
)

var (
	discountDay  = math.Pow(0.5, 1/halfLife)
	discountWeek = math.Pow(0.5, 7/halfLife)
)

func sqrt(v float64) float64 { return math.Sqrt(v) }

// weeksKnown returns how many weeks of history the baseline of a day knows.
func weeksKnown(day int) int { return max(0, (day-Window+1)/7) }

// learn works out sums and margins up to a number of weeks. It begins where they
// are still true, so a late count costs the weeks from its own on.
func (l *level) learn(weeks int) {
	for known := len(l.margins) - 1; known < weeks; known++ {
		shape := l.shapeAfter(known)
		margins := make([]float64, l.groups+1)
		for area := range l.areas {
			for group := range margins {
				margins[group] += l.learnCell(shape, area, group, known)
			}
		}
		l.margins = append(l.margins, margins)
		l.weekdays = append(l.weekdays, l.learnWeekdays(known))
	}
}

// learnCell adds one week to the discounted sum of a cell and returns it.
func (l *level) learnCell(shape shape, area, group, week int) float64 {
	s := l.cell(area, group)
	if len(s.days) == 0 {
		return 0
	}
	if len(s.sums) == 0 {
		s.sums = append(s.sums, 0)
	}
	for len(s.sums) <= week { // the cell had no counts in these weeks
		s.sums = append(s.sums, 0)
	}
	s.sums = s.sums[:week+1]
	sum, count, discounted := s.sums[week], 0, 0.0
	for _, n := range s.week(week) {
		count += int(n)
		discounted = discounted*discountDay + float64(n)
	}
	if week-max(0, l.first)/7 >= capAfter && count > 3 { // the week of the first incident is the first
		if most := l.mostUsual(shape, area, group, week, count); count > most {
			discounted *= float64(most) / float64(count)
		}
	}
	sum = sum*discountWeek + discounted
	s.sums = append(s.sums, sum)
	return sum
}

// week returns the seven counts of a week.
func (s *series) week(week int) (counts [7]int32) {
	copyCounts(counts[:], s.slice(7*week, 7*week+7))
	return counts
}

// mostUsual returns the largest count of a week that is no outbreak, at most count.
func (l *level) mostUsual(shape shape, area, group, week, count int) int {
	usual := l.posterior(shape, area, group, week).predictive(7, l.dispersion)
	if usual.tail(count) >= 1-capQuantile {
		return count
	}
	return usual.quantile(capQuantile)
}

func (l *level) learnWeekdays(week int) [][7]int {
	counts := make([][7]int, l.groups+1)
	for group := range counts {
		counts[group] = l.weekdays[week][group]
		for i, n := range l.whole[group].week(week) {
			counts[group][(l.start + Day(i)).Weekday()] += int(n)
		}
	}
	return counts
}

// shape is what a level looks like after so many weeks: by group the exposure of
// each weekday and of the discounted history.
type shape struct {
	weekday [][7]float64
	history []float64
}

func (l *level) shapeAfter(weeks int) shape {
	s := shape{weekday: make([][7]float64, l.groups+1), history: make([]float64, l.groups+1)}
	old := l.weekdays[max(0, weeks-weekdayWeeks)]
	for group := range s.weekday {
		counts, total := l.weekdays[weeks][group], 0
		for i := range counts {
			counts[i] -= old[group][i]
			total += counts[i]
		}
		ofWeek := 0.0
		for i, n := range counts {
			s.weekday[group][i] = (float64(n) + priorWeekday) / (float64(total)/7 + priorWeekday)
		}
		for i := range 7 {
			ofWeek = ofWeek*discountDay + s.weekday[group][(l.start+Day(i)).Weekday()]
		}
		known := max(0, weeks-max(0, l.first)/7) // the week of the first incident is the first
		s.history[group] = ofWeek * (1 - math.Pow(discountWeek, float64(known))) / (1 - discountWeek)
	}
	return s
}

// posterior returns what is known of the rate of a cell after so many weeks.
func (l *level) posterior(s shape, area, group, weeks int) gamma {
	history := s.history[group]
	if history == 0 {
		history = 1
	}
	margins := l.margins[weeks]
	all := margins[l.groups]
	mean := (all + priorLevel) / history
	mean *= (l.cell(area, l.groups).sumAfter(weeks) + priorArea) / (all + priorArea*float64(len(l.areas)))
	if group < l.groups {
		mean *= (margins[group] + priorGroup) / (all + priorGroup*float64(l.groups))
	}
	return gamma{a: priorShape + l.cell(area, group).sumAfter(weeks), b: priorShape/mean + s.history[group]}
}
