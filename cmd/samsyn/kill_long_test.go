//go:build long

// SPDX-License-Identifier: EUPL-1.2

package main

const (
	correlatorKills, correlatorEvents = 200, 100_000
	programKills, programEvents       = 50, 100_000
	databaseCrashes                   = 50
	mutantKills, mutantEvents         = 20, 20_000
)
