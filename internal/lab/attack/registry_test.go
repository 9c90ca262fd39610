package attack

import (
	"bytes"
	"encoding/base64"
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
