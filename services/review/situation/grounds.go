// SPDX-License-Identifier: EUPL-1.2

package situation

import (
	"context"
	"fmt"

	"samsyn/internal/geo"
	"samsyn/internal/web"
)

// ground is that of a municipality's version, made once.
func (s *Service) ground(ctx context.Context, in session, town townRow) (web.Drawing, error) {
	return s.grounds.Of(in.municipality, town.Version, func() (web.Drawing, error) {
		shapes, err := in.shapes(ctx)
		if err != nil {
			return web.Drawing{}, err
		}
		return newGround(shapes, town)
	})
}

// newGround draws the areas, where they lie close if the rest is countryside.
func newGround(shapes []shapeRow, town townRow) (web.Drawing, error) {
	projection, err := geo.ProjectionOf(town.EPSG)
	if err != nil {
		return web.Drawing{}, fmt.Errorf("projected system: %w", err)
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
		shape, err := geo.ReadShape(s.Geometry)
		if err != nil {
			return web.Drawing{}, fmt.Errorf("area %s: %w", s.Code, err)
		}
		drawn = append(drawn, geo.Area{Code: s.Code, Level: geo.Level(s.Level), Parent: s.Parent, Geometry: shape})
	}
	all := web.NewGround(projection, drawn)
	box := all.Bound()
	if core, worth := all.Core(); worth {
		box = core
	}
	return all.Draw(box), nil
}
