// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"samsyn/events"
	"samsyn/internal/mail"
	"samsyn/internal/mail/mailtest"
	"samsyn/internal/testenv"
)

// mailWorld is a world whose mail goes to a server of the test's own.
func mailWorld(t *testing.T) (*world, *mailtest.Server) {
	t.Helper()
	w, server := newWorld(t, testenv.NATS(t).Conn), mailtest.New(t)
	w.service = w.newService(Config{SMTP: server.SMTP(mail.TLSNone)})
	return w, server
}

func (w *world) subscribe(s Subscription) Subscribed {
	w.t.Helper()
	s.Municipality = vaxjo
	if s.Channel == "mail" && s.Role == "" {
		s.Role = "coordinator"
	}
	out, err := w.service.Subscribe(w.t.Context(), s, at(w.t, "2026-11-01T12:00:00+01:00"))
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// deliver plans and sends what is due on a channel at a moment.
func (w *world) deliver(channel, now string) {
	w.t.Helper()
	if _, err := w.service.store.planMessages(w.t.Context(), at(w.t, now)); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.service.deliverOnce(w.t.Context(), channel, at(w.t, now)); err != nil {
		w.t.Fatal(err)
	}
}

// deliveries says each message of a channel in one line.
func (w *world) deliveries(channel string) []string {
	w.t.Helper()
	rows, err := w.service.Deliveries(w.t.Context(), vaxjo, false, 100, time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, d := range rows {
		if d.Channel == channel {
			out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s %d %s", d.Recipient, d.Kind, d.State, d.Attempts, d.Error)))
		}
	}
	return out
}

var aShooting = seen{report: "s1", category: "shooting_explosion", severity: 4, area: "D2A2", day: "2026-11-20"}

// R24: what is very serious is in the mail server within the minute, says where to look, and names neither place nor report.
func TestSeriousMailLeavesAtOnce(t *testing.T) {
	t.Parallel()
	w, server := mailWorld(t)
	w.subscribe(Subscription{Channel: "mail", Recipient: "anna@vaxjo.example"})
	w.subscribe(Subscription{Channel: "mail", Recipient: "bo@vaxjo.example", Area: "D1"})
	w.commit(aShooting)
	w.look("2026-11-20T21:00:00+01:00")
	w.deliver("mail", "2026-11-20T21:00:01+01:00")
	mails := server.Taken()
	if len(mails) != 1 {
		t.Fatalf("%d mails; deliveries %v", len(mails), w.deliveries("mail"))
	}
	h, f := mails[0].Header, w.flagEvents()[0]
	if got, want := h.Get("Subject"), "v.\u00a047: mycket allvarlig händelse i Växjö"; got != want {
		t.Errorf("subject %q, want %q", got, want)
	}
	if h.Get("To") != "<anna@vaxjo.example>" || h.Get("Auto-Submitted") != "auto-generated" || !strings.HasSuffix(h.Get("Message-Id"), "@vaxjo.example>") {
		t.Errorf("header %v", h)
	}
	want := "Hej,\nen mycket allvarlig händelse har rapporterats i Växjö v.\u00a047 (16–22\u00a0november\u00a02026).\n\n" +
		"1. Plats 1 (ny), mycket allvarlig händelse: skottlossning/explosion.\n   Öppna: https://samsyn.example.se/plats/" + f.ID.String() + "\n\n" +
		"Underlag: 0 av 3 organisationer har rapporterat de senaste sju dagarna. Bostad, Polis och Skola saknas.\n" +
		"Du får mejlet som trygghetssamordnare. Vill du ändra det, vänd dig till kommunens administratör.\nLänkarna visar bara. Ingenting ändras av att de öppnas.\n"
	if diff := cmp.Diff(want, h["text/plain"][0]); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
	for _, secret := range []string{"Område", "D2A2", "s1"} {
		if strings.Contains(h["text/plain"][0]+h["text/html"][0]+h.Get("Subject"), secret) {
			t.Errorf("the mail says %q", secret)
		}
	}
	if !strings.Contains(h["text/html"][0], `href="https://samsyn.example.se/plats/`+f.ID.String()+`"`) || strings.Contains(h["text/html"][0], "<img") {
		t.Errorf("HTML: %s", h["text/html"][0])
	}
	w.deliver("mail", "2026-11-20T21:30:00+01:00")
	if n := len(server.Taken()); n != 1 {
		t.Errorf("%d mails after the second round", n)
	}
}

// Everything else waits for the next work day's morning, and is one mail.
func TestDigestIsOneMailOnMondayMorning(t *testing.T) {
	t.Parallel()
	w, server := mailWorld(t)
	w.subscribe(Subscription{Channel: "mail", Recipient: "anna@vaxjo.example"})
	if err := w.service.ShowPlaceNames(t.Context(), vaxjo, true); err != nil {
		t.Fatal(err)
	}
	w.history("2026-11-20")
	w.burst("D1A2", "2026-11-20", 6)
	w.look("2026-11-20T21:00:00+01:00") // a Friday
	w.burst("D1A2", "2026-11-21", 6)
	w.look("2026-11-21T21:00:00+01:00")
	w.commit(several("public_nuisance", "D2A3", "2026-11-22", 7)...)
	w.look("2026-11-22T21:00:00+01:00")
	w.deliver("mail", "2026-11-23T06:59:59+01:00")
	if n := len(server.Taken()); n != 0 {
		t.Fatalf("%d mails before seven", n)
	}
	w.deliver("mail", "2026-11-23T07:00:00+01:00")
	mails := server.Taken()
	if len(mails) != 1 {
		t.Fatalf("%d mails; deliveries %v", len(mails), w.deliveries("mail"))
	}
	if got, want := mails[0].Header.Get("Subject"), "v.\u00a047: 2 platser över det förväntade i Växjö (2 nya)"; got != want {
		t.Errorf("subject %q, want %q", got, want)
	}
	for _, want := range []string{
		"två platser i ditt område ligger över det förväntade v.\u00a047", "Område D1A2 (ny), skadegörelse och brand: 12 händelser mot 0,2 förväntade.",
		"Område D2A3 (ny), ordningsstörning och samlingar: 7 händelser mot 0,1 förväntade.",
	} {
		if text := mails[0].Header["text/plain"][0]; !strings.Contains(text, want) {
			t.Errorf("the mail does not say %q:\n%s", want, text)
		}
	}
	// On the day after, the one that changed is told and the other is said to go on.
	w.commit(several("graffiti", "D1A2", "2026-11-23", 9)...)
	w.look("2026-11-23T21:00:00+01:00")
	w.deliver("mail", "2026-11-24T07:00:00+01:00")
	mails = server.Taken()
	if len(mails) != 2 {
		t.Fatalf("%d mails; flags %v", len(mails), lines(w.flagEvents()))
	}
	text := mails[1].Header["text/plain"][0]
	if !strings.Contains(text, "1. Område D1A2, skadegörelse och brand: 21 händelser") || !strings.Contains(text, "Sedan tidigare, utan ändring:\n\n2. Område D2A3, ordningsstörning") {
		t.Errorf("second mail:\n%s", text)
	}
}

// R24, F05: the service dies at every step between the decision and the receipt of the mail server. The mail comes, and a repeat has the
// same identity.
func TestKillBetweenCommitAndSend(t *testing.T) {
	t.Parallel()
	for name, die := range map[string]func(w *world){
		"after the commit": func(*world) {},
		"after planning": func(w *world) {
			if _, err := w.service.store.planMessages(t.Context(), at(t, "2026-11-20T21:00:01+01:00")); err != nil {
				t.Error(err)
			}
		},
		"with the lease": func(w *world) {
			w.deliverAndDie(false)
		},
		"after the mail server took it": func(w *world) {
			w.deliverAndDie(true)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, server := mailWorld(t)
			w.subscribe(Subscription{Channel: "mail", Recipient: "anna@vaxjo.example"})
			w.commit(aShooting)
			w.look("2026-11-20T21:00:00+01:00")
			die(w)
			w.restart()
			w.look("2026-11-20T21:01:00+01:00")
			w.deliver("mail", "2026-11-20T21:03:02+01:00")
			w.deliver("mail", "2026-11-20T21:40:00+01:00")
			ids := map[string]bool{}
			for _, m := range server.Taken() {
				ids[m.Header.Get("Message-Id")] = true
			}
			if len(server.Taken()) == 0 || len(ids) != 1 {
				t.Errorf("%d mails with %d identities; deliveries %v", len(server.Taken()), len(ids), w.deliveries("mail"))
			}
		})
	}
}

// deliverAndDie goes as far as a process that is killed before it settles.
func (w *world) deliverAndDie(sent bool) {
	w.t.Helper()
	now := at(w.t, "2026-11-20T21:00:01+01:00")
	if _, err := w.service.store.planMessages(w.t.Context(), now); err != nil {
		w.t.Error(err)
	}
	letters, err := w.service.store.lease(w.t.Context(), "mail", now, 10)
	if err != nil || len(letters) != 1 {
		w.t.Errorf("leased %d: %v", len(letters), err)
		return
	}
	scenes, err := w.service.scenes(w.t.Context(), "mail", letters)
	if err != nil {
		w.t.Error(err)
	}
	if !sent {
		return
	}
	if err := w.service.send(w.t.Context(), now, letters[0], scenes[vaxjo]); err != nil {
		w.t.Error(err)
	}
}

// F40: whatever a mail server does, the mail is tried again or listed as undeliverable, and never lost in silence.
func TestMailServerFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ to, says, want string }{
		"refuses to talk":         {"", "421 not now", "now retried 1 mail server not reached"},
		"says nothing":            {"", "hang", "now retried 1 mail server not reached"},
		"hangs up":                {"", "drop", "now retried 1 mail server not reached"},
		"does not let us send":    {"MAIL", "550 who are you", "now retried 1 mail server answered 550 at MAIL FROM"},
		"mailbox busy":            {"RCPT", "450 try later", "now retried 1 mail server answered 450 at RCPT TO"},
		"no such mailbox":         {"RCPT", "550 no such user", "now failed 1 mail server answered 550 at RCPT TO"},
		"tarpit":                  {"RCPT", "hang", "now retried 1 mail server answered 0 at RCPT TO"},
		"full":                    {".", "452 disk full", "now retried 1 mail server answered 452 at DATA"},
		"does not want the text":  {".", "554 spam", "now failed 1 mail server answered 554 at DATA"},
		"drops before it takes":   {".", "drop", ""},
		"says goodbye badly":      {"QUIT", "drop", "now sent 1"},
		"drops after it has it":   {"RSET", "drop", "now sent 1"},
		"answers as it should":    {"x", "x", "now sent 1"},
		"does not like our hello": {"EHLO", "502 what", "now sent 1"}, // HELO is tried next
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, server := mailWorld(t)
			w.subscribe(Subscription{Channel: "mail", Recipient: "anna@vaxjo.example"})
			server.Answer(c.to, c.says)
			w.commit(aShooting)
			w.look("2026-11-20T21:00:00+01:00")
			w.deliver("mail", "2026-11-20T21:00:01+01:00")
			want := "anna@vaxjo.example " + c.want
			if got := w.deliveries("mail"); c.want != "" && (len(got) != 1 || got[0] != want) {
				t.Fatalf("deliveries %q, want %q", got, want)
			}
			if strings.Contains(c.want, "failed") || strings.Contains(c.want, "sent") {
				return
			}
			server.Answer(c.to, "")
			w.deliver("mail", "2026-11-20T21:00:50+01:00") // too soon
			before := len(server.Taken())
			w.deliver("mail", "2026-11-20T21:01:02+01:00")
			if got := w.deliveries("mail")[0]; got != "anna@vaxjo.example now sent 2" {
				t.Errorf("after a minute: %s", got)
			}
			if after := len(server.Taken()); after != before+1 {
				t.Errorf("%d mails before the minute and %d after", before, after)
			}
		})
	}
}

// A mail server that is away for a day is given up, listed, and tried again when somebody says so.
func TestUndeliverableIsListedAndRetried(t *testing.T) {
	t.Parallel()
	w, server := mailWorld(t)
	w.subscribe(Subscription{Channel: "mail", Recipient: "anna@vaxjo.example"})
	server.Answer("", "421 not now")
	w.commit(aShooting)
	w.look("2026-11-20T21:00:00+01:00")
	now := at(t, "2026-11-20T21:00:01+01:00")
	for range 12 {
		w.deliver("mail", now.Format(time.RFC3339))
		now = now.Add(4*time.Hour + time.Second)
	}
	list, err := w.service.Deliveries(t.Context(), vaxjo, true, 10, now)
	if err != nil || len(list) != 1 || list[0].State != "failed" {
		t.Fatalf("undelivered: %+v, %v", list, err)
	}
	counts, err := w.service.store.undelivered(t.Context(), now)
	if diff := cmp.Diff([]undeliveredRow{{"mail", "failed", 1}}, counts); diff != "" || err != nil {
		t.Errorf("counted %v (-want +got):\n%s", err, diff)
	}
	server.Answer("", "")
	if n, err := w.service.Retry(t.Context(), vaxjo, now); n != 1 || err != nil {
		t.Errorf("retried %d: %v", n, err)
	}
	w.deliver("mail", now.Format(time.RFC3339))
	if len(server.Taken()) != 1 {
		t.Errorf("after the retry: %v", w.deliveries("mail"))
	}
}

// One mailbox that does not answer must not keep the others waiting.
func TestOneRecipientDoesNotHoldTheOthers(t *testing.T) {
	t.Parallel()
	w, server := mailWorld(t)
	for n := range 20 {
		w.subscribe(Subscription{Channel: "mail", Recipient: fmt.Sprintf("p%d@vaxjo.example", n)})
	}
	w.exec(w.alerting, `UPDATE alerting.subscription SET recipient = 'no address' WHERE recipient = 'p0@vaxjo.example'`)
	w.commit(aShooting)
	w.look("2026-11-20T21:00:00+01:00")
	w.deliver("mail", "2026-11-20T21:00:01+01:00")
	if n := len(server.Taken()); n != 19 {
		t.Errorf("%d of 19 mails; deliveries %v", n, w.deliveries("mail"))
	}
}

// Outside of the demo a mail leaves encrypted or not at all.
func TestMailNeedsTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.NATS(t).Conn)
	server := mailtest.New(t)
	w.service = w.newService(Config{SMTP: server.SMTP(mail.TLSStart)})
	w.subscribe(Subscription{Channel: "mail", Recipient: "anna@vaxjo.example"})
	w.commit(aShooting)
	w.look("2026-11-20T21:00:00+01:00")
	w.deliver("mail", "2026-11-20T21:00:01+01:00")
	if got := w.deliveries("mail"); len(server.Taken()) != 0 || got[0] != "anna@vaxjo.example now retried 1 mail server not reached" {
		t.Fatalf("without STARTTLS: %v", got)
	}
	server.OfferTLS()
	w.deliver("mail", "2026-11-20T21:01:02+01:00")
	if len(server.Taken()) != 0 {
		t.Fatal("a certificate that nobody vouches for was believed")
	}
	w.service = w.newService(Config{SMTP: server.SMTP(mail.TLSStart)})
	w.deliver("mail", "2026-11-20T21:10:00+01:00")
	if server.Secure() != 1 {
		t.Errorf("deliveries %v", w.deliveries("mail"))
	}
	if _, err := (Config{SMTP: mail.SMTP{Host: "mail.example.se", TLS: mail.TLSNone}}).check(); err == nil {
		t.Error("a server elsewhere may be reached without TLS")
	}
}

// Without a mail server, and on a replay clock, mails are files: nobody is called out for what happened in 2012.
func TestMailIsWrittenWhereNobodyIsToBeCalled(t *testing.T) {
	t.Parallel()
	for name, replay := range map[string]bool{"no mail server": false, "replay": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, server := mailWorld(t)
			dir := t.TempDir()
			w.service = w.newService(Config{MailDir: dir, SMTP: map[bool]mail.SMTP{true: server.SMTP(mail.TLSNone)}[replay]})
			w.subscribe(Subscription{Channel: "mail", Recipient: "anna@vaxjo.example"})
			if replay {
				w.exec(w.registry, `UPDATE registry.municipality SET clock = 'replay', as_of = '2026-11-21T00:00:00+01:00', made_up = true`)
			}
			w.commit(aShooting)
			w.look("2026-11-21T00:00:00+01:00")
			w.deliver("mail", "2026-11-21T00:00:01+01:00")
			files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
			if err != nil || len(files) != 1 || len(server.Taken()) != 0 {
				t.Fatalf("files %v, mails %d, deliveries %v", files, len(server.Taken()), w.deliveries("mail"))
			}
			content, err := os.ReadFile(files[0])
			if err != nil || !strings.Contains(string(content), "anna@vaxjo.example") {
				t.Errorf("%v: %s", err, content)
			}
			// A transport copy has an end; what is not ours is left alone.
			other := filepath.Join(dir, "keep.eml")
			if err := os.WriteFile(other, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			for _, age := range []time.Duration{29 * 24 * time.Hour, 31 * 24 * time.Hour} {
				if err := w.service.mail.Prune(time.Now().Add(age), w.service.config.MailKept); err != nil {
					t.Fatal(err)
				}
				_, errMail := os.Stat(files[0])
				_, errOther := os.Stat(other)
				if (errMail == nil) != (age < 30*24*time.Hour) || errOther != nil {
					t.Errorf("after %s: %v, %v", age, errMail, errOther)
				}
			}
		})
	}
}

// A storm on one flag and a storm of flags both stay within what a receiver can take, and all of it is told in the end.
func TestMessagesAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.NATS(t).Conn)
	w.withWebhooks()
	h := newHook(t, func(http.ResponseWriter, *http.Request) {})
	w.subscribe(Subscription{Channel: "webhook", Recipient: h.URL, Agency: "polis"})
	for n := range 50 {
		w.exec(w.registry, `INSERT INTO registry.agency (municipality, agency, name, started_on, max_bytes) VALUES ('0780', $1, $1, '2020-01-01', 1)`, fmt.Sprintf("g%02d", n))
	}
	w.look("2026-11-20T20:00:00+01:00")
	var storm []seen
	for n := range 50 {
		storm = append(storm, seen{agency: fmt.Sprintf("g%02d", n), report: "1", severity: 4, category: "shooting_explosion", area: fmt.Sprintf("D1A%d", n%4+1), day: "2026-11-20"})
	}
	w.commit(storm...)
	w.look("2026-11-20T21:00:00+01:00")
	w.deliver("webhook", "2026-11-20T21:00:01+01:00")
	bodies, heads := h.taken()
	if len(bodies) != 31 || heads[30].Get("Content-Type") != "application/cloudevents-batch+json" {
		t.Fatalf("%d requests for 50 flags, the last of %s", len(bodies), heads[len(heads)-1].Get("Content-Type"))
	}
	told := map[uuid.UUID]bool{}
	for _, b := range bodies[:30] {
		spot, _, err := events.DecodeHotspot([]byte(b))
		if err != nil {
			t.Fatal(err)
		}
		told[spot.ID] = true
	}
	if len(told) != 30 || strings.Count(bodies[30], `"specversion"`) != 20 {
		t.Errorf("%d flags told one by one and %d in the last", len(told), strings.Count(bodies[30], `"specversion"`))
	}
	// More on a flag that was told a moment ago waits for half an hour, and is then one message.
	w.commit(seen{agency: "bostad", report: "more", severity: 4, category: "shooting_explosion", day: "2026-11-20", with: "g00/1"})
	w.look("2026-11-20T21:01:00+01:00")
	w.deliver("webhook", "2026-11-20T21:10:00+01:00")
	if h.count() != 31 {
		t.Errorf("told again after nine minutes")
	}
	w.deliver("webhook", "2026-11-20T22:01:00+01:00")
	if n := h.count(); n != 32 {
		t.Errorf("%d requests an hour later", n)
	}
}
