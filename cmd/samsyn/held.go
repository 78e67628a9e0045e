// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

type heldCommands struct {
	List  heldListCommand  `cmd:"" help:"List the events that could not be decided because of an error of ours."`
	Retry heldRetryCommand `cmd:"" help:"Try all of them again now, after an upgrade for instance."`
}

type heldListCommand struct{}

// Help shows an example.
func (heldListCommand) Help() string {
	return `An event is held when deciding it fails through no fault of its sender. It is kept, has no receipt yet, and is
tried again by itself. No content is shown.

Example: samsyn held list --data ./data`
}

// Run lists them, the oldest first.
func (heldListCommand) Run(ctx context.Context, p *program) error {
	return withInstallation(ctx, p, func(ctx context.Context, in *installation) error {
		s, err := in.correlator(ctx)
		if err != nil {
			return err
		}
		held, err := s.ListHeld(ctx)
		if err != nil {
			return err
		}
		t := table{header: []string{"municipality", "agency", "verb", "stream seq", "held since", "attempts", "next", "trace", "error"}}
		for _, h := range held {
			t.add(h.Municipality, h.Agency, h.Verb, strconv.FormatInt(h.StreamSeq, 10), h.HeldAt.Format(time.RFC3339), strconv.Itoa(h.Attempts),
				h.NextAt.Format(time.RFC3339), h.Trace.String(), h.Error)
		}
		return p.write(map[string]any{"held": held}, t)
	})
}

type heldRetryCommand struct{}

// Help shows an example.
func (heldRetryCommand) Help() string { return "Example: samsyn held retry --data ./data" }

// Run tries all of them once and fails when some are left.
func (heldRetryCommand) Run(ctx context.Context, p *program) error {
	return withInstallation(ctx, p, func(ctx context.Context, in *installation) error {
		s, err := in.correlator(ctx)
		if err != nil {
			return err
		}
		decided, left, err := s.RetryHeld(ctx, time.Now().Add(heldHorizon))
		if err != nil {
			return err
		}
		if err := p.write(map[string]int{"decided": decided, "left": left}, table{
			header: []string{"decided", "left"}, rows: [][]string{{strconv.Itoa(decided), strconv.Itoa(left)}},
		}); err != nil {
			return err
		}
		if left > 0 {
			return fmt.Errorf("%d events are still held: samsyn held list says why", left)
		}
		return nil
	})
}

// heldHorizon makes every held event due: none waits longer than an hour for its next attempt.
const heldHorizon = 2 * time.Hour
