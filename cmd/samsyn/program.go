// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"
	"unicode"

	"samsyn/internal/run"
)

const description = `Samsyn turns what agencies see into flagged places, by area and week.

Start with 'samsyn up'. Every command has --help with an example.`

// commands is the command tree; each command has a file of its own.
type commands struct {
	Settings

	Up          upCommand           `cmd:"" help:"Run everything on this machine, until Ctrl-C."`
	Run         runCommandLine      `cmd:"" help:"Run some roles beside external servers."`
	Demo        demoCommand         `cmd:"" help:"Play the demo and tell what was found."`
	NatsConfig  natsConfigCommand   `cmd:"" help:"Make the operator's keys and the configuration of a NATS server of your own."`
	Migrate     migrateCommand      `cmd:"" help:"Bring the database to this program's schema."`
	Publish     publishCommand      `cmd:"" help:"Send a file of events over NATS."`
	Connect     connectCommand      `cmd:"" help:"The agency's side: send what is dropped in a folder, and write its receipts."`
	Quarantine  quarantineCommands  `cmd:"" help:"Events that wait for their sender."`
	Deadletters deadlettersCommands `cmd:"" help:"Derived events that nobody could handle."`

	Municipality municipalityCommands `cmd:"" help:"Municipalities and their clocks."`
	Areas        areasCommands        `cmd:"" help:"Areas of a municipality."`
	Agency       agencyCommands       `cmd:"" help:"Agencies, their credentials and keys."`
	Unit         unitCommands         `cmd:"" help:"Reporting units of an agency."`
	Properties   propertiesCommands   `cmd:"" help:"Property register of an agency."`
	Mapping      mappingCommands      `cmd:"" help:"What an agency's own codes stand for."`
	Person       personCommands       `cmd:"" help:"People: who can sign in, and as what."`
	Group        groupCommands        `cmd:"" help:"Groups of the agreement, which narrow who opens a report."`

	Hotspots  hotspotsCommand   `cmd:"" help:"Flagged places, and why."`
	Week      weekCommands      `cmd:"" help:"The picture of a week: show it, freeze it."`
	Subscribe subscribeCommands `cmd:"" help:"Who hears of what is flagged."`
	Alerts    alertsCommands    `cmd:"" help:"What was sent, and what could not be delivered."`

	Verify  verifyCommand  `cmd:"" help:"Recount everything and compare."`
	Rebuild rebuildCommand `cmd:"" help:"Make the projections anew from what was stored."`
	Held    heldCommands   `cmd:"" help:"Events that could not be decided because of an error of ours."`
	Bench   benchCommands  `cmd:"" help:"Measure this machine with the real parts."`
	Ready   readyCommand   `cmd:"" help:"Ask a running process whether it serves."`
	Config  configCommands `cmd:"" help:"What this program is told."`
	Version versionCommand `cmd:"" help:"Say what program this is."`
}

// program is what every command is run with.
type program struct {
	settings Settings
	stdout   io.Writer
	stderr   io.Writer
	log      *slog.Logger
}

func newProgram(s Settings, stdout, stderr io.Writer) *program {
	level := map[string]slog.Level{"debug": slog.LevelDebug, "warn": slog.LevelWarn, "error": slog.LevelError}[s.Log]
	return &program{settings: s, stdout: stdout, stderr: stderr, log: run.NewLogger(stderr, level)}
}

// say tells the person at the terminal something; it is no data.
func (p *program) say(format string, args ...any) {
	_, _ = fmt.Fprintf(p.stderr, format+"\n", args...) // there is nobody else to tell
}

// table is data in rows, for people.
type table struct {
	header []string
	rows   [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// write puts data on stdout: v as one JSON object with --output json, else t as an aligned table.
func (p *program) write(v any, t table) error {
	if p.settings.Output == "json" {
		return json.NewEncoder(p.stdout).Encode(v)
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{t.header}, t.rows...) {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = clean(c)
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(strings.Join(cells, "\t"), "\t")); err != nil {
			return err
		}
	}
	return w.Flush()
}

// clean takes out what would steer a terminal: text may come from anyone.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Bidi_Control, r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
