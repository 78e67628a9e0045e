// SPDX-License-Identifier: EUPL-1.2

package local

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// InUseError says that another process holds the directory.
type InUseError struct {
	Dir string
	// PID of the holder; 0 when it did not say.
	PID int
}

func (e *InUseError) Error() string {
	who := "another process"
	if e.PID != 0 {
		who = fmt.Sprintf("process %d", e.PID)
	}
	return fmt.Sprintf("%s is in use by %s: stop it, or choose another directory with --data", e.Dir, who)
}

// MissingBinariesError says that no usable PostgreSQL is installed.
type MissingBinariesError struct {
	// Looked are the places; Found are versions there that are too old.
	Looked, Found []string
}

func (e *MissingBinariesError) Error() string {
	what := fmt.Sprintf("PostgreSQL %d or newer is not installed", oldestVersion)
	if len(e.Found) > 0 {
		what += " (found " + strings.Join(e.Found, ", ") + ")"
	}
	return fmt.Sprintf("%s; looked in %s. Install it with: %s", what, strings.Join(e.Looked, ", "), InstallCommand(""))
}

// InstallCommand is the command that installs PostgreSQL's programs on this system. Its own service
// is not needed. version is the major version, empty for the distribution's.
func InstallCommand(version string) string {
	sudo := "sudo "
	if os.Geteuid() == 0 {
		sudo = ""
	}
	for _, p := range []struct{ tool, command string }{
		{"apt-get", "apt-get install postgresql"},
		{"dnf", "dnf install postgresql-server"},
		{"apk", "apk add postgresql"},
		{"zypper", "zypper install postgresql-server"},
		{"pacman", "pacman -S postgresql"},
	} {
		if _, err := exec.LookPath(p.tool); err == nil {
			if version != "" && p.tool == "apt-get" {
				return sudo + p.command + "-" + version
			}
			return sudo + p.command
		}
	}
	return "the package manager of this system (package postgresql)"
}

// VersionError says that the data was written by another major version than those installed.
type VersionError struct {
	Dir string
	// Data is the version of the data; Found are the versions installed.
	Data  string
	Found []string
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("%s holds data of PostgreSQL %s and this machine has %s. Install the version of the data with: %s. "+
		"To move to a newer version, back up with the old one (samsyn backup) and restore into a new directory (samsyn restore)",
		e.Dir, e.Data, strings.Join(e.Found, ", "), InstallCommand(e.Data))
}

// DiskFullError says that the disk has no room to start on.
type DiskFullError struct {
	Dir string
	// Free and Needed are in bytes.
	Free, Needed uint64
}

func (e *DiskFullError) Error() string {
	return fmt.Sprintf("the disk of %s is full: %d MB free, %d MB needed. Free some space or choose another directory with --data",
		e.Dir, e.Free>>20, e.Needed>>20)
}

// UnwritableError says that a directory cannot be used by the user that must.
type UnwritableError struct {
	Dir, User string
	Err       error
}

func (e *UnwritableError) Error() string {
	return fmt.Sprintf("%s cannot be used by user %s: %v. Give it to that user, or choose another directory with --data", e.Dir, e.User, e.Err)
}

func (e *UnwritableError) Unwrap() error { return e.Err }

// CopiedError says that a directory is a copy: its database lies elsewhere and belongs to the original.
type CopiedError struct{ Dir, Original, Home string }

func (e *CopiedError) Error() string {
	return fmt.Sprintf("%s is a copy of %s: the database in %s belongs to the original. Remove %s to start with an empty database, "+
		"or use samsyn backup and restore to copy one", e.Dir, e.Original, e.Home, homeFile(e.Dir))
}

// StartError says that Postgres ended while it was being started.
type StartError struct {
	Dir string
	// Log is the end of what it wrote.
	Log []string
	Err error
}

func (e *StartError) Error() string {
	return fmt.Sprintf("postgres in %s did not start: %v\n  %s", e.Dir, e.Err, strings.Join(e.Log, "\n  "))
}

func (e *StartError) Unwrap() error { return e.Err }

// NotDurableError says which settings let an acknowledged write be lost.
type NotDurableError struct{ Settings []string }

func (e *NotDurableError) Error() string {
	return "not durable: the database runs with " + strings.Join(e.Settings, ", ")
}
