package npm

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

const goodManifest = `{
	"name":"@a/b","version":"1.2.3","_id":"@a/b@1.2.3","_nodeVersion":"24.8.0","_npmVersion":"11.6.0","gitHead":"c0ffee",
	"deprecated":"use c","repository":{"type":"git","url":"git+https://github.com/a/b.git","directory":"packages/b"},
	"_npmUser":{"name":"GitHub Actions","email":"npm-oidc-no-reply@github.com",
		"trustedPublisher":{"id":"github","oidcConfigId":"oidc:1"},"approver":{"name":"a"}},
	"dist":{"integrity":"sha512-x","shasum":"ab","tarball":"https://r.example/@a/b/-/b-1.2.3.tgz","fileCount":1e999,
		"attestations":{"url":"https://r.example/-/npm/v1/attestations/@a%2fb@1.2.3","provenance":{"predicateType":"https://slsa.dev/provenance/v1"}},
		"signatures":[{"keyid":"k","sig":"s"}]},
	"other":{"dist":{"integrity":"other"}}}`

func TestParseManifest(t *testing.T) {
	t.Parallel()
	got, err := ParseManifest([]byte(goodManifest))
	if err != nil {
		t.Fatal(err)
	}
	want := &Manifest{
		Name: "@a/b", Version: "1.2.3", ID: "@a/b@1.2.3",
		Dist: Dist{
			Integrity: "sha512-x", Shasum: "ab", Tarball: "https://r.example/@a/b/-/b-1.2.3.tgz",
			Signatures:   []Signature{{"k", "s"}},
			Attestations: &AttestationsRef{"https://r.example/-/npm/v1/attestations/@a%2fb@1.2.3", true, "https://slsa.dev/provenance/v1"},
		},
		User: &User{
			Name: "GitHub Actions", Email: "npm-oidc-no-reply@github.com",
			TrustedPublisher: &TrustedPublisher{"github", "oidc:1"}, Approver: true,
		},
		Repository: Repository{"git", "git+https://github.com/a/b.git", "packages/b"},
		GitHead:    "c0ffee", NodeVersion: "24.8.0", NPMVersion: "11.6.0", Deprecated: "use c",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, err = ParseManifest([]byte(`{"name":"b","repository":"github:a/b"}`)); err != nil || got.Repository != (Repository{URL: "github:a/b"}) {
		t.Errorf("a repository in one word: got %+v, %v", got, err)
	}
}

// Each row replaces one part of the good manifest.
func TestParseManifestSpoiled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, old, new string
		err           string // "" if it must still parse
		garbled       bool
	}{
		{"a null repository", `{"type":"git","url":"git+https://github.com/a/b.git","directory":"packages/b"}`, `null`, "", false},
		{"a repository that is a number", `{"type":"git","url":"git+https://github.com/a/b.git","directory":"packages/b"}`, `7`, "", false},
		{"deprecated is false", `"use c"`, `false`, "", false},
		{"half an emoji in a field nobody reads", `"other":{`, `"other":{"description":"\ud83d",`, "", false},
		{"a null user", `"_npmUser":{`, `"_npmUser":null,"was":{`, "", false},
		{"null attestations", `"attestations":{`, `"attestations":null,"was":{`, "", false},
		{"null signatures", `[{"keyid":"k","sig":"s"}]`, `null`, "", false},
		{"nesting at the limit", `"other":{`, `"deep":` + strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1) + `,"other":{`, "", false},
		{"brackets in a string", `"other":{`, `"deep":"\"` + strings.Repeat("[", maxDepth+1) + `","other":{`, "", false},
		{"signatures at the limit", `[{"keyid":"k","sig":"s"}]`, `[{}` + strings.Repeat(`,{}`, maxSignatures-1) + `]`, "", false},

		{"dist twice", `"other":{`, `"dist":{},"other":{`, `names a key twice: "/dist"`, false},
		{"dist twice, once escaped", `"other":{`, `"\u0064ist":{},"other":{`, `names a key twice: "/dist"`, false},
		{"integrity twice", `"shasum"`, `"integrity":"sha512-y","shasum"`, `"/dist/integrity"`, false},
		{"a key twice where nobody looks", `"other":{`, `"other":{"x":[{"y":1,"y":2}],`, "names a key twice", false},
		{"a name that is a number", `"@a/b"`, `1`, `wrong type: "/name"`, false},
		{"an _id that is an object", `"@a/b@1.2.3"`, `{}`, `wrong type: "/_id"`, false},
		{"dist that is a list", `"dist":{`, `"dist":[],"was":{`, `wrong type: "/dist"`, false},
		{"an integrity that is a list", `"sha512-x"`, `["sha512-x"]`, `wrong type: "/dist/integrity"`, false},
		{"signatures that are an object", `[{"keyid":"k","sig":"s"}]`, `{"keyid":"k","sig":"s"}`, `wrong type: "/dist/signatures"`, false},
		{"a signature that is a string", `[{"keyid":"k","sig":"s"}]`, `["s"]`, `wrong type: "/dist/signatures/0"`, false},
		{"attestations that are true", `"attestations":{`, `"attestations":true,"was":{`, `wrong type: "/dist/attestations"`, false},
		{"provenance that is a string", `{"predicateType":"https://slsa.dev/provenance/v1"}`, `"yes"`, `wrong type`, false},
		{"a user that is a string", `"_npmUser":{`, `"_npmUser":"me","was":{`, `wrong type: "/_npmUser"`, false},
		{"too many signatures", `[{"keyid":"k","sig":"s"}]`, `[{}` + strings.Repeat(`,{}`, maxSignatures) + `]`, "more than 64", false},
		{"nesting beyond the limit", `"other":{`, `"deep":` + strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth) + `,"other":{`, "deeper than 256", false},
		{"bytes that are not UTF-8", `"other":{`, "\"x\":\"\xff\",\"other\":{", "not UTF-8", true},
		{"a second document", `"other":{"dist":{"integrity":"other"}}}`, `"x":1}{}`, "not JSON", true},
		{"a comment", `"other":{`, `/* */"other":{`, "not JSON", true},
	} {
		raw := strings.Replace(goodManifest, c.old, c.new, 1)
		if raw == goodManifest {
			t.Fatalf("%s: nothing replaced", c.why)
		}
		_, err := ParseManifest([]byte(raw))
		wantError(t, c.why, err, c.err, c.garbled)
	}
	for why, raw := range map[string]string{
		"nothing": "", "null": "null", "a list": "[" + goodManifest + "]", "a string": `"x"`, "a page": "<html>",
		"cut short": goodManifest[:len(goodManifest)-9], "a NUL": "\x00",
	} {
		_, err := ParseManifest([]byte(raw))
		wantError(t, why, err, "manifest: is not", true)
	}
	big := func(n int) []byte { return fmt.Appendf(nil, `{"x":"%s"}`, strings.Repeat("a", n-8)) }
	if _, err := ParseManifest(big(maxManifest)); err != nil {
		t.Errorf("at the limit of bytes: %v", err)
	}
	_, err := ParseManifest(big(maxManifest + 1))
	wantError(t, "above the limit of bytes", err, "larger than", false)
}

func wantError(t *testing.T, why string, err error, want string, garbled bool) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("%s: got %v, want no error", why, err)
		}
		return
	}
	var d *documentError
	if !errors.As(err, &d) || !strings.Contains(err.Error(), want) || d.garbled != garbled {
		t.Errorf("%s: got %v, want an error with %q, garbled %v", why, err, want, garbled)
	}
}

// A publisher's own fields cannot stand in for the registry's.
func TestParseManifestExactKeys(t *testing.T) {
	t.Parallel()
	m, err := ParseManifest([]byte(`{"Name":"x","VERSION":"1.0.0","Dist":{"integrity":"planted"},"_NPMUser":{"name":"x"},
		"dist":{"Integrity":"planted","Signatures":[{}],"signatures":[{"keyId":"k","Sig":"s"}]},"_ID":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := &Manifest{Dist: Dist{Signatures: []Signature{{}}}}
	if !reflect.DeepEqual(m, want) {
		t.Errorf("got %+v, want %+v", m, want)
	}
}

func TestManifestCheck(t *testing.T) {
	t.Parallel()
	s := Spec{"a", "1.0.0"}
	for _, c := range []struct {
		why   string
		m     Manifest
		s     Spec
		field string
	}{
		{"the release asked for", Manifest{Name: "a", Version: "1.0.0", ID: "a@1.0.0"}, s, ""},
		{"no _id", Manifest{Name: "a", Version: "1.0.0"}, s, ""},
		{"another name", Manifest{Name: "b", Version: "1.0.0"}, s, "name"},
		{"another case", Manifest{Name: "A", Version: "1.0.0"}, s, "name"},
		{"another version", Manifest{Name: "a", Version: "1.0.1"}, s, "version"},
		{"another build", Manifest{Name: "a", Version: "1.0.0+x"}, s, "version"},
		{"another _id", Manifest{Name: "a", Version: "1.0.0", ID: "a@1.0.1"}, s, "_id"},
		{"nothing of nothing", Manifest{}, Spec{}, "name"},
		{"no version of no version", Manifest{Name: "a"}, Spec{Name: "a"}, "version"},
	} {
		err := c.m.Check(c.s)
		var wrong *WrongError
		if errors.As(err, &wrong) != (c.field != "") || wrong != nil && wrong.Field != c.field {
			t.Errorf("%s: got %v, want field %q", c.why, err, c.field)
		}
	}
}

// The rows are pnpm's getTrustEvidence, with the shapes npm has served.
func TestTrustLevel(t *testing.T) {
	t.Parallel()
	const provenance = `"dist":{"attestations":{"url":"u","provenance":{"predicateType":"p"}}}`
	for _, c := range []struct {
		why, raw string
		want     TrustLevel
	}{
		{"nothing", `{}`, TrustNone},
		{"a token without provenance", `{"_npmUser":{"name":"a"},"dist":{}}`, TrustNone},
		{"a token with provenance", `{"_npmUser":{"name":"a"},` + provenance + `}`, TrustProvenance},
		{"provenance and no user", `{` + provenance + `}`, TrustProvenance},
		{"an empty provenance", `{"dist":{"attestations":{"provenance":{}}}}`, TrustProvenance},
		{"attestations without provenance", `{"dist":{"attestations":{"url":"u"}}}`, TrustNone},
		{"a null provenance", `{"dist":{"attestations":{"provenance":null}}}`, TrustNone},
		{"a trusted publisher", `{"_npmUser":{"trustedPublisher":{"id":"github"}},` + provenance + `}`, TrustTrustedPublisher},
		{"a trusted publisher without provenance", `{"_npmUser":{"trustedPublisher":{"id":"github"}}}`, TrustNone},
		{"a null trusted publisher", `{"_npmUser":{"trustedPublisher":null},` + provenance + `}`, TrustProvenance},
		{"an approver", `{"_npmUser":{"approver":{"name":"a"},"trustedPublisher":{"id":"github"}},` + provenance + `}`, TrustStagedPublish},
		{"an approver alone", `{"_npmUser":{"approver":{"name":"a"}}}`, TrustStagedPublish},
		{"an empty approver", `{"_npmUser":{"approver":{}}}`, TrustStagedPublish},
		{"a null approver", `{"_npmUser":{"approver":null}}`, TrustNone},
		{"an approver in another case", `{"_npmUser":{"Approver":{}}}`, TrustNone},
	} {
		m, err := ParseManifest([]byte(c.raw))
		if err != nil {
			t.Errorf("%s: %v", c.why, err)
			continue
		}
		if got := m.TrustLevel(); got != c.want {
			t.Errorf("%s: manifest: got %v, want %v", c.why, got, c.want)
		}
		p, err := ParsePackument(strings.NewReader(`{"versions":{"1.0.0":` + c.raw + `}}`))
		if err != nil {
			t.Errorf("%s: %v", c.why, err)
			continue
		}
		if got := p.Versions["1.0.0"].Trust; got != c.want {
			t.Errorf("%s: packument: got %v, want %v", c.why, got, c.want)
		}
	}
	for level, want := range map[TrustLevel]string{0: "none", 1: "provenance", 2: "trusted-publisher", 3: "staged-publish", 4: "none", -1: "none"} {
		if got := level.String(); got != want {
			t.Errorf("TrustLevel(%d): got %q, want %q", level, got, want)
		}
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(goodManifest))
	f.Add([]byte(`{"name":null,"dist":null,"_npmUser":{"approver":{}},"repository":"a/b"}`))
	f.Add([]byte(`{"dist":{"signatures":[null,{"keyid":"k"}]},"x":"\ud83d"}`))
	f.Add([]byte(`{"dist":{},"dist":{}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := ParseManifest(raw)
		if (m == nil) == (err == nil) {
			t.Fatalf("got %v, %v", m, err)
		}
		if err != nil {
			oneLine(t, err)
			return
		}
		// What it says does not depend on spacing or on keys nobody reads.
		trimmed := strings.TrimLeft(string(raw), " \t\r\n")
		padded := " \n{\"\\u0000unread\":[{}]" + map[bool]string{true: ",", false: ""}[strings.TrimLeft(trimmed[1:], " \t\r\n")[0] != '}'] + trimmed[1:] + "\t"
		if !strings.Contains(string(raw), "unread") && len(padded) <= maxManifest {
			again, err := ParseManifest([]byte(padded))
			if err != nil || !reflect.DeepEqual(again, m) {
				t.Fatalf("padded: got %+v, %v, want %+v", again, err, m)
			}
		}
		if m.Check(Spec{m.Name + "x", m.Version}) == nil || m.Check(Spec{}) == nil {
			t.Fatal("checks as another release")
		}
	})
}

// oneLine fails unless err is one short printable line.
func oneLine(t *testing.T, err error) {
	t.Helper()
	text := err.Error()
	if len(text) > 2000 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x2028 || r == 0x2029 }) {
		t.Fatalf("error is not one short printable line: %q", text)
	}
}
