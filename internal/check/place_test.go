package check

import (
	"strings"
	"testing"
	"time"

	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
)

// about is evidence of x@VERSION, served, beside the versions of a packument: version, day of publication, trust and "!"
// for deprecated in the order of the arguments.
func about(version, tag string, tags map[string]string, versions ...string) Input {
	e := &evidence.Evidence{Manifest: &npm.Manifest{Name: "x", Version: version}}
	e.Release = plan.Release{Spec: npm.Spec{Name: "x", Version: version}, DistTag: tag}
	p := &npm.Packument{Name: "x", DistTags: tags, Time: map[string]time.Time{}, Versions: map[string]npm.Version{}}
	for i, v := range versions {
		v, deprecated := strings.CutSuffix(v, "!")
		v, level, _ := strings.Cut(v, "/")
		v, undated := strings.CutSuffix(v, "?")
		if !undated {
			p.Time[v] = day(i + 1)
		}
		p.Versions[v] = npm.Version{Deprecated: deprecated, Trust: map[string]npm.TrustLevel{
			"": npm.TrustNone, "p": npm.TrustProvenance, "t": npm.TrustTrustedPublisher, "s": npm.TrustStagedPublish}[level]}
		if v == version {
			e.Manifest.User = &npm.User{Approver: level == "s"}
			if level == "p" || level == "t" {
				e.Manifest.Dist.Attestations = &npm.AttestationsRef{Provenance: true}
			}
			if level == "t" {
				e.Manifest.User.TrustedPublisher = &npm.TrustedPublisher{ID: "github"}
			}
		}
	}
	e.Place = p.Place(version, tag)
	return Input{e, &plan.Plan{}}
}

func given(in Input) Input {
	in.Release.DistTagGiven = true
	return in
}

func latest(version string) map[string]string { return map[string]string{"latest": version} }

func TestDistTagAnswers(t *testing.T) {
	t.Parallel()
	without := about("1.0.0", "latest", nil)
	without.Place = nil
	for _, tt := range []struct {
		name   string
		in     Input
		want   report.CheckStatus
		detail string
	}{
		{"none is expected", about("1.0.0", "", latest("1.0.0"), "1.0.0"), report.Skip, "no dist-tag is expected"},
		{"no packument", without, report.Unknown, "no packument"},
		{"no semver", about("1.0", "latest", latest("1.0"), "1.0"), report.Unknown, "not semver"},
		{"no such tag", about("1.0.0", "next", latest("1.0.0"), "1.0.0"), report.Fail, "does not exist"},
		{"the tag points at it", about("1.0.0", "latest", latest("1.0.0"), "0.9.0", "1.0.0"), report.Pass, "latest points at 1.0.0"},
		{"the only version", about("1.0.0", "latest", latest("1.0.0"), "1.0.0"), report.Pass, "latest points at"},
		{"the tag lags", about("1.0.0", "latest", latest("0.9.0"), "0.9.0", "1.0.0"), report.Fail, "want 1.0.0"},
		{"the tag has moved on", about("1.0.0", "latest", latest("1.0.1"), "1.0.0", "1.0.1"), report.Skip, "superseded"},
		{"the tag has moved on, but it was named", given(about("1.0.0", "latest", latest("1.0.1"), "1.0.0", "1.0.1")), report.Fail, "want 1.0.0"},
		{"the tag points at a higher version that is older", about("1.0.0", "latest", latest("2.0.0"), "2.0.0", "1.0.0"), report.Fail, "want 1.0.0"},
		{"the tag points at a lower version that is newer", about("1.0.0", "latest", latest("0.9.1"), "1.0.0", "0.9.1"), report.Fail, "want 1.0.0"},
		{"the tag points at what is no version", about("1.0.0", "latest", latest("two"), "1.0.0", "two"), report.Fail, "want 1.0.0"},
		{"the tag points at a version without a time", about("1.0.0", "latest", latest("2.0.0"), "1.0.0", "2.0.0?"), report.Fail, "want 1.0.0"},
		{"it has no time itself", about("1.0.0", "latest", latest("2.0.0"), "1.0.0?", "2.0.0"), report.Fail, "want 1.0.0"},
		{"a prerelease on latest beside a stable one", about("1.0.0-rc.1", "latest", latest("1.0.0-rc.1"), "0.9.0", "1.0.0-rc.1"), report.Fail, "is a prerelease"},
		{"a prerelease on latest, older by semver", about("1.0.0-rc.1", "latest", latest("1.0.0-rc.1"), "2.0.0", "1.0.0-rc.1"), report.Fail, "is a prerelease"},
		{"a prerelease on latest of a package without a stable one", about("1.0.0-rc.1", "latest", latest("1.0.0-rc.1"), "1.0.0-rc.0", "1.0.0-rc.1"), report.Pass, "points at"},
		{"a prerelease on latest beside a deprecated stable one", about("1.0.0-rc.1", "latest", latest("1.0.0-rc.1"), "0.9.0!", "1.0.0-rc.1"), report.Pass, "points at"},
		{"an older version on latest", about("1.0.0", "latest", latest("1.0.0"), "2.0.0", "1.0.0"), report.Fail, "older by semver than 2.0.0"},
		{"an older version on latest beside several", about("1.0.0", "latest", latest("1.0.0"), "2.0.0", "3.0.0", "2.5.0", "1.0.0"), report.Fail, "older by semver than 3.0.0"},
		{"beside a higher prerelease", about("1.0.0", "latest", latest("1.0.0"), "2.0.0-rc.1", "1.0.0"), report.Pass, "points at"},
		{"beside a higher one that is deprecated", about("1.0.0", "latest", latest("1.0.0"), "2.0.0!", "1.0.0"), report.Pass, "points at"},
		{"beside what is no version", about("1.0.0", "latest", latest("1.0.0"), "two", "1.0.0"), report.Pass, "points at"},
		{"an older version on its own tag", about("1.0.0", "v1", map[string]string{"v1": "1.0.0"}, "2.0.0", "1.0.0"), report.Pass, "v1 points at"},
		{"a prerelease on its own tag", about("1.0.0-rc.1", "next", map[string]string{"next": "1.0.0-rc.1"}, "0.9.0", "1.0.0-rc.1"), report.Pass, "next points at"},
	} {
		if got := distTag(tt.in); got.Status != tt.want || !strings.Contains(got.Detail, tt.detail) {
			t.Errorf("%s: got %s (%s), want %s with %q", tt.name, got.Status, got.Detail, tt.want, tt.detail)
		}
	}
	odd := distTag(about("1.0.0-rc.1", "latest", latest("1.0.0-rc.1"), "2.0.0", "1.0.0-rc.1"))
	if strings.Contains(odd.Detail, "older") {
		t.Errorf("a prerelease is called older besides: %s", odd.Detail)
	}
}

func TestTrustDowngradeAnswers(t *testing.T) {
	t.Parallel()
	without, empty := about("1.0.0", "", nil, "1.0.0"), about("1.0.0", "", nil, "1.0.0")
	without.Place, empty.Manifest = nil, nil
	for _, tt := range []struct {
		name   string
		in     Input
		want   report.CheckStatus
		detail string
		best   string // of the report
	}{
		{"no manifest", empty, report.Unknown, "no manifest", ""},
		{"no packument", without, report.Unknown, "no packument", ""},
		{"not listed", about("1.0.0", "", nil, "0.9.0/t"), report.Unknown, "does not say when", ""},
		{"without a time", about("1.0.0", "", nil, "0.9.0/t", "1.0.0?/t"), report.Unknown, "does not say when", ""},
		{"the first", about("1.0.0", "", nil, "1.0.0/t"), report.Pass, "trusted publisher; no version was published before", ""},
		{"the same", about("1.0.0", "", nil, "0.9.0/t", "1.0.0/t"), report.Pass, "the best of 1 earlier versions is trusted publisher", "trusted-publisher"},
		{"more", about("1.0.0", "", nil, "0.9.0/p", "1.0.0/t"), report.Pass, "the best of 1 earlier versions is provenance", "provenance"},
		{"less", about("1.0.0", "", nil, "0.9.0/t", "1.0.0/p"), report.Fail, "earlier versions had trusted publisher (0.9.0), this one has provenance", "trusted-publisher"},
		{"none after staged", about("1.0.0", "", nil, "0.9.0/s", "1.0.0"), report.Fail, "this one has no trust evidence", "staged-publish"},
		{"less than the best of three", about("1.0.0", "", nil, "0.7.0", "0.8.0/t", "0.9.0/p", "1.0.0/p"), report.Fail, "trusted publisher (0.8.0)", "trusted-publisher"},
		{"the later name of two alike", about("1.0.0", "", nil, "0.8.0/t", "0.9.0/t", "1.0.0"), report.Fail, "(0.9.0)", "trusted-publisher"},
		{"more came later", about("1.0.0", "", nil, "0.9.0/p", "1.0.0/p", "1.1.0/t"), report.Pass, "the best of 1 earlier", "provenance"},
		{"more at a time that is not known", about("1.0.0", "", nil, "0.9.0/p", "0.9.5?/t", "1.0.0/p"), report.Pass, "the best of 1 earlier", "provenance"},
		{"a prerelease had more", about("1.0.0", "", nil, "0.9.0/p", "1.0.0-rc.1/t", "1.0.0/p"), report.Pass, "the best of 1 earlier", "provenance"},
		{"what is no version had more", about("1.0.0", "", nil, "0.9.0/p", "one/t", "1.0.0/p"), report.Pass, "the best of 1 earlier", "provenance"},
		{"a prerelease after one that had more", about("1.0.0-rc.2", "", nil, "1.0.0-rc.1/t", "1.0.0-rc.2/p"), report.Fail, "(1.0.0-rc.1)", "trusted-publisher"},
		{"a prerelease after a stable one that had more", about("1.0.0-rc.2", "", nil, "0.9.0/t", "1.0.0-rc.2/p"), report.Fail, "(0.9.0)", "trusted-publisher"},
		{"nothing after nothing", about("1.0.0", "", nil, "0.9.0", "1.0.0"), report.Pass, "no trust evidence; the best of 1", "none"},
	} {
		got := trustDowngrade(tt.in)
		if got.Status != tt.want || !strings.Contains(got.Detail, tt.detail) {
			t.Errorf("%s: got %s (%s), want %s with %q", tt.name, got.Status, got.Detail, tt.want, tt.detail)
		}
		best := ""
		if facts := trust(tt.in, true); facts != nil {
			best = facts.BestBefore
		}
		if best != tt.best {
			t.Errorf("%s: the best before is %q, want %q", tt.name, best, tt.best)
		}
	}
	unlisted := about("1.0.0", "", nil, "0.9.0/t")
	unlisted.Place.Published, unlisted.Place.Earlier = day(9), 1
	if got := trustDowngrade(unlisted); got.Status != report.Unknown || !strings.Contains(got.Detail, "does not list") {
		t.Errorf("dated and not listed: got %s (%s)", got.Status, got.Detail)
	}
	if facts := trust(unlisted, true); facts.BestBefore != "" {
		t.Errorf("dated and not listed: the best before is %q, want none", facts.BestBefore)
	}
}

func TestTrustOfTheReport(t *testing.T) {
	t.Parallel()
	in := about("1.0.0", "", nil, "1.0.0/t")
	in.Manifest.User.Name = "bot"
	if got := trust(in, true); got == nil || got.Level != "trusted-publisher" || got.Publisher != "github" || got.BestBefore != "" {
		t.Errorf("verified: got %+v", got)
	}
	if got := trust(in, false); got != nil {
		t.Errorf("claimed and not verified: got %+v", got)
	}
	in.Altered = []string{"x"}
	if got := trust(in, true); got != nil {
		t.Errorf("altered: got %+v", got)
	}
	in = about("1.0.0", "", nil, "1.0.0")
	in.Manifest.User = &npm.User{Name: "ada"}
	if got := trust(in, false); got == nil || got.Level != "none" || got.Publisher != "ada" {
		t.Errorf("none claimed: got %+v", got)
	}
	in.Manifest.User, in.Place = nil, nil
	if got := trust(in, false); got == nil || got.Publisher != "" || got.BestBefore != "" {
		t.Errorf("nobody named: got %+v", got)
	}
	if got := trust(Input{&evidence.Evidence{}, &plan.Plan{}}, true); got != nil {
		t.Errorf("no manifest: got %+v", got)
	}
}
