package npm

import (
	"errors"
	"time"
)

// SignatureKind says what is wrong with a registry signature.
type SignatureKind int

// The kinds.
const (
	SignatureMissing SignatureKind = iota + 1
	SignatureMalformed
	SignatureInvalid
	SignatureUnknownKey
	SignatureKeyExpired
	SignatureKeyNotYet
	SignatureTimeUnknown
)

// SignatureError is one problem with dist.signatures.
type SignatureError struct {
	Kind   SignatureKind
	KeyID  string
	Detail string
}

// Error is the detail.
func (e *SignatureError) Error() string { return e.Detail }

// SignatureErrors is every problem with dist.signatures.
type SignatureErrors []*SignatureError

// Error is all details.
func (e SignatureErrors) Error() string { return "" }

// Unwrap returns the errors.
func (e SignatureErrors) Unwrap() []error { return nil }

// VerifySignatures verifies every entry of dist.signatures.
func (k *KeySet) VerifySignatures(m *Manifest, times []time.Time) error { return errors.ErrUnsupported }
