// SPDX-License-Identifier: EUPL-1.2

package local

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A new cluster takes 40 MB and a first segment of its log; an old one needs room to finish what it began.
const (
	newClusterBytes = 200 << 20
	oldClusterBytes = 48 << 20
)

// checkFree fails when the disk of dir has less than needed bytes for us.
func checkFree(dir string, needed uint64) error {
	full := fullDisk(dir, needed)
	if full.Free < needed {
		return full
	}
	return nil
}

func fullDisk(dir string, needed uint64) *DiskFullError {
	var st unix.Statfs_t
	if unix.Statfs(dir, &st) != nil {
		return &DiskFullError{Dir: dir, Needed: needed}
	}
	return &DiskFullError{Dir: dir, Free: st.Bavail * uint64(st.Bsize), Needed: needed}
}

// syncDisk makes everything that was written to the file system of dir durable: for a thousand new
// files that is quicker than one by one.
func syncDisk(dir string) error {
	d, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(int(d.Fd())), d.Close())
}

// syncDir makes a rename in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
