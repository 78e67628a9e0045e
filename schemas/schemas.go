// SPDX-License-Identifier: EUPL-1.2

// Package schemas carries what others may hold us to, embedded in the binary: the JSON Schema of every event (events/),
// the categories (categories.json), the database's migrations (sql/) and the HTTP API (openapi.yaml).
//
// It promises that the files are those the binary was built and tested with. It decides nothing: package events decodes by
// hand, and a test there proves that decoder and schema accept and refuse the same. It cannot fail at run time: what is
// wrong in a file is found by this package's tests.
package schemas

import (
	"bytes"
	"embed"
	"encoding/json"
	"slices"
	"sync"
)

// Events holds one JSON Schema (2020-12) for each event type, events/<type>.schema.json, and events/common.v1.schema.json
// with the parts they share.
//
//go:embed events/*.schema.json
var Events embed.FS

//go:embed categories.json
var categoriesJSON []byte

// Category is one kind of incident.
type Category struct {
	Code            string `json:"code"`
	Group           string `json:"group"`
	SV              string `json:"sv"`
	EN              string `json:"en"`
	DescriptionEN   string `json:"description_en"`
	DefaultSeverity int    `json:"default_severity"` // 1-4, used when a report does not say
	Countable       bool   `json:"countable"`        // false is accepted and shown, never counted
	CrimeHarm       string `json:"crime_harm"`       // yes, partly, no: whether it can be weighed as crime
}

// Group is a set of categories that are counted and compared together.
type Group struct {
	Code     string `json:"code"`
	SV       string `json:"sv"`
	EN       string `json:"en"`
	Detected bool   `json:"detected"` // false is counted and shown, never alarmed
}

// Categories returns every category and every group in the order of the file. The slices are the caller's own.
func Categories() ([]Category, []Group) {
	c := catalogue()
	return slices.Clone(c.Categories), slices.Clone(c.Groups)
}

type catalogueFile struct {
	Version    int        `json:"version"`
	Rules      []string   `json:"rules"`
	Groups     []Group    `json:"groups"`
	Categories []Category `json:"categories"`
}

// catalogue reads the embedded file once; it panics on a file that the tests of this package would have refused.
var catalogue = sync.OnceValue(func() catalogueFile {
	var c catalogueFile
	d := json.NewDecoder(bytes.NewReader(categoriesJSON))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		panic("schemas: categories.json: " + err.Error())
	}
	return c
})
