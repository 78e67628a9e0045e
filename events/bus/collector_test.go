// SPDX-License-Identifier: EUPL-1.2

package bus_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/testenv"
)

// desk is a reader's database in miniature: positions, and how often a stream was reported to have gone backwards.
type desk struct {
	mu        sync.Mutex
	positions map[string]bus.Position
	regressed []string
}

func newDesk() *desk { return &desk{positions: map[string]bus.Position{}} }

func (d *desk) position(_ context.Context, stream string) (bus.Position, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, ok := d.positions[stream]
	return p, ok, nil
}

func (d *desk) onRegressed(stream string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.regressed = append(d.regressed, stream)
	delete(d.positions, stream)
}

func (d *desk) set(stream string, seq uint64, body string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.positions[stream] = bus.Position{Seq: seq, SHA256: sha256.Sum256([]byte(body))}
}

func (d *desk) collector(t testing.TB, conn *bus.Conn, streams ...string) *bus.Collector {
	t.Helper()
	k := conn.NewCollector(bus.CollectorConfig{Durable: "correlator", Position: d.position, OnRegressed: d.onRegressed})
	t.Cleanup(k.Close)
	for _, s := range streams {
		wantNoError(t, "add "+s, k.Add(soon(t), s))
	}
	return k
}

// collect reads until it has n deliveries, settles nothing.
func collect(t testing.TB, k *bus.Collector, n int) []bus.Delivery {
	t.Helper()
	var all []bus.Delivery
	for len(all) < n {
		ds, err := k.Next(soon(t), n-len(all))
		wantNoError(t, fmt.Sprintf("next, with %d of %d", len(all), n), err)
		all = append(all, ds...)
	}
	return all
}

func done(t testing.TB, k *bus.Collector, ds []bus.Delivery) {
	t.Helper()
	wantNoError(t, "settle", k.Settle(soon(t), ds, make([]bus.Verdict, len(ds))))
}

// wantQuiet fails when something is delivered within a moment.
func wantQuiet(t testing.TB, k *bus.Collector) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 150*time.Millisecond)
	defer cancel()
	if ds, err := k.Next(ctx, 10); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("delivered %v (%v), want nothing", seqs(ds), err)
	}
}

func seqs(ds []bus.Delivery) []uint64 {
	var all []uint64
	for _, d := range ds {
		all = append(all, d.Seq)
	}
	return all
}

func wantSeqs(t testing.TB, what string, ds []bus.Delivery, from, to uint64) {
	t.Helper()
	var want []uint64
	for s := from; s <= to; s++ {
		want = append(want, s)
	}
	if got := seqs(ds); !slices.Equal(got, want) {
		t.Errorf("%s: delivered %v, want %d to %d", what, got, from, to)
	}
}

// settledUntil waits until the stream knows that everything up to seq is settled: plain acknowledgements are under way for a moment.
func settledUntil(t testing.TB, conn *bus.Conn, stream string, seq uint64) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		lag, err := conn.Lag(soon(t), stream, "correlator")
		wantNoError(t, "lag", err)
		if lag.AckedUntil >= seq {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("lag of %s is %+v, want %d settled", stream, lag, seq)
		}
	}
}

func numbered(from, to int) []string {
	var all []string
	for i := from; i <= to; i++ {
		all = append(all, fmt.Sprint("body ", i))
	}
	return all
}

// twoAgencies has a stream with ten events and an empty one.
func tenEvents(t *testing.T) (env *testenv.NATSEnv, stream string) {
	t.Helper()
	env = testenv.NATS(t)
	env.AddAgency(nykoping, bostad)
	fill(t, env.Conn, bostad, numbered(1, 10)...)
	return env, events.IncidentStream(nykoping, bostad)
}

// What a handler is given says who sent it by the stream, and when the stream took it.
func TestDeliverySaysWhoseItIs(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	conn := env.AgencyConn(env.AddAgency(nykoping, bostad))
	before := time.Now().Add(-time.Second)
	_, err := conn.Publish(soon(t), bus.Message{
		Subject: events.IncidentSubject(nykoping, bostad, events.Withdrawn), ID: "R1:2:x", Body: []byte("body"), Header: map[string]string{"traceparent": "00-1"},
	})
	wantNoError(t, "publish", err)
	k := newDesk().collector(t, env.Conn, events.IncidentStream(nykoping, bostad))
	d := collect(t, k, 1)[0]
	if d.Municipality != nykoping || d.Agency != bostad || d.Verb != events.Withdrawn || d.Seq != 1 || d.Redelivered != 0 || string(d.Body) != "body" {
		t.Errorf("delivery %+v", d)
	}
	if names := d.HeaderNames(); !slices.Equal(names, []string{"Nats-Msg-Id", "traceparent"}) {
		t.Errorf("headers %v", names)
	}
	if d.Header("Nats-Msg-Id") != "R1:2:x" || d.Header("traceparent") != "00-1" || d.Header("nothing") != "" {
		t.Errorf("headers %q and %q", d.Header("Nats-Msg-Id"), d.Header("traceparent"))
	}
	if d.Stored.Before(before) || d.Stored.After(time.Now().Add(time.Second)) || d.Stored.Location() != time.UTC {
		t.Errorf("stored %v", d.Stored)
	}
}

// A backlog in one stream must not delay the others.
func TestSmallStreamIsNotStarved(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	small := []events.AgencyID{"a1", "a2", "a3"}
	env.AddAgency(nykoping, bostad)
	fill(t, env.Conn, bostad, numbered(1, 2000)...)
	streams := []string{events.IncidentStream(nykoping, bostad)}
	for _, a := range small {
		env.AddAgency(nykoping, a)
		fill(t, env.Conn, a, "one")
		streams = append(streams, events.IncidentStream(nykoping, a))
	}
	k := newDesk().collector(t, env.Conn, streams...)
	got := map[events.AgencyID]bool{}
	handled := 0
	for len(got) < len(small) {
		ds, err := k.Next(soon(t), 100)
		wantNoError(t, "next", err)
		handled += len(ds)
		for _, d := range ds {
			if d.Agency != bostad {
				got[d.Agency] = true
			}
		}
		done(t, k, ds)
	}
	if handled > 1500 {
		t.Errorf("%d were handled before the small streams had their turn", handled)
	}
}

// A handler that cannot go on simply does not ask: what is fetched stays bounded, and nothing is handled twice because of it.
func TestNotAskingStopsTheFetching(t *testing.T) {
	t.Parallel()
	env := testenv.NATS(t)
	env.AddAgency(nykoping, bostad)
	fill(t, env.Conn, bostad, numbered(1, 1500)...)
	stream := events.IncidentStream(nykoping, bostad)
	k := newDesk().collector(t, env.Conn, stream)
	collect(t, k, 1)
	lag, err := env.Conn.Lag(soon(t), stream, "correlator")
	wantNoError(t, "lag", err)
	if lag.Unsettled > 600 {
		t.Errorf("%d of 1500 were fetched ahead", lag.Unsettled)
	}
}

// A process that ends between commit and acknowledgement leaves deliveries open: its successor gets them at once, not after the wait of 30 seconds.
func TestSuccessorGetsWhatWasLeftAtOnce(t *testing.T) {
	t.Parallel()
	env, stream := tenEvents(t)
	desk := newDesk()
	dying := env.Connect("first")
	first := desk.collector(t, dying, stream)
	ds := collect(t, first, 10)
	done(t, first, ds[:4])
	settledUntil(t, env.Conn, stream, 4)
	desk.set(stream, 6, "body 6") // 5 and 6 are committed and not acknowledged
	dying.Close()

	second := desk.collector(t, env.Connect("second"), stream)
	began := time.Now()
	wantSeqs(t, "the successor", collect(t, second, 6), 5, 10)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

// A database that was restored to an hour ago is behind the consumer: the reader goes back by itself.
func TestReaderGoesBackToARestoredPosition(t *testing.T) {
	t.Parallel()
	env, stream := tenEvents(t)
	desk := newDesk()
	first := desk.collector(t, env.Conn, stream)
	done(t, first, collect(t, first, 10))
	settledUntil(t, env.Conn, stream, 10)
	first.Close()
	desk.set(stream, 3, "body 3")
	wantSeqs(t, "after the restore", collect(t, desk.collector(t, env.Conn, stream), 7), 4, 10)
	if len(desk.regressed) != 0 {
		t.Errorf("regressed %v: the stream did not", desk.regressed)
	}
}

// A stream that was lost starts at 1 again. Low numbers are not old events: everything is read, and the alarm is raised.
func TestLostStreamIsReadFromItsStart(t *testing.T) {
	t.Parallel()
	env, stream := tenEvents(t)
	desk := newDesk()
	first := desk.collector(t, env.Conn, stream)
	done(t, first, collect(t, first, 10))
	settledUntil(t, env.Conn, stream, 10)
	first.Close()
	desk.set(stream, 10, "body 10")
	env.Restart(func(dir string) {
		found, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", stream))
		if err != nil || len(found) != 1 {
			t.Fatalf("stream directories %v (%v)", found, err)
		}
		wantNoError(t, "remove", os.RemoveAll(found[0]))
	})
	wantNoError(t, "ensure", env.Conn.EnsureAgency(soon(t), nykoping, bostad, bus.Quota{}))
	fill(t, env.Conn, bostad, "new 1", "new 2", "new 3")
	wantSeqs(t, "after the loss", collect(t, desk.collector(t, env.Conn, stream), 3), 1, 3)
	if !slices.Equal(desk.regressed, []string{stream}) {
		t.Errorf("regressed %v, want the stream once", desk.regressed)
	}
}

// A stream that grew again to its old length is another one all the same: the hash at the position tells.
func TestReplacedStreamIsToldByItsHash(t *testing.T) {
	t.Parallel()
	env, stream := tenEvents(t)
	desk := newDesk()
	desk.set(stream, 7, "what stood there before")
	wantSeqs(t, "the other stream", collect(t, desk.collector(t, env.Conn, stream), 10), 1, 10)
	if !slices.Equal(desk.regressed, []string{stream}) {
		t.Errorf("regressed %v, want the stream once", desk.regressed)
	}
}

// Lawful erasure of the message at the position is no alarm, and reading goes on behind it.
func TestErasedPositionIsNoAlarm(t *testing.T) {
	t.Parallel()
	env, stream := tenEvents(t)
	s, err := admin(t, env).Stream(soon(t), stream)
	wantNoError(t, "stream", err)
	wantNoError(t, "erase", s.SecureDeleteMsg(soon(t), 7))
	desk := newDesk()
	desk.set(stream, 7, "body 7")
	wantSeqs(t, "behind the gap", collect(t, desk.collector(t, env.Conn, stream), 3), 8, 10)
	if len(desk.regressed) != 0 {
		t.Errorf("regressed %v", desk.regressed)
	}
}

// A position that cannot be read must not be taken for "none": everything would come again.
func TestPositionThatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	env, stream := tenEvents(t)
	away := errors.New("the database is away")
	k := env.Conn.NewCollector(bus.CollectorConfig{
		Durable: "correlator", Position: func(context.Context, string) (bus.Position, bool, error) { return bus.Position{}, false, away },
	})
	defer k.Close()
	if err := k.Add(soon(t), stream); !errors.Is(err, away) {
		t.Errorf("add: %v, want the reader's error", err)
	}
	if err := k.Add(soon(t), "INCIDENTS_0480_nobody"); !errors.Is(err, jetstream.ErrStreamNotFound) {
		t.Errorf("add of a stream that is not there: %v", err)
	}
}

// Retry brings back that delivery alone and after its delay; what came after it goes on.
func TestRetryComesAgainAlone(t *testing.T) {
	t.Parallel()
	env, stream := tenEvents(t)
	k := newDesk().collector(t, env.Conn, stream)
	ds := collect(t, k, 5)
	verdicts := make([]bus.Verdict, len(ds))
	verdicts[2] = bus.Retry(400 * time.Millisecond)
	began := time.Now()
	wantNoError(t, "settle", k.Settle(soon(t), ds, verdicts))
	rest := collect(t, k, 5)
	wantSeqs(t, "those behind it", rest, 6, 10)
	done(t, k, rest)
	again := collect(t, k, 1)[0]
	if again.Seq != 3 || again.Redelivered != 1 {
		t.Errorf("came again: %+v", again)
	}
	if waited := time.Since(began); waited < 390*time.Millisecond {
		t.Errorf("came again after %v, want 400 ms", waited)
	}
	done(t, k, []bus.Delivery{again})
	settledUntil(t, env.Conn, stream, 10)
	wantQuiet(t, k)
}

// A consumer that somebody deletes closes the iterator without a word: the reader must notice, make it anew and go on behind its position.
func TestDeletedConsumerIsMadeAnew(t *testing.T) {
	t.Parallel()
	env, stream := tenEvents(t)
	desk := newDesk()
	k := desk.collector(t, env.Conn, stream)
	done(t, k, collect(t, k, 10))
	settledUntil(t, env.Conn, stream, 10)
	desk.set(stream, 10, "body 10")
	wantNoError(t, "delete", admin(t, env).DeleteConsumer(soon(t), stream, "correlator"))
	fill(t, env.Conn, bostad, numbered(11, 13)...)
	wantSeqs(t, "after the deletion", collect(t, k, 3), 11, 13)
	wantQuiet(t, k)
}

// The server goes and comes back on the same port with what it had: reading goes on by itself, with what was open first.
func TestReadingGoesOnAfterTheServerCameBack(t *testing.T) {
	t.Parallel()
	env, stream := tenEvents(t)
	proxy := newSwitch(t, env)
	conn, err := bus.Connect(soon(t), bus.Config{URL: proxy.url(), CredsData: platformCreds(t, env)})
	wantNoError(t, "connect", err)
	t.Cleanup(conn.Close)
	desk := newDesk()
	k := desk.collector(t, conn, stream)
	ds := collect(t, k, 10)
	done(t, k, ds[:4])
	settledUntil(t, env.Conn, stream, 4)
	desk.set(stream, 4, "body 4")
	proxy.cut()
	fill(t, env.Conn, bostad, numbered(11, 12)...)
	wantSeqs(t, "after the reconnect", collect(t, k, 8), 5, 12)
}

func platformCreds(t testing.TB, env *testenv.NATSEnv) []byte {
	t.Helper()
	creds, err := env.Operator.PlatformCreds("test")
	wantNoError(t, "credentials", err)
	return creds
}

// Our own derived events may be given up, with why and where; what an agency sent never is.
func TestOnlyDerivedEventsBecomeDeadLetters(t *testing.T) {
	t.Parallel()
	env, incidents := tenEvents(t)
	_, err := env.Conn.Publish(soon(t), bus.Message{Subject: events.CorrelatedSubject(nykoping, "a"), Body: []byte("broken")})
	wantNoError(t, "publish", err)
	k := env.Conn.NewCollector(bus.CollectorConfig{Durable: "alerting"})
	defer k.Close()
	wantNoError(t, "add", k.Add(soon(t), events.StreamCorrelated))
	d := collect(t, k, 1)
	wantNoError(t, "settle", k.Settle(soon(t), d, []bus.Verdict{bus.DeadLetter("cannot be decoded:\nat /data")}))
	wantQuiet(t, k)
	dead, err := env.Conn.DeadLetters(soon(t))
	wantNoError(t, "list", err)
	if len(dead) != 1 || dead[0].Why != "cannot be decoded: at /data" || dead[0].Stream != events.StreamCorrelated || dead[0].FromSeq != 1 ||
		dead[0].Reader != "alerting" || dead[0].Subject != "correlated.0480.a" || string(dead[0].Body) != "broken" {
		t.Errorf("dead letters %+v", dead)
	}

	r := newDesk().collector(t, env.Conn, incidents)
	d = collect(t, r, 1)
	if err := r.Settle(soon(t), d, []bus.Verdict{bus.DeadLetter("no")}); !errors.Is(err, bus.ErrNeverDeadLetter) {
		t.Errorf("an agency's event as dead letter: %v", err)
	}
	if dead, err = env.Conn.DeadLetters(soon(t)); err != nil || len(dead) != 1 {
		t.Errorf("%d dead letters (%v), want the one before", len(dead), err)
	}
	if err := r.Settle(soon(t), d, nil); err == nil || !strings.Contains(err.Error(), "1 deliveries with 0 verdicts") {
		t.Errorf("verdicts missing: %v", err)
	}
}

// A long batch says that it is at work, or its deliveries would come again after 30 seconds.
func TestInProgressIsAccepted(t *testing.T) {
	t.Parallel()
	env, stream := tenEvents(t)
	k := newDesk().collector(t, env.Conn, stream)
	ds := collect(t, k, 10)
	wantNoError(t, "prolong", k.InProgress(ds))
	done(t, k, ds)
	settledUntil(t, env.Conn, stream, 10)
}

// A stream that is deleted under the reader and made again is noticed while it runs: the reader waits for it, alarms and reads it whole.
func TestStreamReplacedWhileReadingIsReadWhole(t *testing.T) {
	t.Parallel()
	env, stream := tenEvents(t)
	desk := newDesk()
	k := desk.collector(t, env.Conn, stream)
	done(t, k, collect(t, k, 10))
	desk.set(stream, 10, "body 10")
	wantNoError(t, "delete", admin(t, env).DeleteStream(soon(t), stream))
	wantNoError(t, "ensure", env.Conn.EnsureAgency(soon(t), nykoping, bostad, bus.Quota{}))
	fill(t, env.Conn, bostad, numbered(1, 3)...)
	wantSeqs(t, "the new stream", collect(t, k, 3), 1, 3)
	if !slices.Equal(desk.regressed, []string{stream}) {
		t.Errorf("regressed %v, want the stream once", desk.regressed)
	}
}
