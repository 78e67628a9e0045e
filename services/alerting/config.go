// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"strings"
	"time"
)

// Config is what an installation decides about alerting. The zero Config writes every mail as a file into the working directory's
// "mail" and lets no webhook out.
type Config struct {
	// PublicURL is where people reach the web pages; links in mails and messages begin with it.
	PublicURL string
	// MailDir receives mails as .eml files where there is no SMTP server, and those of municipalities on a replay clock. Default "mail".
	MailDir string
	// MailKept is how long a written .eml file is kept: it is a transport copy. Default 30 days.
	MailKept time.Duration
	// MailReplay sends the mail of municipalities on a replay clock to people. Without it nobody is told of what happened long ago.
	MailReplay bool
	SMTP       SMTP
	Webhook    Webhook
}

// SMTP says which server takes our mail. An empty Host means none.
type SMTP struct {
	Host string
	Port int
	// TLS is "starttls" (default; refused when the server does not offer it), "implicit", or "none", which is for a server on
	// this machine's loopback only.
	TLS      string
	User     string
	Password string
	// From is the sender, "Samsyn <samsyn@example.se>". Default "Samsyn <samsyn@localhost>".
	From string
	// Timeout bounds each step of a conversation. Default 15 s.
	Timeout time.Duration
}

// Webhook bounds where signed messages may go (trust.md 2.9).
type Webhook struct {
	// Hosts are the names that an administrator has approved. A name that is not here is not reached.
	Hosts []string
	// Loopback lets http and any port through to 127.0.0.1, ::1 and localhost: for tests and the demo.
	Loopback bool
	// Secret derives the signing secret of every subscription.
	Secret []byte
	// Timeout bounds a request. Default 5 s.
	Timeout time.Duration
}

const (
	tlsStart    = "starttls"
	tlsImplicit = "implicit"
	tlsNone     = "none"
)

// check fills in what was left out and says everything that is wrong.
func (c Config) check() (Config, error) {
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	c.MailDir = or(c.MailDir, "mail")
	c.MailKept = or(c.MailKept, 30*24*time.Hour)
	c.SMTP.TLS = or(c.SMTP.TLS, tlsStart)
	c.SMTP.From = or(c.SMTP.From, "Samsyn <samsyn@localhost>")
	c.SMTP.Timeout = or(c.SMTP.Timeout, 15*time.Second)
	c.Webhook.Timeout = or(c.Webhook.Timeout, 5*time.Second)
	if c.SMTP.Port == 0 {
		c.SMTP.Port = map[string]int{tlsStart: 587, tlsImplicit: 465, tlsNone: 25}[c.SMTP.TLS]
	}
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("alerting config: "+format, args...)) }
	if u, err := url.Parse(c.PublicURL); c.PublicURL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		wrong("public URL %q is not an http or https address", c.PublicURL)
	}
	if _, err := mail.ParseAddress(c.SMTP.From); err != nil {
		wrong("sender %q is not a mail address", c.SMTP.From)
	}
	switch c.SMTP.TLS {
	case tlsStart, tlsImplicit:
	case tlsNone:
		if c.SMTP.Host != "" && !loopbackHost(c.SMTP.Host) {
			wrong("mail to %s without TLS is refused: only a server on this machine may be reached so", c.SMTP.Host)
		}
	default:
		wrong("SMTP TLS %q is none of starttls, implicit, none", c.SMTP.TLS)
	}
	if (c.SMTP.User == "") != (c.SMTP.Password == "") {
		wrong("an SMTP user and password belong together")
	}
	if len(c.Webhook.Hosts) > 0 && len(c.Webhook.Secret) < 16 {
		wrong("webhooks need a secret of at least 16 bytes")
	}
	return c, errors.Join(errs...)
}

func loopbackHost(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func or[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}
