// SPDX-License-Identifier: EUPL-1.2

package main

import (
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// showMail prints how the newest mail that was written as a file begins, as its reader sees it.
func showMail(p *program, in *installation) error {
	files, err := filepath.Glob(filepath.Join(in.Dir, "mail", "*.eml"))
	if err != nil || len(files) == 0 {
		return err
	}
	slices.Sort(files)
	f, err := os.Open(files[len(files)-1])
	if err != nil {
		return fmt.Errorf("open mail: %w", err)
	}
	defer func() { _ = f.Close() }() // read only
	m, err := mail.ReadMessage(f)
	if err != nil {
		return fmt.Errorf("read mail %s: %w", f.Name(), err)
	}
	text, err := plainText(m)
	if err != nil {
		return fmt.Errorf("read mail %s: %w", f.Name(), err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return fmt.Errorf("read mail %s: %w", f.Name(), err)
	}
	p.out("\nThe newest of %d mails (%s):\n\n  To: %s\n  Subject: %s\n\n%s\n", len(files), filepath.Dir(f.Name()), m.Header.Get("To"), subject,
		"  "+strings.ReplaceAll(beginning(strings.TrimSpace(text)), "\n", "\n  "))
	return nil
}

// mostMailLines is how much of a mail is printed.
const mostMailLines = 16

// beginning is a text's first lines.
func beginning(text string) string {
	lines := strings.Split(text, "\n")
	if len(lines) > mostMailLines {
		lines = append(lines[:mostMailLines], "…")
	}
	return strings.Join(lines, "\n")
}

// plainText is the first text/plain part.
func plainText(m *mail.Message) (string, error) {
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(kind, "multipart/") {
		return decoded(m.Body, m.Header.Get("Content-Transfer-Encoding"))
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if err != nil {
			return "", err
		}
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/plain") {
			return decoded(part, part.Header.Get("Content-Transfer-Encoding"))
		}
	}
}

func decoded(r io.Reader, encoding string) (string, error) {
	if strings.EqualFold(encoding, "quoted-printable") {
		r = quotedprintable.NewReader(r)
	}
	text, err := io.ReadAll(r)
	return strings.ReplaceAll(string(text), "\r\n", "\n"), err
}
