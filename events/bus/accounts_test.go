// SPDX-License-Identifier: EUPL-1.2

package bus_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"samsyn/events"
	"samsyn/internal/testenv"
)

// The first thing a developer tries: any client, the credentials file, the default inbox.
func TestRequestWithCredentialsGetsAnAcknowledgement(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	creds := env.AddAgency(nykoping, bostad)

	nc, err := nats.Connect(env.Server.URL(), nats.UserCredentials(creds))
	wantNoError(t, "connect", err)
	defer nc.Close()
	answer, err := nc.Request(reported(bostad), []byte(`{}`), 5*time.Second)
	wantNoError(t, "request", err)

	var ack struct {
		Stream string `json:"stream"`
		Seq    uint64 `json:"seq"`
	}
	wantNoError(t, "read acknowledgement", json.Unmarshal(answer.Data, &ack))
	if want := events.IncidentStream(nykoping, bostad); ack.Stream != want || ack.Seq != 1 {
		t.Errorf("acknowledged %+v, want the first in %s", ack, want)
	}
}
