// SPDX-License-Identifier: EUPL-1.2

package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/pg"
	"samsyn/services/correlator"
)

// PipelineResult compares the correlator with the floor.
type PipelineResult struct {
	Events        int     `json:"events"`
	FloorPerS     float64 `json:"floor_per_s"`
	PipelinePerS  float64 `json:"pipeline_per_s"`
	Ratio         float64 `json:"ratio"`
	PeakMemoryMB  float64 `json:"peak_memory_mb"`
	BytesPerEvent float64 `json:"bytes_per_event"`
	// AlertingPerS and AlertingRatio are of a drain with alerting running beside (see [WithAlerting]),
	// against the pipeline; 0 when not asked for.
	AlertingPerS  float64 `json:"alerting_per_s,omitempty"`
	AlertingRatio float64 `json:"alerting_ratio,omitempty"`
}

// Pipeline drains the same streams twice: by the floor, and by the correlator with everything it
// does, until all is stored and all that it says is sent.
func Pipeline(ctx context.Context, p Parts, n int) (PipelineResult, error) {
	r := PipelineResult{Events: n}
	agencies, err := prepare(ctx, p, n)
	if err != nil {
		return r, err
	}
	p.Progress("draining by the floor")
	took, err := floor(ctx, p, agencies, n)
	if err != nil {
		return r, fmt.Errorf("floor: %w", err)
	}
	r.FloorPerS = float64(n) / took.Seconds()
	before, err := databaseSize(ctx, p)
	if err != nil {
		return r, err
	}
	forgetPeak()
	p.Progress("draining by the correlator")
	if took, err = drain(ctx, p); err != nil {
		return r, fmt.Errorf("correlator: %w", err)
	}
	r.PeakMemoryMB, r.PipelinePerS = peakMemory(), float64(n)/took.Seconds()
	r.Ratio = r.PipelinePerS / r.FloorPerS
	after, err := databaseSize(ctx, p)
	r.BytesPerEvent = float64(after-before) / float64(n)
	return r, err
}

// floor is the least that stores events: fetch 1,000, decode, copy the rows, count, commit,
// acknowledge. It knows no identity, place, screen, link, receipt or row-level security.
func floor(ctx context.Context, p Parts, agencies []events.AgencyID, n int) (time.Duration, error) {
	db, err := openAdmin(ctx, p.Database)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	if err := db.createFloor(ctx); err != nil {
		return 0, err
	}
	reader := p.Conn.NewCollector(bus.CollectorConfig{Durable: "floor", Logger: p.Log})
	defer reader.Close()
	for _, a := range agencies {
		if err := reader.Add(ctx, events.IncidentStream("bench", a)); err != nil {
			return 0, err
		}
	}
	began := time.Now()
	for left := n; left > 0; {
		batch, err := reader.Next(ctx, 1000)
		if err != nil {
			return 0, err
		}
		if err := db.storeFloor(ctx, batch); err != nil {
			return 0, err
		}
		if err := reader.Settle(ctx, batch, make([]bus.Verdict, len(batch))); err != nil {
			return 0, err
		}
		left -= len(batch)
	}
	return time.Since(began), nil
}

// WithAlerting drains the same load with alerting running beside the correlator, until everything is
// decided, sent and looked at. It needs an installation of its own. It returns events a second.
func WithAlerting(ctx context.Context, p Parts, n int) (float64, error) {
	if _, err := prepare(ctx, p, n); err != nil {
		return 0, err
	}
	w, _, err := world()
	if err != nil {
		return 0, err
	}
	p.Progress("draining with alerting")
	began := time.Now()
	running, stop, err := runServices(ctx, p)
	if err != nil {
		return 0, err
	}
	defer stop()
	if err := running.settled(ctx, w); err != nil {
		return 0, err
	}
	return float64(n) / time.Since(began).Seconds(), nil
}

// drain runs the correlator until nothing is left to decide or to send.
func drain(ctx context.Context, p Parts) (time.Duration, error) {
	pool, err := pg.Open(ctx, p.Database, pg.RoleCorrelator, 4)
	if err != nil {
		return 0, err
	}
	defer pool.Close()
	s, err := correlator.New(pool, p.Conn, p.Log, prometheus.NewRegistry(), correlator.Config{})
	if err != nil {
		return 0, err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	began := time.Now()
	go func() { ended <- s.Run(running) }()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			stop()
			return 0, errors.Join(err, ctx.Err())
		case <-tick.C:
		}
		left, err := s.Backlog(ctx)
		if err != nil {
			stop()
			return 0, errors.Join(err, <-ended)
		}
		if left.None() {
			took := time.Since(began)
			stop()
			return took, <-ended
		}
	}
}

func databaseSize(ctx context.Context, p Parts) (int64, error) {
	db, err := openAdmin(ctx, p.Database)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	return db.size(ctx)
}
