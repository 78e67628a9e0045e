// SPDX-License-Identifier: EUPL-1.2

package action

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/services/review/outgoing"
)

// Store keeps actions.
type Store struct{ db pg.Beginner }

// NewStore makes a Store on a database that it enters as samsyn_review.
func NewStore(db pg.Beginner) *Store { return &Store{db} }

const columns = `municipality, action, version, state, flag, meeting, level, area, grp, problem, cause, measure, measure_text, owner_agency, owner_person,
  start_on, due_on, expected_effect, follow_up_on, coalesce(control_level, '') AS control_level, coalesce(control_area, '') AS control_area, control_on,
  weeks, done_on, conclusion, effect, created_at, created_by, changed_at`

const selectReferences = `-- action: are area, control area and owner there
SELECT $1 IN ($2, '') OR EXISTS (SELECT FROM contract.area WHERE municipality = $2 AND code = $1 AND level = $3) AS area,
       $4 IN ($2, '') OR EXISTS (SELECT FROM contract.area WHERE municipality = $2 AND code = $4 AND level = $5) AS control,
       EXISTS (SELECT FROM contract.agency WHERE municipality = $2 AND agency = $6) AS owner`

const insertEvent = `-- action: add a version
INSERT INTO review.action_event (municipality, action, version, from_state, state, at, by, changed, body)
VALUES ($1, $2, $3, nullif($4, ''), $5, $6, $7, $8, $9)`

const insertAction = `-- action: add
INSERT INTO review.action (municipality, action, version, state, flag, meeting, level, area, grp, problem, cause, measure, measure_text, owner_agency, owner_person,
  start_on, due_on, expected_effect, follow_up_on, control_level, control_area, control_on, weeks, done_on, conclusion, effect, created_at, created_by, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, nullif($20, ''), nullif($21, ''), $22, $23, $24, $25, $26, $27, $28, $29)`

// The row is locked since it was read: nobody has changed it meanwhile.
const updateAction = `-- action: change
UPDATE review.action SET version = $3, state = $4, flag = $5, meeting = $6, level = $7, area = $8, grp = $9, problem = $10, cause = $11, measure = $12,
  measure_text = $13, owner_agency = $14, owner_person = $15, start_on = $16, due_on = $17, expected_effect = $18, follow_up_on = $19,
  control_level = nullif($20, ''), control_area = nullif($21, ''), control_on = $22, weeks = $23, done_on = $24, conclusion = $25, effect = $26,
  created_at = $27, created_by = $28, changed_at = $29
 WHERE municipality = $1 AND action = $2`

const lockAction = `-- action: one, to be changed
SELECT ` + columns + ` FROM review.action WHERE municipality = $1 AND action = $2 FOR UPDATE`

const selectAction = `-- action: one
SELECT ` + columns + ` FROM review.action WHERE municipality = $1 AND action = $2`

// Create stores a new action as the viewer. See CreateTx.
func (s *Store) Create(ctx context.Context, v pg.Viewer, a Action) (stored Action, err error) {
	err = pg.InTx(ctx, s.db, v, func(tx pgx.Tx) error {
		stored, err = CreateTx(ctx, tx, a)
		return err
	})
	return stored, err
}

// CreateTx stores a new action in the caller's transaction, and says so on the bus when that commits, at a.CreatedAt by the municipality's clock. An ID of zeros is
// given a new one, a State of "" is Decided, Weeks of 0 DefaultWeeks, a StartOn of zero the day of DueOn or of CreatedAt in
// UTC, whichever is earlier. A value that cannot be is *Invalid.
func CreateTx(ctx context.Context, tx pgx.Tx, a Action) (Action, error) {
	a = a.completed()
	if a.State != Proposed && a.State != Decided {
		return Action{}, &Invalid{"state", "step"}
	}
	if err := checked(ctx, tx, a, Action{}); err != nil {
		return Action{}, err
	}
	body, err := json.Marshal(a)
	if err != nil {
		return Action{}, fmt.Errorf("write action %s: %w", a.ID, err)
	}
	if _, err := tx.Exec(ctx, insertEvent, a.Municipality, a.ID, a.Version, "", a.State, a.CreatedAt, a.CreatedBy, []string{}, body); err != nil {
		return Action{}, fmt.Errorf("add version of action %s: %w", a.ID, err)
	}
	if _, err := tx.Exec(ctx, insertAction, a.values()...); err != nil {
		return Action{}, fmt.Errorf("add action %s: %w", a.ID, err)
	}
	return a, outgoing.Decided(ctx, tx, events.MunicipalityID(a.Municipality), a.event())
}

// event is what everyone inside hears of the action: no text and no person.
func (a Action) event() events.ActionChanged {
	return events.ActionChanged{
		ID: a.ID, Version: a.Version, Hotspot: a.Flag, Level: events.Level(a.Level), Area: events.AreaCode(a.Area), Group: a.Group,
		Measure: string(a.Measure), State: string(a.State), Owner: events.AgencyID(a.OwnerAgency), Due: a.DueOn.Format(time.DateOnly), Changed: a.ChangedAt,
	}
}

func (a Action) completed() Action {
	if a.ID == uuid.Nil {
		a.ID = uuid.New()
	}
	if a.State == "" {
		a.State = Decided
	}
	if a.Weeks == 0 {
		a.Weeks = DefaultWeeks
	}
	if a.StartOn.IsZero() {
		a.StartOn = Date(a.CreatedAt.UTC())
		if a.DueOn.Before(a.StartOn) {
			a.StartOn = a.DueOn
		}
	}
	a.Version, a.ChangedAt = 1, a.CreatedAt
	return a
}

// values are the columns of insertAction and updateAction, in their order.
func (a Action) values() []any {
	return []any{
		a.Municipality, a.ID, a.Version, a.State, a.Flag, a.Meeting, a.Level, a.Area, a.Group, a.Problem, a.Cause, a.Measure, a.MeasureText, a.OwnerAgency,
		a.OwnerPerson, a.StartOn, a.DueOn, a.ExpectedEffect, a.FollowUpOn, a.ControlLevel, a.ControlArea, a.ControlOn, a.Weeks, a.DoneOn, a.Conclusion,
		a.Effect, a.CreatedAt, a.CreatedBy, a.ChangedAt,
	}
}

// checked says what is wrong with an action that follows another (the zero Action for a new one).
func checked(ctx context.Context, tx pgx.Tx, a, before Action) error {
	if err := a.check(); err != nil {
		return err
	}
	// A control named today is named today: nobody dates it back to before the start.
	if a.ControlArea != "" && (a.ControlArea != before.ControlArea || a.ControlOn == nil || before.ControlOn == nil || !a.ControlOn.Equal(*before.ControlOn)) {
		if a.ControlOn == nil || a.ControlOn.Before(Date(a.ChangedAt.UTC()).AddDate(0, 0, -1)) {
			return &Invalid{"control_area", "after_start"}
		}
	}
	var area, control, owner bool
	err := tx.QueryRow(ctx, selectReferences, a.Area, a.Municipality, a.Level, a.ControlArea, a.ControlLevel, a.OwnerAgency).Scan(&area, &control, &owner)
	switch {
	case err != nil:
		return fmt.Errorf("check references of action %s: %w", a.ID, err)
	case !area || a.Area == "":
		return &Invalid{"area", "unknown"}
	case !control:
		return &Invalid{"control_area", "unknown"}
	case !owner:
		return &Invalid{"owner_agency", "unknown"}
	}
	return nil
}

// Change stores an action as it shall become, as the viewer. See ChangeTx.
func (s *Store) Change(ctx context.Context, v pg.Viewer, a Action, by *uuid.UUID, at time.Time) (stored Action, err error) {
	err = pg.InTx(ctx, s.db, v, func(tx pgx.Tx) error {
		stored, err = ChangeTx(ctx, tx, a, by, at)
		return err
	})
	return stored, err
}

// ChangeTx stores, in the caller's transaction, an action as it shall become: the action as it was read, with its Version, and
// what is to be different (states by Step). by is who does it, nil the program; at the municipality's clock. An action that
// was changed since is *Conflict, one that is not there ErrUnknown, a value that cannot be *Invalid. What changes nothing is
// not stored and answered with what is stored.
func ChangeTx(ctx context.Context, tx pgx.Tx, a Action, by *uuid.UUID, at time.Time) (Action, error) {
	stored, err := one(ctx, tx, lockAction, a.Municipality, a.ID)
	if err != nil {
		return Action{}, err
	}
	if stored.Version != a.Version {
		return Action{}, &Conflict{stored}
	}
	if !stored.State.May(a.State) {
		return Action{}, &Invalid{"state", "step"}
	}
	a.CreatedAt, a.CreatedBy, a.ChangedAt = stored.CreatedAt, stored.CreatedBy, stored.ChangedAt
	changed := differences(stored, a)
	if len(changed) == 0 {
		return stored, nil
	}
	a.Version, a.ChangedAt = stored.Version+1, at
	if err := checked(ctx, tx, a, stored); err != nil {
		return Action{}, err
	}
	body, err := json.Marshal(a)
	if err != nil {
		return Action{}, fmt.Errorf("write action %s: %w", a.ID, err)
	}
	if _, err := tx.Exec(ctx, insertEvent, a.Municipality, a.ID, a.Version, stored.State, a.State, at, by, changed, body); err != nil {
		return Action{}, fmt.Errorf("add version of action %s: %w", a.ID, err)
	}
	if _, err := tx.Exec(ctx, updateAction, a.values()...); err != nil {
		return Action{}, fmt.Errorf("change action %s: %w", a.ID, err)
	}
	return a, outgoing.Decided(ctx, tx, events.MunicipalityID(a.Municipality), a.event())
}

// differences names the fields, as JSON has them, in which two versions of an action differ.
func differences(a, b Action) []string {
	var names []string
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range x.NumField() {
		name, _, _ := strings.Cut(x.Type().Field(i).Tag.Get("json"), ",")
		if !same(x.Field(i).Interface(), y.Field(i).Interface()) {
			names = append(names, name)
		}
	}
	return names
}

// same compares as Postgres would: a time is a moment, whatever its zone.
func same(a, b any) bool {
	switch a := a.(type) {
	case time.Time:
		b, ok := b.(time.Time)
		return ok && a.Equal(b)
	case *time.Time:
		b, ok := b.(*time.Time)
		return ok && (a == nil && b == nil || a != nil && b != nil && a.Equal(*b))
	}
	return reflect.DeepEqual(a, b)
}

// Get reads one action as the viewer; ErrUnknown if there is none.
func (s *Store) Get(ctx context.Context, v pg.Viewer, id uuid.UUID) (a Action, err error) {
	err = pg.InTx(ctx, s.db, v, func(tx pgx.Tx) error {
		a, err = GetTx(ctx, tx, v.Municipality, id)
		return err
	})
	return a, err
}

// GetTx reads one action in the caller's transaction; ErrUnknown if there is none.
func GetTx(ctx context.Context, tx pgx.Tx, municipality string, id uuid.UUID) (Action, error) {
	return one(ctx, tx, selectAction, municipality, id)
}

func one(ctx context.Context, tx pgx.Tx, sql, municipality string, id uuid.UUID) (Action, error) {
	rows, err := tx.Query(ctx, sql, municipality, id)
	if err != nil {
		return Action{}, fmt.Errorf("read action %s: %w", id, err)
	}
	a, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Action])
	if errors.Is(err, pgx.ErrNoRows) {
		return Action{}, ErrUnknown
	}
	if err != nil {
		return Action{}, fmt.Errorf("read action %s: %w", id, err)
	}
	return a, nil
}

// Filter says which actions of a municipality; its zero value is all of them.
type Filter struct {
	Agency  string     // only those it owns
	Flag    *uuid.UUID // only those that answer this flag
	Meeting *uuid.UUID // only those decided there
	Area    string     // only those about this area
	Open    bool       // only those that are proposed, decided or in progress
	State   State      // only those in this state
}

const selectActions = `-- action: those of a municipality, by due date
SELECT ` + columns + ` FROM review.action
 WHERE municipality = $1 AND ($2 = '' OR owner_agency = $2) AND ($3::uuid IS NULL OR flag = $3) AND ($4::uuid IS NULL OR meeting = $4)
   AND ($5 = '' OR area = $5) AND (NOT $6 OR state IN ('proposed', 'decided', 'in_progress')) AND ($7 = '' OR state = $7)
 ORDER BY due_on, created_at, action LIMIT 5000`

// List reads actions as the viewer, those due first before others; at most 5,000.
func (s *Store) List(ctx context.Context, v pg.Viewer, f Filter) (all []Action, err error) {
	err = pg.InTx(ctx, s.db, v, func(tx pgx.Tx) error {
		all, err = ListTx(ctx, tx, v.Municipality, f)
		return err
	})
	return all, err
}

// ListTx reads actions in the caller's transaction. See List.
func ListTx(ctx context.Context, tx pgx.Tx, municipality string, f Filter) ([]Action, error) {
	rows, err := tx.Query(ctx, selectActions, municipality, f.Agency, f.Flag, f.Meeting, f.Area, f.Open, f.State)
	if err != nil {
		return nil, fmt.Errorf("list actions: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[Action])
	if err != nil {
		return nil, fmt.Errorf("list actions: %w", err)
	}
	return all, nil
}
