// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"samsyn/internal/pg"
)

// What is acknowledged is never sent again, so it must be on the disk and not only committed: batches
// commit without waiting for it.
func TestHardenedIsOnTheDisk(t *testing.T) {
	w := newTown(t)
	pool, err := pg.Open(t.Context(), w.config, pg.RoleCorrelator, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	strict := &store{pool}
	exec := func(sql string) {
		t.Helper()
		if _, err := pool.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatal(err)
		}
	}
	exec("SET synchronous_commit = on") // the servers of tests are told not to wait
	exec("BEGIN; " + commitSoon[strings.IndexByte(commitSoon, '\n'):] + "; INSERT INTO correlator.head (municipality, batch) VALUES ('0780', 1); COMMIT")
	var committed string
	if err := pool.QueryRow(t.Context(), "SELECT pg_current_wal_insert_lsn()::text").Scan(&committed); err != nil {
		t.Fatal(err)
	}
	if err := strict.harden(t.Context()); err != nil {
		t.Fatal(err)
	}
	var onDisk bool
	if err := pool.QueryRow(t.Context(), "SELECT pg_current_wal_flush_lsn() >= $1::text::pg_lsn", committed).Scan(&onDisk); err != nil {
		t.Fatal(err)
	}
	if !onDisk {
		t.Error("a hardened commit is not on the disk")
	}
}
