package lab

import (
	"crypto/x509"
	"time"
)

// Sigstore is a deployment of our own, with a key of the registry beside it. Two deployments look the same in everything
// but their keys: a second one is an impostor.
type Sigstore struct {
	CA      *CA
	CT      *CTLog
	Rekor   *Rekor
	RekorV2 *Rekor
	TSA     *TSA
	NPM     *SigningKey
}

// NewSigstore returns a deployment with fresh keys. It takes about a millisecond.
func NewSigstore() *Sigstore {
	return &Sigstore{
		CA:      NewCA(),
		CT:      NewCTLog(),
		Rekor:   NewRekor("rekor.example"),
		RekorV2: NewRekorV2("log2025-1.rekor.example"),
		TSA:     NewTSA(),
		NPM:     NewSigningKey(),
	}
}

// TrustedRoot is the deployment's trusted_root.json (sigstore_trustroot.proto).
func (s *Sigstore) TrustedRoot() []byte {
	return encode(Object{
		"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
		"tlogs": []any{
			logInstance(s.Rekor.BaseURL, s.Rekor.ID(), s.Rekor.Key.Public(), "PKIX_ECDSA_P256_SHA_256", s.Rekor.Start),
			logInstance(s.RekorV2.BaseURL, s.RekorV2.ID(), s.RekorV2.Key.Public(), "PKIX_ED25519", s.RekorV2.Start),
		},
		"certificateAuthorities": []any{
			authorityInstance("https://fulcio.example", s.CA.Intermediate, s.CA.Root),
		},
		"ctlogs": []any{
			logInstance("https://ctfe.example/2022", logID(s.CT.Key.Public()), s.CT.Key.Public(), "PKIX_ECDSA_P256_SHA_256", epoch),
		},
		"timestampAuthorities": []any{
			authorityInstance("https://timestamp.example/api/v1/timestamp", s.TSA.Leaf, s.TSA.Root),
		},
	})
}

func logInstance(url string, id []byte, public any, details string, start time.Time) Object {
	return Object{
		"baseUrl":       url,
		"hashAlgorithm": "SHA2_256",
		"publicKey": Object{
			"rawBytes": spki(public), "keyDetails": details,
			"validFor": Object{"start": start.Format(time.RFC3339)},
		},
		"logId": Object{"keyId": id},
	}
}

func authorityInstance(uri string, chain ...*x509.Certificate) Object {
	root := chain[len(chain)-1]
	return Object{
		"subject":   Object{"organization": root.Subject.Organization[0], "commonName": root.Subject.CommonName},
		"uri":       uri,
		"certChain": Object{"certificates": rawCertificates(chain)},
		"validFor":  Object{"start": root.NotBefore.Format(time.RFC3339)},
	}
}

func rawCertificates(chain []*x509.Certificate) []any {
	var list []any
	for _, c := range chain {
		list = append(list, Object{"rawBytes": c.Raw})
	}
	return list
}
