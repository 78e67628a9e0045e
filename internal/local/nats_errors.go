// SPDX-License-Identifier: EUPL-1.2

package local

import "fmt"

// PortInUseError says that something else listens on the port, or that it may not be listened on.
type PortInUseError struct {
	Port int
	// Dir is the server's directory, where the file port keeps the number between starts.
	Dir string
	Err error
}

func (e *PortInUseError) Error() string {
	return fmt.Sprintf("port %d cannot be used: %v. Stop what listens there, or choose another port; without a choice %s/port says which, and removing that file lets the next start find a free one",
		e.Port, e.Err, e.Dir)
}

func (e *PortInUseError) Unwrap() error { return e.Err }

// ServerError says that the NATS server gave up while it started.
type ServerError struct{ Dir, Why string }

func (e *ServerError) Error() string {
	return fmt.Sprintf("NATS in %s did not start: %s", e.Dir, e.Why)
}
