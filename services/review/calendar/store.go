// SPDX-License-Identifier: EUPL-1.2

package calendar

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

// Errors that callers branch on.
var (
	// ErrUnknown is a municipality that is not there, or not for this viewer.
	ErrUnknown = errors.New("unknown municipality")
	// ErrChanged is a rhythm that somebody else has changed since it was read.
	ErrChanged = errors.New("the calendar was changed by somebody else")
)

// Town is a municipality's own time, and when its review happens.
type Town struct {
	Municipality, Name string
	MadeUp             bool
	Rhythm             Rhythm
	// Replayed is the clock of a municipality whose events are replayed; nil where the wall clock counts.
	Replayed *time.Time
}

// Now is the municipality's clock, in its zone.
func (t Town) Now(wall time.Time) time.Time {
	if t.Replayed != nil {
		wall = *t.Replayed
	}
	return wall.In(t.Rhythm.Zone)
}

// Week is the week that the municipality's clock is in.
func (t Town) Week(wall time.Time) Week { return web.WeekOf(t.Now(wall)) }

const selectTown = `-- calendar: a municipality's time and rhythm
SELECT m.municipality, m.name, m.made_up, m.time_zone, m.as_of, coalesce(r.version, 0) AS version, coalesce(r.cadence, '') AS cadence,
       coalesce(r.deadline_day, 1)::int AS deadline_day, coalesce(extract(epoch FROM r.deadline_at), 0)::int / 60 AS deadline_at,
       coalesce(r.meeting_day, 1)::int AS meeting_day, coalesce(extract(epoch FROM r.meeting_at), 0)::int / 60 AS meeting_at,
       coalesce(r.minutes, 0)::int AS minutes, coalesce(extract(epoch FROM r.remind_at), 0)::int / 60 AS remind_at, r.first_week
  FROM contract.municipality m LEFT JOIN review.rhythm r USING (municipality)
 WHERE m.municipality = $1 OR $1 = '' ORDER BY m.municipality`

type townRow struct {
	Municipality, Name string
	MadeUp             bool
	TimeZone           string
	AsOf               *time.Time
	Version            int
	Cadence            string
	DeadlineDay        int
	DeadlineAt         int
	MeetingDay         int
	MeetingAt          int
	Minutes            int
	RemindAt           int
	FirstWeek          *time.Time
}

func (r townRow) town() (Town, error) {
	zone, err := time.LoadLocation(r.TimeZone)
	if err != nil {
		return Town{}, fmt.Errorf("time zone of %s: %w", r.Municipality, err)
	}
	t := Town{Municipality: r.Municipality, Name: r.Name, MadeUp: r.MadeUp, Rhythm: Default(zone), Replayed: r.AsOf}
	if r.Version > 0 {
		t.Rhythm = Rhythm{
			Cadence: Cadence(r.Cadence), DeadlineAt: slot(r.DeadlineDay, r.DeadlineAt), MeetingAt: slot(r.MeetingDay, r.MeetingAt),
			Duration: time.Duration(r.Minutes) * time.Minute, RemindAt: time.Duration(r.RemindAt) * time.Minute,
			First: web.WeekOf(*r.FirstWeek), Zone: zone, Version: r.Version,
		}
	}
	return t, nil
}

func slot(isoday, minutes int) Slot {
	return Slot{Weekday: time.Weekday(isoday % 7), Clock: time.Duration(minutes) * time.Minute}
}

func isoday(d time.Weekday) int { return (int(d)+6)%7 + 1 }

// Read reads, in the caller's transaction, a municipality with its rhythm; one that has chosen none has the default. ErrUnknown if
// there is no such municipality for this viewer.
func Read(ctx context.Context, tx pgx.Tx, municipality string) (Town, error) {
	if municipality == "" {
		return Town{}, ErrUnknown
	}
	all, err := read(ctx, tx, municipality)
	if err != nil {
		return Town{}, err
	}
	if len(all) == 0 {
		return Town{}, ErrUnknown
	}
	return all[0], nil
}

// Of reads a municipality with its rhythm as a viewer. See Read.
func Of(ctx context.Context, db pg.Beginner, v pg.Viewer, municipality string) (t Town, err error) {
	err = pg.InTx(ctx, db, v, func(tx pgx.Tx) error {
		t, err = Read(ctx, tx, municipality)
		return err
	})
	return t, err
}

// Change sets a rhythm as a viewer. See Set.
func Change(ctx context.Context, db pg.Beginner, v pg.Viewer, r Rhythm, by *uuid.UUID, now time.Time) error {
	return pg.InTx(ctx, db, v, func(tx pgx.Tx) error {
		_, err := Set(ctx, tx, v.Municipality, r, by, now)
		return err
	})
}

// ReadAll reads all municipalities that the viewer may see.
func ReadAll(ctx context.Context, tx pgx.Tx) ([]Town, error) { return read(ctx, tx, "") }

func read(ctx context.Context, tx pgx.Tx, municipality string) ([]Town, error) {
	rows, err := tx.Query(ctx, selectTown, municipality)
	if err != nil {
		return nil, fmt.Errorf("read calendar: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[townRow])
	if err != nil {
		return nil, fmt.Errorf("read calendar: %w", err)
	}
	all := make([]Town, len(found))
	for i, r := range found {
		if all[i], err = r.town(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

const upsertRhythm = `-- calendar: set when the review happens, unless somebody else has
INSERT INTO review.rhythm AS r (municipality, version, cadence, deadline_day, deadline_at, meeting_day, meeting_at, minutes, remind_at, first_week, changed_at, changed_by)
VALUES ($1, $2 + 1, $3, $4, make_time($5 / 60, $5 % 60, 0), $6, make_time($7 / 60, $7 % 60, 0), $8, make_time($9 / 60, $9 % 60, 0), $10, $11, $12)
ON CONFLICT (municipality) DO UPDATE SET version = r.version + 1, cadence = $3, deadline_day = $4, deadline_at = make_time($5 / 60, $5 % 60, 0),
  meeting_day = $6, meeting_at = make_time($7 / 60, $7 % 60, 0), minutes = $8, remind_at = make_time($9 / 60, $9 % 60, 0), first_week = $10,
  changed_at = $11, changed_by = $12
 WHERE r.version = $2
RETURNING version`

// Set stores, in the caller's transaction, a rhythm that was read and changed; its Version says what it was read as. ErrChanged if
// somebody else was first, and the error of Check if it cannot be. by is who did it, nil the program.
func Set(ctx context.Context, tx pgx.Tx, municipality string, r Rhythm, by *uuid.UUID, now time.Time) (Rhythm, error) {
	if err := r.Check(); err != nil {
		return r, err
	}
	minutes := func(d time.Duration) int { return int(d / time.Minute) }
	err := tx.QueryRow(ctx, upsertRhythm, municipality, r.Version, r.Cadence, isoday(r.DeadlineAt.Weekday), minutes(r.DeadlineAt.Clock),
		isoday(r.MeetingAt.Weekday), minutes(r.MeetingAt.Clock), minutes(r.Duration), minutes(r.RemindAt), r.First.Monday(time.UTC), now, by).Scan(&r.Version)
	if errors.Is(err, pgx.ErrNoRows) {
		return r, ErrChanged
	}
	if err != nil {
		return r, fmt.Errorf("set calendar of %s: %w", municipality, err)
	}
	return r, nil
}
