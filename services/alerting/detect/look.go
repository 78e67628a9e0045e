// SPDX-License-Identifier: EUPL-1.2

package detect

import (
	"math"
	"slices"

	"samsyn/events"
)

// look is one evaluation: what all cells of a level share on a day.
type look struct {
	d        *Detector
	day      int // index of the current day
	views    map[*level]*view
	episodes map[Cell]Episode // the latest of each cell
}

// view is a level as a day sees it.
type view struct {
	weeks     int
	shape     shape
	exposures [][]float64 // by group, of the last 28 days
	lnCells   float64     // ln C
}

func (d *Detector) lookAt(t Day, prior []Episode) *look {
	k := &look{d: d, day: int(t - d.config.HistoryFrom), views: map[*level]*view{}, episodes: map[Cell]Episode{}}
	for _, e := range prior {
		if latest, ok := k.episodes[e.Cell]; !ok || latest.Opened < e.Opened {
			k.episodes[e.Cell] = e
		}
	}
	return k
}

// view works a level out when its first cell is looked at.
func (k *look) view(l *level) *view {
	if v := k.views[l]; v != nil {
		return v
	}
	v := &view{weeks: weeksKnown(k.day)}
	l.learn(v.weeks)
	v.shape = l.shapeAfter(v.weeks)
	v.exposures = make([][]float64, l.groups+1)
	for g := range v.exposures {
		v.exposures[g] = make([]float64, Window)
		for i := range Window {
			v.exposures[g][i] = v.shape.weekday[g][(l.start + Day(k.day-Window+1+i)).Weekday()]
		}
	}
	v.lnCells = math.Log(float64(len(l.areas) * (l.occurred(k.day) + 1)))
	k.views[l] = v
	return v
}

func (k *look) all() []Finding {
	var found []Finding
	for _, l := range k.d.levels {
		if !l.warm(k.day) {
			continue
		}
		for area := range l.areas {
			from := len(found)
			for group := range l.groups + 1 {
				found = k.cell(found, l, area, group)
			}
			slices.SortFunc(found[from:], func(a, b Finding) int { return a.Cell.compare(b.Cell) })
		}
	}
	return found
}

// cell appends the finding of a cell if there is one to tell.
func (k *look) cell(found []Finding, l *level, area, group int) []Finding {
	s := l.cell(area, group)
	episode, hasEpisode := k.episodes[Cell{l.name, l.areas[area], k.d.groupName(group)}]
	open := hasEpisode && episode.Open()
	if !open && s.sum(k.day-Window+1, k.day+1) < minObserved {
		return found
	}
	first := k.day - Window + 1
	if hasEpisode && episode.Ended == Calm {
		first = max(first, int(episode.Closed-k.d.config.HistoryFrom)+1)
	}
	if first > k.day {
		return found
	}
	f := k.finding(l, area, group, first)
	if f.Grade == "" && !open {
		return found
	}
	k.explain(&f, l, area, group)
	if open {
		f.Kept = s.sum(int(episode.Stated.From-l.start), int(episode.Stated.To-l.start)+1)
	}
	return append(found, f)
}

// minObserved is the least number of incidents that a flag rests on.
const minObserved = 2

// finding works out how far a cell is out of the ordinary, counting starts from
// first on.
func (k *look) finding(l *level, area, group, first int) Finding {
	v := k.view(l)
	counts := l.cell(area, group).window(first, k.day+1)
	exposures := v.exposures[group][first-(k.day-Window+1):]
	s := srgp(l.posterior(v.shape, area, group, v.weeks), counts[:k.day+1-first], exposures, k.d.root)
	f := Finding{
		Cell: Cell{l.name, l.areas[area], k.d.groupName(group)}, Day: l.start + Day(k.day),
		LnR: s.lnR, Margin: s.lnR - math.Log(k.d.config.AlertDays) - v.lnCells,
		From: l.start + Day(first+s.start), To: l.start + Day(k.day),
	}
	for _, n := range counts[s.start : k.day+1-first] {
		f.Observed += int(n)
	}
	f.Grade = k.d.grade(f, s)
	return f
}

// explain adds what is usual in the window of a finding.
func (k *look) explain(f *Finding, l *level, area, group int) {
	v := k.view(l)
	exposure := 0.0
	for _, e := range v.exposures[group][Window-1-int(f.To-f.From):] {
		exposure += e
	}
	usual := l.posterior(v.shape, area, group, v.weeks).predictive(exposure, k.d.config.Dispersion)
	f.Expected, f.Low, f.High = usual.mean, usual.quantile(0.05), usual.quantile(0.95)
	f.RecurrenceDays = math.Exp(min(f.LnR-v.lnCells, math.Log(longestRecurrence)))
}

// longestRecurrence keeps a number that says "practically never" readable: days.
const longestRecurrence = 36500

// grade holds a finding against the limits. A cell in which next to nothing is
// expected has a statistic of up to 28 without any incident: what raises a flag
// must be incidents, and more than expected.
func (d *Detector) grade(f Finding, s score) Grade {
	switch watch := math.Log(d.config.AlertDays / d.config.WatchDays); {
	case f.Observed < minObserved || s.lnLR <= 0:
		return ""
	case f.Margin >= 0:
		return events.GradeAlert
	case f.Margin >= -watch:
		return events.GradeWatch
	}
	return ""
}

func (d *Detector) groupName(group int) string {
	if group == len(d.config.Groups) {
		return ""
	}
	return d.config.Groups[group]
}
