// SPDX-License-Identifier: EUPL-1.2

package run_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"samsyn/internal/run"
)

func TestMain(m *testing.M) {
	if os.Getenv("SAMSYN_TEST_SIGNALS") != "" {
		ctx, stop := run.UntilSignal(context.Background())
		defer stop()
		fmt.Println("ready")
		<-ctx.Done()
		fmt.Println(context.Cause(ctx))
		select {}
	}
	goleak.VerifyTestMain(m)
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// What was built on something must be gone before that something goes.
func TestPartsStopInReverseOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stopped []string
		p := run.NewParts(quiet(), run.NewHealth())
		for _, name := range []string{"postgres", "nats"} {
			p.Add(name, func(context.Context) error {
				stopped = append(stopped, name)
				return nil
			})
		}
		p.Go(t.Context(), "worker", func(ctx context.Context) error {
			<-ctx.Done()
			<-time.After(time.Second) // work in hand; the clock is the test's
			stopped = append(stopped, "worker")
			return ctx.Err()
		})
		if err := p.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if want := []string{"worker", "nats", "postgres"}; !slices.Equal(stopped, want) {
			t.Errorf("stopped %v, want %v", stopped, want)
		}
		if err := p.Stop(t.Context()); err != nil || len(stopped) != 3 {
			t.Errorf("a second Stop: %v, stopped %v", err, stopped)
		}
	})
}

// One part that hangs must not keep the others from stopping, nor the process from ending.
func TestPartThatHangsIsNamedAndLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := run.NewParts(quiet(), run.NewHealth())
		first := false
		p.Add("first", func(context.Context) error { first = true; return nil })
		release := make(chan struct{})
		p.Add("hangs", func(context.Context) error { <-release; return nil })
		began := time.Now()
		err := p.Stop(t.Context())
		if err == nil || !strings.Contains(err.Error(), "stop hangs: did not stop") {
			t.Errorf("Stop = %v, want the name of what hangs", err)
		}
		if took := time.Since(began); took < run.StopWithin || took > run.StopWithin+time.Second {
			t.Errorf("Stop took %s", took)
		}
		if !first {
			t.Error("the part before it was not stopped")
		}
		close(release)
	})
}

// A process whose worker has died does nothing and looks alive: it must end.
func TestFailingPartEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, cause := range []error{errors.New("lost the stream"), nil} {
			p := run.NewParts(quiet(), run.NewHealth())
			p.Go(t.Context(), "correlator", func(context.Context) error { return cause })
			if err := p.Wait(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "correlator: ") {
				t.Errorf("Wait = %v, want the name of the worker", err)
			}
			_ = p.Stop(t.Context())
		}
	})
}

// Readiness goes before work stops, so that nobody sends more.
func TestReadinessIsTakenBackFirst(t *testing.T) {
	health := run.NewHealth()
	health.Register("database", func(context.Context) error { return nil })
	p := run.NewParts(quiet(), health)
	var during run.Status
	p.Add("worker", func(ctx context.Context) error {
		during = health.Look(ctx).Status
		return nil
	})
	if got := health.Look(t.Context()).Status; got != run.Ready {
		t.Errorf("before: %s", got)
	}
	if err := p.Stop(t.Context()); err != nil || during != run.NotReady {
		t.Errorf("while stopping: %s, %v", during, err)
	}
}

// Who watches must see what is wrong, by name, and tell "not durable" from "down".
func TestReadyzSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name   string
		checks map[string]error
		status run.Status
		code   int
	}{
		{"all well", map[string]error{"nats": nil}, run.Ready, http.StatusOK},
		{"not durable", map[string]error{"nats": nil, "durable": fmt.Errorf("%w: not durable: fsync=off", run.ErrDegraded)}, run.Degraded, http.StatusOK},
		{"down", map[string]error{"nats": errors.New("no servers"), "durable": run.ErrDegraded}, run.NotReady, http.StatusServiceUnavailable},
	} {
		health := run.NewHealth()
		for name, err := range c.checks {
			health.Register(name, func(context.Context) error { return err })
		}
		answer := httptest.NewRecorder()
		run.Operations(run.NewRegistry(), health).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		var r run.Report
		if err := json.Unmarshal(answer.Body.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if answer.Code != c.code || r.Status != c.status {
			t.Errorf("%s: %d %s, want %d %s", c.name, answer.Code, r.Status, c.code, c.status)
		}
		for name, err := range c.checks {
			if err != nil && r.Checks[name] != err.Error() {
				t.Errorf("%s: %s says %q, want %q", c.name, name, r.Checks[name], err)
			}
		}
	}
}

// A check that hangs is a dependency that hangs; whoever asks gets an answer all the same.
func TestCheckThatHangsIsNotReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		health := run.NewHealth()
		release := make(chan struct{})
		health.Register("disk", func(context.Context) error { <-release; return nil })
		health.Register("nats", func(context.Context) error { return nil })
		r := health.Look(t.Context())
		if r.Status != run.NotReady || r.Checks["disk"] != "no answer" || r.Checks["nats"] != "ok" {
			t.Errorf("report is %+v", r)
		}
		close(release)
	})
}

// The operations listener is what Prometheus and a supervisor ask.
func TestOperationsListener(t *testing.T) {
	p := run.NewParts(quiet(), run.NewHealth())
	l, err := run.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.Serve("operations", l, run.Operations(run.NewRegistry(), run.NewHealth()))
	for path, want := range map[string]string{"/healthz": "ok", "/metrics": "samsyn_build_info", "/readyz": `"ready"`} {
		if got := get(t, "http://"+l.Addr().String()+path); !strings.Contains(got, want) {
			t.Errorf("%s says %q, want %q in it", path, got, want)
		}
	}
	var inUse *run.ListenError
	if _, err := run.Listen(t.Context(), l.Addr().String()); !errors.As(err, &inUse) || inUse.Address != l.Addr().String() {
		t.Errorf("Listen on a used address = %v, want a ListenError with it", err)
	}
	http.DefaultClient.CloseIdleConnections()
	if err := p.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// The first signal asks, its echo is not heard, a later one ends.
func TestSignals(t *testing.T) {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "SAMSYN_TEST_SIGNALS=1")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for _, want := range []string{"ready", "signal terminated"} {
		if !lines.Scan() || lines.Text() != want {
			t.Fatalf("the process said %q, want %q", lines.Text(), want)
		}
		if err := c.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	<-time.After(1100 * time.Millisecond) // it would have ended by now had the echo counted
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("the echo of the first signal ended the process: %v", err)
	}
	var exit *exec.ExitError
	if err := c.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 130 {
		t.Errorf("after two signals the process ended with %v, want status 130", err)
	}
}

// A machine reads the log of a service: one object a line, whatever a value holds.
func TestLogIsOneObjectALine(t *testing.T) {
	var out bytes.Buffer
	run.NewLogger(&out, slog.LevelInfo).Info("refused", "agency", "a\n{\"level\":\"ERROR\"}")
	if strings.Count(out.String(), "\n") != 1 || !json.Valid(out.Bytes()) {
		t.Errorf("log is %q", out.String())
	}
}
