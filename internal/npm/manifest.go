package npm

import "errors"

// Manifest is what the registry says about one version.
type Manifest struct {
	Name, Version, ID                            string // ID is _id
	Dist                                         Dist
	User                                         *User // _npmUser; nil: the registry says nothing
	Repository                                   Repository
	GitHead, NodeVersion, NPMVersion, Deprecated string
}

// Repository is package.json's repository, string or object.
type Repository struct{ Type, URL, Directory string }

// User is _npmUser, who published: unsigned registry metadata.
type User struct {
	Name, Email      string
	TrustedPublisher *TrustedPublisher // nil: none said
	Approver         bool              // an approver object is present, even empty: a staged publish
}

// TrustedPublisher is _npmUser.trustedPublisher.
type TrustedPublisher struct{ ID, OIDCConfigID string }

// Dist is the manifest's dist.
type Dist struct {
	Integrity, Shasum, Tarball string
	Signatures                 []Signature
	Attestations               *AttestationsRef // nil: published without attestations
}

// AttestationsRef is dist.attestations.
type AttestationsRef struct {
	URL                 string
	Provenance          bool   // a provenance object is present
	ProvenancePredicate string // its predicateType; "" when absent
}

// Signature is one entry of dist.signatures.
type Signature struct{ KeyID, Sig string } // Sig is base64 of a DER ECDSA signature

// ParseManifest reads one version's manifest.
func ParseManifest(raw []byte) (*Manifest, error) { return nil, errors.ErrUnsupported }

// Check returns nil if name, version and _id (if present) are those of s, else a *[WrongError].
func (m *Manifest) Check(s Spec) error { return errors.ErrUnsupported }

// TrustLevel returns pnpm's rank of the version.
func (m *Manifest) TrustLevel() TrustLevel {
	ref, user := m.Dist.Attestations, m.User
	return rank(user != nil && user.Approver, user != nil && user.TrustedPublisher != nil, ref != nil && ref.Provenance)
}
