// SPDX-License-Identifier: EUPL-1.2

package bus_test

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"

	"samsyn/internal/testenv"
)

// netSwitch is the network between a client and the server: it can fall silent, and it can cut every connection.
type netSwitch struct {
	listener net.Listener
	target   string
	gate     sync.RWMutex
	wg       sync.WaitGroup
	mu       sync.Mutex
	live     map[net.Conn]struct{}
	came     chan struct{} // one for each connection, as long as there is room
}

func newSwitch(t testing.TB, env *testenv.NATSEnv) *netSwitch {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	wantNoError(t, "listen", err)
	s := &netSwitch{listener: listener, target: fmt.Sprintf("127.0.0.1:%d", env.Server.Port()), live: map[net.Conn]struct{}{}, came: make(chan struct{}, 16)}
	s.wg.Go(s.serve)
	t.Cleanup(func() {
		_ = listener.Close()
		s.cut()
		s.wg.Wait()
	})
	return s
}

func (s *netSwitch) url() string { return "nats://" + s.listener.Addr().String() }

// freeze stops passing bytes on, like a network that is gone without a word, until thaw.
func (s *netSwitch) freeze() { s.gate.Lock() }
func (s *netSwitch) thaw()   { s.gate.Unlock() }

func (s *netSwitch) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.live {
		_ = c.Close()
	}
}

func (s *netSwitch) serve() {
	for {
		in, err := s.listener.Accept()
		if err != nil {
			return
		}
		select {
		case s.came <- struct{}{}:
		default:
		}
		out, err := net.Dial("tcp", s.target)
		if err != nil {
			_ = in.Close()
			continue
		}
		s.mu.Lock()
		s.live[in], s.live[out] = struct{}{}, struct{}{}
		s.mu.Unlock()
		s.wg.Go(func() { s.pass(in, out) })
		s.wg.Go(func() { s.pass(out, in) })
	}
}

func (s *netSwitch) pass(from, to net.Conn) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		s.gate.RLock()
		if n > 0 {
			if _, werr := to.Write(buffer[:n]); werr != nil {
				err = errors.Join(err, werr)
			}
		}
		s.gate.RUnlock()
		if err != nil {
			return
		}
	}
}
