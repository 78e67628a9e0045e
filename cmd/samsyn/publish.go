// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"samsyn/events"
	"samsyn/events/bus"
)

type publishCommand struct {
	File  string `arg:"" help:"NDJSON, one event a line; - is standard input."`
	Creds string `placeholder:"FILE" help:"An agency's credentials; without them the events go in as the platform."`
	URL   string `name:"url" placeholder:"URL" help:"NATS server for --creds (that of a samsyn up in --data)."`
}

// Help shows an example.
func (publishCommand) Help() string {
	return `Every line is checked before anything is sent: a line that cannot be an event is named, and nothing is sent.
Sending the same file again does no harm.

Example: samsyn publish events.ndjson --creds bostad.creds --url nats://127.0.0.1:4222`
}

// published is what became of the lines.
type published struct {
	Published  int `json:"published"`
	Duplicates int `json:"duplicates"`
}

// Run checks and sends.
func (c publishCommand) Run(ctx context.Context, p *program) error {
	messages, err := c.read()
	if err != nil {
		return err
	}
	if c.Creds == "" {
		return withInstallation(ctx, p, func(ctx context.Context, in *installation) error { return send(ctx, p, in.Bus, messages) })
	}
	url := c.URL
	if url == "" {
		up, err := running(p.settings.Data)
		if err != nil {
			return err
		}
		if up == nil {
			return wrongUse("no samsyn up runs in %s: give the server's address with --url", p.settings.Data)
		}
		url = up.NATS
	}
	conn, err := bus.Connect(ctx, bus.Config{URL: url, Creds: c.Creds, Name: "samsyn publish", Logger: p.log})
	if err != nil {
		return err
	}
	defer conn.Close()
	return send(ctx, p, conn, messages)
}

// mostComplaints is how many lines that cannot be sent are named.
const mostComplaints = 20

func (c publishCommand) read() ([]bus.Message, error) {
	in := io.Reader(os.Stdin)
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }() // read only
		in = f
	}
	var messages []bus.Message
	var complaints []error
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 64<<10), 2*events.MaxBody)
	for n := 1; lines.Scan(); n++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		if len(messages)+len(complaints) == 0 && line[0] != '{' {
			return nil, fmt.Errorf("%s is not NDJSON: line %d does not begin with {. A table goes in through samsyn connect", filepath.Base(c.File), n)
		}
		m, err := message(bytes.Clone(line))
		if err != nil {
			complaints = append(complaints, fmt.Errorf("line %d: %w", n, err))
			continue
		}
		messages = append(messages, m)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", c.File, err)
	}
	if len(complaints) > 0 {
		return nil, fmt.Errorf("nothing was sent, %d of %d lines cannot be events:\n%w", len(complaints), len(complaints)+len(messages),
			errors.Join(complaints[:min(len(complaints), mostComplaints)]...))
	}
	return messages, nil
}

func message(body []byte) (bus.Message, error) {
	e, reasons := events.Decode(body)
	if events.Worst(reasons) == events.Refused {
		var all []string
		for _, r := range events.Explain(reasons) {
			all = append(all, fmt.Sprintf("%s at %s: %s", r.Code, r.Path, r.Message.EN))
		}
		return bus.Message{}, errors.New(strings.Join(all, "; "))
	}
	sum := sha256.Sum256(body)
	return bus.Message{
		Subject: events.IncidentSubject(e.Municipality, e.Agency, e.Verb), Body: body,
		ID: fmt.Sprintf("%s:%d:%s", e.Report, e.Revision, hex.EncodeToString(sum[:8])),
	}, nil
}

const sendAtOnce = 1000

func send(ctx context.Context, p *program, conn *bus.Conn, messages []bus.Message) error {
	var done published
	for len(messages) > 0 {
		n := min(sendAtOnce, len(messages))
		for i, r := range conn.PublishEach(ctx, messages[:n]) {
			switch {
			case r.Err != nil:
				p.progressEnds()
				return fmt.Errorf("%d events were sent; event %s was not: %w. Sending the file again does no harm", done.Published, messages[i].ID, r.Err)
			case r.Ack.Duplicate:
				done.Duplicates++
			}
			done.Published++
		}
		messages = messages[n:]
		p.progress("sent %d", done.Published)
	}
	p.progressEnds()
	return p.write(done, table{header: []string{"published", "of them sent before"}, rows: [][]string{{fmt.Sprint(done.Published), fmt.Sprint(done.Duplicates)}}})
}
