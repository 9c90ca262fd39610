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
	const shields = "https://img.shields.io/badge/"
	for _, row := range []struct {
		name    string
		p       Package
		want    string
		version string
	}{
		{"provenance, published by a token", Package{Name: "nuxt", Version: "4.1.2", Status: Verified, Checks: []Check{proven, token}},
			"[![npm: provenance verified](" + shields + "npm-provenance%20verified-1a7f37?logo=npm)](https://www.npmjs.com/package/nuxt?activeTab=provenance)",
			"[![nuxt\\@4\\.1\\.2: provenance verified](" + shields + "nuxt%404.1.2-provenance%20verified-1a7f37?logo=npm)](https://www.npmjs.com/package/nuxt/v/4.1.2)"},
		{"a trusted publisher, a scope, a prerelease", Package{Name: "@a_b/c-d", Version: "1.0.0-rc.1+x", Status: Verified, Checks: []Check{proven, trusted}},
			"[![trusted publisher: provenance verified](" + shields + "trusted%20publisher-provenance%20verified-1a7f37?logo=npm)](https://www.npmjs.com/package/@a_b/c-d?activeTab=provenance)",
			"[![\\@a\\_b/c\\-d\\@1\\.0\\.0\\-rc\\.1\\+x: provenance verified](" + shields + "%40a__b%2Fc--d%401.0.0--rc.1%2Bx-provenance%20verified-1a7f37?logo=npm)](https://www.npmjs.com/package/@a_b/c-d/v/1.0.0-rc.1+x)"},
		{"not verified", Package{Name: "nuxt", Version: "4.1.2", Status: NotVerified, Checks: []Check{proven, trusted}}, "", ""},
		{"pending", Package{Name: "nuxt", Version: "4.1.2", Status: Pending, Checks: []Check{proven}}, "", ""},
		{"verified without provenance", Package{Name: "nuxt", Version: "4.1.2", Status: Verified, Checks: []Check{{ID: "provenance", Status: Skip}, trusted}}, "", ""},
		{"no checks", Package{Name: "nuxt", Version: "4.1.2", Status: Verified}, "", ""},
		{"a name that leads elsewhere", Package{Name: "@x/..", Version: "1.0.0", Status: Verified, Checks: []Check{proven}}, "", ""},
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
