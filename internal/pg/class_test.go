// SPDX-License-Identifier: EUPL-1.2

package pg_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"samsyn/internal/pg"
)

// An event is never held against its sender because we were broken, and one bad row never stops the rest.
func TestClassTellsOurFaultFromTheRows(t *testing.T) {
	t.Parallel()
	state := func(code string) error { return fmt.Errorf("store: %w", &pgconn.PgError{Code: code}) }
	for _, c := range []struct {
		err  error
		want pg.ErrorClass
	}{
		{state("08006"), pg.Infrastructure},
		{state("25006"), pg.Infrastructure},
		{state("28P01"), pg.Infrastructure},
		{state("40001"), pg.Infrastructure},
		{state("40P01"), pg.Infrastructure},
		{state("53100"), pg.Infrastructure},
		{state("53300"), pg.Infrastructure},
		{state("55P03"), pg.Infrastructure},
		{state("57014"), pg.Infrastructure},
		{state("57P01"), pg.Infrastructure},
		{state("58030"), pg.Infrastructure},
		{state("XX001"), pg.Infrastructure},
		{context.DeadlineExceeded, pg.Infrastructure},
		{fmt.Errorf("read: %w", io.ErrUnexpectedEOF), pg.Infrastructure},
		{&pgconn.ConnectError{}, pg.Infrastructure},
		{state("22P05"), pg.Data},
		{state("22003"), pg.Data},
		{state("23505"), pg.Data},
		{state("23514"), pg.Data},
		{state("54001"), pg.Data},
		{state("42501"), pg.Other},
		{state("42P01"), pg.Other},
		{state(""), pg.Other},
		{errors.New("a bug"), pg.Other},
		{nil, pg.Other},
	} {
		if got := pg.Class(c.err); got != c.want {
			t.Errorf("Class(%v) = %s, want %s", c.err, got, c.want)
		}
	}
}

// A server that does not answer is ours, however the driver says it.
func TestServerThatIsAwayIsInfrastructure(t *testing.T) {
	t.Parallel()
	pool, err := pg.Open(t.Context(), pg.Config{URL: "postgres:///x?host=" + t.TempDir()}, pg.RoleWeb, 1)
	must(t, err)
	defer pool.Close()
	if err := pool.Ping(t.Context()); err == nil || pg.Class(err) != pg.Infrastructure {
		t.Errorf("Class(%v) = %s", err, pg.Class(err))
	}
}
