package sigstore

// Statement is the in-toto statement that a verified envelope holds, as signed.
type Statement struct {
	Type          string    // _type, "https://in-toto.io/Statement/v1" or "…/v0.1"
	Subjects      []Subject // in their order; may be empty
	PredicateType string
	Predicate     []byte // JSON, as signed; no key occurs twice in any object of it
}

// Subject is one artifact a statement speaks about.
type Subject struct {
	Name   string
	Digest map[string]string // algorithm to digest, both as written: the case of hex digits included
}
