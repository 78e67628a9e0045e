// SPDX-License-Identifier: EUPL-1.2

package connector

import (
	"maps"
	"slices"
	"sync"
)

// told is what the parts have told, for whoever asks.
type told struct {
	mu      sync.Mutex
	files   map[int64]FileResult
	order   []int64
	stuck   map[string]string
	trouble map[string]string // by part
}

func newTold() *told {
	return &told{files: map[int64]FileResult{}, stuck: map[string]string{}, trouble: map[string]string{}}
}

// news says whether something else became of a file than was noted.
func (t *told) news(id int64, r FileResult) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	before, known := t.files[id]
	return !known || before != r
}

// file notes what became of a file so far.
func (t *told) file(id int64, r FileResult) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.files[id]; !known {
		t.order = append(t.order, id)
	}
	t.files[id] = r
}

// stays notes why a file stays in in/; it is news when it was not known.
func (t *told) stays(name, why string) (news bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	news = t.stuck[name] != why
	t.stuck[name] = why
	return news
}

// left notes that a file no longer stays.
func (t *told) left(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.stuck, name)
}

// has notes a part's trouble, "" for none; it is news when it was another before.
func (t *told) has(part, trouble string) (news bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	news = t.trouble[part] != trouble
	t.trouble[part] = trouble
	return news
}

func (t *told) summary() Summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	sum := Summary{Files: []FileResult{}, Waiting: []WaitingRow{}, Stuck: []StuckFile{}}
	for _, id := range t.order {
		sum.Files = append(sum.Files, t.files[id])
	}
	for _, name := range slices.Sorted(maps.Keys(t.stuck)) {
		sum.Stuck = append(sum.Stuck, StuckFile{name, t.stuck[name]})
	}
	for _, part := range slices.Sorted(maps.Keys(t.trouble)) {
		if sum.Trouble == "" {
			sum.Trouble = t.trouble[part]
		}
	}
	return sum
}
