package attack

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"verify-npm-release/internal/lab"
	"verify-npm-release/internal/report"
)

// manifest edits the version's document; nothing is signed again.
func manifest(edit func(lab.Object)) func(*world) {
	return func(w *world) { w.draft.Manifest = edit }
}

const registrySignature = "/dist/signatures/0"

// signature changes the bytes of the registry's signature.
func signature(change func([]byte) []byte) func(*world) {
	return manifest(lab.Change(registrySignature+"/sig", func(v any) any {
		raw, _ := base64.StdEncoding.DecodeString(v.(string))
		return change(raw)
	}))
}

// withKey signs the release with a second key of the registry, changed and listed.
func withKey(change func(w *world, k *lab.SigningKey)) func(*world) {
	return func(w *world) {
		k := lab.NewSigningKey()
		change(w, k)
		w.draft.SignatureKeys, w.draft.Keys = []*lab.SigningKey{k}, append(w.draft.Keys, k)
	}
}

var signatures = []attack{
	{"no registry signature", "registry-signature", report.Fail, 1, func(w *world) { w.draft.SignatureKeys = nil }, nil},
	{"an empty list of registry signatures", "registry-signature", report.Fail, 1, manifest(lab.Set("/dist/signatures", []any{})), nil},
	{"a registry signature by an unknown key", "registry-signature", report.Fail, 1,
		func(w *world) { w.draft.SignatureKeys = []*lab.SigningKey{lab.NewSigningKey()} }, nil},
	{"a registry signature by an unknown key under the known one's id", "registry-signature", report.Fail, 1, func(w *world) {
		k := lab.NewSigningKey()
		k.ID = w.sigstore.NPM.ID
		w.draft.SignatureKeys = []*lab.SigningKey{k}
	}, nil},
	{"a registry signature by a key that had expired", "registry-signature", report.Fail, 1,
		withKey(func(w *world, k *lab.SigningKey) { k.End = w.draft.Published.Add(-time.Hour) }), nil},
	{"a registry signature by a key that expired at that moment", "registry-signature", report.Fail, 1,
		withKey(func(w *world, k *lab.SigningKey) { k.End = w.draft.Published.Truncate(time.Millisecond) }), nil},
	{"a registry signature by a key that was not valid yet", "registry-signature", report.Fail, 1,
		withKey(func(w *world, k *lab.SigningKey) { k.Start = w.draft.Published.Add(time.Hour) }), nil},
	{"a registry signature by a key for attestations", "registry-signature", report.Fail, 1,
		withKey(func(_ *world, k *lab.SigningKey) { k.Usages = []string{lab.UsageAttestations} }), nil},
	{"a publish attestation by a key for signatures", "publish-attestation", report.Fail, 1, func(w *world) {
		k := lab.NewSigningKey()
		k.Usages = []string{lab.UsageSignatures}
		w.draft.Keys = append(w.draft.Keys, k)
		w.draft.PublishAttestation.Key = k
	}, nil},
	{"a publish attestation by an unknown key", "publish-attestation", report.Fail, 1,
		func(w *world) { w.draft.PublishAttestation.Key = lab.NewSigningKey() }, nil},
	{"a publish attestation by a key that had expired", "publish-attestation", report.Fail, 1, func(w *world) {
		k := lab.NewSigningKey()
		k.End = w.draft.Published.Add(-time.Hour)
		w.draft.Keys = append(w.draft.Keys, k)
		w.draft.PublishAttestation.Key = k
	}, nil},
	{"a publish attestation by a key that was not valid yet", "publish-attestation", report.Fail, 1, func(w *world) {
		k := lab.NewSigningKey()
		k.Start = w.draft.Published.Add(time.Hour)
		w.draft.Keys = append(w.draft.Keys, k)
		w.draft.PublishAttestation.Key = k
	}, nil},
	{"a publication dated back to a key's time", "registry-signature", report.Fail, 1, func(w *world) {
		withKey(func(w *world, k *lab.SigningKey) { k.End = w.draft.Published.Add(-time.Hour) })(w)
		w.draft.Packument = lab.Set("/time/1.0.0", "2025-03-01T00:00:00.000Z")
	}, nil},
	{"a registry signature cut short", "registry-signature", report.Fail, 1, signature(func(b []byte) []byte { return b[:len(b)-1] }), nil},
	{"a registry signature with bytes behind it", "registry-signature", report.Fail, 1, signature(func(b []byte) []byte { return append(b, 0) }), nil},
	{"a registry signature in another encoding of the same numbers", "registry-signature", report.Fail, 1, signature(func(b []byte) []byte {
		return append([]byte{b[0], 0x81}, b[1:]...)
	}), nil},
	{"a registry signature of one changed bit", "registry-signature", report.Fail, 1, signature(func(b []byte) []byte { b[len(b)-1] ^= 1; return b }), nil},
	{"an empty registry signature", "registry-signature", report.Fail, 1, manifest(lab.Set(registrySignature+"/sig", "")), nil},
	{"a registry signature that is not base64", "registry-signature", report.Fail, 1, manifest(lab.Set(registrySignature+"/sig", "-")), nil},
	{"a registry signature with a line break in it", "registry-signature", report.Fail, 1,
		manifest(lab.Change(registrySignature+"/sig", func(v any) any { return v.(string)[:8] + "\n" + v.(string)[8:] })), nil},
	{"a registry signature of zeros", "registry-signature", report.Fail, 1, signature(func([]byte) []byte { return []byte{0x30, 6, 2, 1, 0, 2, 1, 0} }), nil},
	{"a registry signature without a key id", "registry-signature", report.Fail, 1, manifest(lab.Set(registrySignature+"/keyid", "")), nil},
	{"a registry signature under the key id in other case", "registry-signature", report.Fail, 1,
		manifest(lab.Change(registrySignature+"/keyid", func(v any) any { return strings.ToLower(v.(string)) })), nil},
	{"a registry signature of another version", "registry-signature", report.Fail, 1, func(w *world) {
		w.draft.Manifest = func(o lab.Object) {
			integrity := o["dist"].(lab.Object)["integrity"].(string)
			lab.Set("/dist/signatures", []any{w.sigstore.NPM.Signature("@acme/demo", "1.0.1", integrity)})(o)
		}
	}, nil},
	{"a registry signature of other bytes", "registry-signature", report.Fail, 1, func(w *world) {
		w.draft.Manifest = lab.Set("/dist/signatures", []any{w.sigstore.NPM.Signature("@acme/demo", "1.0.0", "sha512-AAAA")})
	}, nil},
	{"a good registry signature before a bad one", "registry-signature", report.Fail, 1,
		func(w *world) { w.draft.SignatureKeys = append(w.draft.SignatureKeys, lab.NewSigningKey()) }, nil},
	{"a bad registry signature before a good one", "registry-signature", report.Fail, 1,
		func(w *world) {
			w.draft.SignatureKeys = append([]*lab.SigningKey{lab.NewSigningKey()}, w.draft.SignatureKeys...)
		}, nil},
	{"more registry signatures than anyone makes", "served", report.Fail, 1, manifest(func(o lab.Object) {
		one := o["dist"].(lab.Object)["signatures"].([]any)[0]
		for range 64 {
			lab.Set("/dist/signatures/-", one)(o)
		}
	}), nil},
}

var registryDocuments = []attack{
	{"a manifest of another name", "served", report.Fail, 1, manifest(lab.Set("/name", "@acme/other")), nil},
	{"a manifest of another version", "served", report.Fail, 1, manifest(lab.Set("/version", "1.0.1")), nil},
	{"a manifest of another id", "served", report.Fail, 1, manifest(lab.Set("/_id", "@acme/demo@1.0.1")), nil},
	{"a manifest whose name differs in case", "served", report.Fail, 1, manifest(lab.Set("/name", "@acme/Demo")), nil},
	{"a manifest whose version adds a v", "served", report.Fail, 1, manifest(lab.Set("/version", "v1.0.0")), nil},
	{"a manifest that announces no digest", "tarball-integrity", report.Fail, 1, manifest(lab.Delete("/dist/integrity")), nil},
	{"a manifest that announces sha1 alone", "tarball-integrity", report.Fail, 1, manifest(lab.Set("/dist/integrity", "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=")), nil},
	{"a manifest that announces two sha512", "tarball-integrity", report.Fail, 1,
		manifest(lab.Change("/dist/integrity", func(v any) any { return v.(string) + " " + v.(string) })), nil},
	{"a manifest that announces the digest of other bytes", "tarball-integrity", report.Fail, 1,
		manifest(lab.Set("/dist/integrity", "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==")), nil},
	{"a manifest that hides its attestations", "provenance", report.Fail, 1, manifest(lab.Delete("/dist/attestations")), nil},
	{"a manifest with dist twice", "served", report.Fail, 1, nil, func(w *world) {
		w.release.Manifest = lab.Replace(`"dist":{`, `"dist":{},"dist":{`)(w.release.Manifest)
	}},
	{"a manifest with integrity twice", "served", report.Fail, 1, nil, func(w *world) {
		w.release.Manifest = lab.Replace(`"integrity":`, `"integrity":"sha512-","integrity":`)(w.release.Manifest)
	}},
	{"a manifest with a key twice in a field that is not read", "served", report.Fail, 1, nil, func(w *world) {
		w.release.Manifest = lab.Replace(`"license":`, `"scripts":{"a":1,"a":2},"license":`)(w.release.Manifest)
	}},
	{"a manifest with a name twice by an escape", "served", report.Fail, 1, nil, func(w *world) {
		w.release.Manifest = lab.Replace(`"license":`, `"\u006eame":"@acme/other","license":`)(w.release.Manifest)
	}},
	{"a manifest nested deeper than any", "served", report.Fail, 1, nil, func(w *world) {
		w.release.Manifest = lab.Replace(`"license":`, `"x":`+strings.Repeat("[", 300)+strings.Repeat("]", 300)+`,"license":`)(w.release.Manifest)
	}},
	{"a manifest larger than any", "served", report.Fail, 1, nil, func(w *world) {
		w.release.Manifest = lab.Replace(`"license":`, `"x":"`+strings.Repeat("x", 4<<20)+`","license":`)(w.release.Manifest)
	}},
	{"a list in place of the manifest", "served", report.Unknown, 3, nil, func(w *world) { w.release.Manifest = []byte("[]") }},
	{"a tarball address that climbs", "served", report.Fail, 1, manifest(lab.Change("/dist/tarball", func(v any) any {
		return strings.Replace(v.(string), "/-/", "/-/../../", 1)
	})), nil},
	{"a tarball address that climbs by escapes", "served", report.Fail, 1, manifest(lab.Change("/dist/tarball", func(v any) any {
		return strings.Replace(v.(string), "/-/", "/-/%2e%2e/", 1)
	})), nil},
	{"a tarball address that is no web address", "served", report.Fail, 1, manifest(lab.Set("/dist/tarball", "file:///etc/passwd")), nil},
	{"a tarball address with a line break", "served", report.Fail, 1, manifest(lab.Change("/dist/tarball", func(v any) any { return v.(string) + "%0d%0aX: y" })), nil},
	{"an address of the attestations of another release", "provenance", report.Fail, 1, func(w *world) {
		w.registry.Add(another(w, func(d *lab.Draft) { d.Name, d.Version = "demo", "2.0.0" }))
		w.draft.Manifest = lab.Set("/dist/attestations/url", w.draft.Registry+"/-/npm/v1/attestations/demo@2.0.0")
	}, nil},
	{"a redirect of the manifest to another host", "served", report.Fail, 1, nil, func(w *world) {
		w.registry.Fault(lab.Fault{Surface: lab.SurfaceManifest, To: -1, Kind: lab.FaultRedirect, Status: 302, Location: "https://evil.example/"})
	}},
	{"a redirect of the tarball to another host", "served", report.Fail, 1, nil, func(w *world) {
		w.registry.Fault(lab.Fault{Surface: lab.SurfaceTarball, To: -1, Kind: lab.FaultRedirect, Status: 302, Location: "https://evil.example/"})
	}},
	{"attestations that name a key twice", "served", report.Fail, 1, nil, func(w *world) {
		w.release.Attestations = bytes.Replace(w.release.Attestations, []byte(`"bundle":{`), []byte(`"bundle":{},"bundle":{`), 1)
	}},
	{"attestations with a key twice within a bundle", "served", report.Fail, 1, nil, func(w *world) {
		w.release.Attestations = bytes.Replace(w.release.Attestations, []byte(`"payload":`), []byte(`"payload":"","payload":`), 1)
	}},
	{"attestations with an envelope twice by another spelling", "provenance", report.Fail, 1, bundle(func(o lab.Object) {
		o["dsse_envelope"] = o["dsseEnvelope"]
	}), nil},
	{"an empty list of attestations", "served", report.Unknown, 3, nil, func(w *world) { w.release.Attestations = []byte(`{"attestations":[]}`) }},
	{"attestations that are never served", "served", report.Unknown, 3, nil, func(w *world) { w.release.Attestations = nil }},
	{"more attestations than anyone makes", "served", report.Fail, 1, nil, func(w *world) {
		w.release.Attestations = lab.Edit(w.release.Attestations, func(o lab.Object) {
			for range 64 {
				lab.Set("/attestations/-", lab.Object{"predicateType": "x", "bundle": lab.Object{}})(o)
			}
		})
	}},
}

var tarballs = []attack{
	{"another tarball", "tarball-integrity", report.Fail, 1, nil, func(w *world) {
		w.release.Tarball = lab.Pack(map[string]string{"package.json": "{}"}, 9)
	}},
	{"a tarball with one changed byte", "tarball-integrity", report.Fail, 1, nil, func(w *world) {
		w.release.Tarball = bytes.Clone(w.release.Tarball)
		w.release.Tarball[len(w.release.Tarball)/2] ^= 1
	}},
	{"a tarball cut short", "tarball-integrity", report.Fail, 1, nil, func(w *world) { w.release.Tarball = w.release.Tarball[:len(w.release.Tarball)-1] }},
	{"a tarball with a byte behind its end", "tarball-integrity", report.Fail, 1, nil, func(w *world) {
		w.release.Tarball = append(bytes.Clone(w.release.Tarball), 0)
	}},
	{"the same files compressed anew", "tarball-integrity", report.Fail, 1, nil, func(w *world) { w.release.Tarball = lab.Recompress(w.release.Tarball) }},
	{"a second archive behind the first", "tarball-integrity", report.Fail, 1, nil, func(w *world) {
		w.release.Tarball = append(bytes.Clone(w.release.Tarball), lab.Pack(map[string]string{"evil.js": ""}, 9)...)
	}},
	{"the tarball of an earlier version", "tarball-integrity", report.Fail, 1, nil, func(w *world) {
		w.release.Tarball = another(w, func(d *lab.Draft) { d.Version = "0.9.0" }).Tarball
	}},
	{"a tarball that is never served", "served", report.Unknown, 3, nil, func(w *world) { w.release.Tarball = nil }},
	{"other bytes with everything the registry alone can forge", "provenance", report.Fail, 1, nil, func(w *world) {
		o := another(w, func(d *lab.Draft) { d.Files = map[string]string{"index.js": "process.exit(1)"} })
		w.release.Manifest, w.release.Tarball, w.release.Packument = o.Manifest, o.Tarball, o.Packument
	}},
	{"other bytes than this job packed", "tarball-integrity", report.Fail, 1, func(w *world) {
		w.in["tarball"] = w.file("demo.tgz", lab.Pack(map[string]string{"package.json": "{}"}, 9))
	}, nil},
}

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

// required raises an advisory check, so that it decides.
func required(id string, then func(*world)) func(*world) {
	return func(w *world) {
		w.in["require"] = id
		if then != nil {
			then(w)
		}
	}
}

var advisories = []attack{
	{"published with a token where a trusted publisher is required", "trusted-publisher", report.Fail, 1,
		required("trusted-publisher", func(w *world) { w.draft.Trust = lab.TrustProvenance }), nil},
	{"nobody named where a trusted publisher is required", "trusted-publisher", report.Unknown, 1,
		required("trusted-publisher", manifest(lab.Delete("/_npmUser"))), nil},
	{"an account that only calls itself GitHub Actions", "trusted-publisher", report.Fail, 1, required("trusted-publisher", func(w *world) {
		w.draft.Manifest = lab.Set("/_npmUser", lab.Object{"name": "GitHub Actions", "email": "npm-oidc-no-reply@github.com.example"})
	}), nil},
	{"a trusted publisher in other case", "trusted-publisher", report.Fail, 1, required("trusted-publisher", func(w *world) {
		w.draft.Manifest = lab.Set("/_npmUser", lab.Object{"name": "mallory", "email": "m@example.com", "TrustedPublisher": lab.Object{"id": "github"}})
	}), nil},
	{"a dist-tag that points at another version", "dist-tag", report.Fail, 1,
		required("dist-tag", func(w *world) { w.draft.DistTags = map[string]string{"latest": "0.9.0"} }), nil},
	{"a dist-tag that does not exist", "dist-tag", report.Fail, 1,
		required("dist-tag", func(w *world) { w.draft.DistTags = map[string]string{"next": "1.0.0"} }), nil},
	{"a prerelease on latest", "dist-tag", report.Fail, 1, required("dist-tag", func(w *world) {
		w.draft.Version, w.in["package"], w.in["dist-tag"] = "1.0.0-rc.1", "@acme/demo@1.0.0-rc.1", "latest"
	}), nil},
	{"an older version on latest", "dist-tag", report.Fail, 1, required("dist-tag", func(w *world) {
		w.draft.Earlier = append(w.draft.Earlier, lab.Earlier{Version: "2.0.0", Published: w.draft.Published.Add(-time.Hour), Trust: lab.TrustTrustedPublisher})
	}), nil},
	{"less trust than earlier versions had", "trust-downgrade", report.Fail, 1,
		required("trust-downgrade", func(w *world) { w.draft.Trust = lab.TrustProvenance }), nil},
	{"less trust than one of many earlier versions had", "trust-downgrade", report.Fail, 1, required("trust-downgrade", func(w *world) {
		w.draft.Earlier = append([]lab.Earlier{{Version: "0.1.0", Published: w.draft.Published.Add(-48 * time.Hour), Trust: lab.TrustStagedPublish}}, w.draft.Earlier...)
	}), nil},
	{"a packument without time, where the trust of earlier versions counts", "trust-downgrade", report.Unknown, 1,
		required("trust-downgrade", func(w *world) { w.draft.Packument = lab.Delete("/time") }), nil},
	{"a packument without this version's time", "trust-downgrade", report.Unknown, 1,
		required("trust-downgrade", func(w *world) { w.draft.Packument = lab.Set("/time/1.0.0", nil) }), nil},
	{"a packument that does not list the version, and so perhaps not the earlier ones", "trust-downgrade", report.Unknown, 1,
		required("trust-downgrade", func(w *world) { w.draft.Packument = lab.Set("/versions", lab.Object{}) }), nil},
	{"a packument of another package", "trust-downgrade", report.Unknown, 1,
		required("trust-downgrade", func(w *world) { w.draft.Packument = lab.Set("/name", "@acme/other") }), nil},
	{"a packument that names a key twice", "dist-tag", report.Unknown, 1, required("dist-tag", nil), func(w *world) {
		w.release.Packument = bytes.Replace(w.release.Packument, []byte(`"dist-tags":`), []byte(`"dist-tags":{},"dist-tags":`), 1)
	}},
	{"a packument without time and a key that has ended since", "registry-signature", report.Unknown, 1, func(w *world) {
		withKey(func(w *world, k *lab.SigningKey) { k.End = w.draft.Published.Add(time.Hour) })(w)
		w.draft.Trust, w.in["skip"] = lab.TrustNone, "provenance"
		w.draft.Packument = lab.Delete("/time")
	}, nil},
}
