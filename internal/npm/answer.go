package npm

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// answer is a response being read: an io.Reader over its body, bounded in bytes
// and time.
type answer struct {
	op       string
	asked    *url.URL
	limit    int64
	small    int64 // bytes after which it takes a turn; 0: never, as a tarball, which is not held
	parent   context.Context
	watch    *watch         // nil before the request was sent
	response *http.Response // nil before an answer came
	read     int64
	turns    *turns
	holds    []chan struct{} // the turns it has
	err      error           // the body's, unless io.EOF
}

// Read reads the body, decompressed.
func (a *answer) Read(b []byte) (int, error) {
	if a.err != nil {
		return 0, a.err
	}
	if a.small > 0 && a.read > a.small {
		if a.err = a.take(a.turns.large); a.err != nil {
			return 0, a.err
		}
	}
	if left := a.limit - a.read + 1; int64(len(b)) > left {
		b = b[:left] // what is beyond the bound need not lie in memory
	}
	n, err := a.response.Body.Read(b)
	a.read += int64(n)
	a.watch.got.Add(int64(n))
	if a.read > a.limit {
		err = a.tooLarge()
	}
	if err != io.EOF {
		a.err = err
	}
	return n, err
}

// turns are a client's: a run asks about many releases at once, and what is small
// is read side by side, what is large in turn, so that a registry that sends as
// much as it may for each of them does not fill the memory.
type turns struct {
	large   chan struct{} // holds one item for each answer above its bound
	crowded chan struct{} // for a packument of more than fewNames
}

func newTurns() *turns { return &turns{make(chan struct{}, maxLarge), make(chan struct{}, 1)} }

// take waits for a turn, kept until the answer is closed.
func (a *answer) take(turn chan struct{}) error {
	if slices.Contains(a.holds, turn) {
		return nil
	}
	select {
	case turn <- struct{}{}: // at once, so that no period begins anew
	default:
		a.watch.wait(true)
		select {
		case turn <- struct{}{}:
			a.watch.wait(false)
		case <-a.watch.ctx.Done():
			return context.Cause(a.watch.ctx)
		}
	}
	a.holds = append(a.holds, turn)
	return nil
}

// crowd waits for the turn of a packument with many names. Whoever has it is
// large already and waits for nothing more.
func (a *answer) crowd() error {
	if err := a.take(a.turns.large); err != nil {
		return err
	}
	return a.take(a.turns.crowded)
}

func (a *answer) tooLarge() error {
	return wrong(a.op, fmt.Sprintf("is larger than %d bytes", a.limit))
}

// fits returns an error for a 200 whose headers already say that it cannot be read.
func (a *answer) fits() error {
	if a.response.ContentLength > a.limit {
		return a.tooLarge()
	}
	if e := a.response.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return garbled(a.op, "has a content encoding that was not asked for: "+excerpt(e))
	}
	return nil
}

func (a *answer) close() {
	for _, turn := range a.holds {
		<-turn
	}
	a.holds = nil
	if a.response != nil {
		a.response.Body.Close()
	}
	if a.watch != nil {
		a.watch.stop()
	}
}

// statusError is an answer other than 200, with what the server says.
type statusError struct{ says string }

func (e *statusError) Error() string { return "the server says " + excerpt(e.says) }

// refusal reads the JSON {"error":"…"} or {"message":"…"} of an answer other than 200.
func (a *answer) refusal() error {
	raw, _ := io.ReadAll(io.LimitReader(a.response.Body, maxErrorBody))
	var w struct {
		Error   jsontext.Value `json:"error"`
		Message jsontext.Value `json:"message"`
	}
	if json.Unmarshal(raw, &w) == nil {
		if says := text(w.Error) + text(w.Message); says != "" {
			return &statusError{says}
		}
	}
	return &statusError{http.StatusText(a.response.StatusCode)}
}

// fail returns err as the *Error of the request.
func (a *answer) fail(err error) error {
	shown := url.URL{Scheme: a.asked.Scheme, Host: a.asked.Host, Path: a.asked.Path, RawPath: a.asked.RawPath}
	e := &Error{Op: a.op, URL: shown.String(), Err: err}
	if a.response != nil {
		e.Status = a.response.StatusCode
		e.RetryAfter = retryAfter(a.response.Header)
	}
	e.Kind = a.judge(e)
	return e
}

// judge returns the kind of e, and rewords e.Err where it speaks of our means.
// A verdict on the answer comes before the end of the caller's context.
func (a *answer) judge(e *Error) Kind {
	if document, ok := errors.AsType[*documentError](e.Err); ok {
		if document.garbled {
			return Garbled
		}
		return Wrong
	}
	if local, ok := errors.AsType[*writeError](e.Err); ok {
		e.Err = local
		return Unwritable
	}
	if _, ok := errors.AsType[*statusError](e.Err); ok {
		return kindOf(e.Status)
	}
	_, corrupt := errors.AsType[flate.CorruptInputError](e.Err)
	switch {
	case errors.Is(e.Err, errEmpty):
		return Absent
	case a.parent.Err() != nil:
		e.Err = a.parent.Err()
	case a.watch != nil && a.watch.ctx.Err() != nil:
		e.Err = context.Cause(a.watch.ctx)
	case corrupt, errors.Is(e.Err, gzip.ErrHeader), errors.Is(e.Err, gzip.ErrChecksum):
		e.Err = garbled(a.op, "is compressed data that cannot be unpacked")
		return Garbled
	case errors.Is(e.Err, io.ErrUnexpectedEOF), errors.Is(e.Err, io.EOF):
		e.Err = fmt.Errorf("cut short after %d bytes: %w", a.read, e.Err)
	default:
		e.Err = &networkError{e.Err}
	}
	return Unreachable
}

func kindOf(status int) Kind {
	switch {
	case status == http.StatusNotFound, status == http.StatusGone:
		return Absent
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly,
		status == http.StatusTooManyRequests, status >= 500:
		return Busy
	case status >= 400:
		return Refused
	}
	return Garbled // 1xx, 2xx and 3xx that nobody asked for
}

// networkError prints an error of the network, which may repeat what a peer
// sent, in one printable line.
type networkError struct{ err error }

func (e *networkError) Error() string {
	quoted := excerpt(e.err.Error())
	if s := e.err.Error(); quoted == `"`+s+`"` {
		return s
	}
	return quoted
}

func (e *networkError) Unwrap() error { return e.err }

// writer marks the errors of the caller's own writer.
type writer struct{ w io.Writer }

type writeError struct{ err error }

func (e *writeError) Error() string { return "write: " + e.err.Error() }
func (e *writeError) Unwrap() error { return e.err }

func (w writer) Write(b []byte) (int, error) {
	n, err := w.w.Write(b)
	if err != nil {
		return n, &writeError{err}
	}
	return n, nil
}

// retryAfter reads Retry-After, in seconds or as a date (RFC 9110 section
// 10.2.3) measured by the server's own clock, between 0 and maxRetryAfter.
func retryAfter(h http.Header) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	var d time.Duration
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil {
		d = maxRetryAfter
		if seconds < uint64(maxRetryAfter/time.Second) {
			d = time.Duration(seconds) * time.Second
		}
	} else if errors.Is(err, strconv.ErrRange) {
		d = maxRetryAfter
	} else {
		at, _ := http.ParseTime(value) // long ago where it is none
		now, err := http.ParseTime(h.Get("Date"))
		if err != nil {
			now = time.Now()
		}
		d = at.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}
