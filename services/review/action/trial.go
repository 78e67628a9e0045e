// SPDX-License-Identifier: EUPL-1.2

package action

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"samsyn/services/review/effect"
)

// Measured is the effect of an action as far as it can be told on a day.
type Measured struct {
	Verdict effect.Verdict `json:"verdict"`
	// AsOf is the local day on which it was measured; the time after is full when it is After.To.
	AsOf   time.Time     `json:"as_of"`
	Before effect.Window `json:"before"`
	After  effect.Window `json:"after"`
	// The counts and the difference; nil while the time after is not full, and where there is no past. Control and Estimate are
	// nil without a control area.
	Treated  *effect.Counts   `json:"treated,omitempty"`
	Control  *effect.Counts   `json:"control,omitempty"`
	Estimate *effect.Estimate `json:"estimate,omitempty"`
	// What else may lie behind a difference: the place was flagged, or the time before was high against the year before it, and
	// sources that began or ceased.
	Flagged bool            `json:"flagged"`
	High    bool            `json:"high"`
	Changes []effect.Change `json:"changes,omitempty"`
}

// pastDays is how far back a place's usual is looked for.
const pastDays = 52 * 7

// trial is an action with what its effect is measured from.
type trial struct {
	action        Action
	before, after effect.Window
	past          effect.Window
	full, known   bool // the time after is over; counting began before the time before
	flagged       bool
}

func newTrial(a Action, flag flagRow, flagKnown bool, historyFrom, today time.Time) trial {
	var from time.Time
	if flagKnown {
		from = flag.WindowFrom
	}
	before, after := effect.Windows(a.StartOn, from, a.Weeks)
	past := effect.Window{From: before.From.AddDate(0, 0, -pastDays), To: before.From}
	if past.From.Before(historyFrom) {
		past.From = historyFrom
	}
	return trial{
		action: a, before: before, after: after, past: past, full: !today.Before(after.To), known: !before.From.Before(historyFrom), flagged: a.Flag != nil,
	}
}

// spans are the windows to count, in the order that judge takes: here before and after, its past, the control area before
// and after.
func (t trial) spans(words lexicon) []span {
	if !t.full || !t.known {
		return nil
	}
	categories := words.categories[t.action.Group]
	here := func(w effect.Window) span { return span{t.action.Level, t.action.Area, categories, w} }
	spans := []span{here(t.before), here(t.after), here(t.past)}
	if t.action.ControlArea != "" {
		there := func(w effect.Window) span { return span{t.action.ControlLevel, t.action.ControlArea, categories, w} }
		spans = append(spans, there(t.before), there(t.after))
	}
	return spans
}

// judge says what the counts of spans show.
func (t trial) judge(counts []int, sources []effect.Source, today time.Time) Measured {
	m := Measured{AsOf: today, Before: t.before, After: t.after, Flagged: t.flagged, Changes: effect.Changes(sources, t.before, t.after)}
	switch {
	case !t.known:
		m.Verdict = effect.NoPast
		return m
	case !t.full:
		m.Verdict = effect.TooEarly
		return m
	}
	m.Treated = &effect.Counts{Before: counts[0], After: counts[1]}
	m.High = effect.WasHigh(counts[0], t.before.Days(), counts[2], t.past.Days())
	if len(counts) < 5 {
		m.Verdict = effect.NoControl
		return m
	}
	m.Control = &effect.Counts{Before: counts[3], After: counts[4]}
	test := effect.Test{Treated: *m.Treated, Control: *m.Control}
	e := test.Local()
	m.Estimate, m.Verdict = &e, test.Judge()
	return m
}

// measure is the effect of each action on a day, by id. What was evaluated keeps what was measured then.
func (r reader) measure(ctx context.Context, actions []Action, town townRow, words lexicon, today time.Time) (map[uuid.UUID]Measured, error) {
	var ids []uuid.UUID
	for _, a := range actions {
		if a.Flag != nil {
			ids = append(ids, *a.Flag)
		}
	}
	flags, err := r.flags(ctx, ids)
	if err != nil {
		return nil, err
	}
	sources, err := r.sources(ctx)
	if err != nil {
		return nil, err
	}
	all := map[uuid.UUID]Measured{}
	var trials []trial
	var spans []span
	for _, a := range actions {
		if len(a.Effect) > 0 {
			var m Measured
			if err := json.Unmarshal(a.Effect, &m); err != nil {
				return nil, fmt.Errorf("read effect of action %s: %w", a.ID, err)
			}
			all[a.ID] = m
			continue
		}
		if a.State == Cancelled {
			continue
		}
		t := newTrial(a, flagRow{}, false, town.HistoryFrom, today)
		if a.Flag != nil {
			flag, ok := flags[*a.Flag]
			t = newTrial(a, flag, ok, town.HistoryFrom, today)
		}
		trials, spans = append(trials, t), append(spans, t.spans(words)...)
	}
	counts, err := r.incidents(ctx, spans)
	if err != nil {
		return nil, err
	}
	for _, t := range trials {
		n := len(t.spans(words))
		all[t.action.ID] = t.judge(counts[:n], sources, today)
		counts = counts[n:]
	}
	return all, nil
}

// week is one week of an action's figure. Full is false of a week that is not over.
type week struct {
	from          time.Time
	after         bool
	here, control int
	full          bool
}

// weeks are the weeks of an action's figure that have begun, oldest first.
func (r reader) weeks(ctx context.Context, a Action, m Measured, words lexicon, today time.Time) ([]week, error) {
	var all []week
	var spans []span
	categories := words.categories[a.Group]
	for i, w := range []effect.Window{m.Before, m.After} {
		for from := w.From; from.Before(w.To) && from.Before(today); from = from.AddDate(0, 0, 7) {
			to := from.AddDate(0, 0, 7)
			all = append(all, week{from: from, after: i == 1, full: !to.After(today)})
			spans = append(spans, span{a.Level, a.Area, categories, effect.Window{From: from, To: to}})
			spans = append(spans, span{a.ControlLevel, a.ControlArea, categories, effect.Window{From: from, To: to}})
		}
	}
	counts, err := r.incidents(ctx, spans)
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].here, all[i].control = counts[2*i], counts[2*i+1]
	}
	return all, nil
}
