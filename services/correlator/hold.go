// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/events"
)

// An event is held when deciding it fails because of a bug of ours. It is stored with its bytes and
// the error, its stream goes on, and it is tried again: after an upgrade it may pass.

const insertHeld = `-- correlator: an event that could not be decided
INSERT INTO correlator.held AS h (municipality, agency, verb, sha256, stream_seq, stored_at, body, trace, error, held_at, next_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (municipality, agency, verb, sha256) DO UPDATE SET attempts = h.attempts + 1, error = excluded.error, next_at = excluded.next_at`

// judgeOne judges one message; a panic makes the verdict held.
func (s *Service) judgeOne(ref *reference, in arrival) (v verdict) {
	defer func() {
		if p := recover(); p != nil {
			v = verdict{arrival: in, outcome: events.Held}
			s.log.Error("panic while judging", "municipality", in.municipality, "agency", in.agency, "stream_seq", in.seq, "panic", fmt.Sprint(p))
		}
	}()
	return ref.judge(in)
}

// holdOne puts a single event aside. Its position moves in the same transaction: nothing comes again
// because of it, and nothing behind it waits.
func (s *Service) holdOne(ctx context.Context, w work, cause error, sent chan<- work) error {
	v := w.verdicts[0]
	v.sha = sumOf(v.body)
	trace := uuid.New()
	err := s.patiently(ctx, func() error {
		if !s.breaker.allow(time.Now()) {
			return errBreaker
		}
		if err := s.hold(ctx, w.ref, v, trace, cause); err != nil {
			return fmt.Errorf("%w: %w", errNotHeld, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.metrics.held.Inc()
	s.log.Error("event held", "municipality", v.municipality, "agency", v.agency, "stream_seq", v.seq, "trace", trace, "error", cause)
	w.outgoing = nil
	sent <- w
	return nil
}

// errNotHeld says that not even holding an event works. There is nothing left to do but wait: going on
// would lose it.
var errNotHeld = errors.New("event cannot be held")

func (s *Service) hold(ctx context.Context, ref *reference, v verdict, trace uuid.UUID, cause error) error {
	return s.transact(ctx, ref, func(ctx context.Context, tx pgx.Tx, b *booking) error {
		var err error
		if b.batch, err = s.store.nextBatch(ctx, tx, ref.municipality); err != nil {
			return err
		}
		b.reached(&v)
		if err := s.store.hold(ctx, tx, v, trace, cause, b.now); err != nil {
			return err
		}
		return b.finish(ctx, tx, nil)
	})
}

func (s *store) hold(ctx context.Context, tx pgx.Tx, v verdict, trace uuid.UUID, cause error, now time.Time) error {
	_, err := tx.Exec(ctx, insertHeld, string(v.municipality), string(v.agency), string(v.verb), v.sha[:], int64(v.seq), v.stored, v.body,
		trace, cause.Error(), now, now.Add(heldEvery))
	if err != nil {
		return fmt.Errorf("hold event %d of %s/%s: %w", v.seq, v.municipality, v.agency, err)
	}
	return nil
}

// errBreaker says that so many events fail that no event can be to blame.
var errBreaker = errors.New("more than 1 % of the events of 5 minutes could not be decided: not holding any more")

// breaker lets a few events be held, and stops when they are more than bad luck: more than ten in
// five minutes.
type breaker struct {
	mu   sync.Mutex
	held []time.Time
}

const (
	breakerWindow = 5 * time.Minute
	breakerMost   = 10
)

func (b *breaker) allow(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.held) > 0 && now.Sub(b.held[0]) > breakerWindow {
		b.held = b.held[1:]
	}
	if len(b.held) >= breakerMost {
		return false
	}
	b.held = append(b.held, now)
	return true
}

// Held is one event that waits for us.
type Held struct {
	Municipality string    `json:"municipality"`
	Agency       string    `json:"agency"`
	Verb         string    `json:"verb"`
	StreamSeq    int64     `json:"stream_seq"`
	StoredAt     time.Time `json:"stored_at"`
	Trace        uuid.UUID `json:"trace"`
	Error        string    `json:"error"`
	Attempts     int       `json:"attempts"`
	HeldAt       time.Time `json:"held_at"`
	NextAt       time.Time `json:"next_at"`
}

const listHeld = `-- correlator: events that wait for us
SELECT municipality, agency, verb, stream_seq, stored_at, trace, error, attempts, held_at, next_at
  FROM correlator.held ORDER BY held_at, municipality, agency`

// ListHeld lists the events that could not be decided, the oldest first, without their contents.
func (s *Service) ListHeld(ctx context.Context) ([]Held, error) {
	rows, err := s.store.pool.Query(ctx, listHeld)
	if err != nil {
		return nil, fmt.Errorf("list held events: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Held])
}

const dueHeld = `-- correlator: held events whose time has come
SELECT municipality, agency, verb, stream_seq, stored_at, body FROM correlator.held WHERE next_at <= $1 ORDER BY held_at LIMIT 100`

const postponeHeld = `-- correlator: tried again in vain
UPDATE correlator.held SET attempts = attempts + 1, error = $5, next_at = $6
 WHERE (municipality, agency, verb, sha256) = ($1, $2, $3, $4)`

const deleteHeld = `-- correlator: decided at last
DELETE FROM correlator.held WHERE (municipality, agency, verb, sha256) = ($1, $2, $3, $4)`

// retryHeld tries held events again every now and then.
func (s *Service) retryHeld(ctx context.Context) error {
	for sleep(ctx, heldEvery) {
		if _, _, err := s.RetryHeld(ctx, time.Now()); err != nil {
			s.log.Warn("held events not tried", "error", err)
		}
	}
	return nil
}

// RetryHeld tries the held events whose time has come by now; it returns how many were decided and
// how many still wait.
func (s *Service) RetryHeld(ctx context.Context, now time.Time) (decided, left int, err error) {
	rows, err := s.store.pool.Query(ctx, dueHeld, now)
	if err != nil {
		return 0, 0, fmt.Errorf("read held events: %w", err)
	}
	type row struct {
		Municipality, Agency, Verb string
		StreamSeq                  int64
		StoredAt                   time.Time
		Body                       []byte
	}
	due, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	if err != nil {
		return 0, 0, fmt.Errorf("read held events: %w", err)
	}
	for _, r := range due {
		in := arrival{
			municipality: events.MunicipalityID(r.Municipality), agency: events.AgencyID(r.Agency), verb: events.Verb(r.Verb),
			stored: r.StoredAt, body: r.Body,
		}
		switch err := s.retryOne(ctx, in); {
		case err == nil:
			decided++
		case ours(err):
			return decided, left, err
		default:
			left++
			sum := sumOf(in.body)
			next := now.Add(min(heldLongest, now.Sub(in.stored)))
			if _, err := s.store.pool.Exec(ctx, postponeHeld, r.Municipality, r.Agency, r.Verb, sum[:], err.Error(), next); err != nil {
				return decided, left, fmt.Errorf("postpone held event: %w", err)
			}
		}
	}
	return decided, left, nil
}

func (s *Service) retryOne(ctx context.Context, in arrival) error {
	return s.commit(ctx, in.municipality, func(ctx context.Context, tx pgx.Tx, b *booking) error {
		v := s.judgeOne(b.ref, in)
		if v.outcome == events.Held {
			return errHeld
		}
		if err := b.book(ctx, tx, []verdict{v}); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, deleteHeld, string(in.municipality), string(in.agency), string(in.verb), v.sha[:])
		return err
	})
}
