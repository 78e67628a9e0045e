// SPDX-License-Identifier: EUPL-1.2

package registry

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"samsyn/events"
	"samsyn/internal/geo"
	"samsyn/services/registry/areas"
)

const selectAreas = `-- registry: areas of a municipality, retired ones too
SELECT code, level, name, coalesce(parent, '') AS parent, parent_given, made_of_areas, population, geometry, source,
       retired_at IS NOT NULL AS retired
  FROM registry.area WHERE municipality = $1
 ORDER BY array_position(ARRAY['municipality', 'district', 'area'], level), code`

type areaRow struct {
	Code, Level, Name, Parent, Source string
	ParentGiven, MadeOfAreas, Retired bool
	Population                        *int
	Geometry                          []byte
}

func (r areaRow) area() (areas.Area, error) {
	g, err := wkb.Unmarshal(r.Geometry)
	if err != nil {
		return areas.Area{}, fmt.Errorf("read geometry of area %s: %w", r.Code, err)
	}
	mp, ok := g.(orb.MultiPolygon)
	if !ok {
		return areas.Area{}, fmt.Errorf("read geometry of area %s: %s is no multipolygon", r.Code, g.GeoJSONType())
	}
	return areas.Area{
		Code: events.AreaCode(r.Code), Level: geo.Level(r.Level), Name: r.Name, Parent: events.AreaCode(r.Parent),
		ParentGiven: r.ParentGiven, MadeOfAreas: r.MadeOfAreas, Population: r.Population, Geometry: mp,
		Source: r.Source, Retired: r.Retired,
	}, nil
}

func (st store) areas(ctx context.Context, m events.MunicipalityID) ([]areas.Area, error) {
	rows, err := st.tx.Query(ctx, selectAreas, m)
	if err != nil {
		return nil, fmt.Errorf("read areas of %s: %w", m, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[areaRow])
	if err != nil {
		return nil, fmt.Errorf("read areas of %s: %w", m, err)
	}
	all := make([]areas.Area, len(found))
	for i, r := range found {
		if all[i], err = r.area(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

const putAreas = `-- registry: add areas, or replace those of the same code
INSERT INTO registry.area AS a (municipality, code, level, name, parent, parent_given, made_of_areas, population, geometry, source)
SELECT $1, u.code, u.level, u.name, nullif(u.parent, ''), u.parent_given, u.made_of_areas, u.population, u.geometry, u.source
  FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::boolean[], $8::int[], $9::bytea[], $10::text[])
    AS u (code, level, name, parent, parent_given, made_of_areas, population, geometry, source)
ON CONFLICT (municipality, code) DO UPDATE
   SET level = excluded.level, name = excluded.name, parent = excluded.parent, parent_given = excluded.parent_given,
       made_of_areas = excluded.made_of_areas, population = excluded.population, geometry = excluded.geometry,
       source = excluded.source, retired_at = NULL`

func (st store) putAreas(ctx context.Context, m events.MunicipalityID, put []areas.Area) error {
	var codes, levels, names, parents, sources []string
	var given, made []bool
	var populations []*int
	var geometries [][]byte
	for _, a := range put {
		geometry, err := wkb.Marshal(a.Geometry)
		if err != nil {
			return fmt.Errorf("write geometry of area %s: %w", a.Code, err)
		}
		codes, levels = append(codes, string(a.Code)), append(levels, string(a.Level))
		names, parents, sources = append(names, a.Name), append(parents, string(a.Parent)), append(sources, a.Source)
		given, made = append(given, a.ParentGiven), append(made, a.MadeOfAreas)
		populations, geometries = append(populations, a.Population), append(geometries, geometry)
	}
	_, err := st.tx.Exec(ctx, putAreas, m, codes, levels, names, parents, given, made, populations, geometries, sources)
	if err != nil {
		return fmt.Errorf("write areas of %s: %w", m, err)
	}
	return nil
}

const retireAreas = `-- registry: areas that are no more; what was counted in them stays
UPDATE registry.area SET retired_at = $3, parent = NULL, parent_given = false
 WHERE municipality = $1 AND code = ANY ($2::text[]) AND retired_at IS NULL`

func (st store) retireAreas(ctx context.Context, m events.MunicipalityID, codes []events.AreaCode, now time.Time) error {
	if _, err := st.tx.Exec(ctx, retireAreas, m, codes, now); err != nil {
		return fmt.Errorf("retire areas of %s: %w", m, err)
	}
	return nil
}
