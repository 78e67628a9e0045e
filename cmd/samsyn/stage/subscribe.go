// SPDX-License-Identifier: EUPL-1.2

package stage

import (
	"context"
	"fmt"
	"time"

	"samsyn/deploy/demo"
	"samsyn/services/alerting"
)

// Subscribe lets the people of a world hear of what is flagged.
func Subscribe(ctx context.Context, s *alerting.Service, w demo.World) error {
	for _, one := range w.Subscriptions {
		_, err := s.Subscribe(ctx, alerting.Subscription{
			Municipality: w.Municipality.Code, Channel: "mail", Recipient: one.Mail, Agency: one.Agency, Role: one.Role, Area: one.Area,
		}, time.Now())
		if err != nil {
			return fmt.Errorf("subscribe %s: %w", one.Mail, err)
		}
	}
	return nil
}
