package sigstore

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

const keysTarget = "registry.example/keys.json"

// repository is a TUF repository as Sigstore's is laid out: consistent snapshots, and the registry's keys in a
// role of their own. Fields may be changed before publish.
type repository struct {
	t                            *testing.T
	keys                         map[string]ed25519.PrivateKey
	expires                      map[string]time.Time // of a role; a day ahead if not set
	signers                      map[string]string    // whose key signs a role; its own if not set
	targets, delegated           map[string][]byte
	delegate                     bool
	files                        map[string][]byte
	snapshotVersion, listVersion int64
	root                         []byte // version 1, to start from
}

func newRepository(t *testing.T) *repository {
	r := &repository{t: t, keys: map[string]ed25519.PrivateKey{}, expires: map[string]time.Time{}, signers: map[string]string{}, delegate: true,
		targets:   map[string][]byte{trustedRootTarget: []byte(`{"a trusted":"root"}`)},
		delegated: map[string][]byte{keysTarget: []byte(`{"keys":[]}`)},
		files:     map[string][]byte{}, snapshotVersion: 1, listVersion: 1}
	for _, role := range []string{"root", "timestamp", "snapshot", "targets", "registry.example", "stranger"} {
		_, key, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		r.keys[role] = key
	}
	return r
}

func (r *repository) key(role string) *metadata.Key {
	k, err := metadata.KeyFromPublicKey(r.keys[role].Public())
	if err != nil {
		r.t.Fatal(err)
	}
	return k
}

func (r *repository) expiry(role string) time.Time {
	if at, ok := r.expires[role]; ok {
		return at
	}
	return time.Now().Add(24 * time.Hour).UTC()
}

func put[T metadata.Roles](r *repository, file, role string, m *metadata.Metadata[T]) []byte {
	by := role
	if r.signers[role] != "" {
		by = r.signers[role]
	}
	signer, err := signature.LoadSigner(r.keys[by], crypto.Hash(0))
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := m.Sign(signer); err != nil {
		r.t.Fatal(err)
	}
	raw, err := m.ToBytes(false)
	if err != nil {
		r.t.Fatal(err)
	}
	r.files["/"+file] = raw
	return raw
}

func list(r *repository, into map[string]*metadata.TargetFiles, files map[string][]byte) {
	for name, raw := range files {
		info, err := metadata.TargetFile().FromBytes(name, raw, "sha256")
		if err != nil {
			r.t.Fatal(err)
		}
		into[name] = info
		dir, base := "", name
		if i := strings.LastIndex(name, "/"); i >= 0 {
			dir, base = name[:i+1], name[i+1:]
		}
		r.files[fmt.Sprintf("/targets/%s%s.%s", dir, info.Hashes["sha256"], base)] = raw
	}
}

// publish signs everything.
func (r *repository) publish() {
	root := metadata.Root(r.expiry("root"))
	root.Signed.ConsistentSnapshot = true
	for _, role := range metadata.TOP_LEVEL_ROLE_NAMES {
		if err := root.Signed.AddKey(r.key(role), role); err != nil {
			r.t.Fatal(err)
		}
	}
	r.root = put(r, "1.root.json", "root", root)

	targets := metadata.Targets(r.expiry("targets"))
	list(r, targets.Signed.Targets, r.targets)
	snapshot := metadata.Snapshot(r.expiry("snapshot"))
	snapshot.Signed.Version = r.snapshotVersion
	snapshot.Signed.Meta["targets.json"] = metadata.MetaFile(1)
	if r.delegate {
		key := r.key("registry.example")
		id, err := key.ID()
		if err != nil {
			r.t.Fatal(err)
		}
		targets.Signed.Delegations = &metadata.Delegations{
			Keys: map[string]*metadata.Key{id: key},
			Roles: []metadata.DelegatedRole{{Name: "registry.example", KeyIDs: []string{id}, Threshold: 1,
				Terminating: true, Paths: []string{"registry.example/*"}}},
		}
		delegated := metadata.Targets(r.expiry("registry.example"))
		list(r, delegated.Signed.Targets, r.delegated)
		put(r, "1.registry.example.json", "registry.example", delegated)
		snapshot.Signed.Meta["registry.example.json"] = metadata.MetaFile(1)
	}
	put(r, "1.targets.json", "targets", targets)
	put(r, fmt.Sprintf("%d.snapshot.json", r.listVersion), "snapshot", snapshot)
	timestamp := metadata.Timestamp(r.expiry("timestamp"))
	timestamp.Signed.Meta["snapshot.json"] = metadata.MetaFile(r.listVersion)
	put(r, "timestamp.json", "timestamp", timestamp)
}

func (r *repository) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	raw, ok := r.files[req.URL.Path]
	if !ok {
		http.NotFound(w, req)
		return
	}
	w.Write(raw)
}

// fetch publishes the repository and fetches from it.
func (r *repository) fetch(handler http.Handler, target string) (*Material, error) {
	if r.root == nil {
		r.publish()
	}
	if handler == nil {
		handler = r
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	return TUF{URL: server.URL + "/", Root: r.root, UserAgent: "test/1"}.Fetch(context.Background(), target)
}

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
