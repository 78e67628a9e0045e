// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var writeGolden = flag.Bool("write-golden", false, "write what a new golden event decodes to; files that exist are never touched")

// golden lists the events of one released version: name.json is what an agency sent, name.decoded what it means.
func golden(t testing.TB, version string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "golden", version, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden events of %s: %v", version, err)
	}
	return files
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// What was once released still decodes, to the same, for ever. Members that are new since then may be added to an Event.
func TestEveryReleasedVersionStillDecodesToTheSame(t *testing.T) {
	for _, file := range golden(t, "v1") {
		body := read(t, file)
		e, reasons := Decode(body)
		if len(reasons) > 0 {
			t.Errorf("%s: %+v", file, reasons)
			continue
		}
		got := asMap(t, e)
		got["Content"] = ContentHex(e.Content)
		want := strings.TrimSuffix(file, ".json") + ".decoded"
		if _, err := os.Stat(want); os.IsNotExist(err) && *writeGolden {
			text, err := json.MarshalIndent(got, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(want, append(text, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		var wanted map[string]any
		if err := json.Unmarshal(read(t, want), &wanted); err != nil {
			t.Fatal(err)
		}
		if path := lacks(got, wanted, ""); path != "" {
			t.Errorf("%s: %s is no longer what it was", file, path)
		}
	}
}

// The golden events are what agencies' developers copy; the schema they are handed must take them.
func TestSchemaAcceptsEveryGoldenEvent(t *testing.T) {
	for _, file := range golden(t, "v1") {
		agree(t, read(t, file))
	}
}

func asMap(t testing.TB, v any) map[string]any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// lacks is the path of the first value in want that got does not have; "" when got has them all.
func lacks(got, want any, path string) string {
	wanted, ok := want.(map[string]any)
	if !ok {
		if reflect.DeepEqual(got, want) {
			return ""
		}
		return path + " "
	}
	has, ok := got.(map[string]any)
	if !ok {
		return path + " "
	}
	for name, value := range wanted {
		if missing := lacks(has[name], value, path+"/"+name); missing != "" {
			return missing
		}
	}
	return ""
}
