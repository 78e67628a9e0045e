// SPDX-License-Identifier: EUPL-1.2

package feedback

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/internal/pg"
)

const (
	selectOutgoing = `-- feedback: what is committed and not yet published, in order
SELECT number, agency, id, body FROM review.feedback_outgoing WHERE municipality = $1 ORDER BY number LIMIT $2`

	deleteOutgoing = `-- feedback: what was published
DELETE FROM review.feedback_outgoing WHERE municipality = $1 AND number = ANY ($2)`
)

type outgoingRow struct {
	Number int64
	Agency events.AgencyID
	ID     uuid.UUID
	Body   []byte
}

func (s store) outgoing(ctx context.Context, m events.MunicipalityID, limit int) ([]outgoingRow, error) {
	rows, err := read[outgoingRow](ctx, s, selectOutgoing, m, limit)
	if err != nil {
		return nil, fmt.Errorf("read what is to be published of %s: %w", m, err)
	}
	return rows, nil
}

func (s store) forget(ctx context.Context, m events.MunicipalityID, numbers []int64) error {
	if len(numbers) == 0 {
		return nil
	}
	err := pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, deleteOutgoing, m, numbers)
		return err
	})
	if err != nil {
		return fmt.Errorf("forget what was published of %s: %w", m, err)
	}
	return nil
}
