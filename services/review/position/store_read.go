// SPDX-License-Identifier: EUPL-1.2

package position

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/internal/pg"
	"samsyn/services/review/calendar"
)

// Waiting is a flagged place that waits for a position: it has none, or it was watched and came back.
type Waiting struct {
	Flag       uuid.UUID
	Kind       string // serious, rise, cluster, repeat
	Level      string
	Area, Name string
	Group      string `db:"grp"` // empty: all groups together
	Category   string // of a serious one
	Observed   int
	Expected   float64
	Low, High  int
	Returned   bool
	// Open is false for a place that came back and is no longer flagged.
	Open bool
	// Since is when it was flagged, or came back, by the municipality's clock.
	Since time.Time
}

// What has waited longest comes first: what is parked ages visibly. A watch that came back waits also when its flag has ended,
// since somebody said it shall be looked at.
const selectWaiting = `-- position: places that wait for one, oldest first
SELECT f.id AS flag, f.kind, f.level, f.area, coalesce(r.name, f.area) AS name, f.grp, f.category, f.observed, f.expected, f.low, f.high,
       p.flag IS NOT NULL AS returned, f.state = 'open' AS open, coalesce(p.returned_at, f.opened_as_of) AS since
  FROM contract.flag f
  LEFT JOIN review.position p ON p.municipality = f.municipality AND p.flag = f.id
  LEFT JOIN contract.area r ON r.municipality = f.municipality AND r.code = f.area
 WHERE f.municipality = $1 AND (p.flag IS NULL AND f.state = 'open' AND f.grade = 'alert' OR p.returned_at IS NOT NULL)
 ORDER BY since, f.id LIMIT 500`

// WaitingTx reads, in the caller's transaction, what waits for a position, oldest first; at most 500.
func WaitingTx(ctx context.Context, tx pgx.Tx, municipality string) ([]Waiting, error) {
	return collect[Waiting](ctx, tx, "waiting places", selectWaiting, municipality)
}

// Standing is a position that stands, with the place as it is now.
type Standing struct {
	Position
	AreaName string
	Group    string `db:"grp"`
	Category string
	Now      int  // incidents in the flag's window as of its latest revision
	Open     bool // still flagged
}

const selectStanding = `-- position: those that stand, oldest first
SELECT ` + positionColumns + `, coalesce(r.name, f.area) AS area_name, f.grp, f.category, f.observed AS now, f.state = 'open' AS open
  FROM review.position p
  JOIN contract.flag f ON f.municipality = p.municipality AND f.id = p.flag
  LEFT JOIN contract.area r ON r.municipality = p.municipality AND r.code = f.area
 WHERE p.municipality = $1 AND p.returned_at IS NULL AND (p.kind = 'watch' OR f.state = 'open' OR p.decided_at >= $2)
 ORDER BY p.decided_at, p.flag LIMIT 500`

// StandingTx reads, in the caller's transaction, positions that stand, oldest first, at most 500: of places that are watched or still
// flagged, and whatever was decided since a time.
func StandingTx(ctx context.Context, tx pgx.Tx, municipality string, since time.Time) ([]Standing, error) {
	return collect[Standing](ctx, tx, "positions", selectStanding, municipality, since)
}

const selectStates = `-- position: how each place stands
SELECT flag, CASE WHEN returned_at IS NOT NULL THEN 'returned' WHEN kind = 'handover' THEN 'hand_over' ELSE kind END AS state
  FROM review.position WHERE municipality = $1`

// States reads, as a viewer, how each place of a municipality with a position stands: act, watch, dismiss, hand_over, or returned where a
// watch is over and waits for a new position.
func States(ctx context.Context, db pg.Beginner, v pg.Viewer, municipality string) (map[uuid.UUID]string, error) {
	type row struct {
		Flag  uuid.UUID
		State string
	}
	all := map[uuid.UUID]string{}
	err := pg.InTx(ctx, db, v, func(tx pgx.Tx) error {
		rows, err := collect[row](ctx, tx, "positions", selectStates, municipality)
		for _, r := range rows {
			all[r.Flag] = r.State
		}
		return err
	})
	return all, err
}

// Share says how often an alarm was none, as those who decide judged it.
type Share struct {
	Decided   int            // places with a position
	Dismissed map[Reason]int // of those
}

// False is how many of the decided places were dismissed because there was nothing (see Reason.False).
func (s Share) False() int {
	n := 0
	for reason, count := range s.Dismissed {
		if reason.False() {
			n += count
		}
	}
	return n
}

const selectShare = `-- position: alarms with a position, by why they were dismissed
SELECT p.reason, count(*)::int AS n FROM review.position p JOIN contract.flag f ON f.municipality = p.municipality AND f.id = p.flag
 WHERE p.municipality = $1 AND f.grade = 'alert' AND p.decided_at >= $2 AND p.decided_at < $3 GROUP BY p.reason`

// ShareTx reads, in the caller's transaction, how often an alarm was none among the positions taken in a time, its end not included.
func ShareTx(ctx context.Context, tx pgx.Tx, municipality string, from, to time.Time) (Share, error) {
	type row struct {
		Reason Reason
		N      int
	}
	rows, err := collect[row](ctx, tx, "dismissals", selectShare, municipality, from, to)
	share := Share{Dismissed: map[Reason]int{}}
	for _, r := range rows {
		share.Decided += r.N
		if r.Reason != "" {
			share.Dismissed[r.Reason] = r.N
		}
	}
	return share, err
}

const (
	returnWatched = `-- position: watched places whose week has come
UPDATE review.position p SET returned_at = $3
 WHERE p.municipality = $1 AND p.kind = 'watch' AND p.returned_at IS NULL AND p.until_week <= $2
RETURNING ` + positionColumns

	selectHistory = `-- position: everything that was decided about a place
SELECT e.version, e.verb, e.at, e.body, coalesce(w.name, '') AS name
  FROM review.position_event e LEFT JOIN contract.person w ON w.municipality = e.municipality AND w.person = e.by
 WHERE e.municipality = $1 AND e.flag = $2 ORDER BY e.at DESC, e.version DESC, e.verb DESC`
)

// ReturnTx lets, in the caller's transaction, every watched place come back whose week has begun at now, the municipality's clock, or
// is over. Each comes back once; the record says when.
func ReturnTx(ctx context.Context, tx pgx.Tx, town calendar.Town, now time.Time) ([]Position, error) {
	monday := town.Week(now).Monday(time.UTC)
	at := town.Now(now)
	back, err := collect[Position](ctx, tx, "watched places", returnWatched, town.Municipality, monday, at)
	if err != nil {
		return nil, err
	}
	for _, p := range back {
		body, err := json.Marshal(p)
		if err != nil {
			return nil, fmt.Errorf("write position on %s: %w", p.Flag, err)
		}
		if _, err := tx.Exec(ctx, insertEvent, p.Municipality, p.Flag, p.Version, "returned", at, nil, body); err != nil {
			return nil, fmt.Errorf("record return of %s: %w", p.Flag, err)
		}
	}
	return back, nil
}

// past is one entry of a place's history.
type past struct {
	Version int
	Verb    string
	At      time.Time
	Body    Position
	Name    string // of who decided; empty for the program, and for who is no person of the municipality
}

func readHistory(ctx context.Context, tx pgx.Tx, municipality string, id uuid.UUID) ([]past, error) {
	return collect[past](ctx, tx, "history", selectHistory, municipality, id)
}

// agencyRow is who may own an action. Behind is how many of the flag's reports are its own.
type agencyRow struct {
	Agency, Name string
	StartedOn    time.Time
	Behind       int
}

const selectAgencies = `-- position: who may own an action, and what each has behind the flag
SELECT a.agency, a.name, a.started_on, (SELECT count(*)::int FROM contract.flag_report r WHERE r.municipality = $1 AND r.flag = $2 AND r.agency = a.agency) AS behind
  FROM contract.agency a WHERE a.municipality = $1 AND a.suspended_at IS NULL ORDER BY a.name, a.agency`

func readAgencies(ctx context.Context, tx pgx.Tx, municipality string, id uuid.UUID) ([]agencyRow, error) {
	return collect[agencyRow](ctx, tx, "agencies", selectAgencies, municipality, id)
}

type personRow struct {
	Person       uuid.UUID
	Name, Agency string
}

const selectPersons = `-- position: who may be named as the owner
SELECT person, name, agency FROM contract.person WHERE municipality = $1 AND disabled_at IS NULL AND agency <> '' ORDER BY agency, name, person LIMIT 500`

func readPersons(ctx context.Context, tx pgx.Tx, municipality string) ([]personRow, error) {
	return collect[personRow](ctx, tx, "persons", selectPersons, municipality)
}

func collect[T any](ctx context.Context, tx pgx.Tx, what, sql string, args ...any) ([]T, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[T])
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	return all, nil
}
