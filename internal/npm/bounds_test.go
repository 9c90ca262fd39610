package npm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
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
			_, _ = io.WriteString(w, `{"keys":[]}`)
		}))
		c, err := NewClient(s.URL, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = c.Keys(context.Background()); (err == nil) != tt.ok {
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
		if _, err = c.Keys(context.Background()); err == nil || strings.Contains(err.Error(), "quota") != tt.says {
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

	closed bool
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

func (s *stream) Close() error { s.closed = true; return nil }

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

// TestLargeAnswersTakeTurns: of many answers above smallAnswer only maxLarge are read at a time, of packuments with more
// than fewNames one, and waiting for one's turn is not the server's slowness.
func TestLargeAnswersTakeTurns(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		pass  func(*answer) error // the bound
		holds int                 // turns after it
		want  int64               // at a time
	}{
		{"large", func(a *answer) error {
			a.response.Body = &stream{left: 1}
			_, err := a.Read(make([]byte, 1))
			return err
		}, 1, maxLarge},
		{"crowded", (*answer).crowd, 2, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var now, most atomic.Int64
				turns := newTurns()
				var wg sync.WaitGroup
				for range 4 * maxLarge {
					wg.Go(func() {
						a := &answer{op: "manifest", limit: maxManifest, small: smallAnswer, turns: turns, watch: newWatch(context.Background(), time.Second, false)}
						a.response = &http.Response{Body: &stream{left: smallAnswer + 1}}
						if _, err := io.CopyN(io.Discard, struct{ io.Reader }{a}, smallAnswer+1); err != nil || len(a.holds) != 0 {
							t.Errorf("up to %d bytes: %v, holds %d", smallAnswer, err, len(a.holds))
						}
						if err := row.pass(a); err != nil || len(a.holds) != row.holds {
							t.Errorf("beyond the bound: %v, holds %d, want %d", err, len(a.holds), row.holds)
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
						if len(a.holds) != 0 {
							t.Error("holds on after its end")
						}
					})
				}
				wg.Wait()
				if got := most.Load(); got != row.want || len(turns.large)+len(turns.crowded) != 0 {
					t.Errorf("got %d answers at a time, %d and %d left; want %d, 0, 0", got, len(turns.large), len(turns.crowded), row.want)
				}
			})
		})
	}
}

// TestAnswerEnds: an error stays, and the end of an answer ends all that belongs to it.
func TestAnswerEnds(t *testing.T) {
	t.Parallel()
	body := &stream{left: maxManifest + 1}
	a := &answer{op: "tarball", limit: maxManifest, parent: context.Background(), watch: newWatch(context.Background(), time.Minute, true), response: &http.Response{Body: body}}
	_, first := io.Copy(io.Discard, struct{ io.Reader }{a})
	body.left = 10
	if n, err := a.Read(make([]byte, 1)); n != 0 || err == nil || err != first {
		t.Errorf("read after an error: got %d bytes, %v, want %v again", n, err, first)
	}
	for err, want := range map[error]string{
		io.ErrUnexpectedEOF: "cut short after", io.EOF: "cut short after", errors.New("reset"): "reset",
	} {
		e := &Error{Err: err}
		if kind := a.judge(e); kind != Unreachable || !strings.HasPrefix(e.Err.Error(), want) {
			t.Errorf("%v: got %v, %v, want %q", err, kind, e.Err, want)
		}
	}
	a.close()
	if !body.closed || a.watch.ctx.Err() == nil {
		t.Errorf("after the end: the body is closed %t, the watch ended with %v", body.closed, a.watch.ctx.Err())
	}
}

func TestTurnsEndWithTheRequest(t *testing.T) {
	t.Parallel()
	for _, busy := range []string{"large", "crowded"} {
		turns := newTurns()
		for range maxLarge {
			if busy == "large" {
				turns.large <- struct{}{}
			} else if len(turns.crowded) == 0 {
				turns.crowded <- struct{}{}
			}
		}
		before := len(turns.large)
		ctx, cancel := context.WithCancel(context.Background())
		a := &answer{op: "packument", limit: maxManifest, small: smallAnswer, turns: turns, read: smallAnswer + 1, watch: newWatch(ctx, time.Minute, false),
			response: &http.Response{Body: &stream{left: 1}}}
		time.AfterFunc(10*time.Millisecond, cancel)
		if err := a.crowd(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, cancelled while it waits: got %v", busy, err)
		}
		if _, err := a.Read(make([]byte, 1)); busy == "large" && !errors.Is(err, context.Canceled) {
			t.Errorf("%s, read after that: got %v", busy, err)
		}
		a.close()
		if len(turns.large) != before {
			t.Errorf("%s: %d turns are held after the end, want %d", busy, len(turns.large), before)
		}
	}
}

// TestNamesTakeTurns: a packument asks for its turn at fewNames names, once, and a turn that does not come ends the reading.
func TestNamesTakeTurns(t *testing.T) {
	t.Parallel()
	packument := func(names int) io.Reader {
		var b strings.Builder
		b.WriteString(`{"versions":{`) // a name itself
		for i := range names - 1 {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `"%d":{}`, i)
		}
		b.WriteString(`}}`)
		return strings.NewReader(b.String())
	}
	none := errors.New("no turn")
	for names, want := range map[int]int{fewNames - 1: 0, fewNames: 1, 2 * fewNames: 1} {
		asked := 0
		if _, err := parsePackument(packument(names), maxPackument, func() error { asked++; return nil }); err != nil || asked != want {
			t.Errorf("%d names: asked %d times for a turn, %v; want %d", names, asked, err, want)
		}
		if _, err := parsePackument(packument(names), maxPackument, func() error { return none }); (err != nil) != (want > 0) || want > 0 && !errors.Is(err, none) {
			t.Errorf("%d names without a turn: got %v", names, err)
		}
	}
}
