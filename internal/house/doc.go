// SPDX-License-Identifier: EUPL-1.2

// Package house holds the rules of this repository that a machine can keep: who may import whom, who
// may read whose tables, and what every file must be. It has no code, only tests that read the tree.
//
// It promises that a broken rule fails a test that names the file, the line and the rule. It does not
// judge style (the linters do) and knows no exception that is not written here with its reason.
package house
