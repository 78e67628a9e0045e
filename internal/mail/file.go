// SPDX-License-Identifier: EUPL-1.2

package mail

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/wneessen/go-mail"
)

// write keeps the mail as DIR/<id>.eml: the same mail is the same file, and files sort by time where ids do.
func (s *Sender) write(id uuid.UUID, m *mail.Msg) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("make mail folder: %w", err)
	}
	var content bytes.Buffer
	if _, err := m.WriteTo(&content); err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	part := filepath.Join(s.dir, "."+id.String()+".part")
	if err := os.WriteFile(part, content.Bytes(), 0o600); err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	if err := os.Rename(part, filepath.Join(s.dir, id.String()+".eml")); err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	return nil
}

// Prune removes .eml files older than kept: they are transport copies, and the log of who was told stays in Postgres.
func (s *Sender) Prune(now time.Time, kept time.Duration) error {
	err := filepath.WalkDir(s.dir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // somebody else pruned it
		}
		if err != nil || entry.IsDir() || !ours(entry.Name()) {
			return err
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || now.Sub(info.ModTime()) < kept {
			return err
		}
		if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("prune mail folder: %w", err)
	}
	return nil
}

// ours knows our own files, so that a folder given by mistake loses nothing.
func ours(name string) bool {
	id, found := strings.CutSuffix(strings.TrimPrefix(name, "."), ".eml")
	if !found {
		id, found = strings.CutSuffix(strings.TrimPrefix(name, "."), ".part")
	}
	_, err := uuid.Parse(id)
	return found && err == nil
}
