// SPDX-License-Identifier: EUPL-1.2

package access

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"samsyn/events"
	"samsyn/internal/pg"
)

const selectPlace = `-- access: whether a person's agency and unit are there
SELECT EXISTS (SELECT FROM contract.municipality WHERE municipality = $1),
       $2 = '' OR EXISTS (SELECT FROM contract.agency WHERE municipality = $1 AND agency = $2),
       $3 = '' OR EXISTS (SELECT FROM contract.unit WHERE municipality = $1 AND agency = $2 AND unit = $3)`

// placeOf says what is wrong with where a person is said to belong.
func (s store) placeOf(ctx context.Context, p Person) (faults []Fault, err error) {
	var municipality, agency, unit bool
	err = pg.InTx(ctx, s.db, viewerOf(p.Municipality), func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, selectPlace, p.Municipality, p.Agency, p.Unit).Scan(&municipality, &agency, &unit)
	})
	if !municipality || !agency {
		faults = append(faults, Fault{"agency", events.Text{SV: "Organisationen finns inte i kommunen.", EN: "The municipality has no such agency."}})
	}
	if !unit {
		faults = append(faults, Fault{"unit", events.Text{SV: "Organisationen har ingen sådan enhet.", EN: "The agency has no such unit."}})
	}
	return faults, inStep("look for agency and unit", err)
}

const insertPerson = `-- access: a person
INSERT INTO access.person (municipality, person, name, email, agency, unit, roles, created_at, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

func (s store) insertPerson(ctx context.Context, p Person, by string) error {
	err := s.exec(ctx, viewerOf(p.Municipality), insertPerson, p.Municipality, p.ID, p.Name, p.Email, p.Agency, p.Unit, p.Roles, p.CreatedAt, by)
	if failed, ok := errors.AsType[*pgconn.PgError](err); ok && failed.ConstraintName == "person_email" {
		return ErrTaken
	}
	return inStep("add person", err)
}

const updateRoles = `-- access: other roles
UPDATE access.person SET roles = $3 WHERE municipality = $1 AND person = $2`

func (s store) updateRoles(ctx context.Context, p Person) error {
	return inStep("set roles", s.exec(ctx, viewerOf(p.Municipality), updateRoles, p.Municipality, p.ID, p.Roles))
}

const selectPeople = `-- access: people
SELECT municipality, person, name, email, agency, unit, roles, created_at, disabled_at FROM access.person
 WHERE ($1 = '' OR municipality = $1) AND ($2::uuid IS NULL OR person = $2) AND ($3 = '' OR lower(email) = lower($3))
 ORDER BY municipality, disabled_at IS NOT NULL, name, person`

func (s store) people(ctx context.Context, m events.MunicipalityID) ([]Person, error) {
	all, err := query[Person](ctx, s, viewerOf(m), selectPeople, m, nil, "")
	return all, inStep("read people", err)
}

func (s store) person(ctx context.Context, m events.MunicipalityID, id uuid.UUID) (Person, error) {
	all, err := query[Person](ctx, s, viewerOf(m), selectPeople, m, id, "")
	return onlyOne(all, err)
}

func (s store) personByEmail(ctx context.Context, m events.MunicipalityID, email string) (Person, error) {
	all, err := query[Person](ctx, s, viewerOf(m), selectPeople, m, nil, email)
	return onlyOne(all, err)
}

func onlyOne(all []Person, err error) (Person, error) {
	switch {
	case err != nil:
		return Person{}, inStep("read person", err)
	case len(all) != 1:
		return Person{}, ErrUnknown
	}
	return all[0], nil
}

const disablePerson = `-- access: somebody is shut out
UPDATE access.person SET disabled_at = coalesce(disabled_at, $3) WHERE municipality = $1 AND person = $2`

const endSessions = `-- access: and every session with it
DELETE FROM access.session WHERE municipality = $1 AND person = $2`

const endLinks = `-- access: and every link
DELETE FROM access.link WHERE municipality = $1 AND person = $2`

func (s store) disable(ctx context.Context, m events.MunicipalityID, id uuid.UUID, now time.Time) error {
	err := pg.InTx(ctx, s.db, viewerOf(m), func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, disablePerson, m, id, now)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrUnknown
		}
		if _, err := tx.Exec(ctx, endSessions, m, id); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, endLinks, m, id)
		return err
	})
	return inStep("disable person", err)
}

const enablePerson = `-- access: somebody is let in again
UPDATE access.person SET disabled_at = NULL WHERE municipality = $1 AND person = $2`

func (s store) enable(ctx context.Context, m events.MunicipalityID, id uuid.UUID) error {
	err := pg.InTx(ctx, s.db, viewerOf(m), func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, enablePerson, m, id)
		if err == nil && tag.RowsAffected() == 0 {
			return ErrUnknown
		}
		return err
	})
	return inStep("enable person", err)
}

// place is an agency, or a unit of one, to choose from.
type place struct {
	Agency, AgencyName, Unit, UnitName string
}

const selectPlaces = `-- access: agencies and their units
SELECT a.agency, a.name AS agency_name, '' AS unit, '' AS unit_name FROM contract.agency a WHERE a.municipality = $1
 UNION ALL
SELECT u.agency, a.name, u.unit, u.name FROM contract.unit u JOIN contract.agency a USING (municipality, agency) WHERE u.municipality = $1
 ORDER BY agency_name, agency, unit_name, unit`

func (s store) places(ctx context.Context, m events.MunicipalityID) ([]place, error) {
	all, err := query[place](ctx, s, viewerOf(m), selectPlaces, m)
	return all, inStep("read agencies", err)
}

// Reports that name a group are judged by whether there is one.
const upsertGroup = `-- access: a group
WITH changed AS (
  INSERT INTO access.grp (municipality, grp, name) VALUES ($1, $2, $3)
  ON CONFLICT (municipality, grp) DO UPDATE SET name = excluded.name
  RETURNING municipality)
SELECT contract.reference_changed(municipality) FROM changed`

func (s store) setGroup(ctx context.Context, m events.MunicipalityID, code, name string) error {
	return inStep("set group "+code, s.exec(ctx, viewerOf(m), upsertGroup, m, code, name))
}

const selectGroups = `-- access: groups and their members
SELECT g.municipality, g.grp, g.name,
       ARRAY(SELECT agency FROM access.membership b WHERE b.municipality = g.municipality AND b.grp = g.grp AND agency IS NOT NULL ORDER BY 1) AS agencies,
       ARRAY(SELECT p.email FROM access.membership b JOIN access.person p USING (municipality, person)
              WHERE b.municipality = g.municipality AND b.grp = g.grp ORDER BY 1) AS people
  FROM access.grp g WHERE g.municipality = $1 ORDER BY g.grp`

func (s store) groups(ctx context.Context, m events.MunicipalityID) ([]Group, error) {
	all, err := query[Group](ctx, s, viewerOf(m), selectGroups, m)
	return all, inStep("read groups", err)
}

// The agency and the person must be there: nothing else says that a member was misspelt.
const joinGroup = `-- access: a member
INSERT INTO access.membership (municipality, grp, agency, person)
SELECT g.municipality, g.grp, nullif($3, ''), $4::uuid FROM access.grp g
 WHERE g.municipality = $1 AND g.grp = $2
   AND ($3 = '' OR EXISTS (SELECT FROM contract.agency a WHERE a.municipality = $1 AND a.agency = $3))
ON CONFLICT (municipality, grp, agency, person) DO UPDATE SET grp = excluded.grp`

func (s store) join(ctx context.Context, m events.MunicipalityID, group, agency string, person uuid.UUID) error {
	err := pg.InTx(ctx, s.db, viewerOf(m), func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, joinGroup, m, group, agency, orNull(person))
		if err == nil && tag.RowsAffected() == 0 {
			return ErrUnknown
		}
		return err
	})
	return inStep("join group "+group, err)
}

const leaveGroup = `-- access: no longer a member
DELETE FROM access.membership
 WHERE municipality = $1 AND grp = $2 AND agency IS NOT DISTINCT FROM nullif($3, '') AND person IS NOT DISTINCT FROM $4::uuid`

func (s store) leave(ctx context.Context, m events.MunicipalityID, group, agency string, person uuid.UUID) error {
	return inStep("leave group "+group, s.exec(ctx, viewerOf(m), leaveGroup, m, group, agency, orNull(person)))
}

func orNull(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}
