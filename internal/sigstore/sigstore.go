// Package sigstore verifies npm's attestations: Sigstore bundles that hold an in-toto statement.
package sigstore

import (
	"crypto"
	"errors"
	"time"
)

// Key is a long-lived key that signs attestations, npm's for its publish attestation.
type Key struct {
	ID         string // npm's "SHA256:…"
	Public     crypto.PublicKey
	Start, End time.Time // validity, both included; zero is open
}

// Verified is what a bundle proved. It exists only for a bundle that verified.
type Verified struct {
	Statement   Statement
	Certificate *Certificate // nil when signed with a key
	KeyID       string       // id of the key; "" when signed under a certificate
	Log         LogEntry
	Times       []time.Time // every observer time that verified, UTC; at least one
	MediaType   string      // of the bundle
}

// Verifier verifies bundles under one trusted root. It is safe for concurrent use.
type Verifier struct{}

// NewVerifier reads a trusted root, trusted_root.json of Sigstore's TUF repository.
func NewVerifier(trustedRoot []byte) (*Verifier, error) {
	return nil, &Error{Kind: Unsupported, Detail: "not built yet", Err: errors.ErrUnsupported}
}

// Keyless verifies a bundle signed under a Fulcio certificate.
func (v *Verifier) Keyless(bundle []byte) (*Verified, error) {
	return nil, &Error{Kind: Unsupported, Detail: "not built yet", Err: errors.ErrUnsupported}
}

// Keyed verifies a bundle signed with one of keys.
func (v *Verifier) Keyed(bundle []byte, keys []Key) (*Verified, error) {
	return nil, &Error{Kind: Unsupported, Detail: "not built yet", Err: errors.ErrUnsupported}
}
