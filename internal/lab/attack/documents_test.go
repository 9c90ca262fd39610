package attack

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"verify-npm-release/internal/lab"
	"verify-npm-release/internal/report"
)

// direct answers requests without a network.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	r.RequestURI = r.URL.RequestURI()
	d.ServeHTTP(w, r)
	return w.Result(), nil
}

// document is one document of a release, every value of which is spoilt in every way.
type document struct {
	name  string
	of    func(*world) []byte             // as it is when good
	set   func(w *world, raw []byte)      // into what is served, or trusted
	loses func(variant) string            // the check that must not pass; "": nothing may change
	draft func(d *lab.Draft, text []byte) // where it is signed: set before the release is made
}

// each is a prime, so that a sample has values and ways of every kind.
const each = 7

// TestEveryValueOfEveryDocument is a sample in make test, and all in make attack.
func TestEveryValueOfEveryDocument(t *testing.T) {
	t.Parallel()
	for _, d := range documents {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			base := newWorld(t, nil)
			good, exit := base.judgeDirectly(t)
			if exit != 0 {
				t.Fatalf("the good release: exit code %d: %+v", exit, good)
			}
			count := map[string]int{}
			for i, v := range variants(d.of(base)) {
				if !thorough && i%each != 0 {
					continue
				}
				w := *base
				release := *base.release
				w.release, w.in = &release, map[string]string{}
				if d.draft != nil {
					draft := *base.draft
					p, q := *draft.Provenance, *draft.PublishAttestation
					draft.Provenance, draft.PublishAttestation = &p, &q
					d.draft(&draft, v.raw)
					w.release = draft.Release()
				} else {
					d.set(&w, v.raw)
				}
				r, exit := w.judgeDirectly(t)
				check := d.loses(v)
				count[check]++
				if check == "" {
					if exit != 0 || !sameFacts(r, good) {
						t.Errorf("%s %s changes the verdict, exit code %d: %s", v.pointer, v.kind, exit, bad(r))
					}
					continue
				}
				if got, detail := answer(r, check); got == report.Pass || got == report.Skip || exit == 0 || r.Status == report.Verified {
					t.Errorf("%s %s: %s is %q (%s), exit code %d", v.pointer, v.kind, check, got, detail, exit)
				}
			}
			t.Logf("noticed by: %v", count)
		})
	}
}

// bad lists what does not pass.
func bad(r *report.Report) string {
	text := r.Problem
	for _, p := range r.Packages {
		for _, c := range p.Checks {
			if c.Status != report.Pass && c.Status != report.Skip {
				text += "; " + c.ID + " " + string(c.Status) + ": " + c.Detail
			}
		}
	}
	return text
}

// sameFacts says whether two reports say the same of the release.
func sameFacts(a, b *report.Report) bool {
	if len(a.Packages) != 1 || len(b.Packages) != 1 || a.Status != b.Status {
		return false
	}
	p, q := a.Packages[0], b.Packages[0]
	if p.Log == nil || q.Log == nil || p.Dist == nil || q.Dist == nil {
		return false
	}
	return p.Dist.Integrity == q.Dist.Integrity && reflect.DeepEqual(p.Source, q.Source) && p.Log.Origin == q.Log.Origin
}

// judgeDirectly is judge without a network, under a trusted root and keys from files: it takes milliseconds.
func (w *world) judgeDirectly(t testing.TB) (*report.Report, int) {
	t.Helper()
	dir := t.TempDir()
	for name, raw := range map[string][]byte{"trusted_root.json": w.release.TrustedRoot, "keys.json": w.release.Keys} {
		if err := os.WriteFile(filepath.Join(dir, name), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.registry.Add(w.release)
	return w.ask(t, map[string]string{
		"package": spec, "registry-url": w.draft.Registry, "timeout": "20ms", "require": "trusted-publisher dist-tag trust-downgrade", "working-directory": dir,
		"trusted-root": filepath.Join(dir, "trusted_root.json"), "registry-keys": filepath.Join(dir, "keys.json"),
	}, direct{w.registry})
}

// statementOf is what an envelope holds.
func statementOf(bundle []byte) []byte {
	raw, err := base64.StdEncoding.DecodeString(lab.Text(bundle, "/dsseEnvelope/payload"))
	if err != nil {
		panic(err)
	}
	return raw
}

// loses tells which check must notice a spoilt value; "": none, because the value does not count, and the verdict stays.
var documents = []document{
	{name: "manifest", of: func(w *world) []byte { return w.release.Manifest },
		set: func(w *world, raw []byte) { w.release.Manifest = raw },
		loses: func(v variant) string {
			switch {
			case v.twice():
				return "served"
			case v.beside():
				return ""
			case v.kind == "huge number" && v.is("/name", "/version", "/_id", "/_npmUser", "/dist", "/dist/**") && !v.is("/dist/fileCount", "/dist/unpackedSize"):
				return "served"
			case v.is("/name", "/version", "/dist", "/dist/tarball", "/dist/attestations/url"):
				return "served"
			case v.is("/dist/integrity"):
				return "tarball-integrity"
			case v.is("/dist/signatures", "/dist/signatures/**"):
				return "registry-signature"
			case v.is("/dist/attestations"):
				return "provenance"
			case v.is("/dist/attestations/provenance"):
				return "trust-downgrade"
			case v.is("/_npmUser", "/_npmUser/trustedPublisher"):
				return "trust-downgrade"
			}
			return ""
		}},
	{name: "packument", of: func(w *world) []byte { return w.release.Packument },
		set: func(w *world, raw []byte) { w.release.Packument = raw },
		loses: func(v variant) string {
			switch {
			case v.twice():
				return "dist-tag"
			case v.beside():
				return ""
			case v.is("/dist-tags", "/dist-tags/latest", "/name"), v.kind == "huge number" && v.is("/time", "/versions"):
				return "dist-tag"
			case v.is("/time", "/time/1.0.0", "/versions"):
				return "trust-downgrade"
			}
			return ""
		}},
	{name: "attestations", of: func(w *world) []byte { return w.release.Attestations },
		set: func(w *world, raw []byte) { w.release.Attestations = raw },
		loses: func(v variant) string {
			of := "provenance"
			if v.is("/attestations/0/**") {
				of = "publish-attestation"
			}
			inBundle := v.is("/attestations/*/bundle/**") && !v.is("/attestations/*/bundle")
			switch {
			case v.twice():
				return "served"
			case v.beside() && inBundle:
				return of
			case v.beside(), v.is("/attestations/*/signedAccessSignatureUrl"):
				return ""
			case v.kind == "null" && v.is("/attestations/*/bundle/dsseEnvelope/signatures/0/keyid",
				"/attestations/*/bundle/verificationMaterial/timestampVerificationData",
				"/attestations/*/bundle/verificationMaterial/timestampVerificationData/rfc3161Timestamps"):
				return ""
			case inBundle:
				return of
			}
			return "served"
		}},
	{name: "keys", of: func(w *world) []byte { return w.release.Keys },
		set: func(w *world, raw []byte) { w.release.Keys = raw },
		loses: func(v variant) string {
			switch {
			case v.beside():
				return ""
			case (v.kind == "null" || v.instead()) && v.is("/keys/*/publicKey/validFor", "/keys/*/publicKey/validFor/start"):
				return "" // a key without a start was always valid
			case (v.kind == "null" || v.instead()) && v.is("/keys/1/publicKey/keyDetails"):
				return "publish-attestation"
			}
			return "registry-signature"
		}},
	{name: "keys of the registry's own endpoint", of: func(w *world) []byte { return w.release.KeysAPI },
		set: func(w *world, raw []byte) { w.release.Keys = raw },
		loses: func(v variant) string {
			if v.beside() || (v.kind == "null" || v.instead()) && v.is("/keys/*/expires") {
				return ""
			}
			return "registry-signature"
		}},
	{name: "trusted root", of: func(w *world) []byte { return w.release.TrustedRoot },
		set: func(w *world, raw []byte) { w.release.TrustedRoot = raw },
		loses: func(v variant) string {
			if v.kind == "null" && v.is("/certificateAuthorities/0/subject/**", "/certificateAuthorities/0/uri", "/certificateAuthorities/0/validFor/**",
				"/timestampAuthorities", "/timestampAuthorities/0/subject/**", "/timestampAuthorities/0/uri", "/timestampAuthorities/0/validFor/**",
				"/tlogs/0/baseUrl", "/ctlogs/0/baseUrl") {
				return "" // names, and authorities without a start or not needed here
			}
			return "provenance"
		}},
	{name: "provenance statement", of: func(w *world) []byte { return statementOf(w.release.Provenance) },
		draft: func(d *lab.Draft, raw []byte) { d.Provenance.Payload = func([]byte) []byte { return raw } },
		loses: func(v variant) string {
			switch {
			case v.beside() && (v.is("/predicate/**") && !v.is("/predicate") || v.is("/subject/0/digest/sha512")):
				return ""
			case v.is("/predicate/**") && !v.is("/predicate") && !v.twice():
				return "source"
			}
			return "provenance"
		}},
	{name: "publish statement", of: func(w *world) []byte { return statementOf(w.release.Publish) },
		draft: func(d *lab.Draft, raw []byte) { d.PublishAttestation.Payload = func([]byte) []byte { return raw } },
		loses: func(v variant) string {
			if v.beside() && v.is("/predicate/name", "/predicate/version", "/predicate/registry", "/subject/0/digest/sha512") {
				return ""
			}
			return "publish-attestation"
		}},
}
