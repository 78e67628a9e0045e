// SPDX-License-Identifier: EUPL-1.2

package bus

import "testing"

// Where reading begins decides whether an acknowledged event can be lost, so each case has its row.
func TestReadingBeginsWhereNothingIsSkipped(t *testing.T) {
	at := func(seq uint64) Position { return Position{Seq: seq} }
	for _, tc := range []struct {
		name string
		mark bookmark
		want start
	}{
		{"a new reader", bookmark{kept: true, last: 10, fresh: true}, start{seq: 1}},
		{"the position was lost", bookmark{kept: true, last: 10, floor: 7}, start{reset: true, seq: 1}},
		{"nothing happened", bookmark{kept: true, known: true, position: at(7), last: 10, there: same, floor: 7}, start{}},
		{"committed, not acknowledged", bookmark{kept: true, known: true, position: at(9), last: 10, there: same, floor: 7, pending: 3}, start{reset: true, seq: 8}},
		{"the database was restored", bookmark{kept: true, known: true, position: at(4), last: 10, there: same, floor: 9}, start{reset: true, seq: 5}},
		{"restored, with some under way", bookmark{kept: true, known: true, position: at(4), last: 10, there: same, floor: 8, pending: 2}, start{reset: true, seq: 5}},
		{"the consumer was lost", bookmark{kept: true, known: true, position: at(7), last: 10, there: same, fresh: true}, start{reset: true, seq: 8}},
		{"the consumer was lost, all is read", bookmark{kept: true, known: true, position: at(10), last: 10, there: same, fresh: true}, start{reset: true, seq: 11}},
		{"the stream lost its end", bookmark{kept: true, known: true, position: at(11), last: 10, floor: 10}, start{reset: true, seq: 1, regressed: true}},
		{"the stream is empty", bookmark{kept: true, known: true, position: at(11), last: 0, fresh: true}, start{reset: true, seq: 1, regressed: true}},
		{"another message is there", bookmark{kept: true, known: true, position: at(7), last: 10, there: other, floor: 7}, start{reset: true, seq: 1, regressed: true}},
		{"the message was erased", bookmark{kept: true, known: true, position: at(7), last: 10, there: gone, floor: 7}, start{}},
		{"the consumer is ahead of the stream", bookmark{last: 10, floor: 12}, start{reset: true, seq: 1}},
		{"no position, a reader died", bookmark{last: 10, floor: 6, pending: 2}, start{reset: true, seq: 7}},
		{"no position, nothing happened", bookmark{last: 10, floor: 10}, start{}},
		{"no position, a new reader", bookmark{last: 10, fresh: true}, start{}},
	} {
		if got := resumeAt(tc.mark); got != tc.want {
			t.Errorf("%s: %+v, want %+v", tc.name, got, tc.want)
		}
	}
}

// The server skips silently what comes after a reset beyond its end: no state may lead there.
func TestReadingNeverBeginsBeyondTheEnd(t *testing.T) {
	for last := range uint64(4) {
		for position := range uint64(6) {
			for floor := range uint64(6) {
				for pending := range 3 {
					for _, there := range []evidence{gone, same, other} {
						for flags := range 8 {
							mark := bookmark{
								kept: flags&1 != 0, known: flags&3 == 3, fresh: flags&4 != 0 && floor == 0, position: Position{Seq: position},
								last: last, there: there, floor: floor, pending: pending,
							}
							if got := resumeAt(mark); got.reset && (got.seq > last+1 || got.seq == 0) {
								t.Fatalf("%+v leads to %+v", mark, got)
							}
						}
					}
				}
			}
		}
	}
}

func TestServerOlderThanThePinIsRefused(t *testing.T) {
	for version, ok := range map[string]bool{
		MinServer: true, "2.15.3": true, "2.16.0": true, "3.0.0": true, "2.15.2-RC.1": true,
		"2.15.1": false, "2.14.9": false, "1.99.0": false, "": false, "dev": false,
	} {
		if err := versionGate(version); (err == nil) != ok {
			t.Errorf("version %q: %v", version, err)
		}
	}
}
