package npm

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
)

// SignatureKind says what is wrong with dist.signatures or with one entry.
type SignatureKind int

// The kinds of problem.
const (
	SignatureMissing     SignatureKind = iota + 1 // there is none
	SignatureMalformed                            // not base64 of a DER ECDSA signature, or nothing to be signed
	SignatureInvalid                              // does not verify
	SignatureUnknownKey                           // no key of that id for registry signatures
	SignatureKeyExpired                           // the key had ended by then
	SignatureKeyNotYet                            // the key had not begun by then
	SignatureTimeUnknown                          // the key ends, and when the release was published is not known
)

var signatureKinds = [...]string{"", "missing", "malformed", "invalid", "unknown-key", "key-expired", "key-not-yet", "time-unknown"}

// String returns the kind in one word, lower case.
func (k SignatureKind) String() string {
	if k <= 0 || int(k) >= len(signatureKinds) {
		return fmt.Sprintf("SignatureKind(%d)", int(k))
	}
	return signatureKinds[k]
}

// SignatureError is one problem with dist.signatures.
type SignatureError struct {
	Kind   SignatureKind
	KeyID  string // as the entry names it; "" where no entry is at fault
	Detail string // one printable line
}

// Error returns the detail.
func (e *SignatureError) Error() string { return e.Detail }

// SignatureErrors is every problem with dist.signatures, in its order; never empty.
type SignatureErrors []*SignatureError

// Error joins the details with "; ".
func (e SignatureErrors) Error() string {
	lines := make([]string, len(e))
	for i, problem := range e {
		lines[i] = problem.Detail
	}
	return strings.Join(lines, "; ")
}

// Unwrap returns the problems, for errors.As.
func (e SignatureErrors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, problem := range e {
		errs[i] = problem
	}
	return errs
}

// VerifySignatures verifies every entry of dist.signatures over
// "name@version:integrity" (npm docs, "about registry signatures"; pacote
// lib/registry.js). It returns nil only if there is at least one and all verify,
// else [SignatureErrors].
//
// Each key must serve registry signatures and be valid at each of times: when
// the registry says it published, and when a log saw the release. Without times,
// a key that ends cannot be judged. npm itself ignores usage and start.
//
// A signature is strict base64 of strict DER. Both values of s are accepted (the
// malleability of ECDSA): npm's signer emits high ones, npm's verifier (OpenSSL)
// takes both, and what is signed is the same.
func (k *KeySet) VerifySignatures(m *Manifest, times []time.Time) error {
	spec := Spec{m.Name, m.Version}
	if len(m.Dist.Signatures) == 0 {
		return SignatureErrors{{Kind: SignatureMissing, Detail: spec.quoted() + " has no registry signature"}}
	}
	err := spec.exact()
	if err == nil {
		_, err = ParseIntegrity(m.Dist.Integrity)
	}
	if err != nil {
		return SignatureErrors{{Kind: SignatureMalformed, Detail: "what the registry signed cannot be told: " + err.Error()}}
	}
	digest := sha256.Sum256([]byte(spec.String() + ":" + m.Dist.Integrity))
	var problems SignatureErrors
	for _, s := range m.Dist.Signatures {
		if p := k.verify(s, digest[:], times); p != nil {
			p.KeyID = s.KeyID
			problems = append(problems, p)
		}
	}
	if len(problems) > 0 {
		return problems
	}
	return nil
}

// verify returns what is wrong with one signature, nil if nothing is.
func (k *KeySet) verify(s Signature, digest []byte, times []time.Time) *SignatureError {
	problem := func(kind SignatureKind, format string, a ...any) *SignatureError {
		return &SignatureError{Kind: kind, Detail: "registry signature by key " + excerpt(s.KeyID) + " " + fmt.Sprintf(format, a...)}
	}
	keys := k.serving(UsageSignatures)
	i := slices.IndexFunc(keys, func(key Key) bool { return key.ID == s.KeyID })
	if i < 0 || s.KeyID == "" {
		return problem(SignatureUnknownKey, "cannot be checked: the trusted keys hold no such key for %s", UsageSignatures)
	}
	key := keys[i]
	sig, err := parseSignature(s.Sig)
	if err != nil {
		return problem(SignatureMalformed, "is %s", err)
	}
	if !ecdsa.VerifyASN1(key.Public, digest, sig) {
		return problem(SignatureInvalid, "does not verify over name, version and integrity")
	}
	if len(times) == 0 && !key.End.IsZero() {
		return problem(SignatureTimeUnknown, "cannot be judged: the key ended %s, and when the release was published is not known", date(key.End))
	}
	for _, t := range times {
		if t.Before(key.Start) {
			return problem(SignatureKeyNotYet, "is from %s; the key is valid from %s", date(t), date(key.Start))
		}
		if !key.End.IsZero() && !t.Before(key.End) {
			return problem(SignatureKeyExpired, "is from %s; the key is valid until before %s", date(t), date(key.End))
		}
	}
	return nil
}

// parseSignature decodes base64 of an ECDSA signature in DER (RFC 3279 section
// 2.2.3), refusing every other encoding of the same numbers.
func parseSignature(encoded string) ([]byte, error) {
	der, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || strings.ContainsAny(encoded, "\r\n") { // DecodeString skips line ends
		return nil, errors.New("not base64")
	}
	var sig struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &sig); err != nil || sig.R.Sign() <= 0 || sig.S.Sign() <= 0 {
		return nil, errors.New("not an ECDSA signature in DER")
	}
	if again, err := asn1.Marshal(sig); err != nil || !bytes.Equal(again, der) {
		return nil, errors.New("not in DER's one encoding, or not alone")
	}
	return der, nil
}

func date(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func (s Spec) quoted() string { return excerpt(s.String()) }
