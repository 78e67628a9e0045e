// SPDX-License-Identifier: EUPL-1.2

// Package bench measures an installation with the real parts: how fast the correlator drains a
// backlog beside a minimal loop that only stores, and how long it takes from an acknowledged event
// to a flag.
//
// It promises ratios measured in one run on one set of streams, with the numbers that they come
// from. It is not a test: it fails only when something cannot be run. It needs an installation of
// its own and fills it.
package bench

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"samsyn/deploy/demo"
	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/geo"
	"samsyn/internal/pg"
	"samsyn/internal/synth"
	"samsyn/services/registry"

	"samsyn/cmd/samsyn/stage"
)

// Parts is the installation that a bench runs on: migrated, with the platform's streams, and empty.
type Parts struct {
	Database pg.Config
	Conn     *bus.Conn
	Registry *registry.Service
	Log      *slog.Logger
	// Progress is told what is going on, for a person who waits.
	Progress func(format string, args ...any)
}

// agencyCount is how many agencies the load comes from.
const agencyCount = 8

// world is San Francisco's 579 block groups with eight agencies and none of its events.
func world() (demo.World, []events.AgencyID, error) {
	w, err := demo.SanFrancisco()
	if err != nil {
		return w, nil, fmt.Errorf("load areas: %w", err)
	}
	w.Municipality.Code, w.Municipality.Replay, w.Municipality.MadeUp = "bench", false, true
	w.Municipality.HistoryFrom = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range w.Areas {
		if w.Areas[i].Level == geo.LevelMunicipality {
			w.Areas[i].Code = "bench"
		}
		if w.Areas[i].Parent == "us-sf" {
			w.Areas[i].Parent = "bench"
		}
	}
	agency := w.Agencies[0]
	w.Agencies = nil
	var names []events.AgencyID
	for i := range agencyCount {
		a := agency
		a.Code, a.Name, a.StartedOn = events.AgencyID(fmt.Sprintf("agency%d", i+1)), fmt.Sprintf("Agency %d", i+1), w.Municipality.HistoryFrom
		w.Agencies = append(w.Agencies, a)
		names = append(names, a.Code)
	}
	return w, names, nil
}

// prepare installs the world and fills the streams with a load of n events of ten years.
func prepare(ctx context.Context, p Parts, n int) ([]events.AgencyID, error) {
	w, agencies, err := world()
	if err != nil {
		return nil, err
	}
	if _, err := stage.Install(ctx, p.Registry, w); err != nil {
		return nil, err
	}
	return agencies, fill(ctx, p, w, agencies, n)
}

const fillAtOnce = 2000

func fill(ctx context.Context, p Parts, w demo.World, agencies []events.AgencyID, n int) error {
	load := synth.Load{
		Municipality: w.Municipality.Code, Agencies: agencies, Events: n, From: w.Municipality.HistoryFrom.AddDate(0, 0, 1),
		To: time.Now().AddDate(0, 0, -1), Pairs: 0.05, Twice: 0.02, Corrected: 0.02, Withdrawn: 0.005,
	}
	for _, a := range w.Areas {
		if a.Level == geo.LevelArea {
			load.Areas = append(load.Areas, synth.Area{Code: a.Code, District: a.Parent, Weight: 1, Shape: a.Geometry})
		}
	}
	items, err := synth.Stream(1, load)
	if err != nil {
		return fmt.Errorf("make load: %w", err)
	}
	batch := make([]bus.Message, 0, fillAtOnce)
	sent := 0
	flush := func() error {
		for _, r := range p.Conn.PublishEach(ctx, batch) {
			if r.Err != nil {
				return fmt.Errorf("fill streams: %w", r.Err)
			}
		}
		sent += len(batch)
		p.Progress("filled %d of %d", sent, n)
		batch = batch[:0]
		return nil
	}
	for item := range items {
		batch = append(batch, bus.Message{Subject: events.IncidentSubject(w.Municipality.Code, item.Agency, item.Verb), Body: item.Body})
		if len(batch) == fillAtOnce {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// peakMemory is the largest resident size of this process in MB since forgetPeak.
func peakMemory() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.SplitSeq(string(status), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
			return kb / 1024
		}
	}
	return 0
}

// forgetPeak gives back what filling the streams used and begins counting anew (proc(5), clear_refs).
func forgetPeak() {
	runtime.GC()
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // without it the peak is that of the whole run: higher, never lower
}
