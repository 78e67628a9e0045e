// SPDX-License-Identifier: EUPL-1.2

package registry

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"samsyn/events"
)

const (
	// An anti-join with an array is planned as a nested loop: the keys to go are worked out here.
	deleteProperties = `-- registry: properties that the new register does not have
DELETE FROM registry.property WHERE municipality = $1 AND agency = $2 AND property = ANY ($3::text[])`

	putProperties = `-- registry: add properties, or replace those of the same key
INSERT INTO registry.property (municipality, agency, property, address, lon, lat)
SELECT $1, $2, u.property, u.address, u.lon, u.lat
  FROM unnest($3::text[], $4::text[], $5::float8[], $6::float8[]) AS u (property, address, lon, lat)
ON CONFLICT (municipality, agency, property) DO UPDATE
   SET address = excluded.address, lon = excluded.lon, lat = excluded.lat
 WHERE (property.address, property.lon, property.lat) IS DISTINCT FROM (excluded.address, excluded.lon, excluded.lat)`

	selectProperties = `-- registry: the property register of an agency
SELECT property AS key, address, lon, lat FROM registry.property WHERE municipality = $1 AND agency = $2 ORDER BY property`
)

// propertyBatch keeps a statement well under the role's time limit.
const propertyBatch = 5000

// replaceProperties makes the register what is given and returns how many went.
func (st store) replaceProperties(ctx context.Context, m events.MunicipalityID, a events.AgencyID, properties []Property) (removed int, err error) {
	before, err := st.properties(ctx, m, a)
	if err != nil {
		return 0, err
	}
	kept := make(map[string]bool, len(properties))
	for _, p := range properties {
		kept[p.Key] = true
	}
	var gone []string
	for _, p := range before {
		if !kept[p.Key] {
			gone = append(gone, p.Key)
		}
	}
	if _, err := st.tx.Exec(ctx, deleteProperties, m, a, gone); err != nil {
		return 0, fmt.Errorf("remove properties of %s: %w", a, err)
	}
	for part := range slices.Chunk(properties, propertyBatch) {
		var keys, addresses []string
		var lons, lats []float64
		for _, p := range part {
			keys, addresses = append(keys, p.Key), append(addresses, p.Address)
			lons, lats = append(lons, p.Lon), append(lats, p.Lat)
		}
		if _, err := st.tx.Exec(ctx, putProperties, m, a, keys, addresses, lons, lats); err != nil {
			return 0, fmt.Errorf("write properties of %s: %w", a, err)
		}
	}
	return len(gone), nil
}

func (st store) properties(ctx context.Context, m events.MunicipalityID, a events.AgencyID) ([]Property, error) {
	rows, err := st.tx.Query(ctx, selectProperties, m, a)
	if err != nil {
		return nil, fmt.Errorf("read properties of %s: %w", a, err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[Property])
	if err != nil {
		return nil, fmt.Errorf("read properties of %s: %w", a, err)
	}
	return all, nil
}
