// SPDX-License-Identifier: EUPL-1.2

package detect

import (
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"samsyn/events"
)

// Events come late, twice, corrected and in any order; what is flagged must be the
// same as if they had come in order. Looks in between must leave no trace.
func TestOrderOfCountsMakesNoDifference(t *testing.T) {
	type count struct {
		day   Day
		cell  Cell
		delta int
	}
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 3))
		last := worldStart + 200
		var counts []count
		for range 400 {
			counts = append(counts, count{worldStart + Day(r.IntN(201)), cellOf(r.IntN(4), r.IntN(5)), 1})
		}
		for range rapid.IntRange(0, 12).Draw(t, "burst") {
			counts = append(counts, count{last - Day(r.IntN(40)), cellOf(1, 2), 1})
		}
		for range 30 { // counted and taken back
			c := count{worldStart + Day(r.IntN(201)), cellOf(r.IntN(4), r.IntN(5)), 3}
			back := c
			back.delta = -3
			counts = append(counts, c, back)
		}
		sorted, shuffled := townOf(t, 4), townOf(t, 4)
		slices.SortStableFunc(counts, func(a, b count) int { return int(a.day - b.day) })
		for _, c := range counts {
			if err := sorted.Add(c.day, c.cell, c.delta); err != nil {
				t.Fatal(err)
			}
		}
		r.Shuffle(len(counts), func(i, j int) { counts[i], counts[j] = counts[j], counts[i] })
		for _, c := range counts {
			if err := shuffled.Add(c.day, c.cell, c.delta); err != nil {
				t.Fatal(err)
			}
			if r.IntN(20) == 0 {
				shuffled.Evaluate(midnight(worldStart+Day(r.IntN(300))), nil, nil)
			}
		}
		for _, day := range []Day{last, last + 20, last - 60} {
			a, b := sorted.Evaluate(midnight(day), nil, nil), shuffled.Evaluate(midnight(day), nil, nil)
			if !reflect.DeepEqual(a, b) {
				t.Fatalf("in order %+v\nshuffled %+v", a, b)
			}
			if one := shuffled.Evaluate(midnight(day), []Cell{cellOf(1, 2)}, nil); !slices.Equal(one, only(a, cellOf(1, 2))) {
				t.Fatalf("alone %+v, among all %+v", one, only(a, cellOf(1, 2)))
			}
		}
	})
}

func townOf(t *rapid.T, areas int) *Detector {
	config := Config{HistoryFrom: worldStart, Groups: worldGroups}
	for i := range areas {
		config.Areas = append(config.Areas, Area{Level: events.LevelArea, Code: areaName(i)})
	}
	d, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func only(findings []Finding, c Cell) []Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f Finding) bool { return f.Cell != c })
}

// The sentence under a flag is made of these numbers.
func TestFindingSaysSinceWhenAndAgainstWhat(t *testing.T) {
	d := town(t, 50)
	for day := worldStart; day < worldStart+364; day++ {
		mustAdd(t, d, day, cellOf(int(day)%50, int(day)%5), 1)
		if day%7 == 0 {
			mustAdd(t, d, day, cellOf(7, 0), 1) // one a week
		}
	}
	today := worldStart + 363
	for i := range 12 {
		mustAdd(t, d, today-Day(i%6), cellOf(7, 0), 1)
	}
	findings := only(d.Evaluate(midnight(today), nil, nil), cellOf(7, 0))
	if len(findings) != 1 {
		t.Fatal(findings)
	}
	f := findings[0]
	if f.Grade != events.GradeAlert || f.From != today-5 || f.To != today || f.Day != today || f.Observed != d.Count(f.Cell, f.From, f.To) || f.Observed < 12 {
		t.Errorf("%+v", f)
	}
	if f.Expected < 0.6 || f.Expected > 1 || f.Low != 0 || f.High < 2 || f.High > 5 {
		t.Errorf("%d against %.2f, %d-%d usual: about one a week happens there", f.Observed, f.Expected, f.Low, f.High)
	}
	cells := 50 * 6.0
	if math.Abs(f.Margin-(f.LnR-math.Log(14*cells))) > 1e-12 || math.Abs(f.RecurrenceDays-math.Min(36500, math.Exp(f.LnR)/cells)) > 1e-6 {
		t.Errorf("margin %v, recurrence %v for ln R %v over 300 cells", f.Margin, f.RecurrenceDays, f.LnR)
	}
}

// Every area and every group that occurs takes its share of the budget; a group
// that never occurs takes none.
func TestBudgetIsSharedByAreasAndGroupsThatOccur(t *testing.T) {
	d := town(t, 10)
	l := d.levels[2]
	mustAdd(t, d, worldStart+10, cellOf(0, 0), 1)
	mustAdd(t, d, worldStart+400, cellOf(1, 1), 1)
	for day, want := range map[int]float64{10: 20, 373: 20, 374: 10, 400: 20} {
		got := math.Exp(d.lookAt(worldStart+Day(day), nil).view(l).lnCells)
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("on day %d: %v cells, want %v", day, got, want)
		}
	}
}

// A new installation knows nothing yet: eight weeks pass before the first flag.
func TestNoFlagInTheFirstEightWeeks(t *testing.T) {
	d := town(t, 3)
	for day := worldStart; day < worldStart+120; day++ {
		mustAdd(t, d, day, cellOf(0, 0), 1)
		if day >= worldStart+40 {
			mustAdd(t, d, day, cellOf(1, 1), 9)
		}
	}
	if got := d.Evaluate(midnight(worldStart+ColdDays-1), nil, nil); got != nil {
		t.Errorf("on the last of 56 days: %v", got)
	}
	if got := d.Evaluate(midnight(worldStart+ColdDays), nil, nil); !alert(got) {
		t.Errorf("on the day after: %v", got)
	}
}

// A municipality may say that its history begins long before its agencies report:
// the empty years do not make every incident unusual.
func TestTimeBeforeTheFirstIncidentIsUnknownNotQuiet(t *testing.T) {
	d := town(t, 3)
	first := worldStart + 800
	for day := first; day < first+200; day++ {
		mustAdd(t, d, day, cellOf(int(day)%3, int(day)%5), 2)
	}
	for day := first; day < first+200; day++ {
		if got := d.Evaluate(midnight(day), nil, nil); alert(got) {
			t.Fatalf("%d days after the first incident: %+v", day-first, got)
		}
	}
	if e := d.Expected(Cell{events.LevelArea, areaName(0), ""}, first+150, first+150); len(e) != 1 || e[0].Mean < 4 || e[0].Mean > 5.5 {
		t.Errorf("fourteen a week in three areas, expected in one: %+v", e)
	}
	mustAdd(t, d, worldStart+5, cellOf(0, 0), 1) // a report of long ago, taken back
	mustAdd(t, d, worldStart+5, cellOf(0, 0), -1)
	if got := d.Evaluate(midnight(first+ColdDays-1), nil, nil); d.levels[2].warm(int(first-worldStart)+ColdDays-1) || len(got) != 0 {
		t.Errorf("a report that was taken back began the history: %+v", got)
	}
}

// Nor do they make the first weeks of reports an outbreak that does not become usual.
func TestTheFirstReportsAfterEmptyYearsAreUsual(t *testing.T) {
	d := town(t, 3)
	first := worldStart + 800
	for day := first; day < first+120; day++ {
		mustAdd(t, d, day, cellOf(1, 1), 14)
	}
	if e := d.Expected(cellOf(1, 1), first+119, first+119); len(e) != 1 || e[0].Mean < 85 || e[0].Mean > 100 {
		t.Errorf("98 a week from the first on, expected: %+v", e)
	}
	if got := d.Evaluate(midnight(first+84), nil, nil); alert(got) {
		t.Errorf("98 a week as ever: %+v", got)
	}
}

// A tick at local midnight looks at the day that has just ended, in summer too.
func TestCurrentDayIsTheOneThatIsEnding(t *testing.T) {
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Time]string{
		time.Date(2026, 10, 25, 0, 0, 0, 0, stockholm):              "2026-10-24",
		time.Date(2026, 10, 26, 0, 0, 0, 0, stockholm):              "2026-10-25",
		time.Date(2027, 3, 29, 0, 0, 0, 0, stockholm):               "2027-03-28",
		time.Date(2026, 7, 1, 0, 0, 0, 1, stockholm):                "2026-07-01",
		time.Date(2026, 6, 30, 23, 30, 0, 0, time.UTC):              "2026-06-30",
		time.Date(2026, 6, 30, 22, 0, 0, 1, time.UTC).In(stockholm): "2026-07-01",
		time.Date(1969, 12, 31, 12, 0, 0, 0, time.UTC):              "1969-12-31",
	} {
		if got := Current(at).String(); got != want {
			t.Errorf("%v looks at %s, want %s", at, got, want)
		}
	}
	for day := Day(-400); day < 400; day++ {
		if day.Weekday() != day.Time().Weekday() || day.Monday().Weekday() != time.Monday || day-day.Monday() > 6 || day < day.Monday() {
			t.Fatalf("%s is a %s, its week begins on %s", day, day.Weekday(), day.Monday())
		}
	}
}

// Saturdays are not out of the ordinary for being Saturdays.
func TestWeekdaysArePartOfWhatIsUsual(t *testing.T) {
	d := town(t, 2)
	for day := worldStart; day < worldStart+364; day++ {
		if day.Weekday() == time.Saturday {
			mustAdd(t, d, day, cellOf(0, 0), 6)
		}
	}
	e := d.Expected(cellOf(0, 0), worldStart+350, worldStart+350)[0]
	sum := 0.0
	for _, x := range e.Exposure {
		sum += x
	}
	if math.Abs(sum-7) > 1e-9 || e.Exposure[5] < 4 || e.Exposure[0] > 0.6 || e.Mean < 5 || e.Mean > 7 {
		t.Errorf("expected %.2f with exposures %.2f", e.Mean, e.Exposure)
	}
	if got := d.Evaluate(midnight(worldStart+363), nil, nil); len(got) != 0 {
		t.Errorf("six on Saturdays as always: %+v", got)
	}
}

// An outbreak that nobody has looked at must not raise what is usual, or the next
// one is missed.
func TestAnOutbreakDoesNotBecomeUsual(t *testing.T) {
	with, without := town(t, 20), town(t, 20)
	for day := worldStart; day < worldStart+364; day++ {
		for _, d := range []*Detector{with, without} {
			mustAdd(t, d, day, cellOf(int(day)%20, int(day)%5), 1)
		}
	}
	for i := range 30 {
		mustAdd(t, with, worldStart+200+Day(i%7), cellOf(3, 1), 1)
	}
	usual := func(d *Detector) float64 { return d.Expected(cellOf(3, 1), worldStart+300, worldStart+300)[0].Mean }
	if before, after := usual(without), usual(with); after > before+0.5 {
		t.Errorf("expected %.2f a week without the outbreak of 30, %.2f after it", before, after)
	}
}

// An area without history is judged by what its size and the group let expect, not
// by nothing.
func TestAnAreaWithoutHistoryBorrowsFromTheOthers(t *testing.T) {
	d := town(t, 10)
	for day := worldStart; day < worldStart+364; day++ {
		mustAdd(t, d, day, cellOf(int(day)%9, 0), 2)
		if day%10 == 0 {
			mustAdd(t, d, day, cellOf(int(day)%9, 1), 1)
		}
	}
	frequent := d.Expected(cellOf(9, 0), worldStart+350, worldStart+350)[0].Mean
	rare := d.Expected(cellOf(9, 1), worldStart+350, worldStart+350)[0].Mean
	if frequent < 0.02 || frequent > 0.5 || rare < 0.001 || frequent < 5*rare {
		t.Errorf("expected %.4f of the frequent and %.4f of the rare group", frequent, rare)
	}
}

// The page draws this band: nine weeks of ten must lie in it, and a week must not
// move its own yardstick.
func TestExpectedBandHoldsNineWeeksOfTen(t *testing.T) {
	d, from, to := usualWorld.build(t, 77)
	weeks, inside := 0, 0
	for area := range 50 {
		for _, group := range append([]string{""}, worldGroups...) {
			c := Cell{events.LevelArea, areaName(area), group}
			for _, e := range d.Expected(c, from, to-7) {
				weeks++
				if n := d.Count(c, e.Monday, e.Monday+6); e.Low <= n && n <= e.High {
					inside++
				}
			}
		}
	}
	if share := float64(inside) / float64(weeks); share < 0.90 || weeks < 50*6*50 {
		t.Errorf("%.3f of %d weeks lie in the band", share, weeks)
	}
	c := cellOf(0, 0)
	before := d.Expected(c, to-30, to)
	for day := to - 30; day <= to; day++ {
		mustAdd(t, d, day, c, 5)
	}
	if after := d.Expected(c, to-30, to); !slices.Equal(before[:4], after[:4]) {
		t.Error("what a week brought changed what was expected of it")
	}
	if got := d.Expected(c, worldStart, worldStart+ColdDays-1); len(got) != 0 {
		t.Errorf("weeks without history: %v", got)
	}
	e := before[0]
	if math.Abs(e.Shape/e.Rate*sumOf(e.Exposure[:])-e.Mean) > 1e-9 {
		t.Errorf("shape, rate and exposure give another mean than %v", e.Mean)
	}
}

func sumOf(v []float64) (sum float64) {
	for _, x := range v {
		sum += x
	}
	return sum
}

// A count in a cell that does not exist would never be seen.
func TestAddRefusesWhatItDoesNotKnow(t *testing.T) {
	d := town(t, 1)
	for _, c := range []Cell{
		{events.LevelArea, "elsewhere", "damage"},
		{events.LevelDistrict, areaName(0), "damage"},
		{events.LevelArea, areaName(0), "traffic"},
		{events.LevelArea, areaName(0), ""},
		{"parish", areaName(0), "damage"},
	} {
		if err := d.Add(worldStart, c, 1); !errors.Is(err, ErrUnknownCell) {
			t.Errorf("%v: %v", c, err)
		}
	}
	if err := d.Add(worldStart-1, cellOf(0, 0), 1); !errors.Is(err, ErrBeforeHistory) {
		t.Errorf("the day before history: %v", err)
	}
	mustAdd(t, d, worldStart+3, cellOf(0, 0), 2)
	mustAdd(t, d, worldStart+3, cellOf(0, 1), 1)
	for _, tt := range []struct {
		c        Cell
		from, to Day
		want     int
	}{
		{cellOf(0, 0), worldStart, worldStart + 9, 2},
		{Cell{events.LevelArea, areaName(0), ""}, worldStart + 3, worldStart + 3, 3},
		{cellOf(0, 0), worldStart, worldStart + 2, 0},
		{cellOf(0, 0), worldStart - 50, worldStart + 500, 2},
		{Cell{events.LevelArea, "elsewhere", ""}, worldStart, worldStart + 9, 0},
	} {
		if got := d.Count(tt.c, tt.from, tt.to); got != tt.want {
			t.Errorf("%v from %s to %s: %d, want %d", tt.c, tt.from, tt.to, got, tt.want)
		}
	}
}

// A correction may take back what was never counted here. The look goes on, and the
// rest of the town is judged as before.
func TestMoreTakenBackThanCountedIsNoIncidents(t *testing.T) {
	with, without := town(t, 3), town(t, 3)
	for day := worldStart; day < worldStart+300; day++ {
		for _, d := range []*Detector{with, without} {
			mustAdd(t, d, day, cellOf(int(day)%2, int(day)%5), 2)
		}
	}
	for day := worldStart; day < worldStart+300; day++ {
		mustAdd(t, with, day, cellOf(2, 0), -9)
	}
	if n := with.Count(cellOf(2, 0), worldStart, worldStart+300); n != 0 {
		t.Errorf("%d incidents counted", n)
	}
	for _, d := range []*Detector{with, without} {
		for i := range 9 {
			mustAdd(t, d, worldStart+299-Day(i%3), cellOf(1, 1), 1)
		}
	}
	a, b := with.Evaluate(midnight(worldStart+299), []Cell{cellOf(1, 1)}, nil), without.Evaluate(midnight(worldStart+299), []Cell{cellOf(1, 1)}, nil)
	if !alert(a) || !alert(b) || a[0].Observed != b[0].Observed {
		t.Errorf("%+v, without what was taken back %+v", a, b)
	}
}

// What is wrong with a municipality's set-up must be said at once and in full.
func TestNewNamesWhatIsWrong(t *testing.T) {
	_, err := New(Config{
		Groups: []string{"a", "a", ""}, WatchDays: 20, Dispersion: 0.5,
		Areas: []Area{{Level: events.LevelArea, Code: "x"}, {Level: events.LevelArea, Code: "x", Parent: "d"}, {Level: "parish", Code: "y"}},
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`group "a"`, `group ""`, `"x" stands twice`, `"parish"`, "WatchDays 20", "dispersion 0.5"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	if _, err := New(Config{Groups: []string{"1", "2", "3", "4", "5", "6"}}); err == nil {
		t.Error("six groups were taken")
	}
}

// Every committed batch is followed by a look at its cells, and midnight by one at
// all: 10 microseconds a cell.
func BenchmarkEvaluate(b *testing.B) {
	d := town(b, 579)
	r := rand.New(rand.NewPCG(1, 1))
	for day := worldStart; day < worldStart+364; day++ {
		for range 60 {
			if err := d.Add(day, cellOf(r.IntN(579), r.IntN(5)), 1); err != nil {
				b.Fatal(err)
			}
		}
	}
	asOf := midnight(worldStart + 363)
	b.Run("one report", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := d.Add(worldStart+363, cellOf(7, 1), 1); err != nil {
				b.Fatal(err)
			}
			d.Evaluate(asOf, []Cell{cellOf(7, 1), {events.LevelArea, areaName(7), ""}}, nil)
		}
	})
	b.Run("midnight", func(b *testing.B) {
		for b.Loop() {
			d.Evaluate(asOf, nil, nil)
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/(579*6), "us/cell")
	})
	b.Run("late report", func(b *testing.B) {
		for b.Loop() {
			if err := d.Add(worldStart+300, cellOf(7, 1), 1); err != nil {
				b.Fatal(err)
			}
			d.Evaluate(asOf, []Cell{cellOf(7, 1)}, nil)
		}
	})
}
