// SPDX-License-Identifier: EUPL-1.2

package pg

import "time"

// MigrateFrom migrates with other files than the embedded ones.
var MigrateFrom = migrateFrom

// Shrink makes the limits of a small so that a test meets them.
func (a *Agencies) Shrink(slots int, wait time.Duration) {
	a.slots, a.wait = make(chan struct{}, slots), wait
}
