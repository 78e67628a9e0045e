//go:build !long

// SPDX-License-Identifier: EUPL-1.2

package main

// What fits into every run of the tests; with the build tag long there is more of it (make test-long).
const (
	correlatorKills, correlatorEvents = 20, 20_000
	programKills, programEvents       = 5, 20_000
	databaseCrashes                   = 5
	mutantKills, mutantEvents         = 6, 20_000
)
