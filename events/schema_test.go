// SPDX-License-Identifier: EUPL-1.2

package events

import (
	"bytes"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"samsyn/schemas"
)

// schemaCannotSay lists every reason that a JSON Schema of the event has no words for. All others it gives too.
var schemaCannotSay = map[Code]string{
	DuplicateMember:  "a schema sees the object after one of the two is gone",
	NumberPrecision:  "a schema sees the number, not its digits",
	NumberRange:      "a schema has no largest number",
	NULChar:          "a schema sees decoded text; this one is refused wherever it stands, in names and x_ members too",
	LoneSurrogate:    "a schema sees U+FFFD",
	TooDeep:          "a schema that refers to itself could, for x_ members only",
	TooManyMembers:   "the limits hold inside x_ members too",
	TooLarge:         "bytes",
	NotUTF8:          "bytes",
	JSONTrailing:     "the text around the value",
	IntervalReversed: "a comparison of two members",
	IntervalLong:     "a comparison of two members",
	TimeOrder:        "a comparison of two members",
	DefaultTime:      "the time of day in its own zone",
}

// cleaningDecides are the reasons that hang on a text after cleaning, when there was something to clean.
var cleaningDecides = []Code{TextTooLong, Required, NoPlace, OutOfRange}

var compiledSchemas = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	files, err := fs.Glob(schemas.Events, "events/*.schema.json")
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, file := range files {
		body, err := schemas.Events.ReadFile(file)
		if err != nil {
			return nil, err
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		id := SchemaPrefix + strings.TrimSuffix(strings.TrimPrefix(file, "events/"), ".schema.json")
		if err := c.AddResource(id, doc); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	compiled := map[string]*jsonschema.Schema{}
	for _, id := range ids {
		s, err := c.Compile(id)
		if err != nil {
			return nil, err
		}
		compiled[strings.TrimPrefix(id, SchemaPrefix)] = s
	}
	return compiled, nil
})

// validate asks the schema of a type; an event of another type has none that accepts it.
func validate(t testing.TB, typ string, body []byte) error {
	t.Helper()
	all, err := compiledSchemas()
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(bytes.TrimPrefix(body, bom)))
	if err != nil {
		return err
	}
	schema, ok := all[typ]
	if !ok {
		schema = all[TypeIncidentReported]
	}
	return schema.Validate(value)
}

// agree fails the test when decoder and schema do not accept and refuse the same.
func agree(t testing.TB, body []byte) {
	t.Helper()
	e, reasons := Decode(body)
	unsayable := slices.ContainsFunc(reasons, func(r Reason) bool { return schemaCannotSay[r.Code] != "" })
	if unsayable {
		return
	}
	err := validate(t, e.Type, body)
	cleaned := slices.ContainsFunc(e.Notes, func(n Note) bool { return n.Code != CoordsCoarse && n.Code != BOMRemoved })
	switch {
	case len(reasons) == 0 && !cleaned && err != nil:
		t.Errorf("the decoder accepts what the schema refuses:\n%s\n%v", body, err)
	case len(reasons) == 0 && cleaned:
		clean, encodeErr := Encode(e)
		if encodeErr != nil {
			t.Fatalf("encode %s: %v", body, encodeErr)
		}
		if err := validate(t, e.Type, clean); err != nil {
			t.Errorf("the schema refuses what the decoder cleaned:\n%s\n%s\n%v", body, clean, err)
		}
	case len(reasons) > 0 && err == nil:
		if cleaned && slices.ContainsFunc(reasons, func(r Reason) bool { return slices.Contains(cleaningDecides, r.Code) }) {
			return
		}
		t.Errorf("the schema accepts what the decoder refuses:\n%s\n%+v", body, reasons)
	}
}

// A file nobody can compile, or one whose name and $id differ, would be found by an agency's developer first.
func TestEverySchemaCompilesAndIsNamedAsItsType(t *testing.T) {
	all, err := compiledSchemas()
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range []string{
		TypeIncidentReported, TypeIncidentCorrected, TypeIncidentWithdrawn, TypeNothingReported, TypeCountsReported,
		TypeContextAnnounced, TypeReceipt, TypeFeedback, TypeAccepted, TypeHotspotFlagged, TypeHotspotUpdated, TypeHotspotCleared,
		TypeDecision, TypeActionChanged, TypeReportPublished,
	} {
		if all[typ] == nil {
			t.Errorf("no schema for %s", typ)
		}
	}
	for name, s := range all {
		if !strings.HasPrefix(s.Location, SchemaPrefix+name) {
			t.Errorf("%s has $id %s", name, s.Location)
		}
	}
}
