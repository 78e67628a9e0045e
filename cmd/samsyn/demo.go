// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"samsyn/deploy/demo"
	"samsyn/services/registry"

	"samsyn/cmd/samsyn/stage"
)

type demoCommand struct {
	Exit bool `help:"End when everything is played and told, instead of staying up."`
}

// Help shows an example.
func (demoCommand) Help() string {
	return `Plays two municipalities through the real path and tells what was found: Växjö with 26 weeks of made-up events
up to today and made-up people, whose last week is frozen and met about and whose flagged places of this week wait for
a position, and San Francisco, July to December 2012, as published (CC0), day by day on a clock of its own.
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
		return withInstallation(ctx, p, func(ctx context.Context, in *installation) error { return playDemo(ctx, p, in, in.public(p.settings)) })
	}
	return serve(ctx, p, roles(), func(ctx context.Context, s *site) error {
		if err := playDemo(ctx, p, s.installation, s.public); err != nil {
			return err
		}
		if c.Exit {
			return errDone
		}
		p.say("Look at it: %s", s.access.Link())
		return nil
	})
}

// public is where the pages are, or where `up` will have them: links lead there.
func (in *installation) public(s Settings) string {
	if in.Running != nil {
		return in.Running.PublicURL
	}
	return cmp.Or(s.PublicURL, "http://127.0.0.1:8080")
}

// playDemo installs and plays what is not there yet, and reports on all of it.
func playDemo(ctx context.Context, p *program, in *installation, public string) error {
	began := time.Now()
	worlds, err := demoWorlds(began)
	if err != nil {
		return err
	}
	return playWorlds(ctx, p, in, worlds, public, began)
}

func playWorlds(ctx context.Context, p *program, in *installation, worlds []demo.World, public string, began time.Time) error {
	for _, w := range worlds {
		if err := playWorld(ctx, p, in, w, public); err != nil {
			return err
		}
	}
	report, err := reportDemo(ctx, p, in, worlds, public)
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

func playWorld(ctx context.Context, p *program, in *installation, w demo.World, public string) error {
	r, err := in.Registry(ctx)
	if err != nil {
		return err
	}
	installed, err := install(ctx, r, w)
	if err != nil {
		return err
	}
	if !installed {
		return there(ctx, p, r, w)
	}
	player := &stage.Player{Conn: in.Bus, Registry: r, Progress: func(world string, done, all int) { p.progress("playing %s: %d of %d events", world, done, all) }}
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
	err = playInto(ctx, p, in, w, player, public)
	p.progressEnds()
	return err
}

// install makes a world; one with a story has a clock of its own until the story is told.
func install(ctx context.Context, r *registry.Service, w demo.World) (bool, error) {
	if w.Reviewed != nil {
		at, err := begins(w)
		if err != nil {
			return false, err
		}
		w.Municipality.Replay, w.Municipality.StandsAt = true, at
	}
	return stage.Install(ctx, r, w)
}

func playInto(ctx context.Context, p *program, in *installation, w demo.World, player *stage.Player, public string) error {
	if w.Reviewed == nil {
		return player.Play(ctx, w)
	}
	s, err := newStory(ctx, p, in, w, player, public)
	if err != nil {
		return err
	}
	return s.tell(ctx)
}

// there says that a world is there already. One whose clock still stands was left in the middle.
func there(ctx context.Context, p *program, r *registry.Service, w demo.World) error {
	m, err := r.MunicipalityOf(ctx, w.Municipality.Code)
	if err != nil {
		return err
	}
	if m.Clock == registry.ClockReplay && !w.Municipality.Replay {
		return fmt.Errorf("%s was played by a demo that did not come to its end: begin anew with an empty --data", m.Name)
	}
	p.say("%s is there already.", m.Name)
	return nil
}
