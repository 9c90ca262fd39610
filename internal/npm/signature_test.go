package npm

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"
)

type der struct{ R, S *big.Int }

// signDER signs as npm does, with s low or high.
func signDER(t testing.TB, key *ecdsa.PrivateKey, message string, high bool) []byte {
	t.Helper()
	digest := sha256.Sum256([]byte(message))
	raw, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	var sig der
	if _, err := asn1.Unmarshal(raw, &sig); err != nil {
		t.Fatal(err)
	}
	n := key.Curve.Params().N
	if (sig.S.Cmp(new(big.Int).Rsh(n, 1)) > 0) != high {
		sig.S.Sub(n, sig.S)
	}
	raw, err = asn1.Marshal(sig)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestVerifySignatures(t *testing.T) {
	t.Parallel()
	key, old, other := newKey(t, elliptic.P256()), newKey(t, elliptic.P256()), newKey(t, elliptic.P256())
	id := func(k *ecdsa.PrivateKey) string { return fingerprint(&k.PublicKey) }
	day := func(d int) time.Time { return time.Date(2025, 1, d, 0, 0, 0, 0, time.UTC) }
	set := &KeySet{HasUsage: true, Keys: []Key{
		{ID: id(key), Usage: UsageAttestations, Public: &other.PublicKey},
		{ID: id(key), Usage: UsageSignatures, Public: &key.PublicKey, Start: day(10)},
		{ID: id(old), Usage: UsageSignatures, Public: &old.PublicKey, Start: day(5), End: day(20)},
		{ID: id(other), Usage: UsageAttestations, Public: &other.PublicKey},
		{ID: "", Usage: UsageSignatures, Public: &key.PublicKey},
	}}
	integrity := IntegrityString(sha512.Sum512([]byte("tarball")))
	message := "@a/b@1.0.0:" + integrity
	b64 := base64.StdEncoding.EncodeToString
	by := func(k *ecdsa.PrivateKey) Signature { return Signature{id(k), b64(signDER(t, k, message, false))} }
	raw := signDER(t, key, message, false)
	var parts der
	if _, err := asn1.Unmarshal(raw, &parts); err != nil {
		t.Fatal(err)
	}
	marshal := func(r, s *big.Int) string {
		out, err := asn1.Marshal(der{r, s})
		if err != nil {
			t.Fatal(err)
		}
		return b64(out)
	}
	n := key.Curve.Params().N
	integer := func(i *big.Int, pad int) []byte { // an INTEGER with needless zeros in front
		body := append(make([]byte, pad), i.Bytes()...)
		if body[0] >= 0x80 {
			body = append([]byte{0}, body...)
		}
		return append([]byte{2, byte(len(body))}, body...)
	}
	sequence := func(tag byte, body ...byte) string { return b64(append([]byte{tag, byte(len(body))}, body...)) }
	two := slices.Concat(integer(parts.R, 0), integer(parts.S, 0))
	at := []time.Time{day(15)}
	const missing, malformed, invalid, unknown = SignatureMissing, SignatureMalformed, SignatureInvalid, SignatureUnknownKey
	type kinds = []SignatureKind
	for _, c := range []struct {
		why   string
		sigs  []Signature
		times []time.Time
		want  kinds
	}{
		{"one good signature", []Signature{by(key)}, at, nil},
		{"a key without end at no known time", []Signature{by(key)}, nil, nil},
		{"two good signatures", []Signature{by(key), by(old)}, at, nil},
		{"a low s", []Signature{{id(key), b64(signDER(t, key, message, false))}}, at, nil},
		{"a high s, as npm's signer emits", []Signature{{id(key), b64(signDER(t, key, message, true))}}, at, nil},
		{"the key's first instant", []Signature{by(old)}, []time.Time{day(5)}, nil},
		{"the key's last instant", []Signature{by(old)}, []time.Time{day(20).Add(-1)}, nil},

		{"no signature", nil, at, kinds{missing}},
		{"a good one and another release's", []Signature{by(key), {id(key), b64(signDER(t, key, "@a/b@1.0.1:"+integrity, false))}}, at, kinds{invalid}},
		{"an empty entry", []Signature{by(key), {}}, at, kinds{unknown}},
		{"no id", []Signature{{"", by(key).Sig}}, at, kinds{unknown}},
		{"an unknown key", []Signature{{"SHA256:x", by(key).Sig}}, at, kinds{unknown}},
		{"an id in another case", []Signature{{strings.ToLower(id(key)), by(key).Sig}}, at, kinds{unknown}},
		{"a key for attestations", []Signature{by(other)}, at, kinds{unknown}},
		{"another key's signature", []Signature{{id(key), by(old).Sig}}, at, kinds{invalid}},
		{"no signature bytes", []Signature{{id(key), ""}}, at, kinds{malformed}},
		{"not base64", []Signature{{id(key), "?"}}, at, kinds{malformed}},
		{"base64 with a line break", []Signature{{id(key), b64(raw)[:40] + "\n" + b64(raw)[40:]}}, at, kinds{malformed}},
		{"truncated", []Signature{{id(key), b64(raw[:len(raw)-1])}}, at, kinds{malformed}},
		{"bytes after it", []Signature{{id(key), b64(append(slices.Clone(raw), 0))}}, at, kinds{malformed}},
		{"raw r and s", []Signature{{id(key), b64(append(parts.R.FillBytes(make([]byte, 32)), parts.S.FillBytes(make([]byte, 32))...))}}, at, kinds{malformed}},
		{"bytes after s", []Signature{{id(key), sequence(0x30, append(slices.Clone(two), 5, 0)...)}}, at, kinds{malformed}},
		{"zeros before r", []Signature{{id(key), sequence(0x30, slices.Concat(integer(parts.R, 2), integer(parts.S, 0))...)}}, at, kinds{malformed}},
		{"a set for a sequence", []Signature{{id(key), sequence(0x31, two...)}}, at, kinds{malformed}},
		{"a long form of length", []Signature{{id(key), b64(slices.Concat([]byte{0x30, 0x81, byte(len(two))}, two))}}, at, kinds{malformed}},
		{"an indefinite length", []Signature{{id(key), b64(slices.Concat([]byte{0x30, 0x80}, two, []byte{0, 0}))}}, at, kinds{malformed}},
		{"r and s of zero", []Signature{{id(key), marshal(big.NewInt(0), big.NewInt(0))}}, at, kinds{malformed}},
		{"a negative s", []Signature{{id(key), marshal(parts.R, new(big.Int).Neg(parts.S))}}, at, kinds{malformed}},
		{"s beyond the order", []Signature{{id(key), marshal(parts.R, new(big.Int).Add(parts.S, n))}}, at, kinds{invalid}},
		{"r beyond the order", []Signature{{id(key), marshal(new(big.Int).Add(parts.R, n), parts.S)}}, at, kinds{invalid}},
		{"s of the order", []Signature{{id(key), marshal(parts.R, n)}}, at, kinds{invalid}},
		{"the key's end", []Signature{by(old)}, []time.Time{day(20)}, kinds{SignatureKeyExpired}},
		{"before the key's start", []Signature{by(key)}, []time.Time{day(10).Add(-1)}, kinds{SignatureKeyNotYet}},
		{"good at one time, ended at the other", []Signature{by(old)}, []time.Time{day(15), day(25)}, kinds{SignatureKeyExpired}},
		{"a key that ends at no known time", []Signature{by(old)}, nil, kinds{SignatureTimeUnknown}},
		{"every problem", []Signature{{"x", ""}, by(old), {id(key), "?"}, by(key)}, []time.Time{day(25)}, kinds{unknown, SignatureKeyExpired, malformed}},
	} {
		m := &Manifest{Name: "@a/b", Version: "1.0.0", Dist: Dist{Integrity: integrity, Signatures: c.sigs}}
		err := set.VerifySignatures(m, c.times)
		var got kinds
		problems, _ := errors.AsType[SignatureErrors](err)
		for _, p := range problems {
			got = append(got, p.Kind)
			oneLine(t, p)
		}
		if !slices.Equal(got, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: got %v (%v), want %v", c.why, got, err, c.want)
		}
		if first, ok := errors.AsType[*SignatureError](err); ok != (c.want != nil) || ok && first != problems[0] {
			t.Errorf("%s: errors.As got %v", c.why, first)
		}
	}

	good := Manifest{Name: "@a/b", Version: "1.0.0", Dist: Dist{Integrity: integrity, Signatures: []Signature{by(key)}}}
	for why, spoil := range map[string]func(m *Manifest){
		"another name":         func(m *Manifest) { m.Name = "@a/c" },
		"another version":      func(m *Manifest) { m.Version = "1.0.1" },
		"another integrity":    func(m *Manifest) { m.Dist.Integrity = IntegrityString([64]byte{}) },
		"no integrity":         func(m *Manifest) { m.Dist.Integrity = "" },
		"a space in integrity": func(m *Manifest) { m.Dist.Integrity += " " },
		"no name":              func(m *Manifest) { m.Name = "" },
		"no version":           func(m *Manifest) { m.Version = "" },
		"a sha1 beside it":     func(m *Manifest) { m.Dist.Integrity += " sha1-" + b64(make([]byte, 20)) },
	} {
		m := good
		spoil(&m)
		if set.VerifySignatures(&m, at) == nil {
			t.Errorf("%s: verifies", why)
		}
	}
	// A registry that signs a weak hash has not vouched for the bytes.
	for _, weak := range []string{"sha1-" + b64(make([]byte, 20)), "", integrity + " " + integrity} {
		m := good
		m.Dist.Integrity = weak
		m.Dist.Signatures = []Signature{{id(key), b64(signDER(t, key, "@a/b@1.0.0:"+weak, false))}}
		p, ok := errors.AsType[*SignatureError](set.VerifySignatures(&m, at))
		if !ok || p.Kind != malformed {
			t.Errorf("integrity %q, signed: got %v, want malformed", weak, p)
		}
	}
	for why, empty := range map[string]*KeySet{"nil": nil, "no keys": {}, "no keys with usage": {HasUsage: true}} {
		if empty.VerifySignatures(&good, at) == nil {
			t.Errorf("%s: verifies", why)
		}
	}
	if err := (&KeySet{Keys: []Key{{ID: id(key), Public: &key.PublicKey}}}).VerifySignatures(&good, nil); err != nil {
		t.Errorf("a key without usage: %v", err)
	}
	// Every bit of the signature counts.
	for i := range len(raw) * 8 {
		flipped := slices.Clone(raw)
		flipped[i/8] ^= 1 << (i % 8)
		m := good
		m.Dist.Signatures = []Signature{{id(key), b64(flipped)}}
		if set.VerifySignatures(&m, at) == nil {
			t.Errorf("bit %d flipped: verifies", i)
		}
	}
}

// What is signed is the name as it is, so a name that holds an @ and a version
// cannot be moved from one field to the other.
func TestVerifySignaturesAmbiguousName(t *testing.T) {
	t.Parallel()
	key := newKey(t, elliptic.P256())
	set := &KeySet{Keys: []Key{{ID: "k", Public: &key.PublicKey}}}
	integrity := IntegrityString([64]byte{1})
	for _, m := range []*Manifest{
		{Name: "a@1.0.0:sha512-x", Version: "1.0.0"},
		{Name: "", Version: "a@1.0.0"},
		{Name: "a", Version: "1.0.0:" + integrity},
	} {
		sig := base64.StdEncoding.EncodeToString(signDER(t, key, m.Name+"@"+m.Version+":"+integrity, false))
		m.Dist = Dist{Integrity: integrity, Signatures: []Signature{{"k", sig}}}
		if err := set.VerifySignatures(m, nil); err == nil {
			t.Errorf("%s@%s verifies", m.Name, m.Version)
		}
	}
}
