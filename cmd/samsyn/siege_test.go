// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"samsyn/cmd/samsyn/stage"
	"samsyn/deploy/demo"
	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/pg"
	"samsyn/services/correlator"
)

// killSeed decides what is sent and when is killed. SAMSYN_SEED repeats a run.
func killSeed(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano()) % 1_000_000
	if text := os.Getenv("SAMSYN_SEED"); text != "" {
		if _, err := fmt.Sscan(text, &seed); err != nil {
			t.Fatalf("SAMSYN_SEED: %v", err)
		}
	}
	t.Logf("SAMSYN_SEED=%d repeats what is sent and when is killed", seed)
	return seed
}

// besieged is an installation whose processes are killed while its agencies send.
type besieged struct {
	t        *testing.T
	binary   string
	dice     *rand.Rand
	world    demo.World
	settings Settings
	creds    map[events.AgencyID][]byte
	ledger   *ledger
}

func besiege(t *testing.T, binary string, seed uint64, s Settings) *besieged {
	t.Helper()
	w, err := demo.Vaxjo(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	w.Items, w.Municipality.HistoryFrom = nil, w.Municipality.HistoryFrom.AddDate(-5, 0, 0)
	s.Output, s.Log = "json", "info"
	return &besieged{t: t, binary: binary, dice: rand.New(rand.NewPCG(seed, 2)), world: w, settings: s, creds: map[events.AgencyID][]byte{}, ledger: newLedger()}
}

// command is the program on this installation.
func (b *besieged) command(args ...string) *exec.Cmd {
	for flag, value := range map[string]string{
		"--data": b.settings.Data, "--database-url": b.settings.DatabaseURL, "--nats-url": b.settings.NATSURL,
		"--nats-creds": b.settings.NATSCreds, "--secret-file": b.settings.SecretFile,
	} {
		if value != "" {
			args = append(args, flag, value)
		}
	}
	c := exec.CommandContext(b.t.Context(), b.binary, args...)
	c.Dir = b.settings.Data
	return c
}

// install does by the registry what an administrator does by commands.
func (b *besieged) install() {
	b.t.Helper()
	err := withInstallation(b.t.Context(), newProgram(b.settings, io.Discard, io.Discard), func(ctx context.Context, in *installation) error {
		r, err := in.Registry(ctx)
		if err != nil {
			return err
		}
		if _, err := stage.Install(ctx, r, b.world); err != nil {
			return err
		}
		for _, a := range b.world.Agencies {
			c, err := r.IssueCredentials(ctx, b.world.Municipality.Code, a.Code, false)
			if err != nil {
				return err
			}
			b.creds[a.Code] = c.File
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// agencies connects them as they connect from outside.
func (b *besieged) agencies(url string) map[events.AgencyID]*bus.Conn {
	b.t.Helper()
	conns := map[events.AgencyID]*bus.Conn{}
	for a, creds := range b.creds {
		conns[a] = b.connect(url, creds)
	}
	return conns
}

func (b *besieged) connect(url string, creds []byte) *bus.Conn {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 20*time.Second)
	defer cancel()
	conn, err := bus.Connect(ctx, bus.Config{URL: url, CredsData: creds, Name: "test"})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(conn.Close)
	return conn
}

// storm sends the letters in as many shares as there are rounds, each while its round goes on.
func (b *besieged) storm(conns map[events.AgencyID]*bus.Conn, all []letter, rounds int, round func(n int)) {
	b.t.Helper()
	shares := make(chan []letter, rounds)
	group, ctx := errgroup.WithContext(b.t.Context())
	group.Go(func() error {
		for share := range shares {
			if err := b.ledger.send(ctx, conns, share); err != nil {
				return err
			}
		}
		return nil
	})
	for n := range rounds {
		shares <- all[len(all)*n/rounds : len(all)*(n+1)/rounds]
		round(n)
	}
	close(shares)
	if err := group.Wait(); err != nil {
		b.t.Fatalf("send: %v", err)
	}
	b.t.Logf("%d letters acknowledged %d times, %d of them known to the stream, %d sent again", len(all), b.ledger.acks, b.ledger.known, b.ledger.again)
}

// someTime is a moment between two durations.
func (b *besieged) someTime(from, to time.Duration) time.Duration {
	return from + time.Duration(b.dice.Int64N(int64(to-from)))
}

// stored counts the events in the database.
func (b *besieged) stored(database pg.Config) (n int) {
	b.t.Helper()
	pool, err := pg.Open(b.t.Context(), database, pg.RoleCorrelator, 1)
	if err != nil {
		b.t.Fatal(err)
	}
	defer pool.Close()
	if err := pool.QueryRow(b.t.Context(), "SELECT count(*) FROM correlator.event").Scan(&n); err != nil {
		b.t.Fatal(err)
	}
	return n
}

// crash kills one process of the database server, which then ends all connections and recovers from its log, and waits until it is back.
func (b *besieged) crash(database pg.Config) {
	b.t.Helper()
	pool, err := pg.Open(b.t.Context(), database, pg.RoleCorrelator, 1)
	if err != nil {
		b.t.Fatal(err)
	}
	defer pool.Close()
	var pid int
	if err := pool.QueryRow(b.t.Context(), "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		b.t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		b.t.Fatal(err)
	}
	err = within(b.t.Context(), startsWithin, func(ctx context.Context) (bool, error) {
		var now int
		err := pool.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&now)
		return err == nil && now != pid, nil
	})
	if err != nil {
		b.t.Fatalf("the database does not come back: %v", err)
	}
}

// awaitMore waits until a process has stored something.
func (b *besieged) awaitMore(p *process, database pg.Config, than int) {
	b.t.Helper()
	pool, err := pg.Open(b.t.Context(), database, pg.RoleCorrelator, 1)
	if err != nil {
		b.t.Fatal(err)
	}
	defer pool.Close()
	err = within(b.t.Context(), startsWithin, func(ctx context.Context) (more bool, err error) {
		err = pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM correlator.event OFFSET $1)", than).Scan(&more)
		return more, err
	})
	if err != nil {
		b.t.Fatalf("%s stores nothing: %v\n%s", p.name, err, p.log())
	}
}

// drained is how long after the last kill everything must be decided and sent.
const drained = 60 * time.Second

// problems says what is wrong when all is over: what is still not decided, what the senders miss, and what samsyn verify finds.
func (b *besieged) problems(database pg.Config, platform *bus.Conn) complaints {
	b.t.Helper()
	ctx := b.t.Context()
	pool, err := pg.Open(ctx, database, pg.RoleCorrelator, 2)
	if err != nil {
		b.t.Fatal(err)
	}
	defer pool.Close()
	looker, err := correlator.New(pool, platform, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), correlator.Config{})
	if err != nil {
		b.t.Fatal(err)
	}
	began := time.Now()
	err = within(ctx, drained, func(ctx context.Context) (bool, error) {
		left, err := looker.Backlog(ctx)
		return left.None(), err
	})
	if err != nil {
		return complaints{fmt.Sprintf("backlog: %v; %d are stored of %d", err, b.stored(database), b.ledger.count())}
	}
	b.t.Logf("nothing is left to do after %s", time.Since(began).Round(time.Millisecond))
	var agencies []events.AgencyID
	for a := range b.creds {
		agencies = append(agencies, a)
	}
	found, err := b.ledger.audit(ctx, b.world.Municipality.Code, agencies, pool, platform)
	if err != nil {
		b.t.Fatal(err)
	}
	return append(found, b.verify()...)
}

// verify is what samsyn verify finds.
func (b *besieged) verify() complaints {
	b.t.Helper()
	began := time.Now()
	c := b.command("verify", "--output", "json")
	var talk bytes.Buffer
	c.Stderr = &talk
	out, err := c.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		b.t.Fatal(err)
	}
	var v verification
	if err := json.Unmarshal(out, &v); err != nil {
		b.t.Fatalf("samsyn verify: %v\n%s%s", err, out, talk.String())
	}
	if v.OK != (exit == nil) {
		b.t.Errorf("samsyn verify says ok = %t and ends with %v", v.OK, exit)
	}
	b.t.Logf("samsyn verify looked at %v in %s", v.Checked, time.Since(began).Round(time.Millisecond))
	return v.Problems
}

// nothingRuns fails the test unless every process that works in the directory is gone within moments.
func (b *besieged) nothingRuns(dir string) {
	b.t.Helper()
	var left []string
	err := within(b.t.Context(), 5*time.Second, func(context.Context) (bool, error) {
		left = workingIn(dir)
		return len(left) == 0, nil
	})
	if err != nil {
		b.t.Errorf("killed, and still running: %v", left)
	}
}

// workingIn lists the processes whose working directory lies below a directory.
func workingIn(dir string) []string {
	var found []string
	entries, _ := os.ReadDir("/proc") // without it nothing is found, and nothing would be killed either
	for _, e := range entries {
		at, err := os.Readlink(filepath.Join("/proc", e.Name(), "cwd"))
		if err == nil && (at == dir || strings.HasPrefix(at, dir+"/")) {
			name, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "comm")) // it may have ended
			found = append(found, e.Name()+" "+strings.TrimSpace(string(name)))
		}
	}
	return found
}
