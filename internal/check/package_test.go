package check

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
	"verify-npm-release/internal/sigstore"
)

// proved is evidence of x@1.0.0 whose provenance verified, as far as the facts of a report go.
func proved() *evidence.Evidence {
	sum := [64]byte{1}
	e := &evidence.Evidence{Registry: npm.PublicRegistry, State: evidence.StateServed, Waited: 1500 * time.Millisecond, Trust: &evidence.Trust{RootFrom: "r", KeysFrom: "k"}}
	e.Release = plan.Release{Spec: npm.Spec{Name: "x", Version: "1.0.0"}}
	e.Manifest = &npm.Manifest{Name: "x", Version: "1.0.0", Dist: npm.Dist{
		Integrity: npm.IntegrityString(sum), Tarball: "https://elsewhere.example/x/-/x-1.0.0.tgz?a=b",
		Attestations: &npm.AttestationsRef{URL: "https://elsewhere.example/-/npm/v1/attestations/x@1.0.0"},
	}}
	e.AttestationsDigest = "sha256:00"
	e.Surfaces[evidence.ManifestSurface] = evidence.Surface{Asked: true, Ready: true, After: time.Second}
	e.Surfaces[evidence.TarballSurface] = surface("pending")
	e.Surfaces[evidence.AttestationsSurface] = surface("ready")
	digest := "01" + strings.Repeat("00", 63)
	e.Provenance = evidence.Attested{Count: 1, Label: evidence.PredicateSLSA1, Verified: &sigstore.Verified{
		Statement:   sigstore.Statement{PredicateType: evidence.PredicateSLSA1, Subjects: []sigstore.Subject{{Name: "pkg:npm/x@1.0.0", Digest: map[string]string{"sha512": digest}}}},
		Certificate: &sigstore.Certificate{SAN: "https://github.com/a/x/.github/workflows/w.yml@refs/heads/main", SourceRepositoryURI: "https://github.com/a/x"},
		Log:         sigstore.LogEntry{Index: 7, Origin: "log", TreeSize: 9, URL: "u", IntegratedTime: day(2)},
		Times:       []time.Time{day(2)},
	}}
	return e
}

// ours are the notes that are not the diagnosis's.
func ours(p report.Package) []string {
	return slices.DeleteFunc(slices.Clone(p.Notes), func(n string) bool { return strings.HasPrefix(n, "No known cause") })
}

func TestFactsOfTheReport(t *testing.T) {
	t.Parallel()
	p := &plan.Plan{Expect: plan.Expectation{Mode: plan.None}}
	got := Package(proved(), p)
	if got.PURL != "pkg:npm/x@1.0.0" || got.Dist == nil || got.Dist.Tarball != npm.PublicRegistry+"/x/-/x-1.0.0.tgz" || got.Dist.AttestationsDigest != "sha256:00" {
		t.Errorf("got %q, dist %+v", got.PURL, got.Dist)
	}
	if got.Source == nil || got.Source.Repository != "https://github.com/a/x" || got.Log == nil || got.Log.Index == nil || *got.Log.Index != 7 ||
		got.Log.IntegratedTime != "2026-01-02T00:00:00Z" || got.Log.URL != "u" || got.Log.Origin != "log" || got.Log.TreeSize != 9 {
		t.Errorf("got source %+v, log %+v", got.Source, got.Log)
	}
	if got.Links == nil || got.Links.NPM != "https://www.npmjs.com/package/x/v/1.0.0" || got.Links.Attestations != npm.PublicRegistry+"/-/npm/v1/attestations/x@1.0.0" {
		t.Errorf("got links %+v", got.Links)
	}
	want := []report.Surface{{Surface: "manifest", Ready: true, Seconds: 1}, {Surface: "tarball", Last: "get : absent"}, {Surface: "attestations", Ready: true}}
	if got.Waited == nil || got.Waited.Seconds != 1.5 || !reflect.DeepEqual(got.Waited.Surfaces, want) {
		t.Errorf("got waited %+v, want %+v", got.Waited, want)
	}

	for _, tt := range []struct {
		name   string
		change func(*evidence.Evidence)
		holds  func(report.Package) bool
	}{
		{"no version", func(e *evidence.Evidence) { e.Release.Spec.Version = "" }, func(p report.Package) bool { return p.PURL == "" }},
		{"no manifest", func(e *evidence.Evidence) { e.Manifest = nil }, func(p report.Package) bool {
			return p.Dist == nil && p.Links == nil && p.Source == nil && p.Log == nil && p.Trust == nil
		}},
		{"altered", func(e *evidence.Evidence) { e.Altered = []string{"manifest.json"} }, func(p report.Package) bool {
			return p.Dist == nil && p.Links == nil && p.Source == nil && p.Log == nil && p.Trust == nil && p.Status == report.NotVerified && strings.Contains(p.Problem, "manifest.json")
		}},
		{"nothing verified", func(e *evidence.Evidence) { e.Provenance.Verified = nil }, func(p report.Package) bool {
			return p.Source == nil && p.Log == nil && p.Dist != nil && p.Dist.AttestationsDigest == ""
		}},
		{"the publish attestation alone verified", func(e *evidence.Evidence) {
			e.Publish.Verified, e.Provenance.Verified = e.Provenance.Verified, nil
		}, func(p report.Package) bool { return p.Source == nil && p.Dist.AttestationsDigest == "sha256:00" }},
		{"provenance of something else", func(e *evidence.Evidence) { e.Provenance.Verified.Statement.Subjects[0].Name = "pkg:npm/y@1.0.0" }, func(p report.Package) bool {
			return p.Source == nil && p.Log == nil
		}},
		{"provenance under a key", func(e *evidence.Evidence) { e.Provenance.Verified.Certificate = nil }, func(p report.Package) bool {
			return p.Source == nil && p.Checks[slices.Index(IDs(), "provenance")].Status == report.Fail
		}},
		{"a log without an index or a time", func(e *evidence.Evidence) {
			e.Provenance.Verified.Log = sigstore.LogEntry{Index: -1}
		}, func(p report.Package) bool { return p.Log != nil && p.Log.Index == nil && p.Log.IntegratedTime == "" }},
		{"index 0", func(e *evidence.Evidence) { e.Provenance.Verified.Log.Index = 0 }, func(p report.Package) bool { return p.Log.Index != nil && *p.Log.Index == 0 }},
		{"another registry", func(e *evidence.Evidence) { e.Registry = "https://npm.example.com/sub" }, func(p report.Package) bool {
			return p.Links.NPM == "" && p.Dist.Tarball == "https://npm.example.com/x/-/x-1.0.0.tgz"
		}},
		{"addresses that are none", func(e *evidence.Evidence) {
			e.Manifest.Dist.Tarball, e.Manifest.Dist.Attestations.URL = "x.tgz", "\x00"
		}, func(p report.Package) bool { return p.Dist.Tarball == "" && p.Links.Attestations == "" }},
		{"a registry that is none", func(e *evidence.Evidence) { e.Registry = "\x00" }, func(p report.Package) bool { return p.Dist.Tarball == "" }},
		{"no attestations announced", func(e *evidence.Evidence) { e.Manifest.Dist.Attestations = nil }, func(p report.Package) bool { return p.Links.Attestations == "" }},
		{"offline", func(e *evidence.Evidence) { e.Offline = true }, func(p report.Package) bool {
			return p.Waited == nil && slices.Contains(p.Notes, "Verified from the saved folder; trusted root: r; keys: k.")
		}},
		{"offline without trust", func(e *evidence.Evidence) { e.Offline, e.Trust = true, nil }, func(p report.Package) bool { return len(ours(p)) == 0 }},
		{"offline with a broken root", func(e *evidence.Evidence) { e.Offline, e.Trust.Err = true, errors.New("x") }, func(p report.Package) bool { return len(ours(p)) == 0 }},
		{"online", func(*evidence.Evidence) {}, func(p report.Package) bool { return len(ours(p)) == 0 && p.Status == "" && p.Problem == "" }},
		{"not saved", func(e *evidence.Evidence) { e.SaveErr = errors.New("full") }, func(p report.Package) bool {
			return slices.Contains(p.Notes, "The evidence was not saved completely: full.")
		}},
		{"other attestations", func(e *evidence.Evidence) { e.Others = []string{"a"} }, func(p report.Package) bool {
			return len(ours(p)) == 1 && strings.Contains(ours(p)[0], "1 (a)")
		}},
	} {
		e := proved()
		tt.change(e)
		if got := Package(e, p); !tt.holds(got) {
			t.Errorf("%s: got %+v, dist %+v, links %+v", tt.name, got, got.Dist, got.Links)
		}
	}
}

func TestHopeless(t *testing.T) {
	t.Parallel()
	p := &plan.Plan{Expect: plan.Expectation{Mode: plan.None}}
	if Hopeless(&evidence.Evidence{}, p) {
		t.Error("nothing is known yet, and that is hopeless")
	}
	e := proved()
	e.Publish = e.Provenance
	e.Publish.Verified = nil
	if Hopeless(e, p) {
		t.Error("what is not verified yet is hopeless")
	}
	e.Served = &npm.TarballSum{SHA512: [64]byte{2}}
	if !Hopeless(e, p) {
		t.Error("other bytes are not hopeless")
	}
	e = proved()
	e.Publish = evidence.Attested{Count: 1}
	e.Provenance.Count = 2
	if !Hopeless(e, p) {
		t.Error("two provenances are not hopeless")
	}
	if p.Skip = []string{"provenance"}; Hopeless(e, p) {
		t.Error("what is left out is hopeless")
	}
}

func TestUnfinished(t *testing.T) {
	t.Parallel()
	for state, want := range map[evidence.State]report.Status{
		evidence.StateServed: "", evidence.StateProcessing: report.Pending, evidence.StateStaged: report.Pending, evidence.StatePartlyServed: report.Pending,
		evidence.StateAttestationsPending: report.Pending, evidence.StateInterrupted: report.Pending, evidence.StateUnreachable: report.Error,
		evidence.StateNoTrust: report.Error, evidence.StateNoProvenance: "", evidence.StateRefused: "", evidence.StateSaved: "",
	} {
		e := proved()
		e.State = state
		if got, problem := unfinished(Input{e, &plan.Plan{}}); got != want || (problem == "") != (want == "") {
			t.Errorf("%s: got %q (%s), want %q", state, got, problem, want)
		}
	}
}
