// SPDX-License-Identifier: EUPL-1.2

package detect

import "gonum.org/v1/gonum/mathext"

// negbin is the negative binomial distribution of a count with a mean and a shape;
// its variance is mean + mean²/shape.
type negbin struct{ shape, mean float64 }

// tail returns P(X >= k). Whichever of tail and cdf is the smaller is worked out and
// the other is its complement, so that both are exact where they are small.
func (n negbin) tail(k int) float64 {
	switch {
	case k <= 0:
		return 1
	case n.mean <= 0:
		return 0
	case float64(k) <= n.mean:
		return 1 - n.lower(k-1)
	}
	return mathext.RegIncBeta(float64(k), n.shape, n.mean/(n.shape+n.mean))
}

// cdf returns P(X <= k).
func (n negbin) cdf(k int) float64 {
	switch {
	case k < 0:
		return 0
	case n.mean <= 0:
		return 1
	case float64(k+1) > n.mean:
		return 1 - n.tail(k+1)
	}
	return n.lower(k)
}

func (n negbin) lower(k int) float64 {
	return mathext.RegIncBeta(n.shape, float64(k+1), n.shape/(n.shape+n.mean))
}

// quantile returns the smallest k with P(X <= k) >= p, for 0 < p < 1.
func (n negbin) quantile(p float64) int {
	low, high := -1, 1 // cdf(low) < p <= cdf(high) holds after the first loop
	for n.cdf(high) < p {
		low, high = high, 2*high
	}
	for high-low > 1 {
		if mid := (low + high) / 2; n.cdf(mid) < p {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}
