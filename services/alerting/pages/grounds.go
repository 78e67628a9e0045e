// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"context"
	"fmt"
	"slices"

	"github.com/paulmach/orb"

	"samsyn/internal/geo"
	"samsyn/internal/web"
)

// reference is the areas of a municipality as its version has them, read and drawn
// once: outlines change a few times a year.
type reference struct {
	version int64
	areas   []area // by code
	byCode  map[string]int
	// lowest is the level that is counted and drawn: area, or district where there are
	// no areas.
	lowest geo.Level
	whole  web.Drawing
	// core is a larger drawing of where the areas lie close; nil where it adds nothing.
	core    *web.Drawing
	coreBox orb.Bound
	// sources are who the drawn areas come from, with their licence as it was given.
	sources []string
}

type area struct {
	code, name, parent string
	level              geo.Level
	population         int
	shape              orb.MultiPolygon
}

// reference is that of a municipality's version, made once.
func (s *Service) reference(ctx context.Context, st store, row municipality) (*reference, error) {
	return s.references.Of(st.municipality, row.Version, func() (*reference, error) {
		rows, err := st.readAreas(ctx)
		if err != nil {
			return nil, err
		}
		return newReference(rows, row)
	})
}

func newReference(rows []areaRow, row municipality) (*reference, error) {
	ref := &reference{version: row.Version, byCode: map[string]int{}, lowest: geo.LevelDistrict}
	for _, r := range rows {
		shape, err := geo.ReadShape(r.Geometry)
		if err != nil {
			return nil, fmt.Errorf("area %s: %w", r.Code, err)
		}
		a := area{code: r.Code, name: r.Name, parent: r.Parent, level: geo.Level(r.Level), shape: shape}
		if r.Population != nil {
			a.population = *r.Population
		}
		if a.level == geo.LevelArea {
			ref.lowest = geo.LevelArea
		}
		ref.byCode[a.code] = len(ref.areas)
		ref.areas = append(ref.areas, a)
		if r.Source != "" && !slices.Contains(ref.sources, r.Source) {
			ref.sources = append(ref.sources, r.Source)
		}
	}
	projection, err := geo.ProjectionOf(row.EPSG)
	if err != nil {
		return nil, fmt.Errorf("projected system: %w", err)
	}
	var drawn []geo.Area
	for _, a := range ref.areas {
		if a.level == ref.lowest {
			drawn = append(drawn, geo.Area{Code: a.code, Level: a.level, Parent: a.parent, Geometry: a.shape})
		}
	}
	ground := web.NewGround(projection, drawn)
	ref.whole = ground.Draw(ground.Bound())
	if box, worth := ground.Core(); worth {
		core := ground.Draw(box)
		ref.core, ref.coreBox = &core, box
	}
	return ref, nil
}

// name is what an area is called on a page: its own name, or its code.
func (ref *reference) name(code string) string {
	if i, ok := ref.byCode[code]; ok && ref.areas[i].name != "" {
		return ref.areas[i].name
	}
	return code
}

// parent is the name of the district that an area lies in; empty for a district.
func (ref *reference) parent(code string) string {
	i, ok := ref.byCode[code]
	if !ok || ref.areas[i].level != geo.LevelArea || ref.areas[i].parent == "" {
		return ""
	}
	return ref.name(ref.areas[i].parent)
}

// counted lists the areas that the map shows.
func (ref *reference) counted() []area {
	var out []area
	for _, a := range ref.areas {
		if a.level == ref.lowest {
			out = append(out, a)
		}
	}
	return out
}
