// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"

	"samsyn/cmd/samsyn/bench"
)

type benchCommands struct {
	Pipeline benchPipelineCommand `cmd:"" help:"How fast a backlog is drained, beside a minimal loop that only stores."`
	Latency  benchLatencyCommand  `cmd:"" help:"How long it takes from an acknowledged event to a flag."`
}

type benchPipelineCommand struct {
	Events   int  `default:"200000" help:"Events (${default})."`
	Alerting bool `help:"Drain once more with alerting running, and say how much slower that is."`
}

// Help shows an example.
func (benchPipelineCommand) Help() string {
	return `Starts servers of its own in a directory that it removes. The floor fetches 1,000 events, decodes, copies rows,
counts and acknowledges; the pipeline is the correlator with everything it does under row-level security, until all is
stored and sent. These machines differ: compare the ratio.

Example: samsyn bench pipeline --events 200000 --output json`
}

// Run measures.
func (c benchPipelineCommand) Run(ctx context.Context, p *program) error {
	var r bench.PipelineResult
	err := onBench(ctx, p, func(ctx context.Context, parts bench.Parts) (err error) {
		r, err = bench.Pipeline(ctx, parts, c.Events)
		return err
	})
	if err == nil && c.Alerting {
		err = onBench(ctx, p, func(ctx context.Context, parts bench.Parts) (err error) {
			r.AlertingPerS, err = bench.WithAlerting(ctx, parts, c.Events)
			r.AlertingRatio = r.AlertingPerS / r.PipelinePerS
			return err
		})
	}
	p.progressEnds()
	if err != nil {
		return err
	}
	t := table{header: []string{"events", "floor /s", "pipeline /s", "ratio", "peak MB", "bytes/event"}}
	row := []string{
		strconv.Itoa(r.Events), fixed(r.FloorPerS, 0), fixed(r.PipelinePerS, 0), fixed(r.Ratio, 2), fixed(r.PeakMemoryMB, 0), fixed(r.BytesPerEvent, 0),
	}
	if c.Alerting {
		t.header, row = append(t.header, "with alerting"), append(row, fixed(r.AlertingRatio, 2))
	}
	t.add(row...)
	return p.write(r, t)
}

type benchLatencyCommand struct {
	Events int `default:"6000" help:"Events (${default})."`
	Rate   int `default:"300" help:"Events a second (${default})."`
}

// Help shows an example.
func (benchLatencyCommand) Help() string {
	return `Sends events at a steady rate; every one of some tips an area over its limit. Measured from the acknowledgement of
such an event to its hotspot.flagged on NATS.

Example: samsyn bench latency --rate 300 --output json`
}

// Run measures.
func (c benchLatencyCommand) Run(ctx context.Context, p *program) error {
	return onBench(ctx, p, func(ctx context.Context, parts bench.Parts) error {
		r, err := bench.Latency(ctx, parts, c.Events, c.Rate)
		p.progressEnds()
		if err != nil {
			return err
		}
		t := table{header: []string{"events", "rate /s", "flags", "p50 ms", "p99 ms", "max ms"}}
		t.add(strconv.Itoa(r.Events), strconv.Itoa(r.Rate), strconv.Itoa(r.Flags), fixed(r.P50MS, 1), fixed(r.P99MS, 1), fixed(r.MaxMS, 1))
		return p.write(r, t)
	})
}

func fixed(f float64, decimals int) string { return strconv.FormatFloat(f, 'f', decimals, 64) }

// onBench runs fn on an installation of its own, empty and removed afterwards.
func onBench(ctx context.Context, p *program, fn func(context.Context, bench.Parts) error) error {
	dir, err := os.MkdirTemp("", "samsyn-bench-")
	if err != nil {
		return fmt.Errorf("make a directory for the bench: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // a directory for temporary files
	own := *p
	own.settings.Data, own.settings.DatabaseURL, own.settings.NATSURL, own.log = dir, "", "", slog.New(slog.DiscardHandler)
	return withInstallation(ctx, &own, func(ctx context.Context, in *installation) error {
		r, err := in.Registry(ctx)
		if err != nil {
			return err
		}
		return fn(ctx, bench.Parts{Database: in.Database, Conn: in.Bus, Registry: r, Log: in.Log, Progress: p.progress})
	})
}
