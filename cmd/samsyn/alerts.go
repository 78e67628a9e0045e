// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/internal/run"
	"samsyn/services/alerting"
	"samsyn/services/review/post"
)

type alertsCommands struct {
	List  alertsListCommand  `cmd:"" default:"withargs" help:"List what was sent in the last 30 days, and what could not be."`
	Retry alertsRetryCommand `cmd:"" help:"Try again now what could not be delivered."`
}

// withSenders opens both parts that send: alerting, and the outbox of the weekly review.
func withSenders(ctx context.Context, p *program, m inMunicipality, fn func(context.Context, *alerting.Service, *post.Service) error) error {
	return withInstallation(ctx, p, func(ctx context.Context, in *installation) error {
		s, err := in.alertingFor(ctx, p, m)
		if err != nil {
			return err
		}
		pool, err := in.Pool(ctx, pg.RoleReview, 1)
		if err != nil {
			return err
		}
		// It lists and makes due; the role sends.
		return away(ctx, fn(ctx, s, post.New(pool, nil, slog.New(slog.DiscardHandler), run.NewRegistry())))
	})
}

type alertsListCommand struct {
	Municipality events.MunicipalityID `short:"m" placeholder:"CODE" help:"Code of the municipality (all)."`
	Undelivered  bool                  `help:"Only what has failed and not arrived."`
	Limit        int                   `default:"100" placeholder:"N" help:"Messages at most (${default})."`
}

// Help shows an example.
func (alertsListCommand) Help() string {
	return `The newest first: the alerts, then the mails of the weekly review. A message that could not be delivered is tried again for a day,
ever more seldom, and then given up (failed).

Example: samsyn alerts list -m 0780 --undelivered`
}

// Run lists them.
func (c alertsListCommand) Run(ctx context.Context, p *program) error {
	return withSenders(ctx, p, inMunicipality{c.Municipality}, func(ctx context.Context, s *alerting.Service, outbox *post.Service) error {
		sent, err := s.Deliveries(ctx, c.Municipality, c.Undelivered, c.Limit, time.Now())
		if err != nil {
			return err
		}
		mails, err := outbox.Deliveries(ctx, c.Municipality, c.Undelivered, c.Limit, time.Now())
		if err != nil {
			return err
		}
		t := table{header: []string{"created", "municipality", "channel", "recipient", "kind", "flags", "state", "attempts", "next", "error"}}
		for _, d := range sent {
			t.add(d.CreatedAt.Format(time.RFC3339), d.Municipality, d.Channel, d.Recipient, d.Kind, strconv.Itoa(d.Flags), d.State, strconv.Itoa(d.Attempts), nextAttempt(d.NextAt), d.Error)
		}
		for _, d := range mails {
			t.add(d.CreatedAt.Format(time.RFC3339), d.Municipality, "mail", d.Recipient, d.Kind, "", d.State, strconv.Itoa(d.Attempts), nextAttempt(d.NextAt), d.Error)
		}
		return p.write(map[string]any{"deliveries": list(sent), "review_mails": list(mails)}, t)
	})
}

// nextAttempt writes a time for a table; none is empty.
func nextAttempt(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format(time.RFC3339)
}

type alertsRetryCommand struct {
	Municipality events.MunicipalityID `short:"m" placeholder:"CODE" help:"Code of the municipality (all)."`
}

// Help shows an example.
func (alertsRetryCommand) Help() string {
	return `After the mail server or the receiver is mended. They leave as soon as the roles alerting and review run.

Example: samsyn alerts retry -m 0780`
}

// Run makes them due.
func (c alertsRetryCommand) Run(ctx context.Context, p *program) error {
	return withSenders(ctx, p, inMunicipality(c), func(ctx context.Context, s *alerting.Service, outbox *post.Service) error {
		now := time.Now()
		alerts, err := s.Retry(ctx, c.Municipality, now)
		if err != nil {
			return err
		}
		mails, err := outbox.Retry(ctx, c.Municipality, now)
		if err != nil {
			return err
		}
		n := alerts + mails
		return p.write(map[string]any{"due": n}, table{header: []string{"due"}, rows: [][]string{{strconv.Itoa(n)}}})
	})
}
