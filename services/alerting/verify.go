// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"samsyn/events"
	"samsyn/services/alerting/detect"
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

// repeatDays is how many days of a municipality's clock are repeated.
const repeatDays = 35

// Verify repeats the looks of the last 35 days of every municipality from the journal of counts, and compares: each look decides what it
// decided then, every revision of a flag says what its look decided, and every flag is its latest revision. It writes nothing and may run
// beside everything else. Looks of another version of the detector are not repeated; Checked says how many.
func (s *Service) Verify(ctx context.Context) (Verification, error) {
	out := Verification{Checked: map[string]int64{"municipalities": 0, "ticks": 0, "ticks_of_other_detector": 0, "flags": 0}, Problems: []string{}}
	all, err := s.store.towns(ctx)
	if err != nil {
		return out, err
	}
	for _, m := range all {
		record, err := s.store.record(ctx, m)
		if err != nil {
			return out, err
		}
		out.Checked["municipalities"]++
		if err := record.verify(&out); err != nil {
			return out, err
		}
	}
	return out, nil
}

// record is everything that the repetition of a municipality's looks needs, read in one snapshot.
type record struct {
	id      events.MunicipalityID
	frames  map[int]frameRow
	ticks   []tickRow
	memory  func(tick int64) memory // as it was after a tick
	told    map[int64][]Flag        // revisions by tick
	odd     []string                // flags that are not their latest revision
	drift   []string                // counts that are not what the journal adds up to
	before  int64                   // the batch that the look before the first had looked at
	start   []changeRow             // what the journal adds up to at that batch
	journal []changeRow             // after it
}

func (r record) verify(out *Verification) error {
	for _, wrong := range slices.Concat(r.odd, r.drift) {
		out.problem("%s: %s", r.id, wrong)
	}
	var t *town
	looked := r.before
	for i, tick := range r.ticks {
		if tick.Detector != detectorVersion {
			out.Checked["ticks_of_other_detector"]++
			t = nil
		} else {
			var err error
			if t, err = r.at(t, tick); err != nil {
				return err
			}
			out.Checked["ticks"]++
			out.Checked["flags"] += int64(len(r.told[tick.Tick]))
			if err := r.repeat(t, tick, looked, out); err != nil {
				return err
			}
		}
		if tick.Kind == tickBatch {
			looked = tick.Batch
		}
		if i+1 < len(r.ticks) && r.ticks[i+1].Tick != tick.Tick+1 {
			out.problem("%s: tick %d is followed by %d", r.id, tick.Tick, r.ticks[i+1].Tick)
		}
	}
	return nil
}

// at makes the town as the look found it: counts folded to its batch, under its frame, with what the look before it had in mind.
func (r record) at(t *town, tick tickRow) (*town, error) {
	if t == nil || t.frame.Frame != tick.Frame {
		frame, known := r.frames[tick.Frame]
		if !known {
			return nil, fmt.Errorf("tick %d of %s: frame %d is not there", tick.Tick, r.id, tick.Frame)
		}
		var err error
		if t, err = newTown(r.id, frame); err != nil {
			return nil, err
		}
		if _, err := t.fold(r.start); err != nil {
			return nil, err
		}
		t.batch = r.before
	}
	if _, err := t.fold(r.between(t.batch, tick.Batch)); err != nil {
		return nil, err
	}
	t.batch = tick.Batch
	m := r.memory(tick.Tick - 1)
	t.episodes, t.flags = m.episodes, m.flags
	return t, nil
}

// between is the part of the journal after one batch up to another.
func (r record) between(after, upTo int64) []changeRow {
	first := func(batch int64) int {
		i, _ := slices.BinarySearchFunc(r.journal, batch, func(c changeRow, b int64) int { return cmp.Compare(c.Batch, b) })
		return i
	}
	return r.journal[first(after+1):max(first(after+1), first(upTo+1))]
}

// repeat decides once more and compares.
func (r record) repeat(t *town, tick tickRow, looked int64, out *Verification) error {
	var c causes
	if tick.Causes != nil {
		if err := json.Unmarshal(tick.Causes, &c); err != nil {
			return fmt.Errorf("causes of tick %d of %s: %w", tick.Tick, r.id, err)
		}
	}
	asOf := tick.AsOf.In(t.zone)
	var cells []detect.Cell
	if tick.Kind == tickBatch {
		cells = recent(t.cells(r.between(looked, tick.Batch)), asOf)
	}
	v := t.decide(tick.Kind, asOf, cells, c)
	_, transitions, episodes, err := v.packed(t)
	if err != nil {
		return err
	}
	if err := differ(out, r.id, tick, "transitions", tick.Transitions, transitions, &[]Flag{}, &[]Flag{}); err != nil {
		return err
	}
	if err := differ(out, r.id, tick, "episodes", tick.Episodes, episodes, &[]detect.Episode{}, &[]detect.Episode{}); err != nil {
		return err
	}
	r.compareTold(tick, v.flags, out)
	return nil
}

// differ compares two JSON texts as values of one type: Postgres writes members in an order of its own.
func differ[T any](out *Verification, m events.MunicipalityID, tick tickRow, what string, stored, decided []byte, a, b *T) error {
	if stored == nil && decided == nil {
		return nil
	}
	for _, side := range []struct {
		text  []byte
		value *T
	}{{stored, a}, {decided, b}} {
		if side.text == nil {
			continue
		}
		if err := json.Unmarshal(side.text, side.value); err != nil {
			return fmt.Errorf("%s of tick %d of %s: %w", what, tick.Tick, m, err)
		}
	}
	left, errLeft := json.Marshal(a)
	right, errRight := json.Marshal(b)
	if errLeft != nil || errRight != nil || !bytes.Equal(left, right) {
		was, is := apart(left, right)
		out.problem("%s: %s of tick %d (%s, as of %s, batch %d) are %s, and repeated %s", m, what, tick.Tick, tick.Kind,
			tick.AsOf.Format(time.RFC3339), tick.Batch, was, is)
	}
	return nil
}

// apart cuts two texts down to where they begin to differ, with a little before it.
func apart(a, b []byte) (left, right string) {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	const before, after = 60, 140
	cut := func(text []byte) string {
		return "…" + string(text[min(max(i-before, 0), len(text)):min(i+after, len(text))]) + "…"
	}
	return cut(a), cut(b)
}

// compareTold holds the revisions that were told against what was decided.
func (r record) compareTold(tick tickRow, decided []Flag, out *Verification) {
	told := r.told[tick.Tick]
	if len(told) != len(decided) {
		out.problem("%s: tick %d decided %d revisions of flags and %d are kept", r.id, tick.Tick, len(decided), len(told))
		return
	}
	for _, d := range decided {
		found := false
		for _, f := range told {
			if f.ID == d.ID && f.Revision == d.Revision {
				found = true
				if left, right := f.bare(), d.bare(); left != right {
					was, is := apart([]byte(left), []byte(right))
					out.problem("%s: revision %d of flag %s says %s, and repeated %s", r.id, f.Revision, f.ID, was, is)
				}
			}
		}
		if !found {
			out.problem("%s: revision %d of flag %s of tick %d is not kept", r.id, d.Revision, d.ID, tick.Tick)
		}
	}
}

// bare is a revision without what was found out about it after the decision.
func (f Flag) bare() string {
	f.Zone, f.Tick, f.OpenedAt, f.OpenedAsOf, f.At, f.AsOf = "", 0, time.Time{}, time.Time{}, time.Time{}, time.Time{}
	f.Agencies, f.Reports, f.ReasonSV, f.ReasonEN = nil, nil, "", ""
	text, err := json.Marshal(f)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Rebuild makes the flags of a municipality anew from their recorded revisions, under the same identities, and what is usual in each week
// from the counts. It decides nothing, tells nobody and publishes nothing. It says how many flags there are. A running alerter takes the
// municipality up anew.
func (s *Service) Rebuild(ctx context.Context, m events.MunicipalityID, now time.Time) (flags int, err error) {
	if flags, err = s.store.rebuildFlags(ctx, m); err != nil {
		return 0, err
	}
	frame, err := s.store.frame(ctx, m, now)
	if err != nil {
		return flags, err
	}
	row, err := s.store.town(ctx, m)
	if err != nil {
		return flags, err
	}
	t, err := newTown(m, frame)
	if err != nil {
		return flags, err
	}
	counts, _, err := s.store.counts(ctx, m)
	if err != nil {
		return flags, err
	}
	if _, err := t.fold(counts); err != nil {
		return flags, err
	}
	t.owe(row.asOf(now).In(t.zone), false, false)
	for more := true; more; {
		if more, err = s.payExpected(ctx, t); err != nil {
			return flags, err
		}
	}
	return flags, nil
}
