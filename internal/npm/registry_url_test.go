package npm

import (
	"strings"
	"testing"
)

func TestNormalizeRegistry(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, in, want, err string }{
		{"the public registry", PublicRegistry, PublicRegistry, ""},
		{"a slash at the end", PublicRegistry + "/", PublicRegistry, ""},
		{"slashes at the end", PublicRegistry + "//", PublicRegistry, ""},
		{"spaces around", "  " + PublicRegistry + "/\n", PublicRegistry, ""},
		{"upper case", "HTTPS://Registry.NPMJS.org", PublicRegistry, ""},
		{"the default port", PublicRegistry + ":443/", PublicRegistry, ""},
		{"a port", "https://npm.example:8443", "https://npm.example:8443", ""},
		{"a path", "https://npm.example/a/B/", "https://npm.example/a/B", ""},
		{"an escaped path", "https://npm.example/a%2fb", "https://npm.example/a%2fb", ""},
		{"http on localhost", "http://localhost:4873/", "http://localhost:4873", ""},
		{"http on 127.0.0.1", "http://127.0.0.1:4873", "http://127.0.0.1:4873", ""},
		{"http on 127.1.2.3", "http://127.1.2.3", "http://127.1.2.3", ""},
		{"http on ::1", "http://[::1]:80/", "http://[::1]", ""},

		{"as long as may be", "https://npm.example/" + strings.Repeat("a", maxURL-20), "https://npm.example/" + strings.Repeat("a", maxURL-20), ""},
		{"a scheme and a word", "https:npm.example", "", "absolute"},
		{"nothing", "", "", "empty"},
		{"only slashes", "///", "", "empty"},
		{"no scheme", "registry.npmjs.org", "", "absolute"},
		{"no host", "https:///a", "", "absolute"},
		{"http elsewhere", "http://registry.npmjs.org", "", "plain http"},
		{"http on what looks like loopback", "http://localhost.evil.example", "", "plain http"},
		{"http on 0.0.0.0", "http://0.0.0.0", "", "plain http"},
		{"another scheme", "ftp://npm.example", "", "want https"},
		{"a file", "file:///etc/passwd", "", "absolute"},
		{"a token in it", "https://user:hunter2@npm.example", "", "user name or password"},
		{"a token in what does not parse", "https://user:hunter2%zz@npm.example", "", "absolute"},
		{"an empty user", "https://@npm.example", "", "user name"},
		{"a query", "https://npm.example/?token=hunter2", "", "query"},
		{"an empty query", "https://npm.example/?", "", "query"},
		{"a fragment", "https://npm.example/#hunter2", "", "query or fragment"},
		{"an empty fragment", "https://npm.example#", "", "query or fragment"},
		{"dot segments", "https://npm.example/a/../b", "", "dot segments"},
		{"escaped dot segments", "https://npm.example/a/%2e%2e/b", "", "dot segments"},
		{"an empty segment", "https://npm.example/a//b", "", "empty"},
		{"a backslash", `https://npm.example/a\b`, "", "backslash"},
		{"a line break", "https://npm.example/%0a", "", "control"},
		{"a trailing dot", "https://registry.npmjs.org.", "", "host name"},
		{"a look-alike host", "https://registry.npmjѕ.org", "", "host name"},
		{"a zone", "http://[::1%25eth0]", "", "host name"},
		{"too long", "https://npm.example/" + strings.Repeat("a", maxURL), "", "longer"},
	} {
		got, err := NormalizeRegistry(c.in)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: got %q, %v, want %q and an error with %q", c.why, got, err, c.want, c.err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error repeats the secret: %v", c.why, err)
		}
	}
}

func TestKeysTarget(t *testing.T) {
	t.Parallel()
	for registry, want := range map[string]string{
		PublicRegistry:               "registry.npmjs.org/keys.json",
		"https://npm.example:8443/a": "npm.example:8443/a/keys.json",
		"http://127.0.0.1:4873":      "127.0.0.1:4873/keys.json",
	} {
		if got := KeysTarget(registry); got != want {
			t.Errorf("KeysTarget(%q): got %q, want %q", registry, got, want)
		}
	}
}

func FuzzNormalizeRegistry(f *testing.F) {
	for _, seed := range []string{PublicRegistry + "/", "http://127.0.0.1:1/a", "https://u:p@h", "http://[::1]:80", "https://h/%2e"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := NormalizeRegistry(text)
		if err != nil {
			return
		}
		if again, err := NormalizeRegistry(got); err != nil || again != got {
			t.Fatalf("%q of %q: got %q, %v the second time", got, text, again, err)
		}
		if strings.ContainsAny(got, "@?# \n") && !strings.Contains(got, "/") || strings.HasSuffix(got, "/") {
			t.Fatalf("got %q of %q", got, text)
		}
		if _, err := NewClient(got, Options{}); err != nil {
			t.Fatal(err)
		}
	})
}
