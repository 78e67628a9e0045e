// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"encoding/json"
	"testing"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/events/bus"
)

// receipts gives every receipt that an agency was sent, in order.
func (w *town) receipts(a events.AgencyID) []events.Receipt {
	w.t.Helper()
	var all []events.Receipt
	err := w.nats.Conn.Read(w.t.Context(), events.ReceiptStream(testTown, a), 1, func(m bus.Stored) error {
		r, err := events.DecodeReceipt(m.Body)
		all = append(all, r)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// askDecide asks over the broker, as a door does.
func (s *Service) askDecide(t *testing.T, report string, verb events.DecideVerb) events.Decided {
	t.Helper()
	var id uuid.UUID
	if err := s.store.pool.QueryRow(t.Context(), `SELECT id FROM correlator.quarantine WHERE report = $1`, report).Scan(&id); err != nil {
		t.Fatal(err)
	}
	body, _ := json.Marshal(events.Decide{ID: id, Verb: verb, By: "key:test"})
	answer, err := s.conn.Request(t.Context(), events.DecideSubject(testTown, "bostad"), body)
	if err != nil {
		t.Fatal(err)
	}
	var d events.Decided
	if err := json.Unmarshal(answer, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func (w *town) spoil(sql string) {
	w.t.Helper()
	if _, err := w.pool.Exec(w.t.Context(), sql); err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) verify() Verification {
	w.t.Helper()
	v, err := w.service().Verify(w.t.Context(), func(string, int64) {})
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}
