// SPDX-License-Identifier: EUPL-1.2

package run

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"
)

// checkWithin is how long one check may take: whoever asks has a deadline of a few seconds.
const checkWithin = 2 * time.Second

// Check tells whether something the process needs is there. It is called concurrently and must heed ctx.
type Check func(ctx context.Context) error

// ErrDegraded marks, by wrapping, what does not stop the process from serving but must be seen: an
// installation that is not durable, say.
var ErrDegraded = errors.New("degraded")

// Status of a process.
type Status string

// The statuses.
const (
	Ready    Status = "ready"
	Degraded Status = "degraded"
	NotReady Status = "not ready"
)

// Report is what /readyz says.
type Report struct {
	Status Status `json:"status"`
	// Checks holds "ok" or what is wrong, by name.
	Checks map[string]string `json:"checks"`
}

// Health holds the checks of a process by name.
type Health struct {
	mu     sync.Mutex
	checks map[string]Check
	ending bool
}

// NewHealth returns a health without checks, which is ready.
func NewHealth() *Health { return &Health{checks: map[string]Check{}} }

// Register adds a check, or replaces the one of that name.
func (h *Health) Register(name string, c Check) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checks[name] = c
}

func (h *Health) stopping() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ending = true
}

// Look runs every check at once, each for two seconds at most.
func (h *Health) Look(ctx context.Context) Report {
	h.mu.Lock()
	checks, ending := maps.Clone(h.checks), h.ending
	h.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	type result struct {
		name string
		err  error
	}
	results := make(chan result, len(checks))
	for name, check := range checks {
		go func() { results <- result{name, check(ctx)} }()
	}
	r := Report{Status: Ready, Checks: map[string]string{}}
	for name := range checks {
		r.Checks[name] = "no answer"
	}
	for range checks {
		select {
		case got := <-results:
			r.add(got.name, got.err)
		case <-ctx.Done():
			r.Status = NotReady
			return r
		}
	}
	if ending {
		r.Checks["process"], r.Status = "stopping", NotReady
	}
	return r
}

func (r *Report) add(name string, err error) {
	switch {
	case err == nil:
		r.Checks[name] = "ok"
		return
	case !errors.Is(err, ErrDegraded):
		r.Status = NotReady
	case r.Status == Ready:
		r.Status = Degraded
	}
	r.Checks[name] = err.Error()
}
