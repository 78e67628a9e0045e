// SPDX-License-Identifier: EUPL-1.2

// Package outgoing says on the bus what the review decided, no sooner than it is decided.
//
// It promises that an event is sent if and only if the transaction that added it committed, in the order of the additions, at least
// once and under the same message id every time, so that the stream keeps it once and a reader can tell a repeat.
//
// It does not know what the events say. When NATS is away they wait in Postgres.
package outgoing

import (
	"context"
	"fmt"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/pg"
)

// Send publishes what waits of a municipality and forgets it. left is how many still wait; an error may leave events that were sent
// and not forgotten: the next call sends them again, as the same messages.
func Send(ctx context.Context, db pg.Beginner, conn *bus.Conn, m events.MunicipalityID) (left int, err error) {
	for {
		rows, err := waiting(ctx, db, m)
		if err != nil || len(rows) == 0 {
			return len(rows), err
		}
		messages := make([]bus.Message, len(rows))
		for i, r := range rows {
			messages[i] = bus.Message{Subject: r.Subject, ID: r.ID, Body: r.Body}
		}
		if err := conn.PublishBatch(ctx, messages); err != nil {
			return len(rows), fmt.Errorf("publish for %s: %w", m, err)
		}
		if err := forget(ctx, db, m, rows); err != nil {
			return len(rows), err
		}
	}
}
