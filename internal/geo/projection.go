// SPDX-License-Identifier: EUPL-1.2

package geo

import (
	"errors"
	"fmt"
	"math"
)

// ErrUnknownProjection says that an EPSG number is none that Samsyn calculates.
var ErrUnknownProjection = errors.New("unknown projected system")

// SWEREF99TM is the EPSG number of SWEREF 99 TM, the national system of Sweden.
const SWEREF99TM = 3006

// Projection is a transverse Mercator system: metres east and north on one side,
// degrees of longitude and latitude on the other. The zero Projection projects
// nothing; ProjectionOf makes one.
//
// The series is the one of Krueger (1912) in the third flattening to its sixth
// power, with the coefficients and the conformal latitude of Karney, Transverse
// Mercator with an accuracy of a few nanometers, J Geod 85 (2011), equations 7-9
// and 35-36.
type Projection struct {
	epsg          int
	centralLon    float64 // radians
	falseNorthing float64 // metres
	eccentricity  float64
	radius        float64 // scaled rectifying radius, metres
	alpha, beta   [6]float64
}

const (
	scaleOnCentralMeridian = 0.9996
	falseEasting           = 500000.0
)

// ProjectionOf returns the projection with an EPSG number: 3006 (SWEREF 99 TM),
// 32601-32660 or 32701-32760 (UTM, north and south). Any other number gives an
// error that wraps ErrUnknownProjection. WGS 84 and SWEREF 99 are taken as one
// datum; they differ by less than a metre.
func ProjectionOf(epsg int) (Projection, error) {
	switch zone := epsg % 100; {
	case epsg == SWEREF99TM:
		return transverseMercator(epsg, 15, 0, flatteningGRS80), nil
	case epsg/100 == 326 && 1 <= zone && zone <= 60:
		return transverseMercator(epsg, float64(6*zone-183), 0, flatteningWGS84), nil
	case epsg/100 == 327 && 1 <= zone && zone <= 60:
		return transverseMercator(epsg, float64(6*zone-183), 1e7, flatteningWGS84), nil
	}
	return Projection{}, fmt.Errorf("EPSG:%d: %w: use 3006 (SWEREF 99 TM) or a UTM zone, 32601-32660 or 32701-32760", epsg, ErrUnknownProjection)
}

func transverseMercator(epsg int, centralLon, falseNorthing, flattening float64) Projection {
	n := flattening / (2 - flattening)
	n2, n3, n4, n5, n6 := n*n, n*n*n, n*n*n*n, n*n*n*n*n, n*n*n*n*n*n
	return Projection{
		epsg:          epsg,
		centralLon:    radians(centralLon),
		falseNorthing: falseNorthing,
		eccentricity:  math.Sqrt(flattening * (2 - flattening)),
		radius:        scaleOnCentralMeridian * semiMajorAxis / (1 + n) * (1 + n2/4 + n4/64 + n6/256),
		alpha: [6]float64{
			n/2 - 2*n2/3 + 5*n3/16 + 41*n4/180 - 127*n5/288 + 7891*n6/37800,
			13*n2/48 - 3*n3/5 + 557*n4/1440 + 281*n5/630 - 1983433*n6/1935360,
			61*n3/240 - 103*n4/140 + 15061*n5/26880 + 167603*n6/181440,
			49561*n4/161280 - 179*n5/168 + 6601661*n6/7257600,
			34729*n5/80640 - 3418889*n6/1995840,
			212378941 * n6 / 319334400,
		},
		beta: [6]float64{
			n/2 - 2*n2/3 + 37*n3/96 - n4/360 - 81*n5/512 + 96199*n6/604800,
			n2/48 + n3/15 - 437*n4/1440 + 46*n5/105 - 1118711*n6/3870720,
			17*n3/480 - 37*n4/840 - 209*n5/4480 + 5569*n6/90720,
			4397*n4/161280 - 11*n5/504 - 830251*n6/7257600,
			4583*n5/161280 - 108847*n6/3991680,
			20648693 * n6 / 638668800,
		},
	}
}

// EPSG returns the number that the projection was made from.
func (p Projection) EPSG() int { return p.epsg }

// Forward returns the metres east and north of a point given in degrees. The
// error is under 1 mm within 3,900 km of the central meridian.
func (p Projection) Forward(lon, lat float64) (easting, northing float64) {
	conformal := p.conformalTangent(math.Tan(radians(lat)))
	sinLon, cosLon := math.Sincos(radians(lon) - p.centralLon)
	xi := math.Atan2(conformal, cosLon)
	eta := math.Asinh(sinLon / math.Hypot(conformal, cosLon))
	x, y := xi, eta
	for i, a := range p.alpha {
		k := float64(2 * (i + 1))
		x += a * math.Sin(k*xi) * math.Cosh(k*eta)
		y += a * math.Cos(k*xi) * math.Sinh(k*eta)
	}
	return falseEasting + p.radius*y, p.falseNorthing + p.radius*x
}

// Inverse returns the degrees of a point given in metres east and north. Forward
// of the result is the point again, within 1 mm, for points within 3,900 km of the
// central meridian; further away the result means nothing.
func (p Projection) Inverse(easting, northing float64) (lon, lat float64) {
	xi, eta := (northing-p.falseNorthing)/p.radius, (easting-falseEasting)/p.radius
	x, y := xi, eta
	for i, b := range p.beta {
		k := float64(2 * (i + 1))
		x -= b * math.Sin(k*xi) * math.Cosh(k*eta)
		y -= b * math.Cos(k*xi) * math.Sinh(k*eta)
	}
	sinh, cos := math.Sinh(y), math.Cos(x)
	conformal := math.Sin(x) / math.Hypot(sinh, cos)
	lon = degrees(math.Atan2(sinh, cos) + p.centralLon)
	return lon, degrees(math.Atan(p.geographicTangent(conformal)))
}

// conformalTangent makes the tangent of a latitude into that of the conformal
// latitude (Karney, equations 7-9).
func (p Projection) conformalTangent(tau float64) float64 {
	e := p.eccentricity
	hyp := math.Hypot(1, tau)
	sigma := math.Sinh(e * math.Atanh(e*tau/hyp))
	return tau*math.Hypot(1, sigma) - sigma*hyp
}

// geographicTangent is the inverse of conformalTangent by Newton's method
// (Karney, equations 19-21); it doubles its digits at each of the three steps.
func (p Projection) geographicTangent(conformal float64) float64 {
	e2 := p.eccentricity * p.eccentricity
	tau := conformal / (1 - e2)
	for range 3 {
		now := p.conformalTangent(tau)
		tau += (conformal - now) / math.Hypot(1, now) * (1 + (1-e2)*tau*tau) / ((1 - e2) * math.Hypot(1, tau))
	}
	return tau
}
