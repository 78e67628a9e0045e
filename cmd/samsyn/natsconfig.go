// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"samsyn/events/bus"
)

type natsConfigCommand struct {
	Out         string   `required:"" placeholder:"FILE" help:"Configuration file to write."`
	Creds       string   `placeholder:"FILE" help:"File for credentials of the account PLATFORM, for --nats-creds; one that exists is left alone."`
	Name        string   `default:"samsyn" help:"Name of the server, unique in its cluster (${default})."`
	Clients     string   `default:"127.0.0.1:4222" placeholder:"HOST:PORT" help:"Address for clients (${default})."`
	Monitor     string   `default:"127.0.0.1:8222" placeholder:"HOST:PORT" help:"Address of the server's own health page, which has no password (${default})."`
	Store       string   `default:"/var/lib/nats/jetstream" placeholder:"DIR" help:"Where the server keeps streams (${default})."`
	Accounts    string   `default:"/var/lib/nats/accounts" placeholder:"DIR" help:"Where the server keeps the accounts it is told of (${default})."`
	MaxStore    byteSize `default:"8GiB" placeholder:"SIZE" help:"Room for all streams, at most 80 % of the volume (${default})."`
	Certificate string   `placeholder:"FILE" help:"TLS certificate of the server; without it clients come without TLS."`
	Key         string   `placeholder:"FILE" help:"Its key."`
}

// Help shows an example.
func (natsConfigCommand) Help() string {
	return `For a NATS server of your own (nats-server -c FILE) in place of the embedded one. The operator's keys are made in
--nats-keys the first time; losing them means new credentials for every agency. The configuration holds no secret,
and is the same whenever it is written. Agencies are added to the running server by samsyn agency add.

Example: samsyn nats-config --nats-keys /etc/samsyn/keys --out /etc/nats/nats.conf --creds /etc/samsyn/platform.creds`
}

// Run writes the files; nothing is connected to.
func (c natsConfigCommand) Run(p *program) error {
	if p.settings.NATSKeys == "" {
		return wrongUse("the operator's keys need a place: give --nats-keys")
	}
	if (c.Certificate == "") != (c.Key == "") {
		return wrongUse("--certificate and --key go together")
	}
	operator, err := bus.NewOperator(p.settings.NATSKeys)
	if err != nil {
		return fmt.Errorf("open the operator's keys in %s: %w", p.settings.NATSKeys, err)
	}
	config, err := operator.ServerConfig(bus.ServerConfig{
		Name: c.Name, Listen: c.Clients, Monitor: c.Monitor, StoreDir: c.Store, AccountDir: c.Accounts, MaxStore: int64(c.MaxStore),
		Certificate: c.Certificate, Key: c.Key,
	})
	if err != nil {
		return err
	}
	if err := replaceFile(c.Out, config); err != nil {
		return err
	}
	made, err := c.writeCreds(operator)
	if err != nil {
		return err
	}
	return p.write(map[string]any{"config": c.Out, "creds": c.Creds, "creds_made": made}, table{
		header: []string{"configuration", "credentials", "made now"}, rows: [][]string{{c.Out, c.Creds, yes(made)}},
	})
}

func (c natsConfigCommand) writeCreds(operator *bus.Operator) (made bool, err error) {
	if c.Creds == "" {
		return false, nil
	}
	if _, err := os.Stat(c.Creds); !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	creds, err := operator.PlatformCreds("samsyn")
	if err != nil {
		return false, err
	}
	// A whole file or none: the next run would leave half of one alone.
	f, err := os.CreateTemp(filepath.Dir(c.Creds), ".creds.*") // mode 0600
	if err != nil {
		return false, fmt.Errorf("write credentials: %w", err)
	}
	_, err = f.Write(creds)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return false, errors.Join(fmt.Errorf("write credentials: %w", err), os.Remove(f.Name()))
	}
	return true, os.Rename(f.Name(), c.Creds)
}

// replaceFile writes a file that anyone may read, as a whole.
func replaceFile(path string, body []byte) error {
	const readable = 0o644
	f, err := os.CreateTemp(filepath.Dir(path), ".new.*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(body)
	if err := errors.Join(err, f.Chmod(readable), f.Sync(), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), path)
}
