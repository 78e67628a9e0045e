// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/services/alerting"
)

type subscribeCommands struct {
	Add    subscribeAddCommand    `cmd:"" help:"Let somebody hear of what is flagged."`
	List   subscribeListCommand   `cmd:"" help:"List who hears of what."`
	Remove subscribeRemoveCommand `cmd:"" help:"End a subscription."`
	Rotate subscribeRotateCommand `cmd:"" help:"Give a webhook a new secret; the one before holds until the next."`
	Names  subscribeNamesCommand  `cmd:"" help:"Let mails name places, or no longer."`
}

type subscribeAddCommand struct {
	inMunicipality
	Mail    string          `xor:"to" required:"" placeholder:"ADDRESS" help:"A person's mail address."`
	Webhook string          `xor:"to" required:"" placeholder:"URL" help:"An agency's system, by signed webhook."`
	NATS    bool            `name:"nats" xor:"to" required:"" help:"An agency's system, on its alert subject: narrows what it hears there."`
	Agency  events.AgencyID `short:"a" placeholder:"CODE" help:"Agency of the system or the person."`
	Role    string          `enum:"agency_lead,coordinator,member" default:"coordinator" help:"Role of the person: agency_lead, coordinator or member (${default})."`
	Area    events.AreaCode `placeholder:"CODE" help:"Area of any level (all of the municipality)."`
	Group   []string        `placeholder:"CODE" help:"Group of categories; may be repeated (all)."`
	Kind    []string        `placeholder:"KIND" help:"serious, rise, cluster or repeat; may be repeated (all)."`
}

// Help shows an example.
func (subscribeAddCommand) Help() string {
	return `A person hears of what is very serious at once, and of the rest in one mail at 07.00 on work days.
An agency's system hears of everything at once. A webhook's secret is shown once.

Example: samsyn subscribe add -m 0780 --mail samordnare@vaxjo.example --role coordinator --area D1
Example: samsyn subscribe add -m 0780 --webhook https://hooks.bostad.example/samsyn --agency bostad`
}

// Run adds it.
func (c subscribeAddCommand) Run(ctx context.Context, p *program) error {
	n := alerting.Subscription{
		Municipality: c.Municipality, Channel: "nats", Agency: c.Agency, Area: c.Area, Groups: c.Group, Kinds: c.Kind,
	}
	switch {
	case c.Mail != "":
		n.Channel, n.Recipient, n.Role = "mail", c.Mail, c.Role
	case c.Webhook != "":
		n.Channel, n.Recipient = "webhook", c.Webhook
	}
	return withAlerting(ctx, p, c.inMunicipality, func(ctx context.Context, s *alerting.Service) error {
		added, err := s.Subscribe(ctx, n, time.Now())
		switch {
		case errors.Is(err, alerting.ErrSubscribed):
			return wrongUse("%s hears of that area already: see samsyn subscribe list -m %s", n.Recipient, c.Municipality)
		case errors.Is(err, alerting.ErrBadSubscription):
			return wrongUse("%w", err)
		case err != nil:
			return err
		}
		if added.WebhookSecret != "" {
			p.say("The receiver checks signatures with the secret below. It is not shown again; see samsyn subscribe rotate.")
		}
		t := subscriptionTable(added.Subscription)
		if added.WebhookSecret != "" {
			t.header, t.rows[0] = append(t.header, "secret"), append(t.rows[0], added.WebhookSecret)
		}
		return p.write(subscriptionJSON(added.Subscription, added.WebhookSecret), t)
	})
}

type subscribeListCommand struct {
	inMunicipality
}

// Help shows an example.
func (subscribeListCommand) Help() string {
	return "An agency without a nats subscription hears of everything on its alert subject.\n\nExample: samsyn subscribe list -m 0780"
}

// Run lists them, the oldest first.
func (c subscribeListCommand) Run(ctx context.Context, p *program) error {
	return withAlerting(ctx, p, c.inMunicipality, func(ctx context.Context, s *alerting.Service) error {
		all, err := s.Subscriptions(ctx, pg.System, c.Municipality)
		if err != nil {
			return err
		}
		out := make([]map[string]any, len(all))
		for i, one := range all {
			out[i] = subscriptionJSON(one, "")
		}
		return p.write(map[string]any{"subscriptions": out}, subscriptionTable(all...))
	})
}

type subscribeRemoveCommand struct {
	ID uuid.UUID `arg:"" help:"Id of the subscription, as the list shows it."`
	inMunicipality
}

// Help shows an example.
func (subscribeRemoveCommand) Help() string {
	return "What is due already is still delivered.\n\nExample: samsyn subscribe remove 01936e4c-7a10-7c4e-9d3f-2b1f4c5d6e7f -m 0780"
}

// Run ends it.
func (c subscribeRemoveCommand) Run(ctx context.Context, p *program) error {
	return withAlerting(ctx, p, c.inMunicipality, func(ctx context.Context, s *alerting.Service) error {
		if err := noSubscription(s.Unsubscribe(ctx, c.Municipality, c.ID, time.Now()), c.ID); err != nil {
			return err
		}
		return p.write(map[string]any{"removed": c.ID}, table{header: []string{"removed"}, rows: [][]string{{c.ID.String()}}})
	})
}

func noSubscription(err error, id uuid.UUID) error {
	if errors.Is(err, alerting.ErrNoSubscription) {
		return wrongUse("there is no such subscription: %s. See samsyn subscribe list", id)
	}
	return err
}

type subscribeRotateCommand struct {
	ID uuid.UUID `arg:"" help:"Id of the subscription, as the list shows it."`
	inMunicipality
}

// Help shows an example.
func (subscribeRotateCommand) Help() string {
	return `Messages are signed with the new secret and the one before, so that the receiver may change when it suits.

Example: samsyn subscribe rotate 01936e4c-7a10-7c4e-9d3f-2b1f4c5d6e7f -m 0780`
}

// Run shows the new secret.
func (c subscribeRotateCommand) Run(ctx context.Context, p *program) error {
	return withAlerting(ctx, p, c.inMunicipality, func(ctx context.Context, s *alerting.Service) error {
		secret, err := s.Rotate(ctx, c.Municipality, c.ID)
		if err := noSubscription(err, c.ID); err != nil {
			return err
		}
		return p.write(map[string]any{"id": c.ID, "secret": secret}, table{header: []string{"id", "secret"}, rows: [][]string{{c.ID.String(), secret}}})
	})
}

type subscribeNamesCommand struct {
	inMunicipality
	Show bool `negatable:"" required:"" help:"Mails name places; with --no-show they hold counts and links."`
}

// Help shows an example.
func (subscribeNamesCommand) Help() string {
	return `Whoever reads a mail on a phone shows it to others: the municipality decides whether it says which place it is about.

Example: samsyn subscribe names -m 0780 --show`
}

// Run decides.
func (c subscribeNamesCommand) Run(ctx context.Context, p *program) error {
	return withAlerting(ctx, p, c.inMunicipality, func(ctx context.Context, s *alerting.Service) error {
		if err := s.ShowPlaceNames(ctx, c.Municipality, c.Show); err != nil {
			return err
		}
		return p.write(map[string]any{"municipality": c.Municipality, "place_names": c.Show}, table{
			header: []string{"municipality", "names of places in mails"}, rows: [][]string{{string(c.Municipality), yes(c.Show)}},
		})
	})
}

func subscriptionJSON(s alerting.Subscription, secret string) map[string]any {
	out := map[string]any{
		"municipality": s.Municipality, "id": s.ID, "channel": s.Channel, "recipient": s.Recipient, "agency": s.Agency, "role": s.Role, "area": s.Area,
		"groups": list(s.Groups), "kinds": list(s.Kinds), "created_at": s.CreatedAt,
	}
	if secret != "" {
		out["secret"] = secret
	}
	return out
}

func subscriptionTable(all ...alerting.Subscription) table {
	t := table{header: []string{"id", "channel", "recipient", "agency", "role", "area", "groups", "kinds"}}
	for _, s := range all {
		t.add(s.ID.String(), s.Channel, s.Recipient, string(s.Agency), s.Role, string(s.Area), allOr(s.Groups), allOr(s.Kinds))
	}
	return t
}

func allOr(codes []string) string {
	if len(codes) == 0 {
		return "all"
	}
	return strings.Join(codes, " ")
}
