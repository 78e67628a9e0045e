// SPDX-License-Identifier: EUPL-1.2

package situation

import (
	"context"
	"fmt"
	"sync"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"samsyn/internal/geo"
	"samsyn/internal/web"
)

// ground is the map of a municipality's areas as one version of its reference data has them.
type ground struct {
	version int64
	drawing web.Drawing
}

// grounds keeps the latest of each municipality: outlines change a few times a year.
type grounds struct {
	mu   sync.Mutex
	kept map[string]*ground
}

// of returns the ground of a municipality's version. Two requests may make the same one at once; either will do.
func (g *grounds) of(ctx context.Context, in session, town townRow) (*ground, error) {
	g.mu.Lock()
	kept := g.kept[in.municipality]
	g.mu.Unlock()
	if kept != nil && kept.version == town.Version {
		return kept, nil
	}
	shapes, err := in.shapes(ctx)
	if err != nil {
		return nil, err
	}
	fresh, err := newGround(shapes, town)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	g.kept[in.municipality] = fresh
	g.mu.Unlock()
	return fresh, nil
}

// newGround draws the areas, where they lie close if the rest is countryside.
func newGround(shapes []shapeRow, town townRow) (*ground, error) {
	projection, err := geo.ProjectionOf(town.EPSG)
	if err != nil {
		return nil, fmt.Errorf("projected system: %w", err)
	}
	level := levelDistrict
	for _, s := range shapes {
		if s.Level == levelArea {
			level = levelArea
		}
	}
	var drawn []geo.Area
	for _, s := range shapes {
		if s.Level != level {
			continue
		}
		shape, err := readShape(s.Geometry)
		if err != nil {
			return nil, fmt.Errorf("area %s: %w", s.Code, err)
		}
		drawn = append(drawn, geo.Area{Code: s.Code, Level: geo.Level(s.Level), Parent: s.Parent, Geometry: shape})
	}
	all := web.NewGround(projection, drawn)
	box := all.Bound()
	if core, worth := all.Core(); worth {
		box = core
	}
	return &ground{town.Version, all.Draw(box)}, nil
}

// readShape reads well-known binary of a polygon or several.
func readShape(raw []byte) (orb.MultiPolygon, error) {
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
