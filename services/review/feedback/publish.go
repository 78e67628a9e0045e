// SPDX-License-Identifier: EUPL-1.2

package feedback

import (
	"context"
	"errors"
	"fmt"
	"time"

	"samsyn/events"
	"samsyn/events/bus"
)

const (
	publishAtOnce = 500
	publishWithin = 20 * time.Second
)

// publish says on the agencies' receipts what is committed and not yet said, in order, and forgets it. An agency whose stream is full or
// gone (suspended) is passed over with a log line: what came of its reports is in contract.feedback for whoever asks.
func (s *Service) publish(ctx context.Context, m events.MunicipalityID) error {
	if s.conn == nil {
		return nil
	}
	for {
		rows, err := s.store.outgoing(ctx, m, publishAtOnce)
		if err != nil || len(rows) == 0 {
			return err
		}
		var said []int64
		for agency, mine := range byAgency(rows) {
			if err = s.publishTo(ctx, m, agency, mine); err != nil {
				break
			}
			for _, r := range mine {
				said = append(said, r.Number)
			}
		}
		if err := errors.Join(err, s.store.forget(ctx, m, said)); err != nil {
			return err
		}
		if len(rows) < publishAtOnce {
			return nil
		}
	}
}

func byAgency(rows []outgoingRow) map[events.AgencyID][]outgoingRow {
	all := map[events.AgencyID][]outgoingRow{}
	for _, r := range rows {
		all[r.Agency] = append(all[r.Agency], r)
	}
	return all
}

func (s *Service) publishTo(ctx context.Context, m events.MunicipalityID, agency events.AgencyID, rows []outgoingRow) error {
	messages := make([]bus.Message, len(rows))
	for i, r := range rows {
		messages[i] = bus.Message{Subject: events.ReceiptSubject(m, agency), ID: r.ID.String(), Body: r.Body}
	}
	limited, stop := context.WithTimeout(ctx, publishWithin)
	defer stop()
	err := s.conn.PublishBatch(limited, messages)
	if errors.Is(err, bus.ErrNoStream) || errors.Is(err, bus.ErrStreamFull) {
		s.log.Error("feedback not sent", "municipality", m, "agency", agency, "messages", len(messages), "error", err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("tell %s of %s: %w", agency, m, err)
	}
	return nil
}
