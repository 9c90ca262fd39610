package npm

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Manifest is what the registry says about one version (GET /{name}/{version}).
// Every field may be "" or nil, because the registry did not say; nothing in it
// is verified.
type Manifest struct {
	Name, Version, ID string // ID is _id, name@version
	Dist              Dist
	User              *User // _npmUser; nil: the registry does not say who published
	Repository        Repository
	GitHead           string // commit of the checkout that was packed; absent when a tarball was published
	NodeVersion       string // _nodeVersion
	NPMVersion        string // _npmVersion; pnpm's own publisher sets none
	Deprecated        string // the message; "" if not deprecated
}

// Repository is package.json's repository. Its string form ("owner/name", or a
// URL) has only a URL.
type Repository struct{ Type, URL, Directory string }

// User is _npmUser, who published: unsigned registry metadata.
type User struct {
	Name, Email      string
	TrustedPublisher *TrustedPublisher // nil: none is named
	Approver         bool              // an approver object is there, even an empty one: a staged publish
}

// TrustedPublisher is _npmUser.trustedPublisher. ID is the provider, "github";
// OIDCConfigID, "oidc:" and a UUID, is npm's configuration, not the run.
type TrustedPublisher struct{ ID, OIDCConfigID string }

// Dist is the manifest's dist: the bytes of the release.
type Dist struct {
	Integrity    string // Subresource Integrity, see [ParseIntegrity]
	Shasum       string // hex SHA-1
	Tarball      string // URL; only its path is ever used
	Signatures   []Signature
	Attestations *AttestationsRef // nil: published without attestations, and that is final
}

// AttestationsRef is dist.attestations.
type AttestationsRef struct {
	URL                 string // only its path is ever used, as pacote does
	Provenance          bool   // a provenance object is there
	ProvenancePredicate string // its predicateType; "" when absent
}

// Signature is one entry of dist.signatures: the id of a registry key, and
// base64 of an ECDSA signature in DER.
type Signature struct{ KeyID, Sig string }

// wireManifest is the registry's spelling. What decides is typed, so that
// another type is an error; the rest is raw and read as "" when it is odd,
// because old packages hold anything.
type wireManifest struct {
	Name       string         `json:"name"`
	Version    string         `json:"version"`
	ID         string         `json:"_id"`
	User       *wireUser      `json:"_npmUser"`
	Repository jsontext.Value `json:"repository"`
	GitHead    jsontext.Value `json:"gitHead"`
	Node       jsontext.Value `json:"_nodeVersion"`
	NPM        jsontext.Value `json:"_npmVersion"`
	Deprecated jsontext.Value `json:"deprecated"`
	Dist       struct {
		Integrity  string `json:"integrity"`
		Shasum     string `json:"shasum"`
		Tarball    string `json:"tarball"`
		Signatures []struct {
			KeyID string `json:"keyid"`
			Sig   string `json:"sig"`
		} `json:"signatures"`
		Attestations *struct {
			URL        string `json:"url"`
			Provenance *struct {
				PredicateType string `json:"predicateType"`
			} `json:"provenance"`
		} `json:"attestations"`
	} `json:"dist"`
}

type wireUser struct {
	Name             jsontext.Value `json:"name"`
	Email            jsontext.Value `json:"email"`
	TrustedPublisher jsontext.Value `json:"trustedPublisher"`
	Approver         jsontext.Value `json:"approver"`
}

// ParseManifest reads one version's manifest of at most 4 MiB. Keys match
// exactly, so that a publisher cannot plant "Dist" beside "dist" through a field
// of package.json; a key given twice anywhere is an error; unknown keys are
// ignored and null reads as absent. Another JSON type in name, version, _id,
// dist or _npmUser is an error.
func ParseManifest(raw []byte) (*Manifest, error) {
	var w wireManifest
	if err := decode("manifest", raw, maxManifest, &w); err != nil {
		return nil, err
	}
	if n := len(w.Dist.Signatures); n > maxSignatures {
		return nil, wrong("manifest", fmt.Sprintf("has %d signatures, more than %d", n, maxSignatures))
	}
	m := &Manifest{
		Name: w.Name, Version: w.Version, ID: w.ID,
		Dist:        Dist{Integrity: w.Dist.Integrity, Shasum: w.Dist.Shasum, Tarball: w.Dist.Tarball},
		User:        w.User.user(),
		Repository:  repository(w.Repository),
		GitHead:     text(w.GitHead),
		NodeVersion: text(w.Node),
		NPMVersion:  text(w.NPM),
		Deprecated:  text(w.Deprecated),
	}
	for _, s := range w.Dist.Signatures {
		m.Dist.Signatures = append(m.Dist.Signatures, Signature(s))
	}
	if a := w.Dist.Attestations; a != nil {
		m.Dist.Attestations = &AttestationsRef{URL: a.URL}
		if a.Provenance != nil {
			m.Dist.Attestations.Provenance = true
			m.Dist.Attestations.ProvenancePredicate = a.Provenance.PredicateType
		}
	}
	return m, nil
}

// user reads _npmUser. An approver has been served as an object, as {} and as
// null: {} is one, null is none.
func (w *wireUser) user() *User {
	if w == nil {
		return nil
	}
	u := &User{Name: text(w.Name), Email: text(w.Email), Approver: isObject(w.Approver)}
	if isObject(w.TrustedPublisher) {
		var p struct {
			ID     jsontext.Value `json:"id"`
			Config jsontext.Value `json:"oidcConfigId"`
		}
		if json.Unmarshal(w.TrustedPublisher, &p, lenient) == nil {
			u.TrustedPublisher = &TrustedPublisher{ID: text(p.ID), OIDCConfigID: text(p.Config)}
		}
	}
	return u
}

func repository(v jsontext.Value) Repository {
	if !isObject(v) {
		return Repository{URL: text(v)}
	}
	var r struct {
		Type      jsontext.Value `json:"type"`
		URL       jsontext.Value `json:"url"`
		Directory jsontext.Value `json:"directory"`
	}
	if json.Unmarshal(v, &r, lenient) != nil {
		return Repository{}
	}
	return Repository{Type: text(r.Type), URL: text(r.URL), Directory: text(r.Directory)}
}

// Check returns nil if name, version and, where present, _id are those of s,
// else a *[WrongError]. A spec without name or version matches nothing.
func (m *Manifest) Check(s Spec) error {
	switch {
	case m.Name != s.Name || s.Name == "":
		return &WrongError{"name", m.Name, s.Name}
	case m.Version != s.Version || s.Version == "":
		return &WrongError{"version", m.Version, s.Version}
	case m.ID != "" && m.ID != s.String():
		return &WrongError{"_id", m.ID, s.String()}
	}
	return nil
}

// TrustLevel returns the rank that pnpm gives the version.
func (m *Manifest) TrustLevel() TrustLevel {
	ref, user := m.Dist.Attestations, m.User
	return rank(user != nil && user.Approver, user != nil && user.TrustedPublisher != nil, ref != nil && ref.Provenance)
}
