// SPDX-License-Identifier: EUPL-1.2

// Package alerting says which places are out of the ordinary, and tells those who should know.
//
// What it is for. It follows the correlator's journal of counts and looks, at every change and at every midnight, whether a place
// has more incidents than it should (package detect), or one that is very serious. What it decides is a flag: kept, published on
// HOTSPOTS, shown on the page, and told to people and to agencies' systems as they subscribed.
//
// What it promises. A look is stored with what it knew ([Service.Verify] repeats the looks of the last 35 days) in one transaction with
// the flags, the revisions, who is to be told, and what is to be published. A flag's identity follows from its first cause, so a
// rebuild finds the same one and a link in a mail stays true. Whoever is to be told is told at least once, and a repeat carries the
// same identity; nobody gets more than 60 messages an hour or hears of one flag twice in 30 minutes; what cannot be delivered is
// listed. One alerter at a time looks at a municipality.
//
// What it does not do. It does not count, place or link (the correlator does), does not decide what is done about a flag (review), and
// names in mails no report's text, and no place unless the municipality allows it. It flags places, never persons.
//
// When it fails. Without Postgres nothing is decided and nothing lost: it takes up where the journal was left. Without NATS decided
// flags wait in Postgres. A mail server or a webhook that does not take a message is tried again for a day.
//
// Read it in this order: alerting.go (who looks at what), town.go (what a look knows), tick.go (fold, look, decide, store, publish), rise.go,
// serious.go and watchlist.go (flags of each kind), route.go (who is told), plan.go (in how many messages), deliver.go, compose.go, mail.go and
// webhook.go, then expect.go, verify.go and api.go.
package alerting

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/mail"
	"samsyn/internal/pg"
)

const (
	// pollEvery is how long a lost wake-up costs.
	pollEvery = time.Second
	// A part that is away is not asked all the time.
	pauseAfterError   = time.Second
	longestErrorPause = 8 * time.Second
)

// Service is alerting: the looks and the deliveries of all municipalities.
type Service struct {
	config  Config
	store   store
	conn    *bus.Conn
	log     *slog.Logger
	metrics *metrics
	mail    *mail.Sender
	webhook *webhook
	holder  uuid.UUID

	noticed chan struct{}            // somebody is to be told
	planned map[string]chan struct{} // by channel: messages are to be sent

	mu    sync.Mutex
	towns map[events.MunicipalityID]chan struct{} // wakes the goroutine of a municipality
}

// New makes the service on a database it enters as samsyn_alerting and a connection to the PLATFORM account. The error names everything that
// is wrong with the Config.
func New(db pg.Beginner, conn *bus.Conn, log *slog.Logger, registerer prometheus.Registerer, config Config) (*Service, error) {
	config, err := config.check()
	if err != nil {
		return nil, err
	}
	sender, err := mail.New(mail.Config{SMTP: config.SMTP, Dir: config.MailDir})
	if err != nil {
		return nil, err
	}
	s := &Service{
		config: config, store: store{db}, conn: conn, log: log, metrics: newMetrics(registerer), mail: sender, webhook: newWebhook(config.Webhook),
		holder: uuid.New(), noticed: make(chan struct{}, 1), planned: map[string]chan struct{}{}, towns: map[events.MunicipalityID]chan struct{}{},
	}
	for _, channel := range channels() {
		s.planned[channel] = make(chan struct{}, 1)
	}
	return s, nil
}

// Run looks and delivers until ctx ends, then finishes what is in its hands and returns nil. Each municipality has a goroutine of its own
// that begins with what Postgres holds; wake-ups from the broker only make it look sooner.
func (s *Service) Run(ctx context.Context) error {
	unsubscribe, err := s.listen()
	if err != nil {
		return err
	}
	defer unsubscribe()
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error { return s.deliver(running) })
	group.Go(func() error { return s.follow(running, group) })
	if err := group.Wait(); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// listen wakes the municipality that a signal is about.
func (s *Service) listen() (stop func(), err error) {
	stopCorrelated, err := s.conn.Subscribe("committed.*", func(subject string, _ []byte) { s.wakeTown(subject) })
	if err != nil {
		return nil, err
	}
	stopRegistry, err := s.conn.Subscribe("registry.*.changed", func(subject string, _ []byte) { s.wakeTown(subject) })
	if err != nil {
		stopCorrelated()
		return nil, err
	}
	return func() { stopCorrelated(); stopRegistry() }, nil
}

// wakeTown reads the municipality out of the second word of a subject.
func (s *Service) wakeTown(subject string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if woken := s.towns[events.MunicipalityID(secondWord(subject))]; woken != nil {
		wake(woken)
	}
}

// follow keeps a goroutine for every municipality there is.
func (s *Service) follow(ctx context.Context, group *errgroup.Group) error {
	return every(ctx, 5*pollEvery, nil, func() {
		all, err := s.store.towns(ctx)
		s.report(ctx, "list municipalities", err)
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, m := range all {
			if s.towns[m] == nil {
				woken := make(chan struct{}, 1)
				s.towns[m] = woken
				group.Go(func() error { return s.watch(ctx, m, woken) })
			}
		}
	})
}

// report logs an error where it ends. An end of the service is none.
func (s *Service) report(ctx context.Context, what string, err error) {
	if err == nil || ctx.Err() != nil {
		return
	}
	level := slog.LevelError
	switch {
	case errors.Is(err, errHeld), errors.Is(err, errChanged):
		level = slog.LevelDebug
	case pg.Class(err) == pg.Infrastructure, errors.Is(err, errFenced):
		level = slog.LevelWarn
	}
	s.log.Log(ctx, level, what, "error", err)
}

// every calls f at once, then at each wake-up and after each period, until ctx ends.
func every(ctx context.Context, period time.Duration, woken <-chan struct{}, f func()) error {
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for ctx.Err() == nil {
		f()
		select {
		case <-ctx.Done():
		case <-woken:
		case <-ticker.C:
		}
	}
	return nil
}

// wake leaves one wake-up, however many come.
func wake(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func secondWord(subject string) string {
	_, rest, _ := strings.Cut(subject, ".")
	word, _, _ := strings.Cut(rest, ".")
	return word
}
