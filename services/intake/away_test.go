// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/pg"
)

// Without NATS nothing is said to be received, the sender is told to keep it, and sent again it is there once.
func TestWithoutNATSNothingIsReceivedAndNothingIsLost(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	c := d.agency("iy-nats")
	c.judge(verdictRow{report: "F-0", revision: 1, batch: 1, outcome: events.Accepted})
	c.send(incident("F-1")).is(202, "")
	d.nats.Restart(func(string) {
		a := c.send(incident("F-2")).is(503, "store_away")
		if a.header.Get("Retry-After") == "" || !strings.Contains(a.problem().Detail, "Behåll händelserna") {
			t.Errorf("%s", a.body)
		}
		c.do("POST", "/incidents", typeArray, "["+incident("F-2")+","+incident("F-3")+"]").is(503, "store_away")
		lines := c.do("POST", "/incidents", typeLines, `{"bad":1}`+"\n"+incident("F-2")+"\n"+incident("F-3")).is(200, "")
		got := strings.Split(strings.TrimSpace(string(lines.body)), "\n")
		if len(got) != 2 || !strings.Contains(got[0], `"state":"refused"`) || !strings.Contains(got[1], `"code":"store_away"`) {
			t.Errorf("lines %s", lines.body)
		}
		c.do("DELETE", "/incidents/F-0", "", "").is(503, "store_away")
		c.send(incident("F-2"), header{"Idempotency-Key": "k"}).is(503, "store_away")
		c.do("GET", "/receipts?wait=1", "", "").is(200, "")
	})
	if d.counted(unstored) < 5 {
		t.Errorf("%v counted as not stored", d.counted(unstored))
	}
	d.conn = d.nats.Connect("intake again")
	d.open()
	c.door = d
	c.send(incident("F-2"), header{"Idempotency-Key": "k"}).is(202, "")
	var results []result
	c.do("POST", "/incidents", typeArray, "["+incident("F-1")+","+incident("F-2")+","+incident("F-3")+"]").is(200, "").into(&results)
	if len(c.stored()) > 4 || results[2].State != received {
		t.Errorf("%d stored, %+v", len(c.stored()), results)
	}
}

// A full stream refuses what is new and drops nothing that is old.
func TestFullStreamIsSaid(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	c := d.agency("iy-full")
	if err := d.nats.Conn.EnsureAgency(t.Context(), town, c.agency, bus.Quota{MaxBytes: 1 << 20}); err != nil {
		t.Fatal(err)
	}
	large := `,"x_own":"` + strings.Repeat("a", 60_000) + `"`
	n := 0
	for ; n < 1000; n++ {
		a := c.send(incidentWith(fmt.Sprintf("F-%d", n), large))
		if a.status == 202 {
			continue
		}
		if a.is(503, events.StreamFull).header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		break
	}
	if stored := len(c.stored()); n == 0 || stored != n {
		t.Errorf("%d received, %d stored", n, stored)
	}
	c.do("POST", "/incidents", typeArray, "["+incidentWith("F-X", large)+"]").is(503, events.StreamFull)
}

// Without Postgres whoever was known within the hour still sends; what must be read is answered by 503.
func TestWithoutPostgresKnownAgenciesStillSend(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	c, unseen := d.agency("iy-known"), d.agency("iy-unseen")
	c.send(incident("F-1")).is(202, "")
	back := d.takePostgresAway()
	c.send(incident("F-2")).is(202, "")
	for _, a := range []answer{
		unseen.send(incident("F-1")), c.do("GET", "/receipts", "", ""), c.do("GET", "/quarantine", "", ""), c.do("DELETE", "/incidents/F-1", "", ""),
		c.send(incident("F-3"), header{"Idempotency-Key": "k"}),
		caller{door: d, key: c.key + "x"}.send(incident("F-3")),
	} {
		if a.is(503, "database_away").header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	d.advance(believeFor + time.Second)
	c.send(incident("F-3")).is(503, "database_away")
	back()
	c.send(incident("F-3")).is(202, "")
	c.do("GET", "/receipts", "", "").is(200, "")
	if n := len(c.stored()); n != 3 {
		t.Errorf("%d stored", n)
	}
}

// takePostgresAway makes the test's own database unreachable while its neighbours' in the cluster live on.
func (d *door) takePostgresAway() (back func()) {
	d.t.Helper()
	where, err := url.Parse(d.pg.URL)
	if err != nil {
		d.t.Fatal(err)
	}
	name := strings.TrimPrefix(where.Path, "/")
	where.Path = "/postgres"
	admin, err := pgx.Connect(d.t.Context(), where.String())
	if err != nil {
		d.t.Fatal(err)
	}
	rename := func(from, to string) {
		d.t.Helper()
		for range 100 {
			_, err = admin.Exec(context.Background(), "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE datname = $1", from)
			if err == nil {
				_, err = admin.Exec(context.Background(), "ALTER DATABASE "+from+" RENAME TO "+to)
			}
			if pgErr, ok := err.(*pgconn.PgError); !ok || pgErr.Code != "55006" { //nolint:errorlint // as pgx returns it
				break
			}
		}
		if err != nil {
			d.t.Fatal(err)
		}
	}
	rename(name, name+"_away")
	return func() {
		d.t.Helper()
		rename(name+"_away", name)
		if err := admin.Close(context.Background()); err != nil {
			d.t.Error(err)
		}
	}
}

// explain gives the plan of a statement as an agency.
func (d *door) explain(c caller, statement string) string {
	d.t.Helper()
	agencies := pg.OpenAgencies(d.pg)
	defer agencies.Close()
	var plan []string
	err := pg.InTx(d.t.Context(), agencies.For("samsyn_a_"+string(town)+"_"+string(c.agency)), pg.System, func(tx pgx.Tx) error {
		if _, err := tx.Exec(d.t.Context(), "SET LOCAL enable_seqscan = off"); err != nil {
			return err
		}
		rows, err := tx.Query(d.t.Context(), "EXPLAIN "+statement)
		if err != nil {
			return err
		}
		plan, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return strings.Join(plan, "\n")
}
