// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// A wake-up that is lost costs a second, and one that comes is heard at once.
func TestEveryIsWokenOrWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		began, woken := time.Now(), make(chan struct{}, 1)
		var calls []time.Duration
		done := make(chan error)
		go func() {
			done <- every(ctx, time.Second, woken, func() { calls = append(calls, time.Since(began)) })
		}()
		rest(ctx, 300*time.Millisecond, nil)
		wake(woken)
		rest(ctx, 1200*time.Millisecond, nil)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if len(calls) != 3 || calls[0] != 0 || calls[1] != 300*time.Millisecond || calls[2] != time.Second {
			t.Errorf("called at %v", calls)
		}
	})
}

// However many come while somebody is at work, there is one thing to do.
func TestManyWakeUpsAreOne(t *testing.T) {
	woken := make(chan struct{}, 1)
	for range 5 {
		wake(woken)
	}
	if len(woken) != 1 {
		t.Errorf("%d wake-ups wait", len(woken))
	}
}

// Told to stop, a message under way has five seconds more, and no longer.
func TestWorkUnderWayOutlivesTheService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		finishing, stop := outlive(ctx, finishWithin)
		defer stop()
		cancel()
		synctest.Wait()
		if finishing.Err() != nil {
			t.Error("work under way was cut off")
		}
		began := time.Now()
		<-finishing.Done()
		if took := time.Since(began); took != finishWithin {
			t.Errorf("it had %s", took)
		}
		again, stopAgain := outlive(t.Context(), finishWithin)
		stopAgain()
		if again.Err() == nil {
			t.Error("finished work is not let go")
		}
	})
}
