package npm

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"verify-npm-release/internal/lab"
)

// TestClientSlow is on a simulated clock, and so exact.
func TestClientSlow(t *testing.T) {
	t.Parallel()
	const period = defaultRequestTimeout
	trickle := func(headers bool, each string, every time.Duration, times int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if headers {
				w.(http.Flusher).Flush()
			}
			for range times {
				select {
				case <-r.Context().Done():
					return
				case <-time.After(every):
				}
				if headers {
					io.WriteString(w, each)
					w.(http.Flusher).Flush()
				}
			}
			if !headers {
				io.WriteString(w, each)
			}
		}
	}
	for _, c := range []struct {
		why     string
		handler http.HandlerFunc
		op      string
		ok      bool
	}{
		{"no headers", trickle(false, "", time.Second, 200), "keys", false},
		{"no headers of a tarball", trickle(false, "", time.Second, 200), "tarball", false},
		{"a byte now and then of a document", trickle(true, " ", time.Second, 200), "keys", false},
		{"a byte now and then of a tarball", trickle(true, "\x1f", time.Second, 200), "tarball", false},
		{"a byte now and then of a packument", trickle(true, " ", time.Second, 200), "packument", false},
		{"a slow tarball that keeps coming", trickle(true, "\x1f\x8b"+strings.Repeat("x", minProgress/4), period/12, 30), "tarball", true},
		{"a slow document that comes too late", trickle(true, strings.Repeat(" ", minProgress/4), period/12, 30), "keys", false},
		{"a tarball that begins late", trickle(false, "\x1f\x8b", period*2/3, 1), "tarball", true},
		{"a tarball that begins late and ends late", func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(period * 2 / 3)
			io.WriteString(w, "\x1f\x8b")
			w.(http.Flusher).Flush()
			time.Sleep(period * 2 / 3)
		}, "tarball", true},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := lab.NewNet()
				defer network.Close()
				server, http := network.Serve("127.0.0.1:4873", c.handler, false), network.Client()
				defer http.CloseIdleConnections()
				client, err := NewClient(server.URL, Options{HTTP: http})
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				err = calls(client, nil)[c.op](context.Background())
				if (err == nil) != c.ok {
					t.Errorf("got %v, want ok %v", err, c.ok)
				}
				if c.ok {
					return
				}
				if e, isError := errors.AsType[*Error](err); !isError || e.Kind != Unreachable || !e.Retryable() {
					t.Errorf("got %v, want kind unreachable", err)
				}
				if took := time.Since(start); took != period {
					t.Errorf("took %v, want %v", took, period)
				}
			})
		})
	}
}

func TestWatchEndsStreams(t *testing.T) {
	t.Parallel()
	w := newWatch(context.Background(), 20*time.Millisecond, true)
	defer w.stop()
	w.headers()
	w.got.Add(minProgress)
	w.mu.Lock()
	w.end = time.Now()
	w.mu.Unlock()
	<-w.ctx.Done()
	if cause := context.Cause(w.ctx); !strings.Contains(cause.Error(), maxStreamTime.String()) {
		t.Errorf("a stream that came for long enough: got %v", cause)
	}
}

// TestWatchWaits: no period ends while a request waits for its turn, and one begins when it has it.
func TestWatchWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWatch(context.Background(), time.Second, false)
		defer w.stop()
		w.wait(true)
		time.Sleep(time.Minute)
		if err := w.ctx.Err(); err != nil {
			t.Errorf("ended while it waited: %v", context.Cause(w.ctx))
		}
		w.wait(false)
		start := time.Now()
		<-w.ctx.Done()
		if took := time.Since(start); took != time.Second {
			t.Errorf("a request that stalls once it has its turn took %s, want a second", took)
		}
	})
}

func TestClientContext(t *testing.T) {
	t.Parallel()
	client := serve(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "\x1f\x8b")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	for op, call := range calls(client, nil) {
		ctx, cancel := context.WithCancelCause(context.Background())
		time.AfterFunc(20*time.Millisecond, func() { cancel(errors.New("the job was cancelled")) })
		err := call(ctx)
		e, ok := errors.AsType[*Error](err)
		if !ok || !errors.Is(err, context.Canceled) || e.Retryable() {
			// A document's bytes here are not JSON, so a packument is judged at once.
			if op != "packument" || e.Kind != Garbled {
				t.Errorf("%s: got %v, want %v", op, err, context.Canceled)
			}
		}
	}
}
