// SPDX-License-Identifier: EUPL-1.2

package pg_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"samsyn/internal/pg"
	"samsyn/internal/testenv"
)

const readViewer = `SELECT concat_ws('|', current_setting('samsyn.municipality', true), current_setting('samsyn.agency', true),
  current_setting('samsyn.person', true), current_setting('samsyn.roles', true), current_setting('samsyn.groups', true))`

func open(t *testing.T, c pg.Config, role pg.Role) *pgxpool.Pool {
	t.Helper()
	pool, err := pg.Open(t.Context(), c, role, 2)
	must(t, err)
	t.Cleanup(pool.Close)
	return pool
}

func viewer(t *testing.T, db pg.Beginner, v pg.Viewer) string {
	t.Helper()
	var got string
	must(t, pg.InTx(t.Context(), db, v, func(tx pgx.Tx) error { return tx.QueryRow(t.Context(), readViewer).Scan(&got) }))
	return got
}

// The next borrower of a connection must not see what the one before was.
func TestViewerEndsWithTheTransaction(t *testing.T) {
	t.Parallel()
	conn, err := open(t, testenv.Postgres(t), pg.RoleWeb).Acquire(t.Context())
	must(t, err)
	defer conn.Release()
	somebody := pg.Viewer{Municipality: "0780", Agency: "vaxjo", Person: "p1", Roles: []string{"member", "reporter"}, Groups: []string{"g1", "g2"}}
	if got := viewer(t, conn, somebody); got != "0780|vaxjo|p1|member,reporter|g1,g2" {
		t.Errorf("viewer is %q", got)
	}
	if got := viewer(t, conn, pg.System); got != "||||" {
		t.Errorf("after the transaction the viewer is still %q", got)
	}
}

// Serialization failures and deadlocks are the server's way to say "again": the caller does not see them.
func TestTransactionIsRepeatedWhenTheServerAsks(t *testing.T) {
	t.Parallel()
	pool := open(t, testenv.Postgres(t), pg.RoleWeb)
	for _, c := range []struct {
		name, state string
		failures    int
		runs        int
		ok          bool
	}{
		{"serialization failure", "40001", 4, 5, true},
		{"deadlock", "40P01", 1, 2, true},
		{"too often", "40001", 9, 5, false},
		{"another error", "23505", 1, 1, false},
	} {
		runs := 0
		err := pg.InTx(t.Context(), pool, pg.System, func(tx pgx.Tx) error {
			if runs++; runs > c.failures {
				return nil
			}
			_, err := tx.Exec(t.Context(), "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '"+c.state+"'; END $$")
			return err
		})
		if runs != c.runs || (err == nil) != c.ok {
			t.Errorf("%s: %d runs, error %v; want %d runs, success %t", c.name, runs, err, c.runs, c.ok)
		}
	}
}

// A caller who goes away leaves no transaction open, and the error of fn is the error of InTx.
func TestTransactionIsRolledBack(t *testing.T) {
	t.Parallel()
	c := testenv.Postgres(t)
	pool := open(t, c, pg.RoleWeb)
	gone := errors.New("the caller changed its mind")
	ctx, cancel := context.WithCancel(t.Context())
	err := pg.InTx(ctx, pool, pg.System, func(pgx.Tx) error {
		cancel()
		return gone
	})
	if !errors.Is(err, gone) {
		t.Errorf("InTx = %v, want the error of fn", err)
	}
	if got := query[int](t, c.URL, "SELECT count(*)::int FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()"); got != 0 {
		t.Errorf("%d transactions are still open", got)
	}
}

// agencyLogins makes login roles of agencies, as the registry does.
func agencyLogins(t *testing.T, c pg.Config, names ...string) {
	t.Helper()
	for _, n := range names {
		execute(t, c.URL, "CREATE ROLE "+n+" LOGIN IN ROLE samsyn_agency")
	}
}

// One agency's burst must not take every connection, and waiting ends with an answer.
func TestAgenciesWaitAndAreTurnedAway(t *testing.T) {
	t.Parallel()
	c := testenv.Postgres(t)
	agencyLogins(t, c, "samsyn_a_busy_a", "samsyn_a_busy_b")
	agencies := pg.OpenAgencies(c)
	agencies.Shrink(2, 50*time.Millisecond)
	t.Cleanup(agencies.Close)
	first, err := agencies.For("samsyn_a_busy_a").Begin(t.Context())
	must(t, err)
	second, err := agencies.For("samsyn_a_busy_b").Begin(t.Context())
	must(t, err)
	if _, err := agencies.For("samsyn_a_busy_b").Begin(t.Context()); !errors.Is(err, pg.ErrBusy) || pg.Class(err) != pg.Infrastructure {
		t.Errorf("a third transaction = %v, want ErrBusy", err)
	}
	must(t, first.Rollback(t.Context()))
	_ = first.Rollback(t.Context()) // already closed: its slot is given back once
	var who string
	err = pg.InTx(t.Context(), agencies.For("samsyn_a_busy_a"), pg.Viewer{Municipality: "0780"}, func(tx pgx.Tx) error {
		return tx.QueryRow(t.Context(), "SELECT session_user::text").Scan(&who)
	})
	must(t, err)
	if who != "samsyn_a_busy_a" {
		t.Errorf("the transaction is %s's", who)
	}
	must(t, second.Commit(t.Context()))
}

// A pool that is dropped is made anew; closed agencies stay closed.
func TestDroppedAgencyComesBackAndClosedOnesDoNot(t *testing.T) {
	t.Parallel()
	c := testenv.Postgres(t)
	agencyLogins(t, c, "samsyn_a_drop")
	agencies := pg.OpenAgencies(c)
	nothing := func(pgx.Tx) error { return nil }
	must(t, pg.InTx(t.Context(), agencies.For("samsyn_a_drop"), pg.System, nothing))
	agencies.Drop("samsyn_a_drop")
	must(t, pg.InTx(t.Context(), agencies.For("samsyn_a_drop"), pg.System, nothing))
	agencies.Close()
	if err := pg.InTx(t.Context(), agencies.For("samsyn_a_drop"), pg.System, nothing); err == nil {
		t.Error("closed agencies open a transaction")
	}
}
