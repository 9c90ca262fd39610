package sigstore

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Statement is the in-toto statement that a verified envelope holds, as signed.
type Statement struct {
	Type          string    // _type: "https://in-toto.io/Statement/v1" or "…/v0.1"
	Subjects      []Subject // in their order; at least one
	PredicateType string    // not empty
	Predicate     []byte    // a JSON object as signed, in which no object has a key twice; nil if absent
}

// Subject is one artifact a statement speaks about.
type Subject struct {
	Name   string            // "" if absent
	Digest map[string]string // algorithm to digest, both as written, the case of hex digits included; not empty
}

const (
	maxSubjects = 1024
	maxDigests  = 32
)

// parseStatement reads an in-toto statement (in-toto/attestation spec/v1/statement.md; v0.1 differs in _type
// only) by exact key. Unknown keys are ignored, as the specification demands, but one that differs from a known
// key only in case is refused: another reader would take it for the known one.
func parseStatement(payload []byte) (*Statement, error) {
	var s struct {
		Type          string           `json:"_type"`
		Subjects      []jsontext.Value `json:"subject"`
		PredicateType string           `json:"predicateType"`
		Predicate     jsontext.Value   `json:"predicate"`
	}
	if err := json.Unmarshal(payload, &s); err != nil {
		return nil, malformed(err, "reading the statement")
	}
	if err := refuseLookAlikes(payload, "_type", "subject", "predicateType", "predicate"); err != nil {
		return nil, err
	}
	if s.Type != "https://in-toto.io/Statement/v1" && s.Type != "https://in-toto.io/Statement/v0.1" {
		return nil, malformed(nil, "the statement is of type %q, want https://in-toto.io/Statement/v1 or /v0.1", short(s.Type))
	}
	if s.PredicateType == "" {
		return nil, malformed(nil, "the statement has no predicateType")
	}
	if n := len(s.Subjects); n == 0 || n > maxSubjects {
		return nil, malformed(nil, "the statement has %d subjects, want 1 to %d", n, maxSubjects)
	}
	if s.Predicate != nil && s.Predicate.Kind() != '{' {
		return nil, malformed(nil, "the statement's predicate is no JSON object")
	}
	statement := &Statement{Type: s.Type, PredicateType: s.PredicateType, Predicate: []byte(s.Predicate)}
	for i, raw := range s.Subjects {
		var subject struct {
			Name   string            `json:"name"`
			Digest map[string]string `json:"digest"`
		}
		if err := json.Unmarshal(raw, &subject); err != nil {
			return nil, malformed(err, "reading subject %d of the statement", i+1)
		}
		if err := refuseLookAlikes(raw, "name", "digest"); err != nil {
			return nil, err
		}
		if n := len(subject.Digest); n == 0 || n > maxDigests {
			return nil, malformed(nil, "subject %d of the statement has %d digests, want 1 to %d", i+1, n, maxDigests)
		}
		statement.Subjects = append(statement.Subjects, Subject{Name: subject.Name, Digest: subject.Digest})
	}
	return statement, nil
}

func refuseLookAlikes(object []byte, known ...string) error {
	var members map[string]jsontext.Value
	if err := json.Unmarshal(object, &members); err != nil {
		return malformed(err, "reading the statement")
	}
	for key := range members {
		for _, k := range known {
			if key != k && strings.EqualFold(key, k) {
				return malformed(nil, "the statement has a key %q, want %q", short(key), k)
			}
		}
	}
	return nil
}
