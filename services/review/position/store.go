// SPDX-License-Identifier: EUPL-1.2

package position

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/services/review/action"
	"samsyn/services/review/calendar"
	"samsyn/services/review/outgoing"
)

// Store keeps positions.
type Store struct{ db pg.Beginner }

// NewStore makes a Store on a database that it enters as samsyn_review.
func NewStore(db pg.Beginner) *Store { return &Store{db} }

// flag is what a position is about, as alerting has it.
type flag struct {
	Municipality         string
	ID                   uuid.UUID
	Revision             int
	Kind, Grade, State   string
	Level, Area          string
	Grp, Category        string
	WindowFrom, WindowTo time.Time
	Observed             int
	Expected             float64
	Low, High            int
	Agencies             []string
	ReasonSV             string `db:"reason_sv"`
	ReasonEN             string `db:"reason_en"`
	OpenedAsOf           time.Time
	ClearedAsOf          *time.Time
	Name                 string // of the area
}

const flagColumns = `f.municipality, f.id, f.revision, f.kind, f.grade, f.state, f.level, f.area, f.grp, f.category, f.window_from, f.window_to, f.observed, f.expected,
       f.low, f.high, f.agencies, f.reason_sv, f.reason_en, f.opened_as_of, f.cleared_as_of, coalesce(r.name, f.area) AS name`

const positionColumns = `p.municipality, p.flag, p.version, p.kind, p.reason, p.until_week, p.returned_at, p.handed_to, p.owner_agency, p.owner_person, p.due_on, p.action,
       p.note, p.flag_revision, p.observed, p.decided_at, p.decided_by, p.meeting`

const (
	selectFlag = `-- position: one flagged place
SELECT ` + flagColumns + ` FROM contract.flag f LEFT JOIN contract.area r ON r.municipality = f.municipality AND r.code = f.area
 WHERE f.municipality = $1 AND f.id = $2`

	selectPosition = `-- position: the one that holds
SELECT ` + positionColumns + ` FROM review.position p WHERE p.municipality = $1 AND p.flag = $2`

	// Where the version is another than the caller saw, nothing is written and nothing comes back. Two first positions meet in the
	// primary key: the second waits and then finds version 1.
	upsertPosition = `-- position: take it, unless somebody else has
INSERT INTO review.position AS p (municipality, flag, version, kind, reason, until_week, handed_to, owner_agency, owner_person, due_on, action,
  note, flag_revision, observed, decided_at, decided_by, meeting)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
ON CONFLICT (municipality, flag) DO UPDATE SET version = $3, kind = $4, reason = $5, until_week = $6, returned_at = NULL, handed_to = $7, owner_agency = $8,
  owner_person = $9, due_on = $10, action = $11, note = $12, flag_revision = $13, observed = $14, decided_at = $15, decided_by = $16, meeting = $17
 WHERE p.version = $3 - 1
RETURNING version`

	insertEvent = `-- position: add to the record
INSERT INTO review.position_event (municipality, flag, version, verb, at, by, body) VALUES ($1, $2, $3, $4, $5, $6, $7)`
)

// Decide stores a decision as the viewer. See DecideTx.
func (s *Store) Decide(ctx context.Context, v pg.Viewer, d Decision) (p Position, err error) {
	err = pg.InTx(ctx, s.db, v, func(tx pgx.Tx) error {
		p, err = DecideTx(ctx, tx, v.Municipality, d)
		return err
	})
	return p, err
}

// DecideTx stores a decision about a flagged place in the caller's transaction, with the action that an act leads to and the event
// that tells of it. The same decision again is answered with what is stored. A position that is no longer the one of d.Version is
// *Conflict, a place that is not there ErrUnknown, a value that cannot be *Invalid; nothing is written then.
func DecideTx(ctx context.Context, tx pgx.Tx, municipality string, d Decision) (Position, error) {
	f, err := readFlag(ctx, tx, municipality, d.Flag)
	if err != nil {
		return Position{}, err
	}
	town, err := calendar.Read(ctx, tx, municipality)
	if err != nil {
		return Position{}, err
	}
	before, err := readPosition(ctx, tx, municipality, d.Flag)
	if err != nil {
		return Position{}, err
	}
	p, act, err := settle(f, before, d, town.Rhythm.Zone)
	if err != nil {
		return Position{}, err
	}
	if before != nil && before.Version != d.Version {
		return answerConflict(*before, p, d)
	}
	if d.Kind == Act {
		if err := checkOwner(ctx, tx, municipality, d); err != nil {
			return Position{}, err
		}
	}
	if err := write(ctx, tx, p); errors.Is(err, pgx.ErrNoRows) {
		return refused(ctx, tx, p, d)
	} else if err != nil {
		return Position{}, err
	}
	if act != nil {
		if _, err := action.CreateTx(ctx, tx, *act); err != nil {
			return Position{}, translate(err)
		}
	}
	return p, record(ctx, tx, f, p)
}

// refused is what the position became while this one was decided.
func refused(ctx context.Context, tx pgx.Tx, p Position, d Decision) (Position, error) {
	stored, err := readPosition(ctx, tx, p.Municipality, p.Flag)
	if err != nil {
		return Position{}, err
	}
	if stored == nil { // it is not there for this viewer: the policy lets nobody else take it
		return Position{}, ErrUnknown
	}
	return answerConflict(*stored, p, d)
}

// answerConflict tells a decision that was sent twice from one that somebody else was quicker with.
func answerConflict(stored, decided Position, d Decision) (Position, error) {
	if stored.Version == d.Version+1 && stored.same(decided) {
		return stored, nil
	}
	return Position{}, &Conflict{Stored: stored}
}

func write(ctx context.Context, tx pgx.Tx, p Position) error {
	var version int
	err := tx.QueryRow(ctx, upsertPosition, p.Municipality, p.Flag, p.Version, p.Kind, p.Reason, p.UntilWeek, p.HandedTo, p.OwnerAgency, p.OwnerPerson, p.DueOn, p.Action,
		p.Note, p.FlagRevision, p.Observed, p.DecidedAt, p.DecidedBy, p.Meeting).Scan(&version)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("take a position on %s: %w", p.Flag, err)
	}
	return err
}

func record(ctx context.Context, tx pgx.Tx, f flag, p Position) error {
	body, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("write position on %s: %w", p.Flag, err)
	}
	if _, err := tx.Exec(ctx, insertEvent, p.Municipality, p.Flag, p.Version, "decided", p.DecidedAt, p.DecidedBy, body); err != nil {
		return fmt.Errorf("record position on %s: %w", p.Flag, err)
	}
	return outgoing.Decided(ctx, tx, events.MunicipalityID(p.Municipality), p.event(f))
}

// translate gives what package action refuses the names of this form's fields.
func translate(err error) error {
	var invalid *action.Invalid
	if errors.As(err, &invalid) {
		return &Invalid{Field: invalid.Field, Why: "refused"}
	}
	return err
}

const selectOwner = `-- position: may these own an action
SELECT EXISTS (SELECT FROM contract.agency WHERE municipality = $1 AND agency = $2 AND suspended_at IS NULL) AS agency,
       $3::uuid IS NULL OR EXISTS (SELECT FROM contract.person WHERE municipality = $1 AND person = $3 AND agency = $2 AND disabled_at IS NULL) AS person`

func checkOwner(ctx context.Context, tx pgx.Tx, municipality string, d Decision) error {
	var agency, person bool
	if err := tx.QueryRow(ctx, selectOwner, municipality, d.OwnerAgency, d.OwnerPerson).Scan(&agency, &person); err != nil {
		return fmt.Errorf("look up owner: %w", err)
	}
	switch {
	case !agency:
		return &Invalid{"owner_agency", "missing"}
	case !person:
		return &Invalid{"owner_person", "elsewhere"}
	}
	return nil
}

func readFlag(ctx context.Context, tx pgx.Tx, municipality string, id uuid.UUID) (flag, error) {
	rows, err := tx.Query(ctx, selectFlag, municipality, id)
	if err != nil {
		return flag{}, fmt.Errorf("read flag %s: %w", id, err)
	}
	f, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[flag])
	if errors.Is(err, pgx.ErrNoRows) {
		return flag{}, ErrUnknown
	}
	if err != nil {
		return flag{}, fmt.Errorf("read flag %s: %w", id, err)
	}
	return f, nil
}

func readPosition(ctx context.Context, tx pgx.Tx, municipality string, id uuid.UUID) (*Position, error) {
	rows, err := tx.Query(ctx, selectPosition, municipality, id)
	if err != nil {
		return nil, fmt.Errorf("read position on %s: %w", id, err)
	}
	p, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Position])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil //nolint:nilnil // no position is an answer
	}
	if err != nil {
		return nil, fmt.Errorf("read position on %s: %w", id, err)
	}
	return &p, nil
}
