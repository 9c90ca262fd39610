//go:build e2e

package e2e

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
)

// exported are the parts of an evidence folder that another verifier needs.
type exported struct {
	Attestations []struct {
		PredicateType string
		Bundle        json.RawMessage
	}
	Keys []struct {
		KeyID, KeyUsage string
		PublicKey       struct{ RawBytes []byte }
	}
}

// cosign verifies every bundle of an evidence folder that our program wrote, against the trusted root in it, and must not
// verify one for another signer or another digest.
func cosign(t *testing.T, evidence string) {
	t.Helper()
	program, err := here.fromGo("github.com/sigstore/cosign/v2/cmd/cosign@" + cosignNow)
	if err != nil {
		t.Fatal(err)
	}
	var e exported
	for _, name := range []string{"attestations.json", "keys.json"} {
		raw, err := os.ReadFile(filepath.Join(evidence, name))
		if err == nil {
			err = json.Unmarshal(raw, &e)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range e.Attestations {
		var b struct {
			VerificationMaterial struct {
				PublicKey            *struct{ Hint string }
				Certificate          struct{ RawBytes []byte }
				X509CertificateChain struct{ Certificates []struct{ RawBytes []byte } }
			}
			DSSEEnvelope struct{ Payload []byte }
		}
		var statement struct {
			Subject []struct{ Digest struct{ SHA512 string } }
		}
		if err := json.Unmarshal(a.Bundle, &b); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b.DSSEEnvelope.Payload, &statement); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(evidence, "bundle.json")
		if err := os.WriteFile(file, a.Bundle, 0o644); err != nil {
			t.Fatal(err)
		}
		var signer, stranger []string
		if key := b.VerificationMaterial.PublicKey; key != nil {
			for _, k := range e.Keys {
				if k.KeyID == key.Hint && k.KeyUsage == "npm:attestations" {
					signer = []string{"--key", filepath.Join(evidence, "key.pem")}
					text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: k.PublicKey.RawBytes})
					if err := os.WriteFile(signer[1], text, 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
		} else {
			leaf := b.VerificationMaterial.Certificate.RawBytes
			if leaf == nil {
				leaf = b.VerificationMaterial.X509CertificateChain.Certificates[0].RawBytes
			}
			certificate, err := x509.ParseCertificate(leaf)
			if err != nil {
				t.Fatal(err)
			}
			issuer := []string{"--certificate-oidc-issuer", "https://token.actions.githubusercontent.com", "--certificate-identity"}
			signer = append(append(signer, issuer...), certificate.URIs[0].String())
			stranger = append(append(stranger, issuer...), certificate.URIs[0].String()+"x")
		}
		verify := func(digest string, signer []string) error {
			return host(nil, program, append([]string{"verify-blob-attestation", "--bundle", file, "--new-bundle-format", "--trusted-root",
				filepath.Join(evidence, "trusted_root.json"), "--type", a.PredicateType, "--digest", digest, "--digestAlg", "sha512"}, signer...)...)
		}
		digest := statement.Subject[0].Digest.SHA512
		if err := verify(digest, signer); err != nil {
			t.Errorf("cosign refuses what we verify: %v", err)
		}
		if stranger != nil && verify(digest, stranger) == nil {
			t.Error("cosign verifies for any signer: this proves nothing")
		}
		other := bytes.Repeat([]byte{'0'}, len(digest))
		if verify(string(other), signer) == nil {
			t.Error("cosign verifies any digest: this proves nothing")
		}
	}
	t.Logf("cosign verifies %d bundles", len(e.Attestations))
}
