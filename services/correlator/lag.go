// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"samsyn/events"
	"samsyn/events/bus"
)

// lag says how long the oldest undecided event of each agency has waited. It is measured every few
// seconds and grows by itself in between, so that a part that is away makes it rise, and not stand still.
type lag struct {
	agency, oldest *prometheus.Desc

	mu sync.Mutex
	// positions are the latest that could be read.
	positions []readUntil
	// since is when an agency's oldest undecided event was stored; zero when it has none.
	since map[[2]string]time.Time
}

// readUntil is how far an agency's stream is read, and the oldest of its events that are held.
type readUntil struct {
	Municipality, Agency string
	Seq                  int64
	Held                 *time.Time
}

func newLag() *lag {
	return &lag{
		agency: prometheus.NewDesc("samsyn_correlator_lag_seconds", "Age of an agency's oldest event that is not decided; 0 when all are.",
			[]string{"municipality", "agency"}, nil),
		oldest: prometheus.NewDesc("samsyn_correlator_oldest_seconds", "Age of the oldest event that is not decided; 0 when all are.", nil, nil),
	}
}

// Describe is part of prometheus.Collector.
func (l *lag) Describe(ch chan<- *prometheus.Desc) {
	ch <- l.agency
	ch <- l.oldest
}

// Collect is part of prometheus.Collector.
func (l *lag) Collect(ch chan<- prometheus.Metric) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var most float64
	for a, since := range l.since {
		var age float64
		if !since.IsZero() {
			age = max(0, time.Since(since).Seconds())
		}
		most = max(most, age)
		ch <- prometheus.MustNewConstMetric(l.agency, prometheus.GaugeValue, age, a[0], a[1])
	}
	ch <- prometheus.MustNewConstMetric(l.oldest, prometheus.GaugeValue, most)
}

const readUntils = `-- correlator: how far each agency's stream is read, and what of it is held
SELECT a.municipality, a.agency, coalesce(p.seq, 0), (SELECT min(stored_at) FROM correlator.held h WHERE (h.municipality, h.agency) = (a.municipality, a.agency))
  FROM contract.agency a LEFT JOIN correlator.position p USING (municipality, agency)`

// measureLag looks at every agency's stream. With the database away it goes by the positions it knew.
func (s *Service) measureLag(ctx context.Context) error {
	l := s.metrics.lag
	positions, err := s.store.readUntils(ctx)
	l.mu.Lock()
	if err == nil {
		l.positions = positions
	}
	positions = l.positions
	l.mu.Unlock()
	since := make(map[[2]string]time.Time, len(positions))
	for _, p := range positions {
		at, lookErr := s.waitingSince(ctx, p)
		if lookErr != nil {
			return errors.Join(err, lookErr)
		}
		since[[2]string{p.Municipality, p.Agency}] = at
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.since = since
	return err
}

func (s *store) readUntils(ctx context.Context) ([]readUntil, error) {
	rows, err := s.pool.Query(ctx, readUntils)
	if err != nil {
		return nil, fmt.Errorf("read positions: %w", err)
	}
	positions, err := pgx.CollectRows(rows, pgx.RowToStructByPos[readUntil])
	if err != nil {
		return nil, fmt.Errorf("read positions: %w", err)
	}
	return positions, nil
}

// waitingSince is when the first message behind the position was stored; zero when there is none.
func (s *Service) waitingSince(ctx context.Context, p readUntil) (at time.Time, err error) {
	stream := events.IncidentStream(events.MunicipalityID(p.Municipality), events.AgencyID(p.Agency))
	state, err := s.conn.StreamState(ctx, stream)
	if err == nil && state.Last > uint64(p.Seq) {
		found := errors.New("found")
		err = s.conn.Read(ctx, stream, uint64(p.Seq)+1, func(m bus.Stored) error {
			at = m.At
			return found
		})
		if errors.Is(err, found) {
			err = nil
		}
	}
	if errors.Is(err, bus.ErrNoStream) {
		err = nil // the agency is being added
	}
	if p.Held != nil && (at.IsZero() || p.Held.Before(at)) {
		at = *p.Held
	}
	return at, err
}
