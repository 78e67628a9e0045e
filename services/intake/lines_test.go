// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"samsyn/events"
	"samsyn/internal/pg"
)

// A file of any length goes in one request: ten thousand lines, each answered in order, each on disk.
func TestTenThousandLines(t *testing.T) {
	t.Parallel()
	c := openDoor(t).agency("il-many")
	const lines = 10_000
	var body strings.Builder
	for i := range lines {
		fmt.Fprintln(&body, incident(fmt.Sprintf("F-%d", i)))
	}
	a := c.do("POST", "/incidents", typeLines, body.String()).is(200, "")
	if a.header.Get("Content-Type") != typeLines+charset {
		t.Errorf("Content-Type %q", a.header.Get("Content-Type"))
	}
	results := a.lines()
	for i, r := range results {
		if r.Index != i || r.State != received || r.Report != events.ReportID(fmt.Sprintf("F-%d", i)) || r.StreamSeq != uint64(i+1) {
			t.Fatalf("line %d: %+v", i, r)
		}
	}
	state, err := c.conn.StreamState(t.Context(), events.IncidentStream(town, c.agency))
	if err != nil || len(results) != lines || state.Messages != lines {
		t.Errorf("%d results, %d stored, %v", len(results), state.Messages, err)
	}
}

// A bad line is answered in its place and stops nothing, however bad it is.
func TestBadLinesAreAnsweredInTheirPlace(t *testing.T) {
	t.Parallel()
	c := openDoor(t).agency("il-bad")
	large := incidentWith("F-L", `,"x_own":"`+strings.Repeat("a", 200_000)+`"`)
	asLarge := incidentWith("F-A", `,"x_own":"`+strings.Repeat("a", events.MaxBody-len(incidentWith("F-A", `,"x_own":""`))-200)+`"`)
	body := strings.Join([]string{
		incident("F-1") + "\r", "", "{", "  ", large, asLarge, "\xff\xfe", incidentWith("F-2", `,"text":"ring 19811228-9874"`), incident("F-1"), incident("F-3"),
	}, "\n")
	var got []string
	for _, r := range c.do("POST", "/incidents", typeLines, body).is(200, "").lines() {
		code := ""
		if len(r.Reasons) > 0 {
			code = string(r.Reasons[0].Code)
		}
		got = append(got, fmt.Sprint(r.Index, r.State, code))
	}
	want := []string{
		"0received", "1refusedjson_syntax", "2refusedtoo_large", "3received", "4refusednot_utf8", "5refusedpii_personnummer", "6duplicate", "7received",
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	c.do("POST", "/incidents", typeLines, "").is(200, "")
}

// A connector that sends as it happens must hear of each line before it sends the next.
func TestEachLineIsAnsweredWhenItComes(t *testing.T) {
	t.Parallel()
	c := openDoor(t).agency("il-step")
	in, out := io.Pipe()
	answers, stop := c.stream(in)
	defer stop()
	for i := range 3 {
		if _, err := fmt.Fprintln(out, incident(fmt.Sprintf("F-%d", i))); err != nil {
			t.Fatal(err)
		}
		var r result
		if err := json.Unmarshal(<-answers, &r); err != nil || r.Index != i || r.State != received {
			t.Fatalf("line %d: %+v, %v", i, r, err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if line, more := <-answers; more {
		t.Errorf("one answer too many: %s", line)
	}
}

// Suspension ends a stream that is under way, and says so in its last line.
func TestStreamEndsWithTheKey(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	c := d.agency("il-suspended")
	in, out := io.Pipe()
	answers, stop := c.stream(in)
	defer stop()
	_, _ = fmt.Fprintln(out, incident("F-1"))
	<-answers
	d.exec(pg.RoleRegistry, `UPDATE registry.agency SET suspended_at = now() WHERE agency = 'il-suspended'`)
	d.advance(keyCheckEvery)
	_, _ = fmt.Fprintln(out, incident("F-2"))
	var p problemAnswer
	if err := json.Unmarshal(<-answers, &p); err != nil || p.Code != events.AgencySuspended {
		t.Errorf("last line %+v, %v", p, err)
	}
	if _, more := <-answers; more || len(c.stored()) != 1 {
		t.Errorf("the stream went on, %d stored", len(c.stored()))
	}
}

// An ordered stop does not wait for a stream that has no end.
func TestStreamEndsWhenTheServiceStops(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	c := d.agency("il-stop")
	in, out := io.Pipe()
	answers, stop := c.stream(in)
	defer stop()
	_, _ = fmt.Fprintln(out, incident("F-1"))
	<-answers
	d.service.Stop()
	d.service.Stop()
	var p problemAnswer
	if err := json.Unmarshal(<-answers, &p); err != nil || p.Code != "stopping" {
		t.Errorf("last line %+v, %v", p, err)
	}
	if _, more := <-answers; more {
		t.Error("the stream went on")
	}
}

// Two streams of one agency at a time: a third is told to wait, and another agency is not.
func TestStreamsOfAnAgencyAreBounded(t *testing.T) {
	t.Parallel()
	d := openDoor(t)
	c, other := d.agency("il-third"), d.agency("il-else")
	for range streamsAtOnce {
		in, out := io.Pipe()
		answers, stop := c.stream(in)
		t.Cleanup(stop)
		_, _ = fmt.Fprintln(out, incident("F-1"))
		<-answers
	}
	c.do("POST", "/incidents", typeLines, incident("F-2")).is(429, events.RateLimited)
	other.do("POST", "/incidents", typeLines, incident("F-2")).is(200, "")
}

// Clients that send all they have before they read anything are many: they must not stand still.
func TestAnswerWaitsForAReaderWhoComesLate(t *testing.T) {
	t.Parallel()
	var slow slowWriter
	slow.started, slow.let = make(chan struct{}), make(chan struct{})
	s := newSpool(&slow, http.NewResponseController(&keptAnswer{header: http.Header{}}))
	s.write([]byte("a"))
	<-slow.started
	line := bytes.Repeat([]byte("b"), 1<<20)
	for range maxUnread >> 20 {
		s.write(line) // returns although nothing is read
	}
	close(slow.let)
	if err := s.close(); err != nil || slow.n != 1+maxUnread {
		t.Errorf("%d bytes written, %v", slow.n, err)
	}
}

// A reader who is gone ends the writing, and the one who writes is not left waiting.
func TestAnswerToAReaderWhoIsGoneEnds(t *testing.T) {
	t.Parallel()
	s := newSpool(brokenWriter{}, http.NewResponseController(&keptAnswer{header: http.Header{}}))
	for range 2 * maxUnread >> 20 {
		s.write(bytes.Repeat([]byte("b"), 1<<20))
	}
	if err := s.close(); err == nil {
		t.Error("no error")
	}
}

type slowWriter struct {
	started, let chan struct{}
	n            int
}

func (s *slowWriter) Write(p []byte) (int, error) {
	if s.n == 0 {
		close(s.started)
		<-s.let
	}
	s.n += len(p)
	return len(p), nil
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// stream sends lines as they are written to in, and gives each line of the answer when it comes. The channel is closed at
// the answer's end.
func (c caller) stream(in *io.PipeReader) (answers <-chan []byte, stop func()) {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.server.URL+Base+"/incidents", in)
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Content-Type", typeLines)
	request.Header.Set("Authorization", "Bearer "+c.key)
	got, ended := make(chan []byte), make(chan struct{})
	gone := make(chan struct{})
	go func() {
		defer close(ended)
		defer close(got)
		response, err := c.server.Client().Do(request)
		if err != nil {
			c.t.Errorf("stream: %v", err)
			return
		}
		defer func() { _ = response.Body.Close() }()
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			select {
			case got <- bytes.Clone(lines.Bytes()):
			case <-gone:
				return
			}
		}
	}()
	return got, func() {
		close(gone)
		_ = in.CloseWithError(io.ErrClosedPipe)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			c.t.Error("the stream did not end")
		}
	}
}

func (a answer) lines() []result {
	a.t.Helper()
	var all []result
	for d := json.NewDecoder(bytes.NewReader(a.body)); d.More(); {
		var r result
		if err := d.Decode(&r); err != nil {
			a.t.Fatalf("read answer: %v", err)
		}
		all = append(all, r)
	}
	return all
}
