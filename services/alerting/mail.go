// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/wneessen/go-mail"
)

// post gives mails to the SMTP server, or writes them as files where there is none.
type post struct {
	dir    string
	replay bool
	smtp   SMTP
	roots  *x509.CertPool // nil: those of the machine
}

func newPost(c Config) *post { return &post{dir: c.MailDir, replay: c.MailReplay, smtp: c.SMTP} }

// toFile says whether a mail of this municipality is written instead of sent: nobody is woken by what a replay says of long ago.
func (p *post) toFile(s scene) bool { return p.smtp.Host == "" || s.Replay && !p.replay }

// send delivers one letter. A repeat carries the same Message-ID.
func (p *post) send(ctx context.Context, now time.Time, l letter, s scene) error {
	body, err := compose(l, s)
	if err != nil {
		return err
	}
	message, err := p.message(now, l, body)
	if err != nil {
		return &deliveryError{reason: "not a mail: " + err.Error(), permanent: true, cause: err}
	}
	if p.toFile(s) {
		return p.write(l, message)
	}
	client, err := mail.NewClient(p.smtp.Host, p.options()...)
	if err != nil {
		return fmt.Errorf("prepare mail client: %w", err)
	}
	err = client.DialAndSendWithContext(ctx, message)
	if err == nil || message.IsDelivered() {
		return nil // accepted: what goes wrong in saying goodbye changes nothing
	}
	return smtpError(err)
}

func (p *post) message(now time.Time, l letter, body mailBody) (*mail.Msg, error) {
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := m.From(p.smtp.From); err != nil {
		return nil, errors.New("the sender is not an address")
	}
	if err := m.To(l.Recipient); err != nil {
		return nil, errors.New("the recipient is not an address")
	}
	m.Subject(body.Subject)
	m.SetDateWithValue(now)
	m.SetMessageIDWithValue(l.ID.String() + "@" + p.domain())
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetGenHeader("Content-Language", "sv")
	m.SetBodyString(mail.TypeTextPlain, body.Text)
	m.AddAlternativeString(mail.TypeTextHTML, body.HTML)
	return m, nil
}

func (p *post) domain() string {
	_, domain, _ := strings.Cut(strings.TrimSuffix(p.smtp.From, ">"), "@")
	return domain
}

func (p *post) options() []mail.Option {
	options := []mail.Option{
		mail.WithTimeout(p.smtp.Timeout), mail.WithPort(p.smtp.Port),
		mail.WithTLSConfig(&tls.Config{ServerName: p.smtp.Host, RootCAs: p.roots, MinVersion: tls.VersionTLS12}),
	}
	switch p.smtp.TLS {
	case tlsImplicit:
		options = append(options, mail.WithSSL())
	case tlsNone:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if p.smtp.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(p.smtp.User), mail.WithPassword(p.smtp.Password))
	}
	return options
}

// smtpError says what the server answered, by code alone: its words may hold the address. A 5xx to the recipient or the content is
// final (RFC 5321, 4.2.1); to anything before that it is about us, and somebody will mend it.
func smtpError(err error) error {
	var sent *mail.SendError
	if !errors.As(err, &sent) {
		return &deliveryError{reason: "mail server not reached", cause: err}
	}
	code := sent.ErrorCode()
	final := code >= 500 && (sent.Reason == mail.ErrSMTPRcptTo || sent.Reason == mail.ErrSMTPData || sent.Reason == mail.ErrSMTPDataClose)
	return &deliveryError{reason: fmt.Sprintf("mail server answered %d at %s", code, stage(sent.Reason)), permanent: final, cause: err}
}

func stage(r mail.SendErrReason) string {
	switch r {
	case mail.ErrSMTPMailFrom:
		return "MAIL FROM"
	case mail.ErrSMTPRcptTo:
		return "RCPT TO"
	case mail.ErrSMTPData, mail.ErrSMTPDataClose, mail.ErrWriteContent:
		return "DATA"
	}
	return "connection " + strconv.Itoa(int(r))
}

// write keeps the mail as DIR/<id>.eml: the same letter is the same file, and files sort by time.
func (p *post) write(l letter, m *mail.Msg) error {
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return fmt.Errorf("make mail folder: %w", err)
	}
	var content bytes.Buffer
	if _, err := m.WriteTo(&content); err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	part := filepath.Join(p.dir, "."+l.ID.String()+".part")
	if err := os.WriteFile(part, content.Bytes(), 0o600); err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	if err := os.Rename(part, filepath.Join(p.dir, l.ID.String()+".eml")); err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	return nil
}

// prune removes .eml files older than kept: they are transport copies, the log of who was told stays in Postgres.
func (p *post) prune(now time.Time, kept time.Duration) error {
	err := filepath.WalkDir(p.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !mailFile(entry.Name()) {
			return err
		}
		info, err := entry.Info()
		if err != nil || now.Sub(info.ModTime()) < kept {
			return err
		}
		return os.Remove(path)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// mailFile knows our own files, so that a folder given by mistake loses nothing.
func mailFile(name string) bool {
	id, found := strings.CutSuffix(strings.TrimPrefix(name, "."), ".eml")
	if !found {
		id, found = strings.CutSuffix(strings.TrimPrefix(name, "."), ".part")
	}
	_, err := uuid.Parse(id)
	return found && err == nil
}
