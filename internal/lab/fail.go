package lab

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

const page = "<!doctype html><html><head><title>registry.npmjs.org | 502: Bad gateway</title></head><body>cloudflare</body></html>"

// fail answers a request with a fault.
func (g *Registry) fail(w http.ResponseWriter, r *http.Request, to target, f Fault) {
	switch f.Kind {
	case FaultLatency:
		g.wait(r, f.Delay)
		g.write(w, r, g.answer(r, to))
	case FaultStatus:
		g.write(w, r, g.status(f))
	case FaultStale, FaultOld:
		g.write(w, r, g.old(to, f.Kind == FaultOld))
	case FaultHTML:
		g.write(w, r, answer{status: http.StatusOK, body: []byte(page)}.with("content-type", "text/html; charset=UTF-8"))
	case FaultEmpty:
		g.write(w, r, answer{status: http.StatusOK})
	case FaultBody:
		g.write(w, r, answer{status: http.StatusOK, body: []byte(f.Body)})
	case FaultCut, FaultCutShort, FaultTooLong, FaultTrickle:
		g.partly(w, r, g.answer(r, to), f)
	case FaultReset:
		g.reset(r)
	case FaultHang:
		g.wait(r, time.Hour)
		panic(http.ErrAbortHandler)
	case FaultSlowLoris:
		g.slowLoris(r, f.Delay)
	case FaultTLS:
		g.BreakTLS(1)
		g.reset(r)
	case FaultRedirectLoop:
		g.redirect(w, r, r.URL.EscapedPath()+fmt.Sprintf("?loop=%d", time.Now().UnixNano()))
	case FaultRedirect:
		g.redirect(w, r, f.Location)
	case FaultGzipBomb:
		g.gzipBomb(w)
	case FaultEndless:
		g.endless(w)
	case FaultSkew:
		w = skewed{w, g.o.Now().Add(f.Delay)}
		g.write(w, r, g.answer(r, to))
	default:
		panic("lab: no such fault: " + string(f.Kind))
	}
}

func (g *Registry) status(f Fault) answer {
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
		a = a.with("retry-after", g.o.Now().Add(f.RetryDate).UTC().Format(http.TimeFormat))
	}
	return a.with("cache-control", "no-store")
}

// old is what an earlier state of the registry answers.
func (g *Registry) old(to target, wrong bool) answer {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.packages[to.name]
	if p == nil {
		return notFound
	}
	before := p.last.Before
	if p.last.previous != nil {
		before = g.packument(p.last.previous)
	}
	switch {
	case to.surface == SurfacePackument:
		return orNotFound(before)
	case to.surface == SurfaceDistTag && before != nil:
		return orNotFound(encode(Get(before, "/dist-tags")))
	case to.surface == SurfaceManifest && wrong && before != nil:
		latest := Text(before, "/dist-tags/latest")
		return orNotFound(encode(Get(before, "/versions/"+latest)))
	case to.surface == SurfaceAttestations && wrong:
		return orNotFound([]byte(`{"attestations":[]}`))
	case to.surface == SurfaceTarball && wrong:
		return answer{status: http.StatusOK, body: Pack(nil, gzip.BestSpeed)}.with("content-type", "application/octet-stream")
	}
	return notFound
}

// wait sleeps, until the client leaves or the server ends.
func (g *Registry) wait(r *http.Request, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	case <-g.stop:
	}
}

// partly sends a body otherwise than its length says, or slowly; never compressed.
func (g *Registry) partly(w http.ResponseWriter, r *http.Request, a answer, f Fault) {
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
		g.wait(r, f.Delay)
	}
}

// reset ends the connection with a TCP reset.
func (g *Registry) reset(r *http.Request) {
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

func (g *Registry) slowLoris(r *http.Request, every time.Duration) {
	c, ok := r.Context().Value(connKey{}).(net.Conn)
	if !ok || r.ProtoMajor > 1 {
		g.wait(r, time.Hour)
		panic(http.ErrAbortHandler)
	}
	line := "HTTP/1.1 200 OK\r\n"
	for r.Context().Err() == nil {
		if _, err := c.Write([]byte(line)); err != nil {
			break
		}
		line = "X-Padding: still here\r\n"
		g.wait(r, every)
	}
	panic(http.ErrAbortHandler)
}

func (g *Registry) redirect(w http.ResponseWriter, r *http.Request, location string) {
	w.Header().Set("Location", location)
	g.write(w, r, answer{status: http.StatusFound})
}

// gzipBomb is a JSON document with 64 GiB of spaces in it: gzip members one after another, each a MiB.
func (g *Registry) gzipBomb(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Encoding", "gzip")
	member := compressed(strings.Repeat(" ", 1<<20))
	block := bytes.Repeat(member, 64)
	_, err := w.Write(compressed("{"))
	for range 1024 {
		if err != nil {
			return
		}
		_, err = w.Write(block)
	}
	_, _ = w.Write(compressed("}"))
}

func compressed(s string) []byte { return compress([]byte(s)) }

func (g *Registry) endless(w http.ResponseWriter) {
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
