// SPDX-License-Identifier: EUPL-1.2

// Package mail gives mails to an SMTP server, or writes them as files where there is none.
//
// What it is for. Services that write to people (alerting, review) compose a [Message] and hand it over; what an installation
// decided about its mail server is here, once.
//
// What it promises. A mail leaves encrypted, or to a server on this machine, or not at all. No line break or control character of a
// field becomes a header. The same Message has the same Message-ID however often it is sent, and is the same file. An error says what
// the server answered by its code alone, so that it can be kept and shown: it holds no address and no words of the server.
//
// What it does not do. It neither composes nor keeps mails, does not try again, and does not know who may be written to.
//
// When it fails. Send returns an [Error], which says whether trying again can help; anything else it returns is a fault on this
// machine (a folder that cannot be written), worth another attempt.
package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/wneessen/go-mail"
)

// Message is one mail to one person.
type Message struct {
	// ID becomes the Message-ID and the file's name: a repeat carries the same one.
	ID uuid.UUID
	// To is an address of somebody who is known to the sender; Subject holds no line break.
	To, Subject string
	// Text is always there; HTML says the same, and may be empty.
	Text, HTML string
	// Date is when it is sent.
	Date time.Time
	// Language is that of the text. Default "sv".
	Language    string
	Attachments []Attachment
	// Headers are set beside the usual ones: List-Unsubscribe.
	Headers map[string]string
	// File writes the mail instead of sending it, also where there is a server: nobody is woken by what a replay says of long ago.
	File bool
}

// Attachment is a file that goes with a mail.
type Attachment struct {
	Name string // without folders
	// Type is a media type with its parameters: "text/calendar; method=PUBLISH; charset=utf-8".
	Type    string
	Content []byte
}

// Error is why a mail did not arrive, in words that hold no address.
type Error struct {
	Reason string
	// Permanent says that trying again cannot help.
	Permanent bool
	// Away says that the server did not answer at all: other mails would fare no better now.
	Away  bool
	cause error
}

func (e *Error) Error() string { return e.Reason }

// Unwrap returns what the server or the network said. It may hold the address.
func (e *Error) Unwrap() error { return e.cause }

// Sender sends mails. It may be used by any number of goroutines.
type Sender struct {
	smtp SMTP
	dir  string
}

// New makes a sender. The error names everything that is wrong with the Config.
func New(c Config) (*Sender, error) {
	c, err := c.Check()
	if err != nil {
		return nil, err
	}
	return &Sender{smtp: c.SMTP, dir: c.Dir}, nil
}

// Send delivers one mail: to the server, or as DIR/<id>.eml.
func (s *Sender) Send(ctx context.Context, m Message) error {
	message, err := s.compose(m)
	if err != nil {
		return &Error{Reason: "not a mail: " + err.Error(), Permanent: true, cause: err}
	}
	if s.smtp.Host == "" || m.File {
		return s.write(m.ID, message)
	}
	client, err := mail.NewClient(s.smtp.Host, s.options()...)
	if err != nil {
		return fmt.Errorf("prepare mail client: %w", err)
	}
	err = client.DialAndSendWithContext(ctx, message)
	if err == nil || message.IsDelivered() {
		return nil // accepted: what goes wrong in saying goodbye changes nothing
	}
	return smtpError(err)
}

func (s *Sender) compose(m Message) (*mail.Msg, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	out := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := out.From(s.smtp.From); err != nil {
		return nil, errors.New("the sender is not an address")
	}
	if err := out.To(m.To); err != nil {
		return nil, errors.New("the recipient is not an address")
	}
	out.Subject(m.Subject)
	out.SetDateWithValue(m.Date)
	out.SetMessageIDWithValue(m.ID.String() + "@" + s.domain())
	out.SetGenHeader("Auto-Submitted", "auto-generated")
	language := m.Language
	if language == "" {
		language = "sv"
	}
	out.SetGenHeader("Content-Language", language)
	for name, value := range m.Headers {
		out.SetGenHeader(mail.Header(textproto.CanonicalMIMEHeaderKey(name)), value)
	}
	out.SetBodyString(mail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		out.AddAlternativeString(mail.TypeTextHTML, m.HTML)
	}
	for _, a := range m.Attachments {
		if err := out.AttachReader(a.Name, bytes.NewReader(a.Content), mail.WithFileContentType(mail.ContentType(a.Type))); err != nil {
			return nil, errors.New("an attachment cannot be read")
		}
	}
	return out, nil
}

// own are headers that a Message has fields for or that are always ours.
func own() []string {
	return []string{"From", "To", "Cc", "Bcc", "Subject", "Date", "Message-Id", "Auto-Submitted", "Content-Language", "Content-Type", "Content-Transfer-Encoding", "Mime-Version"}
}

// check refuses what could end a header and begin another.
func (m Message) check() error {
	if m.ID == uuid.Nil {
		return errors.New("it has no id")
	}
	if breaks(m.Subject) || m.Subject == "" {
		return errors.New("the subject is empty or has control characters")
	}
	if breaks(m.To) {
		return errors.New("the recipient is not an address")
	}
	if breaks(m.Language) {
		return errors.New("the language has control characters")
	}
	if strings.ContainsRune(m.Text, 0) || strings.ContainsRune(m.HTML, 0) {
		return errors.New("the text has a NUL")
	}
	for name, value := range m.Headers {
		if name == "" || breaks(value) || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || r == ':' }) {
			return errors.New("a header has control characters")
		}
		if slices.Contains(own(), textproto.CanonicalMIMEHeaderKey(name)) {
			return errors.New("a header is set twice")
		}
	}
	for _, a := range m.Attachments {
		if a.Name == "" || breaks(a.Name) || strings.ContainsAny(a.Name, `/\"`) || a.Type == "" || breaks(a.Type) {
			return errors.New("an attachment's name or type is not one")
		}
	}
	return nil
}

// breaks finds control characters of ASCII and Latin-1, and the two line ends of Unicode.
func breaks(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r >= 0x7f && r <= 0x9f || r == '\u2028' || r == '\u2029' })
}

func (s *Sender) domain() string {
	_, domain, _ := strings.Cut(strings.TrimSuffix(s.smtp.From, ">"), "@")
	return domain
}

func (s *Sender) options() []mail.Option {
	options := []mail.Option{
		mail.WithTimeout(s.smtp.Timeout), mail.WithPort(s.smtp.Port),
		mail.WithTLSConfig(&tls.Config{ServerName: s.smtp.Host, RootCAs: s.smtp.Roots, MinVersion: tls.VersionTLS12}),
	}
	switch s.smtp.TLS {
	case TLSImplicit:
		options = append(options, mail.WithSSL())
	case TLSNone:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if s.smtp.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(s.smtp.User), mail.WithPassword(s.smtp.Password))
	}
	return options
}

// smtpError says what the server answered, by code alone: its words may hold the address. A 5xx to the recipient or the content is
// final (RFC 5321, 4.2.1); to anything before that it is about us, and somebody will mend it.
func smtpError(err error) error {
	var sent *mail.SendError
	if !errors.As(err, &sent) {
		return &Error{Reason: "mail server not reached", Away: true, cause: err}
	}
	code := sent.ErrorCode()
	final := code >= 500 && (sent.Reason == mail.ErrSMTPRcptTo || sent.Reason == mail.ErrSMTPData || sent.Reason == mail.ErrSMTPDataClose)
	return &Error{Reason: fmt.Sprintf("mail server answered %d at %s", code, stage(sent.Reason)), Permanent: final, cause: err}
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
