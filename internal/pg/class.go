// SPDX-License-Identifier: EUPL-1.2

package pg

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
)

// ErrorClass says whose fault an error is, and so what a consumer does with the work at hand.
type ErrorClass string

// The classes.
const (
	// Infrastructure is ours: the server is away, full, read-only, overloaded or asks to try again.
	// The work is paused and repeated; it is never held against the data.
	Infrastructure ErrorClass = "infrastructure"
	// Data is this row's: the server refused a value. One row fails, its neighbours need not.
	Data ErrorClass = "data"
	// Other is a statement or a right that is wrong, or an error that did not come from Postgres.
	Other ErrorClass = "other"
)

// Class sorts an error by its SQLSTATE (PostgreSQL manual, appendix A). Errors of the network, of a
// closed connection and of a context are Infrastructure. Class of nil is Other.
func Class(err error) ErrorClass {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return classOf(pgErr.Code)
	}
	var connectErr *pgconn.ConnectError
	var netErr net.Error
	switch {
	case errors.As(err, &connectErr), errors.As(err, &netErr), pgconn.SafeToRetry(err), pgconn.Timeout(err),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, ErrBusy),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return Infrastructure
	}
	return Other
}

func classOf(code string) ErrorClass {
	switch code {
	case "25006", // read_only_sql_transaction: a standby, or a server made read-only
		"40001", "40P01", // serialization_failure, deadlock_detected
		"55P03", "55006", // lock_not_available, object_in_use
		"3D000": // invalid_catalog_name: the database is away, being restored for instance
		return Infrastructure
	case "54000", "54001", "54011", "54023": // a value too large, deep or wide for the server
		return Data
	}
	if len(code) != 5 {
		return Other
	}
	switch code[:2] {
	case "08", "28", "53", "57", "58", "F0", "XX": // connection, login, resources, operator, system, configuration, internal
		return Infrastructure
	case "22", "23": // data exception, integrity constraint
		return Data
	}
	return Other
}

// retryable tells a transaction that the server itself asks to repeat.
func retryable(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && (pgErr.Code == "40001" || pgErr.Code == "40P01")
}
