package report

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"
)

// Verifier says who verified, and by which rules.
type Verifier struct {
	ID      string // URI of the program
	Name    string // of the program, the component that Version is of
	Version string
	Policy  string // URI of the document that describes the checks
}

// VSA returns the verdict on p as a SLSA verification summary
// (https://slsa.dev/spec/v1.1/verification_summary) in an unsigned in-toto
// statement, one line of JSON. It says FAILED of a release that is not verified,
// and is nil where nothing was decided, or where no digest is known to speak of.
func VSA(p Package, v Verifier, at time.Time) []byte {
	digest := p.sha512()
	if p.PURL == "" || digest == "" || p.Status != Verified && p.Status != NotVerified {
		return nil
	}
	result := "FAILED"
	if p.Status == Verified {
		result = "PASSED"
	}
	out, err := json.Marshal(vsaStatement{
		Type:          "https://in-toto.io/Statement/v1",
		Subject:       []resource{{Name: p.PURL, Digest: map[string]string{"sha512": digest}}},
		PredicateType: "https://slsa.dev/verification_summary/v1",
		Predicate: vsaPredicate{
			Verifier:          vsaVerifier{v.ID, map[string]string{v.Name: v.Version}},
			TimeVerified:      at.UTC().Format(time.RFC3339),
			ResourceURI:       p.PURL,
			Policy:            resource{URI: v.Policy, Annotations: p.policy()},
			InputAttestations: p.inputs(),
			Result:            result,
			Levels:            []string{p.slsaLevel()},
			SLSA:              "1.1",
		},
	})
	if err != nil {
		return nil
	}
	return out
}

// The statement and its predicate; ResourceDescriptor as in
// https://github.com/in-toto/attestation/blob/main/spec/v1/resource_descriptor.md.
type (
	vsaStatement struct {
		Type          string       `json:"_type"`
		Subject       []resource   `json:"subject"`
		PredicateType string       `json:"predicateType"`
		Predicate     vsaPredicate `json:"predicate"`
	}
	vsaPredicate struct {
		Verifier          vsaVerifier `json:"verifier"`
		TimeVerified      string      `json:"timeVerified"`
		ResourceURI       string      `json:"resourceUri"`
		Policy            resource    `json:"policy"`
		InputAttestations []resource  `json:"inputAttestations,omitempty"`
		Result            string      `json:"verificationResult"`
		Levels            []string    `json:"verifiedLevels"`
		SLSA              string      `json:"slsaVersion"`
	}
	vsaVerifier struct {
		ID      string            `json:"id"`
		Version map[string]string `json:"version"`
	}
	resource struct {
		Name        string              `json:"name,omitempty"`
		URI         string              `json:"uri,omitempty"`
		Digest      map[string]string   `json:"digest,omitempty"`
		Annotations map[string][]string `json:"annotations,omitempty"`
	}
)

// sha512 is the release's digest in hex, out of the one sha512 of dist.integrity
// (https://www.w3.org/TR/SRI/); "" where that is anything else.
func (p *Package) sha512() string {
	if p.Dist == nil {
		return ""
	}
	found := ""
	for _, part := range strings.Fields(p.Dist.Integrity) {
		if text, ok := strings.CutPrefix(part, "sha512-"); ok {
			sum, err := base64.StdEncoding.Strict().DecodeString(text)
			if err != nil || len(sum) != 64 || found != "" {
				return ""
			}
			found = hex.EncodeToString(sum)
		}
	}
	return found
}

// policy lists the checks by what they meant for the verdict. A check that was
// left out is named: a summary must not look like more than was asked.
func (p *Package) policy() map[string][]string {
	out := map[string][]string{}
	for i := range p.Checks {
		c := &p.Checks[i]
		kind := "advisory"
		switch {
		case c.Status == Skip:
			kind = "skipped"
		case c.required():
			kind = "required"
		}
		out[kind] = append(out[kind], c.ID)
	}
	return out
}

// inputs is the document with npm's two attestations, as the registry served it.
func (p *Package) inputs() []resource {
	sum, ok := strings.CutPrefix(p.Dist.AttestationsDigest, "sha256:")
	if !ok {
		return nil
	}
	document := resource{Digest: map[string]string{"sha256": sum}}
	if p.Links != nil {
		document.URI = p.Links.Attestations
	}
	return []resource{document}
}

// slsaLevel is the level of SLSA's build track that the checks established.
//
// Level 2 wants provenance that the build platform vouches for, of a build on
// hosted infrastructure (https://slsa.dev/spec/v1.1/levels#build-l2). What
// GitHub vouches for is in the certificate; the check "source" holds the
// statement against it. Level 3 wants more of the platform than a release shows.
func (p *Package) slsaLevel() string {
	switch {
	case p.Status != Verified:
		return "FAILED"
	case p.answer("provenance") != "good":
		return "SLSA_BUILD_LEVEL_0"
	case p.answer("source") == "good" && p.Source != nil && p.Source.Runner == "github-hosted":
		return "SLSA_BUILD_LEVEL_2"
	}
	return "SLSA_BUILD_LEVEL_1"
}
