// SPDX-License-Identifier: EUPL-1.2

// Package mailtest is a mail server on loopback for the tests of whoever sends mail.
//
// It promises to speak enough SMTP for our client, with STARTTLS, to say what a test tells it to say at each step, and to keep what it took.
// It is no mail server: it delivers nothing and forgets everything when the test ends. A mail that is none fails the test.
package mailtest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
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

	sender "samsyn/internal/mail"
)

// Server is a mail server on loopback that does what a test tells it to.
type Server struct {
	t        *testing.T
	listener net.Listener

	mu    sync.Mutex
	tls   *tls.Config    // offered by STARTTLS when set
	roots *x509.CertPool // vouch for its certificate
	// answers replaces what is said to a command ("" is the greeting, "." the end of the content); "hang" says nothing more, "drop" closes.
	answers map[string]string
	mails   []*mail.Message
	secure  int           // how many of them came over TLS
	came    chan struct{} // one for each
}

// New starts a server that ends with the test.
func New(t *testing.T) *Server {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, listener: l, answers: map[string]string{}, came: make(chan struct{}, 1000)}
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

// OfferTLS makes the server answer STARTTLS with a certificate of its own.
func (s *Server) OfferTLS() {
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
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roots = x509.NewCertPool()
	s.roots.AddCert(leaf)
	s.tls = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
}

// SMTP is how a sender reaches the server; policy is one of starttls, implicit and none. It
// trusts the certificate that OfferTLS made before.
func (s *Server) SMTP(policy string) sender.SMTP {
	port := netip.MustParseAddrPort(s.listener.Addr().String()).Port()
	s.mu.Lock()
	defer s.mu.Unlock()
	return sender.SMTP{
		Host: "127.0.0.1", Port: int(port), TLS: policy, From: "Samsyn <samsyn@vaxjo.example>", Timeout: 500 * time.Millisecond, Roots: s.roots,
	}
}

// Answer makes the server say something else from now on; "" is the usual again.
func (s *Server) Answer(to, with string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[to] = with
}

func (s *Server) said(to, usual string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if with := s.answers[to]; with != "" {
		return with
	}
	return usual
}

func (s *Server) certificate() *tls.Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tls
}

var errHungUp = errors.New("hung up")

func (s *Server) talk(c net.Conn) {
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
			if s.certificate() != nil && !secure {
				_, _ = fmt.Fprint(c, "250-here\r\n250-STARTTLS\r\n")
			}
			err = say(command, "250 8BITMIME")
		case "STARTTLS":
			if err = say(command, "220 go"); err == nil {
				wrapped := tls.Server(c, s.certificate())
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

func (s *Server) take(r *bufio.Reader, secure bool, say func(string, string) error) error {
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

// Taken are the mails so far, in order. The subject is decoded, and each part is a header named by its type in lower case.
func (s *Server) Taken() []*mail.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*mail.Message{}, s.mails...)
}

// Secure is how many of them came over TLS.
func (s *Server) Secure() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.secure
}

// Came gets a value for each mail.
func (s *Server) Came() <-chan struct{} { return s.came }

// readOnce puts every part of a mail into its header, decoded, so that it can be looked at more than once.
func readOnce(t *testing.T, m *mail.Message) *mail.Message {
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Error(err)
	}
	m.Header["Subject"] = []string{subject}
	readPart(t, m.Header, m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
	return m
}

func readPart(t *testing.T, into mail.Header, contentType, encoding string, body io.Reader) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Error(err)
		return
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			p, err := parts.NextRawPart()
			if err != nil {
				return
			}
			readPart(t, into, p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p)
		}
	}
	switch encoding {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Error(err)
	}
	into[kind] = append(into[kind], strings.ReplaceAll(string(text), "\r\n", "\n"))
}
