// SPDX-License-Identifier: EUPL-1.2

package mail_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"samsyn/internal/mail"
	"samsyn/internal/mail/mailtest"
)

func letter() mail.Message {
	return mail.Message{
		ID: uuid.MustParse("019ab000-0000-7000-8000-000000000001"), To: "Åsa <asa@vaxjo.example>", Subject: "v.\u00a047: Möte", Text: "Hej.\nSlut.\n", HTML: "<p>Hej.</p>",
		Date: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC), Headers: map[string]string{"List-Unsubscribe": "<https://samsyn.example/mejl/x>"},
		Attachments: []mail.Attachment{{Name: "möte.ics", Type: "text/calendar; method=PUBLISH; charset=utf-8", Content: []byte("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")}},
	}
}

func newSender(t *testing.T, c mail.Config) *mail.Sender {
	t.Helper()
	s, err := mail.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What was composed arrives whole: text, HTML, the calendar file and the link out, over TLS, and twice it is the same mail.
func TestMailArrivesWhole(t *testing.T) {
	t.Parallel()
	server := mailtest.New(t)
	server.OfferTLS()
	s := newSender(t, mail.Config{SMTP: server.SMTP(mail.TLSStart)})
	for range 2 {
		if err := s.Send(t.Context(), letter()); err != nil {
			t.Fatal(err)
		}
	}
	if server.Secure() != 2 {
		t.Fatalf("%d of 2 mails came over TLS", server.Secure())
	}
	for _, m := range server.Taken() {
		for header, want := range map[string]string{
			"Subject": "v.\u00a047: Möte", "Message-Id": "<019ab000-0000-7000-8000-000000000001@vaxjo.example>", "text/plain": "Hej.\nSlut.\n", "text/html": "<p>Hej.</p>",
			"text/calendar": "BEGIN:VCALENDAR\nEND:VCALENDAR\n", "List-Unsubscribe": "<https://samsyn.example/mejl/x>", "Content-Language": "sv", "Auto-Submitted": "auto-generated",
		} {
			if got := m.Header[header]; len(got) != 1 || got[0] != want {
				t.Errorf("%s: %q, want %q", header, got, want)
			}
		}
	}
}

// A name or a subject that somebody chose must not become a header (trust.md, 2.9).
func TestMailRefusesWhatEndsAHeader(t *testing.T) {
	t.Parallel()
	server := mailtest.New(t)
	s := newSender(t, mail.Config{SMTP: server.SMTP(mail.TLSNone)})
	for _, bad := range []string{"\r\nBcc: x@y.example", "\nX: y", "\r", "\x00", "\x1b[2J", "\u0085", "\u2028"} {
		for name, m := range map[string]func(*mail.Message){
			"subject":         func(m *mail.Message) { m.Subject += bad },
			"recipient":       func(m *mail.Message) { m.To += bad },
			"header":          func(m *mail.Message) { m.Headers = map[string]string{"List-Unsubscribe": "<x>" + bad} },
			"header's name":   func(m *mail.Message) { m.Headers = map[string]string{"X" + bad: "y"} },
			"attachment":      func(m *mail.Message) { m.Attachments[0].Name += bad },
			"attachment type": func(m *mail.Message) { m.Attachments[0].Type += bad },
			"language":        func(m *mail.Message) { m.Language = "sv" + bad },
		} {
			l := letter()
			m(&l)
			wantPermanent(t, name, s.Send(t.Context(), l))
		}
	}
	for name, m := range map[string]func(*mail.Message){
		"two recipients": func(m *mail.Message) { m.To = "a@x.example, b@x.example" },
		"no recipient":   func(m *mail.Message) { m.To = "" },
		"second sender":  func(m *mail.Message) { m.Headers = map[string]string{"from": "x@y.example"} },
		"folder":         func(m *mail.Message) { m.Attachments[0].Name = "../x.ics" },
		"no id":          func(m *mail.Message) { m.ID = uuid.Nil },
		"no subject":     func(m *mail.Message) { m.Subject = "" },
	} {
		l := letter()
		m(&l)
		wantPermanent(t, name, s.Send(t.Context(), l))
	}
	if n := len(server.Taken()); n != 0 {
		t.Errorf("%d mails left", n)
	}
}

func wantPermanent(t *testing.T, name string, err error) {
	t.Helper()
	var known *mail.Error
	if !errors.As(err, &known) || !known.Permanent {
		t.Errorf("%s: %v", name, err)
	}
	if err != nil && strings.Contains(err.Error(), "vaxjo.example") {
		t.Errorf("%s: the error holds the address: %v", name, err)
	}
}

// Without a server, or when asked to, a mail is a file that nobody but us may read.
func TestMailIsAFileWithoutAServer(t *testing.T) {
	t.Parallel()
	server, dir := mailtest.New(t), filepath.Join(t.TempDir(), "mail")
	for name, c := range map[string]mail.Config{"no server": {Dir: dir}, "asked to": {SMTP: server.SMTP(mail.TLSNone), Dir: dir}} {
		l := letter()
		l.File = true
		if err := newSender(t, c).Send(t.Context(), l); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		file := filepath.Join(dir, l.ID.String()+".eml")
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("%s: %v %v", name, info, err)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	if len(server.Taken()) != 0 {
		t.Error("a mail that is to be a file was sent")
	}
}

// What is wrong is said at the start.
func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]mail.SMTP{
		"without TLS":    {Host: "mail.example.se", TLS: mail.TLSNone},
		"sender":         {From: "nobody"},
		"belong":         {User: "u"},
		"none of starts": {TLS: "maybe"},
	} {
		if _, err := mail.New(mail.Config{SMTP: c}); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	ports := map[string]int{mail.TLSStart: 587, mail.TLSImplicit: 465, mail.TLSNone: 25}
	for _, policy := range slices.Sorted(maps.Keys(ports)) {
		c, err := mail.Config{SMTP: mail.SMTP{Host: "localhost", TLS: policy}}.Check()
		if err != nil || c.SMTP.Port != ports[policy] || c.Dir != "mail" {
			t.Errorf("%s: %+v, %v", policy, c, err)
		}
	}
}
