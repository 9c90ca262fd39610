package sigstore

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"strconv"
	"strings"
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
		c.Extensions[30] = "of a later Fulcio"
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

// TestOthersCertificates: what only looks like Fulcio's extensions is passed over, and what holds for GitHub's
// certificates is not asked of others'.
func TestOthersCertificates(t *testing.T) {
	t.Parallel()
	s := lab.NewSigstore()
	v := verifier(t, s.TrustedRoot())
	a := attestation(s)
	a.Certificate = func(c *lab.Certificate) {
		c.Template = func(x *x509.Certificate) {
			for _, id := range []asn1.ObjectIdentifier{{1, 3, 6, 1, 4, 1, 99999, 1, 11}, {1, 3, 6, 1, 4, 1, 57264, 1, 11, 1}} {
				x.ExtraExtensions = append(x.ExtraExtensions, pkix.Extension{Id: id, Value: []byte("\x0c\x01x")})
			}
		}
	}
	got, err := v.Keyless(a.Sign(lab.NewRun(), []byte(statementJSON)))
	if err != nil || got.Certificate.RunnerEnvironment != "github-hosted" {
		t.Errorf("extensions of others: got %+v, %v", got, err)
	}
	a.Certificate = func(c *lab.Certificate) {
		c.Extensions[1], c.Extensions[8] = "https://gitlab.example", "https://gitlab.example"
		c.Extensions[9] = "https://gitlab.example/acme/demo//.gitlab-ci.yml"
	}
	got, err = v.Keyless(a.Sign(lab.NewRun(), []byte(statementJSON)))
	if err != nil || got.Certificate.BuildSignerURI == got.Certificate.SAN {
		t.Errorf("another issuer: got %+v, %v", got, err)
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
	unnamed := lab.Edit(a.Sign(lab.NewRun(), []byte(statementJSON)), lab.Delete("/dsseEnvelope/signatures/0/keyid"))
	if got, err = verifier(t, s.TrustedRoot()).Keyed(unnamed, keys); err != nil || got.KeyID != "registry key 7" {
		t.Errorf("an envelope that names no key: got %v, %v", got, err)
	}
	s.NPM.ID = ""
	if _, err = verifier(t, s.TrustedRoot()).Keyed(a.Sign(lab.NewRun(), []byte(statementJSON)), labKeys(s)); kindOf(err) != Invalid {
		t.Errorf("a key without a name: got %v, want invalid", err)
	}
	s.NPM.ID = "registry key 7"
	_, err = verifier(t, s.TrustedRoot()).Keyed(a.Sign(lab.NewRun(), []byte(statementJSON)), []Key{{"registry key 7", "no key", time.Time{}, time.Time{}}})
	if kindOf(err) != Unsupported {
		t.Errorf("got %v, want unsupported", err)
	}
}

func TestNotABundle(t *testing.T) {
	t.Parallel()
	s := lab.NewSigstore()
	v := verifier(t, s.TrustedRoot())
	good := string(attestation(s).Sign(lab.NewRun(), []byte(statementJSON)))
	if _, err := v.Keyless([]byte(" " + good + strings.Repeat(" ", maxBundle-len(good)-1))); err != nil {
		t.Errorf("a bundle of the largest size: %v", err)
	}
	for _, tt := range []struct{ name, bundle, want string }{
		{"nothing", "", "as JSON"},
		{"null", "null", "media type"},
		{"HTML", "<html>", "as JSON"},
		{"cut short", good[:len(good)-2], "as JSON"},
		{"bytes after it", good + "{}", "as JSON"},
		{"too much", good + strings.Repeat(" ", maxBundle-len(good)+1), "at most"},
		{"a key twice", strings.Replace(good, `{`, `{"mediaType":"",`, 1), "as JSON"},
		{"a key twice, deeper", strings.Replace(good, `"kindVersion":{`, `"kindVersion":{"kind":"dsse",`, 1), "as JSON"},
		{"the other spelling of a key beside it", strings.Replace(good, `{`, `{"media_type":"",`, 1), "reading the bundle"},
		{"a key in other case", strings.Replace(good, `"dsseEnvelope"`, `"DsseEnvelope"`, 1), "reading the bundle"},
		{"invalid UTF-8", strings.Replace(good, `"kind":"dsse"`, "\"kind\":\"dss\xff\"", 1), "as JSON"},
		{"deeper than any bundle", strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000), "as JSON"},
	} {
		got, err := v.Keyless([]byte(tt.bundle))
		if got != nil || kindOf(err) != Malformed || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, %v; want malformed with %q", tt.name, got, err, tt.want)
		}
	}
}

func TestStatementBounds(t *testing.T) {
	t.Parallel()
	statement := func(subjects, digests int) []byte {
		var digest []string
		for i := range digests {
			digest = append(digest, fmt.Sprintf(`"a%d":"b"`, i))
		}
		subject := `{"digest":{` + strings.Join(digest, ",") + `}}`
		return []byte(`{"_type":"https://in-toto.io/Statement/v1","predicateType":"x","subject":[` +
			strings.TrimSuffix(strings.Repeat(subject+",", subjects), ",") + `]}`)
	}
	for _, tt := range []struct {
		subjects, digests int
		ok                bool
	}{{1, 1, true}, {0, 1, false}, {maxSubjects, 1, true}, {maxSubjects + 1, 1, false}, {1, 0, false}, {1, maxDigests, true}, {1, maxDigests + 1, false}} {
		if _, err := parseStatement(statement(tt.subjects, tt.digests)); (err == nil) != tt.ok {
			t.Errorf("%d subjects of %d digests: got %v, want success %v", tt.subjects, tt.digests, err, tt.ok)
		}
	}
}

func TestCheckpointText(t *testing.T) {
	t.Parallel()
	const hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	for _, tt := range []struct {
		name, text string
		ok         bool
	}{
		{"three lines", "a - 1\n7\n" + hash + "\n", true},
		{"lines after them", "a - 1\n7\n" + hash + "\nTimestamp: 1\n", true},
		{"no origin", "\n7\n" + hash + "\n", false},
		{"two lines", "a - 1\n7\n", false},
		{"no size", "a - 1\n\n" + hash + "\n", false},
		{"an empty tree", "a - 1\n0\n" + hash + "\n", false},
		{"a size below zero", "a - 1\n-7\n" + hash + "\n", false},
		{"a size with a zero before it", "a - 1\n07\n" + hash + "\n", false},
		{"a size with a sign", "a - 1\n+7\n" + hash + "\n", false},
		{"a size beyond all logs", "a - 1\n9223372036854775808\n" + hash + "\n", false},
		{"one line", "a - 1", false},
		{"a last line without an end", "a - 1\n7\n" + hash, false},
		{"something after the hash", "a - 1\n7\n" + hash + "A\n", false},
		{"a short hash", "a - 1\n7\nAAAA\n", false},
		{"a hash in another spelling", "a - 1\n7\n" + hash[:42] + "B=\n", false},
	} {
		if got, err := parseCheckpoint(tt.text); (err == nil) != tt.ok || (err != nil && kindOf(err) != Malformed) {
			t.Errorf("%s: got %v, %v; want success %v", tt.name, got, err, tt.ok)
		}
	}
}
