// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/internal/pg"
)

// reading is one transaction as the person's agency: no statement in it can read another's reports or register.
type reading struct {
	tx     pgx.Tx
	viewer pg.Viewer
}

// as reads as the agency whose login this is.
func (s store) as(ctx context.Context, login string, v pg.Viewer, fn func(reading) error) error {
	return pg.InTx(ctx, s.agencies.For(login), v, func(tx pgx.Tx) error { return fn(reading{tx, v}) })
}

// areaRow is an area that a report can name.
type areaRow struct{ Code, Level, Name string }

const selectAreas = `-- pages: areas in use, without their borders
SELECT code, level, name FROM contract.area WHERE municipality = $1 AND retired_at IS NULL AND level <> 'municipality'`

func (d reading) areas(ctx context.Context) ([]areaRow, error) {
	return all[areaRow](ctx, d.tx, "areas", selectAreas, d.viewer.Municipality)
}

// propertyRow is a row of the agency's own register.
type propertyRow struct{ Property, Address string }

const selectProperties = `-- pages: properties by key
SELECT property, address FROM contract.property WHERE municipality = $1 AND agency = $2 AND property = ANY ($3)`

func (d reading) properties(ctx context.Context, keys []string) ([]propertyRow, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	return all[propertyRow](ctx, d.tx, "properties", selectProperties, d.viewer.Municipality, d.viewer.Agency, keys)
}

// What is typed in full stands first, then what begins so, then what holds it.
const searchProperties = `-- pages: properties that people may mean
SELECT property, address FROM contract.property
 WHERE municipality = $1 AND agency = $2 AND (address ILIKE $3 OR property ILIKE $3)
 ORDER BY lower(address) = lower($4) OR lower(property) = lower($4) DESC, address ILIKE $5 DESC, address, property LIMIT $6`

func (d reading) search(ctx context.Context, words string, limit int) ([]propertyRow, error) {
	plain := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(words)
	return all[propertyRow](ctx, d.tx, "properties", searchProperties, d.viewer.Municipality, d.viewer.Agency, "%"+plain+"%", words, plain+"%", limit)
}

// unitRow is a unit of the agency.
type unitRow struct{ Unit, Name string }

const selectUnits = `-- pages: units of the agency
SELECT unit, name FROM contract.unit WHERE municipality = $1 AND agency = $2 ORDER BY name, unit`

func (d reading) units(ctx context.Context) ([]unitRow, error) {
	return all[unitRow](ctx, d.tx, "units", selectUnits, d.viewer.Municipality, d.viewer.Agency)
}

// fateRow is what the correlator has made of one report. Outcome is empty until it has read it.
type fateRow struct {
	Kind, Report string
	Revision     int
	Outcome      string
	Quarantine   string
	Reasons      []events.Reason
	State        string
	Area         string
	Day          *time.Time
	// What the review said of it, in words; Feedback is empty while it has not come to it.
	Feedback string
	TextSV   string
	TextEN   string
}

const selectFates = `-- pages: what became of reports
SELECT n.kind, n.report, coalesce(v.revision, 0) AS revision, coalesce(v.outcome, '') AS outcome, coalesce(q.state, '') AS quarantine, q.reasons,
       coalesce(r.state, '') AS state, coalesce(r.area, '') AS area, r.day,
       coalesce(f.state, '') AS feedback, coalesce(f.text_sv, '') AS text_sv, coalesce(f.text_en, '') AS text_en
  FROM unnest($3::text[], $4::text[]) AS n (kind, report)
  LEFT JOIN LATERAL (SELECT revision, outcome FROM contract.version
     WHERE municipality = $1 AND agency = $2 AND kind = n.kind AND report = n.report ORDER BY revision DESC LIMIT 1) v ON true
  LEFT JOIN LATERAL (SELECT state, reasons FROM contract.quarantine
     WHERE v.outcome = 'quarantined' AND municipality = $1 AND agency = $2 AND kind = n.kind AND report = n.report AND revision = v.revision LIMIT 1) q ON true
  LEFT JOIN contract.report r ON r.municipality = $1 AND r.agency = $2 AND n.kind = 'incident' AND r.report = n.report
  LEFT JOIN contract.feedback f ON f.municipality = $1 AND f.agency = $2 AND n.kind = 'incident' AND f.report = n.report`

func (d reading) fates(ctx context.Context, list []sent) (map[string]fateRow, error) {
	kinds, reports := make([]string, len(list)), make([]string, len(list))
	for i, t := range list {
		kinds[i], reports[i] = t.Kind, t.Report
	}
	rows, err := all[fateRow](ctx, d.tx, "fates of reports", selectFates, d.viewer.Municipality, d.viewer.Agency, kinds, reports)
	byReport := make(map[string]fateRow, len(rows))
	for _, r := range rows {
		byReport[r.Report] = r
	}
	return byReport, err
}

func all[T any](ctx context.Context, tx pgx.Tx, what, statement string, args ...any) ([]T, error) {
	rows, err := tx.Query(ctx, statement, args...)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[T])
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	return found, nil
}
