// SPDX-License-Identifier: EUPL-1.2

package connector

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"samsyn/services/connector/outbox"
)

const fullDir = "SAMSYN_TEST_FULL_DIR"

// With the disk full in the middle of a file the taking in stops, says so, and goes on where it was when there is room. The
// test runs itself as a process that may not write files beyond a size.
func TestFullDiskStopsTheTakingInAndLosesNothing(t *testing.T) {
	const rows = 500
	if dir := os.Getenv(fullDir); dir != "" {
		takeInWithoutRoom(t, dir)
		return
	}
	s := &site{t: t, dir: t.TempDir()}
	var lines []string
	for i := range rows {
		lines = append(lines, incident(fmt.Sprint("R", i), ""))
	}
	s.drop("a.ndjson", strings.Join(lines, "\n"))
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestFullDiskStopsTheTakingInAndLosesNothing$")
	c.Env = append(os.Environ(), fullDir+"="+s.dir)
	if said, err := c.CombinedOutput(); err != nil || !bytes.Contains(said, []byte("was full, went on")) {
		t.Fatalf("%v\n%s", err, said)
	}
	if s.file("in/a.ndjson") != "" || s.file("done/a.ndjson") == "" {
		t.Error("the file was not taken in")
	}
	box, err := outbox.Look(folder(s.dir).outbox())
	must(t, err)
	if files := box.Files(); len(files) != 1 || files[0].Rows != rows || files[0].Unanswered != rows {
		t.Errorf("%+v", files)
	}
}

func takeInWithoutRoom(t *testing.T, dir string) {
	signal.Ignore(syscall.SIGXFSZ)
	limit := func(size uint64) {
		must(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: size, Max: unix.RLIM_INFINITY}))
	}
	way, err := Reach("http://127.0.0.1:1", "", "sk_a_b", slog.New(slog.DiscardHandler))
	must(t, err)
	c, err := Open(dir, way, slog.New(slog.DiscardHandler), Config{Settle: 20 * time.Millisecond})
	must(t, err)
	limit(150_000)
	if err := c.Once(soon(t), time.Millisecond); !errors.Is(err, outbox.ErrDiskFull) {
		t.Fatalf("with a full disk: %v", err)
	}
	if unsent, _ := c.outbox.Backlog(); unsent == 0 || unsent == 500 {
		t.Fatalf("%d rows are in the outbox", unsent)
	}
	must(t, c.Close())
	limit(unix.RLIM_INFINITY)
	c, err = Open(dir, way, slog.New(slog.DiscardHandler), Config{Settle: 20 * time.Millisecond})
	must(t, err)
	must(t, c.Once(soon(t), time.Millisecond))
	must(t, c.Close())
	fmt.Println("was full, went on")
}
