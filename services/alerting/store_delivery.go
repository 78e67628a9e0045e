// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/internal/pg"
)

const insertNotices = `-- alerting: log who is due what; a revision, channel and recipient is one row for ever
INSERT INTO alerting.notification (municipality, flag, revision, channel, recipient, subscription, digest, created_at, due_at)
SELECT $1, n.flag, n.revision, n.channel, n.recipient, nullif(n.subscription, '00000000-0000-0000-0000-000000000000'), n.digest, $2, n.due_at
  FROM unnest($3::uuid[], $4::int[], $5::text[], $6::text[], $7::uuid[], $8::boolean[], $9::timestamptz[])
       AS n (flag, revision, channel, recipient, subscription, digest, due_at)
ON CONFLICT DO NOTHING`

func queueNotices(batch *pgx.Batch, m events.MunicipalityID, now time.Time, notices []notice) {
	if len(notices) == 0 {
		return
	}
	var flags, subscriptions []uuid.UUID
	var revisions []int
	var channels, recipients []string
	var digests []bool
	var due []time.Time
	for _, n := range notices {
		flags, subscriptions = append(flags, n.Flag), append(subscriptions, n.Subscription)
		revisions, digests, due = append(revisions, n.Revision), append(digests, n.Digest), append(due, n.DueAt)
		channels, recipients = append(channels, n.Channel), append(recipients, n.Recipient)
	}
	batch.Queue(insertNotices, m, now, flags, revisions, channels, recipients, subscriptions, digests, due)
}

// One planner at a time: two would each see an hour with room in it.
const lockPlanning = `-- alerting: plan messages alone
SELECT pg_try_advisory_xact_lock(hashtext('alerting: plan messages'))`

const selectDue = `-- alerting: what is due and carried by no message
SELECT municipality, channel, recipient, coalesce(subscription, '00000000-0000-0000-0000-000000000000') AS subscription,
       flag, revision, digest, due_at
  FROM alerting.notification
 WHERE message IS NULL AND due_at <= $1
 ORDER BY municipality, channel, recipient, due_at, flag, revision
 LIMIT 20000`

const selectLastHour = `-- alerting: what the recipients were sent in the last hour
SELECT m.channel, m.recipient, m.kind, m.created_at, array_agg(DISTINCT n.flag) AS flags
  FROM alerting.message m
  JOIN alerting.notification n ON (n.municipality, n.message) = (m.municipality, m.id)
 WHERE m.municipality = $1 AND m.created_at > $2
 GROUP BY m.municipality, m.id`

const insertMessage = `-- alerting: a message to be
INSERT INTO alerting.message (municipality, id, channel, recipient, subscription, kind, state, created_at, next_at)
VALUES ($1, $2, $3, $4, nullif($5::uuid, '00000000-0000-0000-0000-000000000000'), $6, 'due', $7, $7)`

const carryNotices = `-- alerting: these notifications are carried by this message
UPDATE alerting.notification n SET message = $2
  FROM unnest($5::uuid[], $6::int[]) AS c (flag, revision)
 WHERE n.municipality = $1 AND n.channel = $3 AND n.recipient = $4 AND n.flag = c.flag AND n.revision = c.revision AND n.message IS NULL`

type dueRow struct {
	Municipality events.MunicipalityID
	Channel      string
	Recipient    string
	Subscription uuid.UUID
	Flag         uuid.UUID
	Revision     int
	Digest       bool
	DueAt        time.Time
}

type mailbox struct{ channel, recipient string }

// planMessages turns what is due into messages and says how many it made. It does nothing when another planner is at it.
func (s store) planMessages(ctx context.Context, now time.Time) (made int, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		made = 0
		var alone bool
		if err := tx.QueryRow(ctx, lockPlanning).Scan(&alone); err != nil || !alone {
			return err
		}
		due, err := collect[dueRow](ctx, tx, selectDue, now)
		if err != nil {
			return err
		}
		byTown := map[events.MunicipalityID]map[mailbox][]dueRow{}
		for _, d := range due {
			if byTown[d.Municipality] == nil {
				byTown[d.Municipality] = map[mailbox][]dueRow{}
			}
			box := mailbox{d.Channel, d.Recipient}
			byTown[d.Municipality][box] = append(byTown[d.Municipality][box], d)
		}
		for m, boxes := range byTown {
			n, err := planTown(ctx, tx, now, m, boxes)
			if err != nil {
				return err
			}
			made += n
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("plan messages: %w", err)
	}
	return made, nil
}

func planTown(ctx context.Context, tx pgx.Tx, now time.Time, m events.MunicipalityID, boxes map[mailbox][]dueRow) (made int, err error) {
	type sentRow struct {
		Channel, Recipient, Kind string
		CreatedAt                time.Time
		Flags                    []uuid.UUID
	}
	sent, err := collect[sentRow](ctx, tx, selectLastHour, m, now.Add(-time.Hour))
	if err != nil {
		return 0, err
	}
	lastHour := map[mailbox][]carried{}
	for _, r := range sent {
		box := mailbox{r.Channel, r.Recipient}
		lastHour[box] = append(lastHour[box], carried{r.Kind, r.Flags, r.CreatedAt})
	}
	batch := &pgx.Batch{}
	for box, rows := range boxes {
		items := make([]pending, len(rows))
		for i, r := range rows {
			items[i] = pending{r.Flag, r.Revision, r.Digest, r.DueAt}
		}
		for _, p := range plan(now, box.channel, items, lastHour[box]) {
			queueMessage(batch, now, m, box, rows[0].Subscription, p)
			made++
		}
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return 0, fmt.Errorf("store messages of %s: %w", m, err)
	}
	return made, nil
}

func queueMessage(batch *pgx.Batch, now time.Time, m events.MunicipalityID, box mailbox, subscription uuid.UUID, p parcel) {
	id := uuid.Must(uuid.NewV7())
	flags, revisions := make([]uuid.UUID, len(p.Items)), make([]int, len(p.Items))
	for i, item := range p.Items {
		flags[i], revisions[i] = item.Flag, item.Revision
	}
	batch.Queue(insertMessage, m, id, box.channel, box.recipient, subscription, p.Kind, now)
	batch.Queue(carryNotices, m, id, box.channel, box.recipient, flags, revisions)
}

// A lease longer than the longest attempt: a sender that died gives its messages back when it has passed.
const leaseFor = 2 * time.Minute

const leaseMessages = `-- alerting: lease what is due of a channel, oldest first
UPDATE alerting.message m SET leased_until = $2
 WHERE (municipality, id) IN (
       SELECT municipality, id FROM alerting.message
        WHERE state = 'due' AND channel = $1 AND next_at <= $3 AND (leased_until IS NULL OR leased_until <= $3)
        ORDER BY next_at, id
        LIMIT $4
        FOR UPDATE SKIP LOCKED)
RETURNING municipality, id, channel, recipient, kind, created_at, attempts, coalesce(subscription, '00000000-0000-0000-0000-000000000000') AS subscription`

// Whoever was not told of the first revision hears of something new, though its latest revision is an update.
const selectCarried = `-- alerting: the flags of a message, each at its highest revision
SELECT DISTINCT ON (n.flag) e.body || jsonb_build_object('new', bool_or((e.body->>'new')::boolean) OVER (PARTITION BY n.flag)) AS body
  FROM alerting.notification n
  JOIN alerting.flag_event e USING (municipality, flag, revision)
 WHERE n.municipality = $1 AND n.message = $2
 ORDER BY n.flag, n.revision DESC`

type leasedRow struct {
	Municipality             events.MunicipalityID
	ID                       uuid.UUID
	Channel, Recipient, Kind string
	CreatedAt                time.Time
	Attempts                 int
	Subscription             uuid.UUID
}

// lease takes up to limit messages of a channel for two minutes and loads what they carry, oldest first.
func (s store) lease(ctx context.Context, channel string, now time.Time, limit int) (letters []letter, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		letters = nil
		rows, err := collect[leasedRow](ctx, tx, leaseMessages, channel, now.Add(leaseFor), now, limit)
		if err != nil {
			return err
		}
		for _, r := range rows {
			l := letter{
				ID: r.ID, Municipality: r.Municipality, Channel: r.Channel, Recipient: r.Recipient, Kind: r.Kind,
				CreatedAt: r.CreatedAt, Attempts: r.Attempts, Subscription: Subscription{Agency: events.AgencyID(r.Recipient)},
			}
			if err := loadLetter(ctx, tx, &l, r.Subscription); err != nil {
				return err
			}
			letters = append(letters, l)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("lease %s messages: %w", channel, err)
	}
	return letters, nil
}

func loadLetter(ctx context.Context, tx pgx.Tx, l *letter, subscription uuid.UUID) error {
	if subscription != uuid.Nil {
		found, err := collect[Subscription](ctx, tx, selectSubscription, l.Municipality, subscription)
		if err != nil {
			return err
		}
		for _, one := range found {
			l.Subscription = one
		}
	}
	var err error
	l.Flags, err = flagBodies(ctx, tx, selectCarried, l.Municipality, l.ID)
	return err
}

const settleSent = `-- alerting: a message arrived
UPDATE alerting.message SET state = 'sent', attempts = attempts + 1, ended_at = $3, leased_until = NULL, error = ''
 WHERE municipality = $1 AND id = $2 AND state = 'due'`

const settleFailed = `-- alerting: a message did not arrive; without a next time it is given up
UPDATE alerting.message
   SET attempts = attempts + 1, error = $3, leased_until = NULL, next_at = coalesce($4, next_at),
       state = CASE WHEN $4::timestamptz IS NULL THEN 'failed' ELSE 'due' END, ended_at = CASE WHEN $4::timestamptz IS NULL THEN $5::timestamptz END
 WHERE municipality = $1 AND id = $2 AND state = 'due'`

// Whoever is away is not asked again for each message that waits.
const deferRecipient = `-- alerting: the others to the same recipient wait, too
UPDATE alerting.message SET next_at = greatest(next_at, $4), leased_until = NULL
 WHERE municipality = $1 AND channel = $2 AND recipient = $3 AND state = 'due' AND attempts = 0`

// settle records what an attempt came to. next nil and reason given: given up.
func (s store) settle(ctx context.Context, now time.Time, l letter, reason string, next *time.Time) error {
	err := pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		if reason == "" {
			_, err := tx.Exec(ctx, settleSent, l.Municipality, l.ID, now)
			return err
		}
		if _, err := tx.Exec(ctx, settleFailed, l.Municipality, l.ID, reason, next, now); err != nil || next == nil {
			return err
		}
		_, err := tx.Exec(ctx, deferRecipient, l.Municipality, l.Channel, l.Recipient, *next)
		return err
	})
	if err != nil {
		return fmt.Errorf("settle message %s: %w", l.ID, err)
	}
	return nil
}

const subscriptionColumns = `municipality, id, channel, recipient, agency, role, area, groups, kinds, secret, created_at, ended_at`

const (
	selectSubscription = `-- alerting: one subscription
SELECT ` + subscriptionColumns + ` FROM alerting.subscription WHERE municipality = $1 AND id = $2`

	selectSubscriptions = `-- alerting: the subscriptions that hold
SELECT ` + subscriptionColumns + ` FROM alerting.subscription WHERE municipality = $1 AND ended_at IS NULL ORDER BY created_at, id`

	insertSubscription = `-- alerting: subscribe; the same twice is one
INSERT INTO alerting.subscription (municipality, id, channel, recipient, agency, role, area, groups, kinds, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (municipality, channel, recipient, area) WHERE ended_at IS NULL DO NOTHING`

	endSubscription = `-- alerting: unsubscribe
UPDATE alerting.subscription SET ended_at = $3 WHERE municipality = $1 AND id = $2 AND ended_at IS NULL`
)

// ErrNoSubscription says that there is no such subscription, or that it has ended.
var ErrNoSubscription = errors.New("no such subscription")

// ErrSubscribed says that this recipient already hears of this area on this channel.
var ErrSubscribed = errors.New("already subscribed")

func (s store) subscriptions(ctx context.Context, v pg.Viewer, m events.MunicipalityID) (list []Subscription, err error) {
	err = pg.InTx(ctx, s.db, v, func(tx pgx.Tx) (err error) {
		list, err = collect[Subscription](ctx, tx, selectSubscriptions, m)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list subscriptions of %s: %w", m, err)
	}
	return list, nil
}

func (s store) subscribe(ctx context.Context, n Subscription) error {
	return pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, insertSubscription, n.Municipality, n.ID, n.Channel, n.Recipient, n.Agency, n.Role, n.Area, n.Groups, n.Kinds, n.CreatedAt)
		if err != nil {
			return fmt.Errorf("subscribe: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return ErrSubscribed
		}
		return nil
	})
}

func (s store) unsubscribe(ctx context.Context, m events.MunicipalityID, id uuid.UUID, now time.Time) error {
	return pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, endSubscription, m, id, now)
		if err != nil {
			return fmt.Errorf("unsubscribe %s: %w", id, err)
		}
		if tag.RowsAffected() == 0 {
			return ErrNoSubscription
		}
		return nil
	})
}

func collect[T any](ctx context.Context, tx pgx.Tx, sql string, args ...any) ([]T, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}
