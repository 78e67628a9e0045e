// SPDX-License-Identifier: EUPL-1.2

package mail

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"time"
)

// Config says where mail goes. The zero Config writes every mail as a file into the working directory's "mail".
type Config struct {
	SMTP SMTP
	// Dir receives mails as .eml files where there is no SMTP server, and those that are to be files. Default "mail".
	Dir string
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
	// Roots are who may vouch for the server; nil is whom this machine trusts.
	Roots *x509.CertPool
}

// How a conversation is encrypted.
const (
	TLSStart    = "starttls"
	TLSImplicit = "implicit"
	TLSNone     = "none"
)

// Check fills in what was left out and says everything that is wrong.
func (c Config) Check() (Config, error) {
	c.Dir = cmp.Or(c.Dir, "mail")
	c.SMTP.TLS = cmp.Or(c.SMTP.TLS, TLSStart)
	c.SMTP.From = cmp.Or(c.SMTP.From, "Samsyn <samsyn@localhost>")
	c.SMTP.Timeout = cmp.Or(c.SMTP.Timeout, 15*time.Second)
	if c.SMTP.Port == 0 {
		c.SMTP.Port = map[string]int{TLSStart: 587, TLSImplicit: 465, TLSNone: 25}[c.SMTP.TLS]
	}
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("mail config: "+format, args...)) }
	if _, err := mail.ParseAddress(c.SMTP.From); err != nil {
		wrong("sender %q is not a mail address", c.SMTP.From)
	}
	switch c.SMTP.TLS {
	case TLSStart, TLSImplicit:
	case TLSNone:
		if c.SMTP.Host != "" && !loopback(c.SMTP.Host) {
			wrong("mail to %s without TLS is refused: only a server on this machine may be reached so", c.SMTP.Host)
		}
	default:
		wrong("SMTP TLS %q is none of starttls, implicit, none", c.SMTP.TLS)
	}
	if (c.SMTP.User == "") != (c.SMTP.Password == "") {
		wrong("an SMTP user and password belong together")
	}
	return c, errors.Join(errs...)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
