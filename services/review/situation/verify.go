// SPDX-License-Identifier: EUPL-1.2

package situation

import (
	"context"
	"fmt"
)

// Verification is what was compared and what did not agree.
type Verification struct {
	Checked  map[string]int64
	Problems []string
}

// mostProblems bounds the list: what is wrong a thousand times is wrong in one way.
const mostProblems = 200

func (v *Verification) problem(format string, args ...any) {
	if len(v.Problems) < mostProblems {
		v.Problems = append(v.Problems, fmt.Sprintf(format, args...))
	}
}

// Verify compares every stored version with its hash, with the version before, and with the reports kept behind it, and every
// word with its hash. It writes nothing. db logs in as samsyn_review.
func Verify(ctx context.Context, db DB) (Verification, error) {
	out := Verification{Checked: map[string]int64{"situation_reports": 0, "situation_words": 0}, Problems: []string{}}
	rows, err := Store{db}.stored(ctx)
	if err != nil {
		return out, err
	}
	var before situationRow
	for _, row := range rows {
		out.Checked["situation_reports"]++
		what := fmt.Sprintf("situation report %s version %d of %s", row.week(), row.Version, row.Municipality)
		s, err := row.open(row.Municipality, row.week())
		if err != nil {
			out.problem("%s: %v", what, err)
		}
		r := s.Report
		switch {
		case err != nil:
		case r.Basis != (Basis{row.Behind, row.BehindSHA256}):
			out.problem("%s: stands on %d reports (%s) and %d are kept (%s)", what, r.Basis.Reports, r.Basis.SHA256, row.Behind, row.BehindSHA256)
		case row.Version > 1 && (before.Municipality != row.Municipality || !before.Week.Equal(row.Week) || before.Version != row.Version-1 || r.Previous != fmt.Sprintf("%x", before.SHA256)):
			out.problem("%s: does not go on from the version before", what)
		case row.Version == 1 && r.Previous != "":
			out.problem("%s: goes on from a version that is not there", what)
		}
		before = row.situationRow
	}
	words, err := Store{db}.wordsWithoutHash(ctx)
	if err != nil {
		return out, err
	}
	out.Checked["situation_words"] = words.Checked
	for _, w := range words.Odd {
		out.problem("%s", w)
	}
	return out, nil
}
