package sigstore

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
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
