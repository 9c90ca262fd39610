package evidence

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/sigstore"
)

// Predicate types of the attestations npm serves.
const (
	PredicateSLSA1   = "https://slsa.dev/provenance/v1"
	PredicateSLSA02  = "https://slsa.dev/provenance/v0.2"
	PredicatePublish = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1"
)

// ErrNoKeys is why a signature could not be compared with any key.
var ErrNoKeys = errors.New("there are no registry keys to verify with")

// attestations verifies a document's two attestations.
func (t *Trust) attestations(a *npm.Attestations) Attestations {
	if t.Err != nil {
		return Attestations{}
	}
	var out Attestations
	var wg sync.WaitGroup
	wg.Go(func() { out.Provenance = attested(a, t.Verifier.Keyless, PredicateSLSA1, PredicateSLSA02) })
	wg.Go(func() { out.Publish = attested(a, t.keyed, PredicatePublish) })
	wg.Wait()
	for _, entry := range a.Entries {
		switch entry.PredicateType {
		case PredicateSLSA1, PredicateSLSA02, PredicatePublish:
		default:
			out.Others = append(out.Others, entry.PredicateType)
		}
	}
	return out
}

// verifySignature compares the registry's signatures with its keys, where there
// are both. It comes last: the times of the attestations bear on it.
func (e *Evidence) verifySignature() {
	if e.Trust.Err != nil || e.Manifest == nil || e.Trust.Keys == nil {
		return
	}
	e.SignatureTimes = e.signatureTimes()
	e.Signature = e.Trust.Keys.VerifySignatures(e.Manifest, e.SignatureTimes)
	e.SignatureChecked = true
}

// signatureTimes are the instants at which the registry's key must have been
// valid: when the packument says the version was published, and when the
// transparency log saw its attestations, which nobody can backdate.
func (e *Evidence) signatureTimes() []time.Time {
	var times []time.Time
	if e.Place != nil && !e.Place.Published.IsZero() {
		times = append(times, e.Place.Published)
	}
	for _, a := range []Attested{e.Provenance, e.Publish} {
		if a.Verified != nil {
			times = append(times, a.Verified.Times...)
		}
	}
	return times
}

func (t *Trust) keyed(bundle []byte) (*sigstore.Verified, error) {
	if t.Keys == nil {
		return nil, ErrNoKeys
	}
	var keys []sigstore.Key
	for _, k := range t.Keys.Attesting() {
		keys = append(keys, sigstore.Key{ID: k.ID, Public: k.Public, Start: k.Start, End: k.End})
	}
	return t.Verifier.Keyed(bundle, keys)
}

// attested verifies the one attestation labelled with one of types. The label
// is the registry's word; the signed statement must say the same.
func attested(a *npm.Attestations, verify func([]byte) (*sigstore.Verified, error), types ...string) Attested {
	var out Attested
	var bundle []byte
	for _, entry := range a.Entries {
		for _, t := range types {
			if entry.PredicateType == t {
				out.Count++
				out.Label, bundle = t, entry.Bundle
			}
		}
	}
	if out.Count != 1 {
		return out
	}
	v, err := verify(bundle)
	if err != nil {
		out.Err = err
		return out
	}
	if v.Statement.PredicateType != out.Label {
		out.Err = fmt.Errorf("the signed statement is of type %q, the registry labels it %q", v.Statement.PredicateType, out.Label)
		return out
	}
	out.Verified = v
	return out
}

// missingAttestation names what a document of npm's must hold and this one does
// not, or "".
func missingAttestation(a *npm.Attestations) string {
	var provenance, publish bool
	for _, entry := range a.Entries {
		switch entry.PredicateType {
		case PredicateSLSA1, PredicateSLSA02:
			provenance = true
		case PredicatePublish:
			publish = true
		}
	}
	var missing []string
	if !provenance {
		missing = append(missing, "provenance")
	}
	if !publish {
		missing = append(missing, "publish attestation")
	}
	return strings.Join(missing, " and no ")
}
