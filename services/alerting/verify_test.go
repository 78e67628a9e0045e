// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"samsyn/internal/testenv"
)

// story plays ten weeks of everything that can happen: rises, very serious reports, what comes late, what is taken back, a restart, a new
// area, and quiet until all is over.
func (w *world) story() {
	w.t.Helper()
	w.history("2026-11-01")
	w.look("2026-11-01T08:00:00+01:00")
	w.burst("D1A2", "2026-11-02", 6)
	w.look("2026-11-02T12:00:00+01:00")
	w.commit(seen{report: "s1", severity: 4, area: "D2A2", day: "2026-11-03"})
	w.look("2026-11-03T12:00:00+01:00")
	w.commit(seen{report: "late", day: "2026-08-01"}, seen{report: "future", day: "2026-11-05"})
	w.look("2026-11-03T13:00:00+01:00")
	w.restart()
	w.burst("D1A2", "2026-11-04", 7)
	w.look("2026-11-04T12:00:00+01:00")
	w.commit(seen{report: "s1", severity: 4, area: "D2A2", day: "2026-11-03", gone: true})
	w.look("2026-11-05T12:00:00+01:00")
	w.area("D1A9", "area", "D1")
	w.exec(w.registry, `UPDATE registry.municipality SET version = version + 1`)
	w.restart()
	w.commit(several("public_nuisance", "D1A9", "2026-11-06", 5)...)
	w.look("2026-11-06T12:00:00+01:00")
	for d := 7; d <= 30; d++ {
		w.look(fmt.Sprintf("2026-11-%02dT12:00:00+01:00", d))
		w.commit(seen{report: fmt.Sprint("n", d), area: fmt.Sprintf("D2A%d", d%4+1), day: fmt.Sprintf("2026-11-%02d", d)})
	}
	w.look("2026-12-05T12:00:00+01:00")
}

func (w *world) verify() Verification {
	w.t.Helper()
	v, err := w.service.Verify(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

// What was decided can be decided again from the journal; if not, either the counts, the record or the program is not what it was.
func TestLooksRepeatExactly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.NATS(t).Conn)
	w.story()
	v := w.verify()
	if len(v.Problems) > 0 {
		t.Fatalf("%d problems:\n%s", len(v.Problems), strings.Join(v.Problems, "\n"))
	}
	if v.Checked["ticks"] < 50 || v.Checked["flags"] < 8 {
		t.Errorf("checked only %v", v.Checked)
	}
	t.Logf("checked %v: %s", v.Checked, strings.Join(lines(w.flagEvents()), "; "))
}

// A checker that was never seen failing is not a checker.
func TestVerifyFindsWhatWasChanged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sql, want string }{
		"a count in the journal": {
			`UPDATE correlator.batch SET incidents[1] = incidents[1] + 1 WHERE batch = 2`, "transitions of tick",
		},
		"a count that the journal does not know": {
			`UPDATE correlator.count SET incidents = incidents + 3 WHERE area = 'D1A2' AND day = '2026-11-02'`, "the journal adds up to",
		},
		"a decision": {
			`UPDATE alerting.tick SET transitions = jsonb_set(transitions, '{0,observed}', '99') WHERE tick = (SELECT min(tick) FROM alerting.tick WHERE transitions IS NOT NULL)`, "transitions of tick",
		},
		"a decision that is gone": {
			`UPDATE alerting.tick SET transitions = NULL WHERE tick = (SELECT min(tick) FROM alerting.tick WHERE transitions IS NOT NULL)`, "transitions of tick",
		},
		"a look that is gone": {
			`DELETE FROM alerting.tick WHERE tick = 20`, "is followed by",
		},
		"what it had in mind": {
			`UPDATE alerting.tick SET episodes = '[]' WHERE tick = (SELECT min(tick) FROM alerting.tick WHERE jsonb_array_length(episodes) > 0)`, "episodes of tick",
		},
		"a revision": {
			`UPDATE alerting.flag_event SET body = jsonb_set(body, '{margin}', '0.5') WHERE revision = 1 AND body->>'kind' = 'rise'`, "revision 1 of flag",
		},
		"a flag": {
			`UPDATE alerting.flag SET observed = observed + 1`, "not what its latest revision says",
		},
		"a flag that is gone": {
			`DELETE FROM alerting.flag`, "not among the flags",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testenv.NATS(t).Conn)
			w.story()
			w.admin(c.sql)
			v := w.verify()
			if len(v.Problems) == 0 || !strings.Contains(strings.Join(v.Problems, "\n"), c.want) {
				t.Errorf("not found; problems: %v", v.Problems)
			}
		})
	}
}

// A rebuild gives the same flags under the same identities: links in mails stay true.
func TestRebuildGivesTheSameFlags(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.NATS(t).Conn)
	w.story()
	before := w.rows(`SELECT f::text FROM alerting.flag f UNION ALL SELECT r::text FROM alerting.flag_report r ORDER BY 1`)
	usual := w.rows(`SELECT concat_ws(' ', area, grp, week) FROM alerting.expected ORDER BY 1`)
	w.admin(`DELETE FROM alerting.flag WHERE state = 'cleared'; UPDATE alerting.flag SET observed = 77; DELETE FROM alerting.expected WHERE area = 'D1'`)
	n, err := w.service.Rebuild(t.Context(), vaxjo, at(t, "2026-12-05T13:00:00+01:00"))
	if err != nil || n < 3 {
		t.Fatalf("rebuilt %d flags: %v", n, err)
	}
	if diff := cmp.Diff(before, w.rows(`SELECT f::text FROM alerting.flag f UNION ALL SELECT r::text FROM alerting.flag_report r ORDER BY 1`)); diff != "" {
		t.Errorf("flags (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(usual, w.rows(`SELECT concat_ws(' ', area, grp, week) FROM alerting.expected ORDER BY 1`)); diff != "" {
		t.Errorf("expectations (-before +after):\n%s", diff)
	}
	if v := w.verify(); len(v.Problems) > 0 {
		t.Errorf("after the rebuild: %v", v.Problems)
	}
}
