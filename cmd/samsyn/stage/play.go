// SPDX-License-Identifier: EUPL-1.2

package stage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"samsyn/deploy/demo"
	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/synth"
	"samsyn/services/alerting"
	"samsyn/services/correlator"
	"samsyn/services/registry"
)

// Player plays worlds into an installation whose roles run.
type Player struct {
	Conn       *bus.Conn
	Registry   *registry.Service
	Correlator *correlator.Service
	Alerting   *alerting.Service
	// Progress is told how many of a world's events are played.
	Progress func(world string, done, all int)
}

// Play sends a world's events on the agencies' subjects and waits until they are decided and looked
// at. In a world with a replay clock each day is sent, decided, and ended by moving the clock.
func (p *Player) Play(ctx context.Context, w demo.World) error {
	if !w.Municipality.Replay {
		if err := p.publish(ctx, w, w.Items); err != nil {
			return err
		}
		p.Progress(w.Municipality.Name, len(w.Items), len(w.Items))
		return p.Settled(ctx, w)
	}
	days, err := w.Days()
	if err != nil {
		return err
	}
	done := 0
	for _, day := range days {
		if err := p.publish(ctx, w, day.Items); err != nil {
			return err
		}
		if err := until(ctx, p.decided); err != nil {
			return err
		}
		if err := p.Registry.SetAsOf(ctx, w.Municipality.Code, day.AsOf); err != nil {
			return fmt.Errorf("move the clock of %s: %w", w.Municipality.Code, err)
		}
		if err := p.Settled(ctx, w); err != nil {
			return err
		}
		done += len(day.Items)
		p.Progress(w.Municipality.Name, done, len(w.Items))
	}
	return nil
}

// PlayTo sends what of a world with a clock of its own was sent up to a time, moves the clock there, and waits until that is decided
// and looked at. It returns what is left.
func (p *Player) PlayTo(ctx context.Context, w demo.World, items []synth.Item, to time.Time) (left []synth.Item, err error) {
	n := slices.IndexFunc(items, func(i synth.Item) bool { return i.At.After(to) })
	if n < 0 {
		n = len(items)
	}
	if err := p.publish(ctx, w, items[:n]); err != nil {
		return nil, err
	}
	if err := until(ctx, p.decided); err != nil {
		return nil, err
	}
	if err := p.Registry.SetAsOf(ctx, w.Municipality.Code, to); err != nil {
		return nil, fmt.Errorf("move the clock of %s: %w", w.Municipality.Code, err)
	}
	p.Progress(w.Municipality.Name, len(w.Items)-len(items)+n, len(w.Items))
	return items[n:], p.Settled(ctx, w)
}

// PlayOn gives a world the time of the world, sends what is left, and waits until that is decided and looked at.
func (p *Player) PlayOn(ctx context.Context, w demo.World, items []synth.Item) error {
	err := p.Registry.SetMunicipality(ctx, w.Municipality.Code, func(m *registry.Municipality) { m.Clock = registry.ClockWall })
	if err != nil {
		return fmt.Errorf("set the clock of %s going: %w", w.Municipality.Code, err)
	}
	if err := p.publish(ctx, w, items); err != nil {
		return err
	}
	p.Progress(w.Municipality.Name, len(w.Items), len(w.Items))
	return p.Settled(ctx, w)
}

func (p *Player) publish(ctx context.Context, w demo.World, items []synth.Item) error {
	messages := make([]bus.Message, len(items))
	for i, item := range items {
		messages[i] = bus.Message{Subject: events.IncidentSubject(w.Municipality.Code, item.Agency, item.Verb), Body: item.Body}
	}
	for _, r := range p.Conn.PublishEach(ctx, messages) {
		if r.Err != nil {
			return fmt.Errorf("play %s: %w", w.Municipality.Code, r.Err)
		}
	}
	return nil
}

// Settled waits until everything sent so far is decided, looked at and answered.
func (p *Player) Settled(ctx context.Context, w demo.World) error {
	if err := until(ctx, p.decided); err != nil {
		return err
	}
	return until(ctx, func(ctx context.Context) (bool, error) {
		return p.Alerting.CaughtUp(ctx, w.Municipality.Code, time.Now())
	})
}

func (p *Player) decided(ctx context.Context) (bool, error) {
	left, err := p.Correlator.Backlog(ctx)
	return left.None(), err
}

const lookEvery = 10 * time.Millisecond

func until(ctx context.Context, done func(context.Context) (bool, error)) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		is, err := done(ctx)
		if err != nil || is {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
