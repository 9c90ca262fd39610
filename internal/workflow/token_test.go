package workflow

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestChecksum(t *testing.T) {
	t.Parallel()
	for token, want := range map[string]bool{
		good: true,
		"npm_" + strings.Repeat("E", 30) + "1PNQIq": true,
		bad:                     false,
		good[:39] + "8":         false,
		"npm_short":             false,
		strings.Repeat("é", 20): false,
		good + "a":              false,
	} {
		if got := checksum(token); got != want {
			t.Errorf("checksum(%.8q…) = %t, want %t", token, got, want)
		}
	}
}

func TestSecretNeverPrints(t *testing.T) {
	t.Parallel()
	l := Literal{Pos: Pos{"f", 1}, Secret: newSecret(good)}
	if got := l.Secret.Mask(); got != good {
		t.Errorf("Mask() = %q, want the token", got)
	}
	encoded, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	type wrapped struct{ inner Literal }
	for _, text := range []string{
		string(encoded), fmt.Sprint(l), fmt.Sprintf("%v %+v %#v %s %q %x", l, l, l, l.Secret, l.Secret, l.Secret),
		fmt.Sprintf("%v %+v %#v", wrapped{l}, &wrapped{l}, wrapped{l}), l.Secret.String(), l.Secret.GoString(),
	} {
		if strings.Contains(text, good[4:20]) || strings.Contains(text, fmt.Sprintf("%x", good[4:20])) {
			t.Errorf("a printed form shows the token")
		}
	}
	if got := newSecret("hunter2").String(); got != "****" {
		t.Errorf("String() = %q, want %q", got, "****")
	}
	if got := (Secret{}).Mask(); got != "" {
		t.Errorf("the zero Secret masks %q", got)
	}
}

func TestClean(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, in, want string }{
		{"plain words stay", "E404 Not Found - PUT https://registry.npmjs.org/x", "E404 Not Found - PUT https://registry.npmjs.org/x"},
		{"an npm token", "token " + good + " end", "token npm_" + strings.Repeat("*", 36) + " end"},
		{"a setting", `//r/:_authToken=abcdef x`, `//r/:_authToken=**** x`},
		{"a setting that names a variable", `_authToken=${NPM_TOKEN}`, `_authToken=${NPM_TOKEN}`},
		{"a header", "Authorization: Bearer abc.def", "Authorization: Bearer ****"},
		{"an id-token", "got eyJhbGciOi.eyJzdWIi.c2ln!", "got ****!"},
		{"a user in a URL", "https://u:p@host/x", "https://****host/x"},
		{"a GitHub token", "ghs_" + strings.Repeat("a", 36), "****"},
		{"a legacy token", "0e2b1c3d-1111-4222-8333-444455556666", "****"},
		{"line breaks and control characters", "a\r\n::error::b\x1b[31m\x00", "a  ::error::b[31m"},
	} {
		if got := clean(row.in, 200); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
	if got := clean(strings.Repeat("é", 1000), 101); len(got) > 105 || !strings.HasSuffix(got, "…") {
		t.Errorf("a long text is %d bytes and ends with %q", len(got), got[len(got)-3:])
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Class{
		"NPM_TOKEN": Strong, "npm_token": Strong, "npm-token": Strong, "NODE_AUTH_TOKEN": Strong, "NPMRC": Strong,
		"GRAPHPROTOCOL_NPM_TOKEN": Candidate, "NPM_EMAIL": Candidate, "NPMJS": Candidate, "MY_NPM": Candidate, "NPMTOKEN": Candidate,
		"NPM_READ_TOKEN": ReadOnly, "RO_NPM": ReadOnly, "NPM_TOKEN_READONLY": ReadOnly, "NPM_READER_TOKEN": Candidate,
		"GITHUB_TOKEN": NotNPM, "PNPM_TOKEN": NotNPM, "NPMX": NotNPM, "": NotNPM, "CODECOV_TOKEN": NotNPM,
	} {
		if got := ClassifySecret(name); got != want {
			t.Errorf("ClassifySecret(%q) = %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]Class{
		"NPM_TOKEN": Strong, "NODE_AUTH_TOKEN": Strong, "NPM_CONFIG__AUTH": Strong, "npm_config__authToken": Strong,
		"npm_config_//registry.npmjs.org/:_authToken": Strong, "NPM_CONFIG_TOKEN": Strong, "YARN_NPM_AUTH_IDENT": Strong,
		"NPM_READ_TOKEN": ReadOnly,
		"NPM_ID_TOKEN":   NotNPM, "NPM_CONFIG_PROVENANCE": NotNPM, "NPM_CONFIG_USERCONFIG": NotNPM, "NPM_CONFIG_REGISTRY": NotNPM,
		"NPM_VERSION": NotNPM, "npm_package_config_token": NotNPM, "npm_lifecycle_event": NotNPM, "GITHUB_TOKEN": NotNPM, "NPM_CONFIG_": NotNPM,
	} {
		if got := ClassifyVariable(name); got != want {
			t.Errorf("ClassifyVariable(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestEnvCredentials(t *testing.T) {
	t.Parallel()
	got := EnvCredentials([]string{
		"PATH=/bin", "NPM_TOKEN=abc", "NODE_AUTH_TOKEN=XXXXX-XXXXX-XXXXX-XXXXX", "NPM_AUTH_TOKEN=", "NPM_ACCESS_TOKEN=${NPM_TOKEN}",
		"NPM_ID_TOKEN=" + good, "ODD=x " + good, "npm_config_//registry.npmjs.org/:_authToken=abc", "NPM_READ_TOKEN=abc", "broken", "NPM_CONFIG_PROVENANCE=true",
	})
	want := []EnvCredential{
		{"NPM_READ_TOKEN", ReadOnly, false}, {"NPM_TOKEN", Strong, false}, {"ODD", NotNPM, true},
		{"npm_config_//registry.npmjs.org/:_authToken", Strong, false},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestBundledNPM(t *testing.T) {
	t.Parallel()
	for node, want := range map[int]int{18: 10, 20: 10, 22: 10, 24: 11, 0: 0, 16: 0, 23: 0, 26: 0} {
		if got, ok := BundledNPM(node); got != want || ok != (want != 0) {
			t.Errorf("BundledNPM(%d) = %d, %t, want %d", node, got, ok, want)
		}
	}
}
