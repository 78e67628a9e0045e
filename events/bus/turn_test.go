// SPDX-License-Identifier: EUPL-1.2

package bus

import (
	"log/slog"
	"testing"
)

// idle is a connection to nowhere: taking turns needs no broker.
func idle() *Conn {
	return &Conn{log: slog.New(slog.DiscardHandler), reconnected: map[int]func(){}}
}

// Fairness itself: whatever lies ready in one stream, each stream has its turn of at most 32 before any has another.
func TestEachStreamHasItsTurn(t *testing.T) {
	k := idle().NewCollector(CollectorConfig{Durable: "test"})
	defer k.Close()
	ready := map[string]int{"large": buffered, "small": 1, "empty": 0, "middle": 40}
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
