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

// Backlog is what is acknowledged and not yet decided, and what is decided and not yet sent.
type Backlog struct {
	// Events are messages in the agencies' streams behind the positions.
	Events int64
	// Batches are committed ones whose messages are not all sent.
	Batches int64
}

// None says that everything is decided and sent.
func (b Backlog) None() bool { return b == Backlog{} }

const readBacklog = `-- correlator: positions of all agencies
SELECT a.municipality, a.agency, coalesce(p.seq, 0)
  FROM contract.agency a LEFT JOIN correlator.position p USING (municipality, agency)`

const countOutgoing = `-- correlator: batches not sent
SELECT count(*) FROM correlator.outgoing`

// Backlog looks at every agency's stream. It reads positions and streams one after the other: while
// events arrive it is an estimate, afterwards it is exact.
func (s *Service) Backlog(ctx context.Context) (Backlog, error) {
	var b Backlog
	rows, err := s.store.pool.Query(ctx, readBacklog)
	if err != nil {
		return b, fmt.Errorf("read positions: %w", err)
	}
	type row struct {
		Municipality, Agency string
		Seq                  int64
	}
	positions, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	if err != nil {
		return b, fmt.Errorf("read positions: %w", err)
	}
	for _, p := range positions {
		state, err := s.conn.StreamState(ctx, events.IncidentStream(events.MunicipalityID(p.Municipality), events.AgencyID(p.Agency)))
		if errors.Is(err, bus.ErrNoStream) {
			continue
		}
		if err != nil {
			return b, err
		}
		b.Events += max(0, int64(state.Last)-p.Seq)
	}
	if err := s.store.pool.QueryRow(ctx, countOutgoing).Scan(&b.Batches); err != nil {
		return b, fmt.Errorf("count outgoing: %w", err)
	}
	return b, nil
}
