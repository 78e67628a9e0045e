// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"

	"samsyn/internal/mail"
)

// Settings say where an installation is and how it runs; they are the same for every command. Flags
// go over the environment, the environment over the file of --config. In the file a setting is named
// as its flag is.
type Settings struct {
	Config string `name:"config" env:"SAMSYN_CONFIG" placeholder:"FILE" group:"settings" yaml:"-" help:"YAML file of settings, named as the flags are."`

	Data   string `name:"data" env:"SAMSYN_DATA" default:"./data" placeholder:"DIR" group:"settings" yaml:"data" help:"Directory of the installation (${default})."`
	Output string `name:"output" env:"SAMSYN_OUTPUT" enum:"table,json" default:"table" group:"settings" yaml:"output" help:"How data is written: table or json (${default})."`
	Log    string `name:"log" env:"SAMSYN_LOG" enum:",debug,info,warn,error" default:"" placeholder:"LEVEL" group:"settings" yaml:"log" help:"Least severe line of the log: debug, info, warn or error (info; warn for commands that end by themselves)."`

	DatabaseURL          string `name:"database-url" env:"SAMSYN_DATABASE_URL" placeholder:"URL" group:"servers" yaml:"database-url" help:"External PostgreSQL. A password belongs in the environment."`
	DatabasePasswordFile string `name:"database-password-file" env:"SAMSYN_DATABASE_PASSWORD_FILE" placeholder:"FILE" group:"servers" yaml:"database-password-file" help:"Holds the password of the user in --database-url; samsyn migrate alone needs one."`
	PostgresBin          string `name:"postgres-bin" env:"SAMSYN_POSTGRES_BIN" placeholder:"DIR" group:"servers" yaml:"postgres-bin" help:"Where initdb and postgres are, when they are not found by themselves."`
	NATSURL              string `name:"nats-url" env:"SAMSYN_NATS_URL" placeholder:"URL" group:"servers" yaml:"nats-url" help:"External NATS server."`
	NATSPublicURL        string `name:"nats-public-url" env:"SAMSYN_NATS_PUBLIC_URL" placeholder:"URL" group:"servers" yaml:"nats-public-url" help:"Where agencies reach that server, for what they are told (--nats-url)."`
	NATSCreds            string `name:"nats-creds" env:"SAMSYN_NATS_CREDS" placeholder:"FILE" group:"servers" yaml:"nats-creds" help:"Credentials of the account PLATFORM on it."`
	NATSKeys             string `name:"nats-keys" env:"SAMSYN_NATS_KEYS" placeholder:"DIR" group:"servers" yaml:"nats-keys" help:"The operator's keys, for commands that add or suspend agencies."`
	NATSPort             int    `name:"nats-port" env:"SAMSYN_NATS_PORT" placeholder:"PORT" group:"servers" yaml:"nats-port" help:"Port of the embedded NATS server (that of the last start, or from 4222 on)."`
	SecretFile           string `name:"secret-file" env:"SAMSYN_SECRET_FILE" placeholder:"FILE" group:"servers" yaml:"secret-file" help:"The installation's secret, 32 bytes or more (DIR/secret, made when missing)."`

	Listen     string `name:"listen" env:"SAMSYN_LISTEN" placeholder:"HOST:PORT" group:"addresses" yaml:"listen" help:"Address of the pages and the API (127.0.0.1, from port 8080 on)."`
	Operations string `name:"operations-listen" env:"SAMSYN_OPERATIONS_LISTEN" placeholder:"HOST:PORT" group:"addresses" yaml:"operations-listen" help:"Address of /metrics, /healthz and /readyz (127.0.0.1, any port)."`
	PublicURL  string `name:"public-url" env:"SAMSYN_PUBLIC_URL" placeholder:"URL" group:"addresses" yaml:"public-url" help:"Where people reach the pages; links in mails begin with it (http:// and the address listened on)."`

	SMTP             mailURL `name:"smtp-url" env:"SAMSYN_SMTP_URL" placeholder:"URL" group:"mail" yaml:"smtp-url" help:"Mail server: smtp://user@host:587 (STARTTLS), smtps://user@host:465, or smtp://127.0.0.1:25. Without it mails are files in DIR/mail."`
	SMTPPasswordFile string  `name:"smtp-password-file" env:"SAMSYN_SMTP_PASSWORD_FILE" placeholder:"FILE" group:"mail" yaml:"smtp-password-file" help:"Holds the password of the mail server."`
	MailFrom         string  `name:"mail-from" env:"SAMSYN_MAIL_FROM" placeholder:"ADDRESS" group:"mail" yaml:"mail-from" help:"Sender of mails: 'Samsyn <samsyn@example.se>'."`

	WebhookHosts []string `name:"webhook-hosts" env:"SAMSYN_WEBHOOK_HOSTS" placeholder:"HOST" group:"mail" yaml:"webhook-hosts" help:"Hosts that signed webhooks may go to; others are not reached."`
}

// mailURL is the address of a mail server as a setting.
type mailURL string

// smtp reads the address; loopback alone may go without TLS.
func (m mailURL) smtp(password string) (mail.SMTP, error) {
	if m == "" {
		return mail.SMTP{}, nil
	}
	u, err := url.Parse(string(m))
	if err != nil || u.Hostname() == "" {
		return mail.SMTP{}, fmt.Errorf("%q is not like smtp://user@host:587", string(m))
	}
	s := mail.SMTP{Host: u.Hostname(), User: u.User.Username(), Password: password}
	switch u.Scheme {
	case "smtp":
		s.Port, s.TLS = 587, "starttls"
		if ip := net.ParseIP(s.Host); s.Host == "localhost" || ip != nil && ip.IsLoopback() {
			s.TLS = "none"
		}
	case "smtps":
		s.Port, s.TLS = 465, "implicit"
	default:
		return mail.SMTP{}, fmt.Errorf("%q begins with neither smtp:// nor smtps://", string(m))
	}
	if u.Port() != "" {
		if s.Port, err = port(u.Port()); err != nil {
			return mail.SMTP{}, fmt.Errorf("%q has no usable port", string(m))
		}
	}
	return s, nil
}

// problem is one thing that is wrong with a setting.
type problem struct {
	Setting string `json:"setting"`
	What    string `json:"what"`
}

// check finds everything that can be known to be wrong without connecting anywhere.
func (s Settings) check() []problem {
	var found []problem
	add := func(setting string, err error) {
		if err != nil {
			found = append(found, problem{setting, err.Error()})
		}
	}
	if (s.DatabaseURL == "") != (s.NATSURL == "") {
		add("database-url, nats-url", errors.New("give both, for external servers, or neither, for those that samsyn starts itself"))
	}
	add("database-url", checkURL(s.DatabaseURL, "postgres", "postgresql"))
	add("nats-url", checkURL(s.NATSURL, "nats", "tls", "ws", "wss"))
	add("nats-public-url", checkURL(s.NATSPublicURL, "nats", "tls", "ws", "wss"))
	add("public-url", checkPublicURL(s.PublicURL))
	add("listen", checkAddress(s.Listen))
	add("operations-listen", checkAddress(s.Operations))
	if s.NATSPort < 0 || s.NATSPort > 65535 {
		add("nats-port", errors.New("is not between 1 and 65535"))
	}
	for _, f := range []struct{ setting, path string }{
		{"nats-creds", s.NATSCreds},
		{"nats-keys", s.NATSKeys},
		{"secret-file", s.SecretFile},
		{"database-password-file", s.DatabasePasswordFile},
		{"smtp-password-file", s.SMTPPasswordFile},
		{"postgres-bin", s.PostgresBin},
	} {
		if f.path != "" {
			_, err := os.Stat(f.path)
			add(f.setting, err)
		}
	}
	_, err := s.SMTP.smtp("")
	add("smtp-url", err)
	return found
}

func checkURL(text string, schemes ...string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || !slices.Contains(schemes, u.Scheme) {
		return fmt.Errorf("is not a URL that begins with %s://", schemes[0]) // the text may hold a password
	}
	return nil
}

func checkPublicURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return fmt.Errorf("%q is not like https://samsyn.example.se (no path)", text)
	}
	return nil
}

func checkAddress(text string) error {
	if text == "" {
		return nil
	}
	_, number, err := net.SplitHostPort(text)
	if err != nil {
		return fmt.Errorf("%q is not like 127.0.0.1:8080", text)
	}
	if _, err := port(number); err != nil {
		return fmt.Errorf("%q has no usable port", text)
	}
	return nil
}

// port reads a port number; 0 is any.
func port(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	return int(n), err
}

// fileSettings gives kong the settings of the file, below flags and environment.
type fileSettings struct {
	path   string
	values map[string]any
}

// newSources finds the file before anything is parsed.
func newSources(args []string) *fileSettings {
	f := &fileSettings{path: os.Getenv("SAMSYN_CONFIG")}
	for i, a := range args {
		switch {
		case a == "--":
			return f
		case a == "--config" && i+1 < len(args):
			f.path = args[i+1]
		case strings.HasPrefix(a, "--config="):
			f.path = strings.TrimPrefix(a, "--config=")
		}
	}
	return f
}

// load reads the file strictly: a setting that does not exist, or stands twice, is an error with its place.
func (f *fileSettings) load() error {
	if f.path == "" {
		return nil
	}
	text, err := os.ReadFile(f.path)
	if err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	var typed Settings
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&typed); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("settings in %s: %s", f.path, yaml.FormatError(err, false, true))
	}
	if err := yaml.Unmarshal(text, &f.values); err != nil {
		return fmt.Errorf("settings in %s: %w", f.path, err)
	}
	if u, err := url.Parse(typed.DatabaseURL); err == nil {
		if _, secret := u.User.Password(); secret {
			return fmt.Errorf("settings in %s: database-url holds a password: secrets come from the environment (SAMSYN_DATABASE_URL) or from files of their own", f.path)
		}
	}
	return nil
}

// Validate is part of kong.Resolver.
func (f *fileSettings) Validate(*kong.Application) error { return nil }

// Resolve returns the value in the file of a flag that neither the command line nor the environment sets.
func (f *fileSettings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, set := os.LookupEnv(name); set {
			return nil, nil
		}
	}
	// Nothing but settings comes from the file, whatever the flags of a command are called.
	if v, ok := f.values[flag.Name]; ok && isSetting(flag.Name) {
		return fmt.Sprint(v), nil
	}
	return nil, nil
}

func isSetting(name string) bool {
	t := reflect.TypeFor[Settings]()
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("yaml") == name {
			return true
		}
	}
	return false
}
