package sigstore

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func kindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return 0
}

// TestConformance runs Sigstore's conformance suite: a case whose name ends in _fail must not verify, every
// other must, for its artifact and identity. Message signatures are no attestations, whatever the name.
func TestConformance(t *testing.T) {
	dir := folder(t, "VERIFY_NPM_RELEASE_CONFORMANCE")
	cases, err := filepath.Glob(filepath.Join(dir, "*", "bundle.sigstore.json"))
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases in %s: %v", dir, err)
	}
	for _, path := range cases {
		dir := filepath.Dir(path)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			file := func(name, instead string) []byte {
				if raw, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
					return raw
				}
				return []byte(instead)
			}
			trustedRoot := file("trusted_root.json", "")
			if len(trustedRoot) == 0 {
				trustedRoot = read(t, evidence(t), "trusted_root.json")
			}
			v, err := NewVerifier(trustedRoot)
			if err != nil {
				t.Fatal(err)
			}
			bundle := read(t, path)
			got, err := v.Keyless(bundle)
			if strings.Contains(string(bundle), `"messageSignature"`) {
				if kindOf(err) != Malformed {
					t.Errorf("a message signature: got %v, want malformed", err)
				}
				return
			}
			if strings.HasSuffix(dir, "_fail") {
				if err == nil {
					t.Errorf("verified, want a failure: %s", read(t, dir, "README"))
				} else {
					t.Log(err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			artifact := file("artifact", "")
			if len(artifact) == 0 {
				artifact = read(t, filepath.Dir(dir), "a.txt")
			}
			sum := sha256.Sum256(artifact)
			if want := hex.EncodeToString(sum[:]); got.Statement.Subjects[0].Digest["sha256"] != want {
				t.Errorf("digest: got %q, want %q", got.Statement.Subjects[0].Digest, want)
			}
			identity := string(file("identity", "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"))
			issuer := string(file("issuer", githubIssuer))
			if got.Certificate.SAN != strings.TrimSpace(identity) || got.Certificate.Issuer != strings.TrimSpace(issuer) {
				t.Errorf("identity: got %q by %q, want %q by %q", got.Certificate.SAN, got.Certificate.Issuer, identity, issuer)
			}
			t.Logf("%+v", got.Log)
		})
	}
}
