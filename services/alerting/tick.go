// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/services/alerting/detect"
)

const (
	tickBatch    = "batch"
	tickMidnight = "midnight"

	// A cell is looked at no oftener than this, and no more than half of the time is spent on looking.
	lookEvery = 20 * time.Millisecond
	// missedMidnights bounds how many midnights are made up for after a long absence.
	missedMidnights = 40
	renewEvery      = holdFor / 3
	publishWithin   = 5 * time.Second
	calmAfter       = 2 * time.Second
	// A flag that ended so long ago does not begin again; selectMemory knows the same.
	forgetFlags = 60 * 24 * time.Hour
	// detectorVersion is raised when package detect decides otherwise on the same counts: older ticks are then not repeated.
	detectorVersion = 2
)

// watch looks at one municipality until ctx ends: when woken, and each second. What goes wrong is said, and everything begun anew from
// what Postgres holds.
func (s *Service) watch(ctx context.Context, m events.MunicipalityID, woken <-chan struct{}) error {
	var t *town
	defer func() {
		finishing, stop := context.WithTimeout(context.WithoutCancel(ctx), finishWithin)
		defer stop()
		if t != nil {
			s.report(finishing, "let go of municipality", s.store.letGo(finishing, m, s.holder))
		}
	}()
	for failing := pauseAfterError; ctx.Err() == nil; {
		began := time.Now()
		var err error
		more := false
		if t == nil {
			t, err = s.load(ctx, m, began)
		}
		if err == nil {
			more, err = s.look(ctx, t, began)
		}
		took := time.Since(began)
		pause := max(lookEvery-took, took)
		switch {
		case err == nil:
			failing = pauseAfterError
		case errors.Is(err, errChanged):
			t = nil
		default:
			s.report(ctx, "look at "+string(m), err)
			t, pause, failing = nil, failing, min(2*failing, longestErrorPause)
		}
		rest(ctx, pause, nil)
		if !more {
			rest(ctx, pollEvery, woken)
		}
	}
	return nil
}

// rest waits until d has passed, it is woken, or ctx ends.
func rest(ctx context.Context, d time.Duration, woken <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-woken:
	case <-timer.C:
	}
}

// errChanged says that the areas or rights of a municipality changed: its detector is made anew.
var errChanged = errors.New("reference data changed")

// look does everything that is to be done for a municipality now: every local midnight that has passed, then what changed. more says that
// there is work left that can wait for an event.
func (s *Service) look(ctx context.Context, t *town, now time.Time) (more bool, err error) {
	if now.Sub(t.held) >= renewEvery {
		if _, err := s.store.hold(ctx, t.id, s.holder, now); err != nil {
			return false, err
		}
		t.held = now
		s.report(ctx, "publish what waits", s.publishLeftovers(ctx, t.id))
	}
	n, err := s.store.news(ctx, t.id, t.batch, t.looked, t.seriousReports())
	if err != nil {
		return false, err
	}
	if n.town.Version != t.version {
		if err := s.compareFrame(ctx, t, n.town.Version, now); err != nil {
			return false, err
		}
	}
	cells, err := t.fold(n.changes)
	if err != nil {
		return false, err
	}
	t.batch, t.touched = n.town.Batch, append(t.touched, cells...)
	// The database keeps microseconds: a repetition must begin with what the look began with.
	asOf := n.town.asOf(now).Truncate(time.Microsecond).In(t.zone)
	midnights := t.midnights(asOf)
	for _, midnight := range midnights {
		if err := s.step(ctx, t, tickMidnight, midnight, nil, causes{}, now); err != nil {
			return false, err
		}
	}
	if len(cells) > 0 {
		t.changed = now
		t.owing.dirtied(cells)
	}
	if t.batch > t.looked {
		if err := s.step(ctx, t, tickBatch, asOf, recent(t.touched, asOf), n.causes, now); err != nil {
			return false, err
		}
		t.looked, t.touched = t.batch, nil
		if n.town.CommittedAt != nil {
			s.metrics.lag.Observe(max(0, time.Since(*n.town.CommittedAt).Seconds()))
		}
	}
	t.owe(asOf, len(midnights) > 0, now.Sub(t.changed) > calmAfter)
	return s.payExpected(ctx, t)
}

// asOf is the municipality's clock.
func (r townRow) asOf(now time.Time) time.Time {
	if r.AsOf != nil {
		return *r.AsOf
	}
	return now
}

func (s *Service) compareFrame(ctx context.Context, t *town, version int64, now time.Time) error {
	frame, err := s.store.frame(ctx, t.id, now)
	if err != nil {
		return err
	}
	if !frame.same(t.frame) {
		return errChanged
	}
	t.version = version
	return nil
}

// midnights lists the local midnights up to asOf that were not looked at yet. The first time it is the last one alone.
func (t *town) midnights(asOf time.Time) []time.Time {
	today := detect.DayOf(asOf)
	first := max(t.midnight+1, today-missedMidnights+1)
	if t.midnight == 0 {
		first = today
	}
	var out []time.Time
	for day := first; day <= today; day++ {
		year, month, date := day.Time().Date()
		out = append(out, time.Date(year, month, date, 0, 0, 0, 0, t.zone))
	}
	return out
}

// step is one tick: decide, find out who saw it, store with everything that follows, publish. cells nil: all of them.
func (s *Service) step(ctx context.Context, t *town, kind string, asOf time.Time, cells []detect.Cell, c causes, now time.Time) error {
	began := time.Now()
	v := t.decide(kind, asOf, cells, c)
	d := decided{tick: tickRow{
		Tick: t.tick + 1, Kind: kind, AsOf: asOf, Day: detect.Current(asOf).Time(), Batch: t.batch, Frame: t.frame.Frame, Detector: detectorVersion, DecidedAt: now,
	}}
	if kind == tickMidnight {
		midnight := detect.DayOf(asOf).Time()
		d.midnight = &midnight
	} else {
		d.looked = &t.batch
	}
	var err error
	if d.tick.Causes, d.tick.Transitions, d.tick.Episodes, err = v.packed(t); err != nil {
		return err
	}
	if err := s.tell(ctx, t, v.flags, &d, now); err != nil {
		return err
	}
	if err := s.store.commit(ctx, t.id, s.holder, d); err != nil {
		return err
	}
	t.tick, t.held = d.tick.Tick, now
	t.remember(v, d)
	s.metrics.ticked(kind, time.Since(began), d.flags)
	if len(d.notices) > 0 {
		wake(s.noticed)
	}
	s.report(ctx, "publish flags", s.publish(ctx, t.id, d.tick.Tick, d.outgoing))
	return nil
}

// verdict is what a look decided, before it is known who saw it.
type verdict struct {
	causes   causes
	episodes []detect.Episode
	changed  bool // the episodes are other than before
	flags    []Flag
}

// decide is the whole decision: a function of the counts, the episodes and flags before, the causes and asOf.
func (t *town) decide(kind string, asOf time.Time, cells []detect.Cell, c causes) verdict {
	v := verdict{causes: c}
	today := detect.Current(asOf)
	var told []detect.Transition
	findings := t.detector.Evaluate(asOf, cells, t.episodes)
	v.episodes, told = detect.Advance(t.tree, findings, t.episodes)
	if kind == tickMidnight {
		v.episodes = lately(v.episodes, today)
	}
	v.changed = !slices.EqualFunc(v.episodes, t.episodes, func(a, b detect.Episode) bool { return a == b })
	for _, transition := range told {
		if f := t.riseFlag(transition, asOf); f.Verb != verbUpdated || !f.repeats(t.flags[f.ID]) {
			v.flags = append(v.flags, f)
		}
	}
	v.flags = append(v.flags, t.watchFlags(kind, asOf, findings, v.episodes)...)
	v.flags = append(v.flags, t.seriousFlags(kind, asOf, c)...)
	return v
}

// packed writes what the tick keeps: null where there is nothing.
func (v verdict) packed(t *town) (causes, transitions, episodes json.RawMessage, err error) {
	var errs [3]error
	if !v.causes.empty() {
		causes, errs[0] = json.Marshal(v.causes)
	}
	if len(v.flags) > 0 {
		transitions, errs[1] = json.Marshal(v.flags)
	}
	if v.changed {
		episodes, errs[2] = packEpisodes(v.episodes)
	}
	if err := errors.Join(errs[:]...); err != nil {
		return nil, nil, nil, fmt.Errorf("write tick of %s: %w", t.id, err)
	}
	return causes, transitions, episodes, nil
}

// remember makes the town what the stored tick says.
func (t *town) remember(v verdict, d decided) {
	t.episodes = v.episodes
	for _, f := range d.flags {
		t.flags[f.ID] = f
	}
	if d.midnight == nil {
		return
	}
	t.midnight = detect.DayOf(*d.midnight)
	maps.DeleteFunc(t.flags, func(_ uuid.UUID, f Flag) bool {
		return f.State == stateCleared && d.tick.AsOf.Sub(f.AsOf) > forgetFlags
	})
}

// tell completes decided flags: who saw it, which reports stand behind it, and why in words; and says what is published and who is told.
func (s *Service) tell(ctx context.Context, t *town, flags []Flag, d *decided, now time.Time) error {
	if len(flags) == 0 {
		return nil
	}
	seen, everyone, err := s.store.circumstances(ctx, t.id, flags, t.groups, now)
	if err != nil {
		return err
	}
	for i, f := range flags {
		f.Tick, f.At, f.AsOf, f.Zone = d.tick.Tick, now, d.tick.AsOf, t.frame.TimeZone
		f.OpenedAt, f.OpenedAsOf = now, d.tick.AsOf
		if before, known := t.flags[f.ID]; known {
			f.OpenedAt, f.OpenedAsOf = before.OpenedAt, before.OpenedAsOf
		}
		f.Agencies, f.Reports = append([]events.AgencyID{}, seen[i].agencies...), seen[i].reports
		f.explain()
		body, err := f.event("")
		if err != nil {
			return fmt.Errorf("write flag %s: %w", f.ID, err)
		}
		d.flags = append(d.flags, f)
		d.outgoing = append(d.outgoing, bus.Message{Subject: events.HotspotSubject(t.id, f.Area), ID: f.messageID(), Body: body})
		d.notices = append(d.notices, route(now, f, everyone)...)
	}
	return nil
}

// publish sends what was committed and forgets it. What cannot be sent now stays in Postgres and is sent later.
func (s *Service) publish(ctx context.Context, m events.MunicipalityID, tick int64, messages []bus.Message) error {
	if len(messages) == 0 {
		return nil
	}
	finishing, stop := context.WithTimeout(context.WithoutCancel(ctx), publishWithin)
	defer stop()
	if err := s.conn.PublishBatch(finishing, messages); err != nil {
		return fmt.Errorf("publish tick %d of %s: %w", tick, m, err)
	}
	return s.store.sent(finishing, m, tick)
}

func (s *Service) publishLeftovers(ctx context.Context, m events.MunicipalityID) error {
	waiting, err := s.store.outgoing(ctx, m)
	if err != nil {
		return err
	}
	s.metrics.unsent.Set(float64(len(waiting)))
	for _, w := range waiting {
		messages, err := w.unpack()
		if err != nil {
			return err
		}
		if err := s.publish(ctx, m, w.Tick, messages); err != nil {
			return err
		}
	}
	return nil
}
