package npm

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var documents = []string{"attestations", "keys", "manifest", "packument"}

// hijack answers with raw bytes and then ends the connection; reset ends it hard.
func hijack(t *testing.T, answer string, reset bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(conn, answer)
		if reset {
			conn.(*net.TCPConn).SetLinger(0)
		}
		conn.Close()
	}
}

func zipped(body string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, body)
	w.Close()
	return b.String()
}

func TestClientFaults(t *testing.T) {
	t.Parallel()
	all := append([]string{"tarball"}, documents...)
	ok := func(header, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if name, value, found := strings.Cut(header, ": "); found {
				w.Header().Set(name, value)
			}
			io.WriteString(w, body)
		}
	}
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusFound)
		}
	}
	for _, c := range []struct {
		why     string
		handler http.HandlerFunc
		ops     []string
		kind    Kind
		text    string
	}{
		{"a page for a document", ok("Content-Type: text/html", "<!doctype html><title>Just a moment</title>"), all, Garbled, ""},
		{"a page after a byte order mark", ok("", "\ufeff <html>"), all, Garbled, ""},
		{"an error for a document", ok("", `{"error":"Not found"}`), all, Garbled, ""},
		{"nothing", ok("", ""), all, Garbled, ""},
		{"only spaces", ok("", "\n\n"), all, Garbled, ""},
		{"null", ok("", "null"), documents, Garbled, "not a JSON object"},
		{"a list", ok("", "[]"), documents, Garbled, "not a JSON object"},
		{"half a document", ok("", manifestJSON[:60]), documents, Garbled, "not JSON"},
		{"a manifest without dist", ok("", `{"name":"@a/b","version":"1.0.0"}`), []string{"manifest"}, Garbled, "dist"},
		{"two documents", ok("", `{"name":"a","keys":[]}{}`), []string{"attestations", "keys", "manifest", "packument"}, Garbled, ""},
		{"bytes that are not UTF-8", ok("", "{\"name\":\"\xff\xfe\"}"), documents, Garbled, "not UTF-8"},
		{"duplicate keys", ok("", `{"name":"a","x":"","x":""}`), documents, Wrong, "names a key twice"},
		{"deep nesting", ok("", `{"x":`+strings.Repeat(`[`, 5000)+strings.Repeat(`]`, 5000)+`}`), documents, Wrong, "nested deeper"},
		{"a huge number for a name", ok("", `{"name":1e999999999,"latest":1e99999,"keys":1e999,"attestations":1e9}`), []string{"attestations", "manifest"}, Wrong, "wrong type"},
		{"an empty list of attestations", ok("", `{"attestations":[]}`), []string{"attestations"}, Absent, "empty"},
		{"a compression nobody asked for", ok("Content-Encoding: br", "\x0b\x02"), all, Garbled, "br"},
		{"gzip that is not gzip", ok("Content-Encoding: gzip", "plain text, and long enough for a header"), documents, Garbled, ""},
		{"gzip cut short", ok("Content-Encoding: gzip", zipped(manifestJSON + strings.Repeat(" ", 100))[:60]), documents, Unreachable, "cut short"},
		{"a gzip of a tarball that is labelled so", ok("Content-Encoding: gzip", zipped("x")), []string{"tarball"}, Garbled, "gzip"},

		{"fewer bytes than announced", hijack(t, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"+`{"name":"@a/b"`, false), all, 0, ""},
		{"a tarball cut before it begins", hijack(t, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", false), []string{"tarball"}, Unreachable, "cut short after 0 bytes"},
		{"a tarball cut short", hijack(t, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n\x1f\x8b\x08", false), []string{"tarball"}, Unreachable, "cut short after 3 bytes"},
		{"a long tarball cut short", hijack(t, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n\x1f\x8b"+strings.Repeat("x", 198), false), []string{"tarball"}, Unreachable, "cut short after 200 bytes"},
		// What is too much spoils the next answer where the connection was used again before it was noticed.
		{"more bytes than announced", hijack(t, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"+manifestJSON, false), documents, 0, ""},
		{"a chunk cut short", hijack(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\n\x1f\x8b", false), []string{"tarball"}, Unreachable, "cut short"},
		{"two lengths", hijack(t, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Length: 10\r\n\r\n"+manifestJSON, false), all, Unreachable, ""},
		{"no answer", hijack(t, "", false), all, Unreachable, ""},
		{"a reset", hijack(t, "", true), all, Unreachable, ""},
		{"half the headers", hijack(t, "HTTP/1.1 200 OK\r\nContent-", false), all, Unreachable, ""},
		{"another protocol", hijack(t, "SSH-2.0-\x1b[31m\n::error::x\r\n\r\n", false), all, Unreachable, ""},
		{"headers without end", hijack(t, "HTTP/1.1 200 OK\r\n"+strings.Repeat("X-Header: "+strings.Repeat("a", 1000)+"\r\n", 200)+"\r\n", false), all, Unreachable, ""},

		{"a redirect to another host", redirect("https://evil.example/x"), all, Wrong, "evil.example"},
		{"a redirect to another port", redirect("http://127.0.0.1:1/x"), all, Wrong, "another origin"},
		{"a redirect without a scheme", redirect("//evil.example/x"), all, Wrong, "evil.example"},
		{"a redirect to a file", redirect("file:///etc/passwd"), all, Wrong, "another origin"},
		{"a redirect nowhere", redirect(""), all, Wrong, "not a URL"},
		{"a redirect to what is no URL", redirect("http://[::1"), all, Wrong, "not a URL"},
		{"a redirect to a very long URL", redirect("/" + strings.Repeat("a", maxURL)), all, Wrong, "not a URL"},
		{"a redirect loop", redirect("/loop"), all, Wrong, "for the 6th time"},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			client := serve(t, Options{}, c.handler)
			every := calls(client, nil)
			for _, op := range c.ops {
				err := every[op](context.Background())
				e, isError := errors.AsType[*Error](err)
				switch {
				case !isError:
					t.Errorf("%s: got %v, want a *Error", op, err)
				case c.kind == 0 && e.Kind != Unreachable && e.Kind != Garbled, c.kind != 0 && e.Kind != c.kind:
					t.Errorf("%s: got %v (%v), want %v", op, e.Kind, err, c.kind)
				case !strings.Contains(err.Error(), c.text):
					t.Errorf("%s: got %v, want %q in it", op, err, c.text)
				default:
					oneLine(t, err)
				}
			}
		})
	}
}

func TestClientRedirects(t *testing.T) {
	t.Parallel()
	var hops atomic.Int64
	var host string
	c := serve(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery == "" {
			t.Errorf("%s: no fresh query", r.URL)
		}
		if n := hops.Add(1); n <= maxRedirects {
			w.Header().Set("Location", map[bool]string{true: fmt.Sprintf("/hop%d", n), false: fmt.Sprintf("http://%s/hop%d?n", host, n)}[n%2 == 0])
			w.WriteHeader([]int{301, 302, 303, 307, 308}[n-1])
			return
		}
		io.WriteString(w, `{"keys":[]}`)
	})
	host = c.base.Host
	if _, err := c.Keys(context.Background()); err != nil {
		t.Errorf("%d redirects: %v", maxRedirects, err)
	}
	if got := c.Requests(); got != maxRedirects+1 {
		t.Errorf("got %d requests, want %d", got, maxRedirects+1)
	}
	long := "/" + strings.Repeat("a", maxURL-len("/?from=me")) + "?from=me"
	kept := serve(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/-/npm/v1/keys" {
			w.Header().Set("Location", long)
			w.WriteHeader(http.StatusFound)
			return
		}
		if r.RequestURI != long {
			t.Errorf("redirected to %.40s…, want the address that was given", r.RequestURI)
		}
		io.WriteString(w, `{"keys":[]}`)
	})
	if _, err := kept.Keys(context.Background()); err != nil {
		t.Errorf("a redirect as long as may be: %v", err)
	}
	for from, same := range map[string]bool{
		"https://npm.example": true, "https://NPM.example:443/x": true, "http://npm.example": false,
		"https://npm.example:444": false, "https://npm.example.evil": false,
	} {
		a, err := http.NewRequest("GET", from, nil)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := http.NewRequest("GET", "https://npm.example/y", nil)
		if got := origin(a.URL) == origin(b.URL); got != same {
			t.Errorf("%s is the origin of https://npm.example: got %v, want %v", from, got, same)
		}
	}
}

func TestClientUnreachable(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for why, registry := range map[string]string{"a port nobody listens on": closed.URL, "a name that does not resolve": "https://registry.invalid"} {
		c, err := NewClient(registry, Options{RequestTimeout: 5 * time.Second, HTTP: &http.Client{Transport: &http.Transport{}}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Keys(context.Background())
		if e, ok := errors.AsType[*Error](err); !ok || e.Kind != Unreachable || !e.Retryable() || e.Status != 0 {
			t.Errorf("%s: got %v, want kind unreachable", why, err)
		} else {
			oneLine(t, err)
		}
	}
}

type full struct{ room int }

func (f *full) Write(b []byte) (int, error) {
	if f.room -= len(b); f.room < 0 {
		return 0, errors.New("disk full")
	}
	return len(b), nil
}

func TestClientUnwritable(t *testing.T) {
	t.Parallel()
	client := serve(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".tgz") {
			io.WriteString(w, "\x1f\x8b"+strings.Repeat("x", 1<<20))
			return
		}
		io.WriteString(w, strings.Replace(goodPackument, `"x":true`, `"x":"`+strings.Repeat("x", 1<<20)+`"`, 1))
	})
	for _, room := range []int{0, 100, 300_000} {
		for _, op := range []string{"packument", "tarball"} {
			err := calls(client, &full{room})[op](context.Background())
			if e, ok := errors.AsType[*Error](err); !ok || e.Kind != Unwritable || e.Retryable() || !strings.Contains(err.Error(), "disk full") {
				t.Errorf("%s with room for %d bytes: got %v, want kind unwritable", op, room, err)
			}
		}
	}
}

func TestKindString(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for k := Absent; k <= Unwritable; k++ {
		seen[k.String()] = true
	}
	if len(seen) != 7 || seen[""] || Kind(0).String() != "Kind(0)" || Kind(8).String() != "Kind(8)" {
		t.Errorf("got %v", slices.Sorted(maps.Keys(seen)))
	}
	seen = map[string]bool{}
	for k := SignatureMissing; k <= SignatureTimeUnknown; k++ {
		seen[k.String()] = true
	}
	if len(seen) != 7 || seen[""] || SignatureKind(0).String() != "SignatureKind(0)" {
		t.Errorf("got %v", slices.Sorted(maps.Keys(seen)))
	}
}
