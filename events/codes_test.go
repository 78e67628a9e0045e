// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// contractCodes is the table of section 2 of the contract, word for word.
var contractCodes = map[Outcome]string{
	Refused: `empty_body not_object json_syntax json_trailing not_utf8 nul_char lone_surrogate duplicate_member unknown_member
		too_deep too_many_members too_large number_range number_precision type required range bad_header bad_subject
		subject_mismatch not_an_event bad_id revision_range time_syntax time_no_zone time_range interval_reversed interval_long
		time_nonexistent no_place coords_range coords_null_island coords_unknown_system dwelling text_too_long
		agency_suspended rate_limited stream_full unknown_report idempotency_conflict`,
	Quarantined: `agency_mismatch id_conflict schema_unsupported future_time too_old default_time time_order time_ambiguous
		coords_swapped coords_sweref outside_municipality place_conflict unknown_property unknown_area unknown_code
		unknown_group pii_personnummer pii_phone pii_email pii_plate pii_name pii_address pii_in_id`,
	Held: `internal_error`,
	Accepted: `bom_removed controls_removed bidi_removed zero_width_removed nfc trimmed mapped_code rounded offset_unusual
		coords_coarse late duplicate superseded text_off`,
}

// A code that agencies were promised and that has no row would be answered as our own mistake.
func TestEveryCodeOfTheContractHasItsOutcomeAndBothSentences(t *testing.T) {
	var promised []Code
	for outcome, list := range contractCodes {
		for word := range strings.FieldsSeq(list) {
			code := Code(word)
			promised = append(promised, code)
			if code.Outcome() != outcome {
				t.Errorf("%s makes an event %s, the contract says %s", code, code.Outcome(), outcome)
			}
			m := code.Message()
			if len(m.SV) < 20 || len(m.EN) < 20 || m.SV == m.EN || !strings.HasSuffix(m.SV, ".") || !strings.HasSuffix(m.EN, ".") {
				t.Errorf("%s: the sentences are %+v", code, m)
			}
		}
	}
	slices.Sort(promised)
	if ours := slices.Sorted(maps.Keys(codes)); !slices.Equal(ours, promised) {
		t.Errorf("the table has other codes than the contract:\n%v\n%v", ours, promised)
	}
}

// One code that nobody knows must not let an event through.
func TestUnknownCodeHolds(t *testing.T) {
	if o := Code("misspelt").Outcome(); o != Held {
		t.Errorf("an unknown code makes an event %s", o)
	}
}

func TestWorstOutcomeWins(t *testing.T) {
	for _, c := range []struct {
		codes []Code
		want  Outcome
	}{
		{nil, Accepted},
		{[]Code{Trimmed}, Accepted},
		{[]Code{Trimmed, TooOld}, Quarantined},
		{[]Code{TooOld, Required, TooOld}, Refused},
		{[]Code{Required, InternalError}, Held},
	} {
		var reasons []Reason
		for _, code := range c.codes {
			reasons = append(reasons, Reason{Code: code})
		}
		if got := Worst(reasons); got != c.want {
			t.Errorf("%v amount to %s, want %s", c.codes, got, c.want)
		}
	}
}

// Answers list 20 reasons at most, and an empty list is a list.
func TestExplainKeepsTwentyAndNeverNil(t *testing.T) {
	if got := Explain(nil); got == nil || len(got) != 0 {
		t.Errorf("%#v", got)
	}
	got := Explain(make([]Reason, 30))
	if len(got) != MaxReasons || got[0].Message.SV == "" {
		t.Errorf("%d reasons, first %+v", len(got), got[0])
	}
}
