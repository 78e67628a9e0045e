// SPDX-License-Identifier: EUPL-1.2

package testenv

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"samsyn/internal/local"
	"samsyn/internal/pg"
	"samsyn/schemas"
)

// A seed not used for this long is removed: every change of a migration makes a new one (50 MB).
const seedKept = 24 * time.Hour

// seedDir returns a directory that holds a stopped cluster with a migrated database. It is made once
// for a set of migrations and kept in the temporary directory, so that a test process starts in a third of a second.
func seedDir() (string, error) {
	root := filepath.Join(os.TempDir(), "samsyn-test-seeds-"+strconv.Itoa(os.Geteuid()))
	if err := os.Mkdir(root, 0o711); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	if err := mine(root); err != nil {
		return "", err
	}
	key, err := seedKey()
	if err != nil {
		return "", err
	}
	// Test processes that start together make it once.
	lock, err := os.OpenFile(filepath.Join(root, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", err
	}
	defer func() { _ = lock.Close() }()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return "", err
	}
	seed := filepath.Join(root, key)
	now := time.Now()
	if err := os.Chtimes(seed, now, now); err == nil {
		return seed, nil
	}
	removeOld(root, now)
	return seed, makeSeed(seed)
}

// mine refuses a directory that somebody else put where all may write.
func mine(dir string) error {
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR || int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s is not a directory of ours: remove it or set TMPDIR", dir)
	}
	return nil
}

// seedKey changes with the migrations, the roles and the version of the server.
func seedKey() (string, error) {
	h := sha256.New()
	err := fs.WalkDir(schemas.SQL, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(schemas.SQL, path)
		_, _ = fmt.Fprintf(h, "%s %d\n%s", path, len(body), body) // a hash takes everything
		return err
	})
	if err != nil {
		return "", err
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		version, err := exec.Command(path, "-V").Output()
		if err != nil {
			return "", fmt.Errorf("ask %s for its version: %w", path, err)
		}
		_, _ = h.Write(version)
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}

func makeSeed(seed string) error {
	making, err := os.MkdirTemp(filepath.Dir(seed), "making-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(making) }() // gone when all went well
	if err := os.Chmod(making, 0o711); err != nil {
		return err
	}
	ctx := context.Background()
	p, err := local.StartPostgres(ctx, local.PostgresConfig{Dir: making, Volatile: true, Logger: quiet()})
	if err != nil {
		return err
	}
	err = pg.Migrate(ctx, pg.Config{URL: p.URL})
	if err := errors.Join(err, p.Stop(ctx)); err != nil {
		return err
	}
	if err := syncAll(making); err != nil {
		return err
	}
	return os.Rename(making, seed)
}

// syncAll puts the seed on disk: it outlives this boot of the machine and was written without care.
func syncAll(dir string) error {
	d, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(int(d.Fd())), d.Close())
}

func removeOld(root string, now time.Time) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && e.IsDir() && now.Sub(info.ModTime()) > seedKept {
			_ = os.RemoveAll(filepath.Join(root, e.Name())) // the next process tries again
		}
	}
}
