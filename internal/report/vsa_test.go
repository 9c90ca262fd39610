package report

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

var (
	vsaAt       = time.Date(2026, 11, 21, 20, 49, 5, 0, time.FixedZone("", 3600))
	vsaVerifies = Verifier{"https://example.com/verify", "verify-npm-release", "v1.2.3", "https://example.com/checks.md"}
)

func vsaPackage() Package {
	return Package{
		Name: "@acme/demo", Version: "1.0.0", PURL: "pkg:npm/%40acme/demo@1.0.0", Status: Verified,
		Checks: []Check{
			{ID: "provenance", Status: Pass, Level: Required},
			{ID: "source", Status: Pass, Level: Required},
			{ID: "dist-tag", Status: Fail, Level: Advisory},
			{ID: "leftover-token", Status: Skip, Level: Required},
		},
		Dist:   &Dist{Integrity: "sha512-" + base64.StdEncoding.EncodeToString(make([]byte, 64)), AttestationsDigest: "sha256:ab12"},
		Source: &Source{Runner: "github-hosted"},
		Links:  &Links{Attestations: "https://registry.npmjs.org/-/npm/v1/attestations/@acme%2fdemo@1.0.0"},
	}
}

func TestVSA(t *testing.T) {
	t.Parallel()
	var got, want any
	if err := json.Unmarshal(VSA(vsaPackage(), vsaVerifies, vsaAt), &got); err != nil {
		t.Fatal(err)
	}
	err := json.Unmarshal([]byte(`{
		"_type": "https://in-toto.io/Statement/v1",
		"subject": [{"name": "pkg:npm/%40acme/demo@1.0.0", "digest": {"sha512": "`+strings.Repeat("00", 64)+`"}}],
		"predicateType": "https://slsa.dev/verification_summary/v1",
		"predicate": {
			"verifier": {"id": "https://example.com/verify", "version": {"verify-npm-release": "v1.2.3"}},
			"timeVerified": "2026-11-21T19:49:05Z",
			"resourceUri": "pkg:npm/%40acme/demo@1.0.0",
			"policy": {"uri": "https://example.com/checks.md", "annotations": {
				"required": ["provenance", "source"], "advisory": ["dist-tag"], "skipped": ["leftover-token"]}},
			"inputAttestations": [{
				"uri": "https://registry.npmjs.org/-/npm/v1/attestations/@acme%2fdemo@1.0.0", "digest": {"sha256": "ab12"}}],
			"verificationResult": "PASSED",
			"verifiedLevels": ["SLSA_BUILD_LEVEL_2"],
			"slsaVersion": "1.1"
		}
	}`), &want)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// No summary says more than the checks established.
func TestVSASaysNoMore(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		spoil func(*Package)
		want  string // result and level; "" no summary
	}{
		{"nothing", func(*Package) {}, "PASSED SLSA_BUILD_LEVEL_2"},
		{"a self-hosted runner", func(p *Package) { p.Source.Runner = "self-hosted" }, "PASSED SLSA_BUILD_LEVEL_1"},
		{"a certificate that names no runner", func(p *Package) { p.Source = nil }, "PASSED SLSA_BUILD_LEVEL_1"},
		{"a source that was not asked for", func(p *Package) { p.Checks[1].Status = Skip }, "PASSED SLSA_BUILD_LEVEL_1"},
		{"provenance that was not asked for", func(p *Package) { p.Checks[0].Status = Skip }, "PASSED SLSA_BUILD_LEVEL_0"},
		{"not verified", func(p *Package) { p.Status = NotVerified }, "FAILED FAILED"},
		{"pending", func(p *Package) { p.Status = Pending }, ""},
		{"an error", func(p *Package) { p.Status = Error }, ""},
		{"no status", func(p *Package) { p.Status = "" }, ""},
		{"no digest", func(p *Package) { p.Dist = nil }, ""},
		{"a digest of another kind", func(p *Package) { p.Dist.Integrity = "sha1-AAAA" }, ""},
		{"a digest cut short", func(p *Package) { p.Dist.Integrity = "sha512-AAAA" }, ""},
		{"two digests", func(p *Package) { p.Dist.Integrity += " " + p.Dist.Integrity }, ""},
		{"no name", func(p *Package) { p.PURL = "" }, ""},
	} {
		p := vsaPackage()
		row.spoil(&p)
		var s vsaStatement
		raw := VSA(p, vsaVerifies, vsaAt)
		if raw != nil {
			if err := json.Unmarshal(raw, &s); err != nil {
				t.Fatal(err)
			}
		}
		if got := strings.TrimSpace(s.Predicate.Result + " " + strings.Join(s.Predicate.Levels, " ")); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
	p := vsaPackage()
	p.Dist.AttestationsDigest = ""
	if raw := string(VSA(p, vsaVerifies, vsaAt)); strings.Contains(raw, "inputAttestations") {
		t.Errorf("attestations without a digest are listed: %s", raw)
	}
}
