// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"samsyn/internal/pg"
	"samsyn/internal/testenv"
)

// Who may see what is decided in Postgres: numbers for everyone inside the agreement, own reports for each agency, who is told for no
// agency at all, and nothing across municipalities.
func TestWalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.NATS(t).Conn)
	w.subscribe(Subscription{Channel: "mail", Recipient: "anna@vaxjo.example"})
	w.story()
	if _, err := w.service.store.planMessages(t.Context(), at(t, "2026-12-08T12:00:00+01:00")); err != nil {
		t.Fatal(err)
	}
	var login string
	if err := w.registry.QueryRow(t.Context(), `SELECT registry.make_login('0780', 'polis', '')`).Scan(&login); err != nil {
		t.Fatal(err)
	}
	agencies := pg.OpenAgencies(w.config)
	t.Cleanup(agencies.Close)
	web, err := pg.Open(t.Context(), w.config, pg.RoleWeb, 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(web.Close)
	count := func(db pg.Beginner, v pg.Viewer, sql string) (n int, err error) {
		err = pg.InTx(t.Context(), db, v, func(tx pgx.Tx) error { return tx.QueryRow(t.Context(), sql).Scan(&n) })
		return n, err
	}
	police, coordinator, stranger := agencies.For(login), pg.Viewer{Municipality: "0780"}, pg.Viewer{Municipality: "0481"}
	for name, c := range map[string]struct {
		db   pg.Beginner
		v    pg.Viewer
		sql  string
		want string // some, none, refused
	}{
		"an agency reads flags":                         {police, pg.System, `SELECT count(*) FROM contract.flag`, "some"},
		"an agency reads what is usual":                 {police, pg.System, `SELECT count(*) FROM contract.expected`, "some"},
		"an agency reads its own reports":               {police, pg.System, `SELECT count(*) FROM contract.flag_report WHERE agency = 'polis'`, "some"},
		"an agency reads no other's reports":            {police, pg.System, `SELECT count(*) FROM contract.flag_report WHERE agency <> 'polis'`, "none"},
		"an agency may not read who is told":            {police, pg.System, `SELECT count(*) FROM contract.notification`, "refused"},
		"an agency may not read addresses":              {police, pg.System, `SELECT count(*) FROM alerting.subscription`, "refused"},
		"an agency may not read revisions":              {police, pg.System, `SELECT count(*) FROM alerting.flag_event`, "refused"},
		"an agency changes nothing":                     {police, pg.System, `WITH u AS (DELETE FROM alerting.flag RETURNING 1) SELECT count(*) FROM u`, "refused"},
		"a viewer reads flags of its municipality":      {web, coordinator, `SELECT count(*) FROM contract.flag`, "some"},
		"a viewer reads who was told":                   {web, coordinator, `SELECT count(*) FROM contract.notification`, "some"},
		"a viewer of another reads none":                {web, stranger, `SELECT count(*) FROM contract.flag`, "none"},
		"a viewer of another reads no notifications":    {web, stranger, `SELECT count(*) FROM contract.notification`, "none"},
		"a viewer of another reads no expectations":     {web, stranger, `SELECT count(*) FROM contract.expected`, "none"},
		"without a viewer there is nothing":             {web, pg.System, `SELECT count(*) FROM contract.flag`, "none"},
		"the web changes nothing":                       {web, coordinator, `WITH u AS (DELETE FROM alerting.flag RETURNING 1) SELECT count(*) FROM u`, "refused"},
		"the correlator has no business here":           {w.correlator, pg.System, `SELECT count(*) FROM contract.flag`, "refused"},
		"alerting does not change the record":           {w.alerting, pg.System, `WITH u AS (DELETE FROM alerting.tick RETURNING 1) SELECT count(*) FROM u`, "refused"},
		"alerting does not change a revision":           {w.alerting, pg.System, `WITH u AS (UPDATE alerting.flag_event SET tick = 0 RETURNING 1) SELECT count(*) FROM u`, "refused"},
		"alerting does not change what others own":      {w.alerting, pg.System, `WITH u AS (DELETE FROM correlator.count RETURNING 1) SELECT count(*) FROM u`, "refused"},
		"alerting may not read the raw bytes of events": {w.alerting, pg.System, `SELECT count(*) FROM correlator.event`, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			n, err := count(c.db, c.v, c.sql)
			refused := err != nil && strings.Contains(err.Error(), "42501")
			if err != nil && !refused || refused != (c.want == "refused") || !refused && (n > 0) != (c.want == "some") {
				t.Errorf("%d rows, %v; want %s", n, err, c.want)
			}
		})
	}
}
