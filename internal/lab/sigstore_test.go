package lab_test

import (
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"

	"verify-npm-release/internal/lab"
)

// trust is the deployment's trusted root with the registry's keys beside it.
func trust(t *testing.T, s *lab.Sigstore, keys ...*lab.SigningKey) root.TrustedMaterial {
	t.Helper()
	tr, err := root.NewTrustedRootFromJSON(s.TrustedRoot())
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]root.TimeConstrainedVerifier{}
	for _, k := range keys {
		v, err := signature.LoadVerifier(&k.Private.PublicKey, 5)
		if err != nil {
			t.Fatal(err)
		}
		byID[k.ID] = root.NewExpiringKey(v, k.Start, k.End)
	}
	return root.TrustedMaterialCollection{tr, root.NewTrustedPublicKeyMaterial(func(id string) (root.TimeConstrainedVerifier, error) {
		return byID[id], nil
	})}
}

// verifyBundle verifies with sigstore-go alone, as strictly as it can.
func verifyBundle(t *testing.T, raw []byte, tm root.TrustedMaterial, tarball []byte, keyed bool) (*verify.VerificationResult, error) {
	t.Helper()
	var b bundle.Bundle
	if err := b.UnmarshalJSON(raw); err != nil {
		return nil, err
	}
	options := []verify.VerifierOption{verify.WithTransparencyLog(1), verify.WithObserverTimestamps(1)}
	who := verify.WithKey()
	if !keyed {
		options = append(options, verify.WithSignedCertificateTimestamps(1))
		who = verify.WithoutIdentitiesUnsafe()
	}
	v, err := verify.NewVerifier(tm, options...)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha512.Sum512(tarball)
	return v.Verify(&b, verify.NewPolicy(verify.WithArtifactDigest("sha512", sum[:]), who))
}

func TestBundlesOfEveryKindVerify(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		edit func(*lab.Draft)
	}{
		{"npm 11: bundle 0.3, dsse entry", func(*lab.Draft) {}},
		{"npm 10: bundle 0.2 with a chain, intoto entry", func(d *lab.Draft) { d.PublishedBy("10.8.1") }},
		{"npm 9: bundle 0.1, a promise alone, SLSA 0.2", func(d *lab.Draft) { d.PublishedBy("9.5.0") }},
		{"Rekor v2: hashedrekord entry and a timestamp", func(d *lab.Draft) {
			d.Provenance.Entry, d.PublishAttestation.Entry = lab.EntryHashedRekordV2, lab.EntryHashedRekordV2
		}},
		{"a timestamp beside the promise", func(d *lab.Draft) { d.Provenance.Timestamped = true }},
		{"a timestamp and a proof, no promise", func(d *lab.Draft) { d.Provenance.Timestamped, d.Provenance.NoPromise = true, true }},
		{"a reusable workflow in an environment", func(d *lab.Draft) {
			d.Run.Signer, d.Run.Environment = "acme/shared/.github/workflows/publish.yml@refs/heads/main", "npm"
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := lab.NewSigstore()
			d := lab.NewDraft(s)
			row.edit(d)
			r := d.Release()
			tm := trust(t, s, s.NPM)
			result, err := verifyBundle(t, r.Provenance, tm, r.Tarball, false)
			if err != nil {
				t.Fatalf("provenance: %v", err)
			}
			certificate := result.Signature.Certificate
			if got, want := certificate.RunInvocationURI, d.Run.URL(); got != want {
				t.Errorf("run: got %q, want %q", got, want)
			}
			if got, want := certificate.SourceRepositoryIdentifier, d.Run.RepositoryID; got != want {
				t.Errorf("repository id: got %q, want %q", got, want)
			}
			if got, want := result.Statement.GetSubject()[0].GetName(), "pkg:npm/%40acme/demo@1.0.0"; got != want {
				t.Errorf("subject: got %q, want %q", got, want)
			}
			if _, err = verifyBundle(t, r.Publish, tm, r.Tarball, true); err != nil {
				t.Errorf("publish attestation: %v", err)
			}
		})
	}
}

func TestSpoiledBundlesDoNotVerify(t *testing.T) {
	t.Parallel()
	other := lab.NewSigstore()
	at := lab.NewDraft(other).Published
	for _, row := range []struct {
		name string
		edit func(*lab.Attestation)
		want string
	}{
		{"another deployment's", func(a *lab.Attestation) { a.Sigstore = other }, "not enough verified log entries"},
		{"certified by another authority", func(a *lab.Attestation) {
			a.Certificate = func(c *lab.Certificate) { c.CA = other.CA }
		}, "certificate"},
		{"without SCT", func(a *lab.Attestation) {
			a.Certificate = func(c *lab.Certificate) { c.CTLogs = nil }
		}, "SCT"},
		{"with the SCT of an unknown log", func(a *lab.Attestation) {
			a.Certificate = func(c *lab.Certificate) { c.CTLogs = []*lab.CTLog{other.CT} }
		}, "SCT"},
		{"with a broken SCT", func(a *lab.Attestation) {
			a.Certificate = func(c *lab.Certificate) {
				c.SCT = func(b []byte) []byte { b[len(b)-1] ^= 1; return b }
			}
		}, "SCT"},
		{"logged after the certificate expired", func(a *lab.Attestation) { a.LoggedAt = at.Add(time.Hour) }, "validity"},
		{"logged before the certificate began", func(a *lab.Attestation) { a.LoggedAt = at.Add(-time.Hour) }, "validity"},
		{"with another payload than was signed", func(a *lab.Attestation) {
			a.Envelope = func(e *lab.Envelope) { e.Payload = append(e.Payload, ' ') }
		}, "signature"},
		{"with the log entry of other bytes", func(a *lab.Attestation) {
			a.LogBody = lab.Replace(`"kind":"dsse"`, `"kind":"intoto"`)
		}, ""},
		{"with a changed root hash and no promise", func(a *lab.Attestation) {
			a.NoPromise, a.Timestamped = true, true
			a.LogEntry = func(e *lab.LogEntry) { e.InclusionProof.RootHash[0] ^= 1 }
		}, "inclusion"},
		{"with the checkpoint of another log", func(a *lab.Attestation) {
			a.LogEntry = func(e *lab.LogEntry) {
				e.InclusionProof.Checkpoint.Envelope = other.Rekor.SignCheckpoint(6, e.InclusionProof.RootHash)
			}
		}, "checkpoint"},
		{"timestamped by another authority, in Rekor v2", func(a *lab.Attestation) {
			a.Entry = lab.EntryHashedRekordV2
			stamp := other.TSA.Timestamp([]byte("other"), at)
			a.Bundle = lab.Set("/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp", stamp)
		}, "timestamp"},
		{"as a Rekor v2 dsse entry", func(a *lab.Attestation) { a.Entry = lab.EntryDSSEV2 }, "not a recognizable"},
		{"without its signature", func(a *lab.Attestation) { a.Bundle = lab.Set("/dsseEnvelope/signatures", []any{}) }, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := lab.NewSigstore()
			d := lab.NewDraft(s)
			row.edit(d.Provenance)
			r := d.Release()
			_, err := verifyBundle(t, r.Provenance, trust(t, s), r.Tarball, false)
			if err == nil {
				t.Fatal("it verifies")
			}
			if !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %q, want it to speak of %q", err, row.want)
			}
		})
	}
}

func TestRetiredKeyIsRefusedAfterItsEnd(t *testing.T) {
	t.Parallel()
	s := lab.NewSigstore()
	d := lab.NewDraft(s)
	r := d.Release()
	for _, row := range []struct {
		end  time.Time
		good bool
	}{{d.Published.Add(time.Hour), true}, {d.Published.Add(-time.Hour), false}} {
		s.NPM.End = row.end
		if _, err := verifyBundle(t, r.Publish, trust(t, s, s.NPM), r.Tarball, true); (err == nil) != row.good {
			t.Errorf("key until %v: got %v, want good %v", row.end, err, row.good)
		}
	}
}

func TestStatementIsAsNPMWritesIt(t *testing.T) {
	t.Parallel()
	s := lab.NewSigstore()
	r := lab.NewDraft(s).Release()
	var e lab.Envelope
	raw, _ := json.Marshal(lab.Get(r.Provenance, "/dsseEnvelope"))
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatal(err)
	}
	sum := sha512.Sum512(r.Tarball)
	want := `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"pkg:npm/%40acme/demo@1.0.0","digest":{"sha512":"` + hex.EncodeToString(sum[:]) +
		`"}}],"predicateType":"https://slsa.dev/provenance/v1","predicate":{"buildDefinition":{"buildType":"https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1","externalParameters":{"workflow":{"ref":"refs/tags/v1.0.0","repository":"https://github.com/acme/demo","path":".github/workflows/release.yml"}},"internalParameters":{"github":{"event_name":"push","repository_id":"712345678","repository_owner_id":"9812345"}},"resolvedDependencies":[{"uri":"git+https://github.com/acme/demo@refs/tags/v1.0.0","digest":{"gitCommit":"5f2e8f1c0f6a4b7d9c3e1a2b4c6d8e0f12345678"}}]},"runDetails":{"builder":{"id":"https://github.com/actions/runner/github-hosted"},"metadata":{"invocationId":"https://github.com/acme/demo/actions/runs/17686742434/attempts/1"}}}}`
	if got := string(e.Payload); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
