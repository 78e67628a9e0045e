// SPDX-License-Identifier: EUPL-1.2

package bus

import (
	"context"
	"strings"
	"sync"
)

// denials joins two things that NATS keeps apart: a publish that is not permitted ends in silence, and a permission error without the message
// arrives on the side. Whoever waits for an acknowledgement on the subject is told at once.
type denials struct {
	mu      sync.Mutex
	waiting map[string]map[*context.CancelCauseFunc]struct{}
}

// guard derives a context that ends with ErrNotPermitted when a publish on subject is denied. stop frees it.
func (d *denials) guard(ctx context.Context, subject string) (guarded context.Context, stop func()) {
	guarded, cancel := context.WithCancelCause(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting == nil {
		d.waiting = map[string]map[*context.CancelCauseFunc]struct{}{}
	}
	if d.waiting[subject] == nil {
		d.waiting[subject] = map[*context.CancelCauseFunc]struct{}{}
	}
	d.waiting[subject][&cancel] = struct{}{}
	return guarded, func() {
		d.mu.Lock()
		delete(d.waiting[subject], &cancel)
		if len(d.waiting[subject]) == 0 {
			delete(d.waiting, subject)
		}
		d.mu.Unlock()
		cancel(nil)
	}
}

func (d *denials) deny(subject string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for cancel := range d.waiting[subject] {
		(*cancel)(ErrNotPermitted)
	}
}

// deniedSubject reads the subject out of a permission error. The protocol has it nowhere else: Permissions Violation for Publish to "subject".
func deniedSubject(err error) string {
	_, rest, found := strings.Cut(err.Error(), `Publish to "`)
	if !found {
		return ""
	}
	subject, _, _ := strings.Cut(rest, `"`)
	return subject
}
