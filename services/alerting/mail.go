// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"context"
	"errors"
	"time"

	"samsyn/internal/mail"
)

// sendMail delivers one letter by mail. A repeat carries the same Message-ID. Of a replay it is written and not sent, unless the installation
// wants it: nobody is woken by what a replay says of long ago.
func (s *Service) sendMail(ctx context.Context, now time.Time, l letter, sc scene) error {
	body, err := compose(l, sc)
	if err != nil {
		return err
	}
	err = s.mail.Send(ctx, mail.Message{
		ID: l.ID, To: l.Recipient, Subject: body.Subject, Text: body.Text, HTML: body.HTML, Date: now, File: sc.Replay && !s.config.MailReplay,
	})
	var known *mail.Error
	if errors.As(err, &known) {
		return &deliveryError{reason: known.Reason, permanent: known.Permanent, cause: err}
	}
	return err
}
