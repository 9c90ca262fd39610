package npm

import "errors"

// Attestations is the document of a release's attestations.
type Attestations struct{ Entries []AttestationEntry }

// AttestationEntry is one attestation, unverified.
type AttestationEntry struct {
	PredicateType string // what the registry calls it; the signed statement decides
	Bundle        []byte // the Sigstore bundle, JSON as served
}

// ParseAttestations reads the attestations document.
func ParseAttestations(raw []byte) (*Attestations, error) { return nil, errors.ErrUnsupported }
