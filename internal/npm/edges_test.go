package npm

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"verify-npm-release/internal/lab"
)

// TestKindsOfFailure: what a broken body is called, so that asking again or not follows from it.
func TestKindsOfFailure(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for _, tt := range []struct {
		err    error
		parent context.Context
		want   Kind
		text   string
	}{
		{flate.CorruptInputError(3), context.Background(), Garbled, "cannot be unpacked"},
		{fmt.Errorf("read: %w", flate.CorruptInputError(3)), context.Background(), Garbled, "cannot be unpacked"},
		{gzip.ErrHeader, context.Background(), Garbled, "cannot be unpacked"},
		{gzip.ErrChecksum, context.Background(), Garbled, "cannot be unpacked"},
		{io.ErrUnexpectedEOF, context.Background(), Unreachable, "cut short after 7 bytes"},
		{io.EOF, context.Background(), Unreachable, "cut short after 7 bytes"},
		{errEmpty, context.Background(), Absent, "empty"},
		{errors.New("no route"), context.Background(), Unreachable, "no route"},
		{errors.New("no route"), ended, Unreachable, "context canceled"},
		{wrong("manifest", "is odd"), ended, Wrong, "is odd"},
		{garbled("manifest", "is odd"), ended, Garbled, "is odd"},
	} {
		a := &answer{op: "manifest", asked: &url.URL{Scheme: "https", Host: "x.example"}, parent: tt.parent, read: 7}
		var got *Error
		if err := a.fail(tt.err); !errors.As(err, &got) || got.Kind != tt.want || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%v: got %v (%v), want %v with %q", tt.err, err, got.Kind, tt.want, tt.text)
		}
	}
}

func TestKindNames(t *testing.T) {
	t.Parallel()
	for k, want := range map[Kind]string{-1: "Kind(-1)", 0: "Kind(0)", Absent: "absent", Wrong: "wrong", Unwritable: "unwritable", Unwritable + 1: "Kind(8)"} {
		if got := k.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for k, want := range map[SignatureKind]string{-1: "SignatureKind(-1)", 0: "SignatureKind(0)", SignatureMissing: "missing", SignatureTimeUnknown: "time-unknown", SignatureTimeUnknown + 1: "SignatureKind(8)"} {
		if got := k.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestOwnPathBound(t *testing.T) {
	t.Parallel()
	c, err := NewClient("https://registry.example", Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{maxURL - 1, maxURL, maxURL + 1} {
		text := "https://other.example/"
		text += strings.Repeat("a", n-len(text))
		u, err := c.ownPath(text)
		if (err == nil) != (n <= maxURL) || err == nil && u.Host != "registry.example" {
			t.Errorf("an address of %d bytes: got %v, %v", n, u, err)
		}
	}
	if u, err := c.ownPath("https://other.example/a"); err != nil || u.String() != "https://registry.example/a" {
		t.Errorf("a path of one letter: got %v, %v", u, err)
	}
}

// TestKeysOfOtherKinds: a key is npm's only kind in every word, or it is left out.
func TestKeysOfOtherKinds(t *testing.T) {
	t.Parallel()
	good, other := lab.NewSigningKey(), lab.NewSigningKey()
	for _, field := range []string{"/keys/1/keytype", "/keys/1/scheme"} {
		for _, value := range []any{"ssh-ed25519", "", nil} {
			set, err := ParseKeys(lab.Edit(lab.KeysAPI(good, other), lab.Set(field, value)))
			if err != nil || len(set.Keys) != 1 || set.Unsupported != 1 {
				t.Errorf("%s %v: got %+v, %v", field, value, set, err)
			}
		}
	}
}

func TestRetryAfterBound(t *testing.T) {
	t.Parallel()
	const most = int(maxRetryAfter / time.Second)
	for text, want := range map[string]time.Duration{
		"": 0, "0": 0, "1": time.Second, "-1": 0, "soon": 0, strconv.Itoa(most - 1): maxRetryAfter - time.Second, strconv.Itoa(most): maxRetryAfter,
		strconv.Itoa(most + 1): maxRetryAfter, "9223372037": maxRetryAfter, "18446744073709551615": maxRetryAfter, "18446744073709551616": maxRetryAfter,
	} {
		if got := retryAfter(http.Header{"Retry-After": {text}}); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

// TestManifestsAtTheirEdges: a manifest with one of the two things that make it one.
func TestManifestsAtTheirEdges(t *testing.T) {
	t.Parallel()
	answer, agent := "", ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		agent = r.UserAgent()
		w.Header().Set("Content-Encoding", "Identity") // which is none
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	c, err := NewClient(s.URL, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for body, ok := range map[string]bool{
		`{"name":"demo","version":"1.0.0","dist":{"integrity":"x"}}`: true,
		`{"version":"1.0.0","dist":{"integrity":"x"}}`:               false,
		`{"name":"demo","dist":{"integrity":"x"}}`:                   false,
	} {
		answer = body
		if _, _, err := c.Manifest(context.Background(), Spec{"demo", "1.0.0"}); (err == nil) != ok {
			t.Errorf("%s: got %v, want success %v", body, err, ok)
		}
	}
	if agent != "verify-npm-release" {
		t.Errorf("got user agent %q", agent)
	}
	for dist, ok := range map[string]bool{`{"tarball":"https://x.example/a"}`: true, `{"integrity":"sha512-x"}`: true, `{}`: false, `{"shasum":"x"}`: false} {
		answer = `{"name":"demo","version":"1.0.0","dist":` + dist + `}`
		if _, _, err := c.Manifest(context.Background(), Spec{"demo", "1.0.0"}); (err == nil) != ok {
			t.Errorf("a manifest with dist %s: %v", dist, err)
		}
	}
	for _, err := range []error{&networkError{io.ErrClosedPipe}, &writeError{io.ErrClosedPipe}} {
		if !errors.Is(err, io.ErrClosedPipe) || !strings.Contains(err.Error(), io.ErrClosedPipe.Error()) || strings.Contains(err.Error(), `"`) {
			t.Errorf("%T: got %v, want its cause", err, err)
		}
	}
	if got := (&networkError{errors.New("a\nb")}).Error(); got != `"a\nb"` {
		t.Errorf("got %s, want it quoted", got)
	}
	if got, want := (&Error{Op: "keys"}).Error(), "get keys"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	e := &Error{Op: "keys", URL: "https://x.example/k", Status: 418, Err: errors.New("tea")}
	if got, want := e.Error(), "get keys from https://x.example/k: status 418: tea"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestBrokenKeysAreNamed: each part of a key that is broken is an error of its own, in both shapes.
func TestBrokenKeysAreNamed(t *testing.T) {
	t.Parallel()
	good := lab.NewSigningKey()
	for _, tt := range []struct {
		raw   []byte
		field string
		value any
		want  string
	}{
		{lab.KeysJSON(good), "/keys/0/publicKey/validFor/start", "soon", "RFC 3339"},
		{lab.KeysJSON(good), "/keys/0/publicKey/validFor/end", "soon", "RFC 3339"},
		{lab.KeysJSON(good), "/keys/0/publicKey/validFor/start", "0001-01-01T00:00:00Z", "RFC 3339"},
		{lab.KeysJSON(good), "/keys/0/publicKey/rawBytes", "%", "is not base64"},
		{lab.KeysJSON(good), "/keys/0/publicKey/rawBytes", "AAAA", "is not a public key"},
		{lab.KeysAPI(good), "/keys/0/expires", "soon", "RFC 3339"},
		{lab.KeysAPI(good), "/keys/0/key", "%", "is not base64"},
		{lab.KeysAPI(good), "/keys/0/key", "AAAA", "is not a public key"},
	} {
		set, err := ParseKeys(lab.Edit(tt.raw, lab.Set(tt.field, tt.value)))
		if set != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %v: got %+v, %v; want %q", tt.field, tt.value, set, err, tt.want)
		}
	}
}

// TestSpecsAndPathsAtTheirEdges: the longest, the shortest, and the first that is not.
func TestSpecsAndPathsAtTheirEdges(t *testing.T) {
	t.Parallel()
	const most = maxName + maxVersion + 16
	for n, ok := range map[int]bool{most: true, most + 1: false} {
		name := strings.Repeat("a", maxName) + "@1.0.0-" + strings.Repeat("b", maxVersion-len("1.0.0-"))
		_, err := ParseSpec(name + strings.Repeat("/", n-len(name)))
		if (err == nil) != ok {
			t.Errorf("a spec of %d bytes: %v", n, err)
		}
	}
	for text, ok := range map[string]bool{"x@v": false, "x@1": false, "x@v1.0.0": true, "x@V1.0.0": true, "x@=1.0.0": true, "x@vv1.0.0": false, "x@v ": false} {
		if _, err := ParseSpec(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
	for path, ok := range map[string]bool{
		"/a b": true, "/a\x1f": false, "/a\x7f": false, "/a\\b": false, "/a/./b": false, "/a/../b": false, "/a//b": false, "/a/": false, "/a": true, "": true,
		"/" + strings.Repeat("a", maxURL-1): true, "/" + strings.Repeat("a", maxURL): false,
	} {
		if err := plainPath(&url.URL{Path: path}); (err == nil) != ok {
			t.Errorf("%.20q, %d bytes: %v", path, len(path), err)
		}
	}
	for der, ok := range map[string]bool{
		"\x30\x06\x02\x01\x01\x02\x01\x01": true, "\x30\x06\x02\x01\x00\x02\x01\x01": false, "\x30\x06\x02\x01\x01\x02\x01\x00": false,
		"\x30\x06\x02\x01\xff\x02\x01\x01": false, "\x30\x06\x02\x01\x01\x02\x01\xff": false, "\x30\x03\x02\x01\x01": false, "": false,
	} {
		if _, err := parseSignature(base64.StdEncoding.EncodeToString([]byte(der))); (err == nil) != ok {
			t.Errorf("the signature %x: %v", der, err)
		}
	}
	if e := (&timeoutError{"late"}); !e.Timeout() || e.Error() != "late" {
		t.Errorf("a timeout says %q, %t", e.Error(), e.Timeout())
	}
}
