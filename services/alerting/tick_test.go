// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"samsyn/internal/testenv"
)

// The main promise: where more happens than usual, a flag stands at the next look, with its place, its numbers and who saw it.
func TestRiseIsFlaggedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.NATS(t).Conn)
	w.history("2026-11-20")
	w.look("2026-11-20T08:00:00+01:00")
	if got := w.flagEvents(); len(got) != 0 {
		t.Fatalf("flagged without a cause: %v", lines(got))
	}
	w.burst("D1A2", "2026-11-20", 9)
	w.look("2026-11-20T21:00:00+01:00")
	got := w.flagEvents()
	if diff := cmp.Diff([]string{"flagged rise r1 area D1A2 damage: 9"}, lines(got)); diff != "" {
		t.Fatalf("flags (-want +got):\n%s", diff)
	}
	t.Logf("%+v", got[0])
}
