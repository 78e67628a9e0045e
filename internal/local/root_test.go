// SPDX-License-Identifier: EUPL-1.2

package local

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A clone below /root is where many a first try happens: the user Postgres runs as cannot go there.
// As an ordinary user there is no such place, and the data simply lies in the directory.
func TestDirectoryThatOnlyItsOwnerMayEnter(t *testing.T) {
	t.Parallel()
	closed := t.TempDir()
	must(t, os.Chmod(closed, 0o700))
	dir := filepath.Join(closed, "clone", "data")
	must(t, os.MkdirAll(dir, 0o700))
	p := start(t, dir)
	if os.Geteuid() != 0 {
		if p.Home != filepath.Join(dir, "postgres") {
			t.Errorf("home is %s", p.Home)
		}
		return
	}
	t.Cleanup(func() { _ = os.RemoveAll(p.Home) })
	if !strings.HasPrefix(p.Home, systemHome+"/") {
		t.Fatalf("home is %s, want one below %s", p.Home, systemHome)
	}
	do(t, p.URL, "CREATE TABLE kept AS SELECT 'yes' AS n")
	must(t, p.Stop(t.Context()))

	moved := filepath.Join(closed, "moved")
	must(t, os.Rename(dir, moved))
	again := start(t, moved)
	if got := exec1(t, again.URL, "SELECT n FROM kept"); got != "yes" || again.Home != p.Home {
		t.Errorf("after a move: kept = %q in %s", got, again.Home)
	}
	must(t, again.Stop(t.Context()))

	copied := filepath.Join(closed, "copied")
	must(t, os.CopyFS(copied, os.DirFS(moved)))
	_, err := StartPostgres(t.Context(), PostgresConfig{Dir: copied, Logger: quiet()})
	var isCopy *CopiedError
	if !errors.As(err, &isCopy) || isCopy.Original != moved {
		t.Errorf("StartPostgres in a copy = %v, want a CopiedError", err)
	}
}

// What root started root can start again, and an ordinary user is told whose it is.
func TestOrdinaryUser(t *testing.T) {
	t.Parallel()
	nobody := &syscall.Credential{Uid: 65534, Gid: 65534}
	if os.Geteuid() != 0 {
		nobody = nil
	}
	dir := filepath.Join(tempDir(t), "data")
	must(t, os.Mkdir(dir, 0o755))
	if nobody != nil {
		must(t, os.Chown(dir, int(nobody.Uid), int(nobody.Gid)))
	}
	o := startOwner(t, dir, nobody)
	if o.Error != "" {
		t.Fatal(o.Error)
	}
	var st unix.Stat_t
	must(t, unix.Stat(filepath.Join(o.Home, clusterName), &st))
	if nobody != nil && st.Uid != nobody.Uid {
		t.Errorf("the data belongs to %d, want %d", st.Uid, nobody.Uid)
	}
	must(t, o.quit.Close())
	must(t, o.cmd.Wait())
	// As root on the same data: as its owner, who stays its owner.
	p := start(t, dir)
	must(t, p.Stop(t.Context()))
	must(t, unix.Stat(filepath.Join(p.Home, clusterName), &st))
	if nobody != nil && st.Uid != nobody.Uid {
		t.Errorf("the data belongs to %d after root ran it", st.Uid)
	}
}

// Another's data is refused with the owner's name, and stays.
func TestAnothersDataIsNamed(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		// Only root can make files of another user; here the same message comes of a directory that may not be written.
		dir := tempDir(t)
		must(t, os.Chmod(dir, 0o500))
		_, err := lockDir(dir)
		wantUnwritable(t, err)
		return
	}
	dir := filepath.Join(tempDir(t), "data")
	must(t, os.Mkdir(dir, 0o777))
	must(t, os.Chmod(dir, 0o777))
	p, err := StartPostgres(t.Context(), PostgresConfig{Dir: dir, Logger: quiet()})
	must(t, err)
	must(t, p.Stop(context.Background()))
	o := startOwner(t, dir, &syscall.Credential{Uid: 65534, Gid: 65534})
	if !strings.Contains(o.Error, "it belongs to postgres") {
		t.Errorf("owner said %q, want whose data it is", o.Error)
	}
}

func wantUnwritable(t *testing.T, err error) {
	t.Helper()
	var un *UnwritableError
	if !errors.As(err, &un) {
		t.Errorf("%v, want an UnwritableError", err)
	}
}

// A full disk is said before anything is written, with numbers.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	err := checkFree(tempDir(t), 1<<62)
	var full *DiskFullError
	if !errors.As(err, &full) || full.Free == 0 {
		t.Fatalf("checkFree = %v, want a DiskFullError", err)
	}
	if err := unwritable(tempDir(t), &os.PathError{Op: "write", Path: "x", Err: unix.ENOSPC}); !errors.As(err, &full) {
		t.Errorf("ENOSPC becomes %v", err)
	}
	l := launch{home: tempDir(t), logger: quiet()}
	log := newPostgresLog(quiet())
	_, _ = log.Write([]byte("FATAL:  could not write lock file \"postmaster.pid\": No space left on device\n"))
	if err := l.startError(errors.New("exit status 1"), log); !errors.As(err, &full) {
		t.Errorf("a server that found the disk full says %v", err)
	}
}
