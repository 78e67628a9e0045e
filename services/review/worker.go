// SPDX-License-Identifier: EUPL-1.2

package review

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"samsyn/events"
	"samsyn/internal/pg"
	"samsyn/services/review/outgoing"
)

const (
	beat = time.Second
	// A process that died is followed by another after this.
	holdFor      = 30 * time.Second
	finishWithin = 10 * time.Second
	longestStep  = 25 * time.Second // under holdFor, so that the lease outlives the step it was renewed for
)

// step is one thing that happens without anybody doing it.
type step struct {
	name  string
	every time.Duration
	run   func(ctx context.Context, now time.Time) error
}

const stepPublish = "publish"

// steps in the order of a week: what comes back and is frozen is told of by the later ones.
func (s *Service) steps() []step {
	return []step{
		{"return", 10 * time.Second, s.returnWatched},
		{"remind", time.Minute, s.remind},
		{"freeze", 10 * time.Second, s.freeze},
		{"meet", 10 * time.Second, s.meetings.EnsureUpcoming},
		{"feedback", 10 * time.Second, s.feedback.Tick},
		{stepPublish, beat, s.publish},
		{"mail", 5 * time.Second, s.mail},
	}
}

func stepNames() []string {
	return []string{"return", "remind", "freeze", "meet", "feedback", stepPublish, "mail"}
}

// Run does the review's work until ctx ends, then finishes the steps in its hands and returns nil. While another process works it
// stands by. What was decided is published beside everything else: a picture that takes long to compile holds up no event.
func (s *Service) Run(ctx context.Context) error {
	defer s.letGo(ctx)
	var working sync.WaitGroup
	steps := s.steps()
	at := slices.IndexFunc(steps, func(s step) bool { return s.name == stepPublish })
	for _, some := range [][]step{slices.Concat(steps[:at], steps[at+1:]), steps[at : at+1]} {
		working.Go(func() { s.work(ctx, some) })
	}
	working.Wait()
	return nil
}

// work does steps, each when its time has come, until ctx ends.
func (s *Service) work(ctx context.Context, steps []step) {
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	due := map[string]time.Time{}
	for ctx.Err() == nil {
		s.round(ctx, steps, due)
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}

// letGo lets another process take over at once.
func (s *Service) letGo(ctx context.Context) {
	finishing, stop := context.WithTimeout(context.WithoutCancel(ctx), finishWithin)
	defer stop()
	if err := s.dropLease(finishing); err != nil {
		s.log.WarnContext(finishing, "lease not given back", "error", err)
	}
}

// round does each step whose time has come. The lease is renewed before each, and a step that fails holds up no other.
func (s *Service) round(ctx context.Context, steps []step, due map[string]time.Time) {
	for _, step := range steps {
		if ctx.Err() != nil || time.Now().Before(due[step.name]) {
			continue
		}
		held, err := s.takeLease(ctx, time.Now())
		if err != nil || !held {
			s.metrics.works.Set(0)
			s.report(ctx, "take lease", err)
			return
		}
		s.metrics.works.Set(1)
		due[step.name] = time.Now().Add(step.every)
		s.do(ctx, step)
	}
}

// do runs one step to its end, also when the service is told to stop meanwhile.
func (s *Service) do(ctx context.Context, step step) {
	working, stop := context.WithTimeout(context.WithoutCancel(ctx), longestStep)
	defer stop()
	err := step.run(working, s.config.Now())
	outcome := "done"
	if err != nil {
		outcome = "failed"
	}
	s.metrics.steps.WithLabelValues(step.name, outcome).Inc()
	s.report(ctx, step.name, err)
}

// Once does every step once, in order, as a test or a command that cannot wait does; the errors of all steps are joined.
func (s *Service) Once(ctx context.Context, now time.Time) error {
	var errs []error
	for _, step := range s.steps() {
		errs = append(errs, step.run(ctx, now))
	}
	return errors.Join(errs...)
}

// report logs an error where it ends.
func (s *Service) report(ctx context.Context, what string, err error) {
	if err == nil || ctx.Err() != nil {
		return
	}
	level := slog.LevelError
	if pg.Class(err) == pg.Infrastructure {
		level = slog.LevelWarn
	}
	s.log.Log(ctx, level, "review: step failed", "step", what, "error", err)
}

// freeze freezes the pictures whose deadline has passed.
func (s *Service) freeze(ctx context.Context, now time.Time) error {
	_, err := s.situations.FreezeDue(ctx, now)
	return err
}

// publish sends what was decided.
func (s *Service) publish(ctx context.Context, _ time.Time) error {
	towns, err := s.towns(ctx)
	if err != nil {
		return err
	}
	var errs []error
	unsent := 0
	for _, t := range towns {
		left, err := outgoing.Send(ctx, s.db, s.conn, events.MunicipalityID(t.Municipality))
		unsent += left
		errs = append(errs, err)
	}
	s.metrics.unsent.Set(float64(unsent))
	return errors.Join(errs...)
}

// mail sends what is due of the outbox.
func (s *Service) mail(ctx context.Context, now time.Time) error {
	_, err := s.post.SendDue(ctx, now)
	return err
}
