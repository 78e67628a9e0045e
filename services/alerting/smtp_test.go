// SPDX-License-Identifier: EUPL-1.2

package alerting

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// smtpServer is a mail server on loopback that does what a test tells it to.
type smtpServer struct {
	t        *testing.T
	listener net.Listener
	tls      *tls.Config // offered by STARTTLS when set
	roots    *x509.CertPool

	mu sync.Mutex
	// answers replaces what is said to a command ("" is the greeting, "." the end of the content); "hang" says nothing more, "drop" closes.
	answers map[string]string
	mails   []*mail.Message
	secure  int           // how many of them came over TLS
	came    chan struct{} // one for each
}

func newSMTPServer(t *testing.T) *smtpServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &smtpServer{t: t, listener: l, answers: map[string]string{}, came: make(chan struct{}, 1000)}
	var conns sync.WaitGroup
	var open sync.Map
	conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open.Store(c, true)
			conns.Go(func() { s.talk(c); open.Delete(c); _ = c.Close() })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		open.Range(func(c, _ any) bool {
			if c, ok := c.(net.Conn); ok {
				_ = c.Close()
			}
			return true
		})
		conns.Wait()
	})
	return s
}

// offerTLS makes the server answer STARTTLS with a certificate of its own.
func (s *smtpServer) offerTLS() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		s.t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		s.t.Fatal(err)
	}
	s.roots = x509.NewCertPool()
	s.roots.AddCert(leaf)
	s.tls = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
}

// config is how the service reaches the server.
func (s *smtpServer) config(policy string) SMTP {
	port := netip.MustParseAddrPort(s.listener.Addr().String()).Port()
	return SMTP{
		Host: "127.0.0.1", Port: int(port), TLS: policy, From: "Samsyn <samsyn@vaxjo.example>", Timeout: 500 * time.Millisecond,
	}
}

// answer makes the server say something else from now on; "" is the usual again.
func (s *smtpServer) answer(to, with string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[to] = with
}

func (s *smtpServer) said(to, usual string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if with := s.answers[to]; with != "" {
		return with
	}
	return usual
}

var errHungUp = errors.New("hung up")

func (s *smtpServer) talk(c net.Conn) {
	r := bufio.NewReader(c)
	secure := false
	say := func(to, usual string) error {
		switch text := s.said(to, usual); text {
		case "hang":
			_, _ = io.Copy(io.Discard, r)
			return errHungUp
		case "drop":
			return errHungUp
		default:
			_, err := fmt.Fprintf(c, "%s\r\n", text)
			return err
		}
	}
	err := say("", "220 here")
	for err == nil {
		var line string
		if line, err = r.ReadString('\n'); err != nil {
			return
		}
		switch command := strings.ToUpper(strings.Fields(line + " .")[0]); command {
		case "EHLO":
			if s.tls != nil && !secure {
				_, _ = fmt.Fprint(c, "250-here\r\n250-STARTTLS\r\n")
			}
			err = say(command, "250 8BITMIME")
		case "STARTTLS":
			if err = say(command, "220 go"); err == nil {
				wrapped := tls.Server(c, s.tls)
				c, r, secure = wrapped, bufio.NewReader(wrapped), true
			}
		case "DATA":
			if err = say(command, "354 go"); err == nil && strings.HasPrefix(s.said(command, "354"), "354") {
				err = s.take(r, secure, say)
			}
		case "QUIT":
			_ = say(command, "221 bye")
			return
		default:
			err = say(command, "250 ok")
		}
	}
}

func (s *smtpServer) take(r *bufio.Reader, secure bool, say func(string, string) error) error {
	var content strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return err
		}
		if line == ".\r\n" {
			break
		}
		content.WriteString(strings.TrimPrefix(line, "."))
	}
	if text := s.said(".", "250"); strings.HasPrefix(text, "2") {
		m, err := mail.ReadMessage(strings.NewReader(content.String()))
		if err != nil {
			s.t.Errorf("not a mail: %v\n%s", err, content.String())
			return err
		}
		s.mu.Lock()
		s.mails = append(s.mails, readOnce(s.t, m))
		if secure {
			s.secure++
		}
		s.mu.Unlock()
		s.came <- struct{}{}
	}
	return say(".", "250 taken")
}

func (s *smtpServer) taken() []*mail.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*mail.Message{}, s.mails...)
}

// readOnce puts the text and the HTML of a mail into its header, decoded, so that it can be looked at more than once.
func readOnce(t *testing.T, m *mail.Message) *mail.Message {
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Error(err)
	}
	m.Header["Subject"] = []string{subject}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Error(err)
		return m
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := parts.NextRawPart()
		if err != nil {
			return m
		}
		body := io.Reader(p)
		if p.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
			body = quotedprintable.NewReader(p)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Error(err)
		}
		kind, _, _ := strings.Cut(p.Header.Get("Content-Type"), ";")
		m.Header[kind] = []string{strings.ReplaceAll(string(text), "\r\n", "\n")}
	}
}
