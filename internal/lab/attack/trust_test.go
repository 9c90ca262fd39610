package attack

import (
	"net/http"
	"strings"
	"time"

	"verify-npm-release/internal/lab"
	"verify-npm-release/internal/report"
)

// listed changes the keys that the repository of trust lists.
func listed(edit func(lab.Object)) func(*world) {
	return func(w *world) {
		w.tuf = w.sigstore.TUF(w.registry.URL, lab.Edit(w.release.Keys, edit))
	}
}

var keys = []attack{
	{"the registry's own endpoint lists a stranger's key, which signed", "registry-signature", report.Fail, 1, func(w *world) {
		w.draft.SignatureKeys = []*lab.SigningKey{w.stranger.NPM}
		w.registry.SetKeys(lab.KeysAPI(w.sigstore.NPM, w.stranger.NPM))
	}, nil},
	{"the public registry, whose keys the repository of trust does not list", "registry-signature", report.Unknown, 3, func(w *world) {
		w.public, w.draft.Registry = true, lab.PublicRegistry
	}, func(w *world) { w.tuf = w.sigstore.TUF("https://npm.example.com", w.release.Keys) }},
	{"a registry whose own endpoint lists another key than signed", "registry-signature", report.Fail, 1, nil, func(w *world) {
		w.tuf = w.sigstore.TUF(w.registry.URL, nil)
		w.registry.SetKeys(lab.KeysAPI(w.stranger.NPM))
	}},
	{"a registry whose own endpoint lists no key", "publish-attestation", report.Unknown, 3, nil, func(w *world) {
		w.tuf = w.sigstore.TUF(w.registry.URL, nil)
		w.registry.SetKeys([]byte(`{"keys":[]}`))
	}},
	{"a key under the id of another", "registry-signature", report.Unknown, 3, nil, listed(func(o lab.Object) {
		lab.Set("/keys/0/publicKey/rawBytes", lab.Get(lab.KeysJSON(lab.NewSigningKey()), "/keys/0/publicKey/rawBytes"))(o)
	})},
	{"a key listed twice", "registry-signature", report.Unknown, 3, nil, listed(lab.Change("/keys", func(v any) any { return append(v.([]any), v.([]any)...) }))},
	{"a key of no usage", "registry-signature", report.Unknown, 3, nil, listed(lab.Delete("/keys/0/keyUsage"))},
	{"a key of another usage", "registry-signature", report.Fail, 1, nil, listed(lab.Set("/keys/0/keyUsage", "npm:other"))},
	{"a key of another algorithm", "registry-signature", report.Fail, 1, nil, listed(lab.Set("/keys/0/publicKey/keyDetails", "PKIX_RSA_PKCS1V15_2048_SHA256"))},
	{"a key whose end is no time", "registry-signature", report.Unknown, 3, nil, listed(lab.Set("/keys/0/publicKey/validFor/end", "soon"))},
	{"a key that ends before it starts", "registry-signature", report.Unknown, 3, nil, listed(lab.Set("/keys/0/publicKey/validFor/end", "2001-01-01T00:00:00Z"))},
	{"a list of keys that is no list", "registry-signature", report.Unknown, 3, nil, listed(lab.Set("/keys", "none"))},
	{"no keys in the list", "registry-signature", report.Unknown, 3, nil, listed(lab.Set("/keys", []any{}))},
}

// trustedRoot has the repository serve another trusted root.
func (w *world) trustedRoot(edit func(lab.Object)) {
	w.tuf.Publish(lab.TUFChange{Targets: map[string][]byte{"trusted_root.json": lab.Edit(w.release.TrustedRoot, edit)}})
}

func published(change lab.TUFChange) func(*world) { return func(w *world) { w.tuf.Publish(change) } }

// expired has a role's metadata past its end.
func expired(role string) func(*world) {
	return published(lab.TUFChange{Expires: map[string]time.Time{role: time.Now().Add(-time.Minute)}})
}

// unsigned gives a role fewer signatures than its threshold.
func unsigned(role string, n int) func(*world) {
	return published(lab.TUFChange{NewRoot: role == lab.RoleRoot, Signatures: map[string]int{role: n}})
}

func byStranger(role string) func(*world) {
	return published(lab.TUFChange{NewRoot: role == lab.RoleRoot, Stranger: role})
}

const registryRole = "127.0.0.1" // the role of the registry's keys is named after its host

// repositories are attacks on the TUF repository: without trust nothing is verified, and nothing is said of the release.
var repositories = []attack{
	{"a timestamp that has expired, as a frozen mirror serves it", "provenance", report.Unknown, 3, nil, expired(lab.RoleTimestamp)},
	{"a snapshot that has expired", "provenance", report.Unknown, 3, nil, expired(lab.RoleSnapshot)},
	{"targets that have expired", "provenance", report.Unknown, 3, nil, expired(lab.RoleTargets)},
	{"the role of the registry's keys has expired", "registry-signature", report.Unknown, 3, nil, expired(registryRole)},
	{"a root that has expired", "provenance", report.Unknown, 3, nil, func(w *world) {
		w.tuf.Publish(lab.TUFChange{NewRoot: true, Expires: map[string]time.Time{lab.RoleRoot: time.Now().Add(-time.Minute)}})
	}},
	{"a new root with one signature of three", "provenance", report.Unknown, 3, nil, unsigned(lab.RoleRoot, 1)},
	{"targets with one signature of two", "provenance", report.Unknown, 3, nil, unsigned(lab.RoleTargets, 1)},
	{"a snapshot without a signature", "provenance", report.Unknown, 3, nil, unsigned(lab.RoleSnapshot, 0)},
	{"a timestamp without a signature", "provenance", report.Unknown, 3, nil, unsigned(lab.RoleTimestamp, 0)},
	{"the role of the registry's keys without a signature", "registry-signature", report.Unknown, 3, nil, unsigned(registryRole, 0)},
	{"a new root by a stranger", "provenance", report.Unknown, 3, nil, byStranger(lab.RoleRoot)},
	{"targets by a stranger", "provenance", report.Unknown, 3, nil, byStranger(lab.RoleTargets)},
	{"a snapshot by a stranger", "provenance", report.Unknown, 3, nil, byStranger(lab.RoleSnapshot)},
	{"a timestamp by a stranger", "provenance", report.Unknown, 3, nil, byStranger(lab.RoleTimestamp)},
	{"the registry's keys by a stranger", "registry-signature", report.Unknown, 3, nil, byStranger(registryRole)},
	{"a rollback of the targets under a newer snapshot", "provenance", report.Unknown, 3, nil, func(w *world) {
		w.tuf.Publish(lab.TUFChange{})
		w.tuf.Publish(lab.TUFChange{Versions: map[string]int{lab.RoleTargets: 1}})
	}},
	{"a rollback of the snapshot under a newer timestamp", "provenance", report.Unknown, 3, nil, func(w *world) {
		w.tuf.Publish(lab.TUFChange{})
		w.tuf.Publish(lab.TUFChange{Versions: map[string]int{lab.RoleSnapshot: 1}})
	}},
	{"a rollback of the registry's keys under a newer snapshot", "registry-signature", report.Unknown, 3, nil, func(w *world) {
		w.tuf.Publish(lab.TUFChange{})
		w.tuf.Publish(lab.TUFChange{Versions: map[string]int{registryRole: 1}})
	}},
	{"a rollback of everything to a state that has expired", "provenance", report.Unknown, 3, nil, func(w *world) {
		w.tuf.Publish(lab.TUFChange{Expires: map[string]time.Time{lab.RoleTimestamp: time.Now().Add(-time.Minute)}})
		w.tuf.Publish(lab.TUFChange{})
		w.tuf.Rollback()
	}},
	{"a root that skips a version", "provenance", report.Unknown, 3, nil, func(w *world) {
		w.tuf.Publish(lab.TUFChange{NewRoot: true, Versions: map[string]int{lab.RoleRoot: 9}})
	}},
	{"a trusted root changed after it was signed", "provenance", report.Unknown, 3, nil, func(w *world) {
		w.tuf.Publish(lab.TUFChange{File: func(name string, content []byte) []byte {
			if strings.HasSuffix(name, ".trusted_root.json") {
				return w.stranger.TrustedRoot()
			}
			return content
		}})
	}},
	{"keys changed after they were signed", "registry-signature", report.Unknown, 3, nil, func(w *world) {
		w.tuf.Publish(lab.TUFChange{File: func(name string, content []byte) []byte {
			if strings.HasSuffix(name, ".keys.json") {
				return lab.KeysJSON(w.stranger.NPM)
			}
			return content
		}})
	}},
	{"a trusted root that the metadata says is longer", "provenance", report.Unknown, 3, nil, func(w *world) {
		w.tuf.Publish(lab.TUFChange{Edit: func(role string, o lab.Object) {
			if role == lab.RoleTargets {
				o["targets"].(lab.Object)["trusted_root.json"].(lab.Object)["length"] = 3
			}
		}})
	}},
	{"no trusted root", "provenance", report.Unknown, 3, nil, published(lab.TUFChange{Targets: map[string][]byte{"trusted_root.json": nil}})},
	{"a trusted root that trusts nobody", "provenance", report.Unknown, 3, nil, func(w *world) { w.trustedRoot(lab.Set("/certificateAuthorities", []any{})) }},
	{"a trusted root without certificate transparency logs", "provenance", report.Unknown, 3, nil, func(w *world) { w.trustedRoot(lab.Set("/ctlogs", []any{})) }},
	{"a trusted root without logs", "provenance", report.Unknown, 3, nil, func(w *world) { w.trustedRoot(lab.Set("/tlogs", []any{})) }},
	{"a trusted root that gives a log another's key", "provenance", report.Unknown, 3, nil, func(w *world) {
		w.trustedRoot(lab.Set("/tlogs/0/publicKey/rawBytes", lab.Get(w.stranger.TrustedRoot(), "/tlogs/0/publicKey/rawBytes")))
	}},
	{"the repository of another deployment", "provenance", report.Unknown, 3, nil, func(w *world) {
		root := w.tuf.Root()
		w.tuf = w.stranger.TUF(w.registry.URL, w.release.Keys)
		w.in["tuf-root"] = w.file("root.json", root)
	}},
	{"a repository that serves pages", "provenance", report.Unknown, 3, nil, published(lab.TUFChange{File: func(name string, content []byte) []byte {
		return []byte(http.StatusText(http.StatusOK))
	}})},
}
