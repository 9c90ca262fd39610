package npm

import (
	"strings"
	"testing"
)

func TestParseSpec(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, in string
		want    Spec
		err     string // part of the error; "" if none
	}{
		{"a plain release", "nuxt@4.1.2", Spec{"nuxt", "4.1.2"}, ""},
		{"a scoped release", "@sigstore/core@4.0.1", Spec{"@sigstore/core", "4.0.1"}, ""},
		{"a package alone", "nuxt", Spec{"nuxt", ""}, ""},
		{"a scoped package alone", "@sigstore/core", Spec{"@sigstore/core", ""}, ""},
		{"spaces around", " \tnuxt@4.1.2\n", Spec{"nuxt", "4.1.2"}, ""},
		{"a v before the version", "nuxt@v4.1.2", Spec{"nuxt", "4.1.2"}, ""},
		{"= before the version", "nuxt@=4.1.2", Spec{"nuxt", "4.1.2"}, ""},
		{"= and v before the version", "nuxt@= v4.1.2", Spec{"nuxt", "4.1.2"}, ""},
		{"a slash at the end", "nuxt@4.1.2/", Spec{"nuxt", "4.1.2"}, ""},
		{"npm: in front", "npm:@a/b@1.0.0", Spec{"@a/b", "1.0.0"}, ""},
		{"a prerelease and a build", "a@1.0.0-rc.1+b.2", Spec{"a", "1.0.0-rc.1+b.2"}, ""},
		{"an old name in mixed case", "JSONStream@1.3.5", Spec{"JSONStream", "1.3.5"}, ""},
		{"a core module's name", "http@0.0.1", Spec{"http", "0.0.1"}, ""},
		{"npm's largest number", "a@9007199254740991.0.0", Spec{"a", "9007199254740991.0.0"}, ""},

		{"nothing", "", Spec{}, "empty"},
		{"only a version", "@1.2.3", Spec{}, "neither a name nor @scope/name"},
		{"an at sign without a version", "nuxt@", Spec{}, "empty"},
		{"a tag", "nuxt@latest", Spec{}, "a tag, not a version"},
		{"a caret range", "nuxt@^4.1.2", Spec{}, "a range, not a version"},
		{"a star", "nuxt@*", Spec{}, "a range, not a version"},
		{"two numbers", "nuxt@4.1", Spec{}, "a range, not a version"},
		{"two versions", "nuxt@1.0.0 || 2.0.0", Spec{}, "a range, not a version"},
		{"a leading zero", "nuxt@4.01.2", Spec{}, "not"},
		{"a leading zero in a prerelease", "nuxt@4.1.2-01", Spec{}, "not a semver version"},
		{"four numbers", "nuxt@1.2.3.4", Spec{}, "not"},
		{"v0", "nuxt@v0.1.0", Spec{"nuxt", "0.1.0"}, ""},
		{"v9", "nuxt@v9.1.0", Spec{"nuxt", "9.1.0"}, ""},
		{"vv", "nuxt@vv1.2.3", Spec{}, "not"},
		{"beyond npm's largest number", "a@9007199254740992.0.0", Spec{}, "largest number"},
		{"beyond any number", "a@99999999999999999999999.0.0", Spec{}, "not"},
		{"a URL", "https://www.npmjs.com/package/nuxt", Spec{}, "URL-friendly"},
		{"a git URL", "git+ssh://git@github.com/a/b.git", Spec{}, "URL-friendly"},
		{"an alias", "foo@npm:bar@1.0.0", Spec{}, "URL-friendly"},
		{"a path", "../nuxt@1.0.0", Spec{}, "period"},
		{"a space inside", "nu xt@1.0.0", Spec{}, "URL-friendly"},
		{"a command", "nuxt@1.0.0\n::set-output", Spec{}, "not"},
		{"a name of a megabyte", strings.Repeat("a", 1<<20), Spec{}, "longer than"},
	} {
		got, err := ParseSpec(c.in)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: ParseSpec(%.60q): got %+v, %v, want %+v and an error with %q", c.why, c.in, got, err, c.want, c.err)
		}
		if err != nil && (len(err.Error()) > 600 || strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' })) {
			t.Errorf("%s: error is not one short printable line: %q", c.why, err)
		}
	}
}

func TestSpecForms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		s                   Spec
		text, purl, escaped string
	}{
		{Spec{"nuxt", "4.1.2"}, "nuxt@4.1.2", "pkg:npm/nuxt@4.1.2", "nuxt"},
		{Spec{"@scope/foo", "1.2.3"}, "@scope/foo@1.2.3", "pkg:npm/%40scope/foo@1.2.3", "@scope%2ffoo"},
		{Spec{"a", "1.0.0+b"}, "a@1.0.0+b", "pkg:npm/a@1.0.0+b", "a"},
		{Spec{"@a/b", ""}, "@a/b", "pkg:npm/%40a/b", "@a%2fb"},
	} {
		if got := c.s.String(); got != c.text {
			t.Errorf("String: got %q, want %q", got, c.text)
		}
		if got := c.s.PURL(); got != c.purl {
			t.Errorf("PURL: got %q, want %q", got, c.purl)
		}
		if got := c.s.EscapedName(); got != c.escaped {
			t.Errorf("EscapedName: got %q, want %q", got, c.escaped)
		}
	}
}

// The answers are those of validate-npm-package-name (validForOldPackages),
// but for the bound on length.
func TestValidName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"a": true, "A": true, "http": true, "a~b'c!(d)*": true, "a.b-c_d": true, "@a/b": true, "@-a/_b": true,
		"@.a/b": true, "@a/-b": true, "1": true, "~a": true, "@A/B": true, "node_modules2": true, "@a/node_modules": true,
		strings.Repeat("a", maxName): true,

		"": false, ".": false, "..": false, ".a": false, "-a": false, "_a": false, " a": false, "a ": false,
		"node_modules": false, "Node_Modules": false, "favicon.ico": false, "@a": false, "@a/": false, "@/b": false,
		"@a/.b": false, "@a/..": false, "a/b": false, "@a/b/c": false, "a@b": false, "@a@b/c": false, "a%2fb": false,
		"á": false, "@a/é": false, "a\x00": false, "a\n": false, "@a/b\n": false, "a?b": false, "a#b": false, "a\\b": false, "a:b": false,
		strings.Repeat("a", maxName+1): false,
	} {
		if err := ValidName(name); (err == nil) != want {
			t.Errorf("ValidName(%.40q): got %v, want valid %v", name, err, want)
		}
	}
}

func FuzzParseSpec(f *testing.F) {
	for _, seed := range []string{"nuxt@4.1.2", "@a/b@1.0.0-rc.1+b", " npm:a@=v1.2.3/", "a@latest", "a@^1", "@a", "a@1.2.3\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSpec(text)
		if err != nil {
			if s != (Spec{}) {
				t.Fatalf("error with %+v", s)
			}
			return
		}
		if again, err := ParseSpec(s.String()); err != nil || again != s {
			t.Fatalf("ParseSpec(%q) of %q: got %+v, %v", s.String(), text, again, err)
		}
		for _, form := range []string{s.String(), s.PURL(), s.EscapedName()} {
			if strings.ContainsFunc(form, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\"<>`\\?#|[]{}", r) }) {
				t.Fatalf("%q is not inert in a URL", form)
			}
		}
		if strings.Contains(s.EscapedName(), "/") || strings.HasPrefix(s.EscapedName(), ".") {
			t.Fatalf("escaped name %q is not one path segment", s.EscapedName())
		}
	})
}
