package sigstore

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"fmt"
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
