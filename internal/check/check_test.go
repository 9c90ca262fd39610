package check_test

import (
	"os"
	"strings"
	"testing"

	"verify-npm-release/internal/check"
	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/lab"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
)

func TestAGoodReleasePassesEveryCheck(t *testing.T) {
	t.Parallel()
	p := newWorld(t, nil).judge(t)
	for _, c := range p.Checks {
		want := report.Pass
		if c.ID == "leftover-token" {
			want = report.Skip
		}
		if c.Status != want {
			t.Errorf("%s: got %s (%s), want %s", c.ID, c.Status, c.Detail, want)
		}
	}
	if p.Status != report.Verified {
		t.Errorf("status: got %q, want %q", p.Status, report.Verified)
	}
}

func TestNoEvidencePassesNothing(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{plan.ThisRun, plan.ThisRepository, plan.Declared, plan.None} {
		p := &plan.Plan{Expect: plan.Expectation{Mode: mode}}
		got := check.Package(&evidence.Evidence{}, p)
		for _, c := range got.Checks {
			if c.Status == report.Pass {
				t.Errorf("expect %s: %s passes on no evidence at all: %s", mode, c.ID, c.Detail)
			}
		}
		r := &report.Report{Packages: []report.Package{got}}
		if r.Decide(); r.Packages[0].Status == report.Verified || r.ExitCode(true) == 0 {
			t.Errorf("expect %s: no evidence at all is %s, exit %d", mode, r.Packages[0].Status, r.ExitCode(true))
		}
	}
}

func TestChecksAreUniqueAndDocumented(t *testing.T) {
	t.Parallel()
	docs, err := os.ReadFile("../../docs/checks.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, c := range check.All {
		if seen[c.ID] {
			t.Errorf("the id %s occurs twice", c.ID)
		}
		seen[c.ID] = true
		if c.Title == "" || c.Run == nil {
			t.Errorf("%s has no title or asks nothing", c.ID)
		}
		if !strings.Contains(string(docs), "\n## "+c.ID+"\n") {
			t.Errorf("docs/checks.md has no section %q", c.ID)
		}
		if _, err := os.Stat(c.ID + ".go"); err != nil {
			t.Errorf("the check %s is not in the file of its name", c.ID)
		}
	}
}

// A log that promised nothing signs no index of its own; none is told then.
func TestAnIndexThatNobodySignedIsNotTold(t *testing.T) {
	t.Parallel()
	p := newWorld(t, func(d *lab.Draft) { d.Provenance.NoPromise, d.Provenance.Timestamped = true, true }).judge(t)
	if p.Status != report.Verified || p.Log == nil || p.Log.Index != nil {
		t.Errorf("got %s with log %+v, want verified without an index", p.Status, p.Log)
	}
}

// spoils are good releases spoiled in one way each, and the check that must notice.
var spoils = []struct {
	name  string
	check string
	want  report.CheckStatus
	draft func(*lab.Draft)
	world func(*world)
}{
	{"the tarball is not there", "served", report.Unknown, nil,
		func(w *world) { w.release.Tarball = nil }},
	{"the attestations are not there", "served", report.Unknown, nil,
		func(w *world) { w.release.Attestations = nil }},
	{"the tarball was swapped", "tarball-integrity", report.Fail, nil,
		func(w *world) { w.release.Tarball = lab.Pack(map[string]string{"package.json": "{}"}, 9) }},
	{"the manifest announces no digest", "tarball-integrity", report.Fail,
		func(d *lab.Draft) { d.Manifest = lab.Delete("/dist/integrity") }, nil},
	{"no registry signature", "registry-signature", report.Fail,
		func(d *lab.Draft) { d.SignatureKeys = nil }, nil},
	{"a registry signature by an unknown key", "registry-signature", report.Fail,
		func(d *lab.Draft) { d.SignatureKeys = []*lab.SigningKey{lab.NewSigningKey()} }, nil},
	{"a second registry signature that does not verify", "registry-signature", report.Fail,
		func(d *lab.Draft) { d.SignatureKeys = append(d.SignatureKeys, lab.NewSigningKey()) }, nil},
	{"no publish attestation", "publish-attestation", report.Fail,
		func(d *lab.Draft) { d.PublishAttestation = nil }, nil},
	{"a publish attestation for another registry", "publish-attestation", report.Fail,
		func(d *lab.Draft) {
			d.PublishAttestation.Statement = lab.Set("/predicate/registry", "https://npm.example.com")
		}, nil},
	{"a publish attestation for another version", "publish-attestation", report.Fail,
		func(d *lab.Draft) { d.PublishAttestation.Statement = lab.Set("/predicate/version", "1.0.1") }, nil},
	{"a publish attestation by a key that is not npm's", "publish-attestation", report.Fail,
		func(d *lab.Draft) { d.PublishAttestation.Key = lab.NewSigningKey() }, nil},
	{"published without provenance", "provenance", report.Fail,
		func(d *lab.Draft) { d.Trust = lab.TrustNone }, nil},
	{"provenance of another package", "provenance", report.Fail,
		func(d *lab.Draft) {
			d.Provenance.Statement = lab.Set("/subject/0/name", "pkg:npm/%40acme/other@1.0.0")
		}, nil},
	{"provenance of other bytes", "provenance", report.Fail,
		func(d *lab.Draft) {
			d.Provenance.Statement = lab.Set("/subject/0/digest/sha512", strings.Repeat("0", 128))
		}, nil},
	{"provenance with a second subject", "provenance", report.Fail,
		func(d *lab.Draft) {
			d.Provenance.Statement = lab.Set("/subject/-", lab.Object{"name": "pkg:npm/x@1.0.0", "digest": lab.Object{"sha512": "00"}})
		}, nil},
	{"provenance under another Sigstore", "provenance", report.Fail,
		func(d *lab.Draft) { d.Provenance.Sigstore = lab.NewSigstore() }, nil},
	{"two provenances", "provenance", report.Fail,
		func(d *lab.Draft) {
			d.Attestations = func(o lab.Object) {
				o["attestations"] = append(o["attestations"].([]any), o["attestations"].([]any)...)
			}
		}, nil},
	{"built by another run", "source", report.Fail, func(d *lab.Draft) { d.Run.ID = "1" }, nil},
	{"built by a later attempt", "source", report.Fail, func(d *lab.Draft) { d.Run.Attempt = "9" }, nil},
	{"built from another commit", "source", report.Fail, func(d *lab.Draft) { d.Run.Commit = strings.Repeat("1", 40) }, nil},
	{"built on a self-hosted runner", "source", report.Fail, func(d *lab.Draft) { d.Run.Runner = "self-hosted" }, nil},
	{"built by another repository of the same name", "source", report.Fail, func(d *lab.Draft) { d.Run.RepositoryID = "7" }, nil},
	{"a statement that contradicts the certificate", "source", report.Fail,
		func(d *lab.Draft) {
			d.Provenance.Statement = lab.Set("/predicate/buildDefinition/externalParameters/workflow/repository", "https://github.com/evil/demo")
		}, nil},
	{"another signer than expected", "source", report.Fail, nil,
		func(w *world) { w.in["expected-signer"] = ".github/workflows/other.yml" }},
	{"published with a token", "trusted-publisher", report.Fail,
		func(d *lab.Draft) { d.Trust = lab.TrustProvenance }, nil},
	{"latest points elsewhere", "dist-tag", report.Fail,
		func(d *lab.Draft) { d.DistTags = map[string]string{"latest": "0.9.0"} }, nil},
	{"a tag that does not exist", "dist-tag", report.Fail, nil, func(w *world) { w.in["dist-tag"] = "next" }},
	{"earlier versions were trusted more", "trust-downgrade", report.Fail,
		func(d *lab.Draft) { d.Trust = lab.TrustProvenance }, nil},
}

func TestSpoilTable(t *testing.T) {
	t.Parallel()
	covered := map[string]bool{"leftover-token": true} // has a table of its own
	for _, row := range spoils {
		covered[row.check] = true
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, row.draft)
			if row.world != nil {
				row.world(w)
			}
			p := w.judge(t)
			if got := answers(p)[row.check]; got != row.want {
				t.Errorf("%s: got %s (%s), want %s", row.check, got, detail(p, row.check), row.want)
			}
			for _, c := range p.Checks {
				if c.ID == row.check && c.Level == report.Required && p.Status == report.Verified {
					t.Errorf("verified although the required check %s is %s", c.ID, c.Status)
				}
			}
		})
	}
	for _, c := range check.All {
		if !covered[c.ID] {
			t.Errorf("no row spoils what %s asks", c.ID)
		}
	}
}
