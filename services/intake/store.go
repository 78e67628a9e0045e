// SPDX-License-Identifier: EUPL-1.2

package intake

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

// store reads keys and holds answers as intake's own login, and reads an agency's data as that agency's.
type store struct {
	db       pg.Beginner
	agencies *pg.Agencies
}

// as is the door through which an agency's own data is read: no statement there can read another's.
func (s store) as(ctx context.Context, who grant, fn func(pgx.Tx) error) error {
	return pg.InTx(ctx, s.agencies.For(who.login), who.viewer(), fn)
}

const findKeys = `-- intake: whose keys have this prefix
SELECT k.municipality, k.agency, a.login, k.prefix, a.per_second, k.secret_hash, k.revoked_at IS NOT NULL AS revoked,
       a.suspended_at IS NOT NULL AS suspended
  FROM contract.agency_key k JOIN contract.agency a USING (municipality, agency)
 WHERE k.prefix = $1`

type keyRow struct {
	Municipality, Agency, Login, Prefix string
	PerSecond                           int
	SecretHash                          []byte
	Revoked, Suspended                  bool
}

// keys returns every key with a prefix. Prefixes are random; two agencies may have the same.
func (s store) keys(ctx context.Context, prefix string) ([]knownKey, error) {
	var found []keyRow
	err := pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, findKeys, prefix)
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(rows, pgx.RowToStructByName[keyRow])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find key %s: %w", prefix, err)
	}
	known := make([]knownKey, len(found))
	for i, r := range found {
		known[i] = knownKey{hash: r.SecretHash, revoked: r.Revoked, suspended: r.Suspended, grant: grant{
			municipality: events.MunicipalityID(r.Municipality), agency: events.AgencyID(r.Agency), login: r.Login, prefix: r.Prefix,
			perSecond: r.PerSecond,
		}}
	}
	return known, nil
}

const noteKeyUsed = `-- intake: when a key was last used
SELECT contract.key_used($1, $2, $3, $4)`

func (s store) keyUsed(ctx context.Context, who grant, now time.Time) error {
	err := pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, noteKeyUsed, string(who.municipality), string(who.agency), who.prefix, now)
		return err
	})
	if err != nil {
		return fmt.Errorf("note use of key %s: %w", who.prefix, err)
	}
	return nil
}

// history is what the platform knows of one report of an agency.
type history struct {
	revision int    // the highest it has read; 0 is none
	read     uint64 // how far the agency's stream has been read
}

// Read together, so that a revision is never newer than the position says.
const readHistory = `-- intake: highest revision of a report, and how far its agency's stream is read
SELECT coalesce((SELECT max(revision) FROM contract.version WHERE municipality = $1 AND agency = $2 AND kind = $3 AND report = $4), 0),
       coalesce((SELECT seq FROM contract.position WHERE municipality = $1 AND agency = $2), 0)`

func (s store) history(ctx context.Context, who grant, kind events.Kind, report events.ReportID) (history, error) {
	var h history
	err := s.as(ctx, who, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, readHistory, string(who.municipality), string(who.agency), string(kind), string(report)).Scan(&h.revision, &h.read)
	})
	if err != nil {
		return history{}, fmt.Errorf("read history of report %s: %w", report, err)
	}
	return h, nil
}

const readReceipts = `-- intake: receipts after a cursor
SELECT batch, item, kind, report, revision, event_id, stream_seq, content, outcome, notes, reasons, decided_at
  FROM contract.receipt
 WHERE municipality = $1 AND agency = $2 AND (batch, item) > ($3, $4)
 ORDER BY batch, item LIMIT $5`

type receiptRow struct {
	Batch     int64
	Item      int32
	Kind      string
	Report    string
	Revision  int
	EventID   string
	StreamSeq int64
	Content   []byte
	Outcome   string
	Notes     []events.Reason
	Reasons   []events.Reason
	DecidedAt time.Time
}

// receipts returns those after at, oldest first, and where the last of them stands.
func (s store) receipts(ctx context.Context, who grant, at cursor, limit int) ([]events.Receipt, cursor, error) {
	var found []receiptRow
	err := s.as(ctx, who, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, readReceipts, string(who.municipality), string(who.agency), at.batch, at.item, limit)
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(rows, pgx.RowToStructByName[receiptRow])
		return err
	})
	if err != nil {
		return nil, at, fmt.Errorf("read receipts: %w", err)
	}
	receipts := make([]events.Receipt, len(found))
	for i, r := range found {
		receipts[i], at = r.receipt(who), cursor{r.Batch, r.Item}
	}
	return receipts, at, nil
}

func (r receiptRow) receipt(who grant) events.Receipt {
	var content [32]byte
	copy(content[:], r.Content)
	kind, report, outcome := events.Kind(r.Kind), events.ReportID(r.Report), events.Outcome(r.Outcome)
	return events.Receipt{
		Receipt: events.ReceiptID(who.municipality, who.agency, kind, report, r.Revision, content, outcome),
		Kind:    kind, Report: report, Revision: r.Revision, ID: r.EventID, StreamSeq: uint64(max(r.StreamSeq, 0)),
		Content: events.ContentHex(content), Outcome: outcome, Final: outcome.Final(),
		Notes: events.Explain(r.Notes), Reasons: events.Explain(r.Reasons), Decided: r.DecidedAt.UTC(),
	}
}

const countQuarantine = `-- intake: how many events wait for their sender
SELECT count(*) FROM contract.quarantine WHERE municipality = $1 AND agency = $2 AND state = 'open'`

const readQuarantine = `-- intake: events that wait for their sender
SELECT id, said_kind AS kind, said_report AS report, said_revision AS revision, event_id, since, reasons, notes, body
  FROM contract.quarantine
 WHERE municipality = $1 AND agency = $2 AND state = 'open'
 ORDER BY since, id LIMIT $3 OFFSET $4`

type quarantineRow struct {
	ID       uuid.UUID
	Kind     string
	Report   string
	Revision int
	EventID  string
	Since    time.Time
	Reasons  []events.Reason
	Notes    []events.Reason
	Body     []byte
}

func (s store) quarantine(ctx context.Context, who grant, page, limit int) (rows []quarantineRow, total int, err error) {
	err = s.as(ctx, who, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, countQuarantine, string(who.municipality), string(who.agency)).Scan(&total); err != nil {
			return err
		}
		found, err := tx.Query(ctx, readQuarantine, string(who.municipality), string(who.agency), limit, (page-1)*limit)
		if err != nil {
			return err
		}
		rows, err = pgx.CollectRows(found, pgx.RowToStructByName[quarantineRow])
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read quarantine: %w", err)
	}
	return rows, total, nil
}

const findQuarantined = `-- intake: whether this event is or was in the agency's own quarantine
SELECT EXISTS (SELECT FROM contract.quarantine WHERE municipality = $1 AND agency = $2 AND id = $3)`

func (s store) quarantined(ctx context.Context, who grant, id uuid.UUID) (bool, error) {
	var found bool
	err := s.as(ctx, who, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, findQuarantined, string(who.municipality), string(who.agency), id).Scan(&found)
	})
	if err != nil {
		return false, fmt.Errorf("find quarantined event %s: %w", id, err)
	}
	return found, nil
}

// claimed is what an Idempotency-Key turned out to be.
type claimed struct {
	ours        bool // nobody has answered under it: we do
	fingerprint []byte
	answer      *storedAnswer // nil while another request is being answered
}

type storedAnswer struct {
	status      int
	contentType string
	language    string
	body        []byte
}

// A key is free when it is new, when it has expired, or when whoever took it for the same request never answered.
const claimKey = `-- intake: take an Idempotency-Key
INSERT INTO intake.answer AS a (municipality, agency, key, fingerprint, claim, claimed_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (municipality, agency, key) DO UPDATE
   SET fingerprint = excluded.fingerprint, claim = excluded.claim, claimed_at = excluded.claimed_at, expires_at = excluded.expires_at,
       status = NULL, content_type = NULL, language = NULL, body = NULL
 WHERE a.expires_at <= $6 OR (a.status IS NULL AND a.fingerprint = excluded.fingerprint AND a.claimed_at <= $8)
RETURNING true`

const dropExpired = `-- intake: remove answers whose time is up
DELETE FROM intake.answer WHERE municipality = $1 AND agency = $2 AND expires_at <= $3 AND key <> $4`

const readAnswer = `-- intake: the answer under an Idempotency-Key
SELECT fingerprint, status, content_type, language, body FROM intake.answer WHERE municipality = $1 AND agency = $2 AND key = $3`

func (s store) claim(ctx context.Context, who grant, key string, fingerprint [32]byte, claim uuid.UUID, now time.Time) (claimed, error) {
	var c claimed
	err := pg.InTx(ctx, s.db, who.viewer(), func(tx pgx.Tx) error {
		c = claimed{}
		m, a := string(who.municipality), string(who.agency)
		if _, err := tx.Exec(ctx, dropExpired, m, a, now, key); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, claimKey, m, a, key, fingerprint[:], claim, now, now.Add(answerKept), now.Add(-claimKept)).Scan(&c.ours)
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		var status *int
		var contentType, language *string
		var body []byte
		err = tx.QueryRow(ctx, readAnswer, m, a, key).Scan(&c.fingerprint, &status, &contentType, &language, &body)
		if errors.Is(err, pgx.ErrNoRows) { // given back this moment: the one who asks comes again
			c.fingerprint = fingerprint[:]
			return nil
		}
		if err != nil {
			return err
		}
		if status != nil {
			c.answer = &storedAnswer{*status, *contentType, *language, body}
		}
		return nil
	})
	if err != nil {
		return claimed{}, fmt.Errorf("take idempotency key: %w", err)
	}
	return c, nil
}

const storeAnswer = `-- intake: what was answered under an Idempotency-Key
UPDATE intake.answer SET status = $5, content_type = $6, language = $7, body = $8
 WHERE municipality = $1 AND agency = $2 AND key = $3 AND claim = $4`

const freeKey = `-- intake: give an Idempotency-Key back, unanswered
DELETE FROM intake.answer WHERE municipality = $1 AND agency = $2 AND key = $3 AND claim = $4 AND status IS NULL`

// conclude stores the answer, or without one gives the key back. Whoever lost the claim meanwhile changes nothing.
func (s store) conclude(ctx context.Context, who grant, key string, claim uuid.UUID, a *storedAnswer) error {
	err := pg.InTx(ctx, s.db, who.viewer(), func(tx pgx.Tx) error {
		if a == nil {
			_, err := tx.Exec(ctx, freeKey, string(who.municipality), string(who.agency), key, claim)
			return err
		}
		_, err := tx.Exec(ctx, storeAnswer, string(who.municipality), string(who.agency), key, claim, a.status, a.contentType, a.language, a.body)
		return err
	})
	if err != nil {
		return fmt.Errorf("conclude idempotency key: %w", err)
	}
	return nil
}
