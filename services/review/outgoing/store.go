// SPDX-License-Identifier: EUPL-1.2

package outgoing

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/pg"
)

const (
	insertMessage = `-- outgoing: to be sent when this commits
INSERT INTO review.outgoing (municipality, id, subject, body) VALUES ($1, $2, $3, $4)`

	selectMessages = `-- outgoing: what waits, in order
SELECT number, id, subject, body FROM review.outgoing WHERE municipality = $1 ORDER BY number LIMIT 500`

	deleteMessages = `-- outgoing: sent
DELETE FROM review.outgoing WHERE municipality = $1 AND number = ANY ($2)`
)

// Add puts an event into the caller's transaction. id names it for ever: two events never share one.
func Add(ctx context.Context, tx pgx.Tx, m events.MunicipalityID, message bus.Message) error {
	if _, err := tx.Exec(ctx, insertMessage, m, message.ID, message.Subject, message.Body); err != nil {
		return fmt.Errorf("add event %s: %w", message.ID, err)
	}
	return nil
}

// Decided puts an event about a decision (decision.<municipality>) into the caller's transaction.
func Decided(ctx context.Context, tx pgx.Tx, m events.MunicipalityID, e events.ReviewEvent) error {
	body, err := events.Envelope(e.MessageID(), events.PlatformSource(m), e.Type(), e.When(), e)
	if err != nil {
		return err
	}
	return Add(ctx, tx, m, bus.Message{Subject: events.DecisionSubject(m), ID: e.MessageID(), Body: body})
}

type row struct {
	Number      int64
	ID, Subject string
	Body        []byte
}

func waiting(ctx context.Context, db pg.Beginner, m events.MunicipalityID) (all []row, err error) {
	err = pg.InTx(ctx, db, pg.System, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectMessages, m)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, pgx.RowToStructByName[row])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read what waits of %s: %w", m, err)
	}
	return all, nil
}

func forget(ctx context.Context, db pg.Beginner, m events.MunicipalityID, sent []row) error {
	numbers := make([]int64, len(sent))
	for i, r := range sent {
		numbers[i] = r.Number
	}
	err := pg.InTx(ctx, db, pg.System, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, deleteMessages, m, numbers)
		return err
	})
	if err != nil {
		return fmt.Errorf("forget what was sent of %s: %w", m, err)
	}
	return nil
}
