package attack

import (
	"bytes"
	"encoding/base64"
	"strings"

	"verify-npm-release/internal/lab"
	"verify-npm-release/internal/report"
)

// enveloped changes the envelope after it was signed and before it is logged.
func enveloped(change func(*lab.Envelope)) func(*world) {
	return provenance(func(a *lab.Attestation) { a.Envelope = change })
}

// payload changes the statement's bytes before they are signed.
func payload(old, new string) func(*world) {
	return provenance(func(a *lab.Attestation) { a.Payload = lab.Replace(old, new) })
}

var envelopes = []attack{
	{"two signatures", "provenance", report.Fail, 1, enveloped(func(e *lab.Envelope) { e.Signatures = append(e.Signatures, e.Signatures[0]) }), nil},
	{"a stranger's signature before the good one", "provenance", report.Fail, 1, enveloped(func(e *lab.Envelope) {
		e.Signatures = append([]lab.EnvelopeSignature{{Sig: []byte("x")}}, e.Signatures...)
	}), nil},
	{"no signature", "provenance", report.Fail, 1, bundle(lab.Set("/dsseEnvelope/signatures", []any{})), nil},
	{"an empty signature", "provenance", report.Fail, 1, enveloped(func(e *lab.Envelope) { e.Signatures[0].Sig = nil }), nil},
	{"a signature cut short", "provenance", report.Fail, 1, enveloped(func(e *lab.Envelope) { s := &e.Signatures[0]; s.Sig = s.Sig[:len(s.Sig)-1] }), nil},
	{"a signature of other bytes", "provenance", report.Fail, 1, enveloped(func(e *lab.Envelope) { e.Payload = append(e.Payload, '\n') }), nil},
	{"a signature that names a key", "provenance", report.Fail, 1, enveloped(func(e *lab.Envelope) { e.Signatures[0].KeyID = "SHA256:x" }), nil},
	{"a payload changed after the signature", "provenance", report.Fail, 1, bundle(lab.Change("/dsseEnvelope/payload", func(v any) any {
		raw, _ := base64.StdEncoding.DecodeString(v.(string))
		return bytes.Replace(raw, []byte("acme"), []byte("evil"), 1)
	})), nil},
	{"the payload of another release", "provenance", report.Fail, 1, borrowed("/dsseEnvelope/payload"), nil},
	{"the whole envelope of another release", "provenance", report.Fail, 1, borrowed("/dsseEnvelope"), nil},
	{"another payload type", "provenance", report.Fail, 1, provenance(func(a *lab.Attestation) { a.PayloadType = "application/json" }), nil},
	{"the payload type in other case", "provenance", report.Fail, 1, provenance(func(a *lab.Attestation) { a.PayloadType = "application/vnd.in-toto+JSON" }), nil},
	{"a payload type changed after the signature", "provenance", report.Fail, 1, bundle(lab.Set("/dsseEnvelope/payloadType", "text/plain")), nil},
	{"no envelope", "provenance", report.Fail, 1, bundle(lab.Delete("/dsseEnvelope")), nil},
	{"a message signature instead of an envelope", "provenance", report.Fail, 1, bundle(lab.Edits(lab.Delete("/dsseEnvelope"),
		lab.Set("/messageSignature", lab.Object{"messageDigest": lab.Object{"algorithm": "SHA2_256", "digest": "AAAA"}, "signature": "AAAA"}))), nil},
	{"a bundle of an unknown version", "provenance", report.Unknown, 1, bundle(lab.Set("/mediaType", "application/vnd.dev.sigstore.bundle.v0.9+json")), nil},
	{"a bundle of another type", "provenance", report.Fail, 1, bundle(lab.Set("/mediaType", "application/json")), nil},
	{"a chain said to be of version 0.3, in which only a certificate may be", "provenance", report.Fail, 1, provenance(func(a *lab.Attestation) {
		a.MediaType, a.Entry, a.Bundle = lab.BundleV02, lab.EntryIntoto, lab.Set("/mediaType", lab.BundleV03)
	}), nil},
	{"a bundle with a key that the format does not have", "provenance", report.Fail, 1, bundle(lab.Set("/trusted", true)), nil},
	{"a statement of another type", "provenance", report.Fail, 1, payload("in-toto.io/Statement/v1", "in-toto.io/Statement/v2"), nil},
	{"a statement that is a list", "provenance", report.Fail, 1, provenance(func(a *lab.Attestation) {
		a.Payload = func(b []byte) []byte { return append(append([]byte("["), b...), ']') }
	}), nil},
	{"a statement that is not JSON", "provenance", report.Fail, 1, provenance(func(a *lab.Attestation) {
		a.Payload = func([]byte) []byte { return []byte("provenance") }
	}), nil},
	{"two statements one after the other", "provenance", report.Fail, 1, provenance(func(a *lab.Attestation) {
		a.Payload = func(b []byte) []byte { return append(b, b...) }
	}), nil},
	{"a statement without a predicate", "source", report.Fail, 1, provenance(func(a *lab.Attestation) { a.Statement = lab.Delete("/predicate") }), nil},
	{"a provenance signed with npm's key", "provenance", report.Fail, 1, func(w *world) { w.draft.Provenance.Key = w.sigstore.NPM }, nil},
	{"a publish attestation signed under a certificate", "publish-attestation", report.Fail, 1, func(w *world) {
		w.draft.PublishAttestation = &lab.Attestation{MediaType: lab.BundleV03, Entry: lab.EntryDSSE}
	}, nil},
	{"the provenance labelled a publish attestation, and the reverse", "provenance", report.Fail, 1, nil, func(w *world) {
		w.release.Attestations = lab.Edit(w.release.Attestations, lab.Edits(
			lab.Set("/attestations/0/predicateType", lab.PredicateSLSA1), lab.Set("/attestations/1/predicateType", lab.PredicatePublish)))
	}},
	{"a provenance of version 1 labelled 0.2", "provenance", report.Fail, 1, nil, func(w *world) {
		w.release.Attestations = lab.Edit(w.release.Attestations, lab.Set("/attestations/1/predicateType", lab.PredicateSLSA02))
	}},
	{"a statement that calls itself a publish attestation", "provenance", report.Fail, 1, payload(lab.PredicateSLSA1, lab.PredicatePublish), nil},
	{"a publish attestation that calls itself provenance", "publish-attestation", report.Fail, 1, func(w *world) {
		w.draft.PublishAttestation.Payload = lab.Replace(lab.PredicatePublish, lab.PredicateSLSA1)
	}, nil},
	{"two provenances", "provenance", report.Fail, 1, nil, func(w *world) {
		w.release.Attestations = lab.Edit(w.release.Attestations, lab.Set("/attestations/-", lab.Get(w.release.Attestations, "/attestations/1")))
	}},
	{"two provenances of different versions", "provenance", report.Fail, 1, nil, func(w *world) {
		w.release.Attestations = lab.Edit(w.release.Attestations, lab.Edits(lab.Set("/attestations/-", lab.Get(w.release.Attestations, "/attestations/1")),
			lab.Set("/attestations/2/predicateType", lab.PredicateSLSA02)))
	}},
	{"two publish attestations", "publish-attestation", report.Fail, 1, nil, func(w *world) {
		w.release.Attestations = lab.Edit(w.release.Attestations, lab.Set("/attestations/-", lab.Get(w.release.Attestations, "/attestations/0")))
	}},
	{"only attestations of a type that nobody asked for", "provenance", report.Fail, 1, nil, func(w *world) {
		w.release.Attestations = lab.Edit(w.release.Attestations, lab.Edits(
			lab.Set("/attestations/0/predicateType", "https://example.com/review"), lab.Set("/attestations/1/predicateType", "https://example.com/vsa")))
	}},
	{"only a provenance", "publish-attestation", report.Fail, 1, func(w *world) { w.draft.PublishAttestation = nil }, nil},
	{"only a publish attestation", "provenance", report.Fail, 1, nil, func(w *world) {
		w.release.Attestations = lab.Edit(w.release.Attestations, lab.Delete("/attestations/1"))
	}},
}

// subject edits what the provenance says it is about, before it is signed.
func subject(edit func(lab.Object)) func(*world) {
	return provenance(func(a *lab.Attestation) { a.Statement = edit })
}

const name, digest = "/subject/0/name", "/subject/0/digest"

var subjects = []attack{
	{"two subjects", "provenance", report.Fail, 1, subject(lab.Set("/subject/-", lab.Object{"name": "pkg:npm/x@1.0.0", "digest": lab.Object{"sha512": "00"}})), nil},
	{"the same subject twice", "provenance", report.Fail, 1, subject(lab.Change("/subject", func(v any) any { return append(v.([]any), v.([]any)[0]) })), nil},
	{"no subject", "provenance", report.Fail, 1, subject(lab.Set("/subject", []any{})), nil},
	{"no list of subjects", "provenance", report.Fail, 1, subject(lab.Delete("/subject")), nil},
	{"a subject without a digest", "provenance", report.Fail, 1, subject(lab.Delete(digest)), nil},
	{"a subject with an empty digest", "provenance", report.Fail, 1, subject(lab.Set(digest+"/sha512", "")), nil},
	{"a subject with sha1 alone", "provenance", report.Fail, 1, subject(lab.Set(digest, lab.Object{"sha1": strings.Repeat("0", 40)})), nil},
	{"a subject with sha256 alone", "provenance", report.Fail, 1, subject(lab.Set(digest, lab.Object{"sha256": strings.Repeat("0", 64)})), nil},
	{"a digest in capitals", "provenance", report.Fail, 1, subject(lab.Change(digest+"/sha512", func(v any) any { return strings.ToUpper(v.(string)) })), nil},
	{"a digest that begins alike", "provenance", report.Fail, 1, subject(lab.Change(digest+"/sha512", func(v any) any { return v.(string)[:64] })), nil},
	{"an algorithm in capitals", "provenance", report.Fail, 1, subject(lab.Change(digest, func(v any) any { return lab.Object{"SHA512": v.(lab.Object)["sha512"]} })), nil},
	{"a digest in base64", "provenance", report.Fail, 1, subject(lab.Set(digest+"/sha512", "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==")), nil},
	{"a name that is no purl", "provenance", report.Fail, 1, subject(lab.Set(name, spec)), nil},
	{"a purl whose scope is not encoded", "provenance", report.Fail, 1, subject(lab.Set(name, "pkg:npm/@acme/demo@1.0.0")), nil},
	{"a purl in other case", "provenance", report.Fail, 1, subject(lab.Set(name, "pkg:npm/%40acme/Demo@1.0.0")), nil},
	{"a purl of another registry", "provenance", report.Fail, 1, subject(lab.Set(name, "pkg:npm/%40acme/demo@1.0.0?repository_url=https://npm.example.com")), nil},
	{"a purl of another ecosystem", "provenance", report.Fail, 1, subject(lab.Set(name, "pkg:pypi/%40acme/demo@1.0.0")), nil},
	{"a purl of a version that begins alike", "provenance", report.Fail, 1, subject(lab.Set(name, "pkg:npm/%40acme/demo@1.0.01")), nil},
	{"a subject without a name", "provenance", report.Fail, 1, subject(lab.Delete(name)), nil},
	{"a publish attestation of two subjects", "publish-attestation", report.Fail, 1, func(w *world) {
		w.draft.PublishAttestation.Statement = lab.Set("/subject/-", lab.Object{"name": "pkg:npm/x@1.0.0", "digest": lab.Object{"sha512": "00"}})
	}, nil},
	{"a publish attestation that names another package", "publish-attestation", report.Fail, 1, func(w *world) {
		w.draft.PublishAttestation.Statement = lab.Set("/predicate/name", "@acme/other")
	}, nil},
	{"a publish attestation that names another version", "publish-attestation", report.Fail, 1, func(w *world) {
		w.draft.PublishAttestation.Statement = lab.Set("/predicate/version", "1.0.1")
	}, nil},
	{"a publish attestation that names no registry", "publish-attestation", report.Fail, 1, func(w *world) {
		w.draft.PublishAttestation.Statement = lab.Delete("/predicate/registry")
	}, nil},
	{"a publish attestation without a predicate", "publish-attestation", report.Fail, 1, func(w *world) {
		w.draft.PublishAttestation.Statement = lab.Delete("/predicate")
	}, nil},
	{"a publish attestation whose version is a number", "publish-attestation", report.Fail, 1, func(w *world) {
		w.draft.PublishAttestation.Statement = lab.Set("/predicate/version", 1)
	}, nil},
}
