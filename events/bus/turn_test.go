// SPDX-License-Identifier: EUPL-1.2

package bus

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// idle is a connection to nowhere: taking turns needs no broker.
func idle() *Conn {
	return &Conn{log: slog.New(slog.DiscardHandler), reconnected: map[int]func(){}}
}

// Fairness itself: whatever lies ready in one stream, each stream has its turn of at most 32 before any has another.
func TestEachStreamHasItsTurn(t *testing.T) {
	k := idle().NewCollector(CollectorConfig{Durable: "test"})
	defer k.Close()
	ready := map[string]int{"large": 64, "small": 1, "empty": 0, "middle": 40}
	for _, name := range []string{"large", "small", "empty", "middle"} {
		r := newReader(k, name)
		t.Cleanup(r.cancel)
		for i := range ready[name] {
			r.ch <- Delivery{Stream: name, Seq: uint64(i + 1)}
		}
		k.readers = append(k.readers, r)
	}
	batch := k.take(200)
	k.readers = nil // they were never started
	want := []struct {
		stream string
		n      int
	}{{"large", 32}, {"small", 1}, {"middle", 32}, {"large", 32}, {"middle", 8}}
	at := 0
	for _, turn := range want {
		for range turn.n {
			if at >= len(batch) || batch[at].Stream != turn.stream {
				t.Fatalf("delivery %d is not %s's", at, turn.stream)
			}
			at++
		}
	}
	if at != len(batch) {
		t.Errorf("%d deliveries, want %d", len(batch), at)
	}
}

// The first turn goes round, so that a batch that is full before it comes to the last stream does not leave that one out each time.
func TestFirstTurnGoesRound(t *testing.T) {
	k := idle().NewCollector(CollectorConfig{Durable: "test"})
	defer k.Close()
	for _, name := range []string{"a", "b", "c"} {
		r := newReader(k, name)
		t.Cleanup(r.cancel)
		for range 10 {
			r.ch <- Delivery{Stream: name}
		}
		k.readers = append(k.readers, r)
	}
	seen := map[string]int{}
	for range 6 {
		seen[k.take(1)[0].Stream]++
	}
	k.readers = nil
	if seen["a"] != 2 || seen["b"] != 2 || seen["c"] != 2 {
		t.Errorf("first turns %v, want two each", seen)
	}
}

// delivered is a message as the client library hands it over, with the consumer sequence that matters here.
type delivered struct {
	jetstream.Msg
	consumerSeq uint64
}

func (d delivered) Metadata() (*jetstream.MsgMetadata, error) {
	return &jetstream.MsgMetadata{Stream: "S", NumDelivered: 1, Sequence: jetstream.SequencePair{Consumer: d.consumerSeq, Stream: 40 + d.consumerSeq}}, nil
}
func (d delivered) Headers() nats.Header { return nats.Header{headerPin: []string{"me"}} }
func (d delivered) Subject() string      { return "s" }
func (d delivered) Data() []byte         { return nil }

// A gap in the consumer's count means that somebody else was given what lies between: going on would put it behind what comes later.
func TestGapInDeliveriesIsNotPassedOver(t *testing.T) {
	k := idle().NewCollector(CollectorConfig{Durable: "test"})
	defer k.Close()
	r := newReader(k, "S")
	t.Cleanup(r.cancel)
	r.expected = 5
	if err := r.hand(r.ctx, delivered{consumerSeq: 5}); err != nil || len(r.ch) != 1 || r.pin != "me" {
		t.Fatalf("the next delivery: %v, %d handed on", err, len(r.ch))
	}
	for _, seq := range []uint64{7, 5, 1} {
		if err := r.hand(r.ctx, delivered{consumerSeq: seq}); !errors.Is(err, errInterrupted) || len(r.ch) != 1 {
			t.Errorf("delivery %d after 5: %v, %d handed on", seq, err, len(r.ch))
		}
	}
}
