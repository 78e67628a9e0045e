// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// maxUnread is how much of an answer waits for its reader: results of about 35,000 lines.
const maxUnread = 4 << 20

// spool writes an answer beside the reading of its request. Many clients send all they have before they read anything; were
// the answer written in step, both ends would wait for each other. Beyond maxUnread they do, and the one who does not read
// within stallTime is cut off.
type spool struct {
	w          io.Writer
	connection *http.ResponseController
	done       chan struct{}

	mu      sync.Mutex
	changed *sync.Cond
	unread  []byte
	closed  bool
	err     error
}

func newSpool(w io.Writer, connection *http.ResponseController) *spool {
	s := &spool{w: w, connection: connection, done: make(chan struct{})}
	s.changed = sync.NewCond(&s.mu)
	go s.run()
	return s
}

func (s *spool) run() {
	defer close(s.done)
	for {
		s.mu.Lock()
		for len(s.unread) == 0 && !s.closed {
			s.changed.Wait()
		}
		piece := s.unread
		s.unread = nil
		s.changed.Broadcast()
		s.mu.Unlock()
		if len(piece) == 0 {
			return
		}
		if err := s.send(piece); err != nil {
			s.mu.Lock()
			s.err, s.unread = err, nil
			s.changed.Broadcast()
			s.mu.Unlock()
			return
		}
	}
}

func (s *spool) send(piece []byte) error {
	_ = s.connection.SetWriteDeadline(time.Now().Add(stallTime))
	if _, err := s.w.Write(piece); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	// A writer that cannot flush keeps the whole answer, and gives it at the end.
	_ = s.connection.Flush()
	return nil
}

// write adds to the answer, and waits while too much of it is unread. After an error it does nothing: close tells.
func (s *spool) write(p []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.err == nil && len(s.unread) > 0 && len(s.unread)+len(p) > maxUnread {
		s.changed.Wait()
	}
	if s.err == nil {
		s.unread = append(s.unread, p...)
		s.changed.Broadcast()
	}
}

// close waits until the answer is written, or cannot be.
func (s *spool) close() error {
	s.mu.Lock()
	s.closed = true
	s.changed.Broadcast()
	s.mu.Unlock()
	<-s.done
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
