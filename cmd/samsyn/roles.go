// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"samsyn/internal/local"
	"samsyn/internal/mail"
	"samsyn/internal/pg"
	"samsyn/internal/run"
	"samsyn/services/access"
	"samsyn/services/alerting"
	"samsyn/services/correlator"
	"samsyn/services/review"
)

// site is what the roles of one process share.
type site struct {
	*installation
	settings Settings
	parts    *run.Parts
	health   *run.Health
	metrics  *prometheus.Registry
	// public is where people reach the pages.
	public string
	http   net.Listener
	// access signs people in; nil without the role web.
	access *access.Service
	// agencies are the doors through which agencies, and people on their behalf, read reports; nil without the role web.
	agencies *pg.Agencies
	// review is made by the first role that needs it.
	review *review.Service
}

// role is one part of Samsyn that runs for long.
type role struct {
	name  string
	start func(ctx context.Context, s *site) error
}

// roleWeb is the role that people and agencies reach by HTTP.
const roleWeb = "web"

// roles in the order in which they start: who is written to before who writes.
func roles() []role {
	return []role{
		{"correlator", startCorrelator},
		{"alerting", startAlerting},
		{"review", startReview},
		{roleWeb, startWeb},
	}
}

func roleNames() string {
	var names []string
	for _, r := range roles() {
		names = append(names, r.name)
	}
	return strings.Join(names, ", ")
}

const (
	correlatorConns = 4
	alertingConns   = 6
	reviewConns     = 8
	webConns        = 10
	accessConns     = 6
)

func startCorrelator(ctx context.Context, s *site) error {
	pool, err := s.Pool(ctx, pg.RoleCorrelator, correlatorConns)
	if err != nil {
		return err
	}
	service, err := correlator.New(pool, s.Bus, s.Log, s.metrics, correlator.Config{})
	if err != nil {
		return err
	}
	s.parts.Go(ctx, "correlator", service.Run)
	return nil
}

func startAlerting(ctx context.Context, s *site) error {
	pool, err := s.Pool(ctx, pg.RoleAlerting, alertingConns)
	if err != nil {
		return err
	}
	config, err := s.alertingConfig(s.settings, s.public)
	if err != nil {
		return err
	}
	service, err := alerting.New(pool, s.Bus, s.Log, s.metrics, config)
	if err != nil {
		return err
	}
	s.parts.Go(ctx, "alerting", service.Run)
	return nil
}

func startReview(ctx context.Context, s *site) error {
	service, err := s.reviewService(ctx)
	if err != nil {
		return err
	}
	s.parts.Go(ctx, "review", service.Run)
	return nil
}

// reviewService is the review of this process: one, whether it works, serves the pages, or both.
func (s *site) reviewService(ctx context.Context) (*review.Service, error) {
	if s.review != nil {
		return s.review, nil
	}
	pool, err := s.Pool(ctx, pg.RoleReview, reviewConns)
	if err != nil {
		return nil, err
	}
	config, err := s.mailConfig(s.settings)
	if err != nil {
		return nil, err
	}
	mails, err := mail.New(config)
	if err != nil {
		return nil, err
	}
	s.review, err = review.New(pool, s.Bus, s.Log, s.metrics, review.Config{PublicURL: s.public, Sender: mails, FeedbackKey: s.Key("feedback mails")})
	return s.review, err
}

// alertingConfig is the same for the worker and for commands. public is where links in mails lead.
func (in *installation) alertingConfig(s Settings, public string) (alerting.Config, error) {
	sender, err := in.mailConfig(s)
	return alerting.Config{
		PublicURL: public, MailDir: sender.Dir, SMTP: sender.SMTP,
		Webhook: alerting.Webhook{Hosts: s.WebhookHosts, Secret: in.Key("webhooks")},
	}, err
}

// mailConfig is where the mail of every service goes.
func (in *installation) mailConfig(s Settings) (mail.Config, error) {
	password, err := readPassword(s.SMTPPasswordFile)
	if err != nil {
		return mail.Config{}, err
	}
	server, err := s.SMTP.smtp(password)
	server.From = s.MailFrom
	return mail.Config{SMTP: server, Dir: filepath.Join(in.Dir, "mail")}, err
}

func readPassword(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read the mail server's password: %w", err)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

// starting is the check that fails until every role runs.
const starting = "start"

// openOperations serves /metrics, /healthz and /readyz.
func (s *site) openOperations(ctx context.Context) (net.Listener, error) {
	s.health.Register(starting, func(context.Context) error { return errors.New("starting") })
	address := s.settings.Operations
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := run.Listen(ctx, address)
	if err != nil {
		return nil, err
	}
	s.parts.Serve("operations", l, run.Operations(s.metrics, s.health))
	return l, nil
}

// watch registers what /readyz looks at.
func (s *site) watch(ctx context.Context) error {
	pool, err := s.Pool(ctx, pg.RoleWeb, 2)
	if err != nil {
		return err
	}
	s.health.Register("database", pool.Ping)
	s.health.Register("database durable", func(ctx context.Context) error { return degraded(local.CheckDurable(ctx, pool)) })
	s.health.Register("nats", func(context.Context) error {
		if !s.Bus.Connected() {
			return errors.New("not connected to NATS")
		}
		return nil
	})
	s.health.Register("nats durable", func(ctx context.Context) error { return degraded(s.Bus.Durability(ctx)) })
	return nil
}

func degraded(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", run.ErrDegraded, err)
}

// listen opens the address of the pages: the given one, or the first free one from 8080 on.
func listen(ctx context.Context, address string) (net.Listener, error) {
	if address != "" {
		return run.Listen(ctx, address)
	}
	const first, last = 8080, 8099
	var l net.Listener
	var err error
	for port := first; port <= last; port++ {
		if l, err = run.Listen(ctx, fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return l, nil
		}
	}
	return nil, err
}
