// SPDX-License-Identifier: EUPL-1.2

package corpus_test

import (
	"slices"
	"testing"

	"samsyn/events"
	"samsyn/events/corpus"
)

// A case that names what does not exist would be passed over by every reader of the corpus.
func TestEveryCaseIsWhole(t *testing.T) {
	cases := corpus.Bad()
	var names []string
	for _, c := range cases {
		if !c.Verb.Valid() || !c.Agency.Valid() || c.Now.IsZero() || c.Outcome == "" {
			t.Errorf("%s is incomplete: %+v", c.Name, c)
		}
		if c.Outcome != events.Accepted && c.Code.Outcome() != c.Outcome {
			t.Errorf("%s: %s does not make an event %s", c.Name, c.Code, c.Outcome)
		}
		if c.Outcome == events.Accepted && c.Code != "" && c.Code.Outcome() != events.Accepted {
			t.Errorf("%s: %s is no note", c.Name, c.Code)
		}
		if !slices.Contains([]corpus.Stage{corpus.Publish, corpus.Decode, corpus.Judge, corpus.Screen}, c.Stage) {
			t.Errorf("%s: stage %q", c.Name, c.Stage)
		}
		for _, before := range c.Before {
			if !slices.Contains(names, before) {
				t.Errorf("%s comes after %s, which is not before it", c.Name, before)
			}
		}
		names = append(names, c.Name)
	}
	if len(cases) < 200 {
		t.Errorf("only %d cases", len(cases))
	}
}

// Stage decode: the outcome, code and path that the files state. Stage judge and screen: Decode finds nothing, so that it
// is for others to say.
func TestDecoderGivesWhatTheCorpusStates(t *testing.T) {
	for _, c := range corpus.Bad() {
		t.Run(c.Name, func(t *testing.T) {
			e, reasons := events.Decode(c.Body)
			if c.Stage == corpus.Judge || c.Stage == corpus.Screen {
				if len(reasons) > 0 {
					t.Fatalf("not for the decoder to say: %+v", reasons)
				}
				mismatch := e.Mismatch(corpus.Municipality, c.Agency, c.Verb)
				stated := c.Code == events.AgencyMismatch || c.Code == events.SubjectMismatch
				if stated != (len(mismatch) == 1 && mismatch[0] == events.Reason{Code: c.Code, Path: c.Path}) {
					t.Fatalf("subject and body differ: %+v, want %s", mismatch, c.Code)
				}
				return
			}
			reasons = append(reasons, e.Mismatch(corpus.Municipality, c.Agency, c.Verb)...)
			if got := events.Worst(reasons); got != c.Outcome {
				t.Fatalf("%s, want %s: %+v", got, c.Outcome, reasons)
			}
			given := reasons
			if c.Outcome == events.Accepted {
				given = e.Notes
			}
			if c.Code == "" {
				if len(given) > 0 {
					t.Fatalf("given %+v, want nothing", given)
				}
				return
			}
			at := slices.IndexFunc(given, func(r events.Reason) bool { return r.Code == c.Code && r.Path == c.Path })
			if at < 0 {
				t.Fatalf("given %+v, want %s at %q", given, c.Code, c.Path)
			}
			if given[at].Hint != c.Hint {
				t.Errorf("looks like %q, want %q", given[at].Hint, c.Hint)
			}
		})
	}
}
