// SPDX-License-Identifier: EUPL-1.2

package detect

import "math"

// Window is how many days the statistic looks back, the current one included, and
// how many the baseline leaves out so that a rise does not become its own yardstick.
const Window = 28

// thetas are the rises that the statistic has in mind, equally likely.
var thetas = [...]float64{1.5, 3, 6, 12, 24, 48}

// gamma is the posterior of a cell's rate: shape a and rate b, in units of exposure.
type gamma struct{ a, b float64 }

// predictive returns the distribution of a count in an exposure, with a variance
// that has at least the dispersion (variance over mean) given.
func (g gamma) predictive(exposure, dispersion float64) negbin {
	mean := g.a / g.b * exposure
	return negbin{shape: 1 / (1/g.a + (dispersion-1)/mean), mean: mean}
}

// lnLR is the logarithm of the likelihood ratio of a rate risen by theta against an
// unchanged one, for a count in an exposure: the ratio of two Gamma-Poisson
// marginals, whose expectation is 1 when nothing has changed.
func (g gamma) lnLR(theta, count, exposure float64) float64 {
	return g.lnLRAt(theta, math.Log(theta), count, exposure)
}

func (g gamma) lnLRAt(theta, lnTheta, count, exposure float64) float64 {
	return count*lnTheta + (g.a+count)*math.Log((g.b+exposure)/(g.b+theta*exposure))
}

// score is the statistic of one cell and its largest term.
type score struct {
	lnR   float64
	start int     // index of the day on which the largest term begins
	theta float64 // its rise
	lnLR  float64
}

// srgp is the windowed Shiryaev-Roberts sum of Gamma-Poisson likelihood ratios over
// all starts and rises, each tempered by root, the square root of the dispersion.
// counts and exposures are those of successive days, the current one last. The
// statistic exceeds A*C in at most one day of A on average over C cells, however
// they depend on each other (Shin, Ramdas and Rinaldo, E-detectors, 2022; Assuncao
// and Correa, Comput Stat Data Anal 53, 2009).
func srgp(g gamma, counts []int32, exposures []float64, root float64) score {
	var terms [Window * len(thetas)]float64
	best := score{lnLR: math.Inf(-1)}
	var lnThetas [len(thetas)]float64
	for i, theta := range thetas {
		lnThetas[i] = math.Log(theta)
	}
	count, exposure, n := 0.0, 0.0, 0
	for start := len(counts) - 1; start >= 0; start-- {
		count += float64(counts[start])
		exposure += exposures[start]
		for i, theta := range thetas {
			lnLR := g.lnLRAt(theta, lnThetas[i], count, exposure)
			if lnLR > best.lnLR {
				best.start, best.theta, best.lnLR = start, theta, lnLR
			}
			terms[n] = lnLR / root
			n++
		}
	}
	top := best.lnLR / root
	sum := 0.0
	for _, term := range terms[:n] {
		sum += math.Exp(term - top)
	}
	best.lnR = top + math.Log(sum/float64(len(thetas)))
	return best
}
