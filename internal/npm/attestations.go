package npm

import (
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// Attestations is the document of a release's attestations
// (GET /-/npm/v1/attestations/{name}@{version}). Their order means nothing.
type Attestations struct{ Entries []AttestationEntry }

// AttestationEntry is one attestation, unverified.
type AttestationEntry struct {
	PredicateType string // what the registry calls it; the signed statement decides
	Bundle        []byte // the Sigstore bundle, a JSON object as served, without duplicate keys
}

// ParseAttestations reads an attestations document of at most 4 MiB and 64
// entries, which may be none. Keys match exactly, a key given twice anywhere
// (inside a bundle too) is an error, and so is an entry without a predicateType
// or with a bundle that is not an object.
func ParseAttestations(raw []byte) (*Attestations, error) {
	var w struct {
		Attestations *[]struct {
			PredicateType string         `json:"predicateType"`
			Bundle        jsontext.Value `json:"bundle"`
		} `json:"attestations"`
	}
	const what = "attestations document"
	if err := decode(what, raw, maxAttestations, &w); err != nil {
		return nil, err
	}
	if w.Attestations == nil {
		return nil, garbled(what, "has no list of attestations")
	}
	if n := len(*w.Attestations); n > maxEntries {
		return nil, wrong(what, fmt.Sprintf("has %d attestations, more than %d", n, maxEntries))
	}
	a := &Attestations{}
	for i, e := range *w.Attestations {
		if e.PredicateType == "" || !isObject(e.Bundle) {
			return nil, wrong(what, fmt.Sprintf("entry %d: want a predicateType and a bundle", i))
		}
		a.Entries = append(a.Entries, AttestationEntry{e.PredicateType, e.Bundle})
	}
	return a, nil
}
