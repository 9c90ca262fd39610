package npm

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The usages of a key in the TUF target.
const (
	UsageSignatures   = "npm:signatures"   // dist.signatures
	UsageAttestations = "npm:attestations" // publish attestations
)

// ErrNoKeys is the error of [ParseKeys] for a list without any key that can be used.
var ErrNoKeys = errors.New("list of keys: no usable key in it")

// KeySet is a registry's keys.
type KeySet struct {
	Keys        []Key
	HasUsage    bool // false: the registry's own endpoint, whose keys serve both usages and have no Usage or Start
	Unsupported int  // entries left out because they are not ECDSA on P-256 with SHA-256, the only kind npm has
}

// Key is one public key of a registry. It is valid from Start until before End;
// a zero time is an open end.
type Key struct {
	ID, Usage  string
	Public     *ecdsa.PublicKey
	Start, End time.Time
}

// wireKey is both shapes: {keyId, keyUsage, publicKey} of the TUF target, and
// {keyid, keytype, scheme, key, expires} of the registry's endpoint.
type wireKey struct {
	TUFID  string `json:"keyId"`
	Usage  string `json:"keyUsage"`
	Public *struct {
		RawBytes   string `json:"rawBytes"`
		KeyDetails string `json:"keyDetails"`
		ValidFor   struct {
			Start *string `json:"start"`
			End   *string `json:"end"`
		} `json:"validFor"`
	} `json:"publicKey"`

	ID      string  `json:"keyid"`
	Type    string  `json:"keytype"`
	Scheme  string  `json:"scheme"`
	Key     string  `json:"key"`
	Expires *string `json:"expires"`
}

// ParseKeys reads a registry's keys, in the shape of the TUF target
// {registry}/keys.json or of the registry's endpoint /-/npm/v1/keys (npm docs,
// "about registry signatures"), at most 1 MiB and 1024 entries. Keys of another
// type are counted and left out; a supported key that is malformed, an id given
// twice for one usage, an id "SHA256:…" that is not the key's OpenSSH fingerprint
// (as npm's are), and a mixture of shapes are errors. No usable key is [ErrNoKeys].
func ParseKeys(raw []byte) (*KeySet, error) {
	var w struct {
		Keys []wireKey `json:"keys"`
	}
	const what = "list of keys"
	if err := decode(what, raw, maxKeys, &w); err != nil {
		return nil, err
	}
	if n := len(w.Keys); n > maxKeyCount {
		return nil, wrong(what, fmt.Sprintf("has %d keys, more than %d", n, maxKeyCount))
	}
	set := &KeySet{}
	seen := map[[2]string]bool{}
	for i := range w.Keys {
		wire := &w.Keys[i]
		fail := func(why string) error { return wrong(what, fmt.Sprintf("key %d: %s", i, why)) }
		tuf := wire.Public != nil
		if i > 0 && tuf != set.HasUsage {
			return nil, fail("is of another shape than those before")
		}
		set.HasUsage = tuf
		k, err := wire.parse()
		switch {
		case err == errUnsupported:
			set.Unsupported++
			continue
		case err != nil:
			return nil, fail(err.Error())
		case seen[[2]string{k.ID, k.Usage}]:
			return nil, fail("repeats the id " + excerpt(k.ID))
		}
		seen[[2]string{k.ID, k.Usage}] = true
		set.Keys = append(set.Keys, k)
	}
	if len(set.Keys) == 0 {
		return nil, ErrNoKeys
	}
	return set, nil
}

// errUnsupported is a key of another kind than npm's, which may be any registry's.
var errUnsupported = errors.New("is of a kind that is not supported")

func (w *wireKey) parse() (k Key, err error) {
	encoded, start, end := w.Key, (*string)(nil), w.Expires
	if w.Public != nil {
		if w.ID != "" || w.Key != "" {
			return k, errors.New("mixes two shapes")
		}
		if w.Usage == "" {
			return k, errors.New("has no keyUsage")
		}
		if w.Public.KeyDetails != "PKIX_ECDSA_P256_SHA_256" {
			return k, errUnsupported
		}
		k.ID, k.Usage = w.TUFID, w.Usage
		encoded, start, end = w.Public.RawBytes, w.Public.ValidFor.Start, w.Public.ValidFor.End
	} else {
		if w.TUFID != "" || w.Usage != "" {
			return k, errors.New("mixes two shapes")
		}
		const p256 = "ecdsa-sha2-nistp256"
		if w.Type != p256 || w.Scheme != p256 {
			return k, errUnsupported
		}
		k.ID = w.ID
	}
	if k.ID == "" {
		return k, errors.New("has no id")
	}
	if k.Public, err = parseP256(encoded); err != nil {
		return k, err
	}
	if strings.HasPrefix(k.ID, "SHA256:") && k.ID != fingerprint(k.Public) {
		return k, fmt.Errorf("has the id %s, but its fingerprint is %s", excerpt(k.ID), fingerprint(k.Public))
	}
	if k.Start, err = instant(start); err != nil {
		return k, err
	}
	if k.End, err = instant(end); err != nil {
		return k, err
	}
	if !k.End.IsZero() && !k.Start.Before(k.End) {
		return k, errors.New("ends before it starts")
	}
	return k, nil
}

// instant reads an RFC 3339 time; nil (absent or null) is the zero time.
func instant(s *string) (time.Time, error) {
	if s == nil {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, *s)
	if err != nil || t.IsZero() {
		return time.Time{}, fmt.Errorf("has the time %s; want RFC 3339", excerpt(*s))
	}
	return t, nil
}

// parseP256 reads base64 of a DER SubjectPublicKeyInfo (RFC 5480) on P-256.
func parseP256(encoded string) (*ecdsa.PublicKey, error) {
	der, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return nil, errors.New("is not base64")
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, errors.New("is not a public key in DER")
	}
	public, ok := parsed.(*ecdsa.PublicKey)
	if !ok || public.Curve != elliptic.P256() {
		return nil, errors.New("is not on P-256, as it says")
	}
	return public, nil
}

// fingerprint returns the key's OpenSSH fingerprint: "SHA256:" and the unpadded
// base64 of SHA-256 over its wire form (RFC 5656 section 3.1).
func fingerprint(public *ecdsa.PublicKey) string {
	point, err := public.Bytes()
	if err != nil {
		return ""
	}
	var wire []byte
	for _, field := range [][]byte{[]byte("ecdsa-sha2-nistp256"), []byte("nistp256"), point} {
		wire = binary.BigEndian.AppendUint32(wire, uint32(len(field)))
		wire = append(wire, field...)
	}
	sum := sha256.Sum256(wire)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// Attesting returns the keys for publish attestations.
func (k *KeySet) Attesting() []Key { return k.serving(UsageAttestations) }

func (k *KeySet) serving(usage string) []Key {
	if k == nil {
		return nil // no keys, so nothing verifies
	}
	var keys []Key
	for _, key := range k.Keys {
		if !k.HasUsage || key.Usage == usage {
			keys = append(keys, key)
		}
	}
	return keys
}
