// SPDX-License-Identifier: EUPL-1.2

package intake

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"samsyn/events"
	"samsyn/internal/web"
)

const (
	linesAtOnce   = 128             // read ahead and published together; more is not faster, each is flushed to disk by itself
	keyCheckEvery = 5 * time.Second // within a stream: a key may be revoked while it lasts
)

// sendLines is the stream of lines: it has no end that is known, so it is answered while it comes. Lines that are there
// together are published together; a line that comes alone is answered alone. The sender is held back by the disk of the
// stream it writes to, not by the rate; it may have two streams at the same time.
//
// A failure of ours ends the stream with a problem as its last line. What got no result is sent again.
func (s *Service) sendLines(w http.ResponseWriter, r *http.Request, who grant, dry bool) error {
	done, err := s.limits.stream(who)
	if err != nil {
		return err
	}
	defer done()
	connection := http.NewResponseController(w)
	// Without it an HTTP/1.1 answer may not begin before the request has ended; HTTP/2 and stored answers need no leave.
	_ = connection.EnableFullDuplex()
	w.Header().Set("Content-Type", typeLines+charset)
	w.WriteHeader(http.StatusOK)

	in := readLines(r.Body, connection)
	defer in.stop()
	out := newSpool(w, connection)
	stream := lineStream{service: s, who: who, dry: dry, checked: s.now(), authorise: func() error {
		_, err := s.authorise(r, s.now())
		return err
	}}
	if err := stream.run(r.Context(), in, out); err != nil {
		p := problem(err)
		s.log.Info("stream of lines ended", "municipality", who.municipality, "agency", who.agency, "lines", stream.next, "code", p.Code, "error", err)
		out.write(append(p.JSON(r), '\n'))
	}
	return out.close()
}

// lineStream is one stream on its way.
type lineStream struct {
	service   *Service
	who       grant
	dry       bool
	next      int // index of the next line
	checked   time.Time
	authorise func() error
}

func (l *lineStream) run(ctx context.Context, in *lineReader, out *spool) error {
	for {
		lines, err := in.take(ctx, l.service.stopping)
		if len(lines) > 0 {
			if err := l.answer(ctx, lines, out); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (l *lineStream) answer(ctx context.Context, lines [][]byte, out *spool) error {
	now := l.service.now()
	if now.Sub(l.checked) >= keyCheckEvery {
		if err := l.authorise(); err != nil {
			return err
		}
		l.checked = now
	}
	items := make([]item, len(lines))
	for i, line := range lines {
		items[i] = admit(l.who, line, now)
	}
	var answers bytes.Buffer
	encoder := json.NewEncoder(&answers)
	defer func() { out.write(answers.Bytes()) }()
	if l.dry {
		verdicts, err := l.service.checkEach(ctx, l.who, items, l.next)
		if err != nil {
			return err
		}
		for _, v := range verdicts {
			if err := encoder.Encode(v); err != nil {
				return err
			}
			l.next++
		}
		return nil
	}
	for i, stored := range l.service.publish(ctx, l.who, items) {
		if stored.Err != nil {
			return stored.Err
		}
		if err := encoder.Encode(items[i].result(l.next, stored)); err != nil {
			return err
		}
		l.next++
	}
	return nil
}

// lineReader reads lines ahead, at most linesAtOnce of them, so that those that are there can be taken together.
type lineReader struct {
	lines      chan []byte
	done       chan struct{} // nobody takes lines any more
	ended      chan struct{} // there are no more
	end        error         // why; read after lines is closed
	connection *http.ResponseController
}

func readLines(body io.Reader, connection *http.ResponseController) *lineReader {
	l := &lineReader{
		lines: make(chan []byte, linesAtOnce), done: make(chan struct{}), ended: make(chan struct{}), connection: connection,
	}
	go func() {
		defer close(l.lines)
		defer close(l.ended)
		l.end = l.read(bufio.NewReaderSize(patientReader{body, connection}, 64<<10))
		// From here on the server itself listens whether the client is still there, and must not be timed.
		_ = connection.SetReadDeadline(time.Time{})
	}()
	return l
}

func (l *lineReader) read(from *bufio.Reader) error {
	for {
		line, err := oneLine(from)
		if err != nil && !errors.Is(err, io.EOF) {
			return web.Problem{
				Status: http.StatusBadRequest, Code: "body_incomplete",
				Title:  text("Strömmen bröts av.", "The stream was broken off."),
				Detail: text("Skicka de rader igen som inte fick något resultat.", "Send the lines again that got no result."),
			}
		}
		if len(bytes.TrimSpace(line)) > 0 {
			select {
			case l.lines <- line:
			case <-l.done:
				return nil
			}
		}
		if err != nil {
			return err
		}
	}
}

// oneLine reads a line into memory of its own. Of one that is too long the rest is thrown away while it comes: what is
// left is still too long, and is refused as that.
func oneLine(from *bufio.Reader) ([]byte, error) {
	const most = events.MaxBody + len("\r\n")
	var line []byte
	length := 0
	for {
		part, err := from.ReadSlice('\n')
		length += len(part)
		line = append(line, part[:min(len(part), most-len(line))]...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if length <= most {
			line = bytes.TrimRight(line, "\r\n")
		}
		return line, err
	}
}

// take waits for a line and takes all that are there. io.EOF: there are no more.
func (l *lineReader) take(ctx context.Context, stopping <-chan struct{}) ([][]byte, error) {
	var taken [][]byte
	select {
	case line, ok := <-l.lines:
		if !ok {
			return nil, l.end
		}
		taken = append(taken, line)
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-stopping:
		return nil, errStopping
	}
	for len(taken) < linesAtOnce {
		select {
		case line, ok := <-l.lines:
			if !ok {
				return taken, nil
			}
			taken = append(taken, line)
		default:
			return taken, nil
		}
	}
	return taken, nil
}

// stop ends the reading, also where it waits for the sender, and returns when it has ended.
func (l *lineReader) stop() {
	close(l.done)
	select {
	case <-l.ended:
	default:
		_ = l.connection.SetReadDeadline(time.Now())
	}
	for range l.lines {
		continue // until it is closed
	}
}

// patientReader gives a sender a minute for every piece, however long the whole is.
type patientReader struct {
	io.Reader
	connection *http.ResponseController
}

// Read reads one piece.
func (p patientReader) Read(b []byte) (int, error) {
	_ = p.connection.SetReadDeadline(time.Now().Add(stallTime))
	return p.Reader.Read(b)
}
