// SPDX-License-Identifier: EUPL-1.2

package local

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// dirLock keeps a second process out of a directory. The kernel frees it when this process ends,
// however it ends, so there is no stale lock.
type dirLock struct{ file *os.File }

func lockDir(dir string) (*dirLock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, unwritable(dir, err)
	}
	path := filepath.Join(dir, "lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, unwritable(dir, err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, errors.Join(&InUseError{Dir: dir, PID: readPID(f)}, f.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	if err := writePID(f); err != nil {
		return nil, errors.Join(unwritable(dir, err), f.Close())
	}
	return &dirLock{f}, nil
}

// Holder tells whether a process holds dir, and which (0 when it has not said yet).
func Holder(dir string) (pid int, held bool) {
	f, err := os.Open(filepath.Join(dir, "lock"))
	if err != nil {
		return 0, false // nobody ever did
	}
	defer func() { _ = f.Close() }()
	// A shared lock is given up with the file, at the end of this call.
	if err := unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB); err == nil {
		return 0, false
	}
	return readPID(f), true
}

func readPID(f *os.File) int {
	text, _ := io.ReadAll(io.LimitReader(f, 20))
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text))) // not a number: the holder has not written it yet
	return pid
}

func writePID(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func (l *dirLock) release() error {
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}

// unwritable sorts an error of making or opening something: a full disk is not a missing right.
func unwritable(dir string, err error) error {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return fullDisk(dir, 0)
	}
	return &UnwritableError{Dir: dir, User: runner{uid: os.Geteuid()}.userName(), Err: err}
}
