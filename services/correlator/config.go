// SPDX-License-Identifier: EUPL-1.2

package correlator

import (
	"errors"
	"time"
)

// Config holds what an operator may set.
type Config struct {
	// BatchSize is the most events that one transaction decides, 1 to 1,000; 0 means 1,000.
	BatchSize int
	// Workers is how many goroutines judge a batch; 0 means 2.
	Workers int
}

func (c Config) validated() (Config, error) {
	if c.BatchSize == 0 {
		c.BatchSize = 1000
	}
	if c.Workers == 0 {
		c.Workers = 2
	}
	if c.BatchSize < 1 || c.BatchSize > 1000 {
		return c, errors.New("correlator: batch size must be 1 to 1,000")
	}
	if c.Workers < 1 {
		return c, errors.New("correlator: at least one worker is needed")
	}
	return c, nil
}

const (
	// firstPause and longestPause bound the wait after an error of ours: at most one attempt every five seconds.
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
	// sendTogether is how many full batches are sent at once, and sendWaiting how many of any size wait for it.
	sendTogether = 4
	sendWaiting  = 16
	// sendLinger is how long the messages of a full batch wait for those of the next, under load alone.
	sendLinger = time.Second
	// stopWithin is how long work in flight may take when the service is told to stop.
	stopWithin = 8 * time.Second
	// referenceEvery is how often the registry's version is looked at beside the signal.
	referenceEvery = 5 * time.Second
	heldEvery      = 15 * time.Second
	heldLongest    = time.Hour
)
