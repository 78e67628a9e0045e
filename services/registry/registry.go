// SPDX-License-Identifier: EUPL-1.2

// Package registry knows who may do what, where: municipalities with their clock,
// areas, agencies with their units, keys, credentials, property registers and
// category mappings.
//
// It promises that every change raises the municipality's version in the
// transaction that makes it, and is signalled on registry.<municipality>.changed
// after the commit; that an import is whole or not at all; that a secret is shown
// once and stored as a hash; and that a suspended agency is shut out of the API, the
// database and NATS by one call.
//
// It does not judge reports: readers take what it holds from the views of schema
// contract. It keeps no cache and has no worker.
//
// What happens when it fails: an error leaves everything as it was, with three
// exceptions that are safe and end by doing the same again. An agency that could not
// be added may leave an account on NATS that nobody has credentials for. A
// suspension that could not reach NATS has closed the API and the database and says
// so. A signal that could not be sent is logged; readers look at the version number
// by themselves.
package registry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/pg"
)

// Config is what a Service can do without, or cannot find out by itself.
type Config struct {
	// NATSURL is the address that agencies connect to, as they see it.
	NATSURL string
	// Password gives the password of a database login, "" where the server asks for
	// none (pg.Config.Password).
	Password func(login string) string
	// Now is the wall clock; nil means time.Now.
	Now func() time.Time
	// Logger takes what does not reach a caller; nil means none.
	Logger *slog.Logger
}

// Service is the registry of one installation. It may be used by any number of
// goroutines, and by several processes beside each other.
type Service struct {
	db       pg.Beginner
	conn     *bus.Conn
	operator *bus.Operator
	config   Config
}

// ErrNoOperator says that this process does not hold the operator's keys, without
// which no agency is added, suspended, resumed or given credentials.
var ErrNoOperator = errors.New("this needs the operator's keys of the NATS server (--nats-keys)")

// New makes a Service. db logs in as samsyn_registry; conn is the platform's own
// connection; operator holds the keys with which agencies' accounts are signed, and
// may be nil: what needs it is then refused with ErrNoOperator before anything is done.
func New(db pg.Beginner, conn *bus.Conn, operator *bus.Operator, config Config) (*Service, error) {
	if db == nil || conn == nil {
		return nil, errors.New("registry needs a database and a connection")
	}
	if config.Password == nil {
		config.Password = func(string) string { return "" }
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	return &Service{db: db, conn: conn, operator: operator, config: config}, nil
}

// change runs fn in a transaction that holds the municipality's row, raises its
// version, commits and signals. Changes of one municipality follow each other.
func (s *Service) change(ctx context.Context, m events.MunicipalityID, fn func(store, Municipality) error) error {
	var version int64
	err := s.tx(ctx, func(st store) error {
		row, err := st.lockMunicipality(ctx, m)
		if err != nil {
			return err
		}
		if err := fn(st, row); err != nil {
			return err
		}
		version, err = st.raiseVersion(ctx, m)
		return err
	})
	if err != nil {
		return err
	}
	s.signal(m, version)
	return nil
}

// signal tells readers to look; who misses it looks every few seconds anyway.
func (s *Service) signal(m events.MunicipalityID, version int64) {
	if err := s.conn.Signal(events.RegistrySubject(m), fmt.Appendf(nil, `{"version":%d}`, version)); err != nil {
		s.config.Logger.Warn("change not signalled", "municipality", m, "version", version, "error", err)
	}
}

// UnknownError says that there is no such thing, and which there are.
type UnknownError struct {
	// Noun is what was asked for, such as "municipality".
	Noun string
	// Code is what was given.
	Code string
	// Known are the codes that exist, at most a few.
	Known []string
	// Remedy is what to do, such as a command.
	Remedy string
}

// Error says what is unknown and what is known.
func (e *UnknownError) Error() string {
	known := "there is none yet"
	if len(e.Known) > 0 {
		known = "there is " + strings.Join(e.Known, ", ")
	}
	text := fmt.Sprintf("%s %q is unknown; %s", e.Noun, e.Code, known)
	if e.Remedy != "" {
		text += " (" + e.Remedy + ")"
	}
	return text
}

// ExistsError says that there is one already, and what to do instead.
type ExistsError struct{ Noun, Code, Remedy string }

// Error says what exists.
func (e *ExistsError) Error() string {
	return fmt.Sprintf("%s %q exists already (%s)", e.Noun, e.Code, e.Remedy)
}

// InvalidError lists what is wrong with what was given, all of it.
type InvalidError struct{ Problems []string }

// Error joins the problems.
func (e *InvalidError) Error() string { return strings.Join(e.Problems, "; ") }

// problems collects what is wrong.
type problems []string

func (p *problems) unless(ok bool, format string, args ...any) {
	if !ok {
		*p = append(*p, fmt.Sprintf(format, args...))
	}
}

func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return &InvalidError{Problems: p}
}
