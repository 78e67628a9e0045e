// SPDX-License-Identifier: EUPL-1.2

package run

import (
	"fmt"
	"runtime/debug"
)

// Build says what program this is.
type Build struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	// Time of the revision, RFC 3339; empty when unknown.
	Time string `json:"time"`
	// Modified is true when the tree had changes that no revision holds.
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
}

// ReadBuild returns what the Go tool wrote into the binary. A build outside a repository knows its
// version of Go only.
func ReadBuild() Build {
	b := Build{Version: "development", Revision: "unknown"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Go = info.GoVersion
	if v := info.Main.Version; v != "" && v != "(devel)" {
		b.Version = v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// String is one line for people.
func (b Build) String() string {
	return fmt.Sprintf("samsyn %s (revision %s, %s)", b.Version, b.Revision, b.Go)
}
