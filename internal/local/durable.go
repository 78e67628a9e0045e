// SPDX-License-Identifier: EUPL-1.2

package local

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// A role or a database may carry a setting of its own that the server's does not show.
const readDurability = `-- local: settings that let an acknowledged write be lost
SELECT name || '=' || setting FROM pg_settings
 WHERE (name IN ('fsync', 'full_page_writes', 'data_checksums') AND setting <> 'on')
    OR (name = 'synchronous_commit' AND setting NOT IN ('on', 'remote_apply', 'remote_write', 'local'))
UNION ALL
SELECT s || ' for a role or database' FROM pg_db_role_setting, unnest(setconfig) AS s WHERE s = 'synchronous_commit=off'
 ORDER BY 1`

// Querier asks a database: a pool or a connection.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// CheckDurable asks the server whether what it acknowledges is on its disk: fsync, full_page_writes,
// synchronous_commit and data checksums. It is used for external servers, too. The error is a
// *NotDurableError that names each setting, or that of a server that does not answer.
func CheckDurable(ctx context.Context, db Querier) error {
	rows, err := db.Query(ctx, readDurability)
	if err != nil {
		return fmt.Errorf("read settings of the database: %w", err)
	}
	wrong, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("read settings of the database: %w", err)
	}
	if len(wrong) > 0 {
		return &NotDurableError{Settings: wrong}
	}
	return nil
}

func checkDurableAt(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("connect to database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return CheckDurable(ctx, conn)
}
