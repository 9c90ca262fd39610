package lab

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"time"
)

// Media types of bundles. Version 0.3 carries one certificate, the others a chain.
const (
	BundleV01 = "application/vnd.dev.sigstore.bundle+json;version=0.1"
	BundleV02 = "application/vnd.dev.sigstore.bundle+json;version=0.2"
	BundleV03 = "application/vnd.dev.sigstore.bundle.v0.3+json"
)

// Kinds of log entry.
const (
	EntryDSSE           = "dsse/0.0.1"         // Rekor v1
	EntryIntoto         = "intoto/0.0.2"       // Rekor v1
	EntryHashedRekordV2 = "hashedrekord/0.0.2" // Rekor v2
	EntryDSSEV2         = "dsse/0.0.2"         // Rekor v2
)

// Attestation says how one attestation of a release is made. The hooks are called in their order here; nil leaves as is.
type Attestation struct {
	Sigstore    *Sigstore   // whose authorities sign and log; nil: the draft's
	Key         *SigningKey // nil: keyless, under a certificate
	MediaType   string
	Entry       string    // kind of log entry
	PayloadType string    // "": application/vnd.in-toto+json
	SignedAt    time.Time // zero: by the draft's time of publishing
	LoggedAt    time.Time // zero: SignedAt
	NoPromise   bool
	NoProof     bool
	Timestamped bool // a timestamp of the TSA also beside a promise; entries of Rekor v2 always have one

	Statement   func(Object)                 // before it is signed
	Payload     func([]byte) []byte          // the statement's bytes, before they are signed
	Certificate func(*Certificate)           // before it is issued
	Envelope    func(*Envelope)              // after it is signed, before it is logged
	LogBody     func([]byte) []byte          // before it enters the log
	LogEntry    func(*LogEntry)              // as the log returned it
	Timestamp   func(at time.Time) time.Time // the time that the TSA states
	Bundle      func(Object)                 // the finished JSON
}

// Envelope is a DSSE envelope in its JSON form.
type Envelope struct {
	Payload     []byte              `json:"payload"`
	PayloadType string              `json:"payloadType"`
	Signatures  []EnvelopeSignature `json:"signatures"`
}

// EnvelopeSignature is one signature of an envelope.
type EnvelopeSignature struct {
	Sig   []byte `json:"sig"`
	KeyID string `json:"keyid"`
}

// PAE is DSSE's pre-authentication encoding: what is signed.
func PAE(payloadType string, payload []byte) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload)
}

type verificationMaterial struct {
	Certificate          any              `json:"certificate,omitempty"`
	X509CertificateChain any              `json:"x509CertificateChain,omitempty"`
	PublicKey            any              `json:"publicKey,omitempty"`
	TlogEntries          []*LogEntry      `json:"tlogEntries"`
	Timestamps           map[string][]any `json:"timestampVerificationData"`
}

type bundle struct {
	MediaType            string               `json:"mediaType"`
	VerificationMaterial verificationMaterial `json:"verificationMaterial"`
	Envelope             Envelope             `json:"dsseEnvelope"`
}

// Sign makes the bundle for a statement; run is what the certificate says (unused with a key).
func (a *Attestation) Sign(run Run, statement []byte) []byte {
	if a.Statement != nil {
		statement = Edit(statement, a.Statement)
	}
	if a.Payload != nil {
		statement = a.Payload(statement)
	}
	key, keyID := newKey(), ""
	material := verificationMaterial{Timestamps: map[string][]any{"rfc3161Timestamps": {}}}
	var verifier []byte // DER, certificate or key
	if a.Key != nil {
		key, keyID = a.Key.Private, a.Key.ID
		material.PublicKey = Object{"hint": a.Key.ID}
		verifier = spki(&key.PublicKey)
	} else {
		leaf := a.certify(run, key)
		verifier = leaf.Raw
		switch a.MediaType {
		case BundleV01: // as sigstore@1.0.0 has it
			material.X509CertificateChain = Object{"certificates": rawCertificates([]*x509.Certificate{leaf, a.Sigstore.CA.Intermediate, a.Sigstore.CA.Root})}
		case BundleV02: // as sigstore@2.3.1 has it
			material.X509CertificateChain = Object{"certificates": rawCertificates([]*x509.Certificate{leaf})}
		default:
			material.Certificate = Object{"rawBytes": leaf.Raw}
		}
	}

	payloadType := a.PayloadType
	if payloadType == "" {
		payloadType = "application/vnd.in-toto+json"
	}
	envelope := Envelope{statement, payloadType, []EnvelopeSignature{{sign(key, PAE(payloadType, statement)), keyID}}}
	if a.Envelope != nil {
		a.Envelope(&envelope)
	}
	entry, isV2 := a.log(envelope, verifier)
	if a.LogEntry != nil {
		a.LogEntry(entry)
	}
	material.TlogEntries = []*LogEntry{entry}
	if isV2 || a.Timestamped {
		at := a.loggedAt()
		if a.Timestamp != nil {
			at = a.Timestamp(at)
		}
		stamped := a.Sigstore.TSA.Timestamp(firstSignature(envelope), at)
		material.Timestamps["rfc3161Timestamps"] = []any{Object{"signedTimestamp": stamped}}
	}
	document := encode(bundle{a.MediaType, material, envelope})
	if a.Bundle != nil {
		document = Edit(document, a.Bundle)
	}
	return document
}

func (a *Attestation) loggedAt() time.Time {
	if a.LoggedAt.IsZero() {
		return a.SignedAt
	}
	return a.LoggedAt
}

func (a *Attestation) certify(run Run, key *ecdsa.PrivateKey) *x509.Certificate {
	c := &Certificate{
		URI:        run.uri(),
		Extensions: run.extensions(),
		NotBefore:  a.SignedAt.Truncate(time.Second),
		NotAfter:   a.SignedAt.Truncate(time.Second).Add(10 * time.Minute),
		CA:         a.Sigstore.CA,
		CTLogs:     []*CTLog{a.Sigstore.CT},
	}
	if a.Certificate != nil {
		a.Certificate(c)
	}
	return c.issue(key.Public())
}

// log enters the envelope into the log that its kind of entry belongs to.
func (a *Attestation) log(e Envelope, verifier []byte) (entry *LogEntry, isV2 bool) {
	var body []byte
	log := a.Sigstore.Rekor
	var kind, version string
	switch a.Entry {
	case EntryDSSE:
		kind, version, body = "dsse", "0.0.1", dsseBody(e, verifierPEM(verifier, a.Key != nil))
	case EntryIntoto:
		kind, version, body = "intoto", "0.0.2", intotoBody(e, verifierPEM(verifier, a.Key != nil))
	case EntryHashedRekordV2:
		kind, version, body = "hashedrekord", "0.0.2", hashedRekordV2Body(e, verifier, a.Key != nil)
		log, isV2 = a.Sigstore.RekorV2, true
	case EntryDSSEV2:
		kind, version, body = "dsse", "0.0.2", dsseV2Body(e, verifier, a.Key != nil)
		log, isV2 = a.Sigstore.RekorV2, true
	default:
		panic("lab: no such kind of log entry: " + a.Entry)
	}
	if a.LogBody != nil {
		body = a.LogBody(body)
	}
	entry = log.Append(kind, version, body, a.loggedAt())
	if a.NoPromise {
		entry.InclusionPromise = nil
	}
	if a.NoProof {
		entry.InclusionProof = nil
	}
	return entry, isV2
}

func firstSignature(e Envelope) []byte {
	if len(e.Signatures) == 0 {
		return nil
	}
	return e.Signatures[0].Sig
}

func verifierPEM(der []byte, isKey bool) []byte {
	block := &pem.Block{Type: "CERTIFICATE", Bytes: der}
	if isKey {
		block.Type = "PUBLIC KEY"
	}
	return pem.EncodeToMemory(block)
}

func hexHash(b []byte) Object {
	sum := sha256.Sum256(b)
	return Object{"algorithm": "sha256", "value": hex.EncodeToString(sum[:])}
}

// The bodies are canonical JSON (RFC 8785): encode sorts the keys of objects, and nothing in them needs escaping.

// dsseBody is rekor's pkg/types/dsse/v0.0.1.
func dsseBody(e Envelope, verifier []byte) []byte {
	signatures := []Object{}
	for _, s := range e.Signatures {
		signatures = append(signatures, Object{"signature": base64.StdEncoding.EncodeToString(s.Sig), "verifier": verifier})
	}
	return encode(Object{"apiVersion": "0.0.1", "kind": "dsse", "spec": Object{
		"envelopeHash": hexHash(encode(e)), "payloadHash": hexHash(e.Payload), "signatures": signatures,
	}})
}

// intotoBody is rekor's pkg/types/intoto/v0.0.2, which encodes a signature in base64 twice.
func intotoBody(e Envelope, verifier []byte) []byte {
	signatures := []Object{}
	for _, s := range e.Signatures {
		o := Object{"publicKey": verifier, "sig": []byte(base64.StdEncoding.EncodeToString(s.Sig))}
		if s.KeyID != "" {
			o["keyid"] = s.KeyID
		}
		signatures = append(signatures, o)
	}
	return encode(Object{"apiVersion": "0.0.2", "kind": "intoto", "spec": Object{"content": Object{
		"envelope":    Object{"payloadType": e.PayloadType, "signatures": signatures},
		"hash":        hexHash(encode(e)),
		"payloadHash": hexHash(e.Payload),
	}}})
}

func verifierV2(der []byte, isKey bool) Object {
	if isKey {
		return Object{"keyDetails": "PKIX_ECDSA_P256_SHA_256", "publicKey": Object{"rawBytes": der}}
	}
	return Object{"keyDetails": "PKIX_ECDSA_P256_SHA_256", "x509Certificate": Object{"rawBytes": der}}
}

// hashedRekordV2Body is rekor-tiles' HashedRekordLogEntryV002 over the signed bytes.
func hashedRekordV2Body(e Envelope, verifier []byte, isKey bool) []byte {
	sum := sha256.Sum256(PAE(e.PayloadType, e.Payload))
	return encode(Object{"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": Object{"hashedRekordV002": Object{
		"data":      Object{"algorithm": "SHA2_256", "digest": sum[:]},
		"signature": Object{"content": firstSignature(e), "verifier": verifierV2(verifier, isKey)},
	}}})
}

// dsseV2Body is rekor-tiles' DSSELogEntryV002.
func dsseV2Body(e Envelope, verifier []byte, isKey bool) []byte {
	sum := sha256.Sum256(e.Payload)
	signatures := []Object{}
	for _, s := range e.Signatures {
		signatures = append(signatures, Object{"content": s.Sig, "verifier": verifierV2(verifier, isKey)})
	}
	return encode(Object{"apiVersion": "0.0.2", "kind": "dsse", "spec": Object{"dsseV002": Object{
		"payloadHash": Object{"algorithm": "SHA2_256", "digest": sum[:]}, "signatures": signatures,
	}}})
}
