// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"samsyn/internal/mail"
	"samsyn/internal/pg"
)

// Nobody is told by mistake: what does not exist, is not approved or stands there already is refused with what is wrong.
func TestSubscriptionsAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.service = w.newService(Config{Webhook: Webhook{Hosts: []string{"hooks.bostad.example"}, Secret: []byte("0123456789abcdef")}})
	now := at(t, "2026-11-20T12:00:00+01:00")
	for name, c := range map[string]struct {
		s    Subscription
		says string // empty: taken
	}{
		"a person":              {Subscription{Channel: "mail", Recipient: "anna@vaxjo.example", Role: "coordinator"}, ""},
		"a person of an agency": {Subscription{Channel: "mail", Recipient: "bo@bostad.example", Role: "agency_lead", Agency: "bostad", Area: "D1"}, ""},
		"a webhook":             {Subscription{Channel: "webhook", Recipient: "https://hooks.bostad.example/in", Agency: "bostad"}, ""},
		"a stream":              {Subscription{Channel: "nats", Agency: "polis", Area: "D1A1", Groups: []string{"damage"}, Kinds: []string{"serious"}}, ""},
		"no address":            {Subscription{Channel: "mail", Recipient: "anna", Role: "coordinator"}, "not a mail address"},
		"a name with it":        {Subscription{Channel: "mail", Recipient: "Anna <anna@vaxjo.example>", Role: "coordinator"}, "not a mail address"},
		"two addresses":         {Subscription{Channel: "mail", Recipient: "a@x.example, b@x.example", Role: "coordinator"}, "not a mail address"},
		"a header":              {Subscription{Channel: "mail", Recipient: "a@x.example\r\nBcc: b@x.example", Role: "coordinator"}, "not a mail address"},
		"no role":               {Subscription{Channel: "mail", Recipient: "anna2@vaxjo.example"}, "role"},
		"another host":          {Subscription{Channel: "webhook", Recipient: "https://evil.example/in", Agency: "bostad"}, "approved"},
		"no agency":             {Subscription{Channel: "webhook", Recipient: "https://hooks.bostad.example/x"}, "no agency"},
		"another agency":        {Subscription{Channel: "nats", Agency: "nobody"}, "no agency"},
		"another area":          {Subscription{Channel: "nats", Agency: "polis", Area: "XX"}, "no area"},
		"another group":         {Subscription{Channel: "nats", Agency: "skola", Groups: []string{"traffic"}}, "no group"},
		"another kind":          {Subscription{Channel: "nats", Agency: "skola", Kinds: []string{"gossip"}}, "kind"},
		"another channel":       {Subscription{Channel: "fax", Agency: "skola"}, "channel"},
	} {
		c.s.Municipality = vaxjo
		_, err := w.service.Subscribe(t.Context(), c.s, now)
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.says != "" && (!errors.Is(err, ErrBadSubscription) || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	if _, err := w.service.Subscribe(t.Context(), Subscription{Municipality: "0999", Channel: "mail", Recipient: "x@x.example", Role: "member"}, now); !errors.Is(err, ErrBadSubscription) {
		t.Errorf("another municipality: %v", err)
	}
	if _, err := w.service.Subscribe(t.Context(), Subscription{Municipality: vaxjo, Channel: "mail", Recipient: "anna@vaxjo.example", Role: "member"}, now); !errors.Is(err, ErrSubscribed) {
		t.Errorf("the same again: %v", err)
	}
	list, err := w.service.Subscriptions(t.Context(), pg.System, vaxjo)
	if err != nil || len(list) != 4 {
		t.Fatalf("%d subscriptions: %v", len(list), err)
	}
	if err := w.service.Unsubscribe(t.Context(), vaxjo, list[0].ID, now); err != nil {
		t.Error(err)
	}
	if err := w.service.Unsubscribe(t.Context(), vaxjo, list[0].ID, now); !errors.Is(err, ErrNoSubscription) {
		t.Errorf("ended twice: %v", err)
	}
	if _, err := w.service.Rotate(t.Context(), vaxjo, uuid.New()); !errors.Is(err, ErrNoSubscription) {
		t.Errorf("secret of nothing: %v", err)
	}
}

// What is wrong in a configuration is said at the start, all of it, and not when the first alert should leave.
func TestConfigIsChecked(t *testing.T) {
	_, err := Config{
		PublicURL: "samsyn.example.se", SMTP: mail.SMTP{Host: "mail.example.se", TLS: "none", From: "nobody", User: "u"}, Webhook: Webhook{Hosts: []string{"x"}, Secret: []byte("short")},
	}.check()
	for _, want := range []string{"public URL", "without TLS", "sender", "belong together", "16 bytes"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not said: %v", want, err)
		}
	}
	if _, err := (Config{}).check(); err != nil {
		t.Errorf("the zero Config: %v", err)
	}
	for tls, port := range map[string]int{"starttls": 587, "implicit": 465, "none": 25} {
		c, err := Config{SMTP: mail.SMTP{Host: "127.0.0.1", TLS: tls}}.check()
		if err != nil || c.SMTP.Port != port {
			t.Errorf("%s: port %d, %v", tls, c.SMTP.Port, err)
		}
	}
}
