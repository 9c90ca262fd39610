package lab_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"verify-npm-release/internal/lab"
)

// A good release, served; and one whose provenance names another package.
func Example() {
	s := lab.NewSigstore()
	g := lab.NewRegistry(lab.Options{})
	defer g.Close()
	g.Add(lab.NewDraft(s).Release())

	wicked := lab.NewDraft(s)
	wicked.Version = "1.0.1"
	wicked.Provenance.Statement = lab.Set("/subject/0/name", "pkg:npm/other@1.0.1")
	g.Add(wicked.Release())

	for _, path := range []string{"/@acme%2fdemo/1.0.0", "/-/npm/v1/attestations/@acme%2fdemo@1.0.1"} {
		res, err := g.Client().Get(g.URL + path)
		if err != nil {
			fmt.Println(err)
			return
		}
		res.Body.Close()
		fmt.Println(res.Status)
	}
	// Output:
	// 200 OK
	// 200 OK
}

func TestRegistrySignatureIsOverNameVersionAndIntegrity(t *testing.T) {
	t.Parallel()
	s := lab.NewSigstore()
	r := lab.NewDraft(s).Release()
	sum := sha512.Sum512(r.Tarball)
	if got, want := r.Integrity, "sha512-"+base64.StdEncoding.EncodeToString(sum[:]); got != want {
		t.Errorf("integrity: got %s, want %s", got, want)
	}
	hash := sha256.Sum256([]byte("@acme/demo@1.0.0:" + lab.Text(r.Manifest, "/dist/integrity")))
	sig, err := base64.StdEncoding.DecodeString(lab.Text(r.Manifest, "/dist/signatures/0/sig"))
	if err != nil {
		t.Fatal(err)
	}
	for _, sig := range [][]byte{sig, lab.Malleate(sig)} {
		if !ecdsa.VerifyASN1(&s.NPM.Private.PublicKey, hash[:], sig) {
			t.Error("the signature does not verify")
		}
	}
	if id := lab.Text(r.Manifest, "/dist/signatures/0/keyid"); id != lab.Text(r.Keys, "/keys/0/keyId") || id != lab.Text(r.KeysAPI, "/keys/0/keyid") {
		t.Errorf("key %s is not the one listed", id)
	}
}

func TestDocumentsAgree(t *testing.T) {
	t.Parallel()
	r := lab.NewDraft(lab.NewSigstore()).Release()
	if got := lab.JSON(lab.Get(r.Packument, "/versions/1.0.0")); !bytes.Equal(got, r.Manifest) {
		t.Errorf("the packument holds another manifest: %s", got)
	}
	for pointer, want := range map[string]string{
		"/dist-tags/latest": "1.0.0", "/time/1.0.0": "2025-10-01T12:00:00.462Z", "/time/0.9.0": "2025-09-01T12:00:00.462Z",
		"/versions/1.0.0/_npmUser/trustedPublisher/id": "github",
		"/versions/1.0.0/dist/tarball":                 "https://registry.npmjs.org/@acme/demo/-/demo-1.0.0.tgz",
		"/versions/1.0.0/dist/attestations/url":        "https://registry.npmjs.org/-/npm/v1/attestations/@acme%2fdemo@1.0.0",
	} {
		if got := lab.Text(r.Packument, pointer); got != want {
			t.Errorf("%s: got %q, want %q", pointer, got, want)
		}
	}
	if got, want := lab.Text(r.Packument, "/versions/0.9.0/dist/signatures/0/keyid"), lab.Text(r.Keys, "/keys/0/keyId"); got != want {
		t.Errorf("an earlier version is signed by %q, want %q", got, want)
	}
	if bytes.Contains(r.Before, []byte("1.0.0")) {
		t.Error("the packument before knows the release")
	}
	for i, want := range []string{lab.PredicatePublish, lab.PredicateSLSA1} {
		if got := lab.Text(r.Attestations, fmt.Sprintf("/attestations/%d/predicateType", i)); got != want {
			t.Errorf("attestation %d: got %q, want %q", i, got, want)
		}
	}
}

func TestEveryPartCanBeSpoiled(t *testing.T) {
	t.Parallel()
	s := lab.NewSigstore()
	d := lab.NewDraft(s)
	d.PackageJSON = lab.Set("/description", "of the package")
	d.Tarball = lab.Recompress
	d.Manifest = lab.Edits(lab.Delete("/dist/signatures"), lab.Set("/dist/shasum", "00"))
	d.Packument = lab.Delete("/time")
	d.Attestations = lab.Change("/attestations", func(list any) any { return list.([]any)[:1] })
	d.PublishAttestation.Payload = lab.Replace(`"predicate":{`, `"predicate":{"name":"other",`)
	d.Provenance.Bundle = lab.Set("/verificationMaterial/tlogEntries/0/logIndex", "7")
	d.Keys = nil
	r := d.Release()

	if bytes.Equal(r.Tarball, r.Packed) {
		t.Error("tarball: as it was packed")
	}
	if got := lab.Text(r.Manifest, "/description"); got != "of the package" {
		t.Errorf("package.json: got %q", got)
	}
	if strings.Contains(string(r.Manifest), "signatures") || lab.Text(r.Packument, "/versions/1.0.0/dist/shasum") != "00" {
		t.Errorf("manifest: %s", r.Manifest)
	}
	if bytes.Contains(r.Packument, []byte(`"time"`)) {
		t.Errorf("packument: %s", r.Packument)
	}
	if got := len(lab.Get(r.Attestations, "/attestations").([]any)); got != 1 {
		t.Errorf("attestations: got %d, want 1", got)
	}
	payload, err := base64.StdEncoding.DecodeString(lab.Text(r.Publish, "/dsseEnvelope/payload"))
	if err != nil || !json.Valid(payload) || !bytes.Contains(payload, []byte(`{"name":"other","name":"@acme/demo"`)) {
		t.Errorf("payload: %s, %v", payload, err)
	}
	if _, err := verifyBundle(t, r.Publish, trust(t, s, s.NPM), r.Packed, true); err == nil {
		t.Error("sigstore-go takes a statement with a key twice")
	}
	if got := lab.Text(r.Provenance, "/verificationMaterial/tlogEntries/0/logIndex"); got != "7" {
		t.Errorf("bundle: got index %s", got)
	}
	if got := string(r.Keys); got != `{"keys":[]}` {
		t.Errorf("keys: got %s", got)
	}

	d = lab.NewDraft(s)
	d.Trust = lab.TrustNone
	if r := d.Release(); r.Attestations != nil || strings.Contains(string(r.Manifest), "attestations") {
		t.Error("published by a token, yet attested")
	}
}

func TestProxyLeadsToTheLabAlone(t *testing.T) {
	t.Parallel()
	g, r := good(t, lab.Options{TLS: true})
	p := lab.NewProxy(map[string]*lab.Server{"registry.npmjs.org": g.Server})
	t.Cleanup(p.Close)
	client := g.Client()
	transport := client.Transport.(*http.Transport)
	transport.DialContext = nil
	transport.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(p.URL) }
	if _, body, err := get(t, client, lab.PublicRegistry+"/@acme%2fdemo/1.0.0"); err != nil || body != string(r.Manifest) {
		t.Errorf("got %.80q, %v", body, err)
	}
	if _, _, err := get(t, client, "https://elsewhere.example/"); err == nil {
		t.Error("the proxy leads out of the lab")
	}
	if got, want := strings.Join(p.Asked(), " "), "registry.npmjs.org:443 elsewhere.example:443"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
