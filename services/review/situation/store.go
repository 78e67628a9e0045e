// SPDX-License-Identifier: EUPL-1.2

package situation

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"samsyn/internal/pg"
	"samsyn/internal/web"
)

// What a caller branches on.
var (
	// ErrUnknown is a municipality, a week or a version that is not there, or not for this viewer.
	ErrUnknown = errors.New("no such situation report")
	// ErrNotOver is a week that has not ended by the municipality's clock.
	ErrNotOver = errors.New("the week is not over")
	// ErrAdopted is a version that the review has adopted: its words stand.
	ErrAdopted = errors.New("the situation report is adopted")
	// ErrConflict is words that somebody else has saved meanwhile.
	ErrConflict = errors.New("somebody else has saved")
)

// TamperedError is a stored row that is not what its hash says.
type TamperedError struct {
	What, Municipality, Week string
	Version                  int
}

// Error names the row.
func (e *TamperedError) Error() string {
	return fmt.Sprintf("%s of version %d of %s in %s is not what its SHA-256 says", e.What, e.Version, e.Week, e.Municipality)
}

// DB is a pool that logs in as samsyn_review.
type DB interface {
	pg.Beginner
	BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error)
}

// Store reads and writes situation reports.
type Store struct{ db DB }

// snapshot begins transactions that see one moment: the numbers of a report agree with each other.
type snapshot struct{ db DB }

// Begin implements pg.Beginner.
func (s snapshot) Begin(ctx context.Context) (pgx.Tx, error) {
	return s.db.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
}

// session reads and writes of one municipality in one transaction.
type session struct {
	tx           pgx.Tx
	municipality string
}

// in runs fn in a snapshot on behalf of v, about a municipality.
func (s Store) in(ctx context.Context, v pg.Viewer, municipality string, fn func(session) error) error {
	return pg.InTx(ctx, snapshot(s), v, func(tx pgx.Tx) error { return fn(session{tx, municipality}) })
}

// Latest is the newest version of a week's report of the viewer's municipality; ErrUnknown where there is none.
func (s Store) Latest(ctx context.Context, v pg.Viewer, week web.Week) (Situation, error) {
	return s.Read(ctx, v, week, 0)
}

// Read is one version of a week's report of the viewer's municipality, 0 the newest; ErrUnknown where there is none.
func (s Store) Read(ctx context.Context, v pg.Viewer, week web.Week, version int) (Situation, error) {
	var found Situation
	err := s.in(ctx, v, v.Municipality, func(in session) (err error) {
		found, err = in.situation(ctx, week, version)
		return err
	})
	return found, err
}

const selectSituation = `-- situation: one version with its words
SELECT s.municipality, s.week, s.version, s.body, s.sha256, w.revision, w.body AS words, w.sha256 AS words_sha256
  FROM review.situation s
  LEFT JOIN LATERAL (SELECT revision, body, sha256 FROM review.situation_words w
                      WHERE (w.municipality, w.week, w.version) = (s.municipality, s.week, s.version) ORDER BY revision DESC LIMIT 1) w ON true
 WHERE s.municipality = $1 AND s.week = $2 AND ($3 = 0 OR s.version = $3)
 ORDER BY s.version DESC LIMIT 1`

type situationRow struct {
	Municipality string
	Week         time.Time
	Version      int
	Body         []byte
	SHA256       []byte `db:"sha256"`
	Revision     *int
	Words        []byte
	WordsSHA256  []byte `db:"words_sha256"`
}

// ReadTx is Read in the caller's transaction.
func ReadTx(ctx context.Context, tx pgx.Tx, municipality string, week web.Week, version int) (Situation, error) {
	return session{tx, municipality}.situation(ctx, week, version)
}

func (in session) situation(ctx context.Context, week web.Week, version int) (Situation, error) {
	rows, err := in.tx.Query(ctx, selectSituation, in.municipality, week.Monday(time.UTC), version)
	if err != nil {
		return Situation{}, fmt.Errorf("read situation report %s: %w", week, err)
	}
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[situationRow])
	if errors.Is(err, pgx.ErrNoRows) {
		return Situation{}, ErrUnknown
	}
	if err != nil {
		return Situation{}, fmt.Errorf("read situation report %s: %w", week, err)
	}
	return row.open(in.municipality, week.String())
}

// open checks the hashes and decodes.
func (row situationRow) open(municipality, week string) (Situation, error) {
	tampered := func(what string) error { return &TamperedError{what, municipality, week, row.Version} }
	if !hashed(row.Body, row.SHA256) {
		return Situation{}, tampered("the report")
	}
	s := Situation{SHA256: hex.EncodeToString(row.SHA256), Body: row.Body, Words: Words{Levels: map[string]Decided{}}}
	if err := json.Unmarshal(row.Body, &s.Report); err != nil {
		return Situation{}, fmt.Errorf("decode situation report %s: %w", week, err)
	}
	if s.Report.Municipality != municipality || s.Report.Week != week || s.Report.Version != row.Version {
		return Situation{}, tampered("the place")
	}
	if row.Revision == nil {
		return s, nil
	}
	if !hashed(row.Words, row.WordsSHA256) {
		return Situation{}, tampered("the words")
	}
	if err := json.Unmarshal(row.Words, &s.Words); err != nil {
		return Situation{}, fmt.Errorf("decode words of situation report %s: %w", week, err)
	}
	return s, nil
}

func hashed(body, sum []byte) bool {
	is := sha256.Sum256(body)
	return bytes.Equal(is[:], sum)
}

// canonical is the one way a report is written: members in the order of the type, names of maps sorted, no white space.
func canonical(value any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
