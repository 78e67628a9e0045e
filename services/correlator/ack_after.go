//go:build !mutant_ack_before_commit

// SPDX-License-Identifier: EUPL-1.2

package correlator

import "context"

// beforeCommit is what is told to the broker before a batch is stored: nothing. What is acknowledged
// is never sent again, so nothing may be acknowledged, here or in the position, that is not stored.
func (s *Service) beforeCommit(context.Context, *work) error { return nil }
