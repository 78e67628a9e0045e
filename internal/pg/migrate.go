// SPDX-License-Identifier: EUPL-1.2

package pg

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/tern/v2/migrate"

	"samsyn/schemas"
)

const (
	rolesFile    = "roles.sql"
	versionTable = "migration.version"
	// Any number no one else uses in this database.
	migrateLock = int64(0x73616d73796e)
	// A migration waits for locks half a second and tries again, so that readers never queue behind it for long.
	migrateLockTimeout = "500ms"
	migrateRetryFor    = time.Minute
)

// ChangedMigrationError says that a migration this database has run is not the file of that number
// that this program carries.
type ChangedMigrationError struct{ Applied, Carried string }

func (e *ChangedMigrationError) Error() string {
	if e.Applied == e.Carried {
		return fmt.Sprintf("migration %s was changed after this database ran it: migrations are never edited, add a new one", e.Applied)
	}
	return fmt.Sprintf("this database ran migration %s where this program carries %s: they are not of one line", e.Applied, e.Carried)
}

// NewerDatabaseError says that the database was migrated by a newer program than this one.
type NewerDatabaseError struct{ Database, Carried int }

func (e *NewerDatabaseError) Error() string {
	return fmt.Sprintf("the database is at migration %d and this program knows %d: run the newer program that migrated it", e.Database, e.Carried)
}

// Migrate brings a database to the schema this program carries: the roles of the cluster first, then
// each migration once, in order and in a transaction of its own, as samsyn_owner. Run beside itself
// it waits. It verifies the checksum of every migration that ran before. What fails leaves the
// database at the migration before it. The URL's user must be a superuser, or own the database and
// have CREATEROLE and CREATEDB.
func Migrate(ctx context.Context, c Config) error {
	files, err := fs.Sub(schemas.SQL, "sql")
	if err != nil {
		return fmt.Errorf("open embedded migrations: %w", err)
	}
	return migrateFrom(ctx, c, files)
}

func migrateFrom(ctx context.Context, c Config, files fs.FS) error {
	steps, err := loadSteps(files)
	if err != nil {
		return err
	}
	roles, err := fs.ReadFile(files, rolesFile)
	if err != nil {
		return fmt.Errorf("read %s: %w", rolesFile, err)
	}
	conn, err := connect(ctx, c, "samsyn migrate")
	if err != nil {
		return err
	}
	defer closeConn(ctx, conn)
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", migrateLock); err != nil {
		return fmt.Errorf("lock database for migration: %w", err)
	}
	if err := prepareCluster(ctx, conn, c, string(roles)); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "SET ROLE samsyn_owner"); err != nil {
		return fmt.Errorf("become samsyn_owner: %w", err)
	}
	return runSteps(ctx, conn, steps)
}

type step struct {
	name, sql string
	sum       []byte
}

func loadSteps(files fs.FS) ([]step, error) {
	names, err := migrate.FindMigrations(files)
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	steps := make([]step, len(names))
	for i, name := range names {
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read migration %s: %w", name, err)
		}
		sum := sha256.Sum256(body)
		steps[i] = step{name, string(body), sum[:]}
	}
	return steps, nil
}

const createApplied = `-- migration: what ran here, so that a changed file is noticed
CREATE TABLE IF NOT EXISTS migration.applied (
  sequence   int PRIMARY KEY,
  name       text NOT NULL,
  sha256     bytea NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
)`

func runSteps(ctx context.Context, conn *pgx.Conn, steps []step) error {
	if _, err := conn.Exec(ctx, createApplied); err != nil {
		return fmt.Errorf("create migration.applied: %w", err)
	}
	if err := verify(ctx, conn, steps); err != nil {
		return err
	}
	giveUp := time.Now().Add(migrateRetryFor)
	for {
		err := runTern(ctx, conn, steps)
		var pgErr *pgconn.PgError
		if err == nil || !errors.As(err, &pgErr) || pgErr.Code != "55P03" || time.Now().After(giveUp) {
			return err
		}
		// Somebody reads what the migration must lock: let them finish, readers queue no longer than this.
		if err := wait(ctx, time.Second); err != nil {
			return err
		}
	}
}

func runTern(ctx context.Context, conn *pgx.Conn, steps []step) error {
	m, err := migrate.NewMigrator(ctx, conn, versionTable)
	if err != nil {
		return fmt.Errorf("prepare migrations: %w", err)
	}
	for _, s := range steps {
		// Not LoadMigrations: that would evaluate the SQL as a text template.
		m.AppendMigration(s.name, s.sql, "")
	}
	// Called inside the migration's transaction. An error here fails the statement after it, too.
	m.OnStart = func(sequence int32, name, _, _ string) {
		_, _ = conn.Exec(ctx, "SET LOCAL lock_timeout = '"+migrateLockTimeout+"'")
		_, _ = conn.Exec(ctx, "INSERT INTO migration.applied (sequence, name, sha256) VALUES ($1, $2, $3)",
			sequence, name, steps[sequence-1].sum)
	}
	if err := m.Migrate(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// verify compares what ran here with the files at hand.
func verify(ctx context.Context, conn *pgx.Conn, steps []step) error {
	rows, err := conn.Query(ctx, "SELECT name, sha256 FROM migration.applied ORDER BY sequence")
	if err != nil {
		return fmt.Errorf("read migration.applied: %w", err)
	}
	type ran struct {
		Name   string
		SHA256 []byte
	}
	applied, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ran])
	if err != nil {
		return fmt.Errorf("read migration.applied: %w", err)
	}
	if len(applied) > len(steps) {
		return &NewerDatabaseError{Database: len(applied), Carried: len(steps)}
	}
	for i, a := range applied {
		if a.Name != steps[i].name || !bytes.Equal(a.SHA256, steps[i].sum) {
			return &ChangedMigrationError{Applied: a.Name, Carried: steps[i].name}
		}
	}
	return nil
}

// connect opens one connection as the administrator of the URL.
func connect(ctx context.Context, c Config, name string) (*pgx.Conn, error) {
	p, err := pgx.ParseConfig(c.URL)
	if err != nil {
		return nil, fmt.Errorf("read database URL: %w", err)
	}
	prepare(p, name)
	conn, err := pgx.ConnectConfig(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("connect to database: %w", err)
	}
	return conn, nil
}

func closeConn(ctx context.Context, conn *pgx.Conn) {
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackWithin)
	defer cancel()
	_ = conn.Close(detached)
}
