// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/schemas"
)

// ErrBadSubscription says what is wrong with a subscription; the message is for the person who asked.
var ErrBadSubscription = errors.New("not a subscription")

// Subscribed is a new subscription and, for a webhook, the secret its receiver checks signatures with. It is shown once.
type Subscribed struct {
	Subscription
	WebhookSecret string
}

// Subscribe lets somebody hear of what is flagged. Of n it uses Municipality, Channel, Recipient, Agency, Role, Area, Groups and Kinds; an
// empty Area is the whole municipality. Errors are ErrBadSubscription, ErrSubscribed, or of Postgres.
func (s *Service) Subscribe(ctx context.Context, n Subscription, now time.Time) (Subscribed, error) {
	if n.Channel == channelNATS {
		n.Recipient = string(n.Agency)
	}
	if n.Area == "" {
		n.Area = events.AreaCode(n.Municipality)
	}
	n.Groups, n.Kinds = append([]string{}, n.Groups...), append([]string{}, n.Kinds...)
	n.ID, n.Secret, n.CreatedAt, n.EndedAt = uuid.Must(uuid.NewV7()), 1, now, nil
	if err := s.checkSubscription(ctx, n); err != nil {
		return Subscribed{}, err
	}
	if err := s.store.subscribe(ctx, n); err != nil {
		return Subscribed{}, err
	}
	out := Subscribed{Subscription: n}
	if n.Channel == channelWebhook {
		out.WebhookSecret = showSecret(s.config.Webhook.secret(n.Municipality, n.ID, n.Secret))
	}
	return out, nil
}

func (s *Service) checkSubscription(ctx context.Context, n Subscription) error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{ErrBadSubscription}, args...)...)
	}
	switch n.Channel {
	case channelMail:
		if a, err := mail.ParseAddress(n.Recipient); err != nil || a.Address != n.Recipient {
			return wrong("%q is not a mail address alone", n.Recipient)
		}
		if !slices.Contains([]string{"agency_lead", "coordinator", "member"}, n.Role) {
			return wrong("role %q is none of agency_lead, coordinator, member", n.Role)
		}
	case channelWebhook:
		if err := s.config.Webhook.check(n.Recipient); err != nil {
			return wrong("%w", err)
		}
		if len(s.config.Webhook.Secret) == 0 {
			return wrong("webhooks need a secret in the configuration")
		}
	case channelNATS:
	default:
		return wrong("channel %q is none of mail, webhook, nats", n.Channel)
	}
	known, err := s.store.known(ctx, n)
	if err != nil {
		return err
	}
	switch {
	case !known.Municipality:
		return wrong("no municipality %s", n.Municipality)
	case !known.Area:
		return wrong("no area %s in %s", n.Area, n.Municipality)
	case !known.Agency:
		return wrong("no agency %q in %s", n.Agency, n.Municipality)
	}
	return checkCodes(n, wrong)
}

func checkCodes(n Subscription, wrong func(string, ...any) error) error {
	_, groups := schemas.Categories()
	for _, code := range n.Groups {
		if !slices.ContainsFunc(groups, func(g schemas.Group) bool { return g.Code == code && g.Detected }) {
			return wrong("no group %s that is watched", code)
		}
	}
	for _, kind := range n.Kinds {
		if !slices.Contains([]events.HotspotKind{events.KindSerious, events.KindRise, events.KindCluster, events.KindRepeat}, events.HotspotKind(kind)) {
			return wrong("kind %q is none of serious, rise, cluster, repeat", kind)
		}
	}
	return nil
}

// Subscriptions lists the subscriptions of a municipality that hold, oldest first, as v may see them.
func (s *Service) Subscriptions(ctx context.Context, v pg.Viewer, m events.MunicipalityID) ([]Subscription, error) {
	return s.store.subscriptions(ctx, v, m)
}

// Unsubscribe ends a subscription; what is already due to it is still delivered. ErrNoSubscription if there is none.
func (s *Service) Unsubscribe(ctx context.Context, m events.MunicipalityID, id uuid.UUID, now time.Time) error {
	return s.store.unsubscribe(ctx, m, id, now)
}

// ShowPlaceNames lets the mails of a municipality name places, or no longer. Without it they hold counts and links.
func (s *Service) ShowPlaceNames(ctx context.Context, m events.MunicipalityID, allowed bool) error {
	return s.store.setPlaceNames(ctx, m, allowed)
}

// Rotate gives a webhook a new secret and returns it. Messages are signed with both it and the one before until the next rotation.
func (s *Service) Rotate(ctx context.Context, m events.MunicipalityID, id uuid.UUID) (string, error) {
	version, err := s.store.rotate(ctx, m, id)
	if err != nil {
		return "", err
	}
	return showSecret(s.config.Webhook.secret(m, id, version)), nil
}
