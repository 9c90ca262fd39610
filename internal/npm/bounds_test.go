package npm

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestVersionBound(t *testing.T) {
	t.Parallel()
	for _, n := range []int{maxVersion - 1, maxVersion, maxVersion + 1} {
		v := "1.0.0-" + strings.Repeat("a", n-len("1.0.0-"))
		if err := validVersion(v); (err == nil) != (n <= maxVersion) {
			t.Errorf("a version of %d bytes: got %v", n, err)
		}
	}
}

func TestExcerptBound(t *testing.T) {
	t.Parallel()
	for _, n := range []int{maxExcerpt - 1, maxExcerpt, maxExcerpt + 1} {
		got := excerpt(strings.Repeat("a", n))
		if want := n > maxExcerpt; strings.HasSuffix(got, "…") != want || strings.Count(got, "a") > maxExcerpt {
			t.Errorf("an excerpt of %d bytes: %s", n, got)
		}
	}
}

// TestHeaderBound: an answer whose headers are larger than anyone's is no answer.
func TestHeaderBound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		size int
		ok   bool
	}{{maxHeader / 2, true}, {2 * maxHeader, false}} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X", strings.Repeat("x", tt.size))
			_, _ = io.WriteString(w, `{"latest":"1.0.0"}`)
		}))
		c, err := NewClient(s.URL, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = c.DistTags(context.Background(), "demo"); (err == nil) != tt.ok {
			t.Errorf("headers of %d bytes: got %v", tt.size, err)
		}
		s.Close()
	}
}

// TestErrorBodyBound: of a refusal only the beginning is read, so that words beyond it are not repeated.
func TestErrorBodyBound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		size int
		says bool
	}{{maxErrorBody - 1, true}, {maxErrorBody, true}, {maxErrorBody + 1, false}} {
		body := `{"x":"","error":"quota"}`
		body = `{"x":"` + strings.Repeat("x", tt.size-len(body)) + body[6:]
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, body)
		}))
		c, err := NewClient(s.URL, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = c.DistTags(context.Background(), "demo"); err == nil || strings.Contains(err.Error(), "quota") != tt.says {
			t.Errorf("a refusal of %d bytes: got %v", tt.size, err)
		}
		s.Close()
	}
}

// stream is a body of n bytes, of which the client reads as much as it wants.
type stream struct {
	head string
	left int64
	tail string
}

func (s *stream) Read(b []byte) (int, error) {
	switch {
	case s.head != "":
		n := copy(b, s.head)
		s.head = s.head[n:]
		return n, nil
	case s.left > 0:
		n := int(min(s.left, int64(len(b))))
		copy(b, bytes.Repeat([]byte(" "), n))
		s.left -= int64(n)
		return n, nil
	case s.tail != "":
		n := copy(b, s.tail)
		s.tail = s.tail[n:]
		return n, nil
	}
	return 0, io.EOF
}

func (s *stream) Close() error { return nil }

// TestAnswerBound reads answers of a byte less than the limit, of the limit and of a byte more, whatever the limit is:
// the two largest, of a tarball and of a packument, are read as the small ones are.
func TestAnswerBound(t *testing.T) {
	t.Parallel()
	for _, limit := range []int64{maxManifest, maxTarball / 64, maxPackument / 64} {
		for _, size := range []int64{limit - 1, limit, limit + 1} {
			a := &answer{op: "tarball", limit: limit, watch: newWatch(context.Background(), time.Minute, true),
				response: &http.Response{Body: &stream{left: size}}}
			n, err := io.Copy(io.Discard, struct{ io.Reader }{a})
			if (err == nil) != (size <= limit) || err == nil && n != size {
				t.Errorf("%d bytes with a limit of %d: read %d, %v", size, limit, n, err)
			}
			a.watch.stop()
			a.response.ContentLength, a.response.Header = size, http.Header{}
			if err := a.fits(); (err == nil) != (size <= limit) {
				t.Errorf("%d bytes announced with a limit of %d: %v", size, limit, err)
			}
		}
	}
}

// TestLargeAnswersTakeTurns: of many answers above smallAnswer only maxLarge are read at a time, and waiting for one's turn
// is not the server's slowness.
func TestLargeAnswersTakeTurns(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int64
	c := &Client{large: make(chan struct{}, maxLarge)}
	var wg sync.WaitGroup
	for range 4 * maxLarge {
		wg.Go(func() {
			a := &answer{op: "manifest", limit: maxManifest, large: c.large, watch: newWatch(context.Background(), time.Second, false)}
			a.response = &http.Response{Body: &stream{left: smallAnswer + 1}}
			if _, err := io.CopyN(io.Discard, struct{ io.Reader }{a}, smallAnswer+1); err != nil || a.holds {
				t.Errorf("up to %d bytes: %v, holds %t", smallAnswer, err, a.holds)
			}
			a.response.Body = &stream{left: 1}
			if _, err := a.Read(make([]byte, 1)); err != nil || !a.holds {
				t.Errorf("beyond %d bytes: %v, holds %t", smallAnswer, err, a.holds)
			}
			for n := now.Add(1); ; {
				old := most.Load()
				if n <= old || most.CompareAndSwap(old, n) {
					break
				}
			}
			time.Sleep(400 * time.Millisecond) // together longer than one request may take
			now.Add(-1)
			a.close()
			if a.holds {
				t.Error("holds on after its end")
			}
		})
	}
	wg.Wait()
	if got := most.Load(); got != maxLarge || len(c.large) != 0 {
		t.Errorf("got %d large answers at a time, %d left; want %d, 0", got, len(c.large), maxLarge)
	}
	full := make(chan struct{}, 1)
	full <- struct{}{}
	ctx, cancel := context.WithCancel(context.Background())
	a := &answer{op: "manifest", limit: maxManifest, large: full, read: smallAnswer + 1, watch: newWatch(ctx, time.Minute, false),
		response: &http.Response{Body: &stream{left: 1}}}
	cancel()
	if _, err := a.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) || a.holds {
		t.Errorf("cancelled while it waits: got %v, holds %t", err, a.holds)
	}
	a.close()
}
