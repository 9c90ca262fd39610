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
