// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"strconv"
	"time"

	"samsyn/events"
	"samsyn/services/alerting"
)

type alertsCommands struct {
	List  alertsListCommand  `cmd:"" default:"withargs" help:"List what was sent in the last 30 days, and what could not be."`
	Retry alertsRetryCommand `cmd:"" help:"Try again now what could not be delivered."`
}

type alertsListCommand struct {
	Municipality events.MunicipalityID `short:"m" placeholder:"CODE" help:"Code of the municipality (all)."`
	Undelivered  bool                  `help:"Only what has failed and not arrived."`
	Limit        int                   `default:"100" placeholder:"N" help:"Messages at most (${default})."`
}

// Help shows an example.
func (alertsListCommand) Help() string {
	return `The newest first. A message that could not be delivered is tried again for a day, ever more seldom, and then given up (failed).

Example: samsyn alerts list -m 0780 --undelivered`
}

// Run lists them.
func (c alertsListCommand) Run(ctx context.Context, p *program) error {
	return withAlerting(ctx, p, inMunicipality{c.Municipality}, func(ctx context.Context, s *alerting.Service) error {
		sent, err := s.Deliveries(ctx, c.Municipality, c.Undelivered, c.Limit, time.Now())
		if err != nil {
			return err
		}
		t := table{header: []string{"created", "municipality", "channel", "recipient", "kind", "flags", "state", "attempts", "next", "error"}}
		for _, d := range sent {
			next := ""
			if d.NextAt != nil {
				next = d.NextAt.Format(time.RFC3339)
			}
			t.add(d.CreatedAt.Format(time.RFC3339), d.Municipality, d.Channel, d.Recipient, d.Kind, strconv.Itoa(d.Flags), d.State, strconv.Itoa(d.Attempts), next, d.Error)
		}
		return p.write(map[string]any{"deliveries": list(sent)}, t)
	})
}

type alertsRetryCommand struct {
	Municipality events.MunicipalityID `short:"m" placeholder:"CODE" help:"Code of the municipality (all)."`
}

// Help shows an example.
func (alertsRetryCommand) Help() string {
	return `After the mail server or the receiver is mended. They leave as soon as the role alerting runs.

Example: samsyn alerts retry -m 0780`
}

// Run makes them due.
func (c alertsRetryCommand) Run(ctx context.Context, p *program) error {
	return withAlerting(ctx, p, inMunicipality(c), func(ctx context.Context, s *alerting.Service) error {
		n, err := s.Retry(ctx, c.Municipality, time.Now())
		if err != nil {
			return err
		}
		return p.write(map[string]any{"due": n}, table{header: []string{"due"}, rows: [][]string{{strconv.Itoa(n)}}})
	})
}
