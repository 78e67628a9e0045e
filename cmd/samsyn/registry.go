// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/internal/sheet"
	"samsyn/services/registry"
	"samsyn/services/registry/areas"
)

// withRegistry opens the installation for a command about what the registry holds.
func withRegistry(ctx context.Context, p *program, fn func(context.Context, *registry.Service) error) error {
	return withInstallation(ctx, p, func(ctx context.Context, in *installation) error {
		r, err := in.Registry(ctx)
		if err != nil {
			return err
		}
		return away(ctx, fn(ctx, r))
	})
}

// reconcile makes the database's logins and NATS agree with what is registered, where this process
// holds the operator's keys: after a restore of either side, or a suspension that could not reach
// NATS. One agency that cannot be helped does not keep the others from starting.
func (s *site) reconcile(ctx context.Context) {
	if s.Operator == nil {
		return
	}
	r, err := s.Registry(ctx)
	if err == nil {
		err = r.Reconcile(ctx)
	}
	if err != nil {
		s.Log.Error("registry and servers do not agree", "error", err)
	}
}

// away says what a person can do when the database, not what was asked of it, is the problem.
func away(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil || pg.Class(err) != pg.Infrastructure {
		return err
	}
	text := strings.ReplaceAll(err.Error(), "\n\t", "\n  ") // the driver lists the addresses it tried with tabs
	return fmt.Errorf("the database cannot be used: %s\nSee that it runs and that --database-url names it, then run the command again", text)
}

// inMunicipality is for commands about something in a municipality.
type inMunicipality struct {
	Municipality events.MunicipalityID `short:"m" required:"" placeholder:"CODE" help:"Code of the municipality."`
}

// ofAgency is for commands about something of an agency.
type ofAgency struct {
	inMunicipality
	Agency events.AgencyID `short:"a" required:"" placeholder:"CODE" help:"Code of the agency."`
}

// day is a date on the command line, at midnight UTC.
type day time.Time

// UnmarshalText reads it.
func (d *day) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.DateOnly, string(text))
	if err != nil {
		return fmt.Errorf("%q is not a date like 2026-01-31", text)
	}
	*d = day(t)
	return nil
}

// instant is a time on the command line.
type instant time.Time

// UnmarshalText reads it.
func (i *instant) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return fmt.Errorf("%q is not a time like 2026-01-31T12:00:00+01:00", text)
	}
	*i = instant(t)
	return nil
}

// readInput reads the file a command is given, or standard input for "-". It is read
// before anything is opened, so that a wrong path costs nothing.
func readInput(path string) ([]byte, error) {
	if path == "-" {
		body, err := io.ReadAll(os.Stdin)
		if err != nil {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
		return body, nil
	}
	body, err := os.ReadFile(path)
	if err != nil {
		return nil, wrongUse("read the file to import: %w", err)
	}
	return body, nil
}

// inFile puts the name of the file before what is wrong with it.
func inFile(path string, err error) error {
	var file *areas.FileError
	var features *registry.InvalidAreasError
	var table *sheet.Error
	var rows *registry.InvalidRowsError
	if errors.As(err, &file) || errors.As(err, &features) || errors.As(err, &table) || errors.As(err, &rows) {
		return fmt.Errorf("%s: %w", path, err)
	}
	return err
}

// given sets what was given on the command line.
func given[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// list makes an empty list of none: null is no list.
func list[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// sayAll tells at most twenty lines.
func (p *program) sayAll(lines []string) {
	const shown = 20
	for i, line := range lines {
		if i == shown {
			p.say("... and %d more", len(lines)-shown)
			return
		}
		p.say("%s", clean(line))
	}
}
