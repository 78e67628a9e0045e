// SPDX-License-Identifier: EUPL-1.2

package web

import "sync"

// Kept holds what is made from the reference data of each municipality, at its latest version: outlines change a few times a year. Its zero
// value is empty and may be used by any number of goroutines.
type Kept[T any] struct {
	mu  sync.Mutex
	all map[string]kept[T]
}

type kept[T any] struct {
	version int64
	value   T
}

// Of returns what is kept of a municipality's version, and makes it if there is none. Two requests may make the same one at the same
// time; either will do. An error of create is returned as it is, and nothing is kept.
func (k *Kept[T]) Of(municipality string, version int64, create func() (T, error)) (T, error) {
	k.mu.Lock()
	have, ok := k.all[municipality]
	k.mu.Unlock()
	if ok && have.version == version {
		return have.value, nil
	}
	fresh, err := create()
	if err != nil {
		return fresh, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.all == nil {
		k.all = map[string]kept[T]{}
	}
	k.all[municipality] = kept[T]{version, fresh}
	return fresh, nil
}
