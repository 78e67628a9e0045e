// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"strconv"
	"time"

	"samsyn/events"
	"samsyn/services/alerting"
)

type rebuildCommand struct {
	Municipality events.MunicipalityID `help:"Only this one; else all."`
}

// Help shows an example.
func (rebuildCommand) Help() string {
	return `Makes the projections (reports, incidents, counts, notices, quarantine, flags) anew from the stored events and
the decisions about them. Nothing is decided again: verdicts and places are those that were recorded. Readers see
the old picture until the new one is complete.

Example: samsyn rebuild --data ./data --municipality 0780`
}

// rebuilt is what was made of one municipality.
type rebuilt struct {
	Municipality events.MunicipalityID `json:"municipality"`
	Reports      int                   `json:"reports"`
	Counts       int                   `json:"counts"`
	Flags        int                   `json:"flags"`
	Seconds      float64               `json:"seconds"`
}

// Run rebuilds each municipality, each service in the order of the journey.
func (c rebuildCommand) Run(ctx context.Context, p *program) error {
	return withInstallation(ctx, p, func(ctx context.Context, in *installation) error {
		r, err := in.Registry(ctx)
		if err != nil {
			return err
		}
		all, err := r.Municipalities(ctx)
		if err != nil {
			return err
		}
		if c.Municipality != "" {
			if _, err := r.MunicipalityOf(ctx, c.Municipality); err != nil {
				return err
			}
		}
		done := []rebuilt{}
		t := table{header: []string{"municipality", "reports", "counts", "flags", "seconds"}}
		for _, m := range all {
			if c.Municipality != "" && m.Code != c.Municipality {
				continue
			}
			one, err := rebuild(ctx, p, in, m.Code)
			if err != nil {
				return err
			}
			done = append(done, one)
			t.add(string(m.Code), strconv.Itoa(one.Reports), strconv.Itoa(one.Counts), strconv.Itoa(one.Flags), strconv.FormatFloat(one.Seconds, 'f', 1, 64))
		}
		return p.write(map[string]any{"rebuilt": done}, t)
	})
}

func rebuild(ctx context.Context, p *program, in *installation, m events.MunicipalityID) (rebuilt, error) {
	began := time.Now()
	r := rebuilt{Municipality: m}
	reports, err := in.correlator(ctx)
	if err != nil {
		return r, err
	}
	r.Reports, r.Counts, err = reports.Rebuild(ctx, m, func(n int64) { p.progress("rebuilding %s: %d events", m, n) })
	p.progressEnds()
	if err != nil {
		return r, err
	}
	flags, err := in.alerting(ctx, alerting.Config{})
	if err != nil {
		return r, err
	}
	r.Flags, err = flags.Rebuild(ctx, m, time.Now())
	r.Seconds = time.Since(began).Seconds()
	return r, err
}
