// SPDX-License-Identifier: EUPL-1.2

package local

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// systemHome holds the databases of installations whose own directory only root may enter.
	systemHome = "/var/lib/samsyn"
	systemRun  = "/run/samsyn"
	// socketName is what Postgres calls the socket of port 5432 in its directory; the kernel takes
	// paths of 107 bytes.
	socketName    = ".s.PGSQL.5432"
	maxSocketPath = 107
)

// runner is the user Postgres runs as: never root, whom it refuses.
type runner struct {
	uid, gid int
	// credential is nil where that is who we are.
	credential *syscall.Credential
}

func (r runner) userName() string {
	if u, err := user.LookupId(strconv.Itoa(r.uid)); err == nil {
		return u.Username
	}
	return strconv.Itoa(r.uid)
}

func runAs(uid, gid int) runner {
	r := runner{uid: uid, gid: gid}
	if uid != os.Geteuid() {
		r.credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	return r
}

// chooseRunner is the owner of the data that exists, else ourselves, else (as root) postgres or nobody.
func chooseRunner(home string) (runner, error) {
	if os.Geteuid() != 0 {
		return runAs(os.Geteuid(), os.Getegid()), nil
	}
	var st unix.Stat_t
	if unix.Stat(filepath.Join(home, clusterName), &st) == nil && st.Uid != 0 {
		return runAs(int(st.Uid), int(st.Gid)), nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(u.Uid)
		gid, gidErr := strconv.Atoi(u.Gid)
		if uidErr == nil && gidErr == nil && uid != 0 {
			return runAs(uid, gid), nil
		}
	}
	return runner{}, errors.New("postgres does not run as root, and there is no user postgres or nobody to run it as: make one with: useradd --system postgres")
}

// canEnter tells whether the runner reaches dir, by going there as that user.
func (r runner) canEnter(dir string, b binaries) bool {
	if r.credential == nil {
		return true
	}
	c := exec.Command(b.path("postgres"), "-V")
	c.Dir, c.SysProcAttr = dir, &syscall.SysProcAttr{Credential: r.credential}
	return c.Run() == nil
}

// homeFile names, in an installation's directory, the place where its database is when not there.
func homeFile(dir string) string { return filepath.Join(dir, "postgres.home") }

// chooseHome returns the directory of the database: DIR/postgres, or one below /var/lib/samsyn when
// only root may enter DIR. The latter has a random name kept in DIR/postgres.home, so that it is found
// again when DIR is moved, and holds the file "belongs-to", so that a copy of DIR does not open it.
func chooseHome(dir string, b binaries) (string, error) {
	switch home, err := os.ReadFile(homeFile(dir)); {
	case err == nil:
		return claimHome(dir, strings.TrimSpace(string(home)))
	case !errors.Is(err, fs.ErrNotExist):
		return "", unwritable(dir, err)
	}
	beside := filepath.Join(dir, "postgres")
	r, err := chooseRunner(beside)
	if err != nil {
		return "", err
	}
	// Data that is here stays here, reached or not: the way to it may have been closed since.
	if _, err := os.Stat(filepath.Join(beside, clusterName)); err == nil || r.canEnter(dir, b) {
		return beside, nil
	}
	if r.canEnter(filepath.Dir(dir), b) {
		// Others may pass through DIR and not list it; what lies in it has modes of its own.
		if err := os.Chmod(dir, 0o711); err != nil {
			return "", unwritable(dir, err)
		}
		return beside, nil
	}
	home := filepath.Join(systemHome, strings.ToLower(rand.Text()[:12]))
	if err := os.MkdirAll(home, 0o711); err != nil {
		return "", unwritable(systemHome, err)
	}
	if err := os.WriteFile(homeFile(dir), []byte(home+"\n"), 0o600); err != nil {
		return "", unwritable(dir, err)
	}
	return claimHome(dir, home)
}

func claimHome(dir, home string) (string, error) {
	belongs := filepath.Join(home, "belongs-to")
	owner, err := os.ReadFile(belongs)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", unwritable(home, err)
	}
	original := strings.TrimSpace(string(owner))
	if original == dir {
		return home, nil
	}
	if there, err := os.ReadFile(homeFile(original)); original != "" && err == nil && strings.TrimSpace(string(there)) == home {
		return "", &CopiedError{Dir: dir, Original: original, Home: home}
	}
	if err := os.MkdirAll(home, 0o711); err != nil {
		return "", unwritable(home, err)
	}
	if err := os.WriteFile(belongs, []byte(dir+"\n"), 0o600); err != nil {
		return "", unwritable(home, err)
	}
	return home, nil
}

// takeHome makes home and gives it to the runner.
func takeHome(home string, r runner) error {
	if err := os.MkdirAll(home, 0o700); err != nil {
		return unwritable(home, err)
	}
	var st unix.Stat_t
	if err := unix.Stat(home, &st); err != nil {
		return unwritable(home, err)
	}
	if int(st.Uid) == r.uid {
		return nil
	}
	if err := os.Chown(home, r.uid, r.gid); err != nil {
		owner := runner{uid: int(st.Uid)}.userName()
		return &UnwritableError{Dir: home, User: r.userName(), Err: fmt.Errorf("it belongs to %s", owner)}
	}
	return nil
}

// socketDir makes the directory of the socket: below home when the path is short enough, else in a
// directory that only this user and root can write, named by home. Mode 0700: who reaches the socket is trusted.
func socketDir(home string, r runner) (string, error) {
	beside := filepath.Join(home, "run")
	if len(filepath.Join(beside, socketName)) <= maxSocketPath {
		return beside, privateDir(beside, r)
	}
	sum := sha256.Sum256([]byte(home))
	name := hex.EncodeToString(sum[:6])
	for _, parent := range runtimeDirs() {
		dir := filepath.Join(parent, name)
		if len(filepath.Join(dir, socketName)) > maxSocketPath {
			continue
		}
		if err := runtimeDir(parent); err != nil {
			continue
		}
		return dir, privateDir(dir, r)
	}
	return "", fmt.Errorf("no directory for the socket of %s: tried %s", home, strings.Join(runtimeDirs(), ", "))
}

func runtimeDirs() []string {
	if os.Geteuid() == 0 {
		return []string{systemRun, systemHome + "/run"}
	}
	var dirs []string
	if d := os.Getenv("XDG_RUNTIME_DIR"); d != "" {
		dirs = append(dirs, filepath.Join(d, "samsyn"))
	}
	mine := "samsyn-" + strconv.Itoa(os.Geteuid())
	return append(dirs, filepath.Join(os.TempDir(), mine), filepath.Join("/tmp", mine))
}

// runtimeDir makes a parent of socket directories. In a directory that all may write, somebody else may have been first.
func runtimeDir(dir string) error {
	if err := os.Mkdir(dir, 0o711); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return ownedBy(dir, os.Geteuid())
}

func privateDir(dir string, r runner) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return unwritable(dir, err)
	}
	if r.credential != nil {
		if err := os.Lchown(dir, r.uid, r.gid); err != nil {
			return unwritable(dir, err)
		}
	}
	if err := ownedBy(dir, r.uid); err != nil {
		return &UnwritableError{Dir: dir, User: r.userName(), Err: err}
	}
	return os.Chmod(dir, 0o700)
}

func ownedBy(dir string, uid int) error {
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return errors.New("it is not a directory")
	}
	if int(st.Uid) != uid {
		return fmt.Errorf("it belongs to %s", runner{uid: int(st.Uid)}.userName())
	}
	return nil
}
