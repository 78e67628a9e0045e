//go:build mutant_ack_before_commit

// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"samsyn/events/bus"
)

// beforeCommit is a bug sown on purpose, never in a program that anyone runs: it acknowledges a batch
// before it is stored, to the broker and in the position. What dies in between is lost, and the kill
// tests must find that. Both are needed: reading begins at the lower of the two, so that either alone
// loses nothing. In between it pauses as a slow disk would, so that a few kills are enough to hit it.
func (s *Service) beforeCommit(ctx context.Context, w *work) error {
	err := s.transact(ctx, w.ref, func(ctx context.Context, tx pgx.Tx, b *booking) error {
		for i := range w.verdicts {
			b.reached(&w.verdicts[i])
		}
		q := &pgx.Batch{}
		b.queuePositions(q, string(w.municipality))
		return tx.SendBatch(ctx, q).Close()
	})
	if err != nil {
		return err
	}
	err = s.collector.Settle(ctx, w.deliveries, make([]bus.Verdict, len(w.deliveries)))
	sleep(ctx, 100*time.Millisecond)
	return err
}
