// SPDX-License-Identifier: EUPL-1.2

package schemas

import "embed"

// SQL holds sql/roles.sql and the migrations sql/NNN_verb_noun.sql: dense, forward only.
//
//go:embed sql/*.sql
var SQL embed.FS
