// SPDX-License-Identifier: EUPL-1.2

package pg

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	attempts       = 5
	firstPause     = 5 * time.Millisecond
	rollbackWithin = 5 * time.Second
)

// Viewer is on whose behalf a transaction reads. Policies see it as settings of the transaction,
// which narrow what the login role may see and never widen it. No field may hold a comma in Groups.
type Viewer struct {
	Municipality string
	Agency       string
	Person       string
	// Roles are the person's roles in contracts.md section 6; a policy reads them as
	// string_to_array(current_setting('samsyn.roles', true), ',').
	Roles []string
	// Groups are the codes of the agreement's groups the viewer belongs to; a policy reads them as
	// string_to_array(current_setting('samsyn.groups', true), ',').
	Groups []string
}

// System is the viewer of workers, which see what their login role sees: the zero Viewer, always.
var System Viewer

// Beginner starts a transaction: a pool, a connection, an agency's door (Agencies.For).
type Beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// One statement, so that a viewer costs one round trip. The third argument keeps it in the transaction.
const setViewer = `-- pg: set viewer
SELECT set_config('samsyn.municipality', $1, true), set_config('samsyn.agency', $2, true),
       set_config('samsyn.person', $3, true), set_config('samsyn.roles', $4, true),
       set_config('samsyn.groups', $5, true)`

// InTx runs fn in a transaction as v and commits. It is the only transaction helper.
//
// fn may run up to five times: after a serialization failure or a deadlock everything is rolled back
// and done again after a pause of milliseconds, so fn must not have effects outside its transaction. An
// error of fn rolls back and is returned as it is. The roll-back does not need ctx: when the caller
// has gone away it has five seconds of its own. An error of the commit leaves open whether it
// happened; whoever cares leans on the identity of what was written.
func InTx(ctx context.Context, db Beginner, v Viewer, fn func(pgx.Tx) error) error {
	pause := firstPause
	for attempt := 1; ; attempt++ {
		err := once(ctx, db, v, fn)
		if err == nil || !retryable(err) || attempt == attempts {
			return err
		}
		// Two transactions that collided must not collide again in step.
		if waited := wait(ctx, pause+rand.N(pause)); waited != nil {
			return errors.Join(err, waited)
		}
		pause *= 2
	}
}

func once(ctx context.Context, db Beginner, v Viewer, fn func(pgx.Tx) error) error {
	tx, err := db.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer rollback(ctx, tx)
	if !v.zero() {
		if _, err := tx.Exec(ctx, setViewer, v.Municipality, v.Agency, v.Person, strings.Join(v.Roles, ","), strings.Join(v.Groups, ",")); err != nil {
			return fmt.Errorf("set viewer: %w", err)
		}
	}
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// rollback does nothing after a commit. A connection it cannot roll back is closed by the pool, so
// its error tells nobody anything.
func rollback(ctx context.Context, tx pgx.Tx) {
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackWithin)
	defer cancel()
	_ = tx.Rollback(detached)
}

func (v Viewer) zero() bool {
	return v.Municipality == "" && v.Agency == "" && v.Person == "" && len(v.Roles) == 0 && len(v.Groups) == 0
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
