// SPDX-License-Identifier: EUPL-1.2

package access

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"samsyn/internal/pg"
	"samsyn/internal/web"
)

// sessionStore keeps sessions in Postgres for scs, by the hash of their token. What scs hands over as bytes is a row here.
type sessionStore struct {
	store
	now func() time.Time
}

const findSession = `-- access: the session of a token
SELECT municipality, coalesce(person::text, '') AS person, write_only, expires_at, seen_at FROM access.session
 WHERE token = $1 AND expires_at > $2 AND (write_only OR seen_at > $3)`

const touchSession = `-- access: it was used
UPDATE access.session SET seen_at = $2 WHERE token = $1`

// FindCtx is part of scs.CtxStore.
func (s sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	hash, ok := hashOf(token)
	if !ok {
		return nil, false, nil
	}
	now := s.now()
	var kept session
	found := false
	err := pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		var seen time.Time
		err := tx.QueryRow(ctx, findSession, hash, now, now.Add(-sessionIdles)).Scan(&kept.Municipality, &kept.Person, &kept.WriteOnly, &kept.Expires, &seen)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if found = err == nil; found && now.Sub(seen) >= seenEvery {
			_, err = tx.Exec(ctx, touchSession, hash, now)
		}
		return err
	})
	if err != nil || !found {
		return nil, false, inStep("find session", err)
	}
	if kept.Person == "" {
		kept.Person = web.Terminal
	}
	b, err := json.Marshal(kept)
	return b, err == nil, err
}

const insertSession = `-- access: a session begins
INSERT INTO access.session (municipality, token, person, write_only, began_at, seen_at, expires_at)
VALUES ($1, $2, nullif($3, '')::uuid, $4, $5, $5, $6)
ON CONFLICT (municipality, token) DO UPDATE SET seen_at = excluded.seen_at, expires_at = excluded.expires_at`

const pruneSessions = `-- access: sessions that are over
DELETE FROM access.session WHERE expires_at <= $1`

const pruneLinks = `-- access: links that are over
DELETE FROM access.link WHERE expires_at <= $1`

// linksKept is how long a link that is over still counts against asking for more.
const linksKept = 24 * time.Hour

// CommitCtx is part of scs.CtxStore. What belongs to nobody is not kept.
func (s sessionStore) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	hash, ok := hashOf(token)
	var kept session
	if err := json.Unmarshal(b, &kept); err != nil || !ok {
		return fmt.Errorf("read session: %w", errors.Join(err, errBadToken(ok)))
	}
	if kept.Person == "" {
		return nil
	}
	person, now := kept.Person, s.now()
	if person == web.Terminal {
		person = ""
	}
	err := pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, pruneSessions, now); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, pruneLinks, now.Add(-linksKept)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, insertSession, kept.Municipality, hash, person, kept.WriteOnly, now, expiry)
		return err
	})
	return inStep("keep session", err)
}

const deleteSession = `-- access: a session ends
DELETE FROM access.session WHERE token = $1`

// DeleteCtx is part of scs.CtxStore.
func (s sessionStore) DeleteCtx(ctx context.Context, token string) error {
	hash, ok := hashOf(token)
	if !ok {
		return nil
	}
	return inStep("end session", s.exec(ctx, pg.System, deleteSession, hash))
}

// Find, Commit and Delete are part of scs.Store, which calls the ones above in their place.
func (s sessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx.
func (s sessionStore) Commit(token string, b []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, b, expiry)
}

// Delete is DeleteCtx.
func (s sessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// hashOf reads what scs has hashed.
func hashOf(token string) ([]byte, bool) {
	hash, err := base64.RawURLEncoding.DecodeString(token)
	return hash, err == nil && len(hash) == sha256.Size
}

func errBadToken(ok bool) error {
	if ok {
		return nil
	}
	return errors.New("its token is no hash")
}
