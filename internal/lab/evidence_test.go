package lab_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"

	"verify-npm-release/internal/lab"
)

func TestEvidenceComesBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	want := lab.NewDraft(lab.NewSigstore()).Release()
	dir := filepath.Join(t.TempDir(), want.Version)
	if err := want.WriteEvidence(dir); err != nil {
		t.Fatal(err)
	}
	got, err := lab.LoadEvidence(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got.Spec() != want.Spec() || !got.Published.Equal(want.Published) || got.Integrity != want.Integrity ||
		!bytes.Equal(got.Tarball, want.Tarball) || !bytes.Equal(got.Packument, want.Packument) || !bytes.Equal(got.Keys, want.Keys) {
		t.Errorf("got %s of %v", got.Spec(), got.Published)
	}
	if _, err := lab.LoadEvidence(t.TempDir()); err == nil {
		t.Error("an empty folder is taken for evidence")
	}
}

func TestRealEvidenceIsServed(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("VERIFY_NPM_RELEASE_EVIDENCE")
	if folder == "" {
		t.Skip("VERIFY_NPM_RELEASE_EVIDENCE does not name a folder of evidence")
	}
	g := lab.NewRegistry(lab.Options{TLS: true})
	t.Cleanup(g.Close)
	for _, row := range []struct {
		spec, name, version, published string
	}{
		{"nuxt@4.1.2", "nuxt", "4.1.2", "2025-09-12T21:47:34.462Z"},
		{"sigstore@1.0.0", "sigstore", "1.0.0", "2023-02-09T17:56:01Z"},
		{"sigstore@2.3.1", "sigstore", "2.3.1", "2024-05-16T17:12:05Z"},
		{"kms-demo@1.0.0", "kms-demo", "1.0.0", "2025-01-28T00:00:00Z"},
	} {
		r, err := lab.LoadEvidence(filepath.Join(folder, row.spec))
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Published.Format(time.RFC3339Nano); got != row.published {
			t.Errorf("%s: published: got %s, want %s", row.spec, got, row.published)
		}
		g.Add(r)
		res, body, err := get(t, g.Client(), lab.PublicRegistry+"/"+row.name+"/"+row.version)
		if err != nil || res.StatusCode != 200 || body != string(r.Manifest) {
			t.Errorf("%s: got %v, %v", row.spec, res, err)
		}
		if r.Attestations == nil {
			continue
		}
		tr, err := root.NewTrustedRootFromJSON(r.TrustedRoot)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range lab.Get(r.Attestations, "/attestations").([]any) {
			o := a.(map[string]any)
			if o["predicateType"] == lab.PredicatePublish {
				continue
			}
			if _, err := verifyBundle(t, lab.JSON(o["bundle"]), tr, r.Tarball, false); err != nil {
				t.Errorf("%s: %v", row.spec, err)
			}
		}
	}
}
