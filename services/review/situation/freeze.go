// SPDX-License-Identifier: EUPL-1.2

package situation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"samsyn/internal/pg"
	"samsyn/internal/web"
	"samsyn/services/review/calendar"
)

// Freeze compiles the picture of a week that is over, by the municipality's clock, and stores it as the next version. Where
// nothing has changed behind the numbers since the latest version, that one is returned and made is false. by is a person's
// id, or empty for the deadline; v is on whose behalf (pg.System for a worker). The words of the version before go on in the
// new one, not adopted. Whoever listens hears samsyn.report.published.v1. Errors: ErrUnknown, ErrNotOver.
func (s *Service) Freeze(ctx context.Context, v pg.Viewer, municipality string, week web.Week, by string) (frozen Situation, made bool, err error) {
	wall := s.config.Now()
	err = s.store.in(ctx, v, municipality, func(in session) (err error) {
		frozen, made, err = s.freeze(ctx, in, week, by, wall)
		return err
	})
	if err != nil && !errors.Is(err, ErrUnknown) && !errors.Is(err, ErrNotOver) {
		err = fmt.Errorf("freeze %s of %s: %w", week, municipality, err)
	}
	return frozen, made, err
}

func (s *Service) freeze(ctx context.Context, in session, week web.Week, by string, wall time.Time) (Situation, bool, error) {
	k, err := in.know(ctx, week, wall, s.lexicon)
	if err != nil {
		return Situation{}, false, err
	}
	report := compile(k, in.municipality, s.lexicon)
	latest, err := in.situation(ctx, week, 0)
	first := errors.Is(err, ErrUnknown)
	if err != nil && !first {
		return Situation{}, false, err
	}
	if !first && same(latest.Report, report) {
		return latest, false, nil
	}
	report.Version, report.Previous, report.FrozenBy = latest.Report.Version+1, latest.SHA256, by
	frozen, err := seal(report)
	if err != nil {
		return Situation{}, false, err
	}
	if err := in.insert(ctx, frozen, k.basis, week, wall); err != nil {
		return Situation{}, false, err
	}
	if latest.Words.Revision > 0 {
		frozen.Words = latest.Words
		frozen.Words.Revision, frozen.Words.Adopted = 1, false
		if err := in.insertWords(ctx, week, report.Version, frozen.Words); err != nil {
			return Situation{}, false, err
		}
	}
	return frozen, true, in.publish(ctx, frozen)
}

// preview is the report of a week as it would be frozen now: Version 0.
func (s *Service) preview(ctx context.Context, in session, week web.Week) (Situation, error) {
	k, err := in.know(ctx, week, s.config.Now(), s.lexicon)
	if err != nil {
		return Situation{}, err
	}
	return Situation{Report: compile(k, in.municipality, s.lexicon), Words: Words{Levels: map[string]Decided{}}}, nil
}

// same says whether two reports of a week stand on the same: the reports behind the numbers, who was silent, weekly figures.
// What only time changes (a flag that ended, an action that became due) makes no new version.
func same(a, b Report) bool {
	type source struct{ agency, unit, state string }
	coverage := func(r Report) map[source]int {
		all := map[source]int{}
		for _, s := range r.Coverage {
			state := s.State
			if state == "unheard" { // only time tells it from silent
				state = "silent"
			}
			all[source{s.Agency, s.Unit, state}] = s.Reports
		}
		return all
	}
	left, errLeft := json.Marshal([]any{a.Basis, a.Totals.Incidents, a.Totals.Others, a.Weekly})
	right, errRight := json.Marshal([]any{b.Basis, b.Totals.Incidents, b.Totals.Others, b.Weekly})
	if errLeft != nil || errRight != nil || string(left) != string(right) {
		return false
	}
	x, y := coverage(a), coverage(b)
	if len(x) != len(y) {
		return false
	}
	for key, n := range x {
		if m, ok := y[key]; !ok || m != n {
			return false
		}
	}
	return true
}

// seal writes a report and hashes it.
func seal(r Report) (Situation, error) {
	body, err := canonical(r)
	if err != nil {
		return Situation{}, fmt.Errorf("write report: %w", err)
	}
	sum := sha256.Sum256(body)
	return Situation{Report: r, Body: body, SHA256: hex.EncodeToString(sum[:]), Words: Words{Levels: map[string]Decided{}}}, nil
}

// mostCaughtUp is how many weeks in a row are frozen after a pause.
const mostCaughtUp = 8

// FreezeDue freezes, in every municipality, the weeks whose deadline has passed at now (or by its own clock, where it is
// replayed), each once: the last closed week, and those since the last that was done, eight at most. A week that somebody froze
// before its deadline gets another version if something came since. It says how many versions it made. What fails in one
// municipality does not hold up the others.
func (s *Service) FreezeDue(ctx context.Context, now time.Time) (frozen int, err error) {
	towns, err := s.store.towns(ctx)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, t := range towns {
		n, err := s.freezeDue(ctx, t, t.Now(now))
		frozen += n
		errs = append(errs, err)
	}
	return frozen, errors.Join(errs...)
}

func (s *Service) freezeDue(ctx context.Context, t calendar.Town, now time.Time) (frozen int, err error) {
	closed := t.Rhythm.Closed(now)
	var last *time.Time
	err = s.store.in(ctx, pg.System, t.Municipality, func(in session) (err error) {
		last, err = in.lastKept(ctx)
		return err
	})
	if err != nil {
		return 0, err
	}
	week := closed
	if last != nil {
		week = web.WeekOf(*last).Add(1)
	}
	if oldest := closed.Add(1 - mostCaughtUp); week.Before(oldest) {
		week = oldest
	}
	for ; !closed.Before(week); week = week.Add(1) {
		_, made, err := s.Freeze(ctx, pg.System, t.Municipality, week, "")
		switch {
		case errors.Is(err, ErrUnknown), errors.Is(err, ErrNotOver): // before its history; a clock that has moved back
			continue
		case err != nil:
			return frozen, err
		case made:
			frozen++
		}
		if err := s.store.in(ctx, pg.System, t.Municipality, func(in session) error { return in.keep(ctx, week, now) }); err != nil {
			return frozen, err
		}
	}
	return frozen, nil
}
