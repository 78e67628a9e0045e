// SPDX-License-Identifier: EUPL-1.2

package bus_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"samsyn/events/bus"
)

// Of two instances one reads a stream; when it goes the other takes over, and what the first left unfinished comes first.
func TestOneInstanceReadsAndTheOtherTakesOver(t *testing.T) {
	t.Parallel()
	env, stream := tenEvents(t)
	desk := newDesk()
	active := desk.collector(t, env.Connect("one"), stream)
	standby := desk.collector(t, env.Connect("other"), stream)
	// Which of them it is was a race; what each fetched while it was decided is settled here.
	for len(settleAll(t, active, standby)) > 0 {
		desk.set(stream, 10, "body 10")
	}
	fill(t, env.Conn, bostad, "body 11")
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	first, err := active.Next(ctx, 1)
	if err != nil {
		active, standby = standby, active
		first = collect(t, active, 1)
	}
	wantSeqs(t, "the active reader", first, 11, 11)
	fill(t, env.Conn, bostad, numbered(12, 20)...)
	wantSeqs(t, "the active reader", collect(t, active, 9), 12, 20)
	wantQuiet(t, standby)

	done(t, active, first)
	settledUntil(t, env.Conn, stream, 11)
	desk.set(stream, 11, "body 11")
	active.Close() // 12 to 20 are open
	began := time.Now()
	wantSeqs(t, "the one that takes over", collect(t, standby, 9), 12, 20)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took over after %v", took)
	}
}

// settleAll settles what the collectors hold or get within a moment, and returns it.
func settleAll(t testing.TB, collectors ...*bus.Collector) []bus.Delivery {
	t.Helper()
	var all []bus.Delivery
	for _, k := range collectors {
		for {
			ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
			ds, err := k.Next(ctx, 100)
			cancel()
			if err != nil {
				break
			}
			done(t, k, ds)
			all = append(all, ds...)
		}
	}
	return all
}

// Streams come and go while the reader runs: an agency is taken in, another removed.
func TestStreamsComeAndGo(t *testing.T) {
	t.Parallel()
	env, stream := tenEvents(t)
	desk := newDesk()
	k := desk.collector(t, env.Conn)
	wantQuiet(t, k)
	wantNoError(t, "add", k.Add(soon(t), stream))
	wantNoError(t, "add twice", k.Add(soon(t), stream))
	done(t, k, collect(t, k, 10))
	desk.set(stream, 10, "body 10")
	k.Remove(stream)
	k.Remove(stream)
	fill(t, env.Conn, bostad, "late")
	wantQuiet(t, k)
	wantNoError(t, "add again", k.Add(soon(t), stream))
	wantSeqs(t, "after adding it again", collect(t, k, 1), 11, 11)
	k.Close()
	if _, err := k.Next(soon(t), 1); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("next of a closed collector: %v", err)
	}
	if err := k.Add(soon(t), stream); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("add to a closed collector: %v", err)
	}
}
