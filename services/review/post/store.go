// SPDX-License-Identifier: EUPL-1.2

package post

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/internal/pg"
)

type store struct{ db pg.Beginner }

const insertMail = `-- post: a mail to be; kind, key and recipient are one mail for ever
INSERT INTO review.mail (municipality, id, kind, key, person, address, language, subject, letter, state, created_at, next_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'due', $10, $10)
ON CONFLICT DO NOTHING`

// Enqueue puts a mail into the outbox, in the caller's transaction. A mail of the same kind, key and recipient that is there already, or
// was, stays as it is.
func Enqueue(ctx context.Context, tx pgx.Tx, m Mail) error {
	if err := m.check(); err != nil {
		return fmt.Errorf("enqueue %s mail %s: %w", m.Kind, m.Key, err)
	}
	body, err := json.Marshal(m.letter())
	if err != nil {
		return fmt.Errorf("enqueue %s mail %s: %w", m.Kind, m.Key, err)
	}
	var person *uuid.UUID
	if m.Person != uuid.Nil {
		person = &m.Person
	}
	language := m.Language
	if language == "" {
		language = "sv"
	}
	id := uuid.Must(uuid.NewV7())
	if _, err := tx.Exec(ctx, insertMail, m.Municipality, id, m.Kind, m.Key, person, m.Address, language, m.Subject, body, m.At); err != nil {
		return fmt.Errorf("enqueue %s mail %s: %w", m.Kind, m.Key, err)
	}
	return nil
}

// The address is that of now: who was disabled since is not written to.
const leaseMails = `-- post: lease what is due, oldest first
WITH due AS (
  SELECT municipality, id FROM review.mail
   WHERE state = 'due' AND next_at <= $2 AND (leased_until IS NULL OR leased_until <= $2)
   ORDER BY next_at, id LIMIT $3
   FOR UPDATE SKIP LOCKED)
UPDATE review.mail m SET leased_until = $1
  FROM due, contract.municipality t
 WHERE (m.municipality, m.id) = (due.municipality, due.id) AND t.municipality = m.municipality
RETURNING m.municipality, m.id, m.kind, m.language, m.subject, m.letter, m.created_at, m.attempts, t.clock = 'replay' AS replay,
          CASE WHEN m.person IS NULL THEN m.address ELSE coalesce((SELECT p.email FROM contract.person p
            WHERE (p.municipality, p.person) = (m.municipality, m.person) AND p.disabled_at IS NULL), '') END AS address`

type leased struct {
	Municipality   events.MunicipalityID
	ID             uuid.UUID
	Kind, Language string
	Subject        string
	Letter         letter
	CreatedAt      time.Time
	Attempts       int
	Replay         bool
	Address        string
}

func (s store) lease(ctx context.Context, now time.Time, limit int) (list []leased, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) (err error) {
		list, err = collect[leased](ctx, tx, leaseMails, now.Add(leaseFor), now, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("lease mails: %w", err)
	}
	return list, nil
}

const settleSent = `-- post: a mail arrived, and is emptied
UPDATE review.mail SET state = 'sent', attempts = attempts + 1, ended_at = $3, leased_until = NULL, error = '', letter = NULL
 WHERE municipality = $1 AND id = $2 AND state = 'due'`

const settleFailed = `-- post: a mail did not arrive; without a next time it is given up
UPDATE review.mail
   SET attempts = attempts + 1, error = $3, leased_until = NULL, next_at = coalesce($4, next_at),
       state = CASE WHEN $4::timestamptz IS NULL THEN 'failed' ELSE 'due' END, ended_at = CASE WHEN $4::timestamptz IS NULL THEN $5::timestamptz END
 WHERE municipality = $1 AND id = $2 AND state = 'due'`

// settle records what an attempt came to. next nil and a reason given: given up.
func (s store) settle(ctx context.Context, now time.Time, l leased, reason string, next *time.Time) error {
	err := pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) (err error) {
		if reason == "" {
			_, err = tx.Exec(ctx, settleSent, l.Municipality, l.ID, now)
		} else {
			_, err = tx.Exec(ctx, settleFailed, l.Municipality, l.ID, reason, next, now)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("settle mail %s: %w", l.ID, err)
	}
	return nil
}

const releaseMails = `-- post: not tried after all
UPDATE review.mail m SET leased_until = NULL
  FROM unnest($1::text[], $2::uuid[]) AS l (municipality, id)
 WHERE (m.municipality, m.id) = (l.municipality, l.id) AND m.state = 'due'`

func (s store) release(ctx context.Context, list []leased) error {
	if len(list) == 0 {
		return nil
	}
	towns, ids := make([]string, len(list)), make([]uuid.UUID, len(list))
	for i, l := range list {
		towns[i], ids[i] = string(l.Municipality), l.ID
	}
	err := pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, releaseMails, towns, ids)
		return err
	})
	if err != nil {
		return fmt.Errorf("give %d mails back: %w", len(list), err)
	}
	return nil
}

const selectDeliveries = `-- post: what was sent since, and what could not be
SELECT m.created_at, m.municipality, m.id, coalesce(nullif(m.address, ''), p.email, m.person::text) AS recipient, m.kind, m.state, m.attempts,
       CASE WHEN m.state = 'due' THEN m.next_at END AS next_at, m.error
  FROM review.mail m
  LEFT JOIN contract.person p ON (p.municipality, p.person) = (m.municipality, m.person)
 WHERE m.created_at > $1 AND ($2 = '' OR m.municipality = $2) AND (NOT $3 OR m.state <> 'sent' AND m.error <> '')
 ORDER BY m.created_at DESC, m.id DESC LIMIT $4`

func (s store) deliveries(ctx context.Context, m events.MunicipalityID, undelivered bool, limit int, since time.Time) (list []Delivery, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) (err error) {
		list, err = collect[Delivery](ctx, tx, selectDeliveries, since, m, undelivered, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list mails: %w", err)
	}
	return list, nil
}

const retryMails = `-- post: due again
UPDATE review.mail SET state = 'due', next_at = $2, ended_at = NULL, leased_until = NULL, attempts = 0
 WHERE ($1 = '' OR municipality = $1) AND state <> 'sent' AND error <> ''`

func (s store) retry(ctx context.Context, m events.MunicipalityID, now time.Time) (n int, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, retryMails, m, now)
		n = int(tag.RowsAffected())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("retry mails: %w", err)
	}
	return n, nil
}

func collect[T any](ctx context.Context, tx pgx.Tx, sql string, args ...any) ([]T, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}
