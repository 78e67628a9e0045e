// SPDX-License-Identifier: EUPL-1.2

// Command samsyn is the whole of Samsyn in one binary: `samsyn up` runs everything on one machine,
// `samsyn run ROLE` a part of it beside external servers, and every other command does one thing to
// an installation.
//
// It promises that a command exits 0 only when it did what it says, that data goes to stdout and talk
// to stderr, and that a command works the same beside a running `up` and without one. It holds
// wiring and no decisions: those are the services'.
//
// Exit codes: 0 done, 1 failed, 2 wrong use (nothing was done), 130 interrupted.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"

	"samsyn/internal/run"
)

const (
	exitFailed      = 1
	exitWrongUse    = 2
	exitInterrupted = 130
)

// collectAt makes the collector run when the heap has grown by half, where Go's default is by as much again: a third less memory
// at full load for about a tenth of its speed. A municipality's machine has other work too; GOGC says otherwise.
const collectAt = 50

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	os.Exit(realMain(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// realMain runs one command and returns its exit code.
func realMain(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	ctx, stop := run.UntilSignal(ctx)
	defer stop()
	defer func() {
		// --help ends kong in the middle of parsing.
		if e, ok := recover().(helpShown); ok {
			code = e.code
		}
	}()
	err := runCommand(ctx, args, stdout, stderr)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		if !errors.Is(err, context.Canceled) {
			complain(stderr, err)
		}
		complain(stderr, context.Cause(ctx))
		return exitInterrupted
	}
	complain(stderr, err)
	var use *usageError
	if errors.As(err, &use) {
		return exitWrongUse
	}
	return exitFailed
}

type helpShown struct{ code int }

// usageError says that a command was called in a way it cannot be: it has done nothing.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// wrongUse makes a usageError: what is wrong, and what would be right.
func wrongUse(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

func complain(stderr io.Writer, err error) {
	_, _ = fmt.Fprintln(stderr, "samsyn:", clean(err.Error())) // there is nobody else to tell
}

func runCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var cli commands
	source := newSources(args)
	parser, err := kong.New(&cli, kong.Name("samsyn"), kong.Description(description),
		kong.UsageOnError(), kong.Writers(stdout, stderr), kong.Resolvers(source),
		kong.Exit(func(code int) { panic(helpShown{code}) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}))
	if err != nil {
		return fmt.Errorf("build the command line: %w", err)
	}
	if err := source.load(); err != nil {
		return &usageError{err}
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return &usageError{fmt.Errorf("%w. See samsyn %s--help", err, commandOf(err))}
	}
	p := newProgram(cli.Settings, stdout, stderr)
	parsed.BindTo(ctx, (*context.Context)(nil))
	return parsed.Run(p)
}

// commandOf names the command whose help tells more.
func commandOf(err error) string {
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		if node := parse.Context.Selected(); node != nil {
			return strings.TrimPrefix(node.FullPath(), "samsyn ") + " "
		}
	}
	return ""
}
