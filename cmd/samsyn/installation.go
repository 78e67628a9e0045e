// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"samsyn/events/bus"
	"samsyn/internal/local"
	"samsyn/internal/pg"
	"samsyn/internal/run"
	"samsyn/services/registry"
)

// installation is what a command works on: a migrated database and the platform's streams, wherever
// they run. It is open for the duration of one withInstallation, or of one `up` or `run`.
type installation struct {
	Dir      string
	Database pg.Config
	Bus      *bus.Conn
	// NATS is the address as agencies see it.
	NATS string
	// Operator adds and suspends agencies; nil beside an external server without nats-keys.
	Operator *bus.Operator
	// Running is the `up` this command works beside; nil when there is none.
	Running *runFile
	Log     *slog.Logger

	secret []byte
	parts  *run.Parts
	// stack is what this process started itself; nil for servers of others.
	stack *local.Stack
}

// withInstallation opens the installation of the settings for fn: external servers when their
// addresses are given, else the `up` that runs in DIR, else servers that run in DIR until fn returns.
// An error of fn is returned as it is.
func withInstallation(ctx context.Context, p *program, fn func(context.Context, *installation) error) error {
	if p.settings.Log == "" {
		// Who asked for one thing need not read how the servers came up for it.
		p.log = run.NewLogger(p.stderr, slog.LevelWarn)
	}
	parts := run.NewParts(slog.New(slog.DiscardHandler), run.NewHealth())
	opening, opened := ctx, func() {}
	if p.settings.DatabaseURL != "" {
		// A role waits for its servers; a person at a terminal wants to hear that they are away.
		opening, opened = context.WithTimeout(ctx, openWithin)
	}
	in, err := openInstallation(opening, p, parts)
	opened()
	if err == nil {
		err = fn(ctx, in)
	}
	return errors.Join(err, parts.Stop(ctx))
}

const openWithin = 10 * time.Second

// openInstallation adds everything that must be stopped to parts, also when it fails.
func openInstallation(ctx context.Context, p *program, parts *run.Parts) (*installation, error) {
	if problems := p.settings.check(); len(problems) > 0 {
		return nil, wrongSettings(problems)
	}
	dir, err := filepath.Abs(p.settings.Data)
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", p.settings.Data, err)
	}
	in := &installation{Dir: dir, Log: p.log, parts: parts}
	if p.settings.DatabaseURL != "" {
		err = in.openExternal(ctx, p.settings)
		return in, err
	}
	if in.Running, err = running(dir); err != nil {
		return nil, err
	}
	if in.Running != nil {
		err = in.openBeside(ctx)
		return in, err
	}
	err = in.openOwn(ctx, p.settings)
	return in, err
}

// openOwn starts both servers in DIR.
func (in *installation) openOwn(ctx context.Context, s Settings) error {
	stack, err := local.Start(ctx, local.Config{Dir: in.Dir, PostgresBin: s.PostgresBin, NATSPort: s.NATSPort, Logger: in.Log})
	if err != nil {
		return err
	}
	in.parts.Add("nats and postgres", stack.Stop)
	in.stack = stack
	if in.secret, err = readSecret(s.SecretFile, in.Dir); err != nil {
		return err
	}
	// The database trusts its socket: logins have no passwords.
	in.Database = pg.Config{URL: stack.Postgres.URL}
	if err := pg.Migrate(ctx, in.Database); err != nil {
		return err
	}
	in.NATS, in.Operator = stack.NATS.URL(), stack.NATS.Operator
	conn, err := stack.NATS.Connect(ctx, "samsyn")
	if err != nil {
		return err
	}
	in.keep(conn)
	return conn.EnsurePlatform(ctx)
}

// openBeside connects to the servers of a running `up`.
func (in *installation) openBeside(ctx context.Context) (err error) {
	if in.secret, err = readSecret("", in.Dir); err != nil {
		return err
	}
	in.Database, in.NATS = pg.Config{URL: in.Running.Database}, in.Running.NATS
	if err := in.openOperator(ctx, filepath.Join(in.Dir, "nats", "keys"), in.NATS); err != nil {
		return err
	}
	return in.connect(ctx, bus.Config{URL: in.NATS, CredsData: []byte(in.Running.NATSCreds)})
}

// openExternal connects to servers that others run.
func (in *installation) openExternal(ctx context.Context, s Settings) error {
	if err := in.useDatabase(s); err != nil {
		return err
	}
	in.NATS = cmp.Or(s.NATSPublicURL, s.NATSURL)
	if s.NATSKeys != "" {
		if err := in.openOperator(ctx, s.NATSKeys, s.NATSURL); err != nil {
			return err
		}
	}
	if err := in.connect(ctx, bus.Config{URL: s.NATSURL, Creds: s.NATSCreds}); err != nil {
		return err
	}
	return in.Bus.EnsurePlatform(ctx)
}

// useDatabase takes an external database, whose logins have passwords.
func (in *installation) useDatabase(s Settings) (err error) {
	if s.SecretFile == "" {
		return wrongUse("external servers need the installation's secret, the same for every process: give --secret-file")
	}
	if in.secret, err = readSecret(s.SecretFile, in.Dir); err != nil {
		return err
	}
	in.Database = pg.Config{URL: s.DatabaseURL, Secret: in.Key("database logins")}
	if s.DatabasePasswordFile != "" {
		in.Database.URL, err = withPassword(s.DatabaseURL, s.DatabasePasswordFile)
	}
	return err
}

// withPassword puts the password of a file into a URL.
func withPassword(database, file string) (string, error) {
	u, err := url.Parse(database)
	if err != nil {
		return "", wrongUse("database-url cannot be read") // the text may hold a password
	}
	password, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read the database's password: %w", err)
	}
	u.User = url.UserPassword(u.User.Username(), strings.TrimRight(string(password), "\r\n"))
	return u.String(), nil
}

func (in *installation) openOperator(ctx context.Context, keys, server string) error {
	operator, err := bus.NewOperator(keys)
	if err != nil {
		return fmt.Errorf("open the operator's keys in %s: %w", keys, err)
	}
	in.parts.Add("nats operator", func(context.Context) error {
		operator.Close()
		return nil
	})
	in.Operator = operator
	return operator.Connect(ctx, bus.Config{URL: server, Logger: in.Log})
}

func (in *installation) connect(ctx context.Context, c bus.Config) error {
	c.Name, c.Logger = "samsyn", in.Log
	conn, err := bus.Connect(ctx, c)
	if err != nil {
		return fmt.Errorf("connect to NATS at %s: %w", c.URL, err)
	}
	in.keep(conn)
	return nil
}

func (in *installation) keep(conn *bus.Conn) {
	in.Bus = conn
	in.parts.Add("nats connection", func(context.Context) error {
		conn.Close()
		return nil
	})
}

// Key derives a key of 32 bytes for one purpose from the installation's secret.
func (in *installation) Key(purpose string) []byte {
	mac := hmac.New(sha256.New, in.secret)
	mac.Write([]byte(purpose))
	return mac.Sum(nil)
}

// Pool opens a pool for a role, closed with the installation.
func (in *installation) Pool(ctx context.Context, role pg.Role, maxConns int32) (*pg.Pool, error) {
	pool, err := pg.Open(ctx, in.Database, role, maxConns)
	if err != nil {
		return nil, err
	}
	in.parts.Add("pool of "+string(role), func(context.Context) error {
		pool.Close()
		return nil
	})
	return pool, nil
}

// Registry is the service most commands are about.
func (in *installation) Registry(ctx context.Context) (*registry.Service, error) {
	pool, err := in.Pool(ctx, pg.RoleRegistry, 4)
	if err != nil {
		return nil, err
	}
	return registry.New(pool, in.Bus, in.Operator, registry.Config{NATSURL: in.NATS, Password: in.Database.Password, Now: time.Now, Logger: in.Log})
}

const secretBytes = 32

// readSecret reads the installation's secret, and makes DIR/secret when no file is named and there is none.
func readSecret(file, dir string) ([]byte, error) {
	path := file
	if path == "" {
		path = filepath.Join(dir, "secret")
	}
	secret, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && file == "" {
		return makeSecret(dir, path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the installation's secret: %w", err)
	}
	if len(secret) < secretBytes {
		return nil, fmt.Errorf("the installation's secret in %s is shorter than %d bytes", path, secretBytes)
	}
	return secret, nil
}

func makeSecret(dir, path string) ([]byte, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the installation's secret: %w", err)
	}
	secret := []byte(rand.Text() + rand.Text())
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return readSecret("", dir) // another command was first
	}
	if err != nil {
		return nil, fmt.Errorf("make the installation's secret: %w", err)
	}
	_, err = f.Write(secret)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("make the installation's secret: %w", err)
	}
	return secret, nil
}
