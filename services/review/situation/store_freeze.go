// SPDX-License-Identifier: EUPL-1.2

package situation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/internal/web"
	"samsyn/services/review/calendar"
	"samsyn/services/review/outgoing"
)

// towns are every municipality with its clock and its rhythm.
func (s Store) towns(ctx context.Context) (all []calendar.Town, err error) {
	err = pg.InTx(ctx, s.db, pg.System, func(tx pgx.Tx) (err error) {
		all, err = calendar.ReadAll(ctx, tx)
		return err
	})
	return all, err
}

// publish says that a version is there, once this commits.
func (in session) publish(ctx context.Context, s Situation) error {
	m := events.MunicipalityID(in.municipality)
	return outgoing.Decided(ctx, in.tx, m, events.ReportPublished{
		Municipality: m, Week: s.Report.Week, Version: s.Report.Version, SHA256: s.SHA256, Frozen: s.Report.FrozenAt,
	})
}

const insertSituation = `-- situation: store a version
INSERT INTO review.situation (municipality, week, version, body, sha256, frozen_at, stored_at, frozen_by, batch)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (municipality, week, version) DO NOTHING`

const insertBasis = `-- situation: the reports behind a version
INSERT INTO review.situation_basis (municipality, week, version, agency, report, revision)
SELECT $1, $2, $3, q.agency, q.report, q.revision FROM unnest($4::text[], $5::text[], $6::int[]) AS q (agency, report, revision)`

// insert stores a version and what is behind it. Of two who freeze at once, the second collides in the key: in a snapshot that
// is a serialization failure, so it is done again and finds the version of the first.
func (in session) insert(ctx context.Context, s Situation, basis []basisRow, week web.Week, wall time.Time) error {
	r := s.Report
	sum, err := hex.DecodeString(s.SHA256)
	if err != nil {
		return fmt.Errorf("read hash: %w", err)
	}
	monday := week.Monday(time.UTC)
	tag, err := in.tx.Exec(ctx, insertSituation, r.Municipality, monday, r.Version, s.Body, sum, r.FrozenAt, wall, r.FrozenBy, r.Batch)
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrConflict
	}
	if err != nil {
		return fmt.Errorf("store report: %w", err)
	}
	agencies, reports, revisions := make([]string, len(basis)), make([]string, len(basis)), make([]int, len(basis))
	for i, b := range basis {
		agencies[i], reports[i], revisions[i] = b.Agency, b.Report, b.Revision
	}
	if _, err := in.tx.Exec(ctx, insertBasis, r.Municipality, monday, r.Version, agencies, reports, revisions); err != nil {
		return fmt.Errorf("store basis: %w", err)
	}
	return nil
}

const insertWordsRow = `-- situation: what was written about a version
INSERT INTO review.situation_words (municipality, week, version, revision, adopted, body, sha256)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (municipality, week, version, revision) DO NOTHING`

// insertWords stores words under their revision; ErrConflict where that is taken.
func (in session) insertWords(ctx context.Context, week web.Week, version int, w Words) error {
	body, err := canonical(w)
	if err != nil {
		return fmt.Errorf("write words: %w", err)
	}
	sum := sha256.Sum256(body)
	tag, err := in.tx.Exec(ctx, insertWordsRow, in.municipality, week.Monday(time.UTC), version, w.Revision, w.Adopted, body, sum[:])
	if err != nil {
		return fmt.Errorf("store words: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrConflict
	}
	return nil
}

const (
	selectLastKept = `-- situation: the last week whose deadline was kept
SELECT max(week) FROM review.situation_deadline WHERE municipality = $1`

	insertKept = `-- situation: the deadline of a week is kept
INSERT INTO review.situation_deadline (municipality, week, kept_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`
)

func (in session) lastKept(ctx context.Context) (week *time.Time, err error) {
	if err := in.tx.QueryRow(ctx, selectLastKept, in.municipality).Scan(&week); err != nil {
		return nil, fmt.Errorf("read last kept deadline of %s: %w", in.municipality, err)
	}
	return week, nil
}

func (in session) keep(ctx context.Context, week web.Week, now time.Time) error {
	if _, err := in.tx.Exec(ctx, insertKept, in.municipality, week.Monday(time.UTC), now); err != nil {
		return fmt.Errorf("keep deadline of %s: %w", in.municipality, err)
	}
	return nil
}

// versionRow is one version without its content.
type versionRow struct {
	Week     time.Time
	Version  int
	FrozenAt time.Time
	FrozenBy string
	SHA256   []byte `db:"sha256"`
	Batch    int64
	Adopted  bool
}

const selectVersions = `-- situation: every version of some weeks, newest first
SELECT week, version, frozen_at, frozen_by, sha256, batch, adopted FROM contract.situation
 WHERE municipality = $1 AND week >= $2 AND week <= $3 ORDER BY week DESC, version DESC`

const selectStoredBasis = `-- situation: the reports behind a version
SELECT agency, report, revision, '' AS unit FROM review.situation_basis
 WHERE municipality = $1 AND week = $2 AND version = $3`

func (in session) storedBasis(ctx context.Context, week web.Week, version int) ([]basisRow, error) {
	return collect[basisRow](ctx, in.tx, "stored basis", selectStoredBasis, in.municipality, week.Monday(time.UTC), version)
}
