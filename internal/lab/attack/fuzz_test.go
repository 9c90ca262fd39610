package attack

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"verify-npm-release/internal/check"
	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/lab"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
)

// folder are the files of an evidence folder in the order of the fuzzers' arguments.
var folder = []string{
	evidence.ManifestFile, evidence.PackumentFile, evidence.AttestationsFile, evidence.TarballFile, evidence.KeysFile,
	evidence.TrustedRootFile, evidence.ReportFile,
}

// saved verifies an evidence folder as --offline does, against what acme/demo is expected to be.
func saved(t testing.TB, files [][]byte) *report.Report {
	t.Helper()
	dir := t.TempDir()
	for i, raw := range files {
		if raw == nil {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, folder[i]), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := plan.New(map[string]string{"offline": dir, "package": spec, "expect": "none", "expected-repository": "acme/demo"}, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	r := &report.Report{Schema: report.Schema}
	e, err := evidence.Load(p, nil)
	if err != nil {
		r.Problem = err.Error()
	} else {
		r.Packages = append(r.Packages, check.Package(e, p))
	}
	r.Decide()
	return r
}

// goodFolders are good releases of several makes, under one Sigstore, as evidence folders.
func goodFolders() [][][]byte {
	s := lab.NewSigstore()
	var out [][][]byte
	for _, npm := range []string{"9.5.0", "10.8.1", "11.6.0"} {
		r := lab.NewDraft(s).PublishedBy(npm).Release()
		out = append(out, [][]byte{r.Manifest, r.Packument, r.Attestations, r.Tarball, r.Keys, r.TrustedRoot, nil})
	}
	return out
}

// sameContent fails where a changed folder verifies as anything but what the good one is.
func sameContent(t *testing.T, got, want *report.Report) {
	t.Helper()
	if got.Status != report.Verified {
		if got.ExitCode(true) == 0 {
			t.Fatalf("status %s with exit code 0", got.Status)
		}
		return
	}
	p, q := got.Packages[0], want.Packages[0]
	if p.Name != q.Name || p.Version != q.Version || p.Dist.Integrity != q.Dist.Integrity || !reflect.DeepEqual(p.Source, q.Source) {
		t.Fatalf("verified as %+v %+v, want %+v %+v", p, p.Source, q, q.Source)
	}
}

// FuzzChangedRelease changes a good release at one place: what then verifies is the same release.
func FuzzChangedRelease(f *testing.F) {
	folders := goodFolders()
	var wants []*report.Report
	for n, files := range folders {
		want := saved(f, files)
		if want.Status != report.Verified {
			f.Fatalf("the good release %d: %s", n, bad(want))
		}
		wants = append(wants, want)
		for file := range files {
			f.Add(uint8(n), uint8(file), uint16(17*n), uint8(1), []byte("x"))
		}
	}
	f.Add(uint8(2), uint8(0), uint16(1), uint8(0), []byte(`"name":"@acme/other",`))
	f.Add(uint8(2), uint8(2), uint16(1), uint8(0), []byte(`"attestations":[],`))
	f.Fuzz(func(t *testing.T, release, file uint8, at uint16, cut uint8, put []byte) {
		n := int(release) % len(folders)
		files := append([][]byte(nil), folders[n]...)
		i := int(file) % len(files)
		raw := files[i]
		from := min(int(at), len(raw))
		to := min(from+int(cut), len(raw))
		files[i] = append(append(bytes.Clone(raw[:from]), put...), raw[to:]...)
		sameContent(t, saved(t, files), wants[n])
	})
}

// FuzzEvidenceFolder reads folders of anything: nothing crashes, and what verifies is the good release.
func FuzzEvidenceFolder(f *testing.F) {
	folders := goodFolders()
	want := saved(f, folders[2])
	other := goodFolders()[2] // of another Sigstore
	for _, files := range append(folders[2:], other, make([][]byte, len(folder))) {
		f.Add(files[0], files[1], files[2], files[3], files[4], files[5], files[6])
	}
	f.Add([]byte(`{}`), []byte(`{}`), []byte(`{}`), []byte{}, []byte(`{}`), []byte(`{}`), []byte(`{"packages":[{"evidence":{"manifest.json":"sha256:00"}}]}`))
	f.Fuzz(func(t *testing.T, manifest, packument, attestations, tarball, keys, root, saying []byte) {
		if bytes.Equal(root, other[5]) {
			return // another world, in which another release is good
		}
		got := saved(t, [][]byte{manifest, packument, attestations, tarball, keys, root, saying})
		sameContent(t, got, want)
	})
}
