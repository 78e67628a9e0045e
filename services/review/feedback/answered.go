// SPDX-License-Identifier: EUPL-1.2

package feedback

import (
	"context"

	"samsyn/internal/pg"
)

// Answered says how many reports of the latest weeks were answered, of how many, as the overview tells the viewer; zeros before there is
// a situation report.
func (s *Service) Answered(ctx context.Context, v pg.Viewer) (answered, reports int, err error) {
	all, err := s.store.answers(ctx, v)
	for _, a := range all {
		if a.Agency == "" {
			return a.Answered, a.Reports, err
		}
	}
	return 0, 0, err
}
