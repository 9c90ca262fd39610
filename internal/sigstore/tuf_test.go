package sigstore

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

func TestFetch(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	agents := map[string]bool{}
	r.publish()
	got, err := r.fetch(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		agents[req.UserAgent()] = true
		r.ServeHTTP(w, req)
	}), keysTarget)
	if err != nil {
		t.Fatal(err)
	}
	if string(got.TrustedRoot) != `{"a trusted":"root"}` || string(got.Keys) != `{"keys":[]}` {
		t.Errorf("got %q and %q", got.TrustedRoot, got.Keys)
	}
	if len(agents) != 1 || !agents["test/1"] {
		t.Errorf("user agents: got %v, want test/1", agents)
	}
}

func TestFetchTellsAbsenceFromFailure(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		target string
		spoil  func(*repository)
		kind   Kind // 0: the target is absent, and no error
	}{
		{"no role for the registry", "other.example/keys.json", func(*repository) {}, 0},
		{"the registry's role has no keys", keysTarget, func(r *repository) { r.delegated = nil }, 0},
		{"no delegations at all", keysTarget, func(r *repository) { r.delegate = false }, 0},
		{"the registry's role is not served", keysTarget, func(r *repository) { r.publish(); delete(r.files, "/1.registry.example.json") }, Unreachable},
		{"the keys are listed and not served", keysTarget, func(r *repository) {
			r.publish()
			for name := range r.files {
				if strings.Contains(name, "keys.json") {
					delete(r.files, name)
				}
			}
		}, Unreachable},
		{"the registry's role is expired", keysTarget, func(r *repository) { r.expires["registry.example"] = time.Now().Add(-time.Hour) }, Invalid},
		{"the registry's role is signed by a stranger", keysTarget, func(r *repository) { r.signers["registry.example"] = "stranger" }, Invalid},
		{"the keys served are others", keysTarget, func(r *repository) {
			r.publish()
			for name := range r.files {
				if strings.Contains(name, "keys.json") {
					r.files[name] = []byte(`{"keys":{}}`)
				}
			}
		}, Invalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRepository(t)
			tt.spoil(r)
			got, err := r.fetch(nil, tt.target)
			if kindOf(err) != tt.kind {
				t.Fatalf("got %v, want kind %v", err, tt.kind)
			}
			if tt.kind == 0 && (got.Keys != nil || got.TrustedRoot == nil) {
				t.Errorf("got keys %q, trusted root %q; want none, and one", got.Keys, got.TrustedRoot)
			}
		})
	}
}

func TestFetchRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		spoil func(*repository)
		kind  Kind
	}{
		{"a timestamp that expired (freeze)", func(r *repository) { r.expires["timestamp"] = time.Now().Add(-time.Hour) }, Invalid},
		{"a snapshot that expired", func(r *repository) { r.expires["snapshot"] = time.Now().Add(-time.Hour) }, Invalid},
		{"targets that expired", func(r *repository) { r.expires["targets"] = time.Now().Add(-time.Hour) }, Invalid},
		{"a root that expired", func(r *repository) { r.expires["root"] = time.Now().Add(-time.Hour) }, Invalid},
		{"a snapshot older than the timestamp names (rollback)", func(r *repository) { r.listVersion = 2 }, Invalid},
		{"a timestamp signed by a stranger", func(r *repository) { r.signers["timestamp"] = "stranger" }, Invalid},
		{"a snapshot signed by a stranger", func(r *repository) { r.signers["snapshot"] = "stranger" }, Invalid},
		{"targets signed by a stranger", func(r *repository) { r.signers["targets"] = "stranger" }, Invalid},
		{"a next root signed by a stranger", func(r *repository) {
			r.publish()
			first := r.root
			r.signers["root"] = "stranger"
			r.publish()
			r.files["/2.root.json"] = r.files["/1.root.json"]
			r.root = first
		}, Invalid},
		{"no trusted root", func(r *repository) { r.targets = nil }, Invalid},
		{"a trusted root that is not the one listed", func(r *repository) {
			r.publish()
			for name := range r.files {
				if strings.Contains(name, "trusted_root.json") {
					r.files[name] = []byte(`{"a trusted":"R00t"}`)
				}
			}
		}, Invalid},
		{"no timestamp", func(r *repository) { r.publish(); delete(r.files, "/timestamp.json") }, Unreachable},
		{"HTML for a timestamp", func(r *repository) { r.publish(); r.files["/timestamp.json"] = []byte("<html>") }, Invalid},
		{"a root to start from that is no root", func(r *repository) { r.publish(); r.root = []byte("{}") }, Malformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRepository(t)
			tt.spoil(r)
			got, err := r.fetch(nil, keysTarget)
			if kindOf(err) != tt.kind || got != nil {
				t.Fatalf("got %v, %v; want kind %v", got, err, tt.kind)
			}
			checkText(t, err)
		})
	}
}

func TestFetchIsBounded(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, want string
		handle     func(r *repository, w http.ResponseWriter, req *http.Request)
	}{
		{"a document without end", "more than 16384 bytes", func(_ *repository, w http.ResponseWriter, req *http.Request) {
			if strings.HasSuffix(req.URL.Path, "timestamp.json") {
				io.Copy(w, endless{})
				return
			}
			http.NotFound(w, req)
		}},
		{"redirects without end", "redirects", func(_ *repository, w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, req.URL.Path+"x", http.StatusFound)
		}},
		{"a redirect to another scheme", "want https", func(_ *repository, w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, "ftp://localhost/", http.StatusFound)
		}},
		{"a redirect to plain http on another host", "want https", func(_ *repository, w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, "http://registry.example/", http.StatusFound)
		}},
		{"errors without end", "status code: 503", func(_ *repository, w http.ResponseWriter, req *http.Request) {
			http.Error(w, "busy", http.StatusServiceUnavailable)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRepository(t)
			r.publish()
			_, err := r.fetch(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { tt.handle(r, w, req) }), keysTarget)
			if kindOf(err) != Unreachable || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want unreachable with %q", err, tt.want)
			}
			checkText(t, err)
		})
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestFetchTriesAgain(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	r.publish()
	failed := map[string]bool{}
	_, err := r.fetch(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !failed[req.URL.Path] && len(failed) < 2 {
			failed[req.URL.Path] = true
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		r.ServeHTTP(w, req)
	}), keysTarget)
	if err != nil {
		t.Error(err)
	}
}

func TestFetchEnds(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	r.publish()
	ctx, cancel := context.WithCancel(context.Background())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		cancel()
		<-req.Context().Done()
	}))
	defer server.Close()
	_, err := TUF{URL: server.URL, Root: r.root}.Fetch(ctx, keysTarget)
	if kindOf(err) != Unreachable || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want unreachable: canceled", err)
	}
	// Without a root to start from it is Sigstore's, which has a way of its own to fail here.
	if _, err = (TUF{URL: server.URL}).Fetch(ctx, keysTarget); kindOf(err) != Unreachable {
		t.Errorf("with Sigstore's root: got %v, want unreachable", err)
	}
	if _, err = (TUF{URL: "http://tuf.example"}).Fetch(ctx, keysTarget); kindOf(err) != Malformed || !strings.Contains(err.Error(), "want https") {
		t.Errorf("over plain HTTP: got %v, want a refusal", err)
	}
}

// TestAbsent: a target is absent only if every role that could name it was loaded and does not.
func TestAbsent(t *testing.T) {
	t.Parallel()
	role := func(delegates ...metadata.DelegatedRole) *metadata.Metadata[metadata.TargetsType] {
		m := metadata.Targets(time.Now())
		m.Signed.Delegations = &metadata.Delegations{Roles: delegates}
		return m
	}
	to := func(name string, terminating bool) metadata.DelegatedRole {
		return metadata.DelegatedRole{Name: name, Paths: []string{"*.json"}, Terminating: terminating}
	}
	type roles = map[string]*metadata.Metadata[metadata.TargetsType]
	named := role()
	named.Signed.Targets["keys.json"] = metadata.TargetFile()
	bare := role()
	bare.Signed.Delegations = nil
	for _, tt := range []struct {
		name  string
		roles roles
		want  bool
	}{
		{"no roles at all", roles{}, false},
		{"no delegations", roles{"targets": bare}, true},
		{"delegations to nobody", roles{"targets": role()}, true},
		{"the top names it", roles{"targets": named}, false},
		{"a delegate names it", roles{"targets": role(to("a", false)), "a": named}, false},
		{"a delegate was not loaded", roles{"targets": role(to("a", false))}, false},
		{"the second delegate was not loaded", roles{"targets": role(to("a", false), to("b", false)), "a": role()}, false},
		{"the first delegate ends the search", roles{"targets": role(to("a", true), to("b", false)), "a": role()}, true},
		{"delegates of each other", roles{"targets": role(to("a", false)), "a": role(to("b", false)), "b": role(to("a", false))}, true},
		{"a delegate of a delegate names it", roles{"targets": role(to("a", false)), "a": role(to("b", false)), "b": named}, false},
	} {
		if got := absent(tt.roles, "keys.json"); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestRepositoryURL(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{"", "https://tuf-repo-cdn.sigstore.dev"},
		{" https://tuf.example/a/ ", "https://tuf.example/a"},
		{"http://127.0.0.1:8080/", "http://127.0.0.1:8080"},
		{"http://[::1]:8080", "http://[::1]:8080"},
		{"http://localhost", "http://localhost"},
		{"http://tuf.example", ""},
		{"http://192.0.2.1", ""},
		{"https://tuf.example/?", ""},
		{"https://:443/", ""},
		{"https:///a", ""},
		{"http://127.0.0.1.example", ""},
		{"file:///etc", ""},
		{"https://user:secret@tuf.example", ""},
		{"https://tuf.example?q", ""},
		{"https://tuf.example#f", ""},
		{"https://user:secret@tuf.example:port", ""},
		{"tuf.example", ""},
	} {
		got, err := repositoryURL(tt.text)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%q: got %q, %v; want %q", tt.text, got, err, tt.want)
		}
		if err != nil && (kindOf(err) != Malformed || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%q: got %v, want malformed, without the credentials", tt.text, err)
		}
	}
}

// TestFetchReadsNoFiles: metadata of the same names in the working directory is not looked at.
func TestFetchReadsNoFiles(t *testing.T) {
	r := newRepository(t)
	r.publish()
	t.Chdir(t.TempDir())
	for _, name := range []string{"timestamp.json", "snapshot.json", "targets.json"} {
		file := name
		if name != "timestamp.json" {
			file = "1." + name
		}
		write(t, name, r.files["/"+file])
		if name != "timestamp.json" {
			delete(r.files, "/"+file)
		}
	}
	if _, err := r.fetch(nil, keysTarget); kindOf(err) != Unreachable {
		t.Errorf("got %v, want unreachable: the snapshot is only on disk", err)
	}
}
