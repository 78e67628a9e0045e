// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/internal/pg"
)

// Place is one flagged place as readers see it: commands, the API and the demo's report.
type Place struct {
	ID             uuid.UUID       `json:"id"`
	Revision       int             `json:"revision"`
	Kind           string          `json:"kind"`
	Grade          string          `json:"grade"`
	State          string          `json:"state"`
	Level          string          `json:"level"`
	Area           string          `json:"area"`
	Areas          []string        `json:"areas"`
	Parts          json.RawMessage `json:"parts"`
	Group          string          `json:"group"`
	Category       string          `json:"category,omitempty"`
	From           string          `json:"from"` // local days, both included
	To             string          `json:"to"`
	Observed       int             `json:"observed"`
	Expected       float64         `json:"expected"`
	Low            int             `json:"low"` // the 5-95 % predictive interval
	High           int             `json:"high"`
	RecurrenceDays *float64        `json:"recurrence_days"`
	Margin         float64         `json:"margin"`
	New            bool            `json:"new"`
	Agencies       []string        `json:"agencies"`
	Reason         events.Text     `json:"reason"`
	OpenedAsOf     time.Time       `json:"opened_as_of"` // the municipality's clock
	UpdatedAsOf    time.Time       `json:"updated_as_of"`
	ClearedAsOf    *time.Time      `json:"cleared_as_of,omitempty"`
}

const readPlaces = `-- alerting: flagged places, open ones first, the strongest first
SELECT id, revision, kind, grade, state, level, area, areas, parts, grp, category, window_from::text, window_to::text, observed, expected, low, high,
       recurrence_days, margin, fresh, agencies, reason_sv, reason_en, opened_as_of, updated_as_of, cleared_as_of
  FROM contract.flag
 WHERE municipality = $1 AND ($2 OR state = 'open') AND ($3::uuid IS NULL OR id = $3)
 ORDER BY state DESC, grade, margin DESC, id`

// Places lists the flagged places of a municipality as v may see them: the open ones, and with ended
// also those that were cleared.
func (s *Service) Places(ctx context.Context, v pg.Viewer, m events.MunicipalityID, ended bool) ([]Place, error) {
	return s.store.places(ctx, v, m, ended, nil)
}

func (s store) places(ctx context.Context, v pg.Viewer, m events.MunicipalityID, ended bool, id *uuid.UUID) (all []Place, err error) {
	err = pg.InTx(ctx, s.db, v, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, readPlaces, string(m), ended, id)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Place, err error) {
			err = row.Scan(&p.ID, &p.Revision, &p.Kind, &p.Grade, &p.State, &p.Level, &p.Area, &p.Areas, &p.Parts, &p.Group, &p.Category, &p.From, &p.To,
				&p.Observed, &p.Expected, &p.Low, &p.High, &p.RecurrenceDays, &p.Margin, &p.New, &p.Agencies, &p.Reason.SV, &p.Reason.EN,
				&p.OpenedAsOf, &p.UpdatedAsOf, &p.ClearedAsOf)
			return p, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read flagged places of %s: %w", m, err)
	}
	return all, nil
}
