// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"samsyn/events"
	"samsyn/internal/pg"
)

// Under one Idempotency-Key there is one answer for 24 hours.
func TestSameKeySameAnswer(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	c, key := d.agency("io-same"), header{"Idempotency-Key": "order-66"}
	first := c.send(incident("F-1"), key).is(202, "")
	d.advance(23 * time.Hour)
	again := c.send(incident("F-1"), key).is(202, "")
	if string(again.body) != string(first.body) || again.header.Get("Idempotency-Replayed") != "true" || first.header.Get("Idempotency-Replayed") != "" {
		t.Errorf("first %s, again %s (%s)", first.body, again.body, again.header.Get("Idempotency-Replayed"))
	}
	d.advance(time.Hour)
	if c.send(incident("F-2"), key).is(202, "").header.Get("Idempotency-Replayed") != "" {
		t.Error("the key was not free after 24 hours")
	}
}

// The same key for another request is a mistake of the sender's and must not pass for the first.
func TestSameKeyOtherRequestIsAConflict(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	c, key := d.agency("io-other"), header{"Idempotency-Key": "k"}
	c.send(incident("F-1"), key).is(202, "")
	c.send(incident("F-2"), key).is(422, events.IdempotencyConflict)
	c.do("POST", "/incidents?dry-run=true", typeJSON, incident("F-1"), key).is(422, events.IdempotencyConflict)
	c.do("POST", "/incidents", typeEvent, incident("F-1"), key).is(422, events.IdempotencyConflict)
	if n := len(c.stored()); n != 1 {
		t.Errorf("%d stored", n)
	}
	other := d.agency("io-third")
	if other.send(incident("F-1"), key).is(202, "").header.Get("Idempotency-Replayed") != "" {
		t.Error("another agency's key was answered")
	}
}

// A refusal is an answer too, in the language it was given in.
func TestRefusalIsKept(t *testing.T) {
	t.Parallel()
	c := openDoor(t).agency("io-refusal")
	first := c.send("", header{"Idempotency-Key": "k", "Accept-Language": "en"}).is(400, events.EmptyBody)
	again := c.send("", header{"Idempotency-Key": "k", "Accept-Language": "sv"}).is(400, events.EmptyBody)
	if string(first.body) != string(again.body) || again.header.Get("Content-Language") != "en" {
		t.Errorf("%s: %s", again.header.Get("Content-Language"), again.body)
	}
}

// Arrays and lines are answered once as well; what cannot be known beforehand has limits.
func TestManyUnderOneKey(t *testing.T) {
	t.Parallel()
	c := openDoor(t).agency("io-many")
	lines := incident("F-1") + "\n" + incident("F-2") + "\n"
	for _, form := range []struct{ contentType, body string }{{typeArray, "[" + incident("F-3") + "]"}, {typeLines, lines}} {
		first := c.do("POST", "/incidents", form.contentType, form.body, header{"Idempotency-Key": form.contentType}).is(200, "")
		again := c.do("POST", "/incidents", form.contentType, form.body, header{"Idempotency-Key": form.contentType}).is(200, "")
		if string(first.body) != string(again.body) || again.header.Get("Content-Type") != first.header.Get("Content-Type") {
			t.Errorf("first %s, again %s", first.body, again.body)
		}
	}
	c.do("POST", "/incidents", typeLines, strings.Repeat("{}\n", maxKeyedLines+1), header{"Idempotency-Key": "long"}).is(413, events.TooLarge)
	c.send(incident("F-1"), header{"Idempotency-Key": strings.Repeat("a", 129)}).is(400, events.OutOfRange)
	c.send(incident("F-1"), header{"Idempotency-Key": "å"}).is(400, events.OutOfRange)
	if n := len(c.stored()); n != 3 {
		t.Errorf("%d stored", n)
	}
}

// While one request is being answered, its twin waits; when whoever took the key has died, the next one answers.
func TestClaimIsWaitedForAndThenTakenOver(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	c := d.agency("io-claim")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, Base+"/incidents", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", typeJSON)
	who := grant{municipality: town, agency: c.agency}
	if _, err := d.service.store.claim(t.Context(), who, "k", fingerprintOf(request, []byte(incident("F-1"))), uuid.New(), d.now); err != nil {
		t.Fatal(err)
	}
	key := header{"Idempotency-Key": "k"}
	if a := c.send(incident("F-1"), key).is(409, "in_progress"); a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	d.advance(claimKept)
	c.send(incident("F-1"), key).is(202, "")
	c.send(incident("F-1"), key).is(202, "")
	if n := len(c.stored()); n != 1 {
		t.Errorf("%d stored", n)
	}
}

// Expired answers go when their agency comes again, so that the table does not grow.
func TestExpiredAnswersAreRemoved(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	c := d.agency("io-expired")
	for _, key := range []string{"a", "b", "c"} {
		c.send(incident("F-1"), header{"Idempotency-Key": key}).is(202, "")
	}
	d.advance(25 * time.Hour)
	c.send(incident("F-2"), header{"Idempotency-Key": "d"}).is(202, "")
	if n := d.answers(pg.Viewer{Municipality: string(town), Agency: string(c.agency)}); n != 1 {
		t.Errorf("%d answers are kept", n)
	}
}

// Intake has one login for all agencies: the wall between them is the policy, not the statement.
func TestAnswersOfAnAgencyAreSeenInItsOwnTransactionOnly(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	c := d.agency("io-wall")
	c.send(incident("F-1"), header{"Idempotency-Key": "k"}).is(202, "")
	for _, test := range []struct {
		viewer pg.Viewer
		want   int
	}{
		{pg.Viewer{Municipality: string(town), Agency: "io-wall"}, 1},
		{pg.Viewer{Municipality: string(town), Agency: "io-else"}, 0},
		{pg.Viewer{Municipality: "0581", Agency: "io-wall"}, 0},
		{pg.Viewer{Municipality: string(town)}, 0},
		{pg.System, 0},
	} {
		if got := d.answers(test.viewer); got != test.want {
			t.Errorf("%+v sees %d answers, want %d", test.viewer, got, test.want)
		}
	}
}

func (d *door) answers(v pg.Viewer) (n int) {
	d.t.Helper()
	err := pg.InTx(d.t.Context(), d.pool(pg.RoleIntake), v, func(tx pgx.Tx) error {
		return tx.QueryRow(d.t.Context(), `SELECT count(*) FROM intake.answer`).Scan(&n)
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return n
}
