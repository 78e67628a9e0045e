// SPDX-License-Identifier: EUPL-1.2

package connector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"

	"samsyn/events"
	"samsyn/services/connector/outbox"
)

// platform is what can be asked of Samsyn. Errors are *trouble.
type platform interface {
	// send hands over events, no two of one report, and says of each what became of it; where one is not stored the error
	// says why.
	send(ctx context.Context, batch []outgoing) ([]delivery, error)
	// receive hands receipts to take, from a cursor on, until ctx ends or there is trouble. What take could not keep comes
	// again. A nil cursor is no news of it.
	receive(ctx context.Context, from string, take func(receipts []events.Receipt, cursor *string) error) error
	// check says what the receipt of an event would say.
	check(ctx context.Context, body []byte) (events.Receipt, error)
}

// delivery is what became of one event at the door.
type delivery struct {
	stored bool
	answer *outbox.Answered // given at once
}

// Way is how Samsyn is reached, and as whom.
type Way struct {
	platform platform
	who      identity
	close    func()
	again    time.Duration // first pause before what has no receipt is asked about
}

// First pauses. Within two minutes a stream takes a message id for the same message and stores nothing, so over NATS asking
// sooner is in vain; over HTTP it is a question of its own.
const (
	againNATS = 3 * time.Minute
	againHTTP = 15 * time.Second
)

// Close ends its connections.
func (w Way) Close() {
	if w.close != nil {
		w.close()
	}
}

// Reach says how to reach the platform. Nothing is connected yet: a platform that is away is no error. creds is the path of
// a .creds file, for NATS; key an API key, for HTTP; one of them is given. The error says what is wrong with them.
func Reach(server, creds, key string, log *slog.Logger) (Way, error) {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" {
		return Way{}, fmt.Errorf("%q is not an address like nats://samsyn.example.se:4222 or https://samsyn.example.se", server)
	}
	switch u.Scheme {
	case "nats", "tls", "ws", "wss":
		if creds == "" {
			return Way{}, errors.New("sending over NATS needs a credentials file (samsyn agency credentials issue writes it)")
		}
		who, err := readIdentity(creds)
		if err != nil {
			return Way{}, err
		}
		n := &natsPlatform{url: server, creds: creds, who: who, log: log}
		return Way{n, who, n.close, againNATS}, nil
	case "https", "http":
		return reachHTTP(u, key)
	}
	return Way{}, fmt.Errorf("%q begins with neither nats:// nor https://", server)
}

func reachHTTP(u *url.URL, key string) (Way, error) {
	if key == "" {
		return Way{}, errors.New("sending over HTTP needs an API key (samsyn agency keys issue makes it)")
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return Way{}, fmt.Errorf("%s would carry the key readable over the network: use https", u.Redacted())
	}
	base := strings.TrimSuffix(strings.TrimSuffix(u.Scheme+"://"+u.Host+u.Path, "/"), httpBase)
	h := newHTTPPlatform(base, key)
	return Way{platform: h, close: h.client.CloseIdleConnections, again: againHTTP}, nil
}

// trouble is why something could not be handed over or fetched. It is waited out.
type trouble struct {
	kind  troubleKind
	after time.Duration // when the platform says so
	err   error
}

type troubleKind string

const (
	away    troubleKind = "Samsyn does not answer; everything is kept and sent when it does"
	shutOut troubleKind = "Samsyn does not let these credentials in (revoked, suspended or mistyped); everything is kept. Ask whoever issued them"
	noRoom  troubleKind = "Samsyn has no room for this agency's events right now; everything is kept and sent later"
	slow    troubleKind = "Samsyn asks for a slower pace"
)

func (t *trouble) Error() string { return fmt.Sprintf("%s: %v", t.kind, t.err) }
func (t *trouble) Unwrap() error { return t.err }

// troubleOf sorts an error of which the platform said nothing more.
func troubleOf(err error) *trouble {
	var t *trouble
	if errors.As(err, &t) {
		return t
	}
	return &trouble{kind: away, err: err}
}

// ReadKey reads an API key from a file.
func ReadKey(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the API key: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}
