// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func aFeedback() Feedback {
	return Feedback{
		Feedback: FeedbackID("0480", "bostad", "R-1", 2), Report: "R-1", Change: 2, State: FeedbackPosition, Week: "2026-W47", Position: "watch", Until: "2026-W49",
		Text: Text{SV: "Din rapport ingick i lägesbild v. 47.", EN: "Your report was part of the situation report of week 47."}, Changed: noon,
	}
}

// An agency's system shows its people what the event says, and must not take it for a receipt.
func TestFeedbackComesBackAsItWasSent(t *testing.T) {
	want := aFeedback()
	body, err := want.Message("0480")
	if err != nil {
		t.Fatal(err)
	}
	if err := validate(t, TypeFeedback, body); err != nil {
		t.Error(err)
	}
	got, err := DecodeFeedback(body)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := DecodeReceipt(body); !errors.Is(err, ErrOtherType) {
		t.Errorf("a receipt's reader says %v", err)
	}
}

// The stream knows a repeat by the id: the same change has one, another change, report, agency or municipality another.
func TestFeedbackIDNamesTheChange(t *testing.T) {
	first := FeedbackID("0480", "bostad", "R-1", 2)
	if first != FeedbackID("0480", "bostad", "R-1", 2) {
		t.Error("the same change has two ids")
	}
	for _, other := range [][3]string{{"0481", "bostad", "R-1"}, {"0480", "polis", "R-1"}, {"0480", "bostad", "R-2"}} {
		if first == FeedbackID(MunicipalityID(other[0]), AgencyID(other[1]), ReportID(other[2]), 2) {
			t.Errorf("%v has the id of another", other)
		}
	}
	if first == FeedbackID("0480", "bostad", "R-1", 3) {
		t.Error("two changes have one id")
	}
}
