// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"samsyn/internal/mail"
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
	SMTP       mail.SMTP
	Webhook    Webhook
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

// check fills in what was left out and says everything that is wrong.
func (c Config) check() (Config, error) {
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	sender, wrongMail := mail.Config{SMTP: c.SMTP, Dir: c.MailDir}.Check()
	c.SMTP, c.MailDir = sender.SMTP, sender.Dir
	c.MailKept = or(c.MailKept, 30*24*time.Hour)
	c.Webhook.Timeout = or(c.Webhook.Timeout, 5*time.Second)
	errs := []error{wrongMail}
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("alerting config: "+format, args...)) }
	if u, err := url.Parse(c.PublicURL); c.PublicURL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		wrong("public URL %q is not an http or https address", c.PublicURL)
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
