// SPDX-License-Identifier: EUPL-1.2

package testenv_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"samsyn/internal/pg"
	"samsyn/internal/testenv"
)

// Every test of every store starts here: it must be cheap, and no test may see another's rows.
func TestEachTestHasADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	began := time.Now()
	a := testenv.Postgres(t)
	first := time.Since(began)
	began = time.Now()
	b := testenv.Postgres(t)
	t.Logf("first database %s, second %s", first.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))

	conn, err := pgx.Connect(t.Context(), a.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "CREATE TABLE mine ()"); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	pool, err := pg.Open(t.Context(), b, pg.RoleCorrelator, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	var who, version string
	var there bool
	if err := pool.QueryRow(t.Context(), "SELECT session_user::text, to_regclass('mine') IS NOT NULL, current_setting('data_checksums')").Scan(&who, &there, &version); err != nil {
		t.Fatal(err)
	}
	if who != string(pg.RoleCorrelator) || there {
		t.Errorf("session is %s's, sees the neighbour's table: %t", who, there)
	}
}

// What a test process leaves would fill the disk of a machine that tests all day.
func TestNothingIsLeftWhenTheTestProcessIsGone(t *testing.T) {
	t.Parallel()
	if os.Getenv("SAMSYN_TEST_INNER") != "" {
		c := testenv.Postgres(t)
		conn, err := pgx.Connect(t.Context(), c.URL)
		if err != nil {
			t.Fatal(err)
		}
		var dir string
		if err := conn.QueryRow(t.Context(), "SHOW data_directory").Scan(&dir); err != nil {
			t.Fatal(err)
		}
		_, _ = os.Stdout.WriteString("DIR " + dir + "\n")
		os.Exit(1) // without any clean-up
	}
	inner := exec.Command(os.Args[0], "-test.run=TestNothingIsLeft")
	inner.Env = append(os.Environ(), "SAMSYN_TEST_INNER=1")
	out, _ := inner.Output() // it exits with 1
	_, dir, ok := strings.Cut(string(out), "DIR ")
	if !ok {
		t.Fatalf("the inner process said %q", out)
	}
	dir = strings.TrimSpace(dir)
	gone := exec.Command("/bin/sh", "-c", `for i in $(seq 100); do [ -e "$1" ] || exit 0; sleep 0.1; done; exit 1`, "sh", dir)
	if err := gone.Run(); err != nil {
		t.Errorf("%s is still there", dir)
	}
}
