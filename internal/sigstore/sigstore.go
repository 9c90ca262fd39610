// Package sigstore verifies npm's attestations: Sigstore bundles that hold an in-toto statement in a DSSE
// envelope, recorded in a Rekor transparency log.
//
// What a [Verified] means, whatever bytes the bundle came from:
//
//   - the envelope has one signature, and it verifies under the certificate or the key;
//   - the certificate was issued by a Fulcio of the trusted root and was valid at every observer time, and at
//     least one certificate transparency log of the trusted root signed for it; or the key was valid then;
//   - there is exactly one log entry, of a log of the trusted root whose key was valid at every observer time,
//     and it records this signature, this certificate or key and this payload; it is proved to be in the tree
//     of a signed checkpoint, or, in bundles of the first version only, promised by the log's signature;
//   - there is at least one observer time: the log's signed time or an RFC 3161 timestamp, and none in the
//     bundle fails to verify;
//   - every reported field comes from bytes that were verified, read by exact key without duplicates.
//
// What it does not mean: that the signer is the one expected, or that the statement speaks of the artifact at
// hand. Those are the caller's to compare.
//
// The cryptography is sigstore-go's. This package adds what sigstore-go leaves to its callers, and reads all it
// reports itself. Specifications: the Sigstore bundle format (sigstore/protobuf-specs), the Sigstore client
// specification (sigstore/architecture-docs), in-toto attestation statements, DSSE, C2SP signed-note and
// tlog-checkpoint.
package sigstore

import (
	"crypto"
	"fmt"
	"slices"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"
)

// clockSkew is how far an observer time may lie ahead of this machine's clock.
const clockSkew = 24 * time.Hour

// Key is a long-lived key that signs attestations, npm's for its publish attestation.
type Key struct {
	ID         string // npm's "SHA256:…"
	Public     crypto.PublicKey
	Start, End time.Time // validity, both included (protobuf-specs TimeRange); zero is open
}

// Verified is what a bundle proved. It exists only for a bundle that verified.
type Verified struct {
	Statement   Statement
	Certificate *Certificate // nil when signed with a key
	KeyID       string       // id of the key; "" when signed under a certificate
	Log         LogEntry
	Times       []time.Time // every observer time, UTC; at least one
	MediaType   string      // of the bundle: one of four
}

// Verifier verifies bundles under one trusted root. It is safe for concurrent use.
type Verifier struct {
	root    *root.TrustedRoot
	keyless *verify.Verifier
}

// Keyless verifies a bundle signed under a Fulcio certificate. The error is an *[Error]:
// Malformed, Invalid or Unsupported.
func (v *Verifier) Keyless(bundle []byte) (*Verified, error) {
	b, err := parseBundle(bundle)
	if err != nil {
		return nil, err
	}
	if b.GetVerificationMaterial().GetPublicKey() != nil {
		return nil, invalid(nil, "the bundle is signed with a key (%q), want a certificate", short(b.GetVerificationMaterial().GetPublicKey().GetHint()))
	}
	leaf, err := v.leafCertificate(b)
	if err != nil {
		return nil, err
	}
	verified, err := v.verify(b, v.root, v.keyless, verify.WithoutIdentitiesUnsafe())
	if err != nil {
		return nil, err
	}
	verified.Certificate, err = readCertificate(leaf)
	if err != nil {
		return nil, err
	}
	return verified, nil
}

// Keyed verifies a bundle signed with one of keys, the one its public key hint names: that key must have been
// valid at every observer time. Several keys under one id are tried in turn. The error is an *[Error]:
// Malformed, Invalid or Unsupported.
func (v *Verifier) Keyed(bundle []byte, keys []Key) (*Verified, error) {
	b, err := parseBundle(bundle)
	if err != nil {
		return nil, err
	}
	hint := b.GetVerificationMaterial().GetPublicKey()
	if hint == nil {
		return nil, invalid(nil, "the bundle is signed under a certificate, want a key")
	}
	id := hint.GetHint()
	for _, sig := range b.GetDsseEnvelope().GetSignatures() {
		if sig.GetKeyid() != "" && sig.GetKeyid() != id {
			return nil, invalid(nil, "the envelope names key %q and the bundle names key %q", short(sig.GetKeyid()), short(id))
		}
		// An id is whatever the registry calls its key, and is not signed; sigstore-go would have it be the
		// key's SSH fingerprint, which is npm's choice and not every registry's.
		sig.Keyid = ""
	}
	err = invalid(nil, "the bundle names key %q, which is none of the %d keys that sign attestations", short(id), len(keys))
	for _, key := range keys {
		if id == "" || key.ID != id {
			continue
		}
		var verified *Verified
		if verified, err = v.keyed(b, key); err == nil {
			return verified, nil
		}
	}
	return nil, err
}

func (v *Verifier) keyed(b *protobundle.Bundle, key Key) (*Verified, error) {
	public, err := signature.LoadDefaultVerifier(key.Public)
	if err != nil {
		return nil, &Error{Kind: Unsupported, Detail: fmt.Sprintf("key %q of type %T", short(key.ID), key.Public), Err: err}
	}
	trusted := root.TrustedMaterialCollection{v.root, root.NewTrustedPublicKeyMaterialFromMapping(
		map[string]*root.ExpiringKey{key.ID: root.NewExpiringKey(public, key.Start, key.End)})}
	verifier, err := verify.NewVerifier(trusted, keyedOptions()...)
	if err != nil {
		return nil, invalid(err, "setting up the verification")
	}
	verified, err := v.verify(b, trusted, verifier, verify.WithKey())
	if err != nil {
		return nil, err
	}
	verified.KeyID = key.ID
	return verified, nil
}

// verify runs sigstore-go over b and then looks at what sigstore-go leaves to its callers.
func (v *Verifier) verify(b *protobundle.Bundle, trusted root.TrustedMaterial, verifier *verify.Verifier, policy verify.PolicyOption) (verified *Verified, err error) {
	// The dependencies decode hostile bytes in many layers; a panic in one of them is a bundle that does not verify.
	defer func() {
		if r := recover(); r != nil {
			verified, err = nil, invalid(fmt.Errorf("panic: %v", r), "verifying the bundle")
		}
	}()
	entity, err := bundle.NewBundle(b)
	if err != nil {
		return nil, malformed(err, "reading the bundle")
	}
	result, err := verifier.Verify(entity, verify.NewPolicy(verify.WithoutArtifactUnsafe(), policy))
	if err != nil {
		return nil, invalid(err, "the bundle does not verify under the trusted root")
	}
	times, err := observerTimes(b, result.VerifiedTimestamps)
	if err != nil {
		return nil, err
	}
	entry, err := readLogEntry(b, trusted.RekorLogs(), times)
	if err != nil {
		return nil, err
	}
	statement, err := parseStatement(b.GetDsseEnvelope().GetPayload())
	if err != nil {
		return nil, err
	}
	return &Verified{Statement: *statement, Log: *entry, Times: times, MediaType: b.GetMediaType()}, nil
}

// observerTimes returns the times that sigstore-go verified, and refuses a bundle that carries another:
// sigstore-go passes over a timestamp that does not verify where the log's time does, against the client
// specification ("if verification or timestamp parsing fails, the Verifier MUST abort").
func observerTimes(b *protobundle.Bundle, results []verify.TimestampVerificationResult) ([]time.Time, error) {
	var times []time.Time
	stamps := 0
	for _, r := range results {
		if r.Type == "TimestampAuthority" {
			stamps++
		}
		times = append(times, r.Timestamp.UTC())
	}
	if n := len(b.GetVerificationMaterial().GetTimestampVerificationData().GetRfc3161Timestamps()); n != stamps {
		return nil, invalid(nil, "%d of the bundle's %d timestamps verify, want all", stamps, n)
	}
	if len(times) == 0 {
		return nil, invalid(nil, "no observer time verifies, want at least one")
	}
	latest := slices.MaxFunc(times, time.Time.Compare)
	if now := time.Now(); latest.After(now.Add(clockSkew)) {
		return nil, invalid(nil, "signed at %s, which lies ahead of this machine's clock, %s", stamp(latest), stamp(now))
	}
	return times, nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
