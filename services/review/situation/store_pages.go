// SPDX-License-Identifier: EUPL-1.2

package situation

import (
	"context"
	"time"

	"samsyn/internal/web"
)

// versions are the versions of some weeks, newest first.
func (in session) versions(ctx context.Context, from, to web.Week) ([]versionRow, error) {
	return collect[versionRow](ctx, in.tx, "versions", selectVersions, in.municipality, from.Monday(time.UTC), to.Monday(time.UTC))
}

// shapeRow is the outline of an area.
type shapeRow struct {
	Code, Level, Parent string
	Geometry            []byte
}

const selectShapes = `-- situation: outlines of areas in use
SELECT code, level, coalesce(parent, '') AS parent, geometry FROM contract.area
 WHERE municipality = $1 AND retired_at IS NULL AND level <> 'municipality' ORDER BY code`

func (in session) shapes(ctx context.Context) ([]shapeRow, error) {
	return collect[shapeRow](ctx, in.tx, "outlines", selectShapes, in.municipality)
}

const selectPeople = `-- situation: what people are called
SELECT person::text AS person, name FROM contract.person WHERE municipality = $1 AND person::text = ANY ($2)`

// people are the names of those who froze, wrote and decided.
func (in session) people(ctx context.Context, s Situation) (map[string]string, error) {
	ids := []string{s.Report.FrozenBy, s.Words.By}
	for _, d := range s.Words.Levels {
		ids = append(ids, d.By)
	}
	rows, err := collect[struct{ Person, Name string }](ctx, in.tx, "people", selectPeople, in.municipality, ids)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, p := range rows {
		names[p.Person] = p.Name
	}
	return names, nil
}
