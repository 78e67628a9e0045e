// SPDX-License-Identifier: EUPL-1.2

package pages

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/internal/pg"
)

// errNotThere is what does not exist, or not for this person: the two are never told apart.
var errNotThere = errors.New("not there")

// store reads and writes what a person sent as intake's own login, narrowed to that person, and reads everything else as the
// person's agency.
type store struct {
	db       pg.Beginner
	agencies *pg.Agencies
}

// municipality is a row of contract.municipality.
type municipality struct {
	Name        string
	TimeZone    string
	HistoryFrom time.Time
	AsOf        *time.Time
	MadeUp      bool
}

const selectMunicipality = `-- pages: one municipality
SELECT name, time_zone, history_from, as_of, made_up FROM contract.municipality WHERE municipality = $1`

func (s store) municipality(ctx context.Context, v pg.Viewer) (m municipality, err error) {
	err = pg.InTx(ctx, s.db, v, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectMunicipality, v.Municipality)
		if err != nil {
			return err
		}
		m, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[municipality])
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return m, errNotThere
	}
	if err != nil {
		return m, fmt.Errorf("read municipality %s: %w", v.Municipality, err)
	}
	return m, nil
}

// habits are what a person uses to send.
type habits struct {
	kinds  []string // most often first
	places []string // last first; as form values (where.go)
}

// The last two hundred say what somebody does now.
const selectHabits = `-- pages: kinds and places a person uses
WITH last AS (SELECT category, place, begun_at FROM intake.sent
   WHERE municipality = $1 AND agency = $2 AND person = $3 AND kind = 'incident' AND stored_at IS NOT NULL
   ORDER BY begun_at DESC LIMIT 200)
SELECT ARRAY(SELECT category FROM last GROUP BY category ORDER BY count(*) DESC, max(begun_at) DESC LIMIT 3),
       ARRAY(SELECT place FROM last GROUP BY place ORDER BY max(begun_at) DESC LIMIT 4)`

func (s store) habits(ctx context.Context, v pg.Viewer) (h habits, err error) {
	err = pg.InTx(ctx, s.db, v, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, selectHabits, v.Municipality, v.Agency, v.Person).Scan(&h.kinds, &h.places)
	})
	if err != nil {
		return habits{}, fmt.Errorf("read habits: %w", err)
	}
	return h, nil
}

// sent is a row of intake.sent.
type sent struct {
	Kind               string
	Report             string
	Revision           int
	Fingerprint        []byte
	BegunAt            time.Time
	StoredAt           *time.Time
	Category, Place    *string
	Unit               string
	OccurredFrom       time.Time
	OccurredTo         time.Time
	Withdrawal         *int
	WithdrawnAt        *time.Time
	WithdrawalStoredAt *time.Time
}

func (t sent) span() events.Interval { return events.Interval{From: t.OccurredFrom, To: t.OccurredTo} }

const sentColumns = `kind, report, revision, fingerprint, begun_at, stored_at, category, place, unit, occurred_from, occurred_to,
       withdrawal, withdrawn_at, withdrawal_stored_at`

// A form whose first attempt nobody confirmed and that was filled in otherwise since is a higher revision: whichever of them
// the stream has, the last one holds. The same form again finds its first attempt and says the same.
const beginSending = `-- pages: a form is about to be sent
INSERT INTO intake.sent AS s (municipality, agency, person, kind, report, revision, fingerprint, begun_at, category, place, unit, occurred_from, occurred_to)
VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (municipality, agency, kind, report) DO UPDATE
   SET revision = s.revision + 1, fingerprint = excluded.fingerprint, begun_at = excluded.begun_at, category = excluded.category,
       place = excluded.place, unit = excluded.unit, occurred_from = excluded.occurred_from, occurred_to = excluded.occurred_to
 WHERE s.stored_at IS NULL AND s.fingerprint <> excluded.fingerprint`

const selectSent = `-- pages: one report a person sent
SELECT ` + sentColumns + ` FROM intake.sent WHERE municipality = $1 AND agency = $2 AND person = $3 AND kind = $4 AND report = $5`

// begin notes that a form is about to be sent, and returns what holds of it: this attempt's, or an earlier one's.
func (s store) begin(ctx context.Context, v pg.Viewer, t sent) (held sent, err error) {
	err = pg.InTx(ctx, s.db, v, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, beginSending, v.Municipality, v.Agency, v.Person, t.Kind, t.Report, t.Fingerprint, t.BegunAt, t.Category, t.Place,
			t.Unit, t.OccurredFrom, t.OccurredTo); err != nil {
			return err
		}
		held, err = one[sent](ctx, tx, selectSent, v.Municipality, v.Agency, v.Person, t.Kind, t.Report)
		return err
	})
	if err != nil {
		return sent{}, fmt.Errorf("begin to send %s: %w", t.Report, err)
	}
	return held, nil
}

const noteStored = `-- pages: the stream has what was sent
UPDATE intake.sent SET stored_at = coalesce(stored_at, $6) WHERE municipality = $1 AND agency = $2 AND person = $3 AND kind = $4 AND report = $5`

const noteWithdrawn = `-- pages: the stream has the withdrawal
UPDATE intake.sent SET withdrawal_stored_at = coalesce(withdrawal_stored_at, $6)
 WHERE municipality = $1 AND agency = $2 AND person = $3 AND kind = $4 AND report = $5`

func (s store) stored(ctx context.Context, v pg.Viewer, t sent, at time.Time) error {
	return s.note(ctx, v, noteStored, t, at)
}

func (s store) withdrawn(ctx context.Context, v pg.Viewer, t sent, at time.Time) error {
	return s.note(ctx, v, noteWithdrawn, t, at)
}

func (s store) note(ctx context.Context, v pg.Viewer, statement string, t sent, at time.Time) error {
	err := pg.InTx(ctx, s.db, v, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, statement, v.Municipality, v.Agency, v.Person, t.Kind, t.Report, at)
		return err
	})
	if err != nil {
		return fmt.Errorf("note that %s is stored: %w", t.Report, err)
	}
	return nil
}

// find is errNotThere for a report that this person did not send.
func (s store) find(ctx context.Context, v pg.Viewer, report string) (t sent, err error) {
	err = pg.InTx(ctx, s.db, v, func(tx pgx.Tx) error {
		t, err = one[sent](ctx, tx, selectSent, v.Municipality, v.Agency, v.Person, kindOf(report), report)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return sent{}, errNotThere
	}
	if err != nil {
		return sent{}, fmt.Errorf("find report %s: %w", report, err)
	}
	return t, nil
}

const selectMine = `-- pages: what a person sent, the latest first
SELECT ` + sentColumns + `, count(*) OVER () AS total FROM intake.sent
 WHERE municipality = $1 AND agency = $2 AND person = $3 AND stored_at IS NOT NULL ORDER BY begun_at DESC, report LIMIT $4 OFFSET $5`

func (s store) mine(ctx context.Context, v pg.Viewer, page, limit int) (found []sent, total int, err error) {
	type row struct {
		sent
		Total int
	}
	err = pg.InTx(ctx, s.db, v, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectMine, v.Municipality, v.Agency, v.Person, limit, (page-1)*limit)
		if err != nil {
			return err
		}
		all, err := pgx.CollectRows(rows, pgx.RowToStructByName[row])
		found, total = make([]sent, len(all)), 0
		for i, r := range all {
			found[i], total = r.sent, r.Total
		}
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read own reports: %w", err)
	}
	return found, total, nil
}

// A withdrawal that was begun may be tried again whenever: it is the same one.
const beginWithdrawal = `-- pages: a person takes a report back
UPDATE intake.sent SET withdrawal = coalesce(withdrawal, greatest(revision, $6) + 1), withdrawn_at = coalesce(withdrawn_at, $7)
 WHERE municipality = $1 AND agency = $2 AND person = $3 AND kind = $4 AND report = $5 AND stored_at IS NOT NULL
   AND (withdrawal IS NOT NULL OR stored_at >= $8)
RETURNING ` + sentColumns

// withdraw begins to take a report back; false when its time is up. known is the highest revision the platform has read.
func (s store) withdraw(ctx context.Context, v pg.Viewer, t sent, known int, now, notBefore time.Time) (held sent, inTime bool, err error) {
	err = pg.InTx(ctx, s.db, v, func(tx pgx.Tx) error {
		held, err = one[sent](ctx, tx, beginWithdrawal, v.Municipality, v.Agency, v.Person, t.Kind, t.Report, known, now, notBefore)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return t, false, nil
	}
	if err != nil {
		return t, false, fmt.Errorf("begin to withdraw %s: %w", t.Report, err)
	}
	return held, true, nil
}

func one[T any](ctx context.Context, tx pgx.Tx, statement string, args ...any) (T, error) {
	rows, err := tx.Query(ctx, statement, args...)
	if err != nil {
		var none T
		return none, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[T])
}
