package check_test

import (
	"os"
	"path/filepath"
	"testing"

	"verify-npm-release/internal/check"
	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/lab"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
)

// BenchmarkVerdict is one release from the bytes of its evidence to the verdict:
// trusted root, keys, two attestations, registry signature, tarball, packument.
func BenchmarkVerdict(b *testing.B) {
	s := lab.NewSigstore()
	dir := filepath.Join(b.TempDir(), "evidence")
	if err := os.Mkdir(dir, 0o700); err != nil {
		b.Fatal(err)
	}
	if err := lab.NewDraft(s).Release().WriteEvidence(dir); err != nil {
		b.Fatal(err)
	}
	p, err := plan.New(map[string]string{"offline": dir}, func(string) string { return "" })
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		e, err := evidence.Load(p, nil)
		if err != nil {
			b.Fatal(err)
		}
		r := &report.Report{Packages: []report.Package{check.Package(e, p)}}
		if r.Decide(); r.Status != report.Verified {
			b.Fatalf("got %s: %+v", r.Status, r.Packages[0].Checks)
		}
	}
}
