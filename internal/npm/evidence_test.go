package npm

import (
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// evidence reads a file of a folder of real releases.
func evidence(t testing.TB, path ...string) []byte {
	t.Helper()
	root := os.Getenv("VERIFY_NPM_RELEASE_EVIDENCE")
	if root == "" {
		t.Skip("VERIFY_NPM_RELEASE_EVIDENCE does not name a folder of real releases")
	}
	raw, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func realManifest(t testing.TB, spec string) *Manifest {
	t.Helper()
	m, err := ParseManifest(evidence(t, spec, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := ParseSpec(spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Check(s); err != nil {
		t.Error(err)
	}
	return m
}

func TestRealSignatures(t *testing.T) {
	t.Parallel()
	retired, rotated := time.Date(2025, 1, 29, 0, 0, 0, 0, time.UTC), time.Date(2025, 1, 13, 0, 0, 0, 0, time.UTC)
	for _, file := range []string{"tuf_keys.json", "registry_keys.json"} {
		set, err := ParseKeys(evidence(t, file))
		if err != nil {
			t.Fatal(err)
		}
		tuf := file == "tuf_keys.json"
		if set.HasUsage != tuf || len(set.Attesting()) != 2 || set.Unsupported != 0 {
			t.Errorf("%s: got %+v", file, set)
		}
		for _, c := range []struct {
			spec  string
			times []time.Time
			want  SignatureKind
		}{
			{"nuxt@4.1.2", nil, 0},
			{"nuxt@4.1.2", []time.Time{time.Date(2025, 9, 12, 21, 47, 34, 462e6, time.UTC)}, 0},
			{"nuxt@4.1.2", []time.Time{rotated.Add(-1)}, map[bool]SignatureKind{true: SignatureKeyNotYet}[tuf]},
			{"sigstore@1.0.0", []time.Time{time.Date(2023, 1, 13, 0, 0, 0, 0, time.UTC)}, 0},
			{"sigstore@1.0.0", []time.Time{retired}, SignatureKeyExpired},
			{"sigstore@1.0.0", nil, SignatureTimeUnknown},
			{"kms-demo@1.0.0", []time.Time{time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}, 0},
			{"sigstore@2.3.1", nil, SignatureMissing},
		} {
			err := set.VerifySignatures(realManifest(t, c.spec), c.times)
			p, ok := errors.AsType[*SignatureError](err)
			if ok != (c.want != 0) || ok && p.Kind != c.want {
				t.Errorf("%s, %s at %v: got %v, want %v", file, c.spec, c.times, err, c.want)
			}
		}
	}
}

func TestRealDocuments(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]TrustLevel{
		"nuxt@4.1.2": TrustTrustedPublisher, "sigstore@1.0.0": TrustProvenance, "sigstore@2.3.1": TrustProvenance, "kms-demo@1.0.0": TrustNone,
	} {
		m := realManifest(t, spec)
		if got := m.TrustLevel(); got != want {
			t.Errorf("%s: got trust %v, want %v", spec, got, want)
		}
		if (m.Dist.Attestations == nil) != (want == TrustNone) {
			t.Errorf("%s: got attestations %+v", spec, m.Dist.Attestations)
		}
		if want == TrustNone {
			continue
		}
		a, err := ParseAttestations(evidence(t, spec, "attestations.json"))
		if err != nil || len(a.Entries) != 2 {
			t.Errorf("%s: got %+v, %v, want two attestations", spec, a, err)
			continue
		}
		want := m.Dist.Attestations.ProvenancePredicate
		if !slices.ContainsFunc(a.Entries, func(e AttestationEntry) bool { return e.PredicateType == want }) {
			t.Errorf("%s: got no attestation of type %q", spec, want)
		}
		sum := sha512.Sum512(evidence(t, spec, "package.tgz"))
		if got, err := ParseIntegrity(m.Dist.Integrity); err != nil || got != sum {
			t.Errorf("%s: got %s, %v, want %s", spec, m.Dist.Integrity, err, hex.EncodeToString(sum[:]))
		}
	}
	m := realManifest(t, "nuxt@4.1.2")
	if m.User.Name != "GitHub Actions" || m.User.TrustedPublisher.ID != "github" || !strings.HasPrefix(m.User.TrustedPublisher.OIDCConfigID, "oidc:") ||
		m.Repository.Directory != "packages/nuxt" || m.NPMVersion != "11.6.0" {
		t.Errorf("nuxt@4.1.2: got %+v, %+v", m, m.User)
	}

	raw := evidence(t, "nuxt@4.1.2", "packument.json")
	p, err := ParsePackument(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	published, err := time.Parse(time.RFC3339, strings.TrimSpace(string(evidence(t, "nuxt@4.1.2", "published.txt"))))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check("nuxt"); err != nil || len(p.Versions) != 377 || !p.Time["4.1.2"].Equal(published) || p.DistTags["latest"] == "" {
		t.Errorf("packument: got %v, %d versions, %v, %v", err, len(p.Versions), p.Time["4.1.2"], p.DistTags)
	}
	for version, want := range map[string]Version{
		"4.1.2":  {Trust: TrustTrustedPublisher, TrustedPublisher: true},
		"3.13.0": {Trust: TrustProvenance},
		"0.0.1":  {Deprecated: true},
	} {
		if got := p.Versions[version]; got != want {
			t.Errorf("packument: %s: got %+v, want %+v", version, got, want)
		}
	}
}
