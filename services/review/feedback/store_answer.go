// SPDX-License-Identifier: EUPL-1.2

package feedback

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"samsyn/internal/pg"
)

const (
	deleteAnswers = `-- feedback: the shares as they were
DELETE FROM review.answer WHERE municipality = $1`

	// A report whose week has no situation report yet cannot have been answered: it is not held against anybody.
	insertAnswers = `-- feedback: how many reports of the last weeks were answered, and how fast
WITH span AS (
  SELECT (max(week) - 7 * ($2::int - 1))::date AS from_week, max(week) AS to_week FROM review.situation WHERE municipality = $1),
counted AS (
  SELECT r.agency, f.answered_at IS NOT NULL AS answered, coalesce(f.position, '') <> '' AS positioned,
         extract(epoch FROM greatest(f.answered_at - f.reported_at, interval '0')) / 86400 AS days
    FROM span
    JOIN contract.report r ON r.municipality = $1 AND r.counted AND r.day BETWEEN span.from_week AND span.to_week + 6
    LEFT JOIN review.feedback f ON (f.municipality, f.agency, f.report) = (r.municipality, r.agency, r.report)
   WHERE EXISTS (SELECT FROM review.situation s WHERE s.municipality = $1 AND s.week = date_trunc('week', r.day)::date))
INSERT INTO review.answer (municipality, agency, from_week, to_week, reports, answered, positioned, median_days, as_of)
SELECT $1, coalesce(c.agency, ''), min(span.from_week), min(span.to_week), count(*), count(*) FILTER (WHERE c.answered),
       count(*) FILTER (WHERE c.positioned), percentile_cont(0.5) WITHIN GROUP (ORDER BY c.days) FILTER (WHERE c.answered), $3
  FROM counted c, span
 GROUP BY GROUPING SETS ((c.agency), ())
HAVING count(*) > 0`
)

// measure counts anew how many reports were answered. It reads every report of twelve weeks, so pages read what it left.
func (s store) measure(ctx context.Context, t town) error {
	err := pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockTelling, t.ID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, deleteAnswers, t.ID); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, insertAnswers, t.ID, weeksMeasured, t.AsOf)
		return err
	})
	if err != nil {
		return fmt.Errorf("count answers of %s: %w", t.ID, err)
	}
	return nil
}

const selectAnswers = `-- feedback: how many reports were answered, by agency
SELECT a.agency, coalesce(n.name, a.agency) AS name, a.from_week, a.to_week, a.reports, a.answered, a.positioned, a.median_days
  FROM contract.answer a
  LEFT JOIN contract.agency n ON (n.municipality, n.agency) = (a.municipality, a.agency)
 WHERE a.municipality = $1
 ORDER BY name, a.agency`

func (s store) answers(ctx context.Context, v pg.Viewer) (list []answers, err error) {
	err = pg.InTx(ctx, s.db, v, func(tx pgx.Tx) (err error) {
		list, err = collect[answers](ctx, tx, selectAnswers, v.Municipality)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read answers of %s: %w", v.Municipality, err)
	}
	return list, nil
}
