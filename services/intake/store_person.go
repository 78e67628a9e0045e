// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/internal/pg"
)

const readAgency = `-- intake: a person's agency
SELECT name, login, per_second, suspended_at IS NOT NULL AS suspended, sharing, text_allowed
  FROM contract.agency WHERE municipality = $1 AND agency = $2`

type agencyRow struct {
	Name, Login string
	PerSecond   int
	Suspended   bool
	Sharing     string
	TextAllowed bool
}

// agency is ErrNoAgency when there is none of that name.
func (s store) agency(ctx context.Context, v pg.Viewer) (agencyRow, error) {
	var row agencyRow
	err := pg.InTx(ctx, s.db, v, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, readAgency, v.Municipality, v.Agency)
		if err != nil {
			return err
		}
		row, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[agencyRow])
		return err
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return agencyRow{}, ErrNoAgency
	case err != nil:
		return agencyRow{}, fmt.Errorf("read agency %s/%s: %w", v.Municipality, v.Agency, err)
	}
	return row, nil
}

const readWaiting = `-- intake: one event that waits for its sender
SELECT id, said_kind AS kind, said_report AS report, said_revision AS revision, event_id, since, reasons, notes, body
  FROM contract.quarantine WHERE municipality = $1 AND agency = $2 AND id = $3 AND state = 'open'`

func (s store) waiting(ctx context.Context, who grant, id uuid.UUID) (q quarantineRow, found bool, err error) {
	err = s.as(ctx, who, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, readWaiting, string(who.municipality), string(who.agency), id)
		if err != nil {
			return err
		}
		q, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[quarantineRow])
		return err
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return quarantineRow{}, false, nil
	case err != nil:
		return quarantineRow{}, false, fmt.Errorf("read quarantined event %s: %w", id, err)
	}
	return q, true, nil
}
