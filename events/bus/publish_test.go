// SPDX-License-Identifier: EUPL-1.2

package bus_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/testenv"
)

// Each end of a publish other than an acknowledgement is an error that a caller can branch on; a permission error comes at once, although NATS itself
// only lets the publish time out.
func TestEveryWayToFailIsTyped(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	conn := env.AgencyConn(env.AddAgency(nykoping, bostad))
	env.AddAgency(nykoping, polis)
	for _, tc := range []struct {
		name string
		msg  bus.Message
		want error
	}{
		{"another agency's subject", bus.Message{Subject: reported(polis)}, bus.ErrNotPermitted},
		{"a verb that does not exist", bus.Message{Subject: "incident.0480.bostad.repoted"}, bus.ErrNotPermitted},
		{"one byte too many", bus.Message{Subject: reported(bostad), Body: make([]byte, bus.MaxBody+1)}, bus.ErrTooLarge},
		{"headers too large", bus.Message{Subject: reported(bostad), Body: make([]byte, bus.MaxBody), Header: map[string]string{"X": strings.Repeat("x", 5000)}}, bus.ErrTooLarge},
		{"a roll-up", bus.Message{Subject: reported(bostad), Header: map[string]string{"Nats-Rollup": "all"}}, bus.ErrRefused},
		{"a lifetime", bus.Message{Subject: reported(bostad), Header: map[string]string{"Nats-TTL": "1s"}}, bus.ErrRefused},
		{"a batch", bus.Message{Subject: reported(bostad), Header: map[string]string{"Nats-Batch-Id": "b", "Nats-Batch-Sequence": "1", "Nats-Batch-Commit": "1"}}, bus.ErrRefused},
	} {
		began := time.Now()
		_, err := conn.Publish(soon(t), tc.msg)
		if !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
		}
		each := conn.PublishEach(soon(t), []bus.Message{tc.msg, {Subject: reported(bostad), Body: []byte("good")}})
		if !errors.Is(each[0].Err, tc.want) || each[1].Err != nil {
			t.Errorf("%s, each: %v and %v, want %v and none", tc.name, each[0].Err, each[1].Err, tc.want)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s took %v: it was a timeout", tc.name, took)
		}
	}
	if _, err := env.Conn.Publish(soon(t), bus.Message{Subject: "incident.0480.nobody.reported"}); !errors.Is(err, bus.ErrNoStream) {
		t.Errorf("no stream: %v", err)
	}
	if _, err := env.Conn.Request(soon(t), "check.0480.bostad", nil); !errors.Is(err, bus.ErrNoStream) {
		t.Errorf("nobody responds: %v", err)
	}
}

// The limit of the contract is exact, whatever headers a usual client adds.
func TestLargestEventFits(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	conn := env.AgencyConn(env.AddAgency(nykoping, bostad))
	_, err := conn.Publish(soon(t), bus.Message{
		Subject: reported(bostad), ID: strings.Repeat("r", 64) + ":1:0123456789abcdef", Body: bytes.Repeat([]byte("x"), bus.MaxBody),
		Header: map[string]string{"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
	})
	wantNoError(t, "publish 65,536 bytes", err)
}

// A full stream says so and keeps what it has: with "discard old" it would acknowledge and drop.
func TestFullStreamRefusesAndKeepsTheOld(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	wantNoError(t, "ensure", env.Conn.EnsureAgency(soon(t), nykoping, bostad, bus.Quota{MaxBytes: 256 << 10}))
	stored := 0
	body := make([]byte, 16<<10)
	for {
		_, err := env.Conn.Publish(soon(t), bus.Message{Subject: reported(bostad), Body: body})
		if err != nil {
			var refusal *bus.PublishError
			if !errors.Is(err, bus.ErrStreamFull) || !errors.As(err, &refusal) || refusal.Code != 10077 {
				t.Fatalf("after %d: %v, want ErrStreamFull with code 10077", stored, err)
			}
			break
		}
		if stored++; stored > 64 {
			t.Fatal("256 KiB took more than 1 MiB")
		}
	}
	results := env.Conn.PublishEach(soon(t), []bus.Message{{Subject: reported(bostad), Body: body}, {Subject: reported(bostad), Body: body}})
	for _, r := range results {
		if !errors.Is(r.Err, bus.ErrStreamFull) {
			t.Errorf("asynchronously: %v, want ErrStreamFull", r.Err)
		}
	}
	state, err := env.Conn.StreamState(soon(t), events.IncidentStream(nykoping, bostad))
	wantNoError(t, "state", err)
	if state.First != 1 || state.Messages != uint64(stored) {
		t.Errorf("holds %d from %d on, want %d from 1", state.Messages, state.First, stored)
	}
}

func TestSameIDIsStoredOnce(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	conn := env.AgencyConn(env.AddAgency(nykoping, bostad))
	m := bus.Message{Subject: reported(bostad), ID: "R1:1:0123456789abcdef", Body: []byte(`{}`)}
	first, err := conn.Publish(soon(t), m)
	wantNoError(t, "publish", err)
	again, err := conn.Publish(soon(t), m)
	wantNoError(t, "publish again", err)
	if first.Duplicate || !again.Duplicate || again.Seq != first.Seq {
		t.Errorf("first %+v, again %+v", first, again)
	}
}

// Each of many gets its own outcome, in order, with more of them than may be in flight.
func TestPublishEachKeepsTheOrder(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	env.AddAgency(nykoping, bostad)
	messages := make([]bus.Message, 1500)
	for i := range messages {
		messages[i] = bus.Message{Subject: reported(bostad), ID: fmt.Sprint(i), Body: []byte(fmt.Sprint(i))}
	}
	for i, r := range env.Conn.PublishEach(soon(t), messages) {
		if r.Err != nil || r.Ack.Seq != uint64(i+1) {
			t.Fatalf("message %d: %+v", i, r)
		}
	}
}

// One atomic batch a stream; what is stored is stored in order, and a stream that fails does not take the others with it.
func TestBatchGoesOutByStream(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	env.AddAgency(nykoping, bostad)
	var messages []bus.Message
	for i := range 1200 {
		messages = append(messages,
			bus.Message{Subject: events.ReceiptSubject(nykoping, bostad), ID: fmt.Sprint("r", i), Body: []byte(fmt.Sprint(i))},
			bus.Message{Subject: events.CorrelatedSubject(nykoping, "0480"), ID: fmt.Sprint("c", i), Body: []byte(fmt.Sprint(i))},
		)
	}
	messages = append(messages, bus.Message{Subject: events.ReceiptSubject(nykoping, "nobody"), ID: "n", Body: []byte("lost")})
	err := env.Conn.PublishBatch(soon(t), messages)
	var partly *bus.BatchError
	if !errors.As(err, &partly) || len(partly.Failed) != 1 || partly.Failed[0] != len(messages)-1 || !errors.Is(err, bus.ErrNoStream) {
		t.Fatalf("%v, want ErrNoStream for the last alone", err)
	}
	for _, stream := range []string{events.ReceiptStream(nykoping, bostad), events.StreamCorrelated} {
		next := 0
		wantNoError(t, "read "+stream, env.Conn.Read(soon(t), stream, 1, func(s bus.Stored) error {
			if string(s.Body) != fmt.Sprint(next) {
				return fmt.Errorf("sequence %d holds %s, want %d", s.Seq, s.Body, next)
			}
			next++
			return nil
		}))
		if next != 1200 {
			t.Errorf("%s holds %d, want 1200", stream, next)
		}
	}
}

// After a crash between publishing and bookkeeping the same rows go out again, mixed with new ones: each must be there once.
func TestBatchSentAgainStoresEachOnce(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	batch := func(from, to int) []bus.Message {
		var messages []bus.Message
		for i := from; i < to; i++ {
			messages = append(messages, bus.Message{Subject: events.CorrelatedSubject(nykoping, "a"), ID: fmt.Sprint(i), Body: []byte(fmt.Sprint(i))})
		}
		return messages
	}
	wantNoError(t, "first", env.Conn.PublishBatch(soon(t), batch(0, 50)))
	wantNoError(t, "again, and more", env.Conn.PublishBatch(soon(t), batch(0, 80)))
	seen := map[string]int{}
	wantNoError(t, "read", env.Conn.Read(soon(t), events.StreamCorrelated, 1, func(s bus.Stored) error {
		seen[string(s.Body)]++
		return nil
	}))
	if len(seen) != 80 {
		t.Errorf("%d different messages, want 80", len(seen))
	}
	for body, n := range seen {
		if n != 1 {
			t.Errorf("%s is there %d times", body, n)
		}
	}
}

// One message that cannot go must not hold 99 that can.
func TestBatchIsolatesTheMessageThatCannotGo(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	var messages []bus.Message
	for i := range 100 {
		messages = append(messages, bus.Message{Subject: events.CorrelatedSubject(nykoping, "a"), ID: fmt.Sprint(i), Body: []byte("x")})
	}
	messages[40].Body = make([]byte, bus.MaxBody+1)
	err := env.Conn.PublishBatch(soon(t), messages)
	var partly *bus.BatchError
	if !errors.As(err, &partly) || len(partly.Failed) != 1 || partly.Failed[0] != 40 || !errors.Is(err, bus.ErrTooLarge) {
		t.Fatalf("%v, want ErrTooLarge for number 40", err)
	}
	state, err := env.Conn.StreamState(soon(t), events.StreamCorrelated)
	wantNoError(t, "state", err)
	if state.Messages != 99 {
		t.Errorf("%d stored, want 99", state.Messages)
	}
}

// Without an answer nobody knows whether the event is stored: the caller must hear exactly that, for each message, within its own patience.
func TestSilentServerIsNoAnswer(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	creds := env.AddAgency(nykoping, bostad)
	proxy := newSwitch(t, env)
	conn, err := bus.Connect(soon(t), bus.Config{URL: proxy.url(), Creds: creds})
	wantNoError(t, "connect", err)
	defer conn.Close()
	_, err = conn.Publish(soon(t), bus.Message{Subject: reported(bostad), Body: []byte("x")})
	wantNoError(t, "publish while it answers", err)

	proxy.freeze()
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if _, err := conn.Publish(ctx, bus.Message{Subject: reported(bostad), Body: []byte("x")}); !errors.Is(err, bus.ErrNoAnswer) {
		t.Errorf("publish: %v, want ErrNoAnswer", err)
	}
	messages := make([]bus.Message, 600) // more than may be in flight
	for i := range messages {
		messages[i] = bus.Message{Subject: reported(bostad), Body: []byte("x")}
	}
	ctx, cancel = context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	count := map[error]int{}
	for _, r := range conn.PublishEach(ctx, messages) {
		for _, kind := range []error{bus.ErrNoAnswer, bus.ErrStalled} {
			if errors.Is(r.Err, kind) {
				count[kind]++
			}
		}
	}
	if count[bus.ErrNoAnswer] < 256 || count[bus.ErrNoAnswer]+count[bus.ErrStalled] != len(messages) {
		t.Errorf("outcomes %v, want 256 or more without an answer and the rest not sent", count)
	}
	proxy.thaw()
}

// Wrong use is answered at once and says what is wrong; a server that is not there yet is waited for.
func TestConnectSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	if _, err := bus.Connect(soon(t), bus.Config{URL: env.Server.URL(), Creds: "/nowhere/x.creds"}); err == nil || !strings.Contains(err.Error(), "/nowhere/x.creds") {
		t.Errorf("a missing credentials file: %v", err)
	}
	if _, err := bus.Connect(soon(t), bus.Config{URL: env.Server.URL()}); !errors.Is(err, bus.ErrNotPermitted) {
		t.Errorf("no credentials: %v, want ErrNotPermitted", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, err := bus.Connect(ctx, bus.Config{URL: "nats://127.0.0.1:1"})
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, nats.ErrNoServers) {
		t.Errorf("no server: %v, want to have waited for it", err)
	}
}
