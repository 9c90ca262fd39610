package lab_test

import (
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"testing"

	"verify-npm-release/internal/lab"
)

// The encodings are those of a real certificate: raw text up to .6, DER UTF8String from .8 on, a critical name.
func TestCertificateSaysWhatFulcioWouldSay(t *testing.T) {
	t.Parallel()
	d := lab.NewDraft(lab.NewSigstore())
	d.Run.Environment, d.Run.Signer, d.Run.SignerCommit = "npm", "acme/shared/.github/workflows/publish.yml@refs/heads/main", "0123456789012345678901234567890123456789"
	der, err := base64.StdEncoding.DecodeString(lab.Text(d.Release().Provenance, "/verificationMaterial/certificate/rawBytes"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	got := map[int]string{}
	for _, e := range c.Extensions {
		if e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 17}) && !e.Critical {
			t.Error("the subject alternative name is not critical")
		}
		if len(e.Id) == 9 && e.Id[6] == 57264 {
			got[e.Id[8]] = string(e.Value)
		}
	}
	der8 := func(s string) string { return string([]byte{0x0c, byte(len(s))}) + s }
	const workflow = "https://github.com/acme/demo/.github/workflows/release.yml@refs/tags/v1.0.0"
	want := map[int]string{
		1: d.Run.Issuer, 2: "push", 3: d.Run.Commit, 4: "Release", 5: "acme/demo", 6: "refs/tags/v1.0.0",
		8: der8(d.Run.Issuer), 9: der8("https://github.com/" + d.Run.Signer), 10: der8(d.Run.SignerCommit), 11: der8("github-hosted"),
		12: der8("https://github.com/acme/demo"), 13: der8(d.Run.Commit), 14: der8("refs/tags/v1.0.0"), 15: der8("712345678"),
		16: der8("https://github.com/acme"), 17: der8("9812345"), 18: der8(workflow), 19: der8(d.Run.Commit), 20: der8("push"),
		21: der8("https://github.com/acme/demo/actions/runs/17686742434/attempts/1"), 22: der8("public"), 23: der8("npm"),
		24: der8("repo:acme/demo:environment:npm"),
	}
	for n := 1; n <= 30; n++ {
		if got[n] != want[n] {
			t.Errorf("extension .%d: got %q, want %q", n, got[n], want[n])
		}
	}
	if got, want := c.URIs[0].String(), "https://github.com/"+d.Run.Signer; got != want {
		t.Errorf("name: got %q, want %q", got, want)
	}
	if got := c.NotAfter.Sub(c.NotBefore).Minutes(); got != 10 {
		t.Errorf("valid for %v minutes, want 10", got)
	}
}
