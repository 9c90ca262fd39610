package sigstore

import (
	"strconv"
	"testing"
	"time"

	"verify-npm-release/internal/lab"
)

var signedAt = time.Date(2025, 10, 1, 12, 0, 0, 0, time.UTC)

const statementJSON = `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"pkg:npm/%40acme/demo@1.0.0","digest":{"sha512":"ab12"}}],` +
	`"predicateType":"https://slsa.dev/provenance/v1","predicate":{"buildDefinition":{"buildType":"x"}}}`

// attestation is a good keyless one, to be spoilt.
func attestation(s *lab.Sigstore) *lab.Attestation {
	return &lab.Attestation{Sigstore: s, MediaType: lab.BundleV03, Entry: lab.EntryDSSE, SignedAt: signedAt}
}

func labKeys(s *lab.Sigstore) []Key {
	return []Key{{"SHA256:another", s.CT.Key.Public(), time.Time{}, time.Time{}}, {s.NPM.ID, s.NPM.Private.Public(), s.NPM.Start, s.NPM.End}}
}

// form is a good bundle of one shape.
type form struct {
	name string
	make func(*lab.Attestation)
}

var forms = []form{
	{"version 0.3 with a dsse entry", func(*lab.Attestation) {}},
	{"version 0.3 under its first media type", func(a *lab.Attestation) { a.MediaType = "application/vnd.dev.sigstore.bundle+json;version=0.3" }},
	{"version 0.2 with an intoto entry", func(a *lab.Attestation) { a.MediaType, a.Entry = lab.BundleV02, lab.EntryIntoto }},
	{"version 0.1 with an intoto entry", func(a *lab.Attestation) { a.MediaType, a.Entry = lab.BundleV01, lab.EntryIntoto }},
	{"version 0.1 with a promise alone", func(a *lab.Attestation) { a.MediaType, a.Entry, a.NoProof = lab.BundleV01, lab.EntryIntoto, true }},
	{"Rekor v2", func(a *lab.Attestation) { a.Entry = lab.EntryHashedRekordV2 }},
	{"a timestamp beside the promise", func(a *lab.Attestation) { a.Timestamped = true }},
	{"a timestamp and a proof, no promise", func(a *lab.Attestation) { a.Timestamped, a.NoPromise = true, true }},
	{"a key, version 0.2 with an intoto entry", func(a *lab.Attestation) { a.MediaType, a.Entry, a.Key = lab.BundleV02, lab.EntryIntoto, a.Sigstore.NPM }},
	{"a key, version 0.3 with a dsse entry", func(a *lab.Attestation) { a.Key = a.Sigstore.NPM }},
	{"a key, Rekor v2", func(a *lab.Attestation) { a.Entry, a.Key = lab.EntryHashedRekordV2, a.Sigstore.NPM }},
}

// check verifies a bundle as the attestation's maker meant it to be.
func check(v *Verifier, a *lab.Attestation, bundle []byte) (*Verified, error) {
	if a.Key != nil {
		return v.Keyed(bundle, labKeys(a.Sigstore))
	}
	return v.Keyless(bundle)
}

func TestEveryForm(t *testing.T) {
	t.Parallel()
	s := lab.NewSigstore()
	v := verifier(t, s.TrustedRoot())
	for _, tt := range forms {
		a := attestation(s)
		tt.make(a)
		bundle := a.Sign(lab.NewRun(), []byte(statementJSON))
		got, err := check(v, a, bundle)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		index, _ := strconv.ParseInt(lab.Text(bundle, "/verificationMaterial/tlogEntries/0/logIndex"), 10, 64)
		if a.NoPromise {
			index = -1
		}
		if got.Log.Index != index || got.Log.URL != "" {
			t.Errorf("%s: got index %d, URL %q; want %d, none", tt.name, got.Log.Index, got.Log.URL, index)
		}
		isV2 := a.Entry == lab.EntryHashedRekordV2
		if hasTime := !got.Log.IntegratedTime.IsZero(); hasTime != !(isV2 || a.NoPromise) {
			t.Errorf("%s: got integrated time %v", tt.name, got.Log.IntegratedTime)
		}
		origin := s.Rekor.Origin
		if isV2 {
			origin = s.RekorV2.Origin
		}
		if a.NoProof {
			origin = ""
		}
		if got.Log.Origin != origin || got.Log.TreeSize > 0 != (origin != "") {
			t.Errorf("%s: got origin %q, size %d; want %q", tt.name, got.Log.Origin, got.Log.TreeSize, origin)
		}
		times := 1
		if a.Timestamped && !a.NoPromise {
			times = 2
		}
		if len(got.Times) != times || !got.Times[0].Equal(signedAt) {
			t.Errorf("%s: got times %v, want %d", tt.name, got.Times, times)
		}
		if got.MediaType != a.MediaType || (got.Certificate == nil) != (a.Key != nil) || (got.KeyID == s.NPM.ID) != (a.Key != nil) {
			t.Errorf("%s: got media type %q, key %q, certificate %v", tt.name, got.MediaType, got.KeyID, got.Certificate)
		}
		if p := string(got.Statement.Predicate); p != `{"buildDefinition":{"buildType":"x"}}` {
			t.Errorf("%s: got predicate %q", tt.name, p)
		}
	}
}

func TestCertificate(t *testing.T) {
	t.Parallel()
	s := lab.NewSigstore()
	run := lab.NewRun()
	run.Environment, run.Signer, run.SignerCommit = "npm", "other/flows/.github/workflows/publish.yml@refs/tags/v2", "f00d"
	got, err := verifier(t, s.TrustedRoot()).Keyless(attestation(s).Sign(run, []byte(statementJSON)))
	if err != nil {
		t.Fatal(err)
	}
	want := Certificate{
		SAN: "https://github.com/other/flows/.github/workflows/publish.yml@refs/tags/v2", Issuer: run.Issuer,
		BuildSignerURI: "https://github.com/other/flows/.github/workflows/publish.yml@refs/tags/v2", BuildSignerDigest: "f00d",
		RunnerEnvironment: "github-hosted", SourceRepositoryURI: "https://github.com/acme/demo", SourceRepositoryDigest: run.Commit,
		SourceRepositoryRef: "refs/tags/v1.0.0", SourceRepositoryIdentifier: "712345678", SourceRepositoryOwnerURI: "https://github.com/acme",
		SourceRepositoryOwnerIdentifier: "9812345", BuildConfigURI: "https://github.com/acme/demo/.github/workflows/release.yml@refs/tags/v1.0.0",
		BuildConfigDigest: run.Commit, BuildTrigger: "push", RunInvocationURI: "https://github.com/acme/demo/actions/runs/17686742434/attempts/1",
		SourceRepositoryVisibility: "public", DeploymentEnvironment: "npm", TokenSubject: "repo:acme/demo:environment:npm",
		GitHubWorkflowTrigger: "push", GitHubWorkflowSHA: run.Commit, GitHubWorkflowName: "Release", GitHubWorkflowRepository: "acme/demo",
		GitHubWorkflowRef: "refs/tags/v1.0.0", NotBefore: signedAt, NotAfter: signedAt.Add(10 * time.Minute),
	}
	if *got.Certificate != want {
		t.Errorf("got  %+v\nwant %+v", *got.Certificate, want)
	}
}

// TestKept: what this package leaves to its callers to judge reaches them as it was signed.
func TestKept(t *testing.T) {
	t.Parallel()
	s := lab.NewSigstore()
	a := attestation(s)
	a.Certificate = func(c *lab.Certificate) {
		c.Extensions[23], c.Extensions[24] = "", ""
		c.Extensions[12] = "https://github.com/ACME/demo.git"
	}
	got, err := verifier(t, s.TrustedRoot()).Keyless(a.Sign(lab.NewRun(),
		[]byte(`{"_type":"https://in-toto.io/Statement/v0.1","extra":1,"subject":[{"name":"a","digest":{"sha512":"AB","sha1":"cd"}},{"digest":{"x":""}}],"predicateType":"y"}`)))
	if err != nil {
		t.Fatal(err)
	}
	st := got.Statement
	if len(st.Subjects) != 2 || st.Subjects[0].Digest["sha512"] != "AB" || len(st.Subjects[0].Digest) != 2 || st.Subjects[1].Name != "" || st.Predicate != nil {
		t.Errorf("got %+v", st)
	}
	if c := got.Certificate; c.DeploymentEnvironment != "" || c.SourceRepositoryURI != "https://github.com/ACME/demo.git" {
		t.Errorf("got %+v", c)
	}
}

// TestKeyIDs: a registry may call its keys what it likes, and list one id twice.
func TestKeyIDs(t *testing.T) {
	t.Parallel()
	s := lab.NewSigstore()
	s.NPM.ID = "registry key 7"
	a := attestation(s)
	keyed(a)
	keys := []Key{{"registry key 7", s.CT.Key.Public(), time.Time{}, time.Time{}}, {"registry key 7", s.NPM.Private.Public(), time.Time{}, time.Time{}}}
	got, err := verifier(t, s.TrustedRoot()).Keyed(a.Sign(lab.NewRun(), []byte(statementJSON)), keys)
	if err != nil || got.KeyID != "registry key 7" {
		t.Errorf("got %v, %v", got, err)
	}
	_, err = verifier(t, s.TrustedRoot()).Keyed(a.Sign(lab.NewRun(), []byte(statementJSON)), []Key{{"registry key 7", "no key", time.Time{}, time.Time{}}})
	if kindOf(err) != Unsupported {
		t.Errorf("got %v, want unsupported", err)
	}
}
