// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"fmt"
	"time"

	"samsyn/deploy/demo"

	"samsyn/cmd/samsyn/stage"
)

type demoCommand struct {
	Exit bool `help:"End when everything is played and told, instead of staying up."`
}

// Help shows an example.
func (demoCommand) Help() string {
	return `Plays two municipalities through the real path and tells what was found: Växjö with 26 weeks of made-up events
up to today, and San Francisco, July to December 2012, as published (CC0), day by day on a clock of its own.
Beside a running samsyn up it plays into that; else it starts everything and stays up until Ctrl-C. What is
played already is not played again.

Example: samsyn demo --data ./data --exit --output json`
}

// Run plays and tells.
func (c demoCommand) Run(ctx context.Context, p *program) error {
	up, err := running(p.settings.Data)
	if err != nil {
		return err
	}
	if up != nil || p.settings.DatabaseURL != "" {
		return withInstallation(ctx, p, func(ctx context.Context, in *installation) error { return playDemo(ctx, p, in) })
	}
	return serve(ctx, p, roles(), func(ctx context.Context, s *site) error {
		if err := playDemo(ctx, p, s.installation); err != nil {
			return err
		}
		if c.Exit {
			return errDone
		}
		p.say("Look at it: %s", s.access.Link())
		return nil
	})
}

// playDemo installs and plays what is not there yet, and reports on all of it.
func playDemo(ctx context.Context, p *program, in *installation) error {
	began := time.Now()
	worlds, err := demoWorlds(began)
	if err != nil {
		return err
	}
	for _, w := range worlds {
		if err := playWorld(ctx, p, in, w); err != nil {
			return err
		}
	}
	report, err := reportDemo(ctx, p, in, worlds)
	if err != nil {
		return err
	}
	report.Seconds = time.Since(began).Seconds()
	return report.write(p, in)
}

func demoWorlds(now time.Time) ([]demo.World, error) {
	vaxjo, err := demo.Vaxjo(now)
	if err != nil {
		return nil, fmt.Errorf("make Växjö: %w", err)
	}
	sanFrancisco, err := demo.SanFrancisco()
	if err != nil {
		return nil, fmt.Errorf("read San Francisco: %w", err)
	}
	return []demo.World{vaxjo, sanFrancisco}, nil
}

func playWorld(ctx context.Context, p *program, in *installation, w demo.World) error {
	r, err := in.Registry(ctx)
	if err != nil {
		return err
	}
	installed, err := stage.Install(ctx, r, w)
	if err != nil {
		return err
	}
	if !installed {
		p.say("%s is there already.", w.Municipality.Name)
		return nil
	}
	player := stage.Player{Conn: in.Bus, Registry: r, Progress: func(world string, done, all int) { p.progress("playing %s: %d of %d events", world, done, all) }}
	if player.Correlator, err = in.correlator(ctx); err != nil {
		return err
	}
	config, err := in.alertingConfig(p.settings, "")
	if err != nil {
		return err
	}
	if player.Alerting, err = in.alerting(ctx, config); err != nil {
		return err
	}
	if err := stage.Subscribe(ctx, player.Alerting, w); err != nil {
		return err
	}
	p.say("Playing %s: %d events of %d agencies.", w.Municipality.Name, len(w.Items), len(w.Agencies))
	err = player.Play(ctx, w)
	p.progressEnds()
	return err
}
