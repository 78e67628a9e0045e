// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"samsyn/events"
)

// Figures is what became of everything a municipality's agencies sent.
type Figures struct {
	// Outcomes counts events by their verdict; what was released or dropped later counts as quarantined.
	Outcomes map[events.Outcome]int
	// Held counts events that wait for us, Incidents the incidents that are counted.
	Held, Incidents int
}

const countOutcomes = `-- correlator: events by outcome
SELECT outcome, count(*) FROM correlator.event WHERE municipality = $1 GROUP BY outcome`

const countHeld = `-- correlator: held events and counted incidents
SELECT (SELECT count(*) FROM correlator.held WHERE municipality = $1),
       (SELECT coalesce(sum(incidents), 0) FROM correlator.count WHERE municipality = $1)`

// Figures reads what became of a municipality's events.
func (s *Service) Figures(ctx context.Context, m events.MunicipalityID) (Figures, error) {
	f := Figures{Outcomes: map[events.Outcome]int{}}
	rows, err := s.store.pool.Query(ctx, countOutcomes, string(m))
	if err != nil {
		return f, fmt.Errorf("count events of %s: %w", m, err)
	}
	var outcome string
	var n int
	if _, err := pgx.ForEachRow(rows, []any{&outcome, &n}, func() error {
		f.Outcomes[events.Outcome(outcome)] = n
		return nil
	}); err != nil {
		return f, fmt.Errorf("count events of %s: %w", m, err)
	}
	if err := s.store.pool.QueryRow(ctx, countHeld, string(m)).Scan(&f.Held, &f.Incidents); err != nil {
		return f, fmt.Errorf("count events of %s: %w", m, err)
	}
	return f, nil
}

const countReports = `-- correlator: reports placed in each area
SELECT area, sum(reports)::int FROM correlator.count WHERE municipality = $1 AND category = ANY ($2) GROUP BY area`

// ReportsByArea counts the reports of some categories that were placed in each area, over all time.
// The empty area holds what lies in the municipality and in no area.
func (s *Service) ReportsByArea(ctx context.Context, m events.MunicipalityID, categories []string) (map[events.AreaCode]int, error) {
	return s.byArea(ctx, countReports, string(m), categories)
}

const countIncidents = `-- correlator: incidents in each area
SELECT area, sum(incidents)::int FROM correlator.count WHERE municipality = $1 GROUP BY area`

// IncidentsByArea counts the incidents in each area, over all time.
func (s *Service) IncidentsByArea(ctx context.Context, m events.MunicipalityID) (map[events.AreaCode]int, error) {
	return s.byArea(ctx, countIncidents, string(m))
}

func (s *Service) byArea(ctx context.Context, sql string, args ...any) (map[events.AreaCode]int, error) {
	rows, err := s.store.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("count by area: %w", err)
	}
	counted := map[events.AreaCode]int{}
	var area string
	var n int
	_, err = pgx.ForEachRow(rows, []any{&area, &n}, func() error {
		counted[events.AreaCode(area)] = n
		return nil
	})
	return counted, err
}
