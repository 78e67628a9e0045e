// SPDX-License-Identifier: EUPL-1.2

// Package post is the outbox of the review's mails.
//
// What it is for. Whoever decides in the review that a person is to be written to (feedback to a reporter, actions to their owners, a
// reminder) puts the mail into the transaction that decided it ([Enqueue]); the worker sends it.
//
// What it promises. A mail is stored with what it tells of or not at all. The same kind, key and recipient is one mail, however often
// it is put there. It is sent at least once, and a repeat has the same Message-ID. The address of a person is looked up when the
// mail leaves: who is no longer there is not written to. A municipality on a replay clock gets files instead of mails. What could not be
// delivered within a day is given up and listed ([Service.Deliveries]), and tried again when somebody says so ([Service.Retry]). What has
// arrived is emptied.
//
// What it does not do. It does not compose, and does not look into what it sends: no text of a report goes into a mail, which is for
// whoever composes to keep. Alerts have an outbox of their own in alerting, for they are bounded in number.
//
// When it fails. Without Postgres nothing is decided and nothing sent. Without the mail server mails wait, ever longer, for a day.
package post

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"samsyn/events"
	"samsyn/internal/mail"
	"samsyn/internal/pg"
)

// Mail is one mail to one person.
type Mail struct {
	Municipality events.MunicipalityID
	// Person is who gets it, a person of the municipality. Without one, Address is where it goes.
	Person  uuid.UUID
	Address string
	// Kind is what it is about, in lower-case letters: feedback. Key says which of these: the same kind, key and recipient is one mail.
	Kind, Key string
	// Language is that of the text: sv (default) or en.
	Language string
	// Subject and Text are always there; HTML says the same as Text, and may be empty.
	Subject, Text, HTML string
	Attachments         []mail.Attachment
	Headers             map[string]string
	// At is when it was decided to write it, by the wall clock.
	At time.Time
}

// letter is what is sent, as it is stored.
type letter struct {
	Text        string            `json:"text"`
	HTML        string            `json:"html,omitempty"`
	Attachments []attachment      `json:"attachments,omitempty"`
	Headers     map[string]string `json:"headers,omitempty"`
}

type attachment struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Content []byte `json:"content"`
}

// check says what the caller has left out. Everything here is a mistake in our own code.
func (m Mail) check() error {
	switch {
	case m.Municipality == "" || m.Kind == "" || m.Key == "" || m.Subject == "" || m.Text == "":
		return errors.New("a mail has a municipality, a kind, a key, a subject and a text")
	case (m.Person == uuid.Nil) == (m.Address == ""):
		return errors.New("a mail has a person or an address")
	case m.At.IsZero():
		return errors.New("a mail has a time")
	case m.Language != "" && m.Language != "sv" && m.Language != "en":
		return fmt.Errorf("no mail is written in %q", m.Language)
	}
	return nil
}

func (m Mail) letter() letter {
	l := letter{Text: m.Text, HTML: m.HTML, Headers: m.Headers}
	for _, a := range m.Attachments {
		l.Attachments = append(l.Attachments, attachment(a))
	}
	return l
}

const (
	leaseAtOnce = 16
	// leaseFor is how long leased mails are one sender's: when it died, another takes them when it has passed. No attempt begins in its last
	// minute.
	leaseFor = 5 * time.Minute
	// finishWithin is how long a mail under way may take after the worker was told to stop.
	finishWithin = 5 * time.Second
)

// Sender takes a mail to the mail server, or writes it as a file, and throws old files away: *mail.Sender.
type Sender interface {
	Send(ctx context.Context, m mail.Message) error
	Prune(now time.Time, kept time.Duration) error
}

// filesKept is how long a mail that was written as a file is kept: it is a transport copy.
const filesKept = 30 * 24 * time.Hour

// Service sends what is in the outbox.
type Service struct {
	store  store
	sender Sender
	log    *slog.Logger
	ended  *prometheus.CounterVec
	// pruned is the hour in which old files were last thrown away.
	pruned atomic.Int64
}

// New makes the sender of the outbox on a database it enters as samsyn_review.
func New(db pg.Beginner, sender Sender, log *slog.Logger, registerer prometheus.Registerer) *Service {
	s := &Service{store: store{db}, sender: sender, log: log, ended: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "samsyn_review_mails_total", Help: "Attempts to send a mail of the weekly review, by what they came to.",
	}, []string{"result"})}
	for _, result := range []string{"sent", "retried", "failed"} {
		s.ended.WithLabelValues(result)
	}
	registerer.MustRegister(s.ended)
	return s
}

// SendDue sends what is due at now, the wall clock, and says how many mails it tried. What does not arrive is no error: it is tried
// again later or given up. While the mail server is away one mail is tried at a call. Several may send beside each other.
func (s *Service) SendDue(ctx context.Context, now time.Time) (tried int, err error) {
	s.prune(now)
	for ctx.Err() == nil {
		list, err := s.store.lease(ctx, now, leaseAtOnce)
		if err != nil {
			return tried, err
		}
		n, err := s.sendLeased(ctx, now, list)
		tried += n
		if err != nil || n < leaseAtOnce {
			return tried, err
		}
	}
	return tried, nil
}

// prune throws old files away once an hour. What it cannot throw away holds no mail up.
func (s *Service) prune(now time.Time) {
	hour := now.Unix() / 3600
	if s.pruned.Swap(hour) == hour {
		return
	}
	if err := s.sender.Prune(now, filesKept); err != nil {
		s.log.Error("prune mails", "error", err)
	}
}

// sendLeased tries the mails in order and gives back those it does not come to.
func (s *Service) sendLeased(ctx context.Context, now time.Time, list []leased) (tried int, err error) {
	finishing, stop := outlive(ctx, finishWithin)
	defer stop()
	for began := time.Now(); tried < len(list); {
		if ctx.Err() != nil || time.Since(began) > leaseFor-time.Minute {
			break
		}
		away, err := s.attempt(finishing, now, list[tried])
		tried++
		if err != nil {
			return tried, err
		}
		if away {
			break
		}
	}
	return tried, s.store.release(finishing, list[tried:])
}

// attempt tries one mail and settles it; away says that the server did not answer at all.
func (s *Service) attempt(ctx context.Context, now time.Time, l leased) (away bool, err error) {
	failure := s.send(ctx, now, l)
	if failure == nil {
		s.ended.WithLabelValues("sent").Inc()
		return false, s.store.settle(ctx, now, l, "", nil)
	}
	if ctx.Err() != nil {
		return true, nil //nolint:nilerr // told to stop in the middle: not the server's failure, the lease runs out
	}
	known := &mail.Error{Reason: "internal error"}
	if !errors.As(failure, &known) {
		s.log.Error("send mail", "mail", l.ID, "error", failure)
	}
	next, again := backOff(now, l.Attempts+1)
	if known.Permanent || !again {
		s.log.Warn("mail given up", "mail", l.ID, "municipality", l.Municipality, "kind", l.Kind, "attempt", l.Attempts+1, "reason", known.Reason)
		s.ended.WithLabelValues("failed").Inc()
		return known.Away, s.store.settle(ctx, now, l, known.Reason, nil)
	}
	s.log.Warn("mail not delivered", "mail", l.ID, "municipality", l.Municipality, "kind", l.Kind, "attempt", l.Attempts+1, "reason", known.Reason)
	s.ended.WithLabelValues("retried").Inc()
	return known.Away, s.store.settle(ctx, now, l, known.Reason, &next)
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

// gone is why a mail to a person who is disabled or not there is given up at once.
const gone = "nobody to send it to: the person is disabled"

func (s *Service) send(ctx context.Context, now time.Time, l leased) error {
	if l.Address == "" {
		return &mail.Error{Reason: gone, Permanent: true}
	}
	m := mail.Message{
		ID: l.ID, To: l.Address, Subject: l.Subject, Text: l.Letter.Text, HTML: l.Letter.HTML, Date: now, Language: l.Language,
		Headers: l.Letter.Headers, File: l.Replay,
	}
	for _, a := range l.Letter.Attachments {
		m.Attachments = append(m.Attachments, mail.Attachment(a))
	}
	return s.sender.Send(ctx, m)
}

// attemptsInADay is how many attempts the pauses leave room for in a day.
const attemptsInADay = 9

// backOff is when the next attempt is made, and whether there is one: after 1, 5, 15 and 60 minutes, then every four hours of a day.
func backOff(now time.Time, attempts int) (next time.Time, again bool) {
	pauses := [...]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour}
	return now.Add(pauses[min(max(attempts, 1), len(pauses))-1]), attempts < attemptsInADay
}

// Delivery is one mail of the outbox, as lists show it.
type Delivery struct {
	CreatedAt    time.Time  `json:"created_at"`
	Municipality string     `json:"municipality"`
	ID           uuid.UUID  `json:"id"`
	Recipient    string     `json:"recipient"`
	Kind         string     `json:"kind"`
	State        string     `json:"state"` // due, sent, failed
	Attempts     int        `json:"attempts"`
	NextAt       *time.Time `json:"next_at,omitempty"`
	Error        string     `json:"error,omitempty"`
}

// Deliveries lists the mails of the last 30 days, the newest first, at most limit: of one municipality or (empty) of all. undelivered
// leaves out what has arrived and what has not been tried.
func (s *Service) Deliveries(ctx context.Context, m events.MunicipalityID, undelivered bool, limit int, now time.Time) ([]Delivery, error) {
	return s.store.deliveries(ctx, m, undelivered, limit, now.AddDate(0, 0, -30))
}

// Retry makes due what was given up or waits for its next attempt, and says how many mails that is.
func (s *Service) Retry(ctx context.Context, m events.MunicipalityID, now time.Time) (int, error) {
	return s.store.retry(ctx, m, now)
}
