// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"samsyn/internal/local"
)

// runFile is DIR/run.json, by which commands find a running `up`. It holds credentials: mode 0600.
type runFile struct {
	PID     int       `json:"pid"`
	Version string    `json:"version"`
	Started time.Time `json:"started"`
	// Database is the address for administrators, by socket; its files are in DatabaseHome.
	Database     string `json:"database_url"`
	DatabaseHome string `json:"database_home"`
	DatabasePID  int    `json:"database_pid"`
	NATS         string `json:"nats_url"`
	// NATSCreds are credentials of the account PLATFORM, as in a credentials file.
	NATSCreds  string `json:"nats_creds"`
	HTTP       string `json:"http_url"`
	PublicURL  string `json:"public_url"`
	Operations string `json:"operations_url"`
}

func runFilePath(dir string) string { return filepath.Join(dir, "run.json") }

// write replaces the file as a whole: a reader sees the old one or the new one.
func (r runFile) write(dir string) error {
	body, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode run.json: %w", err)
	}
	f, err := os.CreateTemp(dir, "run.json.*") // mode 0600
	if err != nil {
		return fmt.Errorf("write run.json: %w", err)
	}
	_, err = f.Write(append(body, '\n'))
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("write run.json: %w", err), os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), runFilePath(dir))
}

// errStarting says that the holder of a directory has not said where it is yet.
var errStarting = errors.New("it has not finished starting, or is a command at work: try again in a moment")

// running returns the run file of the process that holds dir. nil means that nobody does.
func running(dir string) (*runFile, error) {
	pid, held := local.Holder(dir)
	if !held {
		return nil, nil
	}
	body, err := os.ReadFile(runFilePath(dir))
	var r runFile
	if err == nil {
		err = json.Unmarshal(body, &r)
	}
	switch {
	case errors.Is(err, os.ErrNotExist), err == nil && r.PID != pid:
		// A file of an earlier process says nothing about this one.
		return nil, fmt.Errorf("%s is held by process %d: %w", dir, pid, errStarting)
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", runFilePath(dir), err)
	}
	return &r, nil
}
