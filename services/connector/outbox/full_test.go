// SPDX-License-Identifier: EUPL-1.2

package outbox

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const fullDir = "SAMSYN_TEST_FULL_DIR"

// A full disk writes a part and then no more. The test runs itself as a process that may not write files beyond a size, so
// that the kernel breaks off the writes where they stand, and lets it then write on.
func TestFullDiskLosesNothing(t *testing.T) {
	if dir := os.Getenv(fullDir); dir != "" {
		fillUp(t, dir)
		return
	}
	dir := t.TempDir()
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestFullDiskLosesNothing$", "-test.v")
	c.Env = append(os.Environ(), fullDir+"="+dir)
	said, err := c.CombinedOutput()
	if err != nil || !bytes.Contains(said, []byte("kept ")) {
		t.Fatalf("%v\n%s", err, said)
	}
	_, list, _ := strings.Cut(string(said), "kept ")
	list, _, _ = strings.Cut(list, "\n")
	if got := due(t, open(t, dir)); got != strings.TrimSpace(list) {
		t.Errorf("after a restart %q, promised was %q", got, list)
	}
}

// fillUp adds until there is no room, makes room and adds again, and says what was promised to be kept.
func fillUp(t *testing.T, dir string) {
	signal.Ignore(syscall.SIGXFSZ)
	o := open(t, dir)
	f := begin(t, o, "a.csv")
	limit := func(size uint64) {
		must(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: size, Max: unix.RLIM_INFINITY}))
	}
	limit(10_000)
	full := 0
	for i := range 100 {
		err := o.Add(event(f, fmt.Sprint("R", i), 1), event(f, fmt.Sprint("S", i), 1))
		if err == nil {
			continue
		}
		if !errors.Is(err, ErrDiskFull) {
			t.Fatal(err)
		}
		if full++; full == 3 {
			limit(unix.RLIM_INFINITY) // somebody has made room
		}
		if full == 6 {
			t.Fatal("it stays full")
		}
	}
	if full != 3 {
		t.Fatalf("%d times full", full)
	}
	fmt.Println("kept " + due(t, o))
	// What is kept fits into one answer of due; the rest of the test is the parent's.
	must(t, o.Close())
}

// What cannot be compacted goes on as it is.
func TestCompactingWithoutRoom(t *testing.T) {
	dir := t.TempDir()
	o := open(t, dir)
	f := begin(t, o, "a.csv")
	must(t, o.Add(event(f, "A", 1)))
	want := view(t, o)
	// The name of the next journal is taken by a directory: it cannot be made.
	must(t, os.Mkdir(journalPath(dir, 2)+unfinished, 0o700))
	if err := o.compact(); err == nil {
		t.Fatal("it was compacted")
	}
	must(t, o.Add(event(f, "B", 1)))
	must(t, o.Close())
	must(t, os.Remove(journalPath(dir, 2)+unfinished))
	again := open(t, dir)
	if got := due(t, again); got != "A:1 B:1" {
		t.Errorf("due: %s, before %v", got, want)
	}
}
