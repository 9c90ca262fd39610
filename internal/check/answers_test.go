package check

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
	"verify-npm-release/internal/sigstore"
)

// day is a time on day n.
func day(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }

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
	unlisted.Place.Published = day(9)
	if got := trustDowngrade(unlisted); got.Status != report.Unknown || !strings.Contains(got.Detail, "does not list") {
		t.Errorf("dated and not listed: got %s (%s)", got.Status, got.Detail)
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

func TestTrustedPublisherAnswers(t *testing.T) {
	t.Parallel()
	bot := npm.User{Name: oidcUser, Email: oidcEmail}
	for _, tt := range []struct {
		name   string
		user   *npm.User
		want   report.CheckStatus
		detail string
	}{
		{"nobody", nil, report.Unknown, "_npmUser is absent"},
		{"a publisher", &npm.User{Name: "ada", TrustedPublisher: &npm.TrustedPublisher{ID: "github", OIDCConfigID: "oidc:1"}}, report.Pass, `"github" (configuration "oidc:1"), by`},
		{"a publisher and an approver", &npm.User{Approver: true, TrustedPublisher: &npm.TrustedPublisher{ID: "github"}}, report.Pass, "staged and approved"},
		{"npm's account", &bot, report.Pass, "the account npm uses"},
		{"its name alone", &npm.User{Name: oidcUser}, report.Fail, "with a token"},
		{"its address alone", &npm.User{Email: oidcEmail}, report.Fail, "with a token"},
		{"an approver alone", &npm.User{Name: "ada", Approver: true}, report.Unknown, "who staged it"},
		{"an empty user", &npm.User{}, report.Unknown, "_npmUser is empty"},
		{"a person", &npm.User{Name: "ada"}, report.Fail, `published by "ada"`},
		{"an address", &npm.User{Email: "a@b"}, report.Fail, "published by"},
	} {
		in := Input{&evidence.Evidence{Manifest: &npm.Manifest{User: tt.user}}, &plan.Plan{}}
		if got := trustedPublisher(in); got.Status != tt.want || !strings.Contains(got.Detail, tt.detail) {
			t.Errorf("%s: got %s (%s), want %s with %q", tt.name, got.Status, got.Detail, tt.want, tt.detail)
		}
	}
	if got := trustedPublisher(Input{&evidence.Evidence{}, &plan.Plan{}}); got.Status != report.Unknown {
		t.Errorf("no manifest: got %s", got.Status)
	}
}

var (
	errAbsent = &npm.Error{Kind: npm.Absent, Err: errors.New("absent")}
	errWrong  = &npm.Error{Kind: npm.Wrong, Err: errors.New("wrong")}
)

// surface is one that was asked for: ready, pending or final.
func surface(how string) evidence.Surface {
	switch how {
	case "ready":
		return evidence.Surface{Asked: true, Ready: true}
	case "pending":
		return evidence.Surface{Asked: true, Err: errAbsent}
	case "final":
		return evidence.Surface{Asked: true, Err: errWrong, Final: true}
	}
	return evidence.Surface{}
}

func TestServedAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		manifest, tarball, attestations string
		announced                       bool
		want                            report.CheckStatus
		detail                          string
	}{
		{"ready", "ready", "ready", true, report.Pass, "manifest, tarball, attestations served"},
		{"ready", "pending", "ready", true, report.Unknown, "tarball (get : absent)"},
		{"ready", "ready", "pending", true, report.Unknown, "attestations (get : absent)"},
		{"ready", "final", "ready", true, report.Fail, "tarball (get : wrong)"},
		{"ready", "ready", "final", true, report.Fail, "attestations (get : wrong)"},
		{"ready", "final", "pending", true, report.Fail, "tarball (get : wrong), attestations (get : absent)"},
		{"ready", "pending", "final", true, report.Fail, "attestations (get : wrong)"},
		{"ready", "ready", "", false, report.Pass, "announces no attestations"},
		{"ready", "pending", "", false, report.Fail, "announces no attestations"},
		{"ready", "", "", true, report.Unknown, "not served after"},
		{"pending", "", "", false, report.Unknown, "get : absent"},
		{"final", "", "", false, report.Fail, "waiting cannot mend it: get : wrong"},
	} {
		e := &evidence.Evidence{Surfaces: [4]evidence.Surface{surface(tt.manifest), surface(tt.tarball), surface(tt.attestations)}}
		if tt.manifest == "ready" {
			e.Manifest = &npm.Manifest{}
			if tt.announced {
				e.Manifest.Dist.Attestations = &npm.AttestationsRef{}
			}
		}
		if got := served(Input{e, &plan.Plan{}}); got.Status != tt.want || !strings.Contains(got.Detail, tt.detail) {
			t.Errorf("%s/%s/%s: got %s (%s), want %s with %q", tt.manifest, tt.tarball, tt.attestations, got.Status, got.Detail, tt.want, tt.detail)
		}
	}
	if got := served(Input{&evidence.Evidence{Offline: true}, &plan.Plan{}}); got.Status != report.Skip {
		t.Errorf("offline: got %s", got.Status)
	}
	for d, want := range map[time.Duration]string{0: "0.0 s", 59 * time.Second: "59.0 s", time.Minute: "1m0s", 90*time.Second + 400*time.Millisecond: "1m30s"} {
		if got := seconds(d); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestTarballAnswers(t *testing.T) {
	t.Parallel()
	a, b := npm.TarballSum{SHA512: [64]byte{1}, Size: 3}, npm.TarballSum{SHA512: [64]byte{2}}
	good := npm.IntegrityString(a.SHA512)
	for _, tt := range []struct {
		name          string
		integrity     string
		served, local *npm.TarballSum
		path          string
		localErr      error
		surface       string
		want          report.CheckStatus
		detail        string
	}{
		{"the one announced", good, &a, nil, "", nil, "ready", report.Pass, "3 bytes hash to "},
		{"another", good, &b, nil, "", nil, "ready", report.Fail, "the tarball served hashes to"},
		{"not served", good, nil, nil, "", nil, "pending", report.Unknown, "absent"},
		{"not to be read", good, nil, nil, "", nil, "final", report.Fail, "wrong"},
		{"no digest", "", &a, nil, "", nil, "ready", report.Fail, "no sha512"},
		{"the one packed", good, &a, &a, "p", nil, "ready", report.Pass, "byte for byte"},
		{"another packed", good, &a, &b, "p", nil, "ready", report.Fail, "this job packed hashes to"},
		{"another served and packed", good, &b, &b, "p", nil, "ready", report.Fail, "; the tarball this job packed"},
		{"packed, not to be read", good, &a, nil, "p", errors.New("gone"), "ready", report.Unknown, "gone"},
		{"packed, read in part", good, &a, &a, "p", errors.New("gone"), "ready", report.Unknown, "gone"},
		{"packed, not read", good, &a, nil, "p", nil, "ready", report.Unknown, "could not be read"},
	} {
		e := &evidence.Evidence{Manifest: &npm.Manifest{Dist: npm.Dist{Integrity: tt.integrity}}, Served: tt.served, Local: tt.local, LocalErr: tt.localErr}
		e.Release.Tarball = tt.path
		e.Surfaces[evidence.TarballSurface] = surface(tt.surface)
		if got := tarballIntegrity(Input{e, &plan.Plan{}}); got.Status != tt.want || !strings.Contains(got.Detail, tt.detail) {
			t.Errorf("%s: got %s (%s), want %s with %q", tt.name, got.Status, got.Detail, tt.want, tt.detail)
		}
	}
}

func TestRegistrySignatureAnswers(t *testing.T) {
	t.Parallel()
	keys := &npm.KeySet{}
	problem := func(k npm.SignatureKind) *npm.SignatureError { return &npm.SignatureError{Kind: k, Detail: k.String()} }
	for _, tt := range []struct {
		name   string
		e      evidence.Evidence
		want   report.CheckStatus
		detail string
	}{
		{"no trust", evidence.Evidence{}, report.Unknown, "was not established"},
		{"no trust, and why", evidence.Evidence{Trust: &evidence.Trust{Err: errors.New("why")}}, report.Unknown, "was not established"},
		{"no keys", evidence.Evidence{Registry: "https://r.example", Trust: &evidence.Trust{KeysFrom: "none offered"}}, report.Skip, "none offered"},
		{"no keys offline", evidence.Evidence{Offline: true, Registry: "https://r.example", Trust: &evidence.Trust{}}, report.Unknown, "no registry keys"},
		{"no keys of the public registry", evidence.Evidence{Registry: npm.PublicRegistry, Trust: &evidence.Trust{}}, report.Unknown, "no registry keys"},
		{"not compared", evidence.Evidence{Trust: &evidence.Trust{Keys: keys}}, report.Unknown, "not compared"},
		{"good", evidence.Evidence{Trust: &evidence.Trust{Keys: keys, KeysFrom: "TUF"}, SignatureChecked: true}, report.Pass, "k1, k2 over"},
		{"bad", evidence.Evidence{Trust: &evidence.Trust{Keys: keys}, SignatureChecked: true, Signature: npm.SignatureErrors{problem(npm.SignatureInvalid)}}, report.Fail, "invalid"},
		{"undecided", evidence.Evidence{Trust: &evidence.Trust{Keys: keys}, SignatureChecked: true, Signature: npm.SignatureErrors{problem(npm.SignatureTimeUnknown)}}, report.Unknown, "time-unknown"},
		{"bad and undecided", evidence.Evidence{Trust: &evidence.Trust{Keys: keys}, SignatureChecked: true,
			Signature: npm.SignatureErrors{problem(npm.SignatureInvalid), problem(npm.SignatureTimeUnknown)}}, report.Fail, "invalid; time-unknown"},
		{"undecided and bad", evidence.Evidence{Trust: &evidence.Trust{Keys: keys}, SignatureChecked: true,
			Signature: npm.SignatureErrors{problem(npm.SignatureTimeUnknown), problem(npm.SignatureInvalid)}}, report.Fail, "time-unknown; invalid"},
		{"problems that are none", evidence.Evidence{Trust: &evidence.Trust{Keys: keys}, SignatureChecked: true, Signature: npm.SignatureErrors{}}, report.Fail, ""},
		{"another error", evidence.Evidence{Trust: &evidence.Trust{Keys: keys}, SignatureChecked: true, Signature: errors.New("odd")}, report.Fail, "odd"},
	} {
		tt.e.Manifest = &npm.Manifest{Dist: npm.Dist{Signatures: []npm.Signature{{KeyID: "k1"}, {KeyID: "k2"}}}}
		if got := registrySignature(Input{&tt.e, &plan.Plan{}}); got.Status != tt.want || !strings.Contains(got.Detail, tt.detail) {
			t.Errorf("%s: got %s (%s), want %s with %q", tt.name, got.Status, got.Detail, tt.want, tt.detail)
		}
	}
}

func TestAttestedAnswers(t *testing.T) {
	t.Parallel()
	trust := &evidence.Trust{KeysFrom: "nowhere"}
	v := &sigstore.Verified{}
	for _, tt := range []struct {
		name    string
		surface string
		trust   *evidence.Trust
		a       evidence.Attested
		others  []string
		want    report.CheckStatus // "": ok
		detail  string
	}{
		{"verified", "ready", trust, evidence.Attested{Count: 1, Verified: v}, nil, "", ""},
		{"pending", "pending", trust, evidence.Attested{Count: 1, Verified: v}, nil, report.Unknown, "absent"},
		{"final", "final", trust, evidence.Attested{Count: 1, Verified: v}, nil, report.Fail, "wrong"},
		{"no trust", "ready", nil, evidence.Attested{Count: 1, Verified: v}, nil, report.Unknown, "trust root"},
		{"none", "ready", trust, evidence.Attested{}, nil, report.Fail, "serves no thing"},
		{"none beside others", "ready", trust, evidence.Attested{}, []string{"a", "b"}, report.Fail, "it serves 2 (a, b) that npm"},
		{"two", "ready", trust, evidence.Attested{Count: 2, Verified: v}, nil, report.Fail, "2 attestations"},
		{"unsupported", "ready", trust, evidence.Attested{Count: 1, Err: &sigstore.Error{Kind: sigstore.Unsupported, Detail: "new"}}, nil, report.Unknown, "with this version"},
		{"invalid", "ready", trust, evidence.Attested{Count: 1, Err: &sigstore.Error{Kind: sigstore.Invalid, Detail: "bad"}}, nil, report.Fail, "bad"},
		{"no keys", "ready", trust, evidence.Attested{Count: 1, Err: fmt.Errorf("x: %w", evidence.ErrNoKeys)}, nil, report.Unknown, "nowhere"},
		{"not verified", "ready", trust, evidence.Attested{Count: 1}, nil, report.Unknown, "was not verified"},
	} {
		e := &evidence.Evidence{Trust: tt.trust}
		e.Others = tt.others
		e.Surfaces[evidence.AttestationsSurface] = surface(tt.surface)
		got, ok := attested(Input{e, &plan.Plan{}}, "thing", tt.a)
		if ok != (tt.want == "") || got.Status != tt.want || !strings.Contains(got.Detail, tt.detail) {
			t.Errorf("%s: got %s (%s), %t; want %s with %q", tt.name, got.Status, got.Detail, ok, tt.want, tt.detail)
		}
	}
}

func TestDeclaredRepository(t *testing.T) {
	t.Parallel()
	const want = "https://github.com/acme/demo"
	for _, text := range []string{
		want, want + "/", want + ".git", "git+" + want + ".git", "git://github.com/acme/demo.git", "git+ssh://git@github.com/acme/demo.git",
		"ssh://git@github.com:22/acme/demo.git", "git@github.com:acme/demo.git", "github.com:acme/demo", "acme/demo", "github:acme/demo",
		" " + want + " ", want + "#readme", want + "/tree/main/packages/x", "http://GitHub.com/acme/demo", "https://ada:secret@github.com/acme/demo",
	} {
		if got := declaredRepository(npm.Repository{URL: text}); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"": "", "gitlab:acme/demo": "https://gitlab.com/acme/demo", "https://gitlab.com/acme/group/demo/sub": "https://gitlab.com/acme/group/demo/sub",
		"https://github.com/acme": "https://github.com/acme", "https://github.com@evil.example/acme/demo": "https://evil.example/acme/demo", "demo": "demo",
	} {
		if got := declaredRepository(npm.Repository{URL: text}); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	passes := func(Input) Result { return pass("yes") }
	for _, tt := range []struct {
		name  string
		check Check
		plan  plan.Plan
		e     evidence.Evidence
		want  report.CheckStatus
		level report.Level
	}{
		{"required", Check{ID: "a", Level: report.Required, Run: passes}, plan.Plan{}, evidence.Evidence{}, report.Pass, report.Required},
		{"advisory", Check{ID: "a", Level: report.Advisory, Run: passes}, plan.Plan{}, evidence.Evidence{}, report.Pass, report.Advisory},
		{"raised", Check{ID: "a", Level: report.Advisory, Run: passes}, plan.Plan{Require: []string{"a"}}, evidence.Evidence{}, report.Pass, report.Required},
		{"another raised", Check{ID: "a", Level: report.Advisory, Run: passes}, plan.Plan{Require: []string{"b"}}, evidence.Evidence{}, report.Pass, report.Advisory},
		{"off", Check{ID: "a", Run: passes}, plan.Plan{}, evidence.Evidence{}, report.Skip, report.Advisory},
		{"off and raised", Check{ID: "a", Run: passes}, plan.Plan{Require: []string{"a"}}, evidence.Evidence{}, report.Pass, report.Required},
		{"left out", Check{ID: "a", Level: report.Required, Run: passes}, plan.Plan{Skip: []string{"a"}}, evidence.Evidence{}, report.Skip, report.Required},
		{"another left out", Check{ID: "a", Level: report.Required, Run: passes}, plan.Plan{Skip: []string{"b"}}, evidence.Evidence{}, report.Pass, report.Required},
		{"altered", Check{ID: "a", Level: report.Required, Run: passes}, plan.Plan{}, evidence.Evidence{Altered: []string{"x"}}, report.Unknown, report.Required},
		{"tokens are asked for, which is another check", Check{ID: "a", Run: passes}, plan.Plan{CheckNPMToken: true}, evidence.Evidence{}, report.Skip, report.Advisory},
		{"tokens are asked for", Check{ID: LeftoverToken.ID, Run: passes}, plan.Plan{CheckNPMToken: true}, evidence.Evidence{}, report.Pass, report.Required},
		{"tokens are not asked for", Check{ID: LeftoverToken.ID, Run: passes}, plan.Plan{}, evidence.Evidence{}, report.Skip, report.Advisory},
		{"no answer", Check{ID: "a", Level: report.Required, Run: func(Input) Result { return Result{} }}, plan.Plan{}, evidence.Evidence{}, report.Unknown, report.Required},
	} {
		if got := tt.check.answer(Input{&tt.e, &tt.plan}); got.Status != tt.want || got.Level != tt.level {
			t.Errorf("%s: got %s, %s; want %s, %s", tt.name, got.Status, got.Level, tt.want, tt.level)
		}
	}
}
