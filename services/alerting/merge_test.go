// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/internal/pg"
)

// Whoever reads flags finds the one that goes on: a place that is one thing is not listed twice.
func TestAFlagThatBecamePartOfAnotherNamesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	f := Flag{
		Municipality: vaxjo, ID: uuid.New(), Revision: 1, Verb: verbFlagged, Kind: events.KindRise, Grade: events.GradeAlert, State: stateOpen, Level: events.LevelArea,
		Area: "D1A1", Areas: []events.AreaCode{"D1A1"}, Group: "damage", WindowFrom: "2026-11-16", WindowTo: "2026-11-20", Agencies: []events.AgencyID{"bostad"},
		OpenedAt: now, OpenedAsOf: now, At: now, AsOf: now,
	}
	merged := f
	merged.Revision, merged.Verb, merged.State, merged.Into = 2, verbCleared, stateCleared, uuid.New()
	for n, step := range []Flag{f, merged} {
		var into uuid.NullUUID
		err := pg.InTx(t.Context(), w.alerting, pg.System, func(tx pgx.Tx) error {
			b := &pgx.Batch{}
			if err := queueFlagRow(b, step); err != nil {
				return err
			}
			if err := tx.SendBatch(t.Context(), b).Close(); err != nil {
				return err
			}
			return tx.QueryRow(t.Context(), `SELECT merged_into FROM contract.flag WHERE id = $1`, f.ID).Scan(&into)
		})
		if err != nil || into.Valid != (n == 1) || into.UUID != step.Into {
			t.Errorf("revision %d names %v: %v", n+1, into, err)
		}
	}
}
