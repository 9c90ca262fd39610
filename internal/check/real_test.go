package check_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"verify-npm-release/internal/check"
	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/lab"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
)

// real is a folder of real releases, served by the lab's registry.
func real(t *testing.T, spec string, in, env map[string]string) report.Package {
	t.Helper()
	root := os.Getenv("VERIFY_NPM_RELEASE_EVIDENCE")
	if root == "" {
		t.Skip("VERIFY_NPM_RELEASE_EVIDENCE does not name a folder of real releases")
	}
	r, err := lab.LoadEvidence(filepath.Join(root, spec))
	if err != nil {
		t.Fatal(err)
	}
	registry := lab.NewRegistry(lab.Options{})
	t.Cleanup(registry.Close)
	registry.Add(r)
	all := map[string]string{
		"package": spec, "registry-url": registry.URL, "timeout": "1s", "poll-interval": "1s", "working-directory": t.TempDir(),
		"trusted-root": filepath.Join(root, "trusted_root.json"), "registry-keys": filepath.Join(root, "tuf_keys.json"),
	}
	for k, v := range in {
		all[k] = v
	}
	p, err := plan.New(all, func(k string) string { return env[k] })
	if err != nil {
		t.Fatal(err)
	}
	g, err := evidence.NewGatherer(p, evidence.Options{})
	if err != nil {
		t.Fatal(err)
	}
	out := &report.Report{Packages: []report.Package{check.Package(g.Gather(context.Background(), p.Releases[0]), p)}}
	out.Decide()
	return out.Packages[0]
}

// nuxtRun is the environment of the run that published nuxt@4.1.2.
func nuxtRun() map[string]string {
	return map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "nuxt/nuxt",
		"GITHUB_REPOSITORY_ID": "71995937", "GITHUB_REPOSITORY_OWNER": "nuxt", "GITHUB_REPOSITORY_OWNER_ID": "23360933",
		"GITHUB_REF": "refs/heads/main", "GITHUB_SHA": "412786a1d8283aaa2360a855d44ebd3ac21924f1",
		"GITHUB_WORKFLOW_REF": "nuxt/nuxt/.github/workflows/release.yml@refs/heads/main",
		"GITHUB_EVENT_NAME":   "pull_request_target", "GITHUB_RUN_ID": "17686742434", "GITHUB_RUN_ATTEMPT": "1",
		"RUNNER_ENVIRONMENT": "github-hosted",
	}
}

func TestNuxtPassesEveryCheckInTheRunThatPublishedIt(t *testing.T) {
	t.Parallel()
	p := real(t, "nuxt@4.1.2", nil, nuxtRun())
	for id, got := range answers(p) {
		want := report.Pass
		if id == "leftover-token" {
			want = report.Skip
		}
		if got != want {
			t.Errorf("%s: got %s (%s), want %s", id, got, detail(p, id), want)
		}
	}
	if p.Status != report.Verified {
		t.Errorf("got %s, want verified", p.Status)
	}
}

func TestNuxtFailsInEveryOtherRun(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"GITHUB_REPOSITORY_ID": "repository id", "GITHUB_REPOSITORY_OWNER_ID": "owner id", "GITHUB_REF": "ref: ",
		"GITHUB_SHA": "commit", "GITHUB_RUN_ID": "run: ", "GITHUB_EVENT_NAME": "trigger", "GITHUB_REPOSITORY": "repository: ",
		"GITHUB_WORKFLOW_REF": "workflow: ",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := nuxtRun()
			other := map[string]string{
				"GITHUB_SHA": strings.Repeat("a", 40), "GITHUB_REPOSITORY": "nuxt/other", "GITHUB_REF": "refs/heads/dev",
				"GITHUB_WORKFLOW_REF": "nuxt/nuxt/.github/workflows/ci.yml@refs/heads/main", "GITHUB_EVENT_NAME": "push",
			}[name]
			if other == "" {
				other = "5"
			}
			env[name] = other
			p := real(t, "nuxt@4.1.2", nil, env)
			if got := answers(p)["source"]; got != report.Fail || !strings.Contains(detail(p, "source"), want) {
				t.Errorf("source: got %s (%s), want a failure that names %q", got, detail(p, "source"), want)
			}
			if p.Status != report.NotVerified {
				t.Errorf("got %s, want not-verified", p.Status)
			}
		})
	}
	env := nuxtRun()
	env["GITHUB_RUN_ATTEMPT"] = "3"
	if p := real(t, "nuxt@4.1.2", nil, env); p.Status != report.Verified {
		t.Errorf("a later attempt of the same run: got %s, want verified", p.Status)
	}
}

func TestOldReleasesComeOutAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		spec   string
		status report.Status
		want   map[string]report.CheckStatus
	}{
		{"sigstore@1.0.0", report.Verified, map[string]report.CheckStatus{"registry-signature": report.Pass, "publish-attestation": report.Pass, "provenance": report.Pass}},
		{"sigstore@2.3.1", report.NotVerified, map[string]report.CheckStatus{"registry-signature": report.Fail, "publish-attestation": report.Pass, "provenance": report.Pass}},
		{"kms-demo@1.0.0", report.NotVerified, map[string]report.CheckStatus{"registry-signature": report.Pass, "publish-attestation": report.Skip, "provenance": report.Fail}},
	} {
		p := real(t, row.spec, nil, nil)
		if p.Status != row.status {
			t.Errorf("%s: got %s, want %s", row.spec, p.Status, row.status)
		}
		for id, want := range row.want {
			if got := answers(p)[id]; got != want {
				t.Errorf("%s: %s: got %s (%s), want %s", row.spec, id, got, detail(p, id), want)
			}
		}
		if row.spec == "sigstore@2.3.1" {
			for _, c := range p.Checks {
				if c.Status == report.Fail && c.ID != "registry-signature" {
					t.Errorf("%s fails %s too: %s", row.spec, c.ID, c.Detail)
				}
			}
		}
	}
	p := real(t, "sigstore@1.0.0", map[string]string{"expected-repository": "sigstore/sigstore-js", "expected-ref": "refs/tags/v1.0.0"}, nil)
	if got := answers(p)["source"]; got != report.Pass {
		t.Errorf("sigstore@1.0.0: source: got %s (%s), want pass by the certificate's first extensions", got, detail(p, "source"))
	}
}
