package sigstore

import (
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// folder returns the folder of real data that the environment names; without one the test is skipped.
func folder(t testing.TB, variable string) string {
	t.Helper()
	dir := os.Getenv(variable)
	if dir == "" {
		t.Skipf("%s is not set: no real data to verify", variable)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return dir
}

func evidence(t testing.TB) string { return folder(t, "VERIFY_NPM_RELEASE_EVIDENCE") }

func read(t testing.TB, path ...string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func verifier(t testing.TB, trustedRoot []byte) *Verifier {
	t.Helper()
	v, err := NewVerifier(trustedRoot)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// npmKeys reads the keys for attestations out of the TUF target's shape.
func npmKeys(t testing.TB, dir string) []Key {
	t.Helper()
	var file struct {
		Keys []struct {
			KeyID, KeyUsage string
			PublicKey       struct {
				RawBytes []byte
				ValidFor struct{ Start, End time.Time }
			}
		}
	}
	if err := json.Unmarshal(read(t, dir, "tuf_keys.json"), &file); err != nil {
		t.Fatal(err)
	}
	var keys []Key
	for _, k := range file.Keys {
		if k.KeyUsage != "npm:attestations" {
			continue
		}
		public, err := x509.ParsePKIXPublicKey(k.PublicKey.RawBytes)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, Key{k.KeyID, public, k.PublicKey.ValidFor.Start, k.PublicKey.ValidFor.End})
	}
	return keys
}

// bundles returns a release's provenance and publish attestation.
func bundles(t testing.TB, dir, release string) (provenance, publish []byte) {
	t.Helper()
	var file struct {
		Attestations []struct {
			PredicateType string
			Bundle        json.RawMessage
		}
	}
	if err := json.Unmarshal(read(t, dir, release, "attestations.json"), &file); err != nil {
		t.Fatal(err)
	}
	for _, a := range file.Attestations {
		if strings.HasPrefix(a.PredicateType, "https://slsa.dev/") {
			provenance = a.Bundle
		} else {
			publish = a.Bundle
		}
	}
	return provenance, publish
}

func TestRealReleases(t *testing.T) {
	dir := evidence(t)
	v := verifier(t, read(t, dir, "trusted_root.json"))
	keys := npmKeys(t, dir)
	for _, tt := range []struct {
		release, subject   string
		provenance         LogEntry
		publish            LogEntry
		predicateType, key string
		mediaType          string
		repository         string // .12
		legacyRepository   string // .5
		run                string // .21
	}{
		{
			release: "nuxt@4.1.2", subject: "pkg:npm/nuxt@4.1.2",
			provenance: LogEntry{Index: 508226558, IntegratedTime: time.Unix(1757713653, 0), Origin: "rekor.sigstore.dev - 1193050959916656506",
				TreeSize: 386322302, URL: "https://search.sigstore.dev/?logIndex=508226558"},
			publish: LogEntry{Index: 508226758, IntegratedTime: time.Unix(1757713655, 0), Origin: "rekor.sigstore.dev - 1193050959916656506",
				TreeSize: 386322506, URL: "https://search.sigstore.dev/?logIndex=508226758"},
			predicateType: "https://slsa.dev/provenance/v1", key: "SHA256:DhQ8wR5APBvFHLF/+Tc+AYvPOdTpcIDqOhxsBHRwC7U",
			mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json", repository: "https://github.com/nuxt/nuxt", legacyRepository: "nuxt/nuxt",
			run: "https://github.com/nuxt/nuxt/actions/runs/17686742434/attempts/1",
		},
		{
			release: "sigstore@2.3.1", subject: "pkg:npm/sigstore@2.3.1",
			provenance: LogEntry{Index: 94408136, IntegratedTime: time.Unix(1715879523, 0), Origin: "rekor.sigstore.dev - 2605736670972794746",
				TreeSize: 90244708, URL: "https://search.sigstore.dev/?logIndex=94408136"},
			publish: LogEntry{Index: 94408157, IntegratedTime: time.Unix(1715879526, 0), Origin: "rekor.sigstore.dev - 2605736670972794746",
				TreeSize: 90244728, URL: "https://search.sigstore.dev/?logIndex=94408157"},
			predicateType: "https://slsa.dev/provenance/v1", key: "SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA",
			mediaType: "application/vnd.dev.sigstore.bundle+json;version=0.2", repository: "https://github.com/sigstore/sigstore-js",
			legacyRepository: "sigstore/sigstore-js", run: "https://github.com/sigstore/sigstore-js/actions/runs/9116405766/attempts/1",
		},
		{
			release: "sigstore@1.0.0", subject: "pkg:npm/sigstore@1.0.0",
			provenance: LogEntry{Index: 12988397, IntegratedTime: time.Unix(1675965360, 0), URL: "https://search.sigstore.dev/?logIndex=12988397"},
			publish:    LogEntry{Index: 12988399, IntegratedTime: time.Unix(1675965362, 0), URL: "https://search.sigstore.dev/?logIndex=12988399"},
			// The certificate is of before the extensions from .8 on.
			predicateType: "https://slsa.dev/provenance/v0.2", key: "SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA",
			mediaType: "application/vnd.dev.sigstore.bundle+json;version=0.1", legacyRepository: "sigstore/sigstore-js",
		},
	} {
		t.Run(tt.release, func(t *testing.T) {
			provenance, publish := bundles(t, dir, tt.release)
			got, err := v.Keyless(provenance)
			if err != nil {
				t.Fatal(err)
			}
			checkReal(t, got, tt.provenance, tt.subject, tt.predicateType)
			if got.MediaType != tt.mediaType || got.KeyID != "" || got.Certificate == nil {
				t.Fatalf("got media type %q, key %q, certificate %v", got.MediaType, got.KeyID, got.Certificate)
			}
			c := got.Certificate
			if c.SourceRepositoryURI != tt.repository || c.GitHubWorkflowRepository != tt.legacyRepository || c.RunInvocationURI != tt.run {
				t.Errorf("got repository %q and %q, run %q; want %q and %q, %q", c.SourceRepositoryURI, c.GitHubWorkflowRepository,
					c.RunInvocationURI, tt.repository, tt.legacyRepository, tt.run)
			}
			if c.Issuer != githubIssuer || got.Times[0].Before(c.NotBefore) || got.Times[0].After(c.NotAfter) {
				t.Errorf("got issuer %q, valid from %v to %v, signed at %v", c.Issuer, c.NotBefore, c.NotAfter, got.Times[0])
			}
			got, err = v.Keyed(publish, keys)
			if err != nil {
				t.Fatal(err)
			}
			checkReal(t, got, tt.publish, tt.subject, "https://github.com/npm/attestation/tree/main/specs/publish/v0.1")
			if got.KeyID != tt.key || got.Certificate != nil {
				t.Errorf("got key %q, certificate %v; want key %q", got.KeyID, got.Certificate, tt.key)
			}
			if _, err := v.Keyless(publish); kindOf(err) != Invalid {
				t.Errorf("the publish attestation as keyless: got %v, want invalid", err)
			}
			if _, err := v.Keyed(provenance, keys); kindOf(err) != Invalid {
				t.Errorf("the provenance as keyed: got %v, want invalid", err)
			}
		})
	}
}

func checkReal(t *testing.T, got *Verified, want LogEntry, subject, predicateType string) {
	t.Helper()
	want.LogID = "c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d"
	want.IntegratedTime = want.IntegratedTime.UTC()
	if got.Log != want {
		t.Errorf("log entry: got %+v, want %+v", got.Log, want)
	}
	if len(got.Times) != 1 || !got.Times[0].Equal(want.IntegratedTime) {
		t.Errorf("times: got %v, want %v", got.Times, want.IntegratedTime)
	}
	s := got.Statement
	if len(s.Subjects) != 1 || s.Subjects[0].Name != subject || len(s.Subjects[0].Digest["sha512"]) != 128 || s.PredicateType != predicateType {
		t.Errorf("statement: got %+v of %q, want %q of %q", s.Subjects, s.PredicateType, subject, predicateType)
	}
	if !json.Valid(s.Predicate) {
		t.Errorf("predicate: got %q, want JSON", s.Predicate)
	}
}

// TestSigstoreGoExamples verifies the npm attestations that sigstore-go ships.
func TestSigstoreGoExamples(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/sigstore/sigstore-go").Output()
	if err != nil {
		t.Skipf("go list: %v", err)
	}
	dir := filepath.Join(strings.TrimSpace(string(out)), "examples")
	v := verifier(t, read(t, dir, "trusted-root-public-good.json"))
	got, err := v.Keyless(read(t, dir, "bundle-provenance.json"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "sigstore/sigstore-js"; got.Certificate.GitHubWorkflowRepository != want {
		t.Errorf("got repository %q, want %q", got.Certificate.GitHubWorkflowRepository, want)
	}
	block, _ := pem.Decode(read(t, dir, "publish_key.pub"))
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	key := Key{ID: "SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA", Public: crypto.PublicKey(public)}
	got, err = v.Keyed(read(t, dir, "bundle-publish.json"), []Key{key})
	if err != nil {
		t.Fatal(err)
	}
	if want := "pkg:npm/sigstore@1.3.0"; got.Statement.Subjects[0].Name != want {
		t.Errorf("got subject %q, want %q", got.Statement.Subjects[0].Name, want)
	}
}

func BenchmarkVerify(b *testing.B) {
	dir := evidence(b)
	trustedRoot := read(b, dir, "trusted_root.json")
	keys := npmKeys(b, dir)
	provenance, publish := bundles(b, dir, "nuxt@4.1.2")
	b.ReportAllocs()
	for b.Loop() {
		v, err := NewVerifier(trustedRoot)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := v.Keyless(provenance); err != nil {
			b.Fatal(err)
		}
		if _, err := v.Keyed(publish, keys); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewVerifier(b *testing.B) {
	trustedRoot := read(b, evidence(b), "trusted_root.json")
	for b.Loop() {
		if _, err := NewVerifier(trustedRoot); err != nil {
			b.Fatal(err)
		}
	}
}
