// SPDX-License-Identifier: EUPL-1.2

package main

import "samsyn/internal/run"

type versionCommand struct{}

// Help shows an example.
func (versionCommand) Help() string { return "Example: samsyn version --output json" }

// Run writes what the Go tool knows of this build.
func (versionCommand) Run(p *program) error {
	b := run.ReadBuild()
	t := table{header: []string{"VERSION", "REVISION", "BUILT FROM", "GO"}}
	t.add(b.Version, b.Revision, b.Time, b.Go)
	return p.write(b, t)
}
