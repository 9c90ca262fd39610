package npm

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// npmKey is npm's key since January 2025, a public fact (TUF target registry.npmjs.org/keys.json).
const (
	npmKeyID = "SHA256:DhQ8wR5APBvFHLF/+Tc+AYvPOdTpcIDqOhxsBHRwC7U"
	npmKey   = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEY6Ya7W++7aUPzvMTrezH6Ycx3c+HOKYCcNGybJZSCJq/fd7Qa8uuAKtdIkUQtQiEKERhAmE5lMMJhP8OkDOa2g=="
)

func newKey(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func spki(t testing.TB, public any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

func tufKey(id, usage, key, validFor string) string {
	return fmt.Sprintf(`{"keyId":%q,"keyUsage":%q,"publicKey":{"rawBytes":%q,"keyDetails":"PKIX_ECDSA_P256_SHA_256","validFor":%s}}`, id, usage, key, validFor)
}

func apiKey(id, key, expires string) string {
	return fmt.Sprintf(`{"expires":%s,"keyid":%q,"keytype":"ecdsa-sha2-nistp256","scheme":"ecdsa-sha2-nistp256","key":%q}`, expires, id, key)
}

func keyList(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + `]}` }

func TestParseKeys(t *testing.T) {
	t.Parallel()
	const start, end = "2025-01-13T00:00:00.000Z", "2026-01-29T00:00:00.000Z"
	both := `{"start":"` + start + `","end":"` + end + `"}`
	set, err := ParseKeys([]byte(keyList(
		tufKey(npmKeyID, UsageSignatures, npmKey, both), tufKey(npmKeyID, UsageAttestations, npmKey, `{"start":"`+start+`"}`),
		`{"keyId":"rsa","keyUsage":"npm:signatures","publicKey":{"rawBytes":"?","keyDetails":"PKIX_RSA_PKCS1V15_2048_SHA256"}}`)))
	if err != nil {
		t.Fatal(err)
	}
	from, until := time.Date(2025, 1, 13, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 29, 0, 0, 0, 0, time.UTC)
	if !set.HasUsage || set.Unsupported != 1 || len(set.Keys) != 2 {
		t.Fatalf("TUF shape: got %+v", set)
	}
	k := set.Keys[0]
	if k.ID != npmKeyID || k.Usage != UsageSignatures || !k.Start.Equal(from) || !k.End.Equal(until) || fingerprint(k.Public) != npmKeyID {
		t.Errorf("TUF shape: got %+v", k)
	}
	attesting := set.Attesting()
	if len(attesting) != 1 || attesting[0].Usage != UsageAttestations || !attesting[0].Start.Equal(from) || !attesting[0].End.IsZero() {
		t.Errorf("Attesting: got %+v", attesting)
	}

	set, err = ParseKeys([]byte(keyList(apiKey(npmKeyID, npmKey, `"`+end+`"`), apiKey("other", npmKey, "null"), `{"keyid":"e","keytype":"ssh-ed25519","scheme":"x","key":"?"}`)))
	if err != nil {
		t.Fatal(err)
	}
	if set.HasUsage || set.Unsupported != 1 || len(set.Keys) != 2 || len(set.Attesting()) != 2 ||
		!set.Keys[0].End.Equal(until) || !set.Keys[1].End.IsZero() || !set.Keys[0].Start.IsZero() || set.Keys[0].Usage != "" {
		t.Errorf("registry's shape: got %+v", set)
	}
}

func TestParseKeysSpoiled(t *testing.T) {
	t.Parallel()
	good := tufKey(npmKeyID, UsageSignatures, npmKey, `{}`)
	p384 := spki(t, &newKey(t, elliptic.P384()).PublicKey)
	ed := spki(t, ed25519.PublicKey(make([]byte, ed25519.PublicKeySize)))
	off, _ := base64.StdEncoding.DecodeString(npmKey)
	off[len(off)-1] ^= 1 // a point that is not on the curve
	many := func(n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = apiKey(fmt.Sprint("k", i), npmKey, "null")
		}
		return keyList(list...)
	}
	for _, c := range []struct {
		why, raw, err string
		garbled       bool
	}{
		{"no validity", strings.Replace(keyList(good), `,"validFor":{}`, "", 1), "", false},
		{"a null end", keyList(tufKey(npmKeyID, UsageSignatures, npmKey, `{"end":null}`)), "", false},
		{"an id of another kind", keyList(tufKey("mine", UsageSignatures, npmKey, `{}`)), "", false},
		{"keys at the limit", many(maxKeyCount), "", false},

		{"too many keys", many(maxKeyCount + 1), "more than 1024", false},
		{"an id that is another key's fingerprint", keyList(tufKey(npmKeyID, UsageSignatures, spki(t, &newKey(t, elliptic.P256()).PublicKey), `{}`)), "its fingerprint is SHA256:", false},
		{"the same in the registry's shape", keyList(apiKey(npmKeyID[:49]+"X", npmKey, "null")), "its fingerprint is " + npmKeyID, false},
		{"the same id and usage twice", keyList(good, good), "repeats the id", false},
		{"the same id twice in the registry's shape", keyList(apiKey("a", npmKey, "null"), apiKey("a", npmKey, "null")), "repeats the id", false},
		{"no id", keyList(tufKey("", UsageSignatures, npmKey, `{}`)), "no id", false},
		{"no usage", keyList(tufKey(npmKeyID, "", npmKey, `{}`)), "no keyUsage", false},
		{"an id in another case", strings.Replace(keyList(good), "keyId", "keyid", 1), "mixes two shapes", false},
		{"both shapes in one key", strings.Replace(keyList(good), `"publicKey"`, `"key":"x","publicKey"`, 1), "mixes two shapes", false},
		{"a usage in the registry's shape", strings.Replace(keyList(apiKey("a", npmKey, "null")), `"key"`, `"keyUsage":"npm:signatures","key"`, 1), "mixes two shapes", false},
		{"the other shape's id in the registry's shape", strings.Replace(keyList(apiKey("a", npmKey, "null")), `"key"`, `"keyId":"b","key"`, 1), "mixes two shapes", false},
		{"a key that is no ECDSA key", keyList(tufKey("a", UsageSignatures, ed, `{}`)), "not on P-256", false},
		{"both shapes in one list", keyList(good, apiKey("a", npmKey, "null")), "another shape", false},
		{"a key on another curve", keyList(tufKey("a", UsageSignatures, p384, `{}`)), "not on P-256", false},
		{"a point off the curve", keyList(tufKey("a", UsageSignatures, base64.StdEncoding.EncodeToString(off), `{}`)), "not a public key", false},
		{"bytes after the key", keyList(tufKey("a", UsageSignatures, base64.StdEncoding.EncodeToString(append(off, 0)), `{}`)), "not a public key", false},
		{"a key that is not base64", keyList(tufKey("a", UsageSignatures, "?", `{}`)), "not base64", false},
		{"an empty key", keyList(tufKey("a", UsageSignatures, "", `{}`)), "not a public key", false},
		{"a start that is a number", keyList(tufKey(npmKeyID, UsageSignatures, npmKey, `{"start":1}`)), "wrong type", false},
		{"an end that is no time", keyList(tufKey(npmKeyID, UsageSignatures, npmKey, `{"end":"never"}`)), "want RFC 3339", false},
		{"an end at the zero time, which would mean none", keyList(apiKey("a", npmKey, `"0001-01-01T00:00:00Z"`)), "want RFC 3339", false},
		{"an empty end", keyList(apiKey("a", npmKey, `""`)), "want RFC 3339", false},
		{"an end before its start", keyList(tufKey(npmKeyID, UsageSignatures, npmKey, `{"start":"2025-01-01T00:00:00Z","end":"2024-01-01T00:00:00Z"}`)), "ends before", false},
		{"an end twice", keyList(tufKey(npmKeyID, UsageSignatures, npmKey, `{"end":"2025-01-01T00:00:00Z","end":null}`)), "names a key twice", false},
		{"a page", "<html>", "not JSON", true},
		{"a list alone", "[]", "not a JSON object", true},
	} {
		_, err := ParseKeys([]byte(c.raw))
		wantError(t, c.why, err, c.err, c.garbled)
	}
	for why, raw := range map[string]string{
		"an empty list": keyList(), "no list": `{}`, "a null list": `{"keys":null}`, "a list in another case": `{"Keys":[` + good + `]}`,
		"another scheme":   strings.Replace(keyList(apiKey("a", npmKey, "null")), `"scheme":"ecdsa-sha2-nistp256"`, `"scheme":"x"`, 1),
		"only other types": keyList(`{"keyid":"e","keytype":"ssh-ed25519","scheme":"x","key":"?"}`), "a null key": keyList("null"),
	} {
		if set, err := ParseKeys([]byte(raw)); !errors.Is(err, ErrNoKeys) || set != nil {
			t.Errorf("%s: got %+v, %v, want %v", why, set, err, ErrNoKeys)
		}
	}
}

func FuzzParseKeys(f *testing.F) {
	f.Add([]byte(keyList(tufKey(npmKeyID, UsageSignatures, npmKey, `{"start":"2025-01-13T00:00:00.000Z"}`))))
	f.Add([]byte(keyList(apiKey(npmKeyID, npmKey, "null"), apiKey("b", npmKey, `"2025-01-29T00:00:00.000Z"`))))
	f.Add([]byte(`{"keys":[]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		set, err := ParseKeys(raw)
		if (set == nil) == (err == nil) {
			t.Fatalf("got %v, %v", set, err)
		}
		if err != nil {
			oneLine(t, err)
			return
		}
		if len(set.Keys) == 0 {
			t.Fatal("no keys and no error")
		}
		for _, k := range set.Keys {
			if k.ID == "" || k.Public == nil || set.HasUsage != (k.Usage != "") || !k.End.IsZero() && !k.Start.Before(k.End) ||
				strings.HasPrefix(k.ID, "SHA256:") && k.ID != fingerprint(k.Public) {
				t.Fatalf("key %+v", k)
			}
		}
	})
}
