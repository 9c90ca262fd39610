package sigstore

import (
	"bytes"
	"crypto/x509"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	rekorv1 "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"google.golang.org/protobuf/encoding/protojson"
)

const (
	// maxBundle bounds a bundle; npm's have 6 to 30 kB.
	maxBundle = 4 << 20

	mediaTypePrefix = "application/vnd.dev.sigstore.bundle"
	payloadType     = "application/vnd.in-toto+json"
)

// The media types of bundles, and whether a bundle may do without an inclusion proof.
var mediaTypes = map[string]bool{
	mediaTypePrefix + "+json;version=0.1": true,
	mediaTypePrefix + "+json;version=0.2": false,
	mediaTypePrefix + "+json;version=0.3": false,
	mediaTypePrefix + ".v0.3+json":        false,
}

// logKind is the kind and version of a log entry's body.
type logKind struct{ kind, version string }

// The log entries that can be decided. hashedrekord 0.0.2 is Rekor v2's, over the DSSE pre-authentication
// encoding; the others are Rekor v1's.
var (
	kindIntoto       = logKind{"intoto", "0.0.2"}
	kindDSSE         = logKind{"dsse", "0.0.1"}
	kindHashedRekord = logKind{"hashedrekord", "0.0.2"}
)

// parseBundle reads a bundle and checks its shape: an attestation with exactly one log entry of a kind that can
// be decided. Nothing in it is verified yet.
func parseBundle(raw []byte) (*protobundle.Bundle, error) {
	if len(raw) > maxBundle {
		return nil, malformed(nil, "the bundle has %d bytes, want at most %d", len(raw), maxBundle)
	}
	mediaType, err := bundleMediaType(raw)
	if err != nil {
		return nil, err
	}
	proofless, known := mediaTypes[mediaType]
	if !known {
		if strings.HasPrefix(mediaType, mediaTypePrefix) {
			return nil, unsupported("the bundle is of media type %q, want version 0.1, 0.2 or 0.3", short(mediaType))
		}
		return nil, malformed(nil, "the bundle is of media type %q, want %s.v0.3+json", short(mediaType), mediaTypePrefix)
	}
	// protojson matches keys exactly and refuses unknown ones.
	b := new(protobundle.Bundle)
	if err := protojson.Unmarshal(raw, b); err != nil {
		return nil, malformed(err, "reading the bundle")
	}
	// A message signature speaks of bytes and makes no statement; with an artifact sigstore-go would verify it.
	envelope := b.GetDsseEnvelope()
	if envelope == nil {
		return nil, malformed(nil, "the bundle holds no DSSE envelope, so it is no attestation")
	}
	if got := envelope.GetPayloadType(); got != payloadType {
		return nil, malformed(nil, "the envelope's payload is of type %q, want %q", short(got), payloadType)
	}
	if n := len(envelope.GetSignatures()); n != 1 {
		return nil, malformed(nil, "the envelope has %d signatures, want exactly one", n)
	}
	// sigstore-go passes over entries it cannot verify and leaves them in the list: with a single one there
	// is no doubt which was verified.
	entries := b.GetVerificationMaterial().GetTlogEntries()
	if len(entries) != 1 {
		return nil, invalid(nil, "the bundle has %d log entries, want exactly one", len(entries))
	}
	kind, err := bodyKind(entries[0])
	if err != nil {
		return nil, err
	}
	if entries[0].GetInclusionProof() == nil {
		// Written before inclusion proofs were: the certificate as a chain and an intoto entry. The label
		// alone is not signed, and would take the need for a proof away from any bundle.
		if !proofless || kind != kindIntoto || b.GetVerificationMaterial().GetCertificate() != nil {
			return nil, invalid(nil, "the log entry has no inclusion proof, which only bundles of version 0.1 may lack")
		}
	}
	return b, nil
}

// bundleMediaType reads the media type alone, so that a bundle of a later version is told from a broken one. It
// refuses what is not JSON, and duplicate keys anywhere.
func bundleMediaType(raw []byte) (string, error) {
	var head struct {
		MediaType string `json:"mediaType"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return "", malformed(err, "reading the bundle as JSON")
	}
	return head.MediaType, nil
}

// bodyKind returns the kind that the entry's body states, which is what the log recorded; kindVersion beside
// it is only a label, and must say the same.
func bodyKind(entry *rekorv1.TransparencyLogEntry) (logKind, error) {
	var body struct {
		APIVersion string         `json:"apiVersion"`
		Kind       string         `json:"kind"`
		Spec       jsontext.Value `json:"spec"`
	}
	if err := json.Unmarshal(entry.GetCanonicalizedBody(), &body); err != nil {
		return logKind{}, malformed(err, "reading the log entry's body")
	}
	kind := logKind{body.Kind, body.APIVersion}
	if label := (logKind{entry.GetKindVersion().GetKind(), entry.GetKindVersion().GetVersion()}); label != kind {
		return logKind{}, invalid(nil, "the log entry is labelled %q %q and its body says %q %q",
			short(label.kind), short(label.version), short(kind.kind), short(kind.version))
	}
	switch kind {
	case kindIntoto, kindDSSE, kindHashedRekord:
		return kind, nil
	}
	return logKind{}, unsupported("a log entry of kind %q version %q, want intoto 0.0.2, dsse 0.0.1 or hashedrekord 0.0.2",
		short(kind.kind), short(kind.version))
}

// leafCertificate returns the signer's certificate: the only one, or the first of a chain. sigstore-go does not
// read the rest of a chain; it may only repeat authorities of the trusted root.
func (v *Verifier) leafCertificate(b *protobundle.Bundle) (*x509.Certificate, error) {
	material := b.GetVerificationMaterial()
	raw := material.GetCertificate().GetRawBytes()
	if chain := material.GetX509CertificateChain().GetCertificates(); len(chain) > 0 {
		raw = chain[0].GetRawBytes()
		for i, c := range chain[1:] {
			if !v.isAuthority(c.GetRawBytes()) {
				return nil, invalid(nil, "certificate %d of the bundle's chain is not an authority of the trusted root", i+2)
			}
		}
	}
	leaf, err := x509.ParseCertificate(raw)
	if err != nil {
		return nil, malformed(err, "reading the bundle's certificate")
	}
	return leaf, nil
}

func (v *Verifier) isAuthority(der []byte) bool {
	for _, authority := range v.root.FulcioCertificateAuthorities() {
		if ca, ok := authority.(*root.FulcioCertificateAuthority); ok {
			for _, cert := range append([]*x509.Certificate{ca.Root}, ca.Intermediates...) {
				if bytes.Equal(cert.Raw, der) {
					return true
				}
			}
		}
	}
	return false
}
