package check_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"verify-npm-release/internal/check"
	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/lab"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
)

// save gathers a good release into a folder, as the program does, and returns
// the folder and the plan that verifies it again.
func save(t *testing.T) (dir string, again *plan.Plan) {
	t.Helper()
	s := lab.NewSigstore()
	registry := lab.NewRegistry(lab.Options{})
	t.Cleanup(registry.Close)
	d := lab.NewDraft(s)
	d.Registry = registry.URL
	r := d.Release()
	registry.Add(r)
	dir = filepath.Join(t.TempDir(), "evidence")
	root, keys := filepath.Join(t.TempDir(), "root"), filepath.Join(t.TempDir(), "keys")
	for name, raw := range map[string][]byte{root: s.TrustedRoot(), keys: r.Keys} {
		if err := os.WriteFile(name, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	getenv := func(string) string { return "" }
	p, err := plan.New(map[string]string{"package": r.Spec(), "registry-url": registry.URL, "trusted-root": root, "registry-keys": keys, "evidence": dir}, getenv)
	if err != nil {
		t.Fatal(err)
	}
	g, err := evidence.NewGatherer(p, evidence.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e := g.Gather(context.Background(), p.Releases[0])
	out := &report.Report{Schema: report.Schema, Registry: p.Registry, Generated: "2026-01-01T00:00:00Z", Packages: []report.Package{check.Package(e, p)}}
	if out.Decide(); out.Status != report.Verified {
		t.Fatalf("the release is %s before anything is changed", out.Status)
	}
	if err := evidence.SaveReport(e.Folder, func(w io.Writer) error { return report.WriteJSON(w, out) }); err != nil {
		t.Fatal(err)
	}
	again, err = plan.New(map[string]string{"offline": dir, "registry-url": registry.URL}, getenv)
	if err != nil {
		t.Fatal(err)
	}
	return dir, again
}

func verdict(p *plan.Plan) report.Status {
	e, err := evidence.Load(p, nil)
	if err != nil {
		return report.Error
	}
	r := &report.Report{Packages: []report.Package{check.Package(e, p)}}
	r.Decide()
	return r.Status
}

// A saved folder gives the same verdict without a network, and no byte of it can change.
func TestASavedFolderCannotChange(t *testing.T) {
	t.Parallel()
	dir, p := save(t)
	if got := verdict(p); got != report.Verified {
		t.Fatalf("the folder as it was saved: got %s, want verified", got)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 7 {
		t.Errorf("the folder holds %d files, want 7", len(entries))
	}
	for _, entry := range entries {
		if entry.Name() == evidence.ReportFile {
			continue // it records the others, and is believed in nothing else
		}
		name := filepath.Join(dir, entry.Name())
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(raw); i += 1 + len(raw)/25 {
			spoilt := append([]byte(nil), raw...)
			spoilt[i] ^= 1
			if err := os.WriteFile(name, spoilt, 0o600); err != nil {
				t.Fatal(err)
			}
			if got := verdict(p); got == report.Verified {
				t.Errorf("%s with byte %d changed is verified", entry.Name(), i)
			}
		}
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		if got := verdict(p); got == report.Verified {
			t.Errorf("verified without %s", entry.Name())
		}
		if err := os.WriteFile(name, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Without the recorded digests, whatever is signed or hashed still cannot change.
func TestWithoutDigestsSignaturesStillHold(t *testing.T) {
	t.Parallel()
	dir, p := save(t)
	if err := os.Remove(filepath.Join(dir, evidence.ReportFile)); err != nil {
		t.Fatal(err)
	}
	if got := verdict(p); got != report.Verified {
		t.Fatalf("without report.json: got %s, want verified", got)
	}
	for name, edit := range map[string]func([]byte) []byte{
		evidence.ManifestFile: lab.Replace(`"1.0.0"`, `"1.0.1"`),
		evidence.TarballFile:  func(raw []byte) []byte { return append(raw, 0) },
		evidence.AttestationsFile: func(raw []byte) []byte {
			return lab.Edit(raw, lab.Set("/attestations/0/bundle/dsseEnvelope/payload", "e30="))
		},
		evidence.KeysFile: func(raw []byte) []byte {
			return lab.KeysJSON(lab.NewSigningKey())
		},
		evidence.TrustedRootFile: func([]byte) []byte { return lab.NewSigstore().TrustedRoot() },
	} {
		file := filepath.Join(dir, name)
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, edit(raw), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := verdict(p); got == report.Verified {
			t.Errorf("another %s is verified", name)
		}
		if err := os.WriteFile(file, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
