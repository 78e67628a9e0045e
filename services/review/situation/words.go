// SPDX-License-Identifier: EUPL-1.2

package situation

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"samsyn/internal/pg"
	"samsyn/internal/privacy"
	"samsyn/internal/web"
)

// Edit is what somebody changes about the words of a version.
type Edit struct {
	Week    web.Week
	Version int
	// Revision is of the words that were shown; 0 where there were none.
	Revision          int
	Assessment, Cause string
	// Levels are the levels decided by area; an area that is left out has what the rule proposes.
	Levels map[string]Level
	// Adopt makes these words the last of the version.
	Adopt bool
}

// The longest words, in characters.
const (
	LongestAssessment = 2000
	LongestCause      = 1000
)

// WordsError is words that cannot be saved as they are.
type WordsError struct {
	Field string // assessment, cause, levels
	// Personal is text that looks as if it were about a person; else it is too long, or an area or level that is not there.
	Personal bool
}

// Error names the field.
func (e *WordsError) Error() string {
	if e.Personal {
		return e.Field + " looks as if it held personal data"
	}
	return e.Field + " cannot be saved"
}

// Write saves words on the latest version of the viewer's municipality, for v.Person. Errors: ErrUnknown, ErrAdopted, *WordsError,
// and ErrConflict where others have saved since, or a new version is there; the stored one is then returned beside it.
func (s *Service) Write(ctx context.Context, v pg.Viewer, e Edit) (stored Situation, err error) {
	wall := s.config.Now()
	err = s.store.in(ctx, v, v.Municipality, func(in session) (err error) {
		k, err := in.town(ctx, wall)
		if err != nil {
			return err
		}
		if stored, err = in.situation(ctx, e.Week, 0); err != nil {
			return err
		}
		switch {
		case stored.Report.Version != e.Version || stored.Words.Revision != e.Revision:
			return ErrConflict
		case stored.Words.Adopted:
			return ErrAdopted
		}
		next, err := e.words(stored, Decided{By: v.Person, At: k.now.UTC()})
		if err != nil {
			return err
		}
		if err := in.insertWords(ctx, e.Week, e.Version, next); err != nil {
			return err
		}
		stored.Words = next
		return nil
	})
	return stored, err
}

// words are the next revision: a level that was decided before keeps who decided it.
func (e Edit) words(stored Situation, who Decided) (Words, error) {
	next := Words{
		Revision: stored.Words.Revision + 1, Assessment: tidy(e.Assessment), Cause: tidy(e.Cause), Levels: map[string]Decided{}, Adopted: e.Adopt, By: who.By, At: who.At,
	}
	for _, f := range []struct {
		name, text string
		longest    int
	}{{"assessment", next.Assessment, LongestAssessment}, {"cause", next.Cause, LongestCause}} {
		if utf8.RuneCountInString(f.text) > f.longest {
			return Words{}, &WordsError{Field: f.name}
		}
		if len(privacy.Screen(f.text)) > 0 {
			return Words{}, &WordsError{Field: f.name, Personal: true}
		}
	}
	for _, area := range slices.Sorted(maps.Keys(e.Levels)) {
		level := e.Levels[area]
		known := slices.ContainsFunc(stored.Report.Areas, func(a AreaFigure) bool { return a.Area == area })
		if !known || !slices.Contains([]Level{Green, Yellow, Red}, level) {
			return Words{}, &WordsError{Field: "levels"}
		}
		decided := Decided{Level: level, By: who.By, At: who.At}
		if before, ok := stored.Words.Levels[area]; ok && before.Level == level {
			decided = before
		}
		next.Levels[area] = decided
	}
	return next, nil
}

// tidy takes line ends as browsers send them.
func tidy(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }
