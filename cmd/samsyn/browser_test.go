// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb/planar"

	"samsyn/cmd/samsyn/stage"
	"samsyn/deploy/demo"
	"samsyn/internal/geo"
	"samsyn/internal/synth"
)

// browserTests is where the tests in a browser are, with their own lock file.
const browserTests = top + "/tools/e2e"

// What people do in a browser works there: the whole program, with half a year of a made-up town behind it, is used by Chromium at the
// widths of a phone, a small phone and a laptop. The tests themselves are in tools/e2e, and its README says what each is for.
//
// SAMSYN_E2E are further arguments of playwright, such as report.spec.js. With SAMSYN_SCREENSHOTS, which names a directory, every screen
// and state that is reached is photographed there. With SAMSYN_E2E_STAY nothing is tested: the town stays up until its process is ended,
// for whoever writes a test.
func TestInTheBrowser(t *testing.T) {
	binary := built(t)
	dir := filepath.Join(openDir(t), "data")
	if err := os.Mkdir(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	up := exec.CommandContext(t.Context(), binary, "up", "--data", dir, "--listen", "127.0.0.1:0", "--nats-port", freePort(t))
	p := launch(t, up, "samsyn up", "Samsyn is up.")
	p.awaitReady(startsWithin)
	began := time.Now()
	playTown(t, dir)
	t.Logf("the town was there after %s", time.Since(began).Round(time.Millisecond))
	run, err := running(dir)
	if err != nil || run == nil {
		t.Fatalf("samsyn up: %v", err)
	}
	env := []string{"SAMSYN_E2E_URL=" + run.HTTP, "SAMSYN_E2E_PROGRAM=" + binary, "SAMSYN_E2E_DATA=" + dir, "SAMSYN_E2E_MUNICIPALITY=" + home}
	if os.Getenv("SAMSYN_E2E_STAY") != "" {
		fmt.Fprintf(os.Stderr, "process %d\n%s\n", run.PID, strings.Join(env, "\n"))
		<-p.ended
		return
	}
	play(t, env)
	if t.Failed() {
		t.Logf("the program's last words:\n%s", p.log())
	}
	p.stop(30 * time.Second)
}

// play runs the tests in the browser. They say themselves what failed, as they go: they take long enough to be watched.
func play(t *testing.T, env []string) {
	t.Helper()
	args := append([]string{"test"}, strings.Fields(os.Getenv("SAMSYN_E2E"))...)
	c := exec.CommandContext(t.Context(), filepath.Join("node_modules", ".bin", "playwright"), args...)
	c.Dir, c.Env = browserTests, append(os.Environ(), env...)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	if err := c.Run(); err != nil {
		t.Errorf("playwright (make need-browser installs it): %v", err)
	}
}

// playTown installs Växjö with its clock on the last Monday at 10.30 and plays what happened until then: last week is over, its
// deadline has passed, and the meeting is tomorrow. So it is the same on whatever day the test runs.
func playTown(t *testing.T, dir string) {
	t.Helper()
	asOf := lastMonday(t, time.Now())
	w, err := demo.Vaxjo(asOf)
	if err != nil {
		t.Fatal(err)
	}
	addProperties(&w)
	p := newProgram(Settings{Data: dir, Output: "table"}, os.Stderr, os.Stderr)
	err = withInstallation(t.Context(), p, func(ctx context.Context, in *installation) error { return playUntil(ctx, p, in, w, asOf) })
	if err != nil {
		t.Fatal(err)
	}
}

// lastMonday is the last Monday, 10.30 in Växjö, that is a day or more ago.
func lastMonday(t *testing.T, now time.Time) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	year, month, day := now.AddDate(0, 0, -1).In(zone).Date()
	at := time.Date(year, month, day, 10, 30, 0, 0, zone)
	for at.Weekday() != time.Monday || at.After(now.AddDate(0, 0, -1)) {
		at = at.AddDate(0, 0, -1)
	}
	return at
}

// addProperties gives the housing company a property in the middle of each area, so that a caretaker has addresses to choose from.
func addProperties(w *demo.World) {
	at := slices.IndexFunc(w.Agencies, func(a demo.Agency) bool { return a.Code == synth.Bostad })
	for _, a := range w.Areas {
		if a.Level != geo.LevelArea {
			continue
		}
		n := len(w.Agencies[at].Properties) + 1
		middle, _ := planar.CentroidArea(a.Geometry)
		w.Agencies[at].Properties = append(w.Agencies[at].Properties, demo.Property{
			Key: fmt.Sprintf("VÄXJÖ %d:1", n), Address: fmt.Sprintf("Provgatan %d", n), Lon: middle[0], Lat: middle[1],
		})
	}
}

// playUntil installs a world with a clock of its own, sends all of it, and moves the clock to the end.
func playUntil(ctx context.Context, p *program, in *installation, w demo.World, asOf time.Time) error {
	r, err := in.Registry(ctx)
	if err != nil {
		return err
	}
	replayed := w
	replayed.Municipality.Replay = true
	if _, err := stage.Install(ctx, r, replayed); err != nil {
		return err
	}
	player := stage.Player{Conn: in.Bus, Registry: r, Progress: func(string, int, int) {}}
	if player.Correlator, err = in.correlator(ctx); err != nil {
		return err
	}
	config, err := in.alertingConfig(p.settings, "")
	if err != nil {
		return err
	}
	if player.Alerting, err = in.alerting(ctx, config); err != nil {
		return err
	}
	if err := stage.Subscribe(ctx, player.Alerting, w); err != nil {
		return err
	}
	// What is looked at meanwhile is looked at from the end, as in a town whose clock is everybody's.
	if err := r.SetAsOf(ctx, w.Municipality.Code, asOf.Add(-time.Minute)); err != nil {
		return err
	}
	if err := player.Play(ctx, w); err != nil { // at one go: w itself has no clock to move day by day
		return err
	}
	if err := r.SetAsOf(ctx, w.Municipality.Code, asOf); err != nil {
		return err
	}
	return player.Settled(ctx, w)
}
