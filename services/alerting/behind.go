// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/services/alerting/detect"
)

const howFar = `-- alerting: how far a municipality is looked at
SELECT coalesce(h.batch, 0) >= coalesce(c.batch, 0) AND NOT EXISTS (SELECT FROM alerting.outgoing o WHERE o.municipality = m.municipality),
       h.midnight, m.time_zone, m.as_of
  FROM contract.municipality m
  LEFT JOIN alerting.head h USING (municipality)
  LEFT JOIN contract.head c USING (municipality)
 WHERE m.municipality = $1`

// CaughtUp says whether a municipality is looked at up to the correlator's last batch and to the last
// midnight of its clock, and everything that was decided is published. Who plays old events waits for it.
func (s *Service) CaughtUp(ctx context.Context, m events.MunicipalityID, now time.Time) (caught bool, err error) {
	err = pg.InTx(ctx, s.store.db, pg.System, func(tx pgx.Tx) error {
		var midnight, asOf *time.Time
		var zone string
		if err := tx.QueryRow(ctx, howFar, string(m)).Scan(&caught, &midnight, &zone, &asOf); err != nil {
			return fmt.Errorf("look how far %s is: %w", m, err)
		}
		place, err := time.LoadLocation(zone)
		if err != nil {
			return fmt.Errorf("time zone of %s: %w", m, err)
		}
		if asOf != nil {
			now = *asOf
		}
		caught = caught && midnight != nil && detect.DayOf(*midnight) >= detect.DayOf(now.In(place))
		return nil
	})
	return caught, err
}
