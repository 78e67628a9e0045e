// SPDX-License-Identifier: EUPL-1.2

package post_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"samsyn/internal/mail"
	"samsyn/internal/mail/mailtest"
	"samsyn/internal/pg"
	"samsyn/internal/testenv"
	"samsyn/services/review/post"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// office is a municipality with a mail server of its own.
type office struct {
	t      *testing.T
	admin  *pgx.Conn
	pool   *pgxpool.Pool
	server *mailtest.Server
	dir    string
	post   *post.Service
}

func newOffice(t *testing.T) *office {
	t.Helper()
	t.Parallel()
	config := testenv.Postgres(t)
	admin, err := pgx.Connect(t.Context(), config.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close(context.WithoutCancel(t.Context())) })
	pool, err := pg.Open(t.Context(), config, pg.RoleReview, 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	o := &office{t: t, admin: admin, pool: pool, server: mailtest.New(t), dir: t.TempDir()}
	sender, err := mail.New(mail.Config{SMTP: o.server.SMTP(mail.TLSNone), Dir: o.dir})
	if err != nil {
		t.Fatal(err)
	}
	o.post = post.New(pool, sender, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	for _, m := range []string{"0780", "0480"} {
		o.exec(`INSERT INTO registry.municipality (municipality, name, epsg, history_from, created_at) VALUES ($1, $1, 3006, '2026-01-01', now())`, m)
	}
	return o
}

func (o *office) exec(sql string, args ...any) {
	o.t.Helper()
	if _, err := o.admin.Exec(o.t.Context(), sql, args...); err != nil {
		o.t.Fatalf("%s: %v", sql, err)
	}
}

func (o *office) person(email string) uuid.UUID {
	o.t.Helper()
	o.exec(`INSERT INTO registry.agency (municipality, agency, name, started_on, max_bytes) VALUES ('0780', 'bostad', 'Bostad', '2020-01-01', 1) ON CONFLICT DO NOTHING`)
	id := uuid.New()
	o.exec(`INSERT INTO access.person (municipality, person, name, email, agency, unit, roles, created_at, created_by)
		VALUES ('0780', $1, 'Asa', $2, 'bostad', '', '{reporter}', now(), 'command')`, id, email)
	return id
}

// enqueue puts mails into the outbox in one transaction of a viewer.
func (o *office) enqueue(v pg.Viewer, mails ...post.Mail) error {
	return pg.InTx(o.t.Context(), o.pool, v, func(tx pgx.Tx) error {
		for _, m := range mails {
			if err := post.Enqueue(o.t.Context(), tx, m); err != nil {
				return err
			}
		}
		return nil
	})
}

func (o *office) mustEnqueue(mails ...post.Mail) {
	o.t.Helper()
	if err := o.enqueue(pg.System, mails...); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) send(now time.Time) {
	o.t.Helper()
	if _, err := o.post.SendDue(o.t.Context(), now); err != nil {
		o.t.Fatal(err)
	}
}

// list says each mail in one line, the newest first.
func (o *office) list(undelivered bool) []string {
	o.t.Helper()
	all, err := o.post.Deliveries(o.t.Context(), "", undelivered, 100, noon.Add(time.Hour))
	if err != nil {
		o.t.Fatal(err)
	}
	lines := []string{}
	for _, d := range all {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s %d %s", d.Kind, d.Recipient, d.State, d.Attempts, d.Error)))
	}
	return lines
}

func aMail(key string) post.Mail {
	return post.Mail{
		Municipality: "0780", Address: "asa@vaxjo.example", Kind: "feedback", Key: key, Subject: "Återkoppling v.\u00a047", Text: "Hej.\n", HTML: "<p>Hej.</p>", At: noon,
		Attachments: []mail.Attachment{{Name: "m.ics", Type: "text/calendar; charset=utf-8", Content: []byte("BEGIN:VCALENDAR\r\n")}},
		Headers:     map[string]string{"List-Unsubscribe": "<https://samsyn.example/x>"},
	}
}

func want(t *testing.T, what string, got, wanted any) {
	t.Helper()
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// A retried transaction, a second worker and a second tick must not write to anybody twice.
func TestOneKeyIsOneMail(t *testing.T) {
	o := newOffice(t)
	other := aMail("w47")
	other.Address, other.Kind = "bo@vaxjo.example", "actions"
	again := aMail("w47")
	again.Text, again.Address = "Something else.\n", "ASA@vaxjo.example"
	o.mustEnqueue(aMail("w47"), other)
	o.mustEnqueue(again)
	for range 2 {
		o.send(noon)
	}
	mails := o.server.Taken()
	if len(mails) != 2 {
		t.Fatalf("%d mails: %v", len(mails), o.list(false))
	}
	first := mails[0].Header
	for header, wanted := range map[string]string{"Subject": "Återkoppling v.\u00a047", "text/plain": "Hej.\n", "text/html": "<p>Hej.</p>", "text/calendar": "BEGIN:VCALENDAR\n", "List-Unsubscribe": "<https://samsyn.example/x>"} {
		want(t, header, first[header], []string{wanted})
	}
	want(t, "list", o.list(false), []string{"actions bo@vaxjo.example sent 1", "feedback asa@vaxjo.example sent 1"})
	var kept int
	if err := o.admin.QueryRow(t.Context(), `SELECT count(*) FROM review.mail WHERE letter IS NOT NULL`).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("%d letters are kept after they arrived: %v", kept, err)
	}
}

// What was rolled back is not told.
func TestMailGoesWithItsTransaction(t *testing.T) {
	o := newOffice(t)
	undo := errors.New("undo")
	err := pg.InTx(t.Context(), o.pool, pg.System, func(tx pgx.Tx) error {
		if err := post.Enqueue(t.Context(), tx, aMail("w47")); err != nil {
			return err
		}
		return undo
	})
	if !errors.Is(err, undo) {
		t.Fatal(err)
	}
	o.send(noon)
	want(t, "mails", len(o.server.Taken()), 0)
}

// A person's address is that of the moment the mail leaves; somebody who has left is not written to.
func TestMailFollowsThePerson(t *testing.T) {
	o := newOffice(t)
	moved, left := o.person("old@vaxjo.example"), o.person("left@vaxjo.example")
	for i, p := range []uuid.UUID{moved, left} {
		m := aMail("w47")
		m.Address, m.Person, m.At = "", p, noon.Add(time.Duration(i)*time.Second)
		o.mustEnqueue(m)
	}
	o.exec(`UPDATE access.person SET email = 'new@vaxjo.example' WHERE person = $1`, moved)
	o.exec(`UPDATE access.person SET disabled_at = now() WHERE person = $1`, left)
	o.send(noon.Add(time.Minute))
	mails := o.server.Taken()
	if len(mails) != 1 || mails[0].Header.Get("To") != "<new@vaxjo.example>" {
		t.Errorf("%d mails: %v", len(mails), o.list(false))
	}
	want(t, "given up", o.list(true), []string{"feedback left@vaxjo.example failed 1 nobody to send it to: the person is disabled"})
}

// A mail server that is away for a day is asked ever more seldom, then the mail is listed, and sent when somebody says so.
func TestMailIsTriedForADayAndThenListed(t *testing.T) {
	o := newOffice(t)
	o.server.Answer("", "421 not now")
	o.mustEnqueue(aMail("w47"))
	now, attempts := noon, 0
	for ; now.Before(noon.Add(30 * time.Hour)); now = now.Add(30 * time.Second) {
		n, err := o.post.SendDue(t.Context(), now)
		if err != nil {
			t.Fatal(err)
		}
		attempts += n
	}
	want(t, "attempts", attempts, 9)
	want(t, "list", o.list(true), []string{"feedback asa@vaxjo.example failed 9 mail server not reached"})
	o.server.Answer("", "")
	if n, err := o.post.Retry(t.Context(), "0780", now); n != 1 || err != nil {
		t.Fatalf("%d due again: %v", n, err)
	}
	o.send(now)
	want(t, "list after the retry", o.list(true), []string{})
	want(t, "mails", len(o.server.Taken()), 1)
}

// One mailbox that is refused keeps no other waiting, and a server that is away is asked once and not for each mail.
func TestOthersDoNotWaitForOne(t *testing.T) {
	o := newOffice(t)
	bad := aMail("w47")
	bad.Subject = "x\r\nBcc: everybody@vaxjo.example"
	o.mustEnqueue(bad, aMail("w48"), aMail("w49"))
	o.server.Answer("", "421 not now")
	tried, err := o.post.SendDue(t.Context(), noon)
	if tried != 2 || err != nil {
		t.Errorf("tried %d with the server away: %v", tried, err)
	}
	o.server.Answer("", "")
	o.send(noon)
	o.send(noon.Add(2 * time.Minute))
	want(t, "mails", len(o.server.Taken()), 2)
	want(t, "given up", o.list(true), []string{"feedback asa@vaxjo.example failed 1 not a mail: the subject is empty or has control characters"})
}

// A sender that dies with mails in its hands gives them back, and the mail that arrived nevertheless has the same identity.
func TestMailsOfADeadSenderAreSent(t *testing.T) {
	o := newOffice(t)
	o.mustEnqueue(aMail("w47"))
	dying := post.New(o.pool, deadSender{o.server.SMTP(mail.TLSNone), o}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	func() {
		defer func() { _ = recover() }()
		_, _ = dying.SendDue(t.Context(), noon)
	}()
	o.send(noon.Add(time.Minute))
	want(t, "mails while the dead one's lease holds", len(o.server.Taken()), 1)
	o.send(noon.Add(6 * time.Minute))
	mails := o.server.Taken()
	if len(mails) != 2 || mails[0].Header.Get("Message-Id") != mails[1].Header.Get("Message-Id") {
		t.Errorf("%d mails: %v", len(mails), o.list(false))
	}
}

// deadSender sends and dies.
type deadSender struct {
	smtp mail.SMTP
	o    *office
}

func (d deadSender) Send(ctx context.Context, m mail.Message) error {
	s, err := mail.New(mail.Config{SMTP: d.smtp})
	if err != nil {
		return err
	}
	if err := s.Send(ctx, m); err != nil {
		return err
	}
	panic("killed")
}

func (deadSender) Prune(time.Time, time.Duration) error { return nil }

// Nobody is woken by what a replay says of long ago.
func TestReplayWritesFiles(t *testing.T) {
	o := newOffice(t)
	o.exec(`UPDATE registry.municipality SET clock = 'replay', as_of = '2012-11-26T12:00:00Z' WHERE municipality = '0780'`)
	o.mustEnqueue(aMail("w47"))
	o.send(noon)
	files, err := filepath.Glob(filepath.Join(o.dir, "*.eml"))
	if err != nil || len(files) != 1 || len(o.server.Taken()) != 0 {
		t.Fatalf("files %v, mails %d: %v", files, len(o.server.Taken()), err)
	}
	if content, err := os.ReadFile(files[0]); err != nil || !strings.Contains(string(content), "asa@vaxjo.example") {
		t.Errorf("%s: %v", content, err)
	}
	o.send(time.Now().AddDate(0, 0, 29))
	if _, err := os.Stat(files[0]); err != nil {
		t.Errorf("thrown away too soon: %v", err)
	}
	o.send(time.Now().AddDate(0, 0, 31))
	if _, err := os.Stat(files[0]); err == nil {
		t.Error("a transport copy is kept for ever")
	}
}

// A page writes in its viewer's municipality alone, and reads nobody's mail.
func TestPagesWriteMailsAndReadNone(t *testing.T) {
	o := newOffice(t)
	viewer := pg.Viewer{Municipality: "0780", Agency: "kommun", Roles: []string{"coordinator"}}
	if err := o.enqueue(viewer, aMail("w47"), aMail("w47")); err != nil {
		t.Fatal(err)
	}
	foreign := aMail("w47")
	foreign.Municipality = "0480"
	if err := o.enqueue(viewer, foreign); err == nil {
		t.Error("a viewer writes mails in another municipality")
	}
	err := pg.InTx(t.Context(), o.pool, viewer, func(tx pgx.Tx) error {
		var n int
		if err := tx.QueryRow(t.Context(), `SELECT count(*) FROM review.mail`).Scan(&n); err != nil || n != 0 {
			t.Errorf("a viewer reads %d mails: %v", n, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	o.send(noon)
	want(t, "mails", len(o.server.Taken()), 1)
}

// What the caller left out is said to it, and nothing half is stored.
func TestIncompleteMailsAreRefused(t *testing.T) {
	o := newOffice(t)
	for name, m := range map[string]func(*post.Mail){
		"no recipient":   func(m *post.Mail) { m.Address = "" },
		"two recipients": func(m *post.Mail) { m.Person = uuid.New() },
		"no key":         func(m *post.Mail) { m.Key = "" },
		"no time":        func(m *post.Mail) { m.At = time.Time{} },
		"no language":    func(m *post.Mail) { m.Language = "fi" },
		"no text":        func(m *post.Mail) { m.Text = "" },
	} {
		bad := aMail("w47")
		m(&bad)
		if err := o.enqueue(pg.System, bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	want(t, "list", o.list(false), []string{})
}
