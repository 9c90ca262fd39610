package lab

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/cjson"
)

// Roles of the repository. The role for the registry's keys is named by the registry's host.
const (
	RoleRoot      = "root"
	RoleTimestamp = "timestamp"
	RoleSnapshot  = "snapshot"
	RoleTargets   = "targets"
)

// TUF is a repository as Sigstore's public one is built (github.com/sigstore/root-signing): trusted_root.json among the
// targets, HOST/keys.json under a delegated, terminating role HOST, consistent snapshots, root and targets signed by two of
// three keys. It is an http.Handler. All methods are safe for concurrent use.
type TUF struct {
	mu        sync.Mutex
	keys      map[string][]*ecdsa.PrivateKey // by role
	targets   map[string][]byte
	delegated string // role
	target    string // its only target
	root      int    // version
	version   int    // of the other roles
	states    []map[string][]byte
	requests  []string
}

// TUFChange says how a new state of the repository departs from a good one.
type TUFChange struct {
	Targets    map[string][]byte    // new or other content; nil content removes a target
	NewRoot    bool                 // a new root version with fresh keys for root, signed by old and new ones
	Expires    map[string]time.Time // by role; else in 30 days
	Signatures map[string]int       // how many signatures a role gets
	Stranger   string               // a role signed by unknown keys
	Versions   map[string]int       // the version a role states
	Edit       func(role string, signed Object)
	File       func(name string, content []byte) []byte // after signing; name as in Files
}

// TUF makes the deployment's repository, with the keys of a registry (its base URL) under the registry's role. Without keys
// there is no such role.
func (s *Sigstore) TUF(registry string, keys []byte) *TUF {
	t := &TUF{keys: map[string][]*ecdsa.PrivateKey{}, targets: map[string][]byte{"trusted_root.json": s.TrustedRoot()}}
	if keys != nil {
		u := must(url.Parse(registry))
		t.delegated, t.target = u.Hostname(), u.Host+strings.TrimSuffix(u.Path, "/")+"/keys.json"
		t.targets[t.target] = keys
		t.keys[t.delegated] = []*ecdsa.PrivateKey{newKey()}
	}
	for role, n := range map[string]int{RoleRoot: 3, RoleTargets: 3, RoleSnapshot: 1, RoleTimestamp: 1} {
		for range n {
			t.keys[role] = append(t.keys[role], newKey())
		}
	}
	t.Publish(TUFChange{})
	return t
}

// Root is the first root.json, for a client to start from.
func (t *TUF) Root() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.states[0]["1.root.json"]
}

// Files are the files now served: metadata by file name, targets by targets/ and their hashed name.
func (t *TUF) Files() map[string][]byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.states[len(t.states)-1])
}

// Requests are the paths asked for, in order.
func (t *TUF) Requests() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.requests)
}

// ServeHTTP serves Files.
func (t *TUF) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	t.requests = append(t.requests, r.URL.Path)
	content, ok := t.states[len(t.states)-1][strings.TrimPrefix(r.URL.Path, "/")]
	t.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(content) // a client may leave
}

// Rollback serves the state before the last one again, under its old version.
func (t *TUF) Rollback() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.states = append(t.states, t.states[len(t.states)-2])
}

// Publish signs a new state with the next version and serves it.
func (t *TUF) Publish(c TUFChange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for name, content := range c.Targets {
		t.targets[name] = content
		if content == nil {
			delete(t.targets, name)
		}
	}
	files := map[string][]byte{}
	if len(t.states) > 0 { // old versions stay, as they do in the public one
		files = maps.Clone(t.states[len(t.states)-1])
	}
	add := func(name string, content []byte) {
		if c.File != nil {
			content = c.File(name, content)
		}
		files[name] = content
	}
	t.version++

	if t.root == 0 || c.NewRoot {
		signers := t.keys[RoleRoot]
		if t.root > 0 {
			t.keys[RoleRoot] = []*ecdsa.PrivateKey{newKey(), newKey(), newKey()}
			signers = append(slices.Clone(signers), t.keys[RoleRoot]...)
		}
		t.root++
		add(fmt.Sprintf("%d.root.json", t.root), t.signed(c, RoleRoot, t.root, t.rootRole(), signers))
	}
	own, other := Object{}, Object{}
	for name, content := range t.targets {
		sum := sha256.Sum256(content)
		entry := Object{"length": len(content), "hashes": Object{"sha256": hex.EncodeToString(sum[:])}}
		if name == t.target {
			other[name] = entry
		} else {
			own[name] = entry
		}
		add(path.Join("targets", path.Dir(name), hex.EncodeToString(sum[:])+"."+path.Base(name)), content)
	}
	meta := Object{"targets.json": Object{"version": t.version}}
	targets := Object{"targets": own}
	if t.delegated != "" {
		keys, ids := t.public(t.delegated)
		targets["delegations"] = Object{"keys": keys, "roles": []any{Object{
			"name": t.delegated, "keyids": ids, "threshold": 1, "terminating": true, "paths": []any{path.Dir(t.target) + "/*"},
		}}}
		meta[t.delegated+".json"] = Object{"version": t.version}
		add(fmt.Sprintf("%d.%s.json", t.version, t.delegated),
			t.signed(c, t.delegated, t.version, Object{"targets": other}, t.keys[t.delegated]))
	}
	add(fmt.Sprintf("%d.targets.json", t.version), t.signed(c, RoleTargets, t.version, targets, t.keys[RoleTargets]))
	add(fmt.Sprintf("%d.snapshot.json", t.version), t.signed(c, RoleSnapshot, t.version, Object{"meta": meta}, t.keys[RoleSnapshot]))
	add("timestamp.json", t.signed(c, RoleTimestamp, t.version,
		Object{"meta": Object{"snapshot.json": Object{"version": t.version}}}, t.keys[RoleTimestamp]))
	t.states = append(t.states, files)
}

func (t *TUF) rootRole() Object {
	keys, roles := Object{}, Object{}
	for _, role := range []string{RoleRoot, RoleTimestamp, RoleSnapshot, RoleTargets} {
		public, ids := t.public(role)
		maps.Copy(keys, public)
		roles[role] = Object{"keyids": ids, "threshold": (len(ids) + 1) / 2}
	}
	return Object{"consistent_snapshot": true, "keys": keys, "roles": roles}
}

func (t *TUF) public(role string) (keys Object, ids []any) {
	keys = Object{}
	for _, key := range t.keys[role] {
		id, public := tufKey(key)
		keys[id] = public
		ids = append(ids, id)
	}
	return keys, ids
}

func tufKey(key *ecdsa.PrivateKey) (id string, public Object) {
	public = Object{
		"keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256",
		"keyval": Object{"public": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki(&key.PublicKey)}))},
	}
	sum := sha256.Sum256(must(cjson.EncodeCanonical(public)))
	return hex.EncodeToString(sum[:]), public
}

// signed completes a role's metadata and signs its canonical form (TUF specification, section 4.2).
func (t *TUF) signed(c TUFChange, role string, version int, o Object, signers []*ecdsa.PrivateKey) []byte {
	o["_type"] = role
	if role == t.delegated {
		o["_type"] = RoleTargets
	}
	if v, ok := c.Versions[role]; ok {
		version = v
	}
	expires := time.Now().Add(30 * 24 * time.Hour)
	if at, ok := c.Expires[role]; ok {
		expires = at
	}
	o["spec_version"], o["version"], o["expires"] = "1.0.31", version, expires.UTC().Format(time.RFC3339)
	if c.Edit != nil {
		c.Edit(role, o)
	}
	message := must(cjson.EncodeCanonical(o))
	signatures := []any{}
	for i, key := range signers {
		if n, ok := c.Signatures[role]; ok && i >= n {
			break
		}
		id, _ := tufKey(key)
		if c.Stranger == role {
			key = newKey()
		}
		signatures = append(signatures, Object{"keyid": id, "sig": hex.EncodeToString(sign(key, message))})
	}
	return encode(Object{"signed": o, "signatures": signatures})
}
