// SPDX-License-Identifier: EUPL-1.2

package geo

import (
	"math"
	"math/big"

	"github.com/paulmach/orb"
)

// side tells on which side of the line from a to b the point p lies: 1 left, -1
// right, 0 on the line. The answer is exact: where the rounding error could hide
// the sign (the bound is Shewchuk's, Adaptive precision floating-point arithmetic,
// 1997, section 4.3) it is worked out again in rational numbers.
func side(a, b, p orb.Point) int {
	left := (a[0] - p[0]) * (b[1] - p[1])
	right := (a[1] - p[1]) * (b[0] - p[0])
	det := left - right
	const (
		bound     = 3.3306690738754716e-16 // (3 + 16u)u with u = 2^-53
		underflow = 1e-290                 // below it the bound itself is not to be trusted
	)
	err := bound * (math.Abs(left) + math.Abs(right))
	switch {
	case det > err && err > underflow:
		return 1
	case -det > err && err > underflow:
		return -1
	case p == a || p == b:
		return 0
	}
	return exactSide(a, b, p)
}

func exactSide(a, b, p orb.Point) int {
	difference := func(x, y float64) *big.Rat {
		return new(big.Rat).Sub(new(big.Rat).SetFloat64(x), new(big.Rat).SetFloat64(y))
	}
	left := difference(a[0], p[0])
	left.Mul(left, difference(b[1], p[1]))
	right := difference(a[1], p[1])
	right.Mul(right, difference(b[0], p[0]))
	return left.Cmp(right)
}
