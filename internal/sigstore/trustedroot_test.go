package sigstore

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/sigstore-go/pkg/root"

	"verify-npm-release/internal/lab"
)

func TestTrustedRootRefused(t *testing.T) {
	t.Parallel()
	s, other := lab.NewSigstore(), lab.NewSigstore()
	good := s.TrustedRoot()
	flip := func(v any) any {
		raw, _ := base64.StdEncoding.DecodeString(v.(string))
		raw[len(raw)-3] ^= 1
		return raw
	}
	for _, tt := range []struct {
		name, want string
		raw        []byte
	}{
		{"nothing", "JSON", nil},
		{"HTML", "JSON", []byte("<html>")},
		{"null", "null", []byte("null")},
		{"an empty object", "media type", []byte("{}")},
		{"cut short", "JSON", good[:len(good)/2]},
		{"too much", "at most", bytes.Repeat([]byte(" "), maxTrustedRoot+1)},
		{"a key twice", "twice", bytes.Replace(good, []byte(`{"`), []byte(`{"tlogs":[],"`), 1)},
		{"an unknown key", "unknown", lab.Edit(good, lab.Set("/extra", 1))},
		{"another media type", "media type", lab.Edit(good, lab.Set("/mediaType", "application/json"))},
		{"no authority", "no certificate authority", lab.Edit(good, lab.Set("/certificateAuthorities", []any{}))},
		{"no log", "no transparency log", lab.Edit(good, lab.Set("/tlogs", []any{}))},
		{"no certificate transparency log", "no certificate transparency log", lab.Edit(good, lab.Set("/ctlogs", []any{}))},
		{"a log twice", "2 transparency logs under 1", lab.Edit(good, func(o lab.Object) {
			logs := o["tlogs"].([]any)
			o["tlogs"] = []any{logs[0], logs[0]}
		})},
		{"a certificate transparency log twice", "2 certificate transparency logs under 1", lab.Edit(good, func(o lab.Object) {
			logs := o["ctlogs"].([]any)
			o["ctlogs"] = []any{logs[0], logs[0]}
		})},
		{"a log under another's id", "not that of its key", lab.Edit(good, lab.Set("/tlogs/0/logId/keyId", other.Rekor.ID()))},
		{"a Rekor v2 under another's id", "not that of its key", lab.Edit(good, lab.Set("/tlogs/1/logId/keyId", other.RekorV2.ID()))},
		{"a certificate transparency log under another's id", "not that of its key", lab.Edit(good, lab.Set("/ctlogs/0/logId/keyId", other.Rekor.ID()))},
		{"a changed intermediate", "certificate 1 of 2", lab.Edit(good, lab.Change("/certificateAuthorities/0/certChain/certificates/0/rawBytes", flip))},
		{"a changed root", "certificate", lab.Edit(good, lab.Change("/certificateAuthorities/0/certChain/certificates/1/rawBytes", flip))},
		{"another's root", "certificate 1 of 2", lab.Edit(good, lab.Set("/certificateAuthorities/0/certChain/certificates/1/rawBytes", other.CA.Root.Raw))},
		{"a changed timestamp authority", "certificate 1 of 2", lab.Edit(good, lab.Change("/timestampAuthorities/0/certChain/certificates/0/rawBytes", flip))},
		{"a log without validity", "validity", lab.Edit(good, lab.Delete("/tlogs/0/publicKey/validFor"))},
	} {
		v, err := NewVerifier(tt.raw)
		if v != nil || kindOf(err) != Malformed || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, %v; want malformed with %q", tt.name, v, err, tt.want)
			continue
		}
		checkText(t, err)
	}
}

// TestTrustedRootShapes: what private deployments have and Sigstore's has not.
func TestTrustedRootShapes(t *testing.T) {
	t.Parallel()
	s := lab.NewSigstore()
	for _, tt := range []struct {
		name string
		edit func(lab.Object)
	}{
		{"no timestamp authority", lab.Set("/timestampAuthorities", []any{})},
		{"a Rekor v2 id of four bytes", lab.Set("/tlogs/1/logId/keyId", s.RekorV2.ID()[:4])},
		{"a trust anchor that is an intermediate", func(o lab.Object) {
			chain := o["certificateAuthorities"].([]any)[0].(lab.Object)["certChain"].(lab.Object)
			chain["certificates"] = chain["certificates"].([]any)[:1]
		}},
	} {
		if _, err := NewVerifier(lab.Edit(s.TrustedRoot(), tt.edit)); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestTrustedRootParts: what sigstore-go has refused before it comes to us.
func TestTrustedRootParts(t *testing.T) {
	t.Parallel()
	s := lab.NewSigstore()
	if _, err := NewVerifier(append(bytes.TrimSpace(s.TrustedRoot()), bytes.Repeat([]byte(" "), maxTrustedRoot-len(bytes.TrimSpace(s.TrustedRoot())))...)); err != nil {
		t.Errorf("as large as may be: %v", err)
	}
	key := s.Rekor.Key.Public()
	if log := (&root.TransparencyLog{BaseURL: "https://%zz/", PublicKey: key}); !isKeyID(s.Rekor.ID(), log) {
		t.Error("a log whose URL is none: its id is not known by its key")
	}
	if got := keyIDs("log", &root.TransparencyLog{PublicKey: "no key"}); got != nil {
		t.Errorf("a key that is none: got ids %x", got)
	}
	garbage := &prototrustroot.CertificateAuthority{CertChain: &protocommon.X509CertificateChain{
		Certificates: []*protocommon.X509Certificate{{RawBytes: []byte("x")}, {RawBytes: s.CA.Root.Raw}},
	}}
	if err := checkChain(garbage); err == nil {
		t.Error("a certificate that is none: want an error")
	}
}

// TestTrustedRootBytes changes each byte of a key or a certificate in a real trusted root.
func TestTrustedRootBytes(t *testing.T) {
	raw := read(t, evidence(t), "trusted_root.json")
	var root struct {
		Tlogs, Ctlogs []struct{ PublicKey struct{ RawBytes string } }
	}
	if err := json.Unmarshal(raw, &root); err != nil {
		t.Fatal(err)
	}
	for _, log := range append(root.Tlogs, root.Ctlogs...) {
		at := bytes.Index(raw, []byte(log.PublicKey.RawBytes))
		for i := range len(log.PublicKey.RawBytes) {
			bad := bytes.Clone(raw)
			if bad[at+i] != 'A' {
				bad[at+i] = 'A'
			} else {
				bad[at+i] = 'B'
			}
			if _, err := NewVerifier(bad); err == nil {
				t.Errorf("byte %d of key %q changed: read, want a failure", i, log.PublicKey.RawBytes)
			}
		}
	}
}
