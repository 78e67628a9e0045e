// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"fmt"
	"os"

	"golang.org/x/term"
)

// progress shows on a terminal how far long work has come, on one line that is written over.
func (p *program) progress(format string, args ...any) {
	if f, ok := p.stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		_, _ = fmt.Fprint(p.stderr, "\r\x1b[K", clean(fmt.Sprintf(format, args...)))
	}
}

// progressEnds clears the line.
func (p *program) progressEnds() {
	if f, ok := p.stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		_, _ = fmt.Fprint(p.stderr, "\r\x1b[K")
	}
}
