// SPDX-License-Identifier: EUPL-1.2

package local

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
)

const tailLines = 12

// postgresLog passes what a child writes on to our log, a line at a time, and keeps the end of it for
// the error of a start that failed.
type postgresLog struct {
	logger *slog.Logger

	mu      sync.Mutex
	partial []byte
	tail    []string
}

func newPostgresLog(l *slog.Logger) *postgresLog { return &postgresLog{logger: l} }

func (s *postgresLog) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.partial = append(s.partial, p...)
	for {
		line, rest, found := bytes.Cut(s.partial, []byte("\n"))
		if !found {
			return len(p), nil
		}
		s.partial = append([]byte(nil), rest...)
		s.add(string(line))
	}
}

func (s *postgresLog) add(line string) {
	if strings.TrimSpace(line) == "" {
		return
	}
	if s.tail = append(s.tail, line); len(s.tail) > tailLines {
		s.tail = s.tail[1:]
	}
	// An ERROR was told to the client that made it; here it is told to whoever looks closely.
	switch {
	case strings.HasPrefix(line, "PANIC:"):
		s.logger.Error("postgres", "line", line)
	case strings.HasPrefix(line, "WARNING:"), strings.Contains(line, "was terminated by signal"):
		s.logger.Warn("postgres", "line", line)
	default:
		s.logger.Debug("postgres", "line", line)
	}
}

// last returns the last lines.
func (s *postgresLog) last() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.tail...)
}
