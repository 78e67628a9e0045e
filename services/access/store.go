// SPDX-License-Identifier: EUPL-1.2

package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/internal/pg"
	"samsyn/internal/web"
)

// store speaks to the database. It logs in as samsyn_access.
type store struct{ db pg.Beginner }

// inStep says in which step an error came; nil stays nil.
func inStep(step string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", step, err)
}

func (s store) exec(ctx context.Context, v pg.Viewer, sql string, args ...any) error {
	return pg.InTx(ctx, s.db, v, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, sql, args...)
		return err
	})
}

// query reads rows into structs by name.
func query[T any](ctx context.Context, s store, v pg.Viewer, sql string, args ...any) (all []T, err error) {
	err = pg.InTx(ctx, s.db, v, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, pgx.RowToStructByName[T])
		return err
	})
	return all, err
}

const selectChoices = `-- access: what may be looked at
SELECT municipality, name, made_up FROM contract.municipality ORDER BY municipality !~ '^[0-9]{4}$', made_up, name, municipality`

// choices are the municipalities of the installation.
func (s store) choices(ctx context.Context) ([]web.Choice, error) {
	all, err := query[web.Choice](ctx, s, pg.System, selectChoices)
	return all, inStep("read municipalities", err)
}

// visitor is what is known of who looks.
type visitor struct {
	Name, Unit, Agency, Login, Place string
	Association                      bool
	Roles, Groups                    []string
	MadeUp                           bool
}

const selectVisitor = `-- access: who looks
SELECT p.name, p.unit, p.agency, p.roles, coalesce(a.login::text, '') AS login, coalesce(a.kind = 'association', false) AS association, m.name AS place, m.made_up,
       ARRAY(SELECT grp FROM access.membership g WHERE g.municipality = p.municipality AND (g.person = p.person OR g.agency = p.agency)
              GROUP BY grp ORDER BY grp) AS groups
  FROM access.person p
  JOIN contract.municipality m USING (municipality)
  LEFT JOIN contract.agency a USING (municipality, agency)
 WHERE p.municipality = $1 AND p.person = $2 AND p.disabled_at IS NULL
   AND (p.agency = '' OR a.agency IS NOT NULL AND a.suspended_at IS NULL)`

// visitor finds who looks; false is somebody who may no longer.
func (s store) visitor(ctx context.Context, municipality, person string) (visitor, bool, error) {
	all, err := query[visitor](ctx, s, pg.Viewer{Municipality: municipality}, selectVisitor, municipality, person)
	if err != nil || len(all) == 0 {
		return visitor{}, false, inStep("read who looks", err)
	}
	return all[0], true, nil
}

// invitee is somebody who may be given a link.
type invitee struct {
	Municipality string
	ID           uuid.UUID `db:"person"`
	Email        string
	Place        string
	Roles        []string
}

// Where an address is asked for too often its person has links enough in the mailbox.
const selectPeopleAt = `-- access: who has an address, and not too many links
SELECT p.municipality, p.person, p.email, m.name AS place, p.roles
  FROM access.person p
  JOIN contract.municipality m USING (municipality)
  LEFT JOIN contract.agency a USING (municipality, agency)
 WHERE lower(p.email) = $1 AND p.disabled_at IS NULL AND (p.agency = '' OR a.agency IS NOT NULL AND a.suspended_at IS NULL)
   AND (SELECT count(*) FROM access.link l
         WHERE l.municipality = p.municipality AND l.person = p.person AND l.kind = 'mail' AND l.created_at > $2) < $3
 ORDER BY p.municipality`

func (s store) peopleAt(ctx context.Context, email string, since time.Time, most int) ([]invitee, error) {
	all, err := query[invitee](ctx, s, pg.System, selectPeopleAt, email, since, most)
	return all, inStep("read who has an address", err)
}

const (
	invitation = "invite"
	mailedLink = "mail"
)

// A new invitation ends the one before it.
const endInvitations = `-- access: invitations before this one
DELETE FROM access.link WHERE municipality = $1 AND person = $2 AND kind = 'invite' AND used_at IS NULL AND $3 = 'invite'`

const insertLink = `-- access: a link
INSERT INTO access.link (municipality, token, person, kind, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`

func (s store) addLink(ctx context.Context, municipality string, person uuid.UUID, kind, token string, now, expires time.Time) error {
	err := pg.InTx(ctx, s.db, pg.Viewer{Municipality: municipality}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, endInvitations, municipality, person, kind); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, insertLink, municipality, tokenHash(token), person, kind, now, expires)
		return err
	})
	return inStep("add link", err)
}

// One of two who use it at once finds it used.
const takeLink = `-- access: a link is used up
WITH taken AS (
  UPDATE access.link SET used_at = $2 WHERE token = $1 AND used_at IS NULL AND expires_at > $2 RETURNING municipality, person)
SELECT p.municipality, p.person, p.email, m.name AS place, p.roles
  FROM taken
  JOIN access.person p USING (municipality, person)
  JOIN contract.municipality m USING (municipality)
  LEFT JOIN contract.agency a USING (municipality, agency)
 WHERE p.disabled_at IS NULL AND (p.agency = '' OR a.agency IS NOT NULL AND a.suspended_at IS NULL)`

// useLink takes a link and says whose it was; false is one that signs nobody in.
func (s store) useLink(ctx context.Context, token string, now time.Time) (who invitee, found bool, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, takeLink, tokenHash(token), now)
		if err != nil {
			return err
		}
		who, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[invitee])
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		found = err == nil
		return err
	})
	return who, found, inStep("use link", err)
}
