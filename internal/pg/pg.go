// SPDX-License-Identifier: EUPL-1.2

// Package pg is how Samsyn reaches Postgres: it opens a pool for a role, migrates a database, runs a
// transaction as somebody, and says what kind of error came back.
//
// It promises that nobody reads as the owner of the tables: every pool logs in as one of the service
// roles or as one agency, so that row-level security holds whatever a statement says (two walls: the
// agency is the login role, the viewer is a setting of the transaction that can only narrow). It
// promises that a transaction is retried when the server asks for that and rolled back when the
// caller has gone away, and that a database is never migrated by files other than those it knows.
//
// It does not build SQL, map rows, cache, or start a server (internal/local does).
//
// When Postgres is away every call returns an error whose Class is Infrastructure; pools heal by
// themselves. Nothing here waits longer than its context.
package pg

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Config says where the database is.
type Config struct {
	// URL is a connection string as libpq takes it (postgres://user@host/db or key=value). Its user is
	// used by Migrate alone, which needs an administrator; Open and Agencies put their own login in.
	URL string
	// Secret derives the password of every login that Migrate or the registry makes. Empty where the
	// server trusts the socket (internal/local).
	Secret []byte
}

// Role is a login role of a service. schemas/sql/roles.sql makes them.
type Role string

// The service roles. What each may touch is decided by grants and policies.
const (
	RoleRegistry   Role = "samsyn_registry"
	RoleIntake     Role = "samsyn_intake"
	RoleCorrelator Role = "samsyn_correlator"
	RoleAlerting   Role = "samsyn_alerting"
	RoleReview     Role = "samsyn_review"
	RoleAccess     Role = "samsyn_access"
	RoleWeb        Role = "samsyn_web"
)

// Roles are the service roles in the order in which they are declared.
func Roles() []Role {
	return []Role{RoleRegistry, RoleIntake, RoleCorrelator, RoleAlerting, RoleReview, RoleAccess, RoleWeb}
}

const (
	connectTimeout = 5 * time.Second
	idleTime       = time.Minute
	healthPeriod   = 15 * time.Second
)

// Open returns a pool of at most max connections that log in as role. It does not connect: the
// first use does, so that a service may start before its database. The error is that of an
// unreadable URL.
func Open(_ context.Context, c Config, role Role, maxConns int32) (*pgxpool.Pool, error) {
	return c.pool(string(role), maxConns)
}

// Password is the password of a login: hex HMAC-SHA256 of its name under the secret, and empty
// without a secret. The registry hands it to registry.make_login.
func (c Config) Password(login string) string {
	if len(c.Secret) == 0 {
		return ""
	}
	mac := hmac.New(sha256.New, c.Secret)
	mac.Write([]byte(login))
	return hex.EncodeToString(mac.Sum(nil))
}

func (c Config) pool(login string, maxConns int32) (*pgxpool.Pool, error) {
	p, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, fmt.Errorf("read database URL: %w", err)
	}
	p.ConnConfig.User, p.ConnConfig.Password = login, c.Password(login)
	prepare(p.ConnConfig, login)
	p.MaxConns, p.MinConns, p.MinIdleConns = maxConns, 0, 0
	p.MaxConnIdleTime, p.HealthCheckPeriod = idleTime, healthPeriod
	// The pool outlives the call that opened it: nothing of a context may end it.
	pool, err := pgxpool.NewWithConfig(context.Background(), p)
	if err != nil {
		return nil, fmt.Errorf("open pool as %s: %w", login, err)
	}
	return pool, nil
}

// prepare sets what every connection of ours shares. Times are UTC inside.
func prepare(c *pgx.ConnConfig, name string) {
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = connectTimeout
	}
	c.RuntimeParams["timezone"] = "UTC"
	c.RuntimeParams["application_name"] = name
}

// Pool is the driver's pool, named here so that wiring need not import the driver.
type Pool = pgxpool.Pool
