package sigstore

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/verify"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
)

func TestExtensionBound(t *testing.T) {
	t.Parallel()
	for _, n := range []int{maxExtension - 1, maxExtension, maxExtension + 1} {
		text, err := extensionText(5, []byte(strings.Repeat("a", n)))
		if (err == nil) != (n <= maxExtension) || err == nil && len(text) != n {
			t.Errorf("an extension of %d bytes: got %d bytes, %v", n, len(text), err)
		}
	}
}

// TestClockSkewBound: a log's time may lie ahead of this machine's clock, but not by more than a day.
func TestClockSkewBound(t *testing.T) {
	t.Parallel()
	for ahead, ok := range map[time.Duration]bool{-time.Hour: true, clockSkew - time.Minute: true, clockSkew + time.Minute: false} {
		times, err := observerTimes(new(protobundle.Bundle), []verify.TimestampVerificationResult{{Type: "Tlog", Timestamp: time.Now().Add(ahead)}})
		if (err == nil) != ok || (len(times) == 1) != ok {
			t.Errorf("%s ahead: got %v, %v", ahead, times, err)
		}
	}
}

// TestDocumentBounds: a document has at most maxDocument bytes and what go-tuf allows it, all of them together maxFetched.
func TestDocumentBounds(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n int64
		_, _ = fmt.Sscan(strings.TrimPrefix(r.URL.Path, "/"), &n)
		_, _ = io.CopyN(w, spaces{}, n)
	}))
	defer s.Close()
	for _, tt := range []struct {
		size, allowed, left int64
		ok                  bool
	}{
		{maxDocument - 1, 1 << 40, maxFetched, true}, {maxDocument, 1 << 40, maxFetched, true}, {maxDocument + 1, 1 << 40, maxFetched, false},
		{9, 10, maxFetched, true}, {10, 10, maxFetched, true}, {11, 10, maxFetched, false},
		{9, 1 << 40, 10, true}, {10, 1 << 40, 10, true}, {11, 1 << 40, 10, false},
	} {
		f := newFetcher(context.Background(), TUF{})
		f.left = tt.left
		raw, err := f.DownloadFile(fmt.Sprintf("%s/%d", s.URL, tt.size), tt.allowed, 0)
		if (err == nil) != tt.ok || tt.ok && (int64(len(raw)) != tt.size || f.left != tt.left-tt.size) {
			t.Errorf("%d bytes, %d allowed, %d left: got %d bytes, %d left, %v", tt.size, tt.allowed, tt.left, len(raw), f.left, err)
		}
	}
	if f := newFetcher(context.Background(), TUF{}); f.left != maxFetched || f.client.Timeout != 30*time.Second {
		t.Errorf("a fetcher starts with %d bytes and %s a request", f.left, f.client.Timeout)
	}
}

type spaces struct{}

func (spaces) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}

// TestRedirectAndTryBounds: five redirects are followed, a sixth is not; a busy server is asked three times.
func TestRedirectAndTryBounds(t *testing.T) {
	t.Parallel()
	var asked int
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		var n int
		_, _ = fmt.Sscan(strings.TrimPrefix(r.URL.Path, "/"), &n)
		switch {
		case n < 0:
			w.WriteHeader(http.StatusServiceUnavailable)
		case n > 0:
			http.Redirect(w, r, fmt.Sprintf("/%d", n-1), http.StatusFound)
		}
	}))
	defer s.Close()
	for n, ok := range map[int]bool{maxRedirects - 1: true, maxRedirects: true, maxRedirects + 1: false} {
		f := newFetcher(context.Background(), TUF{})
		f.pause = time.Millisecond
		if _, err := f.DownloadFile(fmt.Sprintf("%s/%d", s.URL, n), 10, 0); (err == nil) != ok {
			t.Errorf("%d redirects: got %v", n, err)
		}
	}
	asked = 0
	f := newFetcher(context.Background(), TUF{})
	f.pause = time.Millisecond
	if _, err := f.DownloadFile(s.URL+"/-1", 10, 0); err == nil || asked != tries {
		t.Errorf("a busy server: asked %d times, %v; want %d", asked, err, tries)
	}
}
