// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"samsyn/events"
	"samsyn/events/bus"
	"samsyn/internal/pg"
	"samsyn/internal/web"
)

// problem is the whole error policy of the door: what an error means to the one who asked.
func problem(err error) web.Problem {
	var slow *tooFastError
	var crash *panicError
	p, isProblem := problemOf(err)
	switch {
	case isProblem:
		return p
	case errors.As(err, &slow):
		return web.Problem{Status: http.StatusTooManyRequests, Code: events.RateLimited, RetryAfter: slow.wait}
	case errors.As(err, &crash):
		return internal()
	case errors.Is(err, bus.ErrStreamFull):
		return away(events.StreamFull, time.Minute, events.StreamFull.Message(), keepAndResend)
	case errors.Is(err, errBusy):
		return away("busy", 2*time.Second, text("Just nu är det för många stora anrop på en gång.", "There are too many large requests at once."), keepAndResend)
	case errors.Is(err, errStopping):
		return away("stopping", time.Second, text("Tjänsten startar om.", "The service is restarting."), keepAndResend)
	case errors.Is(err, errBehind):
		return away("not_read_yet", 5*time.Second,
			text("Tidigare händelser är mottagna men ännu inte lästa, så nästa revision är inte känd.",
				"Earlier events are received and not read yet, so the next revision is not known."),
			text("Ange revision själv, eller skicka igen om en stund.", "Give the revision yourself, or send again in a while."))
	case errors.Is(err, errNobodyJudges):
		return away("judge_away", 5*time.Second,
			text("Den del som bedömer händelser svarar inte.", "The part that judges events does not answer."),
			text("Händelser kan skickas ändå. Försök med detta igen.", "Events can be sent all the same. Try this again."))
	case isBus(err):
		return away("store_away", 5*time.Second,
			text("Händelser kan inte lagras just nu.", "Events cannot be stored right now."), keepAndResend)
	case errors.Is(err, context.Canceled):
		// The one who asked has gone; what is written here is read by the log alone.
		return web.Problem{Status: statusClientGone, Code: "client_gone", Title: text("Anropet avbröts.", "The request was broken off.")}
	case pg.Class(err) == pg.Infrastructure:
		return away("database_away", 5*time.Second,
			text("Databasen svarar inte just nu.", "The database does not answer right now."), keepAndResend)
	}
	return internal()
}

// statusClientGone is what proxies log for a client that did not wait (not in a registry; nobody receives it).
const statusClientGone = 499

func isBus(err error) bool {
	for _, kind := range []error{
		bus.ErrNoAnswer, bus.ErrNoStream, bus.ErrStalled, bus.ErrNotPermitted, bus.ErrRefused, bus.ErrClosed, bus.ErrTooLarge,
	} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

var keepAndResend = events.Text{
	SV: "Inget som kvitterats är förlorat. Behåll händelserna och skicka samma sak igen; de räknas en gång.",
	EN: "Nothing that was acknowledged is lost. Keep the events and send the same again; they count once.",
}

func away(code events.Code, retry time.Duration, title, detail events.Text) web.Problem {
	return web.Problem{Status: http.StatusServiceUnavailable, Code: code, Title: title, Detail: detail, RetryAfter: retry}
}

func internal() web.Problem {
	return web.Problem{
		Status: http.StatusInternalServerError, Code: events.InternalError,
		Title:  text("Fel hos oss.", "Our mistake."),
		Detail: text("Inget som kvitterats är förlorat. Skicka samma sak igen senare.", "Nothing that was acknowledged is lost. Send the same again later."),
	}
}

// badParameter refuses a parameter of the address or a header; the JSON of an event has reasons instead.
func badParameter(name, sv, en string) web.Problem {
	return web.Problem{
		Status: http.StatusBadRequest, Code: events.OutOfRange,
		Title:  text("Ett värde i anropet går inte att använda.", "A value of the request cannot be used."),
		Detail: text(name+": "+sv, name+": "+en),
	}
}

// refusal answers one event that is not taken in: 413 for its size, 400 for JSON that cannot be read, 422 for the rest.
func refusal(reasons []events.Reason) web.Problem {
	first := reasons[0].Code
	p := web.Problem{Status: http.StatusUnprocessableEntity, Code: first, Reasons: reasons}
	switch {
	case first == events.TooLarge:
		p.Status = http.StatusRequestEntityTooLarge
	case unreadable(first):
		p.Status = http.StatusBadRequest
	}
	if personal(first) {
		p.Detail = text("Inget har sparats. Ta bort personuppgiften och skicka igen.", "Nothing was stored. Remove the personal data and send again.")
	}
	return p
}

func unreadable(c events.Code) bool {
	switch c {
	case events.EmptyBody, events.NotObject, events.JSONSyntax, events.JSONTrailing, events.NotUTF8, events.NULChar, events.LoneSurrogate,
		events.DuplicateMember, events.TooDeep, events.TooManyMembers, events.NumberRange, events.NumberPrecision:
		return true
	}
	return false
}

func unknownReport() web.Problem {
	return web.Problem{Status: http.StatusNotFound, Code: events.UnknownReport}
}

func tooLarge(detail events.Text) web.Problem {
	return web.Problem{Status: http.StatusRequestEntityTooLarge, Code: events.TooLarge, Title: text("Anropet är för stort.", "The request is too large."), Detail: detail}
}

func text(sv, en string) events.Text { return events.Text{SV: sv, EN: en} }

func level(status int) slog.Level {
	switch {
	case status == http.StatusInternalServerError:
		return slog.LevelError
	case status > http.StatusInternalServerError:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

var (
	errBusy         = errors.New("too many large requests at once")
	errBehind       = errors.New("the correlator has not read all that was received")
	errStopping     = errors.New("the service stops")
	errNobodyJudges = errors.New("the correlator does not answer")
)

// tooFastError says that an agency used up its rate, and when it may come again.
type tooFastError struct {
	what string
	wait time.Duration
}

func (e *tooFastError) Error() string { return fmt.Sprintf("%s: too fast, wait %s", e.what, e.wait) }

// panicError is a mistake of ours in one request. What was being worked on may hold a report's text, so the log gets the
// value's type and the stack, not the value of an arbitrary panic.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string {
	if err, ok := e.value.(error); ok {
		return fmt.Sprintf("panic: %v\n%s", err, e.stack)
	}
	return fmt.Sprintf("panic of type %T\n%s", e.value, e.stack)
}
