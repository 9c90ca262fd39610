package sigstore

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"net/url"

	"github.com/go-json-experiment/json/jsontext"
	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

// maxTrustedRoot bounds trusted_root.json; Sigstore's has 7 kB.
const maxTrustedRoot = 4 << 20

// NewVerifier reads a trusted root: trusted_root.json of a Sigstore TUF repository, a TrustedRoot message of
// sigstore/protobuf-specs in JSON. It must name at least one Fulcio, one certificate transparency log and one
// Rekor log, be valid JSON without duplicate or unknown keys, and agree with itself: each log id is that of the
// log's key, each certificate is signed by the next. The error is an *[Error] of kind Malformed.
func NewVerifier(trustedRoot []byte) (*Verifier, error) {
	if len(trustedRoot) > maxTrustedRoot {
		return nil, malformed(nil, "the trusted root has %d bytes, want at most %d", len(trustedRoot), maxTrustedRoot)
	}
	if !jsontext.Value(trustedRoot).IsValid() {
		return nil, malformed(nil, "the trusted root is not valid JSON, or has a key twice")
	}
	message, err := root.NewTrustedRootProtobuf(trustedRoot)
	if err != nil {
		return nil, malformed(err, "reading the trusted root")
	}
	trusted, err := root.NewTrustedRootFromProtobuf(message)
	if err != nil {
		return nil, malformed(err, "reading the trusted root")
	}
	for _, part := range []struct {
		name string
		n    int
	}{
		{"certificate authority", len(trusted.FulcioCertificateAuthorities())},
		{"transparency log", len(trusted.RekorLogs())},
		{"certificate transparency log", len(trusted.CTLogs())},
	} {
		if part.n == 0 {
			return nil, malformed(nil, "the trusted root names no %s, want at least one", part.name)
		}
	}
	if err := checkTrustedRoot(message, trusted); err != nil {
		return nil, err
	}
	keyless, err := verify.NewVerifier(trusted, append(keyedOptions(), verify.WithSignedCertificateTimestamps(1))...)
	if err != nil {
		return nil, malformed(err, "setting up the verification")
	}
	return &Verifier{root: trusted, keyless: keyless}, nil
}

// keyedOptions are the demands on every bundle. The statement's predicate is left to parseStatement, which is
// stricter than sigstore-go and does not build a tree of it.
func keyedOptions() []verify.VerifierOption {
	return []verify.VerifierOption{
		verify.WithTransparencyLog(1),
		verify.WithObserverTimestamps(1),
		verify.WithoutStatementPredicate(),
	}
}

// checkTrustedRoot compares what the trusted root says more than once, so that a damaged copy, in an
// evidence folder for instance, is named as such and not found out, or missed, bundle by bundle.
func checkTrustedRoot(message *prototrustroot.TrustedRoot, trusted *root.TrustedRoot) error {
	if got, want := len(trusted.RekorLogs()), len(message.GetTlogs()); got != want {
		return malformed(nil, "the trusted root lists %d transparency logs under %d ids", want, got)
	}
	if got, want := len(trusted.CTLogs()), len(message.GetCtlogs()); got != want {
		return malformed(nil, "the trusted root lists %d certificate transparency logs under %d ids", want, got)
	}
	for _, logs := range []map[string]*root.TransparencyLog{trusted.RekorLogs(), trusted.CTLogs()} {
		for id, log := range logs {
			if !isKeyID(log.ID, log) {
				return malformed(nil, "the trusted root gives log %q the id %s, which is not that of its key", short(log.BaseURL), short(id))
			}
		}
	}
	for _, list := range [][]*prototrustroot.CertificateAuthority{message.GetCertificateAuthorities(), message.GetTimestampAuthorities()} {
		for _, authority := range list {
			if err := checkChain(authority); err != nil {
				return malformed(err, "the certificates of %q in the trusted root", short(authority.GetUri()))
			}
		}
	}
	return nil
}

// isKeyID says whether id is that of the log's key: SHA-256 of the SubjectPublicKeyInfo (RFC 6962 §3.2; Rekor
// v1), or of a signed note's key (C2SP signed-note; Rekor v2, whose trusted roots hold all of it or the first
// four bytes).
func isKeyID(id []byte, log *root.TransparencyLog) bool {
	host := ""
	if u, err := url.Parse(log.BaseURL); err == nil {
		host = u.Hostname()
	}
	for _, sum := range keyIDs(host, log) {
		if bytes.Equal(id, sum[:]) || bytes.Equal(id, sum[:4]) {
			return true
		}
	}
	return false
}

// keyIDs returns the ids under which a log of this name may sign.
func keyIDs(name string, log *root.TransparencyLog) [][sha256.Size]byte {
	der, err := x509.MarshalPKIXPublicKey(log.PublicKey)
	if err != nil {
		return nil
	}
	ids := [][sha256.Size]byte{sha256.Sum256(der)}
	switch key := log.PublicKey.(type) {
	case ed25519.PublicKey:
		ids = append(ids, sha256.Sum256([]byte(name+"\n\x01"+string(key))))
	case *rsa.PublicKey:
		ids = append(ids, sha256.Sum256([]byte(name+"\n\xffPKIX-RSA-PKCS#1v1.5"+string(der))))
	}
	return ids
}

// keyHashes are keyIDs as a signed note abbreviates them.
func keyHashes(name string, log *root.TransparencyLog) []uint32 {
	var hashes []uint32
	for _, id := range keyIDs(name, log) {
		hashes = append(hashes, binary.BigEndian.Uint32(id[:]))
	}
	return hashes
}

// checkChain checks that each certificate is signed by the one after it, and the last by itself.
func checkChain(authority *prototrustroot.CertificateAuthority) error {
	var chain []*x509.Certificate
	for _, c := range authority.GetCertChain().GetCertificates() {
		cert, err := x509.ParseCertificate(c.GetRawBytes())
		if err != nil {
			return err
		}
		chain = append(chain, cert)
	}
	for i, cert := range chain {
		issuer := chain[min(i+1, len(chain)-1)]
		if issuer == cert && !bytes.Equal(cert.RawIssuer, cert.RawSubject) {
			return nil // the trust anchor may be an intermediate, whose issuer is not listed
		}
		if err := cert.CheckSignatureFrom(issuer); err != nil {
			return fmt.Errorf("certificate %d of %d: %w", i+1, len(chain), err)
		}
	}
	return nil
}
