package sigstore

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"verify-npm-release/internal/lab"
)

// FuzzBundle: whatever verifies says what one of the good bundles said.
func FuzzBundle(f *testing.F) {
	s := lab.NewSigstore()
	v := verifier(f, s.TrustedRoot())
	keys := labKeys(s)
	var good []*Verified
	for _, tt := range forms {
		a := attestation(s)
		tt.make(a)
		bundle := a.Sign(lab.NewRun(), []byte(statementJSON))
		want, err := check(v, a, bundle)
		if err != nil {
			f.Fatal(err)
		}
		good = append(good, want)
		f.Add(bundle)
	}
	if dir := os.Getenv("VERIFY_NPM_RELEASE_EVIDENCE"); dir != "" {
		provenance, publish := bundles(f, dir, "sigstore@2.3.1")
		f.Add(provenance)
		f.Add(publish)
	}
	f.Fuzz(func(t *testing.T, bundle []byte) {
		for _, verify := range []func() (*Verified, error){
			func() (*Verified, error) { return v.Keyless(bundle) },
			func() (*Verified, error) { return v.Keyed(bundle, keys) },
		} {
			got, err := verify()
			if err != nil {
				if got != nil || kindOf(err) == 0 {
					t.Fatalf("got %v, %v", got, err)
				}
				checkLine(t, err)
				continue
			}
			known := false
			for _, want := range good {
				known = known || same(got, want)
			}
			if !known {
				t.Fatalf("verified as %+v", got)
			}
		}
	})
}

// FuzzStatement: what is read by exact key is what a lenient reader finds under that key, and nothing that is
// read is empty but the name.
func FuzzStatement(f *testing.F) {
	f.Add([]byte(statementJSON))
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v0.1","subject":[{"digest":{"sha1":"\u0061"}}],"predicateType":"x","predicate":null}`))
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v1","Subject":[],"subject":[{"name":"x","Name":"y","digest":{"a":"b"}}],"predicateType":"x"}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		got, err := parseStatement(payload)
		if err != nil {
			if kindOf(err) != Malformed {
				t.Fatalf("got %v, want malformed", err)
			}
			checkLine(t, err)
			return
		}
		var lenient struct {
			Type          string `json:"_type"`
			Subject       []Subject
			PredicateType string
			Predicate     json.RawMessage
		}
		if err := json.Unmarshal(payload, &lenient); err != nil {
			t.Fatalf("read %+v of what encoding/json refuses: %v", got, err)
		}
		if lenient.Type != got.Type || lenient.PredicateType != got.PredicateType || fmt.Sprint(lenient.Subject) != fmt.Sprint(got.Subjects) ||
			!bytes.Equal(lenient.Predicate, got.Predicate) {
			t.Fatalf("read %+v, encoding/json %+v", got, lenient)
		}
		if len(got.Subjects) == 0 || got.PredicateType == "" || got.Type == "" {
			t.Fatalf("read %+v", got)
		}
		for _, s := range got.Subjects {
			if len(s.Digest) == 0 {
				t.Fatalf("read subject %+v", s)
			}
		}
	})
}

// FuzzTrustedRoot: what is read has an authority and logs of both kinds, and no bundle of another deployment
// verifies under it.
func FuzzTrustedRoot(f *testing.F) {
	s, stranger := lab.NewSigstore(), lab.NewSigstore()
	f.Add(s.TrustedRoot())
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`))
	bundle := attestation(stranger).Sign(lab.NewRun(), []byte(statementJSON))
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, err := NewVerifier(raw)
		if err != nil {
			if v != nil || kindOf(err) != Malformed {
				t.Fatalf("got %v, %v", v, err)
			}
			checkLine(t, err)
			return
		}
		if len(v.root.FulcioCertificateAuthorities()) == 0 || len(v.root.RekorLogs()) == 0 || len(v.root.CTLogs()) == 0 {
			t.Fatalf("read a trusted root without anyone to trust: %q", raw)
		}
		if got, err := v.Keyless(bundle); err == nil {
			t.Fatalf("a stranger's bundle verified: %+v", got)
		}
	})
}

// FuzzCheckpoint: a checkpoint that is read is written again as it was.
func FuzzCheckpoint(f *testing.F) {
	s := lab.NewSigstore()
	f.Add(strings.SplitN(s.Rekor.SignCheckpoint(7, make([]byte, 32)), "\n\n", 2)[0] + "\n")
	f.Add("rekor.example - 1\n07\nAAAA\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseCheckpoint(text)
		if err != nil {
			if kindOf(err) != Malformed {
				t.Fatalf("got %v, want malformed", err)
			}
			checkLine(t, err)
			return
		}
		again := fmt.Sprintf("%s\n%d\n%s\n", got.origin, got.size, base64.StdEncoding.EncodeToString(got.hash[:]))
		if !strings.HasPrefix(text, again) || got.size < 1 || got.origin == "" {
			t.Fatalf("read %+v of %q", got, text)
		}
	})
}
