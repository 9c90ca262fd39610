package attack

import (
	"slices"
	"testing"

	"verify-npm-release/internal/check"
	"verify-npm-release/internal/report"
)

// attack is one way to cheat, and who must notice it.
type attack struct {
	name  string
	check string             // the id of the check that must notice
	want  report.CheckStatus // fail, or unknown where nothing can be decided
	exit  int                // of the whole program
	draft func(*world)       // before the release is made; nil: a good one
	world func(*world)       // what was made, spoilt afterwards
}

// groups are all attacks that are written by hand; the generated ones are in documents_test.go.
var groups = map[string][]attack{
	"another release's papers": otherReleases,
	"the wrong builder":        builders,
	"look-alike identities":    lookAlikes,
	"a lying statement":        statements,
	"certificates":             certificates,
	"transparency logs":        logs,
	"envelopes":                envelopes,
	"subjects":                 subjects,
	"registry signatures":      signatures,
	"the registry's documents": registryDocuments,
	"tarballs":                 tarballs,
	"keys":                     keys,
	"the trust repository":     repositories,
	"trust and tags":           advisories,
}

func TestAttacks(t *testing.T) {
	t.Parallel()
	seen, total := map[string]bool{}, 0
	for group, rows := range groups {
		for _, row := range rows {
			total++
			if seen[row.name] {
				t.Errorf("two attacks are called %q", row.name)
			}
			seen[row.name] = true
			if row.exit == 0 || row.want == report.Pass || !slices.Contains(check.IDs(), row.check) {
				t.Errorf("%s: expects no failure", row.name)
			}
			t.Run(group+"/"+row.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, row.draft)
				if row.world != nil {
					row.world(w)
				}
				r, exit := w.judge(t)
				noticed(t, row, r, exit)
			})
		}
	}
	if total < 120 {
		t.Errorf("%d attacks are written by hand, want at least 120", total)
	}
	t.Logf("%d attacks in %d groups", total, len(groups))
}

// noticed checks that the attack was noticed by the check it names, and that nothing was said of the release that its
// papers do not prove.
func noticed(t *testing.T, a attack, r *report.Report, exit int) {
	t.Helper()
	got, detail := answer(r, a.check)
	if got != a.want || exit != a.exit {
		t.Errorf("%s is %s (%s), exit code %d; want %s, %d", a.check, got, detail, exit, a.want, a.exit)
	}
	if detail == "" {
		t.Errorf("%s does not say what it found", a.check)
	}
	if r.Status == report.Verified {
		t.Error("the report says verified")
	}
	for _, p := range r.Packages {
		proved, _ := answer(r, "provenance")
		if proved != report.Pass && (p.Source != nil || p.Log != nil) {
			t.Errorf("without a verified provenance the report names a source %+v, a log entry %+v", p.Source, p.Log)
		}
		if proved != report.Pass && p.Trust != nil && p.Trust.Level != "none" {
			t.Errorf("without a verified provenance the report claims trust %+v", *p.Trust)
		}
		if p.Links != nil && p.Links.BadgeMarkdown != "" {
			t.Errorf("the report offers a badge: %s", p.Links.BadgeMarkdown)
		}
	}
}
