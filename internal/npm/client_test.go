package npm

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha512"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	manifestJSON     = `{"name":"@a/b","version":"1.0.0","dist":{"integrity":"sha512-x","tarball":"https://elsewhere.example/@a/b/-/b-1.0.0.tgz?token=x"}}`
	attestationsJSON = `{"attestations":[{"predicateType":"p","bundle":{}}]}`
)

var release = Spec{"@a/b", "1.0.0"}

// serve starts a registry and returns a client for it.
func serve(t *testing.T, o Options, h http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c, err := NewClient(server.URL, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// calls is every endpoint of a client, by Op.
func calls(c *Client, w io.Writer) map[string]func(context.Context) error {
	m := &Manifest{Dist: Dist{Tarball: "https://elsewhere.example/@a/b/-/b-1.0.0.tgz"}}
	return map[string]func(context.Context) error{
		"manifest":     func(ctx context.Context) error { _, _, err := c.Manifest(ctx, release); return err },
		"packument":    func(ctx context.Context) error { _, err := c.Packument(ctx, release.Name, w); return err },
		"attestations": func(ctx context.Context) error { _, _, err := c.Attestations(ctx, release, nil); return err },
		"tarball":      func(ctx context.Context) error { _, err := c.Tarball(ctx, m, w); return err },
		"keys":         func(ctx context.Context) error { _, err := c.Keys(ctx); return err },
	}
}

func TestClientEndpoints(t *testing.T) {
	t.Parallel()
	tarball := bytes.Repeat([]byte("\x1f\x8bpacked"), 50_000)
	packument := strings.Replace(goodPackument, `"name":"a"`, `"name":"@a/b"`, 1)
	bodies := map[string]string{
		"/base/@a%2fb/1.0.0": manifestJSON,
		"/base/@a%2fb":       packument,
		"/base/-/npm/v1/attestations/@a%2fb@1.0.0": attestationsJSON,
		"/base/-/npm/v1/keys":                      `{"keys":[]}`,
		"/@a/b/-/b-1.0.0.tgz":                      string(tarball),
		"/other/-/attestations/x":                  attestationsJSON,
	}
	var mu sync.Mutex
	seen := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		path, query, _ := strings.Cut(r.RequestURI, "?")
		if query == "" || seen[query] {
			t.Errorf("%s: query %q is not fresh", path, query)
		}
		seen[query] = true
		for header := range r.Header {
			switch header {
			case "Accept", "Accept-Encoding", "User-Agent":
			default:
				t.Errorf("%s: sends %s: %q", path, header, r.Header[header])
			}
		}
		if got := r.Header.Get("User-Agent"); got != "test/1" {
			t.Errorf("%s: got user agent %q", path, got)
		}
		body, ok := bodies[path]
		if !ok || r.Method != http.MethodGet {
			t.Errorf("asked for %s %s", r.Method, r.RequestURI)
		}
		io.WriteString(w, body)
	}))
	defer server.Close()
	c, err := NewClient(server.URL+"/base/", Options{UserAgent: "test/1"})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if m, raw, err := c.Manifest(ctx, release); err != nil || string(raw) != manifestJSON || m.Check(release) != nil {
		t.Errorf("manifest: got %q, %v", raw, err)
	}
	var saved bytes.Buffer
	if p, err := c.Packument(ctx, release.Name, &saved); err != nil || p.Check("@a/b") != nil || len(p.Versions) != 4 || saved.String() != packument {
		t.Errorf("packument: got %+v, %v, saved %q", p, err, saved.String())
	}
	if p, err := c.Packument(ctx, release.Name, nil); err != nil || len(p.Versions) != 4 {
		t.Errorf("packument, not saved: got %+v, %v", p, err)
	}
	if list, raw, err := c.Attestations(ctx, release, nil); err != nil || string(raw) != attestationsJSON || len(list.Entries) == 0 {
		t.Errorf("attestations: got %q, %v", raw, err)
	}
	// As pacote does: of the advertised URL only the path, on the registry's origin.
	for _, u := range []string{"https://evil.example/other/-/attestations/x", server.URL + "/other/-/attestations/x?y#z", "https://u:p@evil.example:1/other/-/attestations/x"} {
		if _, raw, err := c.Attestations(ctx, release, &AttestationsRef{URL: u}); err != nil || string(raw) != attestationsJSON {
			t.Errorf("attestations at %s: got %q, %v", u, raw, err)
		}
	}
	if raw, err := c.Keys(ctx); err != nil || string(raw) != `{"keys":[]}` {
		t.Errorf("keys: got %q, %v", raw, err)
	}
	m, err := ParseManifest([]byte(manifestJSON))
	if err != nil {
		t.Fatal(err)
	}
	want := TarballSum{sha512.Sum512(tarball), sha1.Sum(tarball), int64(len(tarball))}
	saved.Reset()
	if sum, err := c.Tarball(ctx, m, &saved); err != nil || sum != want || !bytes.Equal(saved.Bytes(), tarball) {
		t.Errorf("tarball: got %x, %v", sum.SHA512, err)
	}
	if sum, err := c.Tarball(ctx, m, nil); err != nil || sum != want {
		t.Errorf("tarball, not saved: got %x, %v", sum.SHA512, err)
	}
	if got := c.Requests(); got != 10 {
		t.Errorf("got %d requests, want 10", got)
	}
}

// What cannot be asked for is refused before a request is made.
func TestClientRefusesArguments(t *testing.T) {
	t.Parallel()
	c := serve(t, Options{}, func(w http.ResponseWriter, r *http.Request) { t.Errorf("asked for %s", r.RequestURI) })
	ctx := context.Background()
	errs := map[string]error{}
	for _, s := range []Spec{{}, {"a", ""}, {"../x", "1.0.0"}, {"a", "latest"}, {"a", "1.0.0/../x"}, {"a", "1.0.0?x"}} {
		_, _, errs["manifest "+s.String()] = c.Manifest(ctx, s)
		_, _, errs["attestations "+s.String()] = c.Attestations(ctx, s, nil)
		_, _, errs["attestations elsewhere "+s.String()] = c.Attestations(ctx, s, &AttestationsRef{URL: "https://x.example/a"})
	}
	_, errs["packument"] = c.Packument(ctx, "a/../b", nil)
	for _, u := range []string{"", "/a", "a", "https://h", "https://h/", "data:text/plain,x", "https://h//evil.example/x", "https://h/a/../b",
		"https://h/%2e%2e/b", "https://h/a\\b", "https://h/a%0d%0ab", "https://h/" + strings.Repeat("a", maxURL), "javascript:x", "https://h:x/a", "\x00"} {
		_, _, errs["attestations at "+u] = c.Attestations(ctx, release, &AttestationsRef{URL: u})
		_, errs["tarball at "+u] = c.Tarball(ctx, &Manifest{Dist: Dist{Tarball: u}}, nil)
	}
	for what, err := range errs {
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Kind != Wrong || e.Retryable() {
			t.Errorf("%.60q: got %v, want a *Error of kind wrong", what, err)
			continue
		}
		oneLine(t, err)
	}
}

func TestClientStatus(t *testing.T) {
	t.Parallel()
	date := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, c := range []struct {
		why        string
		status     int
		retryAfter string
		body       string
		kind       Kind
		wait       time.Duration
		says       string
	}{
		{"npm's 404", 404, "", `{"error":"Not found"}`, Absent, 0, `"Not found"`},
		{"a 404 that is a string", 404, "", `"version not found: 1.0.0"`, Absent, 0, "Not Found"},
		{"a 404 page", 404, "", "<html><script>::error::x</script>", Absent, 0, "Not Found"},
		{"an endless 404", 404, "", strings.Repeat("x", 1<<20), Absent, 0, "Not Found"},
		{"gone", 410, "", "", Absent, 0, "Gone"},
		{"too many requests", 429, "", `{"message":"slow down"}`, Busy, 0, "slow down"},
		{"seconds to wait", 429, "17", "", Busy, 17 * time.Second, ""},
		{"a date to wait for", 503, date.Add(90 * time.Second).Format(http.TimeFormat), "", Busy, 90 * time.Second, ""},
		{"a date gone by", 503, date.Add(-time.Hour).Format(http.TimeFormat), "", Busy, 0, ""},
		{"an hour to wait", 429, "3600", "", Busy, maxRetryAfter, ""},
		{"a year to wait", 429, date.AddDate(1, 0, 0).Format(http.TimeFormat), "", Busy, maxRetryAfter, ""},
		{"a wait beyond any number", 429, strings.Repeat("9", 40), "", Busy, maxRetryAfter, ""},
		{"a negative wait", 429, "-5", "", Busy, 0, ""},
		{"a wait that is a word", 429, "soon", "", Busy, 0, ""},
		{"request timeout", 408, "", "", Busy, 0, ""},
		{"too early", 425, "", "", Busy, 0, ""},
		{"an internal error", 500, "", "", Busy, 0, ""},
		{"a bad gateway", 502, "", "<html>", Busy, 0, ""},
		{"a gateway timeout", 504, "", "", Busy, 0, ""},
		{"the edge's own", 522, "", "", Busy, 0, ""},
		{"unauthorized", 401, "", "{}", Refused, 0, "Unauthorized"},
		{"forbidden", 403, "", "", Refused, 0, ""},
		{"bad request", 400, "", "", Refused, 0, ""},
		{"legal reasons", 451, "", "", Refused, 0, ""},
		{"no content", 204, "", "", Garbled, 0, ""},
		{"part of it", 206, "", manifestJSON, Garbled, 0, ""},
		{"not modified", 304, "", "", Garbled, 0, ""},
		{"a choice", 300, "", "", Garbled, 0, ""},
		{"a server's words", 404, "", `{"error":"a\n::error::b\u001b[31m` + strings.Repeat("c", 1000) + `"}`, Absent, 0, `a\n::error::b\x1b[31mccc`},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			client := serve(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Date", date.Format(http.TimeFormat))
				if c.retryAfter != "" {
					w.Header().Set("Retry-After", c.retryAfter)
				}
				w.WriteHeader(c.status)
				io.WriteString(w, c.body)
			})
			for op, call := range calls(client, nil) {
				err := call(context.Background())
				e, ok := errors.AsType[*Error](err)
				if !ok || e.Op != op || e.Status != c.status || e.Kind != c.kind || e.RetryAfter != c.wait || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%s: got %+v, want %v, %v, %q", op, e, c.kind, c.wait, c.says)
					continue
				}
				if want := c.kind != Refused; e.Retryable() != want {
					t.Errorf("%s: got retryable %v, want %v", op, e.Retryable(), want)
				}
				if strings.Contains(e.URL, "?") || !strings.HasPrefix(e.URL, "http://127.0.0.1:") {
					t.Errorf("%s: got URL %q", op, e.URL)
				}
				oneLine(t, err)
			}
		})
	}
}

func TestRetryAfterByOurClock(t *testing.T) {
	t.Parallel()
	h := http.Header{"Retry-After": {time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)}}
	if got := retryAfter(h); got < 55*time.Second || got > time.Minute {
		t.Errorf("got %v, want about a minute", got)
	}
}

func TestClientPace(t *testing.T) {
	t.Parallel()
	p := newPace(10)
	now := time.Now()
	var last time.Duration
	for i := range 30 {
		last = p.reserve(now)
		if i < 10 && last != 0 {
			t.Errorf("request %d waits %v, want none in the first burst", i, last)
		}
	}
	if last != 2*time.Second {
		t.Errorf("request 29 waits %v, want 2s", last)
	}
	if got := p.reserve(now.Add(time.Hour)); got != 0 {
		t.Errorf("after an hour: waits %v, want none", got)
	}
	if newPace(0).interval != 0 {
		t.Error("no rate: want no bound")
	}
	if slow := newPace(0.5); slow.reserve(now) != 0 || slow.reserve(now) != 2*time.Second {
		t.Error("one request in two seconds: want the second to wait 2s")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c := serve(t, Options{RatePerSecond: 0.001}, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(404) })
	c.Keys(context.Background())
	done, stop := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer stop()
	for want, ctx := range map[error]context.Context{context.Canceled: ctx, context.DeadlineExceeded: done} {
		_, err := c.Keys(ctx)
		e, ok := errors.AsType[*Error](err)
		if !ok || !errors.Is(err, want) || e.Retryable() {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	if got := c.Requests(); got != 1 {
		t.Errorf("got %d requests, want 1", got)
	}
}

func TestClientHTTP2(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"keys":[],"proto":%q}`, r.Proto)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	transport := newTransport()
	c, err := NewClient(server.URL, Options{HTTP: &http.Client{Transport: transport}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Keys(context.Background())
	if e, ok := errors.AsType[*Error](err); !ok || e.Kind != Unreachable || !e.Retryable() || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate of nobody we know: got %v", err)
	}
	transport.TLSClientConfig.RootCAs = server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	raw, err := c.Keys(context.Background())
	if err != nil || !strings.Contains(string(raw), `HTTP/2.0`) {
		t.Errorf("got %q, %v, want HTTP/2.0", raw, err)
	}
	if plain, err := NewClient(PublicRegistry, Options{}); err != nil || plain.transport.(*http.Transport).Proxy == nil || plain.timeout != defaultRequestTimeout {
		t.Errorf("got %+v, %v, want the environment's proxy and the default timeout", plain, err)
	}
	if own, err := NewClient(PublicRegistry, Options{RequestTimeout: 7 * time.Second}); err != nil || own.timeout != 7*time.Second {
		t.Errorf("got %+v, %v, want the timeout that was asked for", own, err)
	}
	if _, err := NewClient("http://npm.example", Options{}); err == nil {
		t.Error("plain http elsewhere: got no error")
	}
}
