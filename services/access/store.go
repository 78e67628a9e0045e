// SPDX-License-Identifier: EUPL-1.2

package access

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"samsyn/internal/pg"
	"samsyn/internal/web"
)

const selectChoices = `-- access: what may be looked at
SELECT municipality, name, made_up FROM contract.municipality ORDER BY municipality !~ '^[0-9]{4}$', made_up, name, municipality`

// choices are the municipalities of the installation.
func choices(ctx context.Context, db pg.Beginner) ([]web.Choice, error) {
	var all []web.Choice
	err := pg.InTx(ctx, db, pg.System, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectChoices)
		if err != nil {
			return fmt.Errorf("read municipalities: %w", err)
		}
		if all, err = pgx.CollectRows(rows, pgx.RowToStructByName[web.Choice]); err != nil {
			return fmt.Errorf("read municipalities: %w", err)
		}
		return nil
	})
	return all, err
}
