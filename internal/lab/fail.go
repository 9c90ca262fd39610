package lab

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"time"
)

const page = "<!doctype html><html><head><title>registry.npmjs.org | 502: Bad gateway</title></head><body>cloudflare</body></html>"

// failure is one fault about to happen to one request.
type failure struct {
	Fault
	now      func() time.Time
	right    func() answer           // what a sound server answers
	old      func(wrong bool) answer // what an earlier state of it answers
	write    func(http.ResponseWriter, *http.Request, answer)
	breakTLS func(n int)
}

func (f failure) serve(w http.ResponseWriter, r *http.Request) {
	switch f.Kind {
	case FaultLatency:
		wait(r, f.Delay)
		f.write(w, r, f.right())
	case FaultStatus:
		f.write(w, r, f.status())
	case FaultStale, FaultOld:
		f.write(w, r, f.old(f.Kind == FaultOld))
	case FaultHTML:
		f.write(w, r, answer{status: http.StatusOK, body: []byte(page)}.with("content-type", "text/html; charset=UTF-8"))
	case FaultEmpty:
		f.write(w, r, answer{status: http.StatusOK})
	case FaultBody:
		f.write(w, r, answer{status: http.StatusOK, body: []byte(f.Body)})
	case FaultCut, FaultCutShort, FaultTooLong, FaultTrickle:
		f.partly(w, r, f.right())
	case FaultReset:
		reset(r)
	case FaultHang:
		wait(r, time.Hour)
		panic(http.ErrAbortHandler)
	case FaultSlowLoris:
		slowLoris(r, f.Delay)
	case FaultTLS:
		f.breakTLS(1)
		reset(r)
	case FaultRedirectLoop:
		f.redirect(w, r, r.URL.EscapedPath()+fmt.Sprintf("?loop=%d", time.Now().UnixNano()))
	case FaultRedirect:
		f.redirect(w, r, f.Location)
	case FaultGzipBomb:
		gzipBomb(w)
	case FaultEndless:
		endless(w)
	case FaultSkew:
		f.write(skewed{w, f.now().Add(f.Delay)}, r, f.right())
	default:
		panic("lab: no such fault: " + string(f.Kind))
	}
}

func (f failure) status() answer {
	a := answer{status: f.Status, body: encode(Object{"error": http.StatusText(f.Status)})}
	switch {
	case f.Status == http.StatusNotFound:
		a = notFound
	case f.Status >= 500: // the edge's own pages
		a.body = []byte(page)
		a = a.with("content-type", "text/html; charset=UTF-8")
	}
	if f.RetryAfter != "" {
		a = a.with("retry-after", f.RetryAfter)
	}
	if f.RetryDate != 0 {
		a = a.with("retry-after", f.now().Add(f.RetryDate).UTC().Format(http.TimeFormat))
	}
	return a.with("cache-control", "no-store")
}

// wait sleeps, until the client leaves or the server ends.
func wait(r *http.Request, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}

// partly sends a body otherwise than its length says, or slowly; never compressed.
func (f failure) partly(w http.ResponseWriter, r *http.Request, a answer) {
	h := w.Header()
	h.Set("Content-Type", a.get("content-type", "application/json"))
	length, body := len(a.body), a.body
	switch f.Kind {
	case FaultCut:
		body = body[:len(body)/2]
	case FaultCutShort:
		body = body[:len(body)/2]
		length = len(body)
	case FaultTooLong:
		length += 100
	}
	h.Set("Content-Length", fmt.Sprint(length))
	w.WriteHeader(a.status)
	if f.Kind != FaultTrickle {
		_, _ = w.Write(body)
		if length != len(body) {
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
		return
	}
	for len(body) > 0 && r.Context().Err() == nil {
		n := min(len(body), max(16, len(a.body)/64))
		if _, err := w.Write(body[:n]); err != nil {
			return
		}
		_ = http.NewResponseController(w).Flush()
		body = body[n:]
		wait(r, f.Delay)
	}
}

// reset ends the connection with a TCP reset.
func reset(r *http.Request) {
	if c, ok := r.Context().Value(connKey{}).(net.Conn); ok {
		raw := c
		if t, ok := c.(interface{ NetConn() net.Conn }); ok {
			raw = t.NetConn()
		}
		if tcp, ok := raw.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = raw.Close()
	}
	panic(http.ErrAbortHandler)
}

func slowLoris(r *http.Request, every time.Duration) {
	c, ok := r.Context().Value(connKey{}).(net.Conn)
	if !ok || r.ProtoMajor > 1 {
		wait(r, time.Hour)
		panic(http.ErrAbortHandler)
	}
	line := "HTTP/1.1 200 OK\r\n"
	for r.Context().Err() == nil {
		if _, err := c.Write([]byte(line)); err != nil {
			break
		}
		line = "X-Padding: still here\r\n"
		wait(r, every)
	}
	panic(http.ErrAbortHandler)
}

func (f failure) redirect(w http.ResponseWriter, r *http.Request, location string) {
	w.Header().Set("Location", location)
	f.write(w, r, answer{status: http.StatusFound})
}

// gzipBomb is a JSON document with 64 GiB of spaces in it: gzip members one after another, each a MiB.
func gzipBomb(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Encoding", "gzip")
	block := bytes.Repeat(compress(bytes.Repeat([]byte(" "), 1<<20)), 64)
	_, err := w.Write(compress([]byte("{")))
	for range 1024 {
		if err != nil {
			return
		}
		_, err = w.Write(block)
	}
	_, _ = w.Write(compress([]byte("}")))
}

func endless(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	block := bytes.Repeat([]byte("a"), 64<<10)
	_, err := w.Write([]byte(`{"name":"`))
	for err == nil {
		_, err = w.Write(block)
	}
}

// skewed replaces the Date header.
type skewed struct {
	http.ResponseWriter
	at time.Time
}

func (s skewed) WriteHeader(status int) {
	s.Header().Set("Date", s.at.UTC().Format(http.TimeFormat))
	s.ResponseWriter.WriteHeader(status)
}
