// SPDX-License-Identifier: EUPL-1.2

package bus

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"samsyn/events"
)

// Difference is one field of a stream that is not as the topology has it.
type Difference struct {
	Stream string
	Field  string // the server's own name of the field, for instance "retention"; "stream" or "consumer" when the whole is missing
	Want   string
	Got    string
}

// String reads as a sentence for an alarm.
func (d Difference) String() string {
	return fmt.Sprintf("stream %s: %s is %s and should be %s", d.Stream, d.Field, d.Got, d.Want)
}

// Drift compares every field of the platform's streams, and of the streams of every agency that has one, with the topology. Nothing is changed.
// An empty answer means that all is as it should be.
func (c *Conn) Drift(ctx context.Context) ([]Difference, error) {
	found := map[string]jetstream.StreamConfig{}
	list := c.js.ListStreams(ctx)
	for info := range list.Info() {
		found[info.Config.Name] = info.Config
	}
	if err := list.Err(); err != nil {
		return nil, fmt.Errorf("list streams: %w", err)
	}
	wanted := platformStreams()
	for _, name := range sortedNames(found) {
		if m, a, ok := events.ParseIncidentStream(name); ok {
			wanted = append(wanted, agencyStreams(m, a, Quota{})...)
		}
	}
	var all []Difference
	for _, s := range wanted {
		have, ok := found[s.name]
		if !ok {
			all = append(all, Difference{Stream: s.name, Field: "stream", Want: "present", Got: "missing"})
			continue
		}
		all = append(all, compare(s.name, s.config(notedMaxBytes(have), c.replicas), have)...)
		more, err := c.consumerDrift(ctx, s)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}

func (c *Conn) consumerDrift(ctx context.Context, s stream) ([]Difference, error) {
	if s.durable == "" {
		return nil, nil
	}
	consumer, err := c.js.Consumer(ctx, s.name, s.durable)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return []Difference{{Stream: s.name, Field: "consumer", Want: s.durable, Got: "missing"}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at consumer %s of %s: %w", s.durable, s.name, err)
	}
	have := consumer.CachedInfo().Config
	want := agencyConsumer()
	want.Name, want.Metadata = have.Name, have.Metadata
	want.MaxWaiting, want.Replicas = have.MaxWaiting, have.Replicas // the server's own defaults
	return compareFields(s.name, "consumer.", want, have), nil
}

// compare leaves out what the server adds by itself and where a rebuilt stream begins.
func compare(name string, want, have jetstream.StreamConfig) []Difference {
	differences := compareFields(name, "", withoutOwn(want), withoutOwn(have))
	if want.Metadata[noteTopology] != have.Metadata[noteTopology] {
		differences = append(differences, Difference{
			Stream: name, Field: "metadata." + noteTopology, Want: want.Metadata[noteTopology], Got: have.Metadata[noteTopology],
		})
	}
	return differences
}

func withoutOwn(cfg jetstream.StreamConfig) jetstream.StreamConfig {
	cfg.Metadata, cfg.FirstSeq, cfg.Placement = nil, 0, nil
	cfg.Subjects = slices.Sorted(slices.Values(cfg.Subjects))
	return cfg
}

func compareFields(name, prefix string, want, have any) []Difference {
	var differences []Difference
	w, h := reflect.ValueOf(want), reflect.ValueOf(have)
	for i := range w.NumField() {
		if reflect.DeepEqual(w.Field(i).Interface(), h.Field(i).Interface()) {
			continue
		}
		field, _, _ := strings.Cut(w.Type().Field(i).Tag.Get("json"), ",")
		differences = append(differences, Difference{
			Stream: name, Field: prefix + field, Want: fmt.Sprint(w.Field(i).Interface()), Got: fmt.Sprint(h.Field(i).Interface()),
		})
	}
	return differences
}

func sortedNames(found map[string]jetstream.StreamConfig) []string {
	names := make([]string, 0, len(found))
	for name := range found {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
