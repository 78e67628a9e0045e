// SPDX-License-Identifier: EUPL-1.2

package bus_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/testenv"
)

// admin is JetStream without this package in between: what an operator's hand, or another client, can do.
func admin(t testing.TB, env *testenv.NATSEnv) jetstream.JetStream {
	t.Helper()
	creds, err := env.Operator.PlatformCreds("admin")
	wantNoError(t, "credentials", err)
	nc, err := nats.Connect("", nats.InProcessServer(env.Server), nats.UserCredentialBytes(creds))
	wantNoError(t, "connect", err)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	wantNoError(t, "jetstream", err)
	return js
}

func streamConfig(t testing.TB, js jetstream.JetStream, name string) jetstream.StreamConfig {
	t.Helper()
	s, err := js.Stream(soon(t), name)
	wantNoError(t, "stream "+name, err)
	return s.CachedInfo().Config
}

// What an agency's stream is: each of these fields, set otherwise, loses, hides or lets somebody remove acknowledged events.
func TestIncidentStreamKeepsWhatItAcknowledged(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	env.AddAgency(nykoping, bostad)
	cfg := streamConfig(t, admin(t, env), "INCIDENTS_0480_bostad")
	subjects := []string{"reported", "corrected", "withdrawn", "nothing", "counts", "context"}
	for i := range subjects {
		subjects[i] = "incident.0480.bostad." + subjects[i]
	}
	if !slices.Equal(cfg.Subjects, subjects) {
		t.Errorf("subjects %v, want %v", cfg.Subjects, subjects)
	}
	if cfg.Storage != jetstream.FileStorage || cfg.Retention != jetstream.LimitsPolicy || cfg.Discard != jetstream.DiscardNew {
		t.Errorf("storage %v, retention %v, discard %v", cfg.Storage, cfg.Retention, cfg.Discard)
	}
	if cfg.MaxAge != 90*24*time.Hour || cfg.Duplicates != 2*time.Minute || cfg.MaxBytes <= 0 || !cfg.DenyPurge || cfg.DenyDelete {
		t.Errorf("age %v, window %v, size %d, purge denied %v, delete denied %v", cfg.MaxAge, cfg.Duplicates, cfg.MaxBytes, cfg.DenyPurge, cfg.DenyDelete)
	}
	if cfg.AllowAtomicPublish || cfg.AllowBatchPublish || cfg.AllowRollup || cfg.AllowMsgTTL || cfg.AllowMsgSchedules || cfg.AllowMsgCounter || cfg.AllowDirect {
		t.Errorf("a feature is on that lets a writer go round the limits: %+v", cfg)
	}
}

// Every start goes over the topology; a second one must change nothing and find nothing.
func TestEnsureTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	env.AddAgency(nykoping, bostad)
	js := admin(t, env)
	before := fmt.Sprintf("%+v", streamConfig(t, js, "INCIDENTS_0480_bostad"))
	wantNoError(t, "platform", env.Conn.EnsurePlatform(soon(t)))
	wantNoError(t, "agency", env.Conn.EnsureAgency(soon(t), nykoping, bostad, bus.Quota{}))
	if after := fmt.Sprintf("%+v", streamConfig(t, js, "INCIDENTS_0480_bostad")); after != before {
		t.Errorf("changed from\n%s to\n%s", before, after)
	}
	drift, err := env.Conn.Drift(soon(t))
	wantNoError(t, "drift", err)
	if len(drift) != 0 {
		t.Errorf("drift of what was just made: %v", drift)
	}
}

// A stream edited by hand is named with its field, and left as it is: an alarm, not a silent repair.
func TestDriftNamesTheField(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	env.AddAgency(nykoping, bostad)
	js := admin(t, env)
	for _, change := range []struct {
		stream, field string
		edit          func(*jetstream.StreamConfig)
	}{
		{"INCIDENTS_0480_bostad", "discard", func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardOld }},
		{"INCIDENTS_0480_bostad", "max_bytes", func(c *jetstream.StreamConfig) { c.MaxBytes /= 2 }},
		{"INCIDENTS_0480_bostad", "duplicate_window", func(c *jetstream.StreamConfig) { c.Duplicates = time.Second }},
		{"INCIDENTS_0480_bostad", "allow_direct", func(c *jetstream.StreamConfig) { c.AllowDirect = true }},
		{"INCIDENTS_0480_bostad", "allow_atomic", func(c *jetstream.StreamConfig) { c.AllowAtomicPublish = true }},
		{"INCIDENTS_0480_bostad", "subjects", func(c *jetstream.StreamConfig) { c.Subjects = append(c.Subjects, "incident.0480.bostad.x") }},
		{"RECEIPTS_0480_bostad", "max_age", func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour }},
		{"CORRELATED", "republish", func(c *jetstream.StreamConfig) { c.RePublish = &jetstream.RePublish{Destination: "copy.>"} }},
	} {
		good := streamConfig(t, js, change.stream)
		bad := streamConfig(t, js, change.stream)
		change.edit(&bad)
		_, err := js.UpdateStream(soon(t), bad)
		wantNoError(t, "edit "+change.field, err)
		wantNoError(t, "ensure", env.Conn.EnsureAgency(soon(t), nykoping, bostad, bus.Quota{}))
		wantDrift(t, env.Conn, change.stream, change.field)
		_, err = js.UpdateStream(soon(t), good)
		wantNoError(t, "put back "+change.field, err)
	}
	wantNoError(t, "delete", js.DeleteStream(soon(t), "ALERTS_0480_bostad"))
	wantDrift(t, env.Conn, "ALERTS_0480_bostad", "stream")
	wantNoError(t, "delete", js.DeleteConsumer(soon(t), "RECEIPTS_0480_bostad", bus.AgencyDurable))
	wantDrift(t, env.Conn, "RECEIPTS_0480_bostad", "consumer")
}

func wantDrift(t *testing.T, conn *bus.Conn, stream, field string) {
	t.Helper()
	drift, err := conn.Drift(soon(t))
	wantNoError(t, "drift", err)
	if !slices.ContainsFunc(drift, func(d bus.Difference) bool { return d.Stream == stream && d.Field == field }) {
		t.Errorf("%s of %s was changed and the drift is %v", field, stream, drift)
	}
}

// MaxBytes reserves. A store that is given away must be explained with numbers, not with an error code at the tenth agency.
func TestStoreThatIsGivenAwayIsExplained(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	err := env.Conn.EnsureAgency(soon(t), nykoping, bostad, bus.Quota{MaxBytes: 1 << 40})
	var room *bus.NoRoomError
	if !errors.As(err, &room) || !errors.Is(err, bus.ErrStreamFull) {
		t.Fatalf("a quota of 1 TiB: %v, want NoRoomError", err)
	}
	if room.Store != 8<<30 || room.Wants != 1<<40 || room.Reserved <= 0 || room.Stream != "INCIDENTS_0480_bostad" {
		t.Errorf("%+v", room)
	}
	for _, word := range []string{"1048576 MiB", "8192 MiB", "max_file_store", "quota"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
}

// A larger quota is an explicit act and takes effect; asking for none keeps what is there.
func TestQuotaIsSetWhenAskedFor(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	js := admin(t, env)
	for _, step := range []struct{ ask, want int64 }{{32 << 20, 32 << 20}, {0, 32 << 20}, {48 << 20, 48 << 20}} {
		wantNoError(t, "ensure", env.Conn.EnsureAgency(soon(t), nykoping, bostad, bus.Quota{MaxBytes: step.ask}))
		if got := streamConfig(t, js, "INCIDENTS_0480_bostad").MaxBytes; got != step.want {
			t.Errorf("asked for %d, has %d, want %d", step.ask, got, step.want)
		}
	}
	drift, err := env.Conn.Drift(soon(t))
	wantNoError(t, "drift", err)
	if len(drift) != 0 {
		t.Errorf("drift %v", drift)
	}
}

// A stream that replaces a lost one goes on where the reader's position is, so that numbers never go back.
func TestRebuiltStreamGoesOnWithItsNumbers(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	wantNoError(t, "ensure", env.Conn.EnsureAgency(soon(t), nykoping, bostad, bus.Quota{FirstSeq: 1002}))
	ack, err := env.Conn.Publish(soon(t), bus.Message{Subject: reported(bostad), Body: []byte(`{}`)})
	wantNoError(t, "publish", err)
	if ack.Seq != 1002 {
		t.Errorf("first sequence %d, want 1002", ack.Seq)
	}
	drift, err := env.Conn.Drift(soon(t))
	wantNoError(t, "drift", err)
	if len(drift) != 0 {
		t.Errorf("drift %v", drift)
	}
}

// The service shows itself degraded unless the server itself says that it writes before it acknowledges.
func TestDurabilityIsTheServersWord(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	wantNoError(t, "durability of a server with sync_interval always", env.Conn.Durability(soon(t)))
	agency := env.AgencyConn(env.AddAgency(nykoping, bostad))
	if err := agency.Durability(soon(t)); !errors.Is(err, bus.ErrNotDurable) {
		t.Errorf("durability where nobody answers: %v, want ErrNotDurable", err)
	}
}

func TestIncidentStreamsAreListed(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	env.AddAgency(nykoping, polis)
	env.AddAgency(nykoping, bostad)
	got, err := env.Conn.IncidentStreams(soon(t))
	wantNoError(t, "list", err)
	if want := []string{events.IncidentStream(nykoping, bostad), events.IncidentStream(nykoping, polis)}; !slices.Equal(got, want) {
		t.Errorf("listed %v, want %v", got, want)
	}
}
