// SPDX-License-Identifier: EUPL-1.2

package local

import (
	"context"
	"errors"
	"testing"
	"time"
)

// The stack is what samsyn up waits for: both servers, once, and again on what they left.
func TestStackStartsStopsAndStartsAgain(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	for _, name := range []string{"cold", "warm"} {
		began := time.Now()
		s, err := Start(t.Context(), Config{Dir: dir, NATSPort: AnyPort, Logger: quiet()})
		must(t, err)
		t.Logf("%s start of both %s", name, time.Since(began).Round(time.Millisecond))
		must(t, checkDurableAt(t.Context(), s.Postgres.URL))
		var inUse *InUseError
		if _, err := Start(t.Context(), Config{Dir: dir, NATSPort: AnyPort, Logger: quiet()}); !errors.As(err, &inUse) {
			t.Errorf("a second Start = %v, want an InUseError", err)
		}
		must(t, s.Stop(t.Context()))
		must(t, s.Stop(context.Background()))
		<-s.Done()
		must(t, s.Err())
	}
}

// A start that fails half-way leaves neither server nor lock behind.
func TestFailedStackLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	var missing *MissingBinariesError
	if _, err := Start(t.Context(), Config{Dir: dir, PostgresBin: tempDir(t), NATSPort: AnyPort, Logger: quiet()}); !errors.As(err, &missing) {
		t.Fatalf("Start = %v, want a MissingBinariesError", err)
	}
	s, err := Start(t.Context(), Config{Dir: dir, NATSPort: AnyPort, Logger: quiet()})
	must(t, err)
	must(t, s.Stop(t.Context()))
}
