// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"

	"samsyn/internal/run"
)

type readyCommand struct{}

// Help shows an example.
func (readyCommand) Help() string {
	return `Asks the process at --operations-listen, or the samsyn up in --data, and exits 0 when it serves: ready, or degraded,
which is said. It is the health check of a container, which has no shell to ask with.

Example: samsyn ready --operations-listen 127.0.0.1:9090`
}

const readyWithin = 5 * time.Second

// Run asks once.
func (readyCommand) Run(ctx context.Context, p *program) error {
	url, err := p.operationsURL()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", http.NoBody)
	if err != nil {
		return fmt.Errorf("ask %s: %w", url, err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("nothing answers: %w", err)
	}
	defer answer.Body.Close()
	var report run.Report
	if err := json.NewDecoder(answer.Body).Decode(&report); err != nil {
		return fmt.Errorf("read the answer of %s: %w", url, err)
	}
	t := table{header: []string{"check", "says"}}
	for _, name := range slices.Sorted(maps.Keys(report.Checks)) {
		t.add(name, report.Checks[name])
	}
	if err := p.write(report, t); err != nil {
		return err
	}
	if report.Status == run.NotReady {
		return fmt.Errorf("%s is %s", url, report.Status)
	}
	return nil
}

func (p *program) operationsURL() (string, error) {
	if address := p.settings.Operations; address != "" {
		if err := checkAddress(address); err != nil {
			return "", wrongUse("--operations-listen: %w", err)
		}
		host, port, err := net.SplitHostPort(address)
		if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
			host = "127.0.0.1" // it listens everywhere, and so here
		}
		return "http://" + net.JoinHostPort(host, port), err
	}
	up, err := running(p.settings.Data)
	if err != nil {
		return "", err
	}
	if up == nil {
		return "", wrongUse("no samsyn up runs in %s: name the process with --operations-listen", p.settings.Data)
	}
	return up.Operations, nil
}
