// SPDX-License-Identifier: EUPL-1.2

package bus_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/testenv"
)

// unlimited connects into an agency's account with every right there is: the first wall, a user's rights, is gone.
func unlimited(t *testing.T, env *testenv.NATSEnv, a events.AgencyID) *nats.Conn {
	t.Helper()
	seed, err := os.ReadFile(filepath.Join(env.Dir(), "keys", "agencies", string(nykoping)+"_"+string(a)+".nk"))
	wantNoError(t, "read account key", err)
	account, err := nkeys.FromSeed(seed)
	wantNoError(t, "read account key", err)
	user, err := nkeys.CreateUser()
	wantNoError(t, "make user", err)
	public, err := user.PublicKey()
	wantNoError(t, "make user", err)
	token, err := jwt.NewUserClaims(public).Encode(account)
	wantNoError(t, "sign user", err)
	userSeed, err := user.Seed()
	wantNoError(t, "make user", err)
	nc, err := nats.Connect(env.Server.URL(), nats.UserJWTAndSeed(token, string(userSeed)))
	wantNoError(t, "connect", err)
	t.Cleanup(nc.Close)
	return nc
}

// The second wall stands by itself: from inside its account an agency cannot name another's subject, whatever rights its user has.
func TestAccountIsAWallOfItsOwn(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	env.AddAgency(nykoping, bostad)
	env.AddAgency(nykoping, polis)
	nc := unlimited(t, env, bostad)
	everything, err := nc.SubscribeSync(">")
	wantNoError(t, "subscribe", err)
	wantNoError(t, "flush", nc.Flush())
	_, err = env.Conn.Publish(soon(t), bus.Message{Subject: events.ReceiptSubject(nykoping, polis), Body: []byte("not yours")})
	wantNoError(t, "publish", err)
	wantNoError(t, "signal", env.Conn.Signal(events.RegistrySubject(nykoping), nil))
	wantNoError(t, "flush", nc.Flush())
	if m, err := everything.NextMsg(50 * time.Millisecond); err == nil {
		t.Errorf("heard %s", m.Subject)
	}
	wantNoError(t, "unsubscribe", everything.Unsubscribe())

	for _, subject := range []string{
		reported(polis), events.CheckSubject(nykoping, polis), "$JS.API.CONSUMER.MSG.NEXT.RECEIPTS_0480_polis.agency", "$JS.API.CONSUMER.MSG.NEXT.RECEIPTS_0480_bostad.other",
		"$SYS.REQ.CLAIMS.UPDATE", "$SYS.REQ.SERVER.PING.JSZ", "samsyn.servers.jsz", "deadletter.x", events.CorrelatedSubject(nykoping, "a"),
	} {
		if _, err := nc.Request(subject, []byte("{}"), time.Second); !errors.Is(err, nats.ErrNoResponders) {
			t.Errorf("%s: %v, want nobody to be there", subject, err)
		}
	}
	for _, subject := range []string{"$JS.API.INFO", "$JS.API.STREAM.MSG.GET.INCIDENTS_0480_polis", "$JS.API.STREAM.DELETE.INCIDENTS_0480_bostad", "$JS.API.STREAM.NAMES"} {
		answer, err := nc.Request(subject, []byte(`{"seq":1}`), time.Second)
		if err == nil && !strings.Contains(string(answer.Data), "not enabled for account") {
			t.Errorf("%s: %s", subject, answer.Data)
		}
	}
	if state, err := env.Conn.StreamState(soon(t), events.IncidentStream(nykoping, bostad)); err != nil || state.Messages != 0 {
		t.Errorf("own stream %+v (%v)", state, err)
	}
	_, err = nc.Request(reported(bostad), []byte("{}"), 5*time.Second)
	wantNoError(t, "own subject", err)
}
