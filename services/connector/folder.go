// SPDX-License-Identifier: EUPL-1.2

package connector

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// folder is DIR and what is in it.
type folder string

func (f folder) in() string      { return filepath.Join(string(f), "in") }
func (f folder) done() string    { return filepath.Join(string(f), "done") }
func (f folder) outbox() string  { return filepath.Join(string(f), "outbox") }
func (f folder) mapping() string { return filepath.Join(string(f), "mapping.yaml") }

// make makes what is not there yet.
func (f folder) make() error {
	for _, dir := range []string{f.in(), f.done()} {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return fmt.Errorf("make the folder: %w", err)
		}
	}
	return nil
}

// look is what changes when a file does.
type look struct {
	inode uint64
	size  int64
	mod   time.Time
}

func lookOf(info fs.FileInfo) look {
	l := look{size: info.Size(), mod: info.ModTime()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		l.inode = st.Ino
	}
	return l
}

// candidate is a file in in/ that may be taken in.
type candidate struct {
	name string
	look
}

// candidates lists them, the oldest first.
func (f folder) candidates() ([]candidate, error) {
	entries, err := os.ReadDir(f.in())
	if err != nil {
		return nil, fmt.Errorf("look into the folder: %w", err)
	}
	var found []candidate
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || unfinishedName(e.Name()) {
			continue // gone again, or none of ours
		}
		found = append(found, candidate{e.Name(), lookOf(info)})
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return a.mod.Compare(b.mod) })
	return found, nil
}

// unfinishedName says whether a name is one that programs give to what they have not finished, or keep for themselves.
func unfinishedName(name string) bool {
	lower := strings.ToLower(name)
	for _, suffix := range []string{".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".swp", ".lock", "~"} {
		if strings.HasSuffix(lower, suffix) {
			return true
		}
	}
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~$") || lower == "thumbs.db" || lower == "desktop.ini"
}

var (
	errChanged  = errors.New("the file was changed while it was read")
	errTooLarge = errors.New("the file is too large")
)

// read reads a file as it looked, or fails with errChanged. Of one that is too large nothing is read: errTooLarge.
func (f folder) read(c candidate) ([]byte, error) {
	if c.size > MaxFile {
		return nil, errTooLarge
	}
	file, err := os.Open(filepath.Join(f.in(), c.name))
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	body, err := io.ReadAll(io.LimitReader(file, MaxFile+1))
	if err != nil {
		return nil, err
	}
	if !f.unchanged(c) || int64(len(body)) != c.size {
		return nil, errChanged
	}
	return body, nil
}

// unchanged says whether a file still looks as it did.
func (f folder) unchanged(c candidate) bool {
	info, err := os.Lstat(filepath.Join(f.in(), c.name))
	return err == nil && lookOf(info) == c.look
}

// free finds a name for a file in done/ that nothing there has, and none of those that are promised.
func (f folder) free(name string, promised []string) string {
	extension := filepath.Ext(name)
	stem := strings.TrimSuffix(name, extension)
	for n := 1; ; n++ {
		try := name
		if n > 1 {
			try = stem + "-" + strconv.Itoa(n) + extension
		}
		if !slices.Contains(promised, try) && !exists(filepath.Join(f.done(), try)) && !exists(filepath.Join(f.done(), try+receiptsCSV)) {
			return try
		}
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// move puts a file that was taken in into done/. One that has been changed since stays: it is another file by now.
func (f folder) move(c candidate, done string) error {
	if !f.unchanged(c) {
		return nil
	}
	if err := os.Rename(filepath.Join(f.in(), c.name), filepath.Join(f.done(), done)); err != nil {
		return fmt.Errorf("move to done/: %w", err)
	}
	return errors.Join(syncDir(f.done()), syncDir(f.in()))
}

// giveBack puts a file of done/ that somebody went on writing to back into in/.
func (f folder) giveBack(done string) error {
	to := filepath.Join(f.in(), done)
	for n := 2; exists(to); n++ {
		to = filepath.Join(f.in(), strconv.Itoa(n)+"-"+done)
	}
	return os.Rename(filepath.Join(f.done(), done), to)
}

func syncDir(dir string) error {
	d, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// replace writes a file as a whole: a reader sees the old one or the new one, also after a loss of power.
func replace(path string, body []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if err := errors.Join(err, f.Chmod(0o640), f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(filepath.Dir(path))
}
