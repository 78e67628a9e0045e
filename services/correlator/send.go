// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/events/bus"
)

// The delete waits for the disk like any other: one that the database forgets in a crash would leave its rows until the next start.
const deleteOutgoing = `-- correlator: what was sent
DELETE FROM correlator.outgoing o USING unnest($1::text[], $2::bigint[]) AS q (municipality, batch)
 WHERE (o.municipality, o.batch) = (q.municipality, q.batch)`

const readOutgoing = `-- correlator: what was committed and not sent
SELECT municipality, batch, messages FROM correlator.outgoing ORDER BY municipality, batch, part LIMIT 100`

// send publishes what batches said and forgets it. Messages to an agency whose stream is full or
// gone are left out with a log line: the receipt is in contract.receipt for whoever asks.
func (s *Service) send(ctx context.Context, batches ...work) error {
	var messages []bus.Message
	var municipalities []string
	var numbers []int64
	for _, w := range batches {
		if len(w.outgoing) > 0 {
			messages = append(messages, w.outgoing...)
			municipalities, numbers = append(municipalities, string(w.municipality)), append(numbers, w.batch)
		}
	}
	if len(messages) == 0 {
		return nil
	}
	if err := s.publish(ctx, messages); err != nil {
		return err
	}
	if _, err := s.store.pool.Exec(ctx, deleteOutgoing, municipalities, numbers); err != nil {
		return fmt.Errorf("forget outgoing batches %v of %v: %w", numbers, municipalities, err)
	}
	return nil
}

// errAway says that the broker did not take what was to be sent.
var errAway = errors.New("broker away")

func (s *Service) publish(ctx context.Context, messages []bus.Message) error {
	err := s.conn.PublishBatch(ctx, messages)
	if err == nil {
		return nil
	}
	var partly *bus.BatchError
	if !errors.As(err, &partly) || (!errors.Is(err, bus.ErrNoStream) && !errors.Is(err, bus.ErrStreamFull)) {
		return fmt.Errorf("%w: %w", errAway, err)
	}
	for _, i := range partly.Failed {
		s.log.Error("message not sent", "subject", messages[i].Subject, "id", messages[i].ID, "error", err)
	}
	return nil
}

// sendLeftovers sends what an earlier run committed and did not send.
func (s *Service) sendLeftovers(ctx context.Context) error {
	for {
		rows, err := s.store.pool.Query(ctx, readOutgoing)
		if err != nil {
			return fmt.Errorf("read outgoing: %w", err)
		}
		type row struct {
			Municipality string
			Batch        int64
			Messages     []byte
		}
		left, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
		if err != nil || len(left) == 0 {
			return err
		}
		for _, r := range left {
			messages, err := unpack(r.Messages)
			if err != nil {
				return fmt.Errorf("outgoing batch %d of %s: %w", r.Batch, r.Municipality, err)
			}
			if err := s.send(ctx, work{municipality: events.MunicipalityID(r.Municipality), batch: r.Batch, outgoing: messages}); err != nil {
				return err
			}
		}
	}
}
