// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"

	"samsyn/internal/pg"
)

type migrateCommand struct{}

// Help shows an example.
func (migrateCommand) Help() string {
	return `It makes the roles and runs each migration once, in a transaction of its own; run beside itself it waits.
The user of --database-url must be a superuser, or own the database and have CREATEROLE and CREATEDB.
samsyn up does this by itself.

Example: SAMSYN_DATABASE_URL=postgres://admin:...@db/samsyn samsyn migrate --secret-file secret`
}

// Run migrates the external database, or the one in DIR.
func (migrateCommand) Run(ctx context.Context, p *program) error {
	if p.settings.DatabaseURL == "" {
		return withInstallation(ctx, p, func(ctx context.Context, in *installation) error { return in.migrate(ctx, p) })
	}
	// A migration needs no NATS.
	if err := checkURL(p.settings.DatabaseURL, "postgres", "postgresql"); err != nil {
		return wrongSettings([]problem{{"database-url", err.Error()}})
	}
	in := &installation{}
	if err := in.useDatabase(p.settings); err != nil {
		return err
	}
	return in.migrate(ctx, p)
}

func (in *installation) migrate(ctx context.Context, p *program) error {
	if err := pg.Migrate(ctx, in.Database); err != nil {
		return err
	}
	p.say("The database is at this program's schema.")
	return nil
}
