package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"math/big"
	"time"

	"golang.org/x/crypto/ssh"
)

// Usages of a key in keys.json, as Sigstore's TUF repository has them.
const (
	UsageSignatures   = "npm:signatures"
	UsageAttestations = "npm:attestations"
)

// SigningKey is a key of the registry: it signs releases and publish attestations.
type SigningKey struct {
	ID         string // the OpenSSH fingerprint, SHA256:…
	Private    *ecdsa.PrivateKey
	Start, End time.Time // a zero End: open
	Usages     []string  // nil: both
}

// NewSigningKey returns a fresh P-256 key for both usages, valid from 2025-01-13 on as the public registry's present one.
func NewSigningKey() *SigningKey {
	private := newKey()
	return &SigningKey{
		ID:      ssh.FingerprintSHA256(must(ssh.NewPublicKey(&private.PublicKey))),
		Private: private,
		Start:   time.Date(2025, 1, 13, 0, 0, 0, 0, time.UTC),
	}
}

// Signature is one entry of dist.signatures over the message name@version:integrity
// (docs.npmjs.com, about-registry-signatures).
func (k *SigningKey) Signature(name, version, integrity string) Object {
	return Object{
		"keyid": k.ID,
		"sig":   base64.StdEncoding.EncodeToString(sign(k.Private, []byte(name+"@"+version+":"+integrity))),
	}
}

// KeysJSON lists keys in the shape of the TUF target HOST/keys.json: one entry for each key and usage.
func KeysJSON(keys ...*SigningKey) []byte {
	type validFor struct {
		Start string `json:"start,omitempty"`
		End   string `json:"end,omitempty"`
	}
	type publicKey struct {
		RawBytes   []byte   `json:"rawBytes"`
		KeyDetails string   `json:"keyDetails"`
		ValidFor   validFor `json:"validFor"`
	}
	type entry struct {
		KeyID     string    `json:"keyId"`
		KeyUsage  string    `json:"keyUsage"`
		PublicKey publicKey `json:"publicKey"`
	}
	list := []entry{}
	for _, k := range keys {
		usages := k.Usages
		if usages == nil {
			usages = []string{UsageSignatures, UsageAttestations}
		}
		for _, usage := range usages {
			list = append(list, entry{k.ID, usage, publicKey{
				spki(&k.Private.PublicKey), "PKIX_ECDSA_P256_SHA_256", validFor{stamp(k.Start), stamp(k.End)},
			}})
		}
	}
	return encode(Object{"keys": list})
}

// KeysAPI lists keys in the shape of the registry's own endpoint /-/npm/v1/keys: no usage, no start.
func KeysAPI(keys ...*SigningKey) []byte {
	type entry struct {
		Expires *string `json:"expires"`
		KeyID   string  `json:"keyid"`
		KeyType string  `json:"keytype"`
		Scheme  string  `json:"scheme"`
		Key     []byte  `json:"key"`
	}
	list := []entry{}
	for _, k := range keys {
		e := entry{nil, k.ID, "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", spki(&k.Private.PublicKey)}
		if end := stamp(k.End); end != "" {
			e.Expires = &end
		}
		list = append(list, e)
	}
	return encode(Object{"keys": list})
}

// stamp writes a time as JavaScript's toISOString does; a zero time is "".
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

func logID(public any) []byte {
	sum := sha256.Sum256(spki(public))
	return sum[:]
}

// Malleate returns the other ECDSA signature (ASN.1) that verifies like this one: s is replaced by n - s.
func Malleate(sig []byte) []byte {
	var v struct{ R, S *big.Int }
	must(asn1.Unmarshal(sig, &v))
	v.S.Sub(elliptic.P256().Params().N, v.S)
	return must(asn1.Marshal(v))
}
