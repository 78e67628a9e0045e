// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"strconv"
	"time"
)

type deadlettersCommands struct {
	List deadlettersListCommand `cmd:"" help:"List derived events that no reader could handle, with why and where."`
}

type deadlettersListCommand struct{}

// Help shows an example.
func (deadlettersListCommand) Help() string {
	return `Only events that Samsyn made itself come here; what an agency sent is held instead (samsyn held list).

Example: samsyn deadletters list --data ./data`
}

// Run lists them, the oldest first.
func (deadlettersListCommand) Run(ctx context.Context, p *program) error {
	return withInstallation(ctx, p, func(ctx context.Context, in *installation) error {
		dead, err := in.Bus.DeadLetters(ctx)
		if err != nil {
			return err
		}
		type letter struct {
			At      time.Time `json:"at"`
			Reader  string    `json:"reader"`
			Stream  string    `json:"stream"`
			Seq     uint64    `json:"stream_seq"`
			Subject string    `json:"subject"`
			Why     string    `json:"why"`
		}
		letters := []letter{}
		t := table{header: []string{"given up", "reader", "stream", "seq", "subject", "why"}}
		for _, d := range dead {
			letters = append(letters, letter{d.At, d.Reader, d.Stream, d.FromSeq, d.Subject, d.Why})
			t.add(d.At.Format(time.RFC3339), d.Reader, d.Stream, strconv.FormatUint(d.FromSeq, 10), d.Subject, d.Why)
		}
		return p.write(map[string]any{"dead_letters": letters}, t)
	})
}
