// SPDX-License-Identifier: EUPL-1.2

package review

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/internal/pg"
	"samsyn/services/review/calendar"
	"samsyn/services/review/position"
)

const (
	takeLease = `-- review: work, unless another process does
INSERT INTO review.lease AS l (municipality, holder, held_until) VALUES ('', $1, $2)
ON CONFLICT (municipality) DO UPDATE SET holder = $1, held_until = $2 WHERE l.holder = $1 OR l.held_until < $3
RETURNING holder`

	dropLease = `-- review: let another process work
DELETE FROM review.lease WHERE municipality = '' AND holder = $1`
)

// takeLease says whether this process works until now + holdFor.
func (s *Service) takeLease(ctx context.Context, now time.Time) (held bool, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		var holder uuid.UUID
		err := tx.QueryRow(ctx, takeLease, s.holder, now.Add(holdFor), now).Scan(&holder)
		held = err == nil
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	return held, err
}

func (s *Service) dropLease(ctx context.Context) error {
	return pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, dropLease, s.holder)
		return err
	})
}

// eachTown runs fn in a transaction a municipality. What fails in one does not hold up the others.
func (s *Service) eachTown(ctx context.Context, fn func(pgx.Tx, calendar.Town) error) error {
	towns, err := s.towns(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, t := range towns {
		errs = append(errs, pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error { return fn(tx, t) }))
	}
	return errors.Join(errs...)
}

// returnWatched lets watched places come back whose week has begun.
func (s *Service) returnWatched(ctx context.Context, now time.Time) error {
	return s.eachTown(ctx, func(tx pgx.Tx, t calendar.Town) error {
		_, err := position.ReturnTx(ctx, tx, t, now)
		return err
	})
}

// remind lets, once a week and before its deadline, those be written to whose units are silent: silence is not calm. A process that stood
// still past the deadline reminds nobody of it.
func (s *Service) remind(ctx context.Context, now time.Time) error {
	return s.eachTown(ctx, func(tx pgx.Tx, t calendar.Town) error {
		local := t.Now(now)
		week := t.Rhythm.WeekOf(local)
		reminded, err := keepWeek(ctx, tx, t, week)
		if err != nil || reminded || local.Before(t.Rhythm.Reminder(week)) {
			return err
		}
		if _, err := s.meetings.RemindTx(ctx, tx, t, week); err != nil {
			return err
		}
		return markReminded(ctx, tx, t, week, local)
	})
}

func (s *Service) towns(ctx context.Context) (all []calendar.Town, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		all, err = calendar.ReadAll(ctx, tx)
		return err
	})
	return all, err
}

const (
	// A week that is there already keeps when it was reminded of; its times follow the calendar until then.
	upsertWeek = `-- review: a week that is reported on
INSERT INTO review.week AS w (municipality, week, deadline, meeting) VALUES ($1, $2, $3, $4)
ON CONFLICT (municipality, week) DO UPDATE SET deadline = $3, meeting = $4
RETURNING w.reminded_at IS NOT NULL`

	setReminded = `-- review: units were reminded
UPDATE review.week SET reminded_at = $3 WHERE municipality = $1 AND week = $2 AND reminded_at IS NULL`
)

// keepWeek stores a week that is reported on and says whether its units were reminded.
func keepWeek(ctx context.Context, tx pgx.Tx, t calendar.Town, w calendar.Week) (reminded bool, err error) {
	var meeting *time.Time
	if t.Rhythm.Meets(w) {
		at := t.Rhythm.Meeting(w)
		meeting = &at
	}
	err = tx.QueryRow(ctx, upsertWeek, t.Municipality, w.Monday(time.UTC), t.Rhythm.Deadline(w), meeting).Scan(&reminded)
	if err != nil {
		return false, fmt.Errorf("keep week %s of %s: %w", w, t.Municipality, err)
	}
	return reminded, nil
}

func markReminded(ctx context.Context, tx pgx.Tx, t calendar.Town, w calendar.Week, at time.Time) error {
	if _, err := tx.Exec(ctx, setReminded, t.Municipality, w.Monday(time.UTC), at); err != nil {
		return fmt.Errorf("keep reminder of %s: %w", w, err)
	}
	return nil
}
