// SPDX-License-Identifier: EUPL-1.2

package geo

import (
	"fmt"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
)

// ReadShape reads the outline of an area as it is stored: well-known binary of a polygon or several, WGS 84 (OGC 06-103r4, section 8).
func ReadShape(raw []byte) (orb.MultiPolygon, error) {
	g, err := wkb.Unmarshal(raw)
	if err != nil {
		return nil, fmt.Errorf("read geometry: %w", err)
	}
	switch g := g.(type) {
	case orb.MultiPolygon:
		return g, nil
	case orb.Polygon:
		return orb.MultiPolygon{g}, nil
	}
	return nil, fmt.Errorf("geometry is a %s", g.GeoJSONType())
}
