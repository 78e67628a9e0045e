// SPDX-License-Identifier: EUPL-1.2

package feedback

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/internal/web"
	"samsyn/services/review/post"
)

const selectMailedWeek = `-- feedback: the week in which reporters were last written to
SELECT max(mailed_week) FROM review.feedback_head WHERE municipality = $1`

func (s store) mailedWeek(ctx context.Context, m events.MunicipalityID) (week web.Week, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		week, err = mailedWeek(ctx, tx, m)
		return err
	})
	return week, err
}

func mailedWeek(ctx context.Context, tx pgx.Tx, m events.MunicipalityID) (web.Week, error) {
	var monday *time.Time
	if err := tx.QueryRow(ctx, selectMailedWeek, m).Scan(&monday); err != nil {
		return web.Week{}, fmt.Errorf("read mailed week of %s: %w", m, err)
	}
	return weekOf(monday), nil
}

// A report says itself who sent it: only persons of its own agency are believed.
const selectUnmailed = `-- feedback: what people who reported by the form have not been written about
SELECT f.agency, f.report, f.change, f.reporter, f.reported_at, f.text_sv,
       EXISTS (SELECT FROM contract.person p WHERE p.municipality = f.municipality AND p.person = f.reporter AND p.agency = f.agency AND p.disabled_at IS NULL)
       AND NOT EXISTS (SELECT FROM review.mail_refusal n WHERE n.municipality = f.municipality AND n.person = f.reporter AND n.kind = 'feedback') AS wanted
  FROM review.feedback f
 WHERE f.municipality = $1 AND f.reporter IS NOT NULL AND f.mailed < f.change`

type unmailedRow struct {
	Agency, Report string
	Change         int
	Reporter       uuid.UUID
	ReportedAt     time.Time
	TextSV         string `db:"text_sv"`
	Wanted         bool
}

const (
	updateMailed = `-- feedback: their reporters were written to about these
UPDATE review.feedback f SET mailed = n.change
  FROM unnest($2::text[], $3::text[], $4::int[]) AS n (agency, report, change)
 WHERE f.municipality = $1 AND f.agency = n.agency AND f.report = n.report`

	upsertMailedWeek = `-- feedback: reporters were written to in this week
INSERT INTO review.feedback_head (municipality, mailed_week) VALUES ($1, $2)
ON CONFLICT (municipality) DO UPDATE SET mailed_week = excluded.mailed_week`
)

// writeMails puts the mails that write makes of what was not mailed into the outbox and notes it, once a week.
func (s store) writeMails(ctx context.Context, t town, week web.Week, write func([]unmailedRow) ([]post.Mail, error)) error {
	err := pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockTelling, t.ID); err != nil {
			return err
		}
		if mailed, err := mailedWeek(ctx, tx, t.ID); err != nil || !mailed.Before(week) {
			return err // another worker was here meanwhile
		}
		rows, err := collect[unmailedRow](ctx, tx, selectUnmailed, t.ID)
		if err != nil {
			return err
		}
		mails, err := write(rows)
		if err != nil {
			return err
		}
		for _, m := range mails {
			if err := post.Enqueue(ctx, tx, m); err != nil {
				return err
			}
		}
		return noteMailed(ctx, tx, t.ID, week, rows)
	})
	if err != nil {
		return fmt.Errorf("write mails of %s: %w", t.ID, err)
	}
	return nil
}

func noteMailed(ctx context.Context, tx pgx.Tx, m events.MunicipalityID, week web.Week, rows []unmailedRow) error {
	agencies, reports, numbers := make([]string, len(rows)), make([]string, len(rows)), make([]int, len(rows))
	for i, r := range rows {
		agencies[i], reports[i], numbers[i] = r.Agency, r.Report, r.Change
	}
	if _, err := tx.Exec(ctx, updateMailed, m, agencies, reports, numbers); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, upsertMailedWeek, m, mondayOf(week))
	return err
}

const (
	insertRefusal = `-- feedback: a person wants no mails
INSERT INTO review.mail_refusal (municipality, person, kind, at) VALUES ($1, $2, 'feedback', $3) ON CONFLICT DO NOTHING`

	deleteRefusal = `-- feedback: a person wants mails again
DELETE FROM review.mail_refusal WHERE municipality = $1 AND person = $2 AND kind = 'feedback'`

	selectRefusal = `-- feedback: does a person want no mails
SELECT EXISTS (SELECT FROM review.mail_refusal WHERE municipality = $1 AND person = $2 AND kind = 'feedback')`
)

// refuse notes whether a person wants no mails of feedback.
func (s store) refuse(ctx context.Context, m events.MunicipalityID, person uuid.UUID, refused bool, now time.Time) error {
	err := pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) (err error) {
		if refused {
			_, err = tx.Exec(ctx, insertRefusal, m, person, now)
		} else {
			_, err = tx.Exec(ctx, deleteRefusal, m, person)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("note what mails a person wants: %w", err)
	}
	return nil
}

func (s store) refused(ctx context.Context, m events.MunicipalityID, person uuid.UUID) (refused bool, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, selectRefusal, m, person).Scan(&refused)
	})
	if err != nil {
		return false, fmt.Errorf("read what mails a person wants: %w", err)
	}
	return refused, nil
}
