// SPDX-License-Identifier: EUPL-1.2

package bus_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/testenv"
)

// plain connects as a foreign program does: only the credentials file, nothing of this package.
func plain(t *testing.T, env *testenv.NATSEnv, creds string, options ...nats.Option) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(env.Server.URL(), append(options, nats.UserCredentials(creds))...)
	wantNoError(t, "connect", err)
	t.Cleanup(nc.Close)
	return nc
}

// The first thing a developer tries: any client, the credentials file, the default inbox.
func TestRequestWithCredentialsGetsAnAcknowledgement(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	nc := plain(t, env, env.AddAgency(nykoping, bostad))
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
	if got := storedHeaders(t, env, bostad, 1); len(got) != 0 {
		t.Errorf("headers %v were stored that the agency did not send", got)
	}
}

func storedHeaders(t *testing.T, env *testenv.NATSEnv, a events.AgencyID, seq uint64) []string {
	t.Helper()
	var found []string
	err := env.Conn.Read(soon(t), events.IncidentStream(nykoping, a), seq, func(s bus.Stored) error {
		for _, name := range []string{"Nats-Request-Info", "Nats-Pin-Id", "Nats-Service"} {
			if s.Header(name) != "" {
				found = append(found, name)
			}
		}
		return nil
	})
	wantNoError(t, "read stream", err)
	return found
}

// Isolation is the promise on which the partnership stands: what an agency may not do is refused by the server, whatever its program tries.
func TestAgencyReachesNothingButItsOwn(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	mine, theirs := env.AddAgency(nykoping, bostad), env.AddAgency(nykoping, polis)
	fill(t, env.Conn, polis, "secret")
	denied := make(chan error, 64)
	nc := plain(t, env, mine, nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { denied <- err }))
	heard, err := plain(t, env, theirs).SubscribeSync("_INBOX.>")
	wantNoError(t, "subscribe", err)

	for _, subject := range []string{
		reported(polis), "incident.0480.bostad.nonsense", "incident.0480.bostad", events.CheckSubject(nykoping, polis),
		events.ReceiptSubject(nykoping, bostad), events.AlertSubject(nykoping, bostad), "checkpoint.0480", "registry.0480.changed", "deadletter.x",
		"$JS.API.INFO", "$JS.API.STREAM.LIST", "$JS.API.STREAM.MSG.GET.INCIDENTS_0480_polis", "$JS.API.STREAM.PURGE.INCIDENTS_0480_bostad",
		"$JS.API.STREAM.DELETE.INCIDENTS_0480_bostad", "$JS.API.CONSUMER.CREATE.RECEIPTS_0480_bostad", "$JS.API.DIRECT.GET.INCIDENTS_0480_polis.1",
		"$JS.API.CONSUMER.MSG.NEXT.RECEIPTS_0480_polis.agency", "$JS.API.CONSUMER.MSG.NEXT.RECEIPTS_0480_bostad.other",
		"$JS.ACK.RECEIPTS_0480_polis.agency.1.1.1.1.1", "$SYS.REQ.CLAIMS.UPDATE", "samsyn.servers.jsz", "_INBOX.anybody",
	} {
		wantNoError(t, "publish", nc.Publish(subject, []byte("x")))
		wantDenied(t, denied, "publish on "+subject)
	}
	for _, subject := range []string{
		">", "incident.>", "receipt.>", "alert.0480.polis", "$JS.>", "$SYS.>", "correlated.>", "hotspot.>", "*.0480.*",
	} {
		_, err := nc.SubscribeSync(subject)
		wantNoError(t, "subscribe", err)
		wantDenied(t, denied, "subscribe to "+subject)
	}
	if m, err := heard.NextMsg(50 * time.Millisecond); err == nil {
		t.Errorf("the other agency heard %q", m.Data)
	}
	if state, err := env.Conn.StreamState(soon(t), events.IncidentStream(nykoping, polis)); err != nil || state.Last != 1 {
		t.Errorf("the other agency's stream is at %+v (%v), want 1", state, err)
	}
}

func wantDenied(t *testing.T, denied <-chan error, what string) {
	t.Helper()
	select {
	case err := <-denied:
		if !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("%s: %v, want a permission violation", what, err)
		}
	case <-time.After(5 * time.Second):
		t.Errorf("%s was not denied", what)
	}
}

// In a shared account an agency could choose another's subject as the reply of its own publish, and the acknowledgement would be stored there.
func TestReplySubjectCannotReachAnotherAccount(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	nc := plain(t, env, env.AddAgency(nykoping, bostad))
	env.AddAgency(nykoping, polis)
	for _, reply := range []string{reported(polis), "$JS.API.STREAM.PURGE.INCIDENTS_0480_polis", "$JS.API.STREAM.DELETE.INCIDENTS_0480_bostad", "receipt.0480.polis"} {
		wantNoError(t, "publish", nc.PublishRequest(reported(bostad), reply, []byte(`{}`)))
	}
	pull := "$JS.API.CONSUMER.MSG.NEXT.RECEIPTS_0480_bostad.agency"
	_, err := env.Conn.Publish(soon(t), bus.Message{Subject: events.ReceiptSubject(nykoping, bostad), Body: []byte("mine")})
	wantNoError(t, "publish receipt", err)
	wantNoError(t, "pull", nc.PublishRequest(pull, reported(polis), []byte(`{"batch":1}`)))
	// The round trip on the same connection comes after all of them.
	_, err = nc.Request(reported(bostad), []byte(`{}`), 5*time.Second)
	wantNoError(t, "request", err)

	for stream, want := range map[string]uint64{
		events.IncidentStream(nykoping, bostad): 5, events.IncidentStream(nykoping, polis): 0,
		events.ReceiptStream(nykoping, polis): 0,
	} {
		state, err := env.Conn.StreamState(soon(t), stream)
		wantNoError(t, "state", err)
		if state.Last != want || state.Messages != want {
			t.Errorf("%s holds %d up to %d, want %d", stream, state.Messages, state.Last, want)
		}
	}
}

// De-duplication is per stream, so an agency's message id can never make another agency's event vanish.
func TestSameMessageIDOfTwoAgenciesIsTwoEvents(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	for _, a := range []events.AgencyID{bostad, polis} {
		conn := env.AgencyConn(env.AddAgency(nykoping, a))
		ack, err := conn.Publish(soon(t), bus.Message{Subject: reported(a), ID: "R1:1:0123456789abcdef", Body: []byte(`{}`)})
		wantNoError(t, "publish", err)
		if ack.Duplicate || ack.Seq != 1 {
			t.Errorf("%s: %+v, want the first of its stream", a, ack)
		}
	}
}

// An agency that was away pulls what it missed, and hears what comes while it is there.
func TestAgencyHearsAndPullsItsReceipts(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	conn := env.AgencyConn(env.AddAgency(nykoping, bostad))
	env.AddAgency(nykoping, polis)
	heard := make(chan string, 4)
	for _, subject := range []string{events.ReceiptSubject(nykoping, bostad), events.AlertSubject(nykoping, bostad), events.CheckpointSubject(nykoping)} {
		stop, err := conn.Subscribe(subject, func(subject string, body []byte) { heard <- subject + " " + string(body) })
		wantNoError(t, "subscribe", err)
		t.Cleanup(stop)
	}
	wantNoError(t, "publish", env.Conn.PublishBatch(soon(t), []bus.Message{
		{Subject: events.ReceiptSubject(nykoping, bostad), ID: "r1", Body: []byte("one")},
		{Subject: events.ReceiptSubject(nykoping, bostad), ID: "r2", Body: []byte("two")},
		{Subject: events.ReceiptSubject(nykoping, polis), ID: "r1", Body: []byte("not yours")},
	}))
	_, err := env.Conn.Publish(soon(t), bus.Message{Subject: events.AlertSubject(nykoping, bostad), Body: []byte("hot")})
	wantNoError(t, "publish", err)
	wantNoError(t, "signal", env.Conn.Signal(events.CheckpointSubject(nykoping), []byte("signed")))
	var all []string
	for len(all) < 4 {
		select {
		case got := <-heard:
			all = append(all, got)
		case <-time.After(5 * time.Second):
			t.Fatalf("heard only %q", all)
		}
	}
	slices.Sort(all) // the order between subjects is nobody's promise
	if want := []string{"alert.0480.bostad hot", "checkpoint.0480 signed", "receipt.0480.bostad one", "receipt.0480.bostad two"}; !slices.Equal(all, want) {
		t.Errorf("heard %q, want %q", all, want)
	}

	stream := events.ReceiptStream(nykoping, bostad)
	got, err := conn.Pull(soon(t), stream, bus.AgencyDurable, 10, time.Second)
	wantNoError(t, "pull", err)
	if len(got) != 2 || string(got[0].Body) != "one" || string(got[1].Body) != "two" || got[1].Seq != 2 {
		t.Fatalf("pulled %v, want both receipts", got)
	}
	wantNoError(t, "acknowledge", conn.Acknowledge(got))
	if got, err = conn.Pull(soon(t), stream, bus.AgencyDurable, 10, 20*time.Millisecond); err != nil || len(got) != 0 {
		t.Errorf("pulled %d more (%v), want nothing", len(got), err)
	}
	lag, err := env.Conn.Lag(soon(t), stream, bus.AgencyDurable)
	wantNoError(t, "lag", err)
	if lag != (bus.Lag{AckedUntil: 2}) {
		t.Errorf("lag %+v: the acknowledgements did not arrive", lag)
	}
}

// A dry run reaches whoever answers checks, with the asker's own subject, and nobody else's.
func TestAgencyAsksForItsOwnCheck(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	conn := env.AgencyConn(env.AddAgency(nykoping, bostad))
	stop, err := env.Conn.Respond("check.>", "correlator", func(subject string, body []byte) []byte {
		return []byte(subject + " " + string(body))
	})
	wantNoError(t, "respond", err)
	defer stop()
	answer, err := conn.Request(soon(t), events.CheckSubject(nykoping, bostad), []byte("?"))
	wantNoError(t, "check", err)
	if string(answer) != "check.0480.bostad ?" {
		t.Errorf("answered %q", answer)
	}
	if _, err := conn.Request(soon(t), events.CheckSubject(nykoping, polis), nil); !errors.Is(err, bus.ErrNotPermitted) {
		t.Errorf("check of another agency: %v, want ErrNotPermitted", err)
	}
}

// Suspending must hold at once, for every connection, for credentials not yet used, and over a restart; resuming undoes it with the same file.
func TestSuspendedAgencyIsOutAtOnceAndStaysOut(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	creds := env.AddAgency(nykoping, bostad)
	other := env.AgencyConn(env.AddAgency(nykoping, polis))
	cut := make(chan time.Time, 2)
	for range 2 {
		plain(t, env, creds, nats.NoReconnect(), nats.ClosedHandler(func(*nats.Conn) { cut <- time.Now() }))
	}
	began := time.Now()
	wantNoError(t, "suspend", env.Operator.Suspend(soon(t), nykoping, bostad))
	for range 2 {
		select {
		case at := <-cut:
			t.Logf("disconnected after %v", at.Sub(began))
		case <-time.After(5 * time.Second):
			t.Fatal("still connected")
		}
	}
	shut := func(when string) {
		t.Helper()
		if _, err := bus.Connect(soon(t), bus.Config{URL: env.Server.URL(), Creds: creds}); !errors.Is(err, bus.ErrNotPermitted) {
			t.Errorf("%s: connect gives %v, want ErrNotPermitted", when, err)
		}
	}
	shut("suspended")
	if _, err := env.Operator.Creds(nykoping, bostad); !errors.Is(err, bus.ErrSuspended) {
		t.Errorf("credentials while suspended: %v, want ErrSuspended", err)
	}
	_, err := other.Publish(soon(t), bus.Message{Subject: reported(polis), Body: []byte(`{}`)})
	wantNoError(t, "the other agency publishes", err)

	env.Restart(nil)
	shut("after a restart")
	wantNoError(t, "resume", env.Operator.Resume(soon(t), nykoping, bostad))
	_, err = env.AgencyConn(creds).Publish(soon(t), bus.Message{Subject: reported(bostad), Body: []byte(`{}`)})
	wantNoError(t, "publish after resuming", err)
}

// The agency's own program keeps trying while it is shut out, and goes on when it is let in again: nobody has to restart it.
func TestResumedAgencyGoesOnByItself(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	creds := env.AddAgency(nykoping, bostad)
	network := newSwitch(t, env)
	conn, err := bus.Connect(soon(t), bus.Config{URL: network.url(), Creds: creds})
	wantNoError(t, "connect", err)
	t.Cleanup(conn.Close)
	wantNoError(t, "suspend", env.Operator.Suspend(soon(t), nykoping, bostad))
	for range 5 { // the first, and four that are refused: the client library itself gives up after two
		select {
		case <-network.came:
		case <-time.After(20 * time.Second):
			t.Fatal("the agency does not try again")
		}
	}
	wantNoError(t, "resume", env.Operator.Resume(soon(t), nykoping, bostad))
	for began := time.Now(); ; {
		_, err := conn.Publish(soon(t), bus.Message{Subject: reported(bostad), Body: []byte(`{}`)})
		if err == nil {
			return
		}
		if time.Since(began) > 20*time.Second {
			t.Fatalf("the connection did not come back: %v", err)
		}
	}
}

// One agency cannot use up the server's connections.
func TestAgencyHasTenConnections(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	creds := env.AddAgency(nykoping, bostad)
	for range 10 {
		plain(t, env, creds)
	}
	if _, err := bus.Connect(soon(t), bus.Config{URL: env.Server.URL(), Creds: creds}); !errors.Is(err, bus.ErrNotPermitted) {
		t.Errorf("an eleventh connection: %v, want ErrNotPermitted", err)
	}
	wantNoError(t, "the account can be changed all the same", env.Operator.Resume(soon(t), nykoping, bostad))
}

// A lost credentials file is replaced without touching anything else: who holds the old one is out.
func TestReissuedCredentialsShutOutTheOldOnes(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	old := env.AddAgency(nykoping, bostad)
	fresh, err := env.Operator.Reissue(soon(t), nykoping, bostad)
	wantNoError(t, "reissue", err)
	path := filepath.Join(t.TempDir(), "fresh.creds")
	wantNoError(t, "write", os.WriteFile(path, fresh, 0o600))
	if _, err := bus.Connect(soon(t), bus.Config{URL: env.Server.URL(), Creds: old}); !errors.Is(err, bus.ErrNotPermitted) {
		t.Errorf("old credentials: %v, want ErrNotPermitted", err)
	}
	_, err = env.AgencyConn(path).Publish(soon(t), bus.Message{Subject: reported(bostad), Body: []byte(`{}`)})
	wantNoError(t, "publish with the new ones", err)

	// Suspending and resuming must not bring the revoked file back.
	wantNoError(t, "suspend", env.Operator.Suspend(soon(t), nykoping, bostad))
	wantNoError(t, "resume", env.Operator.Resume(soon(t), nykoping, bostad))
	if _, err := bus.Connect(soon(t), bus.Config{URL: env.Server.URL(), Creds: old}); !errors.Is(err, bus.ErrNotPermitted) {
		t.Errorf("old credentials after resuming: %v, want ErrNotPermitted", err)
	}
	all, err := env.Operator.Agencies()
	wantNoError(t, "list", err)
	if want := (bus.AgencyAccount{Municipality: nykoping, Agency: bostad, Credentials: 1}); len(all) != 1 || all[0] != want {
		t.Errorf("agencies %+v, want %+v", all, want)
	}
}

// The key directory is the truth: a server that lost its accounts gets them back, and what changed while it was away holds.
func TestServerThatLostItsAccountsGetsThemBack(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	creds := env.AddAgency(nykoping, bostad)
	gone := env.AddAgency(nykoping, polis)
	env.Restart(func(dir string) {
		wantNoError(t, "remove accounts", os.RemoveAll(filepath.Join(dir, "accounts")))
		operator, err := bus.NewOperator(filepath.Join(dir, "keys"))
		wantNoError(t, "open keys", err)
		wantNoError(t, "suspend without a server", operator.Suspend(soon(t), nykoping, polis))
	})
	_, err := env.AgencyConn(creds).Publish(soon(t), bus.Message{Subject: reported(bostad), Body: []byte(`{}`)})
	wantNoError(t, "publish", err)
	if _, err := bus.Connect(soon(t), bus.Config{URL: env.Server.URL(), Creds: gone}); !errors.Is(err, bus.ErrNotPermitted) {
		t.Errorf("suspended while the server was away: %v, want ErrNotPermitted", err)
	}
}

// Adding an agency before its streams exist would give it a path into nothing: the canary says so.
func TestCanaryFindsAMissingStream(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	err := env.Operator.AddAgency(soon(t), nykoping, bostad)
	if !errors.Is(err, bus.ErrNoStream) || !strings.Contains(err.Error(), "canary") {
		t.Errorf("account without streams: %v, want the canary's ErrNoStream", err)
	}
	wantNoError(t, "make streams", env.Conn.EnsureAgency(soon(t), nykoping, bostad, bus.Quota{}))
	wantNoError(t, "add again", env.Operator.AddAgency(soon(t), nykoping, bostad))
	if state, err := env.Conn.StreamState(soon(t), events.IncidentStream(nykoping, bostad)); err != nil || state.Last != 0 {
		t.Errorf("the canary left %d events (%v)", state.Last, err)
	}
}

// Keys let everything in: nobody but the operator's user may read them.
func TestKeysAreReadableByTheirOwnerOnly(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	env.AddAgency(nykoping, bostad)
	dir := filepath.Join(env.Dir(), "keys")
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return nil
	})
	wantNoError(t, "walk", err)
	if _, err := env.Operator.Creds(nykoping, "nobody"); !errors.Is(err, bus.ErrUnknownAgency) {
		t.Errorf("credentials of an unknown agency: %v", err)
	}
}
