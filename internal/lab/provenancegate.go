package lab

import (
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	sigstorebundle "github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

// verifyProvenance is the registry's gate before it takes provenance in. The bundle is verified by sigstore-go under the
// world's root; the demands on its certificate, and their texts, are those that publishing users met: npm answers
// E422 "Error verifying sigstore provenance bundle: " and one of them.
func (w *World) verifyProvenance(u *upload) error {
	w.mu.Lock()
	broken := w.provenance
	w.mu.Unlock()
	if broken != "" {
		return errors.New(broken) // "error refreshing TUF metadata": sigstore/sigstore-js#1330
	}
	trusted, err := root.NewTrustedRootFromJSON(w.Sigstore.TrustedRoot())
	if err != nil {
		return err
	}
	verifier, err := verify.NewVerifier(trusted,
		verify.WithSignedCertificateTimestamps(1), verify.WithTransparencyLog(1), verify.WithObserverTimestamps(1))
	if err != nil {
		return err
	}
	var b sigstorebundle.Bundle
	if err := b.UnmarshalJSON(u.bundle); err != nil {
		return err
	}
	sum := sha512.Sum512(u.tarball)
	result, err := verifier.Verify(&b, verify.NewPolicy(
		verify.WithArtifactDigest("sha512", sum[:]), verify.WithoutIdentitiesUnsafe()))
	if err != nil {
		return err
	}
	if len(result.Statement.GetSubject()) != 1 {
		return fmt.Errorf("%d subjects, want 1", len(result.Statement.GetSubject()))
	}
	subject := result.Statement.GetSubject()[0]
	if want := PURL(u.name, u.version); subject.GetName() != want || subject.GetDigest()["sha512"] != hex.EncodeToString(sum[:]) {
		return fmt.Errorf("the subject is %q, want %q with the digest of the tarball", subject.GetName(), want)
	}
	if text := u.refusal(result.Signature.Certificate); text != "" {
		return errors.New(text)
	}
	return nil
}

// refusal compares the certificate with the manifest; "" is none.
func (u *upload) refusal(c *certificate.Summary) string {
	if c.SourceRepositoryRef == "" { // npm/cli#8982
		return "Missing SourceRepositoryRef in signing certificate"
	}
	if c.RunnerEnvironment != "github-hosted" { // grafana/plugin-tools#2045
		return fmt.Sprintf(`Unsupported GitHub Actions runner environment: %q. Only "github-hosted" runners are supported when publishing with provenance.`, c.RunnerEnvironment)
	}
	if c.SourceRepositoryVisibilityAtSigning != "public" { // projen/projen#3866
		return fmt.Sprintf("Unsupported GitHub Actions source repository visibility: %q. Only public source repositories are supported when publishing with provenance.", c.SourceRepositoryVisibilityAtSigning)
	}
	var manifest struct{ Repository any }
	if err := json.Unmarshal(u.manifest, &manifest); err != nil {
		return err.Error()
	}
	url, _ := manifest.Repository.(string)
	if o, ok := manifest.Repository.(Object); ok {
		url, _ = o["url"].(string)
	}
	if webAddress(url) != c.SourceRepositoryURI { // docs.npmjs.com, generating-provenance-statements; case counts
		return fmt.Sprintf(`Failed to validate repository information: package.json: "repository.url" is %q, expected to match %q from provenance`, url, c.SourceRepositoryURI)
	}
	return ""
}

// webAddress brings the forms of repository.url that npm leaves in a manifest to the one of the certificate.
func webAddress(url string) string {
	url = strings.TrimPrefix(url, "git+")
	for _, ssh := range []string{"ssh://git@github.com/", "git@github.com:", "git://github.com/"} {
		if rest, ok := strings.CutPrefix(url, ssh); ok {
			url = "https://github.com/" + rest
		}
	}
	return strings.TrimSuffix(url, ".git")
}

// predicateOf is the type of the statement in a bundle that has been verified.
func predicateOf(document []byte) string {
	var b struct {
		Envelope struct{ Payload []byte } `json:"dsseEnvelope"`
	}
	if err := json.NewDecoder(bytes.NewReader(document)).Decode(&b); err != nil {
		panic("lab: " + err.Error())
	}
	return Text(b.Envelope.Payload, "/predicateType")
}
