package report

import (
	"strings"
	"testing"
)

func TestBadge(t *testing.T) {
	t.Parallel()
	proven := Check{ID: "provenance", Status: Pass, Level: Required}
	trusted := Check{ID: "trusted-publisher", Status: Pass, Level: Advisory}
	token := Check{ID: "trusted-publisher", Status: Fail, Level: Advisory}
	public := &Links{NPM: "https://www.npmjs.com/package/x"}
	const shields = "https://img.shields.io/badge/"
	for _, row := range []struct {
		name    string
		p       Package
		want    string
		version string
	}{
		{"provenance, published by a token", Package{Name: "nuxt", Version: "4.1.2", Status: Verified, Links: public, Checks: []Check{proven, token}},
			"[![npm: provenance verified](" + shields + "npm-provenance%20verified-1a7f37?logo=npm)](https://www.npmjs.com/package/nuxt?activeTab=provenance)",
			"[![nuxt\\@4\\.1\\.2: provenance verified](" + shields + "nuxt%404.1.2-provenance%20verified-1a7f37?logo=npm)](https://www.npmjs.com/package/nuxt/v/4.1.2)"},
		{"a trusted publisher, a scope, a prerelease", Package{Name: "@a_b/c-d", Version: "1.0.0-rc.1+x", Status: Verified, Links: public, Checks: []Check{proven, trusted}},
			"[![trusted publisher: provenance verified](" + shields + "trusted%20publisher-provenance%20verified-1a7f37?logo=npm)](https://www.npmjs.com/package/@a_b/c-d?activeTab=provenance)",
			"[![\\@a\\_b/c\\-d\\@1\\.0\\.0\\-rc\\.1\\+x: provenance verified](" + shields + "%40a__b%2Fc--d%401.0.0--rc.1%2Bx-provenance%20verified-1a7f37?logo=npm)](https://www.npmjs.com/package/@a_b/c-d/v/1.0.0-rc.1+x)"},
		{"not verified", Package{Name: "nuxt", Version: "4.1.2", Status: NotVerified, Links: public, Checks: []Check{proven, trusted}}, "", ""},
		{"pending", Package{Name: "nuxt", Version: "4.1.2", Status: Pending, Links: public, Checks: []Check{proven}}, "", ""},
		{"verified without provenance", Package{Name: "nuxt", Version: "4.1.2", Status: Verified, Links: public, Checks: []Check{{ID: "provenance", Status: Skip}, trusted}}, "", ""},
		{"on another registry", Package{Name: "nuxt", Version: "4.1.2", Status: Verified, Checks: []Check{proven, trusted}, Links: &Links{}}, "", ""},
		{"on a registry unknown", Package{Name: "nuxt", Version: "4.1.2", Status: Verified, Checks: []Check{proven, trusted}}, "", ""},
		{"no checks", Package{Name: "nuxt", Version: "4.1.2", Status: Verified, Links: public}, "", ""},
		{"a name that leads elsewhere", Package{Name: "@x/..", Version: "1.0.0", Status: Verified, Links: public, Checks: []Check{proven}}, "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := Badge(row.p); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
			if got := VersionBadge(row.p); got != row.version {
				t.Errorf("of the version: got %q, want %q", got, row.version)
			}
			_, said := row.p.badgeText()
			if got := string(BadgeSVG(row.p)); (got != "") != (said != "") || !strings.Contains(got, said) {
				t.Errorf("svg: got %q, want it to say %q", got, said)
			}
			if got := string(BadgeEndpoint(row.p)); (got != "") != (said != "") || !strings.Contains(got, said) {
				t.Errorf("endpoint: got %q, want it to say %q", got, said)
			}
		})
	}
}

// One badge for many releases says what holds for all of them, or is none.
func TestBadged(t *testing.T) {
	t.Parallel()
	public := &Links{NPM: "https://www.npmjs.com/package/x"}
	proven := Check{ID: "provenance", Status: Pass, Level: Required}
	trusted := Check{ID: "trusted-publisher", Status: Pass, Level: Advisory}
	best := Package{Name: "best", Status: Verified, Links: public, Checks: []Check{proven, trusted}}
	token := Package{Name: "token", Status: Verified, Links: public, Checks: []Check{proven}}
	failed := Package{Name: "failed", Status: NotVerified, Links: public, Checks: []Check{proven}}
	for _, row := range []struct {
		name     string
		packages []Package
		want     string
	}{
		{"none", nil, ""},
		{"one", []Package{best}, "best"},
		{"the weaker is second", []Package{best, token, best}, "token"},
		{"the weaker is first", []Package{token, best}, "token"},
		{"one failed", []Package{best, failed}, ""},
	} {
		if got, ok := (&Report{Packages: row.packages}).Badged(); got.Name != row.want || ok != (row.want != "") {
			t.Errorf("%s: got %q, %t; want %q", row.name, got.Name, ok, row.want)
		}
	}
}
