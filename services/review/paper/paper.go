// SPDX-License-Identifier: EUPL-1.2

// Package paper makes PDF of a page with Chromium, where that is installed: tagged, with its language and outline.
//
// It promises that what is printed reaches no network and leaves nothing on the disk, that a print ends within its time, and
// that one at a time runs, so that a page cannot take the machine. The page comes with its style sheet and is read by nobody else.
//
// It does not lay out: the page's print style does. Where there is no Chromium, Available is false and the browser's own print
// gives the same.
package paper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// ErrUnavailable is a machine without Chromium.
var ErrUnavailable = errors.New("there is no Chromium to print with")

// within is how long a print may take, with what it waited for others.
const within = 30 * time.Second

// Names are looked for on PATH, in this order.
var names = [...]string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chromium-headless-shell"}

// Printer prints with one program.
type Printer struct {
	program string
	turn    chan struct{}
}

// Find makes a printer: with the program at path, the first Chromium on PATH for "", or none for "-".
func Find(path string) *Printer {
	p := &Printer{turn: make(chan struct{}, 1)}
	if path != "" {
		if path != "-" {
			p.program = path
		}
		return p
	}
	for _, name := range names {
		if found, err := exec.LookPath(name); err == nil {
			p.program = found
			break
		}
	}
	return p
}

// Available says whether there is something to print with.
func (p *Printer) Available() bool { return p.program != "" }

// Print makes PDF of a page that refers to its style sheet as style.css. ErrUnavailable without a program.
func (p *Printer) Print(ctx context.Context, page, style []byte) ([]byte, error) {
	if !p.Available() {
		return nil, ErrUnavailable
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to print: %w", ctx.Err())
	}
	dir, err := os.MkdirTemp("", "samsyn-print-")
	if err != nil {
		return nil, fmt.Errorf("make a place to print in: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // nothing of the page stays
	for name, body := range map[string][]byte{"page.html": page, "style.css": style} {
		if err := os.WriteFile(filepath.Join(dir, name), body, 0o600); err != nil {
			return nil, fmt.Errorf("write page to print: %w", err)
		}
	}
	if err := p.run(ctx, dir); err != nil {
		return nil, err
	}
	body, err := os.ReadFile(filepath.Join(dir, "page.pdf"))
	if err == nil && !bytes.HasPrefix(body, []byte("%PDF-")) {
		err = errors.New("it is no PDF")
	}
	if err != nil {
		return nil, fmt.Errorf("read what was printed: %w", err)
	}
	return body, nil
}

// run starts the program in a group of its own, with a profile of its own and no way out.
func (p *Printer) run(ctx context.Context, dir string) error {
	args := []string{
		"--headless", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions", "--disable-background-networking", "--disable-sync",
		"--disable-component-update", "--no-first-run", "--no-default-browser-check", "--no-pdf-header-footer", "--generate-pdf-document-outline",
		"--export-tagged-pdf", "--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9", "--user-data-dir=" + filepath.Join(dir, "profile"),
		"--print-to-pdf=" + filepath.Join(dir, "page.pdf"), "file://" + filepath.Join(dir, "page.html"),
	}
	if os.Geteuid() == 0 { // its sandbox refuses root; the page is ours and holds no script
		args = append([]string{"--no-sandbox"}, args...)
	}
	var said bytes.Buffer
	c := exec.CommandContext(ctx, p.program, args...)
	c.Dir, c.Stderr = dir, &said
	c.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + dir, "LANG=C.UTF-8"}
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = time.Second
	err := c.Run()
	if c.Process != nil {
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) // helpers that it may have left; mostly there is none
	}
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return fmt.Errorf("print: %w: %s", err, lastLine(said.Bytes()))
	}
	return nil
}

func lastLine(said []byte) []byte {
	said = bytes.TrimSpace(said)
	if i := bytes.LastIndexByte(said, '\n'); i >= 0 {
		said = said[i+1:]
	}
	return said[:min(len(said), 200)]
}
