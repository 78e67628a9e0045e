// SPDX-License-Identifier: EUPL-1.2

package run

import (
	"io"
	"log/slog"
	"os"
	"time"

	"golang.org/x/term"
)

// NewLogger writes text for people when w is a terminal and one JSON object a line otherwise.
func NewLogger(w io.Writer, level slog.Level) *slog.Logger {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: shortTime}))
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
}

// shortTime leaves the date out, which a person at a terminal knows, and rounds what took long.
func shortTime(groups []string, a slog.Attr) slog.Attr {
	switch {
	case len(groups) == 0 && a.Key == slog.TimeKey:
		return slog.String(slog.TimeKey, a.Value.Time().Format("15:04:05.000"))
	case a.Value.Kind() == slog.KindDuration:
		return slog.Duration(a.Key, a.Value.Duration().Round(time.Millisecond))
	}
	return a
}
