// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"

	"samsyn/internal/pg"
	"samsyn/internal/run"
	"samsyn/services/alerting"
	"samsyn/services/correlator"
	"samsyn/services/review/situation"
)

// verifyConns is what a command needs of the review's database.
const verifyConns = 1

type verifyCommand struct{}

// Help shows an example.
func (verifyCommand) Help() string {
	return `Recounts everything from the stored bytes and compares: every acknowledged event is exactly one of accepted,
quarantined, refused, held; reports, incidents and counts are what the events make them; the looks of the
last 35 days repeat exactly; frozen situation reports are what their hashes say. It changes nothing and may run
beside samsyn up. Exits 1 when something is wrong.

Example: samsyn verify --data ./data --output json`
}

// verification is the outcome as it is written.
type verification struct {
	OK       bool             `json:"ok"`
	Checked  map[string]int64 `json:"checked"`
	Problems []string         `json:"problems"`
}

// Run verifies each service in the order of the journey.
func (verifyCommand) Run(ctx context.Context, p *program) error {
	return withInstallation(ctx, p, func(ctx context.Context, in *installation) error {
		v, err := verify(ctx, p, in)
		if err != nil {
			return err
		}
		t := table{header: []string{"checked", "number"}}
		for _, name := range slices.Sorted(maps.Keys(v.Checked)) {
			t.add(name, strconv.FormatInt(v.Checked[name], 10))
		}
		if err := p.write(v, t); err != nil {
			return err
		}
		for _, problem := range v.Problems {
			p.say("%s", problem)
		}
		if !v.OK {
			return fmt.Errorf("verify found %d problems", len(v.Problems))
		}
		p.say("Nothing is wrong.")
		return nil
	})
}

func verify(ctx context.Context, p *program, in *installation) (verification, error) {
	v := verification{Checked: map[string]int64{}, Problems: []string{}}
	events, err := in.correlator(ctx)
	if err != nil {
		return v, err
	}
	counted, err := events.Verify(ctx, func(m string, n int64) { p.progress("verifying %s: %d events", m, n) })
	p.progressEnds()
	if err != nil {
		return v, err
	}
	looks, err := in.alerting(ctx, alerting.Config{})
	if err != nil {
		return v, err
	}
	repeated, err := looks.Verify(ctx)
	if err != nil {
		return v, err
	}
	reviews, err := in.Pool(ctx, pg.RoleReview, verifyConns)
	if err != nil {
		return v, err
	}
	frozen, err := situation.Verify(ctx, reviews)
	if err != nil {
		return v, err
	}
	maps.Copy(v.Checked, counted.Checked)
	maps.Copy(v.Checked, repeated.Checked)
	maps.Copy(v.Checked, frozen.Checked)
	v.Problems = slices.Concat(v.Problems, counted.Problems, repeated.Problems, frozen.Problems)
	v.OK = len(v.Problems) == 0
	return v, nil
}

// correlator is the service without its worker, for commands.
func (in *installation) correlator(ctx context.Context) (*correlator.Service, error) {
	pool, err := in.Pool(ctx, pg.RoleCorrelator, correlatorConns)
	if err != nil {
		return nil, err
	}
	return correlator.New(pool, in.Bus, slog.New(slog.DiscardHandler), run.NewRegistry(), correlator.Config{})
}

// alerting is the service without its worker, for commands.
func (in *installation) alerting(ctx context.Context, config alerting.Config) (*alerting.Service, error) {
	pool, err := in.Pool(ctx, pg.RoleAlerting, alertingConns)
	if err != nil {
		return nil, err
	}
	return alerting.New(pool, in.Bus, slog.New(slog.DiscardHandler), run.NewRegistry(), config)
}
