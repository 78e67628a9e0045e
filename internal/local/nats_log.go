// SPDX-License-Identifier: EUPL-1.2

package local

import (
	"fmt"
	"log/slog"
)

// natsLog passes the server's warnings on and catches the word with which it would end the process. What it only notes is debug to us.
type natsLog struct {
	log   *slog.Logger
	fatal chan string // the first one
}

func newNATSLog(log *slog.Logger) *natsLog {
	return &natsLog{log: log.With("component", "nats"), fatal: make(chan string, 1)}
}

func (l *natsLog) Noticef(format string, v ...any) {
	l.log.Debug("nats", "says", fmt.Sprintf(format, v...))
}

func (l *natsLog) Debugf(format string, v ...any) {
	l.log.Debug("nats", "says", fmt.Sprintf(format, v...))
}

func (l *natsLog) Tracef(format string, v ...any) {
	l.log.Debug("nats", "says", fmt.Sprintf(format, v...))
}

func (l *natsLog) Warnf(format string, v ...any) {
	l.log.Warn("nats", "says", fmt.Sprintf(format, v...))
}

func (l *natsLog) Errorf(format string, v ...any) {
	l.log.Error("nats", "says", fmt.Sprintf(format, v...))
}

func (l *natsLog) Fatalf(format string, v ...any) {
	why := fmt.Sprintf(format, v...)
	l.log.Error("nats", "says", why)
	select {
	case l.fatal <- why:
	default:
	}
}
