// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"samsyn/events"
	"samsyn/internal/web"
)

const (
	maxArrayBytes = 8 << 20
	maxArrayItems = 1000
)

// readBody reads a whole body of at most limit bytes, from a sender that is never silent for long.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	// Not every writer has a connection behind it (a stored answer has none): then there is nobody to wait for.
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Now().Add(stallTime))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	// From here on the server itself listens whether the client is still there, and must not be timed.
	_ = connection.SetReadDeadline(time.Time{})
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large) && limit == events.MaxBody:
		return nil, refusal([]events.Reason{{Code: events.TooLarge}})
	case errors.As(err, &large):
		return nil, tooLarge(text("En lista får ha högst 1 000 händelser och 8 MiB. Dela den, eller skicka en händelse per rad (application/x-ndjson).",
			"An array may have at most 1,000 events and 8 MiB. Split it, or send one event a line (application/x-ndjson)."))
	case err != nil:
		return nil, web.Problem{
			Status: http.StatusBadRequest, Code: "body_incomplete",
			Title: text("Innehållet bröts av innan det var helt.", "The body was broken off before it was whole."),
		}
	}
	return body, nil
}

// split takes an array apart without reading its items: what is wrong inside one is that item's own.
func split(body []byte) ([][]byte, error) {
	trimmed := bytes.TrimPrefix(body, byteOrderMark)
	if len(bytes.TrimSpace(trimmed)) == 0 {
		return nil, refusal([]events.Reason{{Code: events.EmptyBody}})
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(trimmed), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if d.PeekKind() != '[' {
		return nil, notAnArray(events.WrongType, 0)
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, notAnArray(events.JSONSyntax, d.InputOffset())
	}
	parts := [][]byte{}
	for d.PeekKind() != ']' {
		value, err := d.ReadValue()
		if err != nil {
			return nil, notAnArray(events.JSONSyntax, d.InputOffset())
		}
		if len(parts) == maxArrayItems {
			return nil, tooLarge(text("En lista får ha högst 1 000 händelser.", "An array may have at most 1,000 events."))
		}
		end := d.InputOffset()
		parts = append(parts, trimmed[end-int64(len(value)):end])
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, notAnArray(events.JSONSyntax, d.InputOffset())
	}
	if rest := bytes.TrimSpace(trimmed[d.InputOffset():]); len(rest) > 0 {
		return nil, notAnArray(events.JSONTrailing, d.InputOffset())
	}
	return parts, nil
}

func notAnArray(code events.Code, at int64) web.Problem {
	return web.Problem{
		Status: http.StatusBadRequest, Code: code, Reasons: []events.Reason{{Code: code, Offset: int(at)}},
		Title: text("Innehållet är ingen giltig JSON-lista av händelser.", "The body is not a valid JSON array of events."),
	}
}
