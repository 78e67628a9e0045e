// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"samsyn/internal/local"
	"samsyn/internal/pg"
	"samsyn/internal/testenv"
)

// What an agency was told is safe is safe, however often the correlator dies: each event becomes one thing, once.
func TestNothingIsLostWhenTheCorrelatorIsKilled(t *testing.T) {
	for _, problem := range killCorrelator(t, built(t), correlatorKills, correlatorEvents) {
		t.Error(problem)
	}
}

// A checker that was never seen failing is not a checker: with acknowledgements before the commit, events are lost, and it must say so.
func TestAckBeforeCommitIsFound(t *testing.T) {
	found := killCorrelator(t, built(t, "mutant_ack_before_commit"), mutantKills, mutantEvents)
	lost, unknown := 0, 0
	for n, problem := range found {
		if n%20 == 0 {
			t.Logf("found, as it should be: %s", problem)
		}
		if strings.HasPrefix(problem, "lost: ") {
			lost++
		}
		if strings.Contains(problem, "acknowledged and nowhere stored") {
			unknown++
		}
	}
	if lost == 0 || unknown == 0 {
		t.Errorf("%d problems: the senders miss %d events, samsyn verify %d; want some of each", len(found), lost, unknown)
	}
}

// besiegeCorrelator starts the servers that `samsyn run correlator` needs, and writes the letters that are sent to it.
func besiegeCorrelator(t *testing.T, binary string, events int) (b *besieged, database pg.Config, servers *testenv.NATSEnv, all []letter) {
	t.Helper()
	seed := killSeed(t)
	servers = testenv.NATS(t)
	postgres, err := local.StartPostgres(t.Context(), local.PostgresConfig{Dir: openDir(t), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := postgres.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	database = pg.Config{URL: postgres.URL}
	if err := pg.Migrate(t.Context(), database); err != nil {
		t.Fatal(err)
	}
	creds, err := servers.Operator.PlatformCreds("correlator")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	b = besiege(t, binary, seed, Settings{
		Data: dir, DatabaseURL: postgres.URL, NATSURL: servers.Server.URL(), NATSKeys: filepath.Join(servers.Dir(), "keys"),
		NATSCreds: secretFile(t, dir, "platform.creds", creds), SecretFile: secretFile(t, dir, "secret", []byte(strings.Repeat("s", 32))),
	})
	b.install()
	if all, err = letters(seed, b.world, events); err != nil {
		t.Fatal(err)
	}
	return b, database, servers, all
}

// killCorrelator kills `samsyn run correlator` beside servers that stay, and returns what is wrong afterwards.
func killCorrelator(t *testing.T, binary string, kills, events int) []string {
	b, database, servers, all := besiegeCorrelator(t, binary, events)
	b.storm(b.agencies(b.settings.NATSURL), all, kills, func(n int) {
		p := launch(t, b.command("run", "correlator"), "correlator", `"msg":"ready"`)
		before, when := b.stored(database), "started"
		// Most die at work, some while they start.
		if n%5 != 4 {
			b.awaitMore(p, database, before)
			when = "began to store"
		}
		after := b.someTime(150*time.Millisecond, 400*time.Millisecond)
		pause(t.Context(), after)
		p.killed()
		t.Logf("kill %d: %s after it %s; it stored %d events, %d are stored of %d acknowledged", n+1, after.Round(time.Millisecond), when,
			b.stored(database)-before, b.stored(database), b.ledger.count())
	})
	last := launch(t, b.command("run", "correlator"), "correlator", `"msg":"ready"`)
	defer func() {
		if t.Failed() {
			t.Logf("its last words:\n%s", last.log())
		}
	}()
	return b.problems(database, servers.Conn)
}

// The database server of a process that stays dies and comes back: a batch that was committed is there, and one that was not comes again.
func TestNothingIsLostWhenTheDatabaseCrashes(t *testing.T) {
	b, database, servers, all := besiegeCorrelator(t, built(t), correlatorEvents)
	p := launch(t, b.command("run", "correlator"), "correlator", `"msg":"ready"`)
	b.storm(b.agencies(b.settings.NATSURL), all, databaseCrashes, func(n int) {
		b.awaitMore(p, database, b.stored(database))
		pause(t.Context(), b.someTime(0, 100*time.Millisecond))
		b.crash(database)
		t.Logf("crash %d: %d are stored of %d acknowledged", n+1, b.stored(database), b.ledger.count())
	})
	for _, problem := range b.problems(database, servers.Conn) {
		t.Error(problem)
	}
	if t.Failed() {
		t.Logf("the correlator's words:\n%s", p.log())
	}
}

// startsWithin is generous: machines that run tests are busy.
const startsWithin = 60 * time.Second

func secretFile(t *testing.T, dir, name string, body []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Everything on one machine dies at once, as in a power cut: nothing of it goes on, the next start puts it right, and nothing is lost.
func TestNothingIsLostWhenTheWholeProgramIsKilled(t *testing.T) {
	seed := killSeed(t)
	dir := filepath.Join(openDir(t), "data")
	if err := os.Mkdir(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	b := besiege(t, built(t), seed, Settings{Data: dir})
	port := keptPort(t)
	start := func() *process {
		return launch(t, b.command("up", "--listen", "127.0.0.1:0", "--nats-port", port), "samsyn up", "Samsyn is up.")
	}
	up := func() *process {
		p := start()
		p.awaitReady(startsWithin)
		return p
	}
	database := func() pg.Config { return pg.Config{URL: readRun(t, dir).Database} }
	p := up()
	b.install()
	all, err := letters(seed, b.world, programEvents)
	if err != nil {
		t.Fatal(err)
	}
	b.storm(b.agencies(readRun(t, dir).NATS), all, programKills, func(n int) {
		when := "began to store"
		if n%5 != 4 {
			b.awaitMore(p, database(), b.stored(database()))
		} else { // it dies once more while it recovers
			p.killed()
			p, when = start(), "was started again"
		}
		after := b.someTime(150*time.Millisecond, time.Second)
		pause(t.Context(), after)
		p.killed()
		b.nothingRuns(dir)
		began := time.Now()
		p = up()
		t.Logf("kill %d: %s after it %s; up again in %s with %d events stored of %d acknowledged", n+1, after.Round(time.Millisecond), when,
			time.Since(began).Round(time.Millisecond), b.stored(database()), b.ledger.count())
	})
	r := readRun(t, dir)
	for _, problem := range b.problems(pg.Config{URL: r.Database}, b.connect(r.NATS, []byte(r.NATSCreds))) {
		t.Error(problem)
	}
	if took := p.stop(stopsWithin); p.cmd.ProcessState.ExitCode() != 0 {
		t.Errorf("told to stop, it ended after %s with %s:\n%s", took, p.cmd.ProcessState, p.log())
	}
	b.nothingRuns(dir)
}

// stopsWithin is what run.StopWithin promises, and a moment for the process itself.
const stopsWithin = 11 * time.Second

func readRun(t *testing.T, dir string) runFile {
	t.Helper()
	body, err := os.ReadFile(runFilePath(dir))
	var r runFile
	if err == nil {
		err = json.Unmarshal(body, &r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}
