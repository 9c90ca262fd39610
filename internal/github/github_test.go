package github

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const token = "ghs_0123456789012345678901234567890123456"

// api serves fixed answers by path, and counts requests.
type api struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*http.Request
}

func serve(t *testing.T, answers map[string]http.HandlerFunc) *api {
	t.Helper()
	a := &api{}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.requests = append(a.requests, r)
		a.mu.Unlock()
		for _, path := range []string{r.URL.RequestURI(), r.URL.EscapedPath()} {
			if h := answers[path]; h != nil {
				h(w, r)
				return
			}
		}
		names("secrets")(w, r)
	}))
	t.Cleanup(a.Close)
	return a
}

// names answers with a whole list.
func names(key string, list ...string) http.HandlerFunc { return page(key, len(list), "", list...) }

func page(key string, total int, link string, list ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if link != "" {
			w.Header().Set("Link", link)
		}
		items := []string{}
		for _, n := range list {
			items = append(items, fmt.Sprintf(`{"name":%q,"created_at":"2026-01-01T00:00:00Z"}`, n))
		}
		fmt.Fprintf(w, `{"total_count":%d,%q:[%s]}`, total, key, strings.Join(items, ","))
	}
}

func status(code int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		fmt.Fprint(w, body)
	}
}

func client(t *testing.T, base string) *Client {
	t.Helper()
	c, err := New(Options{BaseURL: base, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	c.sleep = func(context.Context, time.Duration) error { return nil }
	return c
}

const repo = "/repos/acme/demo"

func TestSecrets(t *testing.T) {
	t.Parallel()
	a := serve(t, map[string]http.HandlerFunc{
		"/api/v3" + repo + "/actions/secrets":                page("secrets", 3, `</api/v3`+repo+`/actions/secrets?page=2>; rel="next", <x>; rel="last"`, "NPM_TOKEN", "A"),
		"/api/v3" + repo + "/actions/secrets?page=2":         page("secrets", 3, "", "Z"),
		"/api/v3" + repo + "/actions/organization-secrets":   names("secrets", "ORG_NPM_TOKEN"),
		"/api/v3" + repo + "/dependabot/secrets":             names("secrets"),
		"/api/v3" + repo + "/environments":                   names("environments", "npm", "a/b c"),
		"/api/v3" + repo + "/environments/npm/secrets":       names("secrets", "NODE_AUTH_TOKEN"),
		"/api/v3" + repo + "/environments/a%2Fb%20c/secrets": names("secrets", "X"),
	})
	var got []string
	for _, s := range client(t, a.URL+"/api/v3/").Secrets(context.Background(), "acme/demo") {
		got = append(got, fmt.Sprintf("%s %s %v %v", s.Kind, s.Environment, s.Names, s.Unknown))
	}
	want := []string{
		"repository  [A NPM_TOKEN Z] <nil>", "organization  [ORG_NPM_TOKEN] <nil>", "dependabot  [] <nil>",
		"environment a/b c [X] <nil>", "environment npm [NODE_AUTH_TOKEN] <nil>",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, r := range a.requests {
		if r.Header.Get("Authorization") != "Bearer "+token || r.Header.Get("User-Agent") == "" || r.Header.Get("X-Github-Api-Version") != "2022-11-28" || r.Header.Get("Accept") != "application/vnd.github+json" {
			t.Errorf("%s was asked with headers %v", r.URL, r.Header)
		}
	}
}

// TestUnknown gives the repository's store one answer that is not the list: it
// is never an empty list, and never names the token.
func TestUnknown(t *testing.T) {
	t.Parallel()
	other := serve(t, nil)
	path := repo + "/actions/secrets"
	endless := func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("page"))
		page("secrets", 5000, fmt.Sprintf(`<%s?page=%d>; rel="next"`, path, n+1), fmt.Sprintf("S%d", n))(w, r)
	}
	for _, row := range []struct {
		name    string
		answer  http.HandlerFunc
		status  int
		reason  string
		missing string
	}{
		{"an App or GITHUB_TOKEN without the permission", status(403, `{"message":"Resource not accessible by integration"}`, "X-Accepted-GitHub-Permissions", "secrets=read"), 403, "Resource not accessible by integration", "secrets=read"},
		{"a bad token", status(401, `{"message":"Bad credentials"}`), 401, "does not accept the token", ""},
		{"a private repository", status(404, `{"message":"Not Found"}`), 404, "not found", ""},
		{"a server error", status(502, "<html>"), 502, "status 502", ""},
		{"a message that repeats the token", status(403, `{"message":"bad `+token+`"}`), 403, "bad ****", ""},
		{"a message of many lines", status(403, `{"message":"a\n::error::b\u001b[31m"}`), 403, `"a::error::b[31m"`, ""},
		{"a rate limit until far away", status(403, `{}`, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "99999999999"), 403, "rate limit", ""},
		{"a rate limit again and again", status(429, `{}`, "Retry-After", "30"), 429, "rate limit", ""},
		{"a redirect to another host", status(301, "", "Location", other.URL+"/x"), 301, "redirects", ""},
		{"a redirect on the same host", status(302, "", "Location", "/elsewhere"), 302, "redirects", ""},
		{"a next page on another host", page("secrets", 2, `<`+other.URL+`/x>; rel="next"`, "A"), 200, "another host", ""},
		{"a next page that is the same", page("secrets", 2, `<`+path+`?per_page=100>; rel="next"`, "A"), 200, "same page", ""},
		{"pages without end", endless, 200, "more than 20 pages", ""},
		{"fewer than counted", page("secrets", 2, "", "A"), 200, "counts 2 and listed 1", ""},
		{"no JSON", status(200, "<html>"), 200, "not the JSON", ""},
		{"an empty answer", status(200, ""), 200, "not the JSON", ""},
		{"JSON without the list", status(200, `{"total_count":0}`), 200, "no list of secrets", ""},
		{"a list that is null", status(200, `{"total_count":0,"secrets":null}`), 200, "no list of secrets", ""},
		{"a list without a count", status(200, `{"secrets":[]}`), 200, "no total_count", ""},
		{"an entry without a name", status(200, `{"total_count":1,"secrets":[{}]}`), 200, "without a name", ""},
		{"an answer too large", status(200, `{"total_count":0,"secrets":[],"x":"`+strings.Repeat("x", maxBody)+`"}`), 200, "larger than", ""},
		{"a connection that breaks", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, "cannot be reached", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := serve(t, map[string]http.HandlerFunc{path: row.answer})
			c := client(t, a.URL)
			var waited time.Duration
			c.sleep = func(_ context.Context, d time.Duration) error { waited += d; return nil }
			s := c.Secrets(context.Background(), "acme/demo")[0]
			if waited > maxWait {
				t.Errorf("waited %s, want at most %s", waited, maxWait)
			}
			if s.Unknown == nil {
				t.Fatalf("got names %q and nothing unknown", s.Names)
			}
			if s.Unknown.Status != row.status || !strings.Contains(s.Unknown.Reason, row.reason) || s.Unknown.Missing != row.missing {
				t.Errorf("got %d, %q, missing %q, want %d, %q, missing %q", s.Unknown.Status, s.Unknown.Reason, s.Unknown.Missing, row.status, row.reason, row.missing)
			}
			if row.missing != "" && !strings.Contains(s.Unknown.Error(), row.missing) {
				t.Errorf("got %q, want %q in it", s.Unknown.Error(), row.missing)
			}
			if strings.Contains(fmt.Sprintf("%+v", s.Unknown), token) {
				t.Error("the reason shows the token")
			}
		})
	}
	if len(other.requests) != 0 {
		t.Errorf("another host was asked %d times", len(other.requests))
	}
}

func TestEnvironmentsUnknown(t *testing.T) {
	t.Parallel()
	a := serve(t, map[string]http.HandlerFunc{repo + "/environments": status(403, `{}`, "X-Accepted-GitHub-Permissions", "actions=read")})
	stores := client(t, a.URL).Secrets(context.Background(), "acme/demo")
	if len(stores) != 4 || stores[3].Kind != EnvironmentSecrets || stores[3].Environment != "" || stores[3].Unknown == nil || stores[3].Unknown.Missing != "actions=read" {
		t.Errorf("got %+v", stores)
	}
	var many []string
	for i := range maxEnvironments + 1 {
		many = append(many, fmt.Sprintf("e%03d", i))
	}
	a = serve(t, map[string]http.HandlerFunc{repo + "/environments": names("environments", many...)})
	stores = client(t, a.URL).Secrets(context.Background(), "acme/demo")
	if len(stores) != 4+maxEnvironments || stores[3].Unknown == nil {
		t.Errorf("got %d stores, the fourth %+v", len(stores), stores[3])
	}
}

func TestRateLimitIsWaitedFor(t *testing.T) {
	t.Parallel()
	refused := false
	a := serve(t, map[string]http.HandlerFunc{repo + "/actions/secrets": func(w http.ResponseWriter, r *http.Request) {
		if !refused {
			refused = true
			status(403, `{}`, "Retry-After", "7")(w, r)
			return
		}
		names("secrets", "NPM_TOKEN")(w, r)
	}})
	c := client(t, a.URL)
	var waited time.Duration
	c.sleep = func(_ context.Context, d time.Duration) error { waited += d; return nil }
	s := c.Secrets(context.Background(), "acme/demo")[0]
	if s.Unknown != nil || !slices.Equal(s.Names, []string{"NPM_TOKEN"}) || waited != 7*time.Second {
		t.Errorf("got %+v after %s, want NPM_TOKEN after 7s", s, waited)
	}
}

func TestRepositoryNames(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	for _, name := range []string{"", "acme", "acme/", "/demo", "acme/demo/x", "acme/..", "acme/demo?x", "acme/de%2fmo", "a b/c", "acme/demo#x", "é/x"} {
		s := client(t, a.URL).Secrets(context.Background(), name)
		if len(s) != 1 || s[0].Unknown == nil {
			t.Errorf("%q: got %+v", name, s)
		}
	}
	if len(a.requests) != 0 {
		t.Errorf("the API was asked %d times", len(a.requests))
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	for base, ok := range map[string]bool{
		"https://api.github.com": true, "https://ghes.example.com/api/v3/": true, "http://127.0.0.1:1": true, "http://[::1]:1": true, "http://localhost:1": true,
		"http://api.github.com": false, "ftp://x": false, "": false, "api.github.com": false, "https://u:p@h": false, "https://h?x": false, "https://h#x": false, "http://127.0.0.1.example.com": false,
	} {
		if _, err := New(Options{BaseURL: base, Token: token}); (err == nil) != ok {
			t.Errorf("New(%q): %v, want ok %t", base, err, ok)
		} else if err != nil && (strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "u:p")) {
			t.Errorf("New(%q) shows a credential: %v", base, err)
		}
	}
}

func TestNextLink(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		`<https://h/x?page=2>; rel="next", <https://h/x?page=9>; rel="last"`: "https://h/x?page=2",
		`<https://h/a,b>; rel="prev", <https://h/c>; title="x"; rel=next`:    "https://h/c",
		`<https://h/c>; rel="last next"`:                                     "https://h/c",
		`<https://h/c>; REL="NEXT"`:                                          "https://h/c",
		`<https://h/c>; rel="prev"`:                                          "",
		`<https://h/c>; rel="nextish"`:                                       "",
		`https://h/c; rel="next"`:                                            "",
		`<https://h/c`:                                                       "",
		"":                                                                   "",
	} {
		if got := nextLink([]string{header}); got != want {
			t.Errorf("nextLink(%q) = %q, want %q", header, got, want)
		}
	}
}

// FuzzNextLink: whatever the header, the target is a part of it, and a page on
// another host is never gone to.
func FuzzNextLink(f *testing.F) {
	f.Add(`<https://h/x?page=2>; rel="next", <x>; rel="last"`)
	f.Add(`<//evil/x>; rel=next`)
	f.Add(`<<>>;;rel="next`)
	c, err := New(Options{BaseURL: "https://api.example.com"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, header string) {
		link := nextLink([]string{header})
		if !strings.Contains(header, link) {
			t.Fatalf("got %q, which is not in %q", link, header)
		}
		if next, err := c.sameOrigin("https://api.example.com/a", link); err == nil && !strings.HasPrefix(next, "https://api.example.com/") && next != "https://api.example.com" {
			t.Fatalf("%q leads to %q", header, next)
		}
	})
}
