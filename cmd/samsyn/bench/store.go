// SPDX-License-Identifier: EUPL-1.2

package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/pg"
)

// admin is the database as its administrator sees it: the floor is stored beside row-level security.
type admin struct{ *pgxpool.Pool }

func openAdmin(ctx context.Context, c pg.Config) (admin, error) {
	pool, err := pgxpool.New(ctx, c.URL)
	if err != nil {
		return admin{}, fmt.Errorf("open database: %w", err)
	}
	return admin{pool}, nil
}

func (db admin) size(ctx context.Context) (size int64, err error) {
	if err := db.QueryRow(ctx, "-- bench: size\nSELECT pg_database_size(current_database())").Scan(&size); err != nil {
		return 0, fmt.Errorf("size of database: %w", err)
	}
	return size, nil
}

const createFloor = `-- bench: what the floor stores
CREATE SCHEMA IF NOT EXISTS bench;
CREATE TABLE bench.event (agency text, report text, revision int, category text, lon float8, lat float8, occurred timestamptz, body bytea);
CREATE TABLE bench.count (category text, day date, n int, PRIMARY KEY (category, day))`

const raiseFloor = `-- bench: counts of the floor
INSERT INTO bench.count SELECT * FROM unnest($1::text[], $2::date[], $3::int[])
ON CONFLICT (category, day) DO UPDATE SET n = bench.count.n + excluded.n`

func (db admin) createFloor(ctx context.Context) error {
	if _, err := db.Exec(ctx, createFloor); err != nil {
		return fmt.Errorf("make tables: %w", err)
	}
	return nil
}

func (db admin) storeFloor(ctx context.Context, batch []bus.Delivery) error {
	type cell struct {
		category string
		day      time.Time
	}
	rows := make([][]any, len(batch))
	counts := map[cell]int32{}
	for i, d := range batch {
		e, _ := events.Decode(d.Body)
		var category *string
		var lon, lat *float64
		var occurred *time.Time
		if in := e.Incident; in != nil {
			category, occurred = &in.Category, &in.Occurred.From
			if in.Place.Point != nil {
				lon, lat = &in.Place.Point.Lon, &in.Place.Point.Lat
			}
			counts[cell{in.Category, in.Occurred.From.UTC().Truncate(24 * time.Hour)}]++
		}
		rows[i] = []any{string(d.Agency), string(e.Report), int32(e.Revision), category, lon, lat, occurred, d.Body}
	}
	var categories []string
	var days []time.Time
	var n []int32
	for c, k := range counts {
		categories, days, n = append(categories, c.category), append(days, c.day), append(n, k)
	}
	tx, err := db.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // after a commit there is nothing to roll back
	columns := []string{"agency", "report", "revision", "category", "lon", "lat", "occurred", "body"}
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"bench", "event"}, columns, pgx.CopyFromRows(rows)); err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	if _, err := tx.Exec(ctx, raiseFloor, categories, days, n); err != nil {
		return fmt.Errorf("count: %w", err)
	}
	return tx.Commit(ctx)
}
