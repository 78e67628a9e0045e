// SPDX-License-Identifier: EUPL-1.2

package pg

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// The roles are the cluster's and an advisory lock is the database's, so two databases of one
// cluster could make the same role at once. The catalogue's own lock keeps them apart; only a
// superuser may take it, and only a superuser's clusters (internal/local, internal/testenv) hold
// more than one of our databases.
const lockRoles = `-- pg: one maker of roles at a time
DO $$ BEGIN
  IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    LOCK TABLE pg_catalog.pg_authid IN SHARE ROW EXCLUSIVE MODE;
  END IF;
END $$`

// A superuser may become anyone; another administrator must be a member.
const joinOwner = `-- pg: the administrator may become the owner
DO $$ BEGIN
  IF NOT pg_has_role(current_user, 'samsyn_owner', 'MEMBER') THEN
    EXECUTE format('GRANT samsyn_owner TO %I', current_user);
  END IF;
END $$`

// The owner of everything owns the database (and so schema public), nobody makes temporary tables
// (they shadow real ones) or objects in public, and only our roles connect. The rights on a database are not copied with a template, so this runs at every Migrate.
const prepareDatabase = `-- pg: rights on the database itself
DO $$ BEGIN
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO samsyn_owner, samsyn_agency, samsyn_registry, samsyn_intake,
    samsyn_correlator, samsyn_alerting, samsyn_review, samsyn_access, samsyn_web', current_database());
  IF NOT EXISTS (SELECT FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba
                  WHERE d.datname = current_database() AND r.rolname = 'samsyn_owner') THEN
    EXECUTE format('ALTER DATABASE %I OWNER TO samsyn_owner', current_database());
  END IF;
  REVOKE ALL ON SCHEMA public FROM PUBLIC;
  CREATE SCHEMA IF NOT EXISTS migration AUTHORIZATION samsyn_owner;
END $$`

func prepareCluster(ctx context.Context, conn *pgx.Conn, c Config, roles string) error {
	return InTx(ctx, conn, System, func(tx pgx.Tx) error {
		for _, s := range []struct{ what, sql string }{
			{"lock roles", lockRoles}, {"make roles", roles}, {"join samsyn_owner", joinOwner}, {"prepare database", prepareDatabase},
		} {
			if _, err := tx.Exec(ctx, s.sql); err != nil {
				return fmt.Errorf("%s: %w", s.what, err)
			}
		}
		return setPasswords(ctx, tx, c)
	})
}

const logins = `-- pg: every login of ours
SELECT r.rolname FROM pg_roles r
 WHERE r.rolcanlogin AND NOT r.rolsuper
   AND (r.rolname = ANY ($1)
        OR EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
                    WHERE m.member = r.oid AND g.rolname = 'samsyn_agency'))
 ORDER BY 1`

func setPasswords(ctx context.Context, tx pgx.Tx, c Config) error {
	if len(c.Secret) == 0 {
		return nil
	}
	services := make([]string, 0, len(Roles()))
	for _, r := range Roles() {
		services = append(services, string(r))
	}
	rows, err := tx.Query(ctx, logins, services)
	if err != nil {
		return fmt.Errorf("list logins: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("list logins: %w", err)
	}
	for _, name := range names {
		// A role's name and a verifier hold nothing that needs more than quoting of the name.
		sql := fmt.Sprintf("ALTER ROLE %s PASSWORD '%s'", pgx.Identifier{name}.Sanitize(), Verifier(c.Password(name)))
		if _, err := tx.Exec(ctx, sql); err != nil {
			return fmt.Errorf("set password of %s: %w", name, err)
		}
	}
	return nil
}

// Verifier is what Postgres stores of a password (SCRAM-SHA-256, RFC 7677, RFC 5803): it may be given
// wherever a password is set, and keeps the password itself out of the server's log.
func Verifier(password string) string {
	const iterations = 4096
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // crypto/rand never fails
	salted, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		panic(err) // only for a key length that FIPS mode refuses; 32 bytes are allowed
	}
	sign := func(key []byte, message string) []byte {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(message))
		return mac.Sum(nil)
	}
	stored := sha256.Sum256(sign(salted, "Client Key"))
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", iterations, b64(salt), b64(stored[:]), b64(sign(salted, "Server Key")))
}
