package sigstore

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
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
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
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
		asked.Store(0)
		raw, err := f.DownloadFile(fmt.Sprintf("%s/%d", s.URL, tt.size), tt.allowed, 0)
		if (err == nil) != tt.ok || tt.ok && (int64(len(raw)) != tt.size || f.left != tt.left-tt.size) {
			t.Errorf("%d bytes, %d allowed, %d left: got %d bytes, %d left, %v", tt.size, tt.allowed, tt.left, len(raw), f.left, err)
		}
		if n := asked.Load(); n != 1 {
			t.Errorf("%d bytes, %d allowed: asked %d times, want once: more bytes do not become fewer", tt.size, tt.allowed, n)
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
			w.WriteHeader(-n)
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
	for status, want := range map[int]int{http.StatusInternalServerError: tries, http.StatusServiceUnavailable: tries,
		http.StatusTooManyRequests: tries, http.StatusNotFound: 1, http.StatusForbidden: 1, 499: 1} {
		asked = 0
		f := newFetcher(context.Background(), TUF{})
		f.pause = time.Millisecond
		if _, err := f.DownloadFile(fmt.Sprintf("%s/-%d", s.URL, status), 10, 0); err == nil || asked != want {
			t.Errorf("status %d: asked %d times, %v; want %d", status, asked, err, want)
		}
	}
}

// TestCertificateWithoutASubject: what names nobody is refused, however it comes to name nobody.
func TestCertificateWithoutASubject(t *testing.T) {
	t.Parallel()
	if c, err := readCertificate(&x509.Certificate{}); c != nil || kindOf(err) != Invalid || !strings.Contains(err.Error(), "no subject alternative name") {
		t.Errorf("no extension: got %v, %v", c, err)
	}
	uri := []byte("\x30\x05\x86\x03a:b")
	issuer := pkix.Extension{Id: append(slices.Clone(oidFulcio), 8), Value: append([]byte{0x0c, byte(len(githubIssuer))}, githubIssuer...)}
	without := &x509.Certificate{Extensions: []pkix.Extension{{Id: oidSubjectAltName, Value: uri}, issuer}}
	if c, err := readCertificate(without); err != nil || c.SAN != "a:b" || c.Issuer != githubIssuer || c.BuildSignerURI != "" {
		t.Errorf("without the extension that repeats the subject: got %+v, %v", c, err)
	}
	for _, tt := range []struct {
		der  []byte
		kind Kind
	}{
		{uri, 0},
		{append(slices.Clone(uri), 0), Malformed},
		{uri[:len(uri)-1], Malformed},
		{[]byte("\x30\x00"), Invalid},
		{[]byte("\x30\x05\x06\x03a:b"), Invalid},
		{[]byte("\x30\x05\x81\x03a@b"), Invalid},
		{nil, Malformed},
	} {
		if got, err := onlyURI(tt.der); kindOf(err) != tt.kind || (got == "a:b") != (tt.kind == 0) {
			t.Errorf("%x: got %q, %v; want %v", tt.der, got, err, tt.kind)
		}
	}
}

// TestStatementOfWrongTypes: a statement whose parts are of other types than they must be is malformed, each for itself.
func TestStatementOfWrongTypes(t *testing.T) {
	t.Parallel()
	good := `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"x","digest":{"sha512":"ab"}}],"predicateType":"y","predicate":{}}`
	if _, err := parseStatement([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{`"https://in-toto.io/Statement/v1"`, `1`}, {`[{"name":"x","digest":{"sha512":"ab"}}]`, `{}`}, {`"predicateType":"y"`, `"predicateType":[]`},
		{`{"name":"x","digest":{"sha512":"ab"}}`, `"x"`}, {`"name":"x"`, `"name":{}`}, {`{"sha512":"ab"}`, `"ab"`}, {`"sha512":"ab"`, `"sha512":7`},
		{`"predicate":{}`, `"predicate":"{}"`}, {good, `null`}, {good, `"x"`}, {good, ``},
	} {
		got, err := parseStatement([]byte(strings.Replace(good, change[0], change[1], 1)))
		if got != nil || kindOf(err) != Malformed {
			t.Errorf("%s as %s: got %v, %v; want malformed", change[0], change[1], got, err)
		}
	}
}

// TestFetcherFailures: what ends a fetch, and whether it is tried again.
func TestFetcherFailures(t *testing.T) {
	t.Parallel()
	if f := newFetcher(context.Background(), TUF{HTTP: &http.Client{}}); f.client.Timeout != 30*time.Second {
		t.Errorf("a client without a timeout of its own: got %s", f.client.Timeout)
	}
	if f := newFetcher(context.Background(), TUF{HTTP: &http.Client{Timeout: time.Second}}); f.client.Timeout != time.Second {
		t.Errorf("a client with a timeout of its own: got %s", f.client.Timeout)
	}
	if raw, err := newFetcher(context.Background(), TUF{}).DownloadFile("\x00", 10, 0); err == nil || raw != nil {
		t.Errorf("no URL: got %q, %v", raw, err)
	}
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Path == "/busy" {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Length", "9")
		_, _ = io.WriteString(w, "cut")
	}))
	defer s.Close()
	f := newFetcher(context.Background(), TUF{})
	f.pause = time.Millisecond
	if raw, err := f.DownloadFile(s.URL+"/cut", 10, 0); err == nil || raw != nil || asked.Load() != tries {
		t.Errorf("cut short: asked %d times, got %q, %v", asked.Load(), raw, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	f = newFetcher(ctx, TUF{})
	f.pause = time.Hour
	if raw, err := f.DownloadFile(s.URL+"/busy", 10, 0); raw != nil || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ended while it waits: got %q, %v", raw, err)
	}
}

// TestNamesAreExact: a key of the log signs under the log's name, a subject is ASCII, an extension is a UTF8String.
func TestNamesAreExact(t *testing.T) {
	t.Parallel()
	keys := logKeys{name: "rekor.example", hashes: []uint32{7}}
	for _, tt := range []struct {
		name string
		hash uint32
		ok   bool
	}{{"rekor.example", 7, true}, {"rekor.example", 8, false}, {"rekor.example.", 7, false}, {"", 7, false}} {
		if v, err := keys.Verifier(tt.name, tt.hash); (err == nil) != tt.ok || (v != nil) != tt.ok {
			t.Errorf("%q %d: got %v, %v", tt.name, tt.hash, v, err)
		}
	}
	for _, c := range []byte{0, ' ', 0x7f, 0x80, 0xff} {
		if got, err := onlyURI([]byte{0x30, 5, 0x86, 3, 'a', c, 'b'}); err == nil {
			t.Errorf("%x in a subject: got %q", c, got)
		}
	}
	for first, ok := range map[byte]bool{0x0c: true, 0x8c: false, 0x4c: false, 0x2c: false, 0x13: false, 0x04: false} {
		if got, err := extensionText(9, []byte{first, 1, 'a'}); (err == nil) != ok || (got == "a") != ok {
			t.Errorf("an extension that begins with %x: got %q, %v", first, got, err)
		}
	}
	for n, ok := range map[int]bool{1: false, 6: false, 9: false, 22: false, 23: true, 24: true} {
		value := []byte{0x0c, 0}
		if n < 8 {
			value = nil
		}
		if got, err := extensionText(n, value); (err == nil) != ok || got != "" {
			t.Errorf("extension .%d, empty: got %q, %v", n, got, err)
		}
	}
}

// TestOneLineBound: text from outside is cut where it must be, and nowhere before.
func TestOneLineBound(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", " a": "a", "  a \n b ": "a b", "\na": "a", "aaaaa": "aaaaa", "aaaaaa": "aaaaaa", "aaaaaaaaaa": "aaaaaa…", "a\x00b": "a?b", "é": "é",
	} {
		if got := oneLine(text, 10); got != want || len(got) > 10 {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	for _, u := range []string{"http://tuf.example", "https://a:b@tuf.example", "\x00", "ftp://tuf.example", "https://"} {
		if m, err := (TUF{URL: u}).Fetch(context.Background(), ""); m != nil || kindOf(err) != Malformed || strings.Contains(err.Error(), "a:b") {
			t.Errorf("%q: got %v, %v; want malformed", u, m, err)
		}
	}
	log := &root.TransparencyLog{ValidityPeriodStart: time.Unix(0, 0)}
	if got := validity(log); got != "from 1970-01-01T00:00:00Z" {
		t.Errorf("got %q", got)
	}
	log.ValidityPeriodEnd = time.Unix(1, 0)
	if got := validity(log); got != "from 1970-01-01T00:00:00Z to 1970-01-01T00:00:01Z" {
		t.Errorf("got %q", got)
	}
}
