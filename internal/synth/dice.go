// SPDX-License-Identifier: EUPL-1.2

package synth

import (
	"math"
	"math/rand/v2"
	"time"
)

// dice is a seeded source of chance.
type dice struct{ *rand.Rand }

func newDice(seed, stream uint64) *dice { return &dice{rand.New(rand.NewPCG(seed, stream))} }

// diceOf gives each local day its own chance, so that what happened on it does not
// depend on how many days are made.
func diceOf(seed uint64, day time.Time) *dice {
	return newDice(seed, uint64(day.Year())*1000+uint64(day.YearDay()))
}

// chance is true with probability p.
func (d *dice) chance(p float64) bool { return d.Float64() < p }

// between draws a duration evenly from [from, to), to the minute.
func (d *dice) between(from, to time.Duration) time.Duration {
	return (from + time.Duration(d.Float64()*float64(to-from))).Truncate(time.Minute)
}

// poisson draws a count (Knuth's product; means here are below 20).
func (d *dice) poisson(mean float64) int {
	limit, product, n := math.Exp(-mean), d.Float64(), 0
	for product > limit {
		product *= d.Float64()
		n++
	}
	return n
}

// pick draws an index by weight.
func (d *dice) pick(weights []float64) int {
	var sum float64
	for _, w := range weights {
		sum += w
	}
	at := d.Float64() * sum
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	return len(weights) - 1
}

// one draws a member of a list.
func one[T any](d *dice, list []T) T { return list[d.IntN(len(list))] }
