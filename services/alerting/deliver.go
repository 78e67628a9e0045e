// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"samsyn/events"
	"samsyn/events/bus"
)

const (
	leaseAtOnce      = 64
	recipientsAtOnce = 8
	// finishWithin is how long a message under way may take after the service was told to stop.
	finishWithin = 5 * time.Second
)

func channels() []string { return []string{channelMail, channelWebhook, channelNATS} }

// letter is one message with what it takes to send it.
type letter struct {
	ID           uuid.UUID
	Municipality events.MunicipalityID
	Channel      string
	Recipient    string
	Kind         string // now, digest, rest
	CreatedAt    time.Time
	Attempts     int
	Subscription Subscription
	Flags        []Flag // each at the revision that is told
}

// deliveryError is why a message did not arrive, in words that hold no address.
type deliveryError struct {
	reason    string
	permanent bool          // trying again cannot help
	after     time.Duration // how long the receiver asked us to wait
	cause     error
}

func (e *deliveryError) Error() string { return e.reason }
func (e *deliveryError) Unwrap() error { return e.cause }

// deliver plans messages out of what is due, and sends them, a worker a channel, so that a mail server that hangs holds no webhook.
// What was committed is sent at least once: a message is an entry in Postgres before its first attempt and until its last.
func (s *Service) deliver(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, channel := range channels() {
		group.Go(func() error { return s.sendChannel(ctx, channel) })
	}
	group.Go(func() error {
		return every(ctx, pollEvery, s.noticed, func() {
			made, err := s.store.planMessages(ctx, time.Now())
			s.report(ctx, "plan messages", err)
			if made > 0 {
				for _, w := range s.planned {
					wake(w)
				}
			}
		})
	})
	group.Go(func() error { return every(ctx, time.Minute, nil, func() { s.housekeep(ctx, time.Now()) }) })
	return group.Wait()
}

func (s *Service) sendChannel(ctx context.Context, channel string) error {
	return every(ctx, pollEvery, s.planned[channel], func() {
		for ctx.Err() == nil {
			n, err := s.deliverOnce(ctx, channel, time.Now())
			s.report(ctx, "deliver", err)
			if n < leaseAtOnce || err != nil {
				return
			}
		}
	})
}

// deliverOnce leases what is due of a channel, tries each message once and settles it. It says how many it leased. Recipients are
// served beside each other, the messages of one recipient in order and only as long as it takes them.
func (s *Service) deliverOnce(ctx context.Context, channel string, now time.Time) (int, error) {
	letters, err := s.store.lease(ctx, channel, now, leaseAtOnce)
	if err != nil || len(letters) == 0 {
		return 0, err
	}
	slices.SortFunc(letters, func(a, b letter) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	scenes, err := s.scenes(ctx, channel, letters)
	if err != nil {
		return len(letters), err
	}
	finishing, stop := outlive(ctx, finishWithin)
	defer stop()
	group, finishing := errgroup.WithContext(finishing)
	group.SetLimit(recipientsAtOnce)
	for _, mine := range byRecipient(letters) {
		group.Go(func() error {
			for _, l := range mine {
				if ctx.Err() != nil {
					return nil // the lease runs out and another worker takes it
				}
				if again, err := s.attempt(finishing, now, l, scenes[l.Municipality]); err != nil || again {
					return err
				}
			}
			return nil
		})
	}
	return len(letters), group.Wait()
}

// attempt tries one message and settles it; again says that its recipient should be left alone for a while.
func (s *Service) attempt(ctx context.Context, now time.Time, l letter, sc scene) (again bool, err error) {
	failure := s.send(ctx, now, l, sc)
	if failure == nil {
		s.metrics.delivered(l.Channel, "sent")
		return false, s.store.settle(ctx, now, l, "", nil)
	}
	if ctx.Err() != nil {
		return true, nil //nolint:nilerr // told to stop in the middle: not the receiver's failure, the lease runs out
	}
	var known *deliveryError
	reason, after, permanent := "internal error", time.Duration(0), false
	if errors.As(failure, &known) {
		reason, after, permanent = known.reason, known.after, known.permanent
	}
	next, ok := backOff(now, l.CreatedAt, l.Attempts+1, after)
	s.log.Warn("message not delivered", "channel", l.Channel, "message", l.ID, "municipality", l.Municipality, "attempt", l.Attempts+1,
		"reason", reason, "given_up", permanent || !ok)
	if permanent || !ok {
		s.metrics.delivered(l.Channel, "failed")
		return false, s.store.settle(ctx, now, l, reason, nil)
	}
	s.metrics.delivered(l.Channel, "retried")
	return true, s.store.settle(ctx, now, l, reason, &next)
}

func (s *Service) send(ctx context.Context, now time.Time, l letter, sc scene) error {
	if len(l.Flags) == 0 {
		return &deliveryError{reason: "the flags it tells of are gone", permanent: true}
	}
	switch l.Channel {
	case channelMail:
		return s.sendMail(ctx, now, l, sc)
	case channelWebhook:
		return s.webhook.send(ctx, now, l)
	default:
		return s.sendNATS(ctx, l)
	}
}

// sendNATS says it on the agency's own subject. The message id is the flag's revision: a repeat is dropped by the stream.
func (s *Service) sendNATS(ctx context.Context, l letter) error {
	for _, f := range l.Flags {
		body, err := f.event(l.Subscription.Agency)
		if err != nil {
			return err
		}
		m := bus.Message{Subject: events.AlertSubject(l.Municipality, l.Subscription.Agency), ID: f.messageID(), Body: body}
		if _, err := s.conn.Publish(ctx, m); err != nil {
			return &deliveryError{reason: streamReason(err), permanent: errors.Is(err, bus.ErrTooLarge), cause: err}
		}
	}
	return nil
}

func streamReason(err error) string {
	for _, known := range []error{bus.ErrNoStream, bus.ErrStreamFull, bus.ErrTooLarge, bus.ErrNotPermitted, bus.ErrNoAnswer} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "not published"
}

// scenes loads what mails say about their municipalities; other channels need none of it.
func (s *Service) scenes(ctx context.Context, channel string, letters []letter) (map[events.MunicipalityID]scene, error) {
	scenes := map[events.MunicipalityID]scene{}
	for _, l := range letters {
		if _, known := scenes[l.Municipality]; known || channel != channelMail {
			continue
		}
		sc, err := s.store.scene(ctx, l.Municipality)
		if err != nil {
			return nil, err
		}
		sc.PublicURL = s.config.PublicURL
		scenes[l.Municipality] = sc
	}
	return scenes, nil
}

// housekeep throws old .eml files away and counts what could not be delivered.
func (s *Service) housekeep(ctx context.Context, now time.Time) {
	s.report(ctx, "prune mails", s.mail.Prune(now, s.config.MailKept))
	counts, err := s.store.undelivered(ctx, now)
	s.report(ctx, "count undelivered messages", err)
	if err == nil {
		s.metrics.undelivered(counts)
	}
}

func byRecipient(letters []letter) [][]letter {
	place := map[[2]string]int{}
	var groups [][]letter
	for _, l := range letters {
		key := [2]string{string(l.Municipality), l.Recipient}
		i, seen := place[key]
		if !seen {
			i = len(groups)
			place[key], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], l)
	}
	return groups
}

// eventBody writes what a machine receives: one event, or several as a CloudEvents batch. Of the reports it names the agency's own.
func (l letter) eventBody() (body []byte, contentType string, err error) {
	batch := make([]json.RawMessage, len(l.Flags))
	for i, f := range l.Flags {
		if batch[i], err = f.event(l.Subscription.Agency); err != nil {
			return nil, "", fmt.Errorf("write flag %s: %w", f.ID, err)
		}
	}
	if len(batch) == 1 {
		return batch[0], "application/cloudevents+json", nil
	}
	body, err = json.Marshal(batch)
	return body, "application/cloudevents-batch+json", err
}

// outlive gives work in flight a while after ctx has ended.
func outlive(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	outer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(grace, cancel)
		context.AfterFunc(outer, func() { timer.Stop() })
	})
	return outer, func() { stop(); cancel() }
}
