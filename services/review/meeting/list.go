// SPDX-License-Identifier: EUPL-1.2

package meeting

import (
	"context"
	"time"

	"github.com/google/uuid"

	"samsyn/internal/pg"
	"samsyn/internal/web"
)

// Listed is a meeting as commands list it. State is planned, running, ended or adjusted; Version is the one that starting it or writing
// its notes asks for; Decisions are the paragraphs of its minutes.
type Listed struct {
	Meeting   uuid.UUID
	Week      web.Week
	StartsAt  time.Time
	State     string
	Version   int
	Decisions int
}

// Held says whether the meeting is over.
func (m Listed) Held() bool { return m.State == ended || m.State == adjusted }

// List reads the latest meetings of the viewer's municipality, the latest first; at most 60.
func (s *Service) List(ctx context.Context, v pg.Viewer) (list []Listed, err error) {
	err = within(ctx, s.db, v, func(st store) error {
		list = nil // the transaction may be tried again
		all, err := st.meetings(ctx, mostMeetings)
		if err != nil {
			return err
		}
		for _, m := range all {
			decisions, err := st.decisions(ctx, m.Meeting)
			if err != nil {
				return err
			}
			list = append(list, Listed{m.Meeting, web.WeekOf(m.Week), m.StartsAt, m.State, m.Version, len(decisions)})
		}
		return nil
	})
	return list, err
}
