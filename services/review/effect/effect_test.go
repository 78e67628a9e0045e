// SPDX-License-Identifier: EUPL-1.2

package effect_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"samsyn/services/review/effect"
)

func round(x float64, decimals int) float64 {
	p := math.Pow(10, float64(decimals))
	return math.Round(x*p) / p
}

// The paper's numbers, those of its author's later note on areas of different size, and those of his own program.
func TestPublishedExamplesAreReproduced(t *testing.T) {
	paper := effect.Test{
		Treated: effect.Counts{Before: 207, After: 110}, Control: effect.Counts{Before: 308, After: 318},
		Nearby: effect.Counts{Before: 178, After: 157}, NearbyControl: effect.Counts{Before: 150, After: 140},
	}
	sized := paper
	sized.Treated.Weight, sized.Control.Weight, sized.Nearby.Weight, sized.NearbyControl.Weight = 1.2, 0.9, 1.5, 1.6
	simple := effect.Test{Treated: effect.Counts{Before: 100, After: 80}, Control: effect.Counts{Before: 100, After: 90}}
	for _, c := range []struct {
		name            string
		got             effect.Estimate
		difference, err float64
	}{
		{"simple", simple.Local(), -10, 19.2},
		{"paper, local", paper.Local(), -107, 30.7},
		{"paper, displacement", paper.Displacement(), -11, 25.0},
		{"paper, total", paper.Total(), -118, 39.6},
		{"sized, local", sized.Local(), -91.9, 31.5},
		{"sized, total", sized.Total(), -99.7, 35.4},
	} {
		if round(c.got.Difference, 1) != c.difference || round(c.got.StandardError, 1) != c.err {
			t.Errorf("%s: %.4f (%.4f), want %v (%v)", c.name, c.got.Difference, c.got.StandardError, c.difference, c.err)
		}
	}
	if total := sized.Total(); math.Abs(total.Difference+99.69444444) > 1e-8 || math.Abs(total.StandardError-35.4280755) > 1e-7 ||
		math.Abs(total.Low+169.1321965) > 1e-6 || math.Abs(total.High+30.25669241) > 1e-6 {
		t.Errorf("sized, total: %+v", total)
	}
	if total := paper.Total(); round(total.Low, 0) != -196 || round(total.High, 0) != -40 {
		t.Errorf("paper, total: %.1f to %.1f, want -196 to -40", total.Low, total.High)
	}
	if got := simple.Judge(); got != effect.Undecided {
		t.Errorf("100 to 80 against 100 to 90 is %s", got)
	}
	if got := paper.Judge(); got != effect.Decrease {
		t.Errorf("207 to 110 against 308 to 318 is %s", got)
	}
}

// What must hold of any counts: swapping before and after turns the sign, swapping the areas too, the same change in both is
// no effect, weights of one size are one weight, and a verdict is certain only when the interval leaves out zero.
func TestPropertiesOfAnyCounts(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	counts := func() effect.Counts { return effect.Counts{Before: dice.IntN(60), After: dice.IntN(60)} }
	for range 5000 {
		a, b := counts(), counts()
		e := effect.Test{Treated: a, Control: b}.Local()
		turned := effect.Test{Treated: effect.Counts{Before: a.After, After: a.Before}, Control: effect.Counts{Before: b.After, After: b.Before}}.Local()
		swapped := effect.Test{Treated: b, Control: a}.Local()
		if e.Difference != -turned.Difference || e.StandardError != turned.StandardError || e.Difference != -swapped.Difference {
			t.Fatalf("%v against %v: %+v, turned %+v, swapped %+v", a, b, e, turned, swapped)
		}
		if same := (effect.Test{Treated: a, Control: a}).Local(); same.Difference != 0 {
			t.Fatalf("%v against itself: %+v", a, same)
		}
		a.Weight, b.Weight = 3, 3
		if third := (effect.Test{Treated: a, Control: b}).Local(); math.Abs(3*third.Difference-e.Difference) > 1e-9 || math.Abs(3*third.High-e.High) > 1e-9 {
			t.Fatalf("weights of 3: %+v, of 1: %+v", third, e)
		}
		verdict := effect.Test{Treated: a, Control: b}.Judge()
		if certain := verdict == effect.Decrease || verdict == effect.Increase; certain && e.Low <= 0 && e.High >= 0 {
			t.Fatalf("%v against %v is %s with %+v", a, b, verdict, e)
		}
		if verdict == effect.Decrease && e.Difference >= 0 || verdict == effect.Increase && e.Difference <= 0 {
			t.Fatalf("%v against %v is %s with %+v", a, b, verdict, e)
		}
	}
}

// Where nothing was changed, certainty must be claimed about once in twenty times and not more, in quiet places too.
func TestNothingDoneIsSeldomCalledAnEffect(t *testing.T) {
	dice := rand.New(rand.NewPCG(3, 4))
	const trials = 20000
	for _, mean := range []float64{1, 3, 6, 12, 40} {
		claimed := 0
		for range trials {
			c := func() effect.Counts { return effect.Counts{Before: poisson(dice, mean), After: poisson(dice, mean)} }
			if v := (effect.Test{Treated: c(), Control: c()}).Judge(); v == effect.Decrease || v == effect.Increase {
				claimed++
			}
		}
		if share := float64(claimed) / trials; share > 0.06 {
			t.Errorf("with %v before and after, %.3f of tests claim an effect", mean, share)
		}
	}
}

// An effect that is there must be found: halving a hundred.
func TestAHalvedPlaceIsFound(t *testing.T) {
	dice := rand.New(rand.NewPCG(5, 6))
	const trials = 2000
	found := 0
	for range trials {
		v := effect.Test{
			Treated: effect.Counts{Before: poisson(dice, 100), After: poisson(dice, 50)}, Control: effect.Counts{Before: poisson(dice, 100), After: poisson(dice, 100)},
		}.Judge()
		if v == effect.Decrease {
			found++
		}
	}
	if share := float64(found) / trials; share < 0.7 {
		t.Errorf("found in %.2f of tests", share)
	}
}

func poisson(dice *rand.Rand, mean float64) int {
	n, p, limit := 0, 1.0, math.Exp(-mean)
	for {
		p *= dice.Float64()
		if p <= limit {
			return n
		}
		n++
	}
}

// Five that became three, and four that became none, say nothing: that is an honest answer.
func TestFewIncidentsDecideNothing(t *testing.T) {
	for _, treated := range []effect.Counts{{Before: 5, After: 3}, {Before: 4}, {}, {After: 9}} {
		if got := (effect.Test{Treated: treated, Control: effect.Counts{Before: 20, After: 20}}).Judge(); got != effect.TooFew {
			t.Errorf("%v: %s", treated, got)
		}
	}
	if got := (effect.Test{Treated: effect.Counts{Before: 30, After: 5}}).Judge(); got != effect.TooFew {
		t.Errorf("against an area where nothing happens: %s", got)
	}
}

func day(s string) time.Time {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return d
}

// The days that made a place be chosen are never what the time after is compared with.
func TestFlaggedDaysAreLeftOutOfTheTimeBefore(t *testing.T) {
	before, after := effect.Windows(day("2026-11-30"), day("2026-11-16"), 8)
	if !before.To.Equal(day("2026-11-16")) || !before.From.Equal(day("2026-09-21")) || !after.From.Equal(day("2026-11-30")) || !after.To.Equal(day("2027-01-25")) {
		t.Errorf("before %v, after %v", before, after)
	}
	if before.Days() != after.Days() || before.Days()%7 != 0 || before.Contains(day("2026-11-16")) || !before.Contains(day("2026-11-15")) {
		t.Errorf("before %d days, after %d days", before.Days(), after.Days())
	}
	for _, none := range []time.Time{{}, day("2026-12-24")} {
		if before, _ := effect.Windows(day("2026-11-30"), none, 8); !before.To.Equal(day("2026-11-30")) {
			t.Errorf("flagged from %v: before ends %v", none, before.To)
		}
	}
}

func TestAHighTimeBeforeIsPointedOut(t *testing.T) {
	for _, c := range []struct {
		n, past int
		want    bool
	}{{8, 52, false}, {20, 52, true}, {0, 0, false}, {3, 0, true}, {16, 52, true}, {12, 52, false}} {
		if got := effect.WasHigh(c.n, 56, c.past, 364); got != c.want {
			t.Errorf("%d in 56 days after %d in 364: %t", c.n, c.past, got)
		}
	}
	if effect.WasHigh(5, 56, 0, 0) {
		t.Error("without a past")
	}
}

// A new caretaker who reports looks like a rise, and one who left like an effect.
func TestSourcesThatBeganOrCeasedAreNamed(t *testing.T) {
	before, after := effect.Windows(day("2026-11-30"), time.Time{}, 8)
	sources := []effect.Source{
		{"polis", "", day("2025-01-01"), day("2027-01-20")},
		{"bostad", "syd", day("2026-11-02"), day("2027-01-20")},
		{"vakt", "", day("2025-01-01"), day("2026-12-10")},
		{"skola", "", day("2025-01-01"), day("2026-01-10")}, // long before either
		{"falt", "", day("2027-03-01"), day("2027-03-02")},
	}
	got := effect.Changes(sources, before, after)
	want := []effect.Change{{"bostad", "syd", true, day("2026-11-02")}, {"vakt", "", false, day("2026-12-10")}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestEveryVerdictHasWords(t *testing.T) {
	for _, v := range []effect.Verdict{effect.Decrease, effect.Increase, effect.Undecided, effect.TooFew, effect.TooEarly, effect.NoControl, effect.NoPast} {
		if text := v.Text(); text.SV == "" || text.EN == "" {
			t.Errorf("%s has no words", v)
		}
	}
}
