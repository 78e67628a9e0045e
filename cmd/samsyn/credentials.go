// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"samsyn/events"
	"samsyn/services/registry"
)

type credentialsCommands struct {
	Issue credentialsIssueCommand `cmd:"" help:"Write a credentials file for an agency."`
}

type credentialsIssueCommand struct {
	Agency events.AgencyID `arg:"" help:"Code of the agency."`
	inMunicipality
	Out         string `placeholder:"FILE" help:"File to write, which must not exist (MUNICIPALITY-AGENCY.creds here)."`
	RevokeOlder bool   `help:"End all credentials the agency has had: who is connected with them is cut off."`
}

// Help shows an example.
func (credentialsIssueCommand) Help() string {
	return `The file is a secret and is kept nowhere else. It is made with mode 0600.

Example: samsyn agency credentials issue bostad -m 0780 --out bostad.creds`
}

// issued is what an agency is told.
type issued struct {
	File string `json:"file"`
	registry.Credentials
	Try string `json:"try"`
}

// Run writes the file and says how to use it. The file is made first, so that no
// credentials are issued that cannot be kept.
func (c credentialsIssueCommand) Run(ctx context.Context, p *program) error {
	path := c.Out
	if path == "" {
		path = fmt.Sprintf("%s-%s.creds", c.Municipality, c.Agency)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return wrongUse("%s exists already and is not overwritten: name another file with --out", path)
	}
	if err != nil {
		return wrongUse("make the credentials file: %w", err)
	}
	err = withRegistry(ctx, p, func(ctx context.Context, r *registry.Service) error {
		credentials, err := r.IssueCredentials(ctx, c.Municipality, c.Agency, c.RevokeOlder)
		if err != nil {
			return err
		}
		if _, err := f.Write(credentials.File); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
		return p.writeIssued(issued{
			File: path, Credentials: credentials,
			Try: fmt.Sprintf(`nats --server %s --creds %s req %s "$(cat e.json)"`, credentials.URL, path, credentials.Publish[0]),
		})
	})
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

func (p *program) writeIssued(i issued) error {
	return p.write(i, table{header: []string{"file", i.File}, rows: [][]string{
		{"server", i.URL}, {"sends", strings.Join(i.Publish, " ")}, {"hears", strings.Join(i.Hear, " ")}, {"try", i.Try},
	}})
}

type keysCommands struct {
	Issue  keysIssueCommand  `cmd:"" help:"Make a key and show it, once."`
	List   keysListCommand   `cmd:"" help:"List the keys of an agency."`
	Revoke keysRevokeCommand `cmd:"" help:"End a key at once."`
}

type keysIssueCommand struct {
	Agency events.AgencyID `arg:"" help:"Code of the agency."`
	inMunicipality
	Label string `help:"What it is for."`
}

// Help shows an example.
func (keysIssueCommand) Help() string {
	return `The key goes into the header Authorization: Bearer sk_... It is stored as a hash and cannot be shown again.

Example: samsyn agency keys issue bostad -m 0780 --label felanmälan`
}

// Run writes the key alone on stdout, so that it can be put into a file.
func (c keysIssueCommand) Run(ctx context.Context, p *program) error {
	return withRegistry(ctx, p, func(ctx context.Context, r *registry.Service) error {
		key, err := r.IssueKey(ctx, c.Municipality, c.Agency, c.Label)
		if err != nil {
			return err
		}
		p.say("This is the only time the key is shown.")
		return p.write(map[string]string{"key": key}, table{header: []string{key}})
	})
}

type keysListCommand struct {
	Agency events.AgencyID `arg:"" help:"Code of the agency."`
	inMunicipality
}

// Help shows an example.
func (keysListCommand) Help() string { return "Example: samsyn agency keys list bostad -m 0780" }

// Run lists them, oldest first.
func (c keysListCommand) Run(ctx context.Context, p *program) error {
	return withRegistry(ctx, p, func(ctx context.Context, r *registry.Service) error {
		keys, err := r.Keys(ctx, c.Municipality, c.Agency)
		if err != nil {
			return err
		}
		t := table{header: []string{"prefix", "label", "created", "last used", "revoked"}}
		for _, k := range keys {
			t.add(k.Prefix, k.Label, moment(&k.CreatedAt), moment(k.LastUsedAt), moment(k.RevokedAt))
		}
		return p.write(map[string]any{"keys": list(keys)}, t)
	})
}

func moment(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}

type keysRevokeCommand struct {
	Agency events.AgencyID `arg:"" help:"Code of the agency."`
	Prefix string          `arg:"" help:"The part of the key after sk_."`
	inMunicipality
}

// Help shows an example.
func (keysRevokeCommand) Help() string {
	return "Example: samsyn agency keys revoke bostad k3vq7d2aab -m 0780"
}

// Run ends it.
func (c keysRevokeCommand) Run(ctx context.Context, p *program) error {
	return withRegistry(ctx, p, func(ctx context.Context, r *registry.Service) error {
		prefix := strings.TrimPrefix(c.Prefix, "sk_")
		if err := r.RevokeKey(ctx, c.Municipality, c.Agency, prefix); err != nil {
			return err
		}
		p.say("Key %s works no longer.", clean(prefix))
		return nil
	})
}
