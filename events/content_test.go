// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

func contentOf(t testing.TB, data string) [32]byte {
	t.Helper()
	e, _ := Decode([]byte(`{"type":"samsyn.incident.reported.v1","data":` + data + `}`))
	return e.Content
}

// Same key and same content is the same event: what a resending system writes otherwise must not look like a conflict,
// and what it says otherwise must.
func TestContentIsWhatIsSaidNotHowItIsWritten(t *testing.T) {
	want := contentOf(t, `{"report":"R","text":"å/\"","n":1.5,"occurred":{"from":"a","to":"b"},"list":[1,2]}`)
	for name, same := range map[string]string{
		"order":        `{"list":[1,2],"occurred":{"to":"b","from":"a"},"n":1.5,"text":"å/\"","report":"R"}`,
		"white space":  " { \"report\" : \"R\",\n\"text\":\"å/\\\"\",\"n\":1.5,\"occurred\":{\"from\":\"a\",\"to\":\"b\"},\"list\":[ 1,2 ] } ",
		"escapes":      `{"\u0072eport":"\u0052","text":"\u00e5\/\u0022","n":1.5,"occurred":{"from":"a","to":"b"},"list":[1,2]}`,
		"numbers":      `{"report":"R","text":"å/\"","n":15e-1,"occurred":{"from":"a","to":"b"},"list":[1.0,0.2e1]}`,
		"x_ members":   `{"x_a":{"b":1},"report":"R","text":"å/\"","n":1.50,"occurred":{"from":"a","x_b":0,"to":"b"},"list":[1,2]}`,
		"null members": `{"report":"R","unit":null,"text":"å/\"","n":1.5,"occurred":{"from":"a","to":"b"},"list":[1,2]}`,
	} {
		if contentOf(t, same) != want {
			t.Errorf("%s is content", name)
		}
	}
	for name, other := range map[string]string{
		"value":   `{"report":"R","text":"ä/\"","n":1.5,"occurred":{"from":"a","to":"b"},"list":[1,2]}`,
		"number":  `{"report":"R","text":"å/\"","n":1.51,"occurred":{"from":"a","to":"b"},"list":[1,2]}`,
		"type":    `{"report":"R","text":"å/\"","n":"1.5","occurred":{"from":"a","to":"b"},"list":[1,2]}`,
		"items":   `{"report":"R","text":"å/\"","n":1.5,"occurred":{"from":"a","to":"b"},"list":[2,1]}`,
		"member":  `{"report":"R","text":"å/\"","n":1.5,"occurred":{"from":"a"},"list":[1,2]}`,
		"blanks":  `{"report":"R","text":" å/\"","n":1.5,"occurred":{"from":"a","to":"b"},"list":[1,2]}`,
		"capital": `{"report":"r","text":"å/\"","n":1.5,"occurred":{"from":"a","to":"b"},"list":[1,2]}`,
	} {
		if contentOf(t, other) == want {
			t.Errorf("%s is not content", name)
		}
	}
}

// Others may compute the hash with any RFC 8785 library; ours must give the same text.
func TestCanonicalFormIsRFC8785(t *testing.T) {
	number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,6})(\.[0-9]{1,7})?([eE][+-]?[0-9]{1,2})?`)
	plain := rapid.StringMatching(`[a-z"\\/\n\t åäö😀]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		object := map[string]any{}
		for range rapid.IntRange(0, 6).Draw(t, "members") {
			name := rapid.StringMatching(`[a-w"\\å-ö]{0,4}`).Draw(t, "name")
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				object[name] = json.Number(number.Draw(t, "number"))
			case 1:
				object[name] = plain.Draw(t, "text")
			case 2:
				object[name] = []any{json.Number(number.Draw(t, "number")), nil, true, map[string]any{"b": false, "a": "\u0001\u001f"}}
			default:
				object[name] = map[string]any{"z": plain.Draw(t, "text"), "a": json.Number(number.Draw(t, "number"))}
			}
		}
		body, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		var g gate
		if !g.read(body) || len(g.reasons) > 0 {
			t.Fatalf("%s: %+v", body, g.reasons)
		}
		want := jsontext.Value(slices.Clone(body))
		if err := want.Canonicalize(); err != nil {
			t.Fatal(err)
		}
		if got := string(g.canonical(nil, 0)); got != string(want) {
			t.Fatalf("%s\n%s\nwant\n%s", body, got, want)
		}
	})
}

// The content of what cannot be read is its bytes, so that the same refused message has the same receipt.
func TestUnreadableBodiesHaveContentToo(t *testing.T) {
	a, _ := Decode([]byte("{"))
	b, _ := Decode([]byte("{"))
	c, _ := Decode([]byte("{{"))
	if a.Content != b.Content || a.Content == c.Content || a.Content == [32]byte{} {
		t.Error("the content of an unreadable body is not its bytes")
	}
	if long := strings.Repeat(" ", MaxBody+1); contentOf(t, long) == [32]byte{} {
		t.Error("no content for what is too large")
	}
}
