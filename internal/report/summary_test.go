package report

import (
	"slices"
	"strings"
	"testing"
)

func TestSummaryIsBounded(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		text   string
		status Status
	}{
		{"@octo/name", Verified},
		{strings.Repeat("<&|`@x/y#1 ", 5000), NotVerified},
		{strings.Repeat("`", 100_000), Error},
	} {
		r := poisoned(row.text, row.status, 10_000)
		got := Summary(r)
		if len(got) > MaxSummary || len(got) < MaxSummary/4 || !strings.HasSuffix(got, cutSentence) {
			t.Errorf("%.10q: got %d bytes, want them used, and a sentence that says what is missing", row.text, len(got))
		}
	}
}

func TestACutSummaryIsInert(t *testing.T) {
	t.Parallel()
	for _, packages := range []int{1, 10_000} {
		r := poisoned("@x/y#1 <b>|`", NotVerified, packages)
		if packages == 1 { // its causes alone are too long
			c := &r.Packages[0].Checks[1]
			c.Causes = slices.Repeat(c.Causes, 5000)
			for i := range c.Causes {
				c.Causes[i].Line = i + 1 // the same twice is told once
			}
		}
		got := Summary(r)
		if err := inert(got, r); err != nil || !strings.HasSuffix(got, cutSentence) {
			t.Errorf("%d packages: %v, %d bytes, want it cut and inert", packages, err, len(got))
		}
	}
}

func TestAPageKeepsItsBound(t *testing.T) {
	t.Parallel()
	for room := range 40 {
		p := &page{room: room}
		p.wrap("<ul>", "</ul>", func() {
			p.add("<li>1")
			p.wrap("<b>", "</b>", func() { p.add("2") })
		})
		p.add("end")
		got := p.b.String()
		if len(got) > room || strings.Count(got, "<ul>") != strings.Count(got, "</ul>") || strings.Count(got, "<b>") != strings.Count(got, "</b>") {
			t.Errorf("room for %d: got %q", room, got)
		}
		if whole := "<ul><li>1<b>2</b></ul>end"; room >= len(whole) && got != whole || room < len(whole) && !p.cut {
			t.Errorf("room for %d: got %q, cut %v", room, got, p.cut)
		}
	}
}

func TestCommandsHoldPlainNamesOnly(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, version, registry, want string }{
		{"nuxt", "4.1.2", publicRegistry + "/", "npm install --ignore-scripts nuxt@4.1.2\n"},
		{"@a/b", "1.0.0-rc.1+x", "http://127.0.0.1:4873/npm", "verify-npm-release --registry-url http://127.0.0.1:4873/npm @a/b@1.0.0-rc.1+x\n"},
		{"nuxt", "", publicRegistry, ""},
		{"x;id", "1.0.0", publicRegistry, ""},
		{"$(id)", "1.0.0", publicRegistry, ""},
		{"-g", "1.0.0", publicRegistry, ""},
		{"x", "1.0.0 -g", publicRegistry, ""},
		{"https://evil.example/x", "1.0.0", publicRegistry, ""},
		{"x", "https://evil.example", publicRegistry, ""},
		{"x", "latest", publicRegistry, ""},
		{"x", "1.0.0", "https://user:secret@a.example", ""},
		{"x", "1.0.0", "--x", ""},
		{"x", "1.0.0", "https://a.example/ x", ""},
	} {
		r := &Report{Registry: row.registry, Packages: []Package{{Name: row.name, Version: row.version}}}
		got := Summary(r)
		if row.want == "" && strings.Contains(got, "```sh") || !strings.Contains(got, row.want) {
			t.Errorf("%q %q %q: got %s, want %q", row.name, row.version, row.registry, got, row.want)
		}
	}
}

func TestSafeURL(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ text, want string }{
		{"https://github.com/nuxt/nuxt", "https://github.com/nuxt/nuxt"},
		{"https://search.sigstore.dev/?logIndex=5&x=1#top", "https://search.sigstore.dev/?logIndex=5&x=1#top"},
		{"https://localhost:4873/@a%2fb", "https://localhost:4873/@a%2fb"},
		{"https://a.example/<b>\"'()[]`|", "https://a.example/%3Cb%3E%22%27%28%29%5B%5D%60%7C"},
		{"http://a.example/", ""},
		{"javascript:alert(1)", ""},
		{"data:text/html,x", ""},
		{"//a.example/", ""},
		{"https:a.example", ""},
		{"https://user@a.example/", ""},
		{"https://user:pass@a.example/", ""},
		{"https://a.example\\@evil.example/", ""},
		{"https:///path", ""},
		{"https://[::1]/", ""},
		{"https://exämple.example/", ""},
		{"https://a.example/" + strings.Repeat("x", 2000), ""},
		{"", ""},
	} {
		if got := safeURL(row.text); got != row.want {
			t.Errorf("%q: got %q, want %q", row.text, got, row.want)
		}
	}
}

func TestSummaryOfThousandsKeepsItsEnd(t *testing.T) {
	t.Parallel()
	r := poisoned("@octo/name", NotVerified, 10_000)
	got := Summary(r)
	for _, want := range []string{"0 of 10000 releases are verified", "more releases are not in this table", "<details><summary>", cutSentence} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing", want)
		}
	}
}
