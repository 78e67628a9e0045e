// SPDX-License-Identifier: EUPL-1.2

package connector

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"samsyn/events"
	"samsyn/services/connector/outbox"
)

const (
	sendAtOnce    = 256
	firstPause    = time.Second
	longestPause  = time.Minute
	shutOutPause  = 5 * time.Minute
	longestResend = 6 * time.Hour
	lookForDue    = 15 * time.Second
)

// outgoing is an event on its way out, and how often it was due again since the platform stored it.
type outgoing struct {
	outbox.Outgoing
	turn int
}

// schedule says when what the platform has stored, and not answered, is asked about again.
type schedule struct {
	first time.Duration
	rows  map[int64]*turn
}

type turn struct {
	next  time.Time
	after time.Duration
	n     int
}

// due says whether it is time. A row that is met for the first time gets its time.
func (s *schedule) due(row outbox.Row, now time.Time) bool {
	t := s.rows[row.ID]
	if t == nil {
		s.rows[row.ID] = &turn{next: now.Add(jitter(s.first)), after: s.first}
		return false
	}
	return !now.Before(t.next)
}

// sent puts off the next time: twice as long each time.
func (s *schedule) sent(row outbox.Row, now time.Time) {
	t := s.rows[row.ID]
	if t == nil {
		return
	}
	t.after, t.n = min(2*t.after, longestResend), t.n+1
	t.next = now.Add(jitter(t.after))
}

// of is how often a row was due again, this time included.
func (s *schedule) of(row outbox.Row) int {
	if t := s.rows[row.ID]; row.Sent && t != nil {
		return t.n + 1
	}
	return 0
}

// jitter spreads what many would do at the same moment over half as long again.
func jitter(d time.Duration) time.Duration { return d + rand.N(d/2+1) }

// send hands over what is due, and waits out trouble.
func (s *Service) send(ctx context.Context) error {
	again := &schedule{first: s.config.ResendAfter, rows: map[int64]*turn{}}
	pause := firstPause
	for {
		sent, err := s.sendDue(ctx, again)
		var t *trouble
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &t):
			s.trouble("sending", err)
			if !sleep(ctx, pauseFor(t, pause)) {
				return nil
			}
			pause = min(2*pause, longestPause)
			continue
		case errors.Is(err, outbox.ErrDiskFull):
			// What was stored is not noted as that, and is sent again: it counts once.
			s.trouble("sending", err)
			if !sleep(ctx, roomAgain) {
				return nil
			}
			continue
		case err != nil:
			return err
		}
		s.trouble("sending", nil)
		pause = firstPause
		if sent > 0 {
			continue
		}
		if !s.wake(ctx, min(lookForDue, max(s.config.ResendAfter/4, lookAtLeast))) {
			return nil
		}
	}
}

// pauseFor is how long trouble is waited out: as long as the platform says, else longer each time.
func pauseFor(t *trouble, pause time.Duration) time.Duration {
	switch {
	case t.after > 0:
		return jitter(t.after)
	case t.kind == shutOut:
		return jitter(min(4*pause, shutOutPause))
	}
	return jitter(pause)
}

// wake waits until there may be something to send.
func (s *Service) wake(ctx context.Context, most time.Duration) bool {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-s.unsent:
		return true
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// sendDue sends one batch and says how many of it got somewhere.
func (s *Service) sendDue(ctx context.Context, again *schedule) (int, error) {
	now := s.config.Now()
	rows, err := s.outbox.Due(sendAtOnce, func(row outbox.Row) bool { return again.due(row, now) })
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	batch := make([]outgoing, len(rows))
	for i, row := range rows {
		batch[i] = outgoing{row, again.of(row.Row)}
	}
	deliveries, trouble := s.way.platform.send(ctx, batch)
	var stored []int64
	var answers []outbox.Answered
	for i, d := range deliveries {
		if d.answer != nil {
			answers = append(answers, *d.answer)
		}
		if d.stored {
			again.sent(batch[i].Row, now)
			if !batch[i].Sent {
				stored = append(stored, batch[i].ID)
			}
		}
	}
	if err := s.outbox.Sent(stored...); err != nil {
		return 0, err
	}
	if _, err := s.outbox.Answer(answers, nil); err != nil {
		return 0, err
	}
	s.answered.ring()
	return len(stored) + len(answers), trouble
}

// receive fetches receipts, and waits out trouble.
func (s *Service) receive(ctx context.Context) error {
	pause := firstPause
	for {
		began := time.Now()
		err := s.way.platform.receive(ctx, s.outbox.Cursor(), s.accept)
		var t *trouble
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, outbox.ErrDiskFull):
			s.trouble("receipts", err)
			if !sleep(ctx, roomAgain) {
				return nil
			}
			continue
		case !errors.As(err, &t):
			return err
		}
		if time.Since(began) > longestPause {
			pause = firstPause
		}
		s.trouble("receipts", err)
		if !sleep(ctx, pauseFor(t, pause)) {
			return nil
		}
		pause = min(2*pause, longestPause)
	}
}

// accept keeps receipts. When it returns nil they need not come again.
func (s *Service) accept(receipts []events.Receipt, cursor *string) error {
	s.trouble("receipts", nil)
	answers := make([]outbox.Answered, len(receipts))
	for i, r := range receipts {
		answers[i] = answered(r)
	}
	n, err := s.outbox.Answer(answers, cursor)
	if n > 0 {
		s.answered.ring()
	}
	return err
}

// trouble tells of it once, and once that it is over.
func (s *Service) trouble(part string, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if !s.told.has(part, text) {
		return
	}
	if err != nil {
		s.log.Warn("trouble", "part", part, "error", err)
	} else {
		s.log.Info("trouble is over", "part", part)
	}
	s.answered.ring()
}
