package npm

import (
	"bytes"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

func TestParseAttestations(t *testing.T) {
	t.Parallel()
	bundle := `{"mediaType":"x",  "n":1e999,"dsseEnvelope":{"payload":"a"}}`
	entry := `{"predicateType":"p","bundle":` + bundle + `,"signedAccessSignatureUrl":""}`
	got, err := ParseAttestations([]byte(`{"attestations":[` + entry + `,{"bundle":{},"predicateType":"q"}],"x":1}`))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Entries) != 2 || got.Entries[0].PredicateType != "p" || string(got.Entries[0].Bundle) != bundle ||
		got.Entries[1].PredicateType != "q" || string(got.Entries[1].Bundle) != "{}" {
		t.Errorf("got %+v", got)
	}
	repeated := func(n int) string { return strings.TrimSuffix(strings.Repeat(entry+",", n), ",") }
	for _, c := range []struct {
		why, raw, err string
		garbled       bool
	}{
		{"an empty list", `{"attestations":[]}`, "", false},
		{"entries at the limit", `{"attestations":[` + repeated(maxEntries) + `]}`, "", false},
		{"too many entries", `{"attestations":[` + repeated(maxEntries+1) + `]}`, "more than 64", false},
		{"no list", `{}`, "no list", true},
		{"an error", `{"error":"Not found"}`, "no list", true},
		{"the list in another case", `{"Attestations":[` + entry + `]}`, "no list", true},
		{"a null list", `{"attestations":null}`, "no list", true},
		{"a list that is an object", `{"attestations":{}}`, `wrong type: "/attestations"`, false},
		{"two lists", `{"attestations":[],"attestations":[` + entry + `]}`, "names a key twice", false},
		{"an entry that is null", `{"attestations":[null]}`, "entry 0", false},
		{"an entry without a type", `{"attestations":[{"bundle":{}}]}`, "entry 0", false},
		{"a type in another case", `{"attestations":[{"PredicateType":"p","bundle":{}}]}`, "entry 0", false},
		{"a type that is a list", `{"attestations":[{"predicateType":["p"],"bundle":{}}]}`, "wrong type", false},
		{"no bundle", `{"attestations":[{"predicateType":"p"}]}`, "entry 0", false},
		{"a bundle that is a string", `{"attestations":[{"predicateType":"p","bundle":"{}"}]}`, "entry 0", false},
		{"two bundles", `{"attestations":[{"predicateType":"p","bundle":{},"bundle":{}}]}`, "names a key twice", false},
		{"a key twice inside a bundle", `{"attestations":[{"predicateType":"p","bundle":{"a":{"b":1,"b":1}}}]}`, "names a key twice", false},
		{"a page", `<html>`, "not JSON", true},
		{"nothing", ``, "not JSON", true},
		{"a list alone", `[]`, "not a JSON object", true},
		{"too large", `{"x":"` + strings.Repeat("a", maxAttestations) + `"}`, "larger than", false},
	} {
		_, err := ParseAttestations([]byte(c.raw))
		wantError(t, c.why, err, c.err, c.garbled)
	}
}

func FuzzParseAttestations(f *testing.F) {
	f.Add([]byte(`{"attestations":[{"predicateType":"p","bundle":{"a":[1,"\u00e9"]},"signedAccessSignatureUrl":""}]}`))
	f.Add([]byte(`{"attestations":[]}`))
	f.Add([]byte(`{"attestations":[{"predicateType":"p","bundle":{"a":1,"a":2}}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := ParseAttestations(raw)
		if (a == nil) == (err == nil) {
			t.Fatalf("got %v, %v", a, err)
		}
		if err != nil {
			oneLine(t, err)
			return
		}
		for _, e := range a.Entries {
			if e.PredicateType == "" || !bytes.Contains(raw, e.Bundle) || jsontext.Value(e.Bundle).Kind() != '{' ||
				!jsontext.Value(e.Bundle).IsValid(jsontext.AllowInvalidUTF8(true)) {
				t.Fatalf("entry %+v of %q", e, raw)
			}
		}
	})
}
