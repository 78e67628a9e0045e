// SPDX-License-Identifier: EUPL-1.2

package bus

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/nats-io/nkeys"
)

// keyring is the directory with everything that identifies an installation to NATS. Losing it means new credentials for every agency, so it belongs
// in the backup; whoever reads it is the operator.
//
//	operator.nk operator.jwt          signs accounts; the server trusts its public key
//	system.nk   system.jwt            the account that manages the server
//	platform.nk platform.jwt          the account that owns the streams
//	agencies/<m>_<a>.nk .scope.nk .jwt .users   one account an agency; .users lists the credentials issued
//	lock                              held while something changes
type keyring struct{ dir string }

const (
	dirMode = 0o700
	keyMode = 0o400
	jwtMode = 0o600
)

func openKeyring(dir string) (keyring, error) {
	if err := os.MkdirAll(filepath.Join(dir, "agencies"), dirMode); err != nil {
		return keyring{}, fmt.Errorf("open key directory: %w", err)
	}
	return keyring{dir: dir}, nil
}

func (k keyring) path(name string) string { return filepath.Join(k.dir, name) }

// locked runs change while no other process changes the directory.
func (k keyring) locked(change func() error) error {
	f, err := os.OpenFile(k.path("lock"), os.O_CREATE|os.O_RDWR, jwtMode)
	if err != nil {
		return fmt.Errorf("lock key directory: %w", err)
	}
	defer f.Close() // releases the lock; nothing was written
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock key directory: %w", err)
	}
	return change()
}

// key reads a key pair, making it the first time.
func (k keyring) key(name string, create func() (nkeys.KeyPair, error)) (nkeys.KeyPair, error) {
	seed, err := os.ReadFile(k.path(name))
	if err == nil {
		pair, err := nkeys.FromSeed(seed)
		if err != nil {
			return nil, fmt.Errorf("read key %s: %w", name, err)
		}
		return pair, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read key: %w", err)
	}
	pair, err := create()
	if err != nil {
		return nil, fmt.Errorf("make key %s: %w", name, err)
	}
	if seed, err = pair.Seed(); err != nil {
		return nil, fmt.Errorf("make key %s: %w", name, err)
	}
	return pair, k.write(name, seed, keyMode)
}

// read returns a file's text; "" when there is none.
func (k keyring) read(name string) (string, error) {
	text, err := os.ReadFile(k.path(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return string(text), nil
}

// write replaces a file as a whole and on disk, so that a power cut leaves the old or the new one.
func (k keyring) write(name string, content []byte, mode os.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(k.path(name)), ".new-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer os.Remove(f.Name()) //nolint:errcheck // gone already when all went well
	_, werr := f.Write(content)
	err = errors.Join(werr, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.Rename(f.Name(), k.path(name)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
