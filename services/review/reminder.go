// SPDX-License-Identifier: EUPL-1.2

package review

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"samsyn/services/review/calendar"
)

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
