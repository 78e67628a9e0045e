// SPDX-License-Identifier: EUPL-1.2

package paper_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"samsyn/services/review/paper"
)

// program writes a shell script that stands for Chromium.
func program(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "chromium")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}
	return path
}

// A machine without Chromium says so, and nothing is tried.
func TestWithoutAProgramNothingIsPrinted(t *testing.T) {
	t.Parallel()
	p := paper.Find("-")
	if _, err := p.Print(t.Context(), nil, nil); p.Available() || !errors.Is(err, paper.ErrUnavailable) {
		t.Errorf("available %t, %v", p.Available(), err)
	}
}

// A print that hangs must not hang the page, nor leave a process or a file behind.
func TestAPrintThatHangsIsEnded(t *testing.T) {
	left := filepath.Join(t.TempDir(), "left")
	t.Setenv("TMPDIR", t.TempDir())
	p := paper.Find(program(t, "sleep 600 & echo $! > "+left+"; wait"))
	ctx, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer stop()
	began := time.Now()
	_, err := p.Print(ctx, []byte("<p>"), nil)
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 10*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
	if pid, err := os.ReadFile(left); err == nil && lives(t, strings.TrimSpace(string(pid))) { //nolint:gosec // ours
		t.Error("its helper still runs")
	}
	if found, _ := filepath.Glob(filepath.Join(os.TempDir(), "samsyn-print-*")); len(found) > 0 {
		t.Errorf("left behind: %v", found)
	}
}

// What the program says when it fails is in the error, and nothing else of it.
func TestAPrintThatFailsSaysWhy(t *testing.T) {
	t.Parallel()
	_, err := paper.Find(program(t, "echo first >&2; echo no display >&2; exit 3")).Print(t.Context(), []byte("<p>"), nil)
	if err == nil || !strings.Contains(err.Error(), "no display") || strings.Contains(err.Error(), "first") {
		t.Error(err)
	}
	if _, err := paper.Find(program(t, "exit 0")).Print(t.Context(), nil, nil); err == nil {
		t.Error("nothing was printed and nothing is said")
	}
}

// lives says whether a process is still there after a while: one that was killed may need a moment to go.
func lives(t *testing.T, pid string) bool {
	t.Helper()
	ticks := time.NewTicker(10 * time.Millisecond)
	defer ticks.Stop()
	for range 500 {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return false
		}
		<-ticks.C
	}
	return true
}
