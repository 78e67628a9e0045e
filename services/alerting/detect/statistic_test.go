// SPDX-License-Identifier: EUPL-1.2

package detect

import (
	"encoding/csv"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"
)

var dispersed = math.Sqrt(1.3)

// The statistic is the heart of every flag; these values were derived twice.
func TestStatisticAgreesWithTheGoldenVectors(t *testing.T) {
	file, err := os.Open("testdata/sr_gp_golden.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil || len(rows) != 7 {
		t.Fatal(len(rows), err)
	}
	for _, row := range rows[1:] {
		g := gamma{number(t, row[1]), number(t, row[2])}
		exposures := make([]float64, Window)
		for i := range exposures {
			exposures[i] = 1
			if strings.HasPrefix(row[4], "dow") {
				exposures[i] = [...]float64{0.7, 0.7, 0.8, 0.9, 1.3, 1.5, 1.1}[i%7]
			}
		}
		var counts []int32
		for _, field := range strings.Fields(row[5]) {
			counts = append(counts, int32(number(t, field)))
		}
		want := number(t, row[6])
		if got := srgp(g, counts, exposures, number(t, row[3])).lnR; math.Abs(got-want) > 1e-12*math.Abs(want) {
			t.Errorf("%s: ln R %.17g, want %.17g", row[0], got, want)
		}
	}
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

type window struct {
	g         gamma
	counts    []int32
	exposures []float64
}

func drawWindow(t *rapid.T) window {
	w := window{g: gamma{rapid.Float64Range(0.1, 500).Draw(t, "a"), rapid.Float64Range(1, 2000).Draw(t, "b")}}
	for range rapid.IntRange(1, Window).Draw(t, "days") {
		w.counts = append(w.counts, int32(rapid.IntRange(0, 12).Draw(t, "count")))
		w.exposures = append(w.exposures, rapid.Float64Range(0.2, 3).Draw(t, "exposure"))
	}
	return w
}

// A report more must never take a flag away.
func TestAnIncidentMoreNeverLowersTheStatistic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWindow(t)
		before := srgp(w.g, w.counts, w.exposures, dispersed).lnR
		w.counts[rapid.IntRange(0, len(w.counts)-1).Draw(t, "day")]++
		if after := srgp(w.g, w.counts, w.exposures, dispersed).lnR; after < before-1e-12 {
			t.Fatalf("ln R fell from %v to %v", before, after)
		}
	})
}

// Where nothing happens nothing is evidence: R is a sum of 28 ratios below 1.
func TestWithoutIncidentsTheStatisticIsBelow28(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWindow(t)
		clear(w.counts)
		if lnR := srgp(w.g, w.counts, w.exposures, dispersed).lnR; lnR >= math.Log(28) {
			t.Fatalf("R = %v", math.Exp(lnR))
		}
	})
}

// The unit in which exposure is counted means nothing.
func TestTheUnitOfExposureDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWindow(t)
		want := srgp(w.g, w.counts, w.exposures, dispersed).lnR
		c := rapid.Float64Range(0.01, 100).Draw(t, "unit")
		for i := range w.exposures {
			w.exposures[i] *= c
		}
		w.g.b *= c
		if got := srgp(w.g, w.counts, w.exposures, dispersed).lnR; math.Abs(got-want) > 1e-9*(1+math.Abs(want)) {
			t.Fatalf("ln R %v, want %v", got, want)
		}
	})
}

// The bound on chance flags rests on this: under the model the mean of every ratio
// is 1, and tempering can only lower it.
func TestMeanLikelihoodRatioIsAtMostOne(t *testing.T) {
	g := gamma{4, 40}
	for _, theta := range thetas {
		r := rand.New(rand.NewPCG(1, uint64(theta*10)))
		const n = 100000
		sum, squares := 0.0, 0.0
		for range n {
			rate := distuv.Gamma{Alpha: g.a, Beta: g.b, Src: r}.Rand()
			count := distuv.Poisson{Lambda: 7 * rate, Src: r}.Rand()
			lr := math.Exp(g.lnLR(theta, count, 7) / dispersed)
			sum += lr
			squares += lr * lr
		}
		mean := sum / n
		se := math.Sqrt((squares/n - mean*mean) / n)
		if mean > 1+4*se {
			t.Errorf("theta %g: mean %v, standard error %v", theta, mean, se)
		}
	}
}

// A page that says "4-11 usually" must mean it.
func TestTailAndDistributionAddUpToOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := negbin{shape: rapid.Float64Range(0.01, 500).Draw(t, "shape"), mean: rapid.Float64Range(0.001, 500).Draw(t, "mean")}
		k := rapid.IntRange(-1, 1000).Draw(t, "k")
		if sum := n.tail(k+1) + n.cdf(k); math.Abs(sum-1) > 1e-13 {
			t.Fatalf("P(X > %d) + P(X <= %d) = %v", k, k, sum)
		}
		p := rapid.Float64Range(0.001, 0.999).Draw(t, "p")
		if q := n.quantile(p); n.cdf(q) < p || n.cdf(q-1) >= p {
			t.Fatalf("quantile(%v) = %d, but P(X <= %d) = %v and P(X <= %d) = %v", p, q, q, n.cdf(q), q-1, n.cdf(q-1))
		}
	})
}

// The distribution by its definition, term by term.
func TestNegativeBinomialAgreesWithDirectSums(t *testing.T) {
	n := negbin{shape: 2.5, mean: 3.2}
	sum, term := 0.0, math.Pow(n.shape/(n.shape+n.mean), n.shape)
	for k := range 40 {
		sum += term
		if math.Abs(n.cdf(k)-sum) > 1e-12 {
			t.Errorf("P(X <= %d) = %v, want %v", k, n.cdf(k), sum)
		}
		term *= (n.shape + float64(k)) / float64(k+1) * n.mean / (n.shape + n.mean)
	}
}
