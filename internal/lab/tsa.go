package lab

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"time"

	"github.com/digitorus/timestamp"
)

// TSA is a timestamping authority (RFC 3161).
type TSA struct {
	Root, Leaf *x509.Certificate
	key        *ecdsa.PrivateKey
}

// NewTSA returns an authority with fresh keys and the names of the public one.
func NewTSA() *TSA {
	root, rootKey := authority("sigstore-tsa-selfsigned", nil, nil, nil)
	key := newKey()
	usage := must(asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}}))
	leaf := create(&x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{Organization: []string{"sigstore.dev"}, CommonName: "sigstore-tsa"},
		NotBefore:    epoch,
		NotAfter:     horizon,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		// RFC 3161, section 2.3: the extended key usage of a TSA is critical, and timeStamping alone.
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}},
	}, root, key.Public(), rootKey)
	return &TSA{Root: root, Leaf: leaf, key: key}
}

// Timestamp returns the response that says message existed at a time.
func (t *TSA) Timestamp(message []byte, at time.Time) []byte {
	sum := sha256.Sum256(message)
	stamp := timestamp.Timestamp{
		HashAlgorithm: crypto.SHA256,
		HashedMessage: sum[:],
		Time:          at,
		Policy:        asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2},
	}
	return must(stamp.CreateResponseWithOpts(t.Leaf, t.key, crypto.SHA256))
}
