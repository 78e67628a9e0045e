// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"samsyn/internal/local"
	"samsyn/internal/run"
)

type upCommand struct{}

// Help shows an example.
func (upCommand) Help() string {
	return `It starts a NATS server and a private PostgreSQL in --data, and every role. Nothing listens beyond
this machine unless --listen says so. Other commands find it by --data.

Example: samsyn up --data ./data --listen 127.0.0.1:8080`
}

// Run returns when a signal or a failure has ended everything.
func (upCommand) Run(ctx context.Context, p *program) error {
	if p.settings.DatabaseURL != "" || p.settings.NATSURL != "" {
		return wrongUse("samsyn up starts its own servers: leave --database-url and --nats-url out, or use samsyn run")
	}
	return serve(ctx, p, roles(), nil)
}

type runCommandLine struct {
	Roles []string `arg:"" name:"role" help:"Roles, separated by commas or blanks."`
}

// Help shows an example.
func (runCommandLine) Help() string {
	return `Roles: ` + roleNames() + `. The servers are those of --database-url and --nats-url; the database must have been
migrated (samsyn migrate). Any number of processes may run the same role.

Example: samsyn run correlator --database-url postgres://db/samsyn --nats-url nats://nats:4222 --nats-creds platform.creds --secret-file secret`
}

// Run returns when a signal or a failure has ended everything.
func (c runCommandLine) Run(ctx context.Context, p *program) error {
	if p.settings.DatabaseURL == "" || p.settings.NATSURL == "" {
		return wrongUse("samsyn run needs --database-url and --nats-url; samsyn up starts both by itself")
	}
	var chosen []role
	for _, name := range strings.FieldsFunc(strings.Join(c.Roles, ","), func(r rune) bool { return r == ',' || r == ' ' }) {
		i := slices.IndexFunc(roles(), func(r role) bool { return r.name == name })
		if i < 0 {
			return wrongUse("there is no role %q; roles are %s", name, roleNames())
		}
		chosen = append(chosen, roles()[i])
	}
	return serve(ctx, p, chosen, nil)
}

// serve opens the installation, starts the roles, does what is to be done then (nil: nothing), waits,
// and stops everything in reverse order. errDone from then ends the waiting.
func serve(ctx context.Context, p *program, chosen []role, then func(context.Context, *site) error) error {
	began := time.Now()
	health := run.NewHealth()
	parts := run.NewParts(p.log, health)
	s := &site{settings: p.settings, parts: parts, health: health, metrics: run.NewRegistry()}
	err := s.start(ctx, p, chosen)
	if err == nil {
		p.log.Info("ready", "took", time.Since(began))
		if then != nil {
			err = then(ctx, s)
		}
	}
	if err == nil {
		err = parts.Wait(ctx)
	}
	if errors.Is(err, errDone) {
		err = nil
	}
	return errors.Join(err, parts.Stop(ctx))
}

// errDone ends an installation that has done what it was started for.
var errDone = errors.New("done")

// start opens everything, and answers on the operations listener while it does: servers may be late.
func (s *site) start(ctx context.Context, p *program, chosen []role) error {
	operations, err := s.openOperations(ctx)
	if err != nil {
		return err
	}
	if s.installation, err = openInstallation(ctx, p, s.parts); err != nil {
		return err
	}
	if s.Running != nil {
		return &local.InUseError{Dir: s.Dir, PID: s.Running.PID}
	}
	s.reconcile(ctx)
	if err := s.watch(ctx); err != nil {
		return err
	}
	if err := s.openPages(ctx, chosen); err != nil {
		return err
	}
	for _, r := range chosen {
		if err := r.start(ctx, s); err != nil {
			return err
		}
	}
	s.health.Register(starting, func(context.Context) error { return nil })
	if s.stack == nil {
		return nil
	}
	s.parts.Go(ctx, "postgres", s.postgresStays)
	return s.announce(p, "http://"+operations.Addr().String())
}

// openPages opens the address of the pages when a role serves them, and settles what people call it.
func (s *site) openPages(ctx context.Context, chosen []role) (err error) {
	s.public = strings.TrimSuffix(s.settings.PublicURL, "/")
	if !slices.ContainsFunc(chosen, func(r role) bool { return r.name == roleWeb }) {
		return nil
	}
	if s.http, err = listen(ctx, s.settings.Listen); err == nil && s.public == "" {
		s.public = "http://" + s.http.Addr().String()
	}
	return err
}

// postgresStays ends when the database has ended for good.
func (s *site) postgresStays(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-s.stack.Done():
		return s.stack.Err()
	}
}

// announce says where everything is, to commands in DIR/run.json and to the person at the terminal.
func (s *site) announce(p *program, operations string) error {
	creds, err := s.Operator.PlatformCreds("samsyn command")
	if err != nil {
		return err
	}
	r := runFile{
		PID: os.Getpid(), Version: run.ReadBuild().Version, Started: time.Now().UTC(),
		Database: s.stack.Postgres.URL, DatabaseHome: s.stack.Postgres.Home, DatabasePID: s.stack.Postgres.PID(),
		NATS: s.NATS, NATSCreds: string(creds),
		HTTP: "http://" + s.http.Addr().String(), PublicURL: s.public, Operations: operations,
	}
	if err := r.write(s.Dir); err != nil {
		return err
	}
	s.parts.Add("run.json", func(context.Context) error { return os.Remove(runFilePath(s.Dir)) })
	p.say("Samsyn is up. Ctrl-C ends it.")
	p.say("  pages and API  %s", s.public)
	if s.access != nil {
		p.say("  sign in once   %s", s.access.Link())
	}
	p.say("  NATS           %s", r.NATS)
	p.say("  operations     %s/readyz", operations)
	p.say("  data           %s (database in %s)", s.Dir, r.DatabaseHome)
	return nil
}
