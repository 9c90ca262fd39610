package npm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Bodies without end and gzip bombs end at the bound, in little memory.
func TestClientTooLarge(t *testing.T) {
	unit := zipped(strings.Repeat(" ", 4<<20)) // 4 KiB; members of a gzip follow one another
	bomb := func() io.Reader { return &repeat{unit: unit, n: 2500 * len(unit)} }
	const gigabytes = 10 << 30
	for _, c := range []struct {
		why      string
		ops      []string
		encoding string
		start    string
		rest     func() io.Reader
		announce bool
	}{
		{"10 GB announced", append([]string{"tarball"}, documents...), "", `{"a":"`, func() io.Reader { return &repeat{unit: strings.Repeat("a", 10_000), n: gigabytes} }, true},
		{"10 GB of one string", documents, "", `{"a":"`, func() io.Reader { return &repeat{unit: strings.Repeat("a", 10_000), n: gigabytes} }, false},
		{"10 GB of members", documents, "", `{"a":0`, func() io.Reader { return &counter{} }, false},
		{"a gzip bomb", documents, "gzip", "", bomb, false},
	} {
		client := serve(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
			if c.encoding != "" {
				w.Header().Set("Content-Encoding", c.encoding)
			}
			if c.announce {
				w.Header().Set("Content-Length", fmt.Sprint(gigabytes))
			}
			io.WriteString(w, c.start)
			io.Copy(struct{ io.Writer }{w}, c.rest())
		})
		every := calls(client, io.Discard)
		for _, op := range c.ops {
			var err error
			peak := peakHeap(func() { err = every[op](context.Background()) })
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Kind != Wrong || e.Retryable() {
				t.Errorf("%s: %s: got %v, want kind wrong", c.why, op, err)
			}
			if peak > 100<<20 {
				t.Errorf("%s: %s: heap grew by %d MiB", c.why, op, peak>>20)
			}
		}
	}
}

// counter is JSON members without end, no name twice.
type counter struct {
	n   int
	buf []byte
}

func (c *counter) Read(b []byte) (int, error) {
	for len(c.buf) < 4096 {
		c.buf = fmt.Appendf(c.buf, `,"k%d":0`, c.n)
		c.n++
	}
	n := copy(b, c.buf)
	c.buf = append(c.buf[:0], c.buf[n:]...)
	return n, nil
}

// peakHeap returns by how many bytes the heap in use grew while f ran.
func peakHeap(f func()) uint64 {
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse
	}
	runtime.GC()
	before, peak := heap(), uint64(0)
	done, finished := make(chan bool), make(chan bool)
	go func() {
		defer close(finished)
		for {
			peak = max(peak, heap())
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	f()
	close(done)
	<-finished
	return max(peak, before) - before
}

// The bounds in bytes, at and above.
func TestClientLimits(t *testing.T) {
	t.Parallel()
	for op, limit := range map[string]int{"manifest": maxManifest, "attestations": maxAttestations, "keys": maxKeys} {
		for extra, want := range map[int]bool{0: true, 1: false} {
			start := strings.TrimSuffix(manifestJSON, "}") + `,"keys":[],` + attestationsJSON[1:]
			client := serve(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
				w.(http.Flusher).Flush() // no Content-Length
				io.WriteString(w, start)
				io.Copy(w, &repeat{unit: strings.Repeat(" ", 10_000), n: limit + extra - len(start)})
			})
			if err := calls(client, nil)[op](context.Background()); (err == nil) != want {
				t.Errorf("%s of %d bytes: got %v", op, limit+extra, err)
			}
		}
	}
}
