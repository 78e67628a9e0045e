// SPDX-License-Identifier: EUPL-1.2

package pg_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"samsyn/internal/local"
	"samsyn/internal/pg"
	"samsyn/internal/testenv"
	"samsyn/schemas"
)

// files are two migrations beside the real roles.
func files(t *testing.T) fstest.MapFS {
	t.Helper()
	roles, err := fs.ReadFile(schemas.SQL, "sql/roles.sql")
	must(t, err)
	return fstest.MapFS{
		"roles.sql":           {Data: roles},
		"001_create_one.sql":  {Data: []byte("CREATE SCHEMA one; CREATE TABLE one.note (text text DEFAULT '{{ not a template }}')")},
		"002_create_two.sql":  {Data: []byte("CREATE TABLE one.two (n int)")},
		"README-not-here.txt": {Data: []byte("not a migration")},
	}
}

// Roles of several instances that start together migrate at the same time.
func TestMigrateBesideItselfRunsEachMigrationOnce(t *testing.T) {
	t.Parallel()
	c := testenv.EmptyPostgres(t)
	var all errgroup.Group
	for range 4 {
		all.Go(func() error { return pg.Migrate(context.Background(), c) })
	}
	must(t, all.Wait())
	entries, err := fs.Glob(schemas.SQL, "sql/[0-9]*.sql")
	must(t, err)
	if got := query[int](t, c.URL, "SELECT count(*)::int FROM migration.applied"); got != len(entries) {
		t.Errorf("%d migrations recorded, want %d", got, len(entries))
	}
	if got := query[int](t, c.URL, "SELECT version FROM migration.version"); got != len(entries) {
		t.Errorf("version %d, want %d", got, len(entries))
	}
}

// An edited migration would leave databases of one version that differ.
func TestChangedMigrationIsRefused(t *testing.T) {
	t.Parallel()
	c, f := testenv.EmptyPostgres(t), files(t)
	must(t, pg.MigrateFrom(t.Context(), c, f))
	must(t, pg.MigrateFrom(t.Context(), c, f))

	changed := maps.Clone(f)
	changed["001_create_one.sql"] = &fstest.MapFile{Data: []byte("CREATE SCHEMA one -- edited")}
	var change *pg.ChangedMigrationError
	if err := pg.MigrateFrom(t.Context(), c, changed); !errors.As(err, &change) || change.Applied != "001_create_one.sql" {
		t.Errorf("MigrateFrom = %v, want a ChangedMigrationError of 001_create_one.sql", err)
	}
	fewer := maps.Clone(f)
	delete(fewer, "002_create_two.sql")
	var newer *pg.NewerDatabaseError
	if err := pg.MigrateFrom(t.Context(), c, fewer); !errors.As(err, &newer) || newer.Database != 2 || newer.Carried != 1 {
		t.Errorf("MigrateFrom = %v, want a NewerDatabaseError", err)
	}
}

// A migration that fails leaves the database at the one before, and the next try goes on from there.
func TestFailedMigrationLeavesTheOneBefore(t *testing.T) {
	t.Parallel()
	c, f := testenv.EmptyPostgres(t), files(t)
	good := f["002_create_two.sql"]
	f["002_create_two.sql"] = &fstest.MapFile{Data: []byte("CREATE TABLE one.half (n int); SELECT 1/0")}
	if err := pg.MigrateFrom(t.Context(), c, f); err == nil || !strings.Contains(err.Error(), "002_create_two.sql") {
		t.Fatalf("MigrateFrom = %v, want an error that names 002_create_two.sql", err)
	}
	if got := query[bool](t, c.URL, "SELECT to_regclass('one.note') IS NOT NULL AND to_regclass('one.half') IS NULL"); !got {
		t.Error("the database is not at migration 1")
	}
	f["002_create_two.sql"] = good
	must(t, pg.MigrateFrom(t.Context(), c, f))
}

// Where the server is rented there is no superuser: an owner of the database who may make roles is enough.
func TestMigrateWithoutSuperuser(t *testing.T) {
	t.Parallel()
	c := testenv.EmptyPostgres(t)
	execute(t, c.URL, "CREATE ROLE an_administrator LOGIN CREATEROLE CREATEDB")
	execute(t, c.URL, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO an_administrator', current_database()); END $$")
	u, err := url.Parse(c.URL)
	must(t, err)
	q := u.Query()
	q.Set("user", "an_administrator")
	u.RawQuery = q.Encode()
	for _, secret := range []string{"", "a secret"} {
		must(t, pg.Migrate(t.Context(), pg.Config{URL: u.String(), Secret: []byte(secret)}))
	}
}

// Objects belong to a role that nobody logs in as, whoever migrates.
func TestEverythingBelongsToTheOwner(t *testing.T) {
	t.Parallel()
	c := testenv.Postgres(t)
	got := query[string](t, c.URL, `SELECT coalesce(string_agg(DISTINCT nspname || ' of ' || r.rolname, ', '), '')
	  FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner
	 WHERE nspname !~ '^pg_|^information_schema$|^public$' AND r.rolname <> 'samsyn_owner'`)
	if got != "" {
		t.Errorf("schemas of others: %s", got)
	}
}

// With a secret every login has a password that only who knows the secret can give.
func TestPasswordsAreDerivedFromTheSecret(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, os.Chmod(filepath.Dir(dir), 0o755))
	server, err := local.StartPostgres(t.Context(), local.PostgresConfig{Dir: dir, Volatile: true, Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	t.Cleanup(func() { _ = server.Stop(context.Background()) })
	hba := "local all samsyn_admin trust\nlocal all all scram-sha-256\n"
	must(t, os.WriteFile(filepath.Join(server.Home, "cluster", "pg_hba.conf"), []byte(hba), 0o600))
	query[bool](t, server.URL, "SELECT pg_reload_conf()")

	c := pg.Config{URL: server.URL, Secret: []byte("a secret of an installation")}
	must(t, pg.Migrate(t.Context(), c))
	for _, try := range []struct {
		secret string
		ok     bool
	}{{"a secret of an installation", true}, {"another", false}, {"", false}} {
		pool, err := pg.Open(t.Context(), pg.Config{URL: server.URL, Secret: []byte(try.secret)}, pg.RoleWeb, 1)
		must(t, err)
		err = pool.Ping(t.Context())
		pool.Close()
		if (err == nil) != try.ok {
			t.Errorf("login with secret %q: %v", try.secret, err)
		}
	}
}

func execute(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	_, err = conn.Exec(t.Context(), sql)
	must(t, errors.Join(err, conn.Close(t.Context())))
}

func query[T any](t *testing.T, url, sql string) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	var v T
	must(t, conn.QueryRow(t.Context(), sql).Scan(&v))
	return v
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
