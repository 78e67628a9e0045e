// SPDX-License-Identifier: EUPL-1.2

package detect

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"samsyn/events"
)

// world is a made-up town: 50 areas of very different size, five groups, 40
// incidents a week, two years to learn from and one to be judged in. Of its
// incidents some lead to another one near by and some are told twice and not
// linked, so that counts are more dispersed than chance makes them.
type world struct {
	areas      int
	weekly     float64
	offspring  float64 // share that leads to another within 14 days
	duplicates float64 // share that is told twice
	season     float64 // largest deviation of a group over the year
	townNoise  float64 // standard deviation of the logarithm of the town's week
	drift      float64 // of a cell's rate, standard deviation of the logarithm over a year
	outbreaks  int     // of ten incidents each, in the two years to learn from
	history    int     // days to learn from
}

var usualWorld = world{areas: 50, weekly: 40, offspring: 0.1, duplicates: 0.05, season: 0.2, townNoise: 0.15, drift: 0.3, outbreaks: 12, history: 2 * 364}

var (
	worldGroups = []string{"damage", "disorder", "violence", "drugs", "property_crime"}
	groupShares = []float64{0.34, 0.26, 0.18, 0.13, 0.09}
	worldWeek   = [7]float64{1.1, 0.7, 0.75, 0.85, 0.95, 1.35, 1.5} // from Sunday; about 1 on average
	worldStart  = DayOf(time.Date(2023, 1, 2, 0, 0, 0, 0, time.UTC))
)

// build fills a detector with the town's incidents and returns it with the days to
// be judged.
func (w world) build(t *testing.T, seed uint64) (d *Detector, from, to Day) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 11))
	config := Config{HistoryFrom: worldStart, Groups: worldGroups}
	sizes, sum := make([]float64, w.areas), 0.0
	for i := range sizes {
		sizes[i] = math.Exp(0.9 * r.NormFloat64())
		sum += sizes[i]
		config.Areas = append(config.Areas, Area{Level: events.LevelArea, Code: areaName(i)})
	}
	d, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	from, to = worldStart+Day(w.history), worldStart+Day(w.history)+363
	noise := map[Day]float64{}
	for day := worldStart; day <= to; day += 7 {
		noise[day] = math.Exp(w.townNoise*r.NormFloat64() - w.townNoise*w.townNoise/2)
	}
	for i := range sizes {
		for g, share := range groupShares {
			w.fill(t, d, r, cellOf(i, g), w.weekly/7*sizes[i]/sum*share, g, to, noise)
		}
	}
	for range w.outbreaks {
		c, start := cellOf(r.IntN(w.areas), r.IntN(5)), worldStart+Day(r.IntN(max(1, w.history-Window)))
		for range 10 {
			mustAdd(t, d, start+Day(r.IntN(14)), c, 1)
		}
	}
	return d, from, to
}

// fill draws the incidents of one cell.
func (w world) fill(t *testing.T, d *Detector, r *rand.Rand, c Cell, daily float64, group int, to Day, noise map[Day]float64) {
	drift := 0.0
	first := daily / (1 + w.offspring) / (1 + w.duplicates)
	for day := worldStart; day <= to; day++ {
		drift += w.drift / math.Sqrt(364) * r.NormFloat64()
		season := 1 + w.season*math.Sin(2*math.Pi*(float64(day)/364+float64(group)/5))
		rate := first * worldWeek[day.Weekday()] * season * noise[worldStart+(day-worldStart)/7*7] * math.Exp(drift)
		for range int(distuv.Poisson{Lambda: rate, Src: r}.Rand()) {
			told := []Day{day}
			if r.Float64() < w.offspring {
				told = append(told, day+Day(r.IntN(14)))
			}
			for _, at := range told {
				n := 1
				if r.Float64() < w.duplicates {
					n = 2
				}
				if at <= to {
					mustAdd(t, d, at, c, n)
				}
			}
		}
	}
}

func areaName(i int) events.AreaCode { return events.AreaCode(fmt.Sprintf("a%03d", i)) }

func cellOf(area, group int) Cell { return Cell{events.LevelArea, areaName(area), worldGroups[group]} }

func mustAdd(t *testing.T, d *Detector, day Day, c Cell, n int) {
	t.Helper()
	if err := d.Add(day, c, n); err != nil {
		t.Fatal(err)
	}
}

// midnight is the instant at which a day has just ended.
func midnight(day Day) time.Time { return (day + 1).Time() }

// flagged lives through the days and counts the flags that nobody had seen before.
func flagged(d *Detector, from, to Day) (flags int) {
	var episodes []Episode
	for day := from; day <= to; day++ {
		var told []Transition
		episodes, told = Advance(nil, d.Evaluate(midnight(day), nil, episodes), episodes)
		for _, tr := range told {
			if tr.Verb == Flagged && tr.Fresh {
				flags++
			}
		}
	}
	return flags
}

// found tells how many of the incidents that are added to a random cell, n in so
// many days, raise an ALERT there by a week after, and how many days that takes.
func found(t *testing.T, d *Detector, r *rand.Rand, w world, from, to Day, n, days, tries int) (share float64, median int) {
	delays := map[int]int{}
	hits := 0
	for range tries {
		c := cellOf(r.IntN(w.areas), r.IntN(5))
		start := from + Day(r.IntN(int(to-from)-days-7))
		at := []Day{start, start + Day(days-1)}
		for len(at) < n {
			at = append(at, start+Day(r.IntN(days)))
		}
		for _, day := range at {
			mustAdd(t, d, day, c, 1)
		}
		for day := start; day < start+Day(days+7); day++ {
			if alert(d.Evaluate(midnight(day), []Cell{c, {c.Level, c.Area, ""}}, nil)) {
				delays[int(day-start)]++
				hits++
				break
			}
		}
		for _, day := range at {
			mustAdd(t, d, day, c, -1)
		}
	}
	for half := 0; half < (hits+1)/2; median++ {
		half += delays[median]
	}
	return float64(hits) / float64(tries), median - 1
}

func alert(findings []Finding) bool {
	for _, f := range findings {
		if f.Grade == events.GradeAlert {
			return true
		}
	}
	return false
}

// The two promises together: chance raises at most one flag in AlertDays days on a
// level, and six incidents in a week in a place where that is unusual are found.
func TestChanceFlagsStayUnderTheBoundAndBurstsAreFound(t *testing.T) {
	const years = 4
	flags, share := 0, 0.0
	for seed := range uint64(years) {
		d, from, to := usualWorld.build(t, seed)
		flags += flagged(d, from, to)
		s, _ := found(t, d, rand.New(rand.NewPCG(seed, 5)), usualWorld, from, to, 6, 7, 100)
		share += s / years
	}
	if perWeek := float64(flags) / (52 * years); perWeek > 0.5 {
		t.Errorf("%.2f chance flags a week; the bound is 0.5", perWeek)
	} else {
		t.Logf("%.2f chance flags a week", perWeek)
	}
	if share < 0.90 {
		t.Errorf("%.2f of bursts of six in a week were found, want 0.90", share)
	} else {
		t.Logf("%.2f of bursts of six in a week found", share)
	}
}
