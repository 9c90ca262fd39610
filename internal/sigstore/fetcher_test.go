package sigstore

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestFetchOverTLS(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	r.publish()
	server := httptest.NewTLSServer(r)
	defer server.Close()
	if _, err := (TUF{URL: server.URL, Root: r.root, HTTP: server.Client()}).Fetch(context.Background(), keysTarget); err != nil {
		t.Error(err)
	}
	plain := httptest.NewServer(r)
	defer plain.Close()
	falling := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, plain.URL+req.URL.Path, http.StatusFound)
	}))
	defer falling.Close()
	moved := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, server.URL+req.URL.Path, http.StatusFound)
	}))
	defer moved.Close()
	if _, err := (TUF{URL: moved.URL, Root: r.root, HTTP: moved.Client()}).Fetch(context.Background(), keysTarget); err != nil {
		t.Errorf("redirected from https to https: %v", err)
	}
	_, err := TUF{URL: falling.URL, Root: r.root, HTTP: falling.Client()}.Fetch(context.Background(), keysTarget)
	if kindOf(err) != Unreachable || !strings.Contains(err.Error(), "from https to http") {
		t.Errorf("got %v, want a refused redirect", err)
	}
}

// TestFetcherBounds: each bound of one Fetch, at and above it.
func TestFetcherBounds(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/hang" {
			<-req.Context().Done()
			return
		}
		w.Write([]byte("0123456789"))
	}))
	defer server.Close()

	f := newFetcher(context.Background(), TUF{})
	for i := range maxRequests {
		if _, err := f.DownloadFile(server.URL, 10, 0); err != nil {
			t.Fatalf("request %d: %v", i+1, err)
		}
	}
	if _, err := f.DownloadFile(server.URL, 10, 0); err == nil || !strings.Contains(err.Error(), "more than 64 requests") {
		t.Errorf("got %v, want too many requests", err)
	}

	f = newFetcher(context.Background(), TUF{})
	if _, err := f.DownloadFile(server.URL, 9, 0); err == nil || !strings.Contains(err.Error(), "more than 9 bytes") {
		t.Errorf("got %v, want too many bytes", err)
	}
	f.left = 25
	for i, ok := range []bool{true, true, false} {
		if _, err := f.DownloadFile(server.URL, 10, 0); (err == nil) != ok {
			t.Errorf("request %d of a Fetch that may read 25 bytes more: got %v, want success %v", i+1, err, ok)
		}
	}

	f = newFetcher(context.Background(), TUF{HTTP: &http.Client{Timeout: 20 * time.Millisecond}})
	f.pause = time.Millisecond
	if _, err := f.DownloadFile(server.URL+"/hang", 10, 0); err == nil || !strings.Contains(err.Error(), "Timeout") {
		t.Errorf("got %v, want a timeout", err)
	}
}

// TestFetcherTriesAgain: what another try may better is asked three times, anything else once.
func TestFetcherTriesAgain(t *testing.T) {
	t.Parallel()
	cut := func(w http.ResponseWriter) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			conn.Close()
		}
	}
	short := func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", "10")
		w.Write([]byte("01234"))
	}
	answer := func(status int) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Location", "ftp://elsewhere.example/")
			w.WriteHeader(status)
		}
	}
	for _, row := range []struct {
		name string
		bad  func(http.ResponseWriter)
		n    int // bad answers, then a good one
		want int // requests
		ok   bool
	}{
		{"a good answer", nil, 0, 1, true},
		{"no answer, twice", cut, 2, 3, true},
		{"no answer", cut, 9, 3, false},
		{"half an answer, twice", short, 2, 3, true},
		{"half an answer", short, 9, 3, false},
		{"told to wait, twice", answer(429), 2, 3, true},
		{"out of order", answer(500), 9, 3, false},
		{"not there", answer(404), 1, 1, false},
		{"refused", answer(403), 1, 1, false},
		{"a redirect that is not followed", answer(302), 1, 1, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if int(asked.Add(1)) <= row.n {
					row.bad(w)
					return
				}
				w.Write([]byte("0123456789"))
			}))
			defer server.Close()
			// A connection each: the transport itself tries again on one that was used before.
			f := newFetcher(context.Background(), TUF{HTTP: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}})
			f.pause = time.Millisecond
			raw, err := f.DownloadFile(server.URL, 10, 0)
			if got := int(asked.Load()); got != row.want || (err == nil) != row.ok || row.ok && string(raw) != "0123456789" {
				t.Errorf("got %q, %v after %d requests; want success %v after %d", raw, err, got, row.ok, row.want)
			}
			if err != nil && strings.Count(err.Error(), server.URL) != 1 {
				t.Errorf("got %v, want the URL once", err)
			}
		})
	}
	hopeless := newFetcher(context.Background(), TUF{})
	hopeless.pause = 20 * time.Second
	start := time.Now()
	if _, err := hopeless.DownloadFile("http://[", 10, 0); err == nil || time.Since(start) > 15*time.Second {
		t.Errorf("a URL that is none: got %v after %s, want an error at once", err, time.Since(start))
	}
	ctx, cancel := context.WithCancel(context.Background())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer server.Close()
	f := newFetcher(ctx, TUF{})
	f.pause = 20 * time.Second
	start = time.Now()
	if _, err := f.DownloadFile(server.URL, 10, 0); !errors.Is(err, context.Canceled) || time.Since(start) > 15*time.Second {
		t.Errorf("cancelled between tries: got %v after %s", err, time.Since(start))
	}
}
