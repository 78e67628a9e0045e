// SPDX-License-Identifier: EUPL-1.2

package correlator

import "context"

const refreshStatistics = `-- correlator: tell the planner how large the tables have become
SELECT correlator.refresh_statistics()`

// refreshStatistics tells the planner of a database that is being filled how large its tables have
// become: after 1,000 events, 10,000, and so on, beside the work. Plans made while they were empty are
// the wrong ones. Without it the events are decided all the same, slowly, until autovacuum comes.
func (s *Service) refreshStatistics(ctx context.Context) error {
	for {
		select {
		case <-s.grown:
			if _, err := s.store.pool.Exec(ctx, refreshStatistics); err != nil {
				s.log.Warn("planner not told of the tables' sizes", "error", err)
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// grew notes that events were decided, and when their number passed the next power of ten.
func (s *Service) grew(decided int) {
	before := s.decided
	s.decided += decided
	for step := 1000; step <= s.decided; step *= 10 {
		if before < step {
			select {
			case s.grown <- struct{}{}:
			default: // it is being told now
			}
		}
	}
}
