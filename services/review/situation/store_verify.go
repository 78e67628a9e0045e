// SPDX-License-Identifier: EUPL-1.2

package situation

import (
	"context"
	"fmt"

	"samsyn/internal/pg"
	"samsyn/internal/web"
)

// storedRow is a version with what is kept behind it.
type storedRow struct {
	situationRow
	Behind       int
	BehindSHA256 string `db:"behind_sha256"`
}

func (r situationRow) week() string { return web.WeekOf(r.Week).String() }

const selectStored = `-- situation: every version, with the hash of the reports kept behind it
SELECT s.municipality, s.week, s.version, s.body, s.sha256, NULL::int AS revision, NULL::bytea AS words, NULL::bytea AS words_sha256,
       coalesce(b.n, 0) AS behind, encode(sha256(convert_to(coalesce(b.lines, ''), 'UTF8')), 'hex') AS behind_sha256
  FROM review.situation s
  LEFT JOIN LATERAL (SELECT count(*)::int AS n, string_agg(agency || '/' || report || '/' || revision || E'\n', '' ORDER BY agency COLLATE "C", report COLLATE "C") AS lines
                       FROM review.situation_basis b WHERE (b.municipality, b.week, b.version) = (s.municipality, s.week, s.version)) b ON true
 ORDER BY s.municipality, s.week, s.version`

// stored are all versions of all municipalities.
func (s Store) stored(ctx context.Context) (all []storedRow, err error) {
	err = s.in(ctx, pg.System, "", func(in session) (err error) {
		all, err = collect[storedRow](ctx, in.tx, "stored reports", selectStored)
		return err
	})
	return all, err
}

// oddWords says how many words there are, and which are not what their hash says.
type oddWords struct {
	Checked int64
	Odd     []string
}

const selectOddWords = `-- situation: words that are not what their hash says
SELECT count(*) AS checked,
       coalesce(array_agg(format('words %s of situation report %s version %s of %s are not what their SHA-256 says', revision, to_char(week, 'IYYY-"W"IW'), version, municipality)
         ORDER BY municipality, week, version, revision) FILTER (WHERE sha256(body) <> sha256), '{}') AS odd
  FROM review.situation_words`

func (s Store) wordsWithoutHash(ctx context.Context) (found oddWords, err error) {
	err = s.in(ctx, pg.System, "", func(in session) error {
		rows, err := collect[oddWords](ctx, in.tx, "odd words", selectOddWords)
		if err != nil {
			return fmt.Errorf("compare words: %w", err)
		}
		found = rows[0]
		return nil
	})
	return found, err
}
