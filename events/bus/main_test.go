// SPDX-License-Identifier: EUPL-1.2

package bus_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/testenv"
)

const (
	nykoping events.MunicipalityID = "0480"
	bostad   events.AgencyID       = "bostad"
	polis    events.AgencyID       = "polis"
)

// Nothing this package or the server starts may outlive its owner.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func soon(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// wantNoError ends the test on an error.
func wantNoError(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func reported(a events.AgencyID) string { return events.IncidentSubject(nykoping, a, events.Reported) }

// fill stores n events of an agency in PLATFORM's name.
func fill(t testing.TB, conn *bus.Conn, a events.AgencyID, bodies ...string) {
	t.Helper()
	var messages []bus.Message
	for _, body := range bodies {
		messages = append(messages, bus.Message{Subject: reported(a), Body: []byte(body)})
	}
	for i, result := range conn.PublishEach(soon(t), messages) {
		if result.Err != nil {
			t.Fatalf("publish %d: %v", i, result.Err)
		}
	}
}

var _ = testenv.NATS
