// SPDX-License-Identifier: EUPL-1.2

package bus

import (
	"bytes"
	"fmt"
	"strconv"
	"text/template"
)

// ServerConfig describes an external server that lets in the accounts of an Operator.
type ServerConfig struct {
	Name        string // of this server, unique in its cluster
	Listen      string // host:port for clients
	Monitor     string // host:port of the monitoring page, loopback only; "" for none
	StoreDir    string // where streams are kept
	AccountDir  string // where the server keeps the accounts it is told of
	MaxStore    int64  // bytes for all streams; at most 80 % of the volume, so that a full store is answered and not a full disk
	Certificate string // TLS files; without them the server listens without TLS, which is for loopback only
	Key         string
}

var serverTemplate = template.Must(template.New("nats.conf").Parse(`# Written by samsyn. Accounts are added at run time; this file changes only with the keys or the paths.
server_name: {{.Name}}
listen: {{.Listen}}
{{with .Monitor}}http: {{.}}
{{end}}{{if .Certificate}}tls {
  cert_file: {{.Certificate}}
  key_file: {{.Key}}
}
{{end}}
jetstream {
  store_dir: {{.StoreDir}}
  max_file_store: {{.MaxStore}}
  max_memory_store: 67108864
  # An acknowledged event is on disk. With the default of two minutes a power cut loses a fifth of what was acknowledged in its last 45 seconds.
  sync_interval: always
}

operator: {{.Operator}}
system_account: {{.System}}
resolver {
  type: full
  dir: {{.AccountDir}}
  allow_delete: false
  interval: "2m"
}
resolver_preload {
{{range .Accounts}}  {{.Public}}: {{.JWT}}
{{end}}}
`))

// ServerConfig writes the configuration file of an external server with this operator's keys: start it with nats-server -c, then connect the operator
// to it. The file holds no secret.
func (o *Operator) ServerConfig(cfg ServerConfig) ([]byte, error) {
	operator, system, err := o.JWT()
	if err != nil {
		return nil, err
	}
	accounts, err := o.Accounts()
	if err != nil {
		return nil, err
	}
	type account struct{ Public, JWT string }
	fill := struct {
		ServerConfig
		Operator, System string
		Accounts         []account
	}{ServerConfig: cfg, Operator: operator, System: system}
	for _, s := range []*string{&fill.Name, &fill.Listen, &fill.StoreDir, &fill.AccountDir} {
		if *s == "" {
			return nil, fmt.Errorf("write server configuration: name, listen, store and account directory are needed")
		}
	}
	for _, s := range []*string{&fill.Name, &fill.Listen, &fill.Monitor, &fill.StoreDir, &fill.AccountDir, &fill.Certificate, &fill.Key} {
		if *s != "" {
			*s = strconv.Quote(*s)
		}
	}
	// Only the two accounts without which the operator could not come in: agencies are told by Sync and kept in AccountDir, where a suspension
	// must not be undone by an old copy of this file.
	platform, err := o.platform.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("write server configuration: %w", err)
	}
	for _, public := range []string{system, platform} {
		fill.Accounts = append(fill.Accounts, account{public, accounts[public]})
	}
	var out bytes.Buffer
	if err := serverTemplate.Execute(&out, fill); err != nil {
		return nil, fmt.Errorf("write server configuration: %w", err)
	}
	return out.Bytes(), nil
}
