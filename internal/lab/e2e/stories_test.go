//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"

	"verify-npm-release/internal/lab"
)

// story is one thing that happens to a release, told from publishing to our verdict.
type story struct {
	name string
	tell func(*job)
}

func tell(t *testing.T, stories []story) {
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.tell(newJob(t))
		})
	}
}

// What npm prints when it has published.
const done = "+ @acme/"

func TestPublishing(t *testing.T) { tell(t, publishing) }

// publishing are stories of how a release was published, or was not.
var publishing = []story{
	{"trusted publishing works", func(j *job) {
		j.trust(nil)
		j.publish(usual, 0, done)
		v := j.verify().verified().failing().warning()
		for name, want := range map[string]string{
			"name": j.name, "version": "1.0.0", "trust-level": "trusted-publisher", "source-commit": j.run.Commit, "run-url": j.run.URL(),
		} {
			if v.outputs[name] != want {
				j.Errorf("got output %s %q, want %q", name, v.outputs[name], want)
			}
		}
	}},
	{"the first npm that can", func(j *job) {
		j.npm = npmFirst
		j.trust(nil)
		j.publish(usual, 0, done)
		j.verify().verified().warning()
	}},
	{"the next npm", func(j *job) {
		j.npm = npmNext
		j.trust(nil)
		j.publish(usual, 0, done)
		j.verify().verified().warning()
	}},
	{"provenance is on by itself", func(j *job) {
		j.trust(nil)
		j.publish("npm publish", 0, done)
		j.verify().verified().warning()
	}},
	{"id-token write is missing and a token is left over", func(j *job) {
		j.trust(nil)
		j.workflow("      id-token: write\n", "")
		j.idToken = false
		j.leftover()
		j.publish("npm publish --access public", 0, done) // npm falls back, and says nothing
		j.verify().ends(1, "not-verified").failing("provenance", "source").warning("trusted-publisher").
			because("provenance", "id-token-permission")
	}},
	{"id-token write is missing", func(j *job) {
		j.trust(nil)
		j.workflow("      id-token: write\n", "")
		j.idToken = false
		j.publish(usual, 1, "ENEEDAUTH")
		j.verify("timeout", "3s").ends(3, "pending").because("served", "id-token-permission")
	}},
	{"the trusted publisher names another workflow file", func(j *job) {
		j.trust(func(p *lab.Publisher) { p.Workflow = "release.yml" })
		j.publish(usual, 1, "ENEEDAUTH")
		j.verify("timeout", "3s").ends(3, "pending").because("served", "publisher-mismatch")
	}},
	{"the trusted publisher has an environment and the job has none", func(j *job) {
		j.trust(func(p *lab.Publisher) { p.Environment = "npm" })
		j.publish(usual, 1, "ENEEDAUTH")
		j.verify("timeout", "3s").ends(3, "pending").because("served", "publisher-mismatch")
	}},
	{"the job has an environment and the trusted publisher none", func(j *job) {
		j.workflow("    runs-on:", "    environment: npm\n    runs-on:")
		j.trust(nil)
		j.run.Environment = "npm"
		j.publish(usual, 1, "ENEEDAUTH")
		j.verify("timeout", "3s").ends(3, "pending").because("served", "environment-mismatch")
	}},
	{"both have the same environment", func(j *job) {
		j.workflow("    runs-on:", "    environment: npm\n    runs-on:")
		j.run.Environment = "npm"
		j.trust(nil)
		j.publish(usual, 0, done)
		j.verify("expected-environment", "npm").verified()
		j.verify("expected-environment", "other").ends(1, "not-verified").failing("source")
	}},
	{"a mismatch and a token is left over", func(j *job) {
		j.trust(func(p *lab.Publisher) { p.Workflow = "release.yml" })
		j.leftover()
		j.publish(usual, 0, done) // with provenance: it proves the run, not the publisher
		j.verify().verified().warning("trusted-publisher").because("trusted-publisher", "publisher-mismatch")
		j.verify("require", "trusted-publisher").ends(1, "not-verified").failing("trusted-publisher")
	}},
	{"npm is too old", func(j *job) {
		j.npm = npmBefore
		j.trust(nil)
		j.publish(usual, 1, "ENEEDAUTH")
		j.verify("timeout", "3s").ends(3, "pending").because("served", "npm-too-old")
	}},
	{"npm is too old and a token is left over", func(j *job) {
		j.npm = npmBefore
		j.trust(nil)
		j.leftover()
		j.publish(usual, 0, done)
		j.verify().verified().warning("trusted-publisher").because("trusted-publisher", "npm-too-old")
	}},
	{"provenance is switched off", func(j *job) {
		j.trust(nil)
		j.workflow("    runs-on:", "    env:\n      NPM_CONFIG_PROVENANCE: \"false\"\n    runs-on:", "publish --provenance", "publish")
		j.env["NPM_CONFIG_PROVENANCE"] = "false"
		j.publish("npm publish --access public", 0, done)
		j.verify().ends(1, "not-verified").failing("provenance", "source").because("provenance", "provenance-disabled")
	}},
	{"the first publish of a package", func(j *job) {
		j.name += "-new"
		j.publish(usual, 1, "ENEEDAUTH")
		j.verify("timeout", "3s").ends(3, "pending").because("served", "first-publish")
	}},
	{"the trusted publisher may only stage", func(j *job) {
		j.trust(func(p *lab.Publisher) { p.Actions = []string{lab.ActionStage} })
		j.publish(usual, 1, "OIDC permission denied for this action")
		j.verify("timeout", "3s").ends(3, "pending").because("served", "stage-only-publisher")
	}},
	{"the repository of package json is another", func(j *job) {
		j.trust(nil)
		j.packageJSON["repository"] = "https://github.com/ACME/other"
		j.publish(usual, 1, "Failed to validate repository information")
		j.verify("timeout", "3s").ends(3, "pending").because("served", "repository-url")
	}},
	{"a self-hosted runner", func(j *job) {
		j.run.Runner = "self-hosted"
		j.trust(nil)
		j.publish(usual, 1, `Unsupported GitHub Actions runner environment: "self-hosted"`)
		j.verify("timeout", "3s").ends(3, "pending").because("served", "self-hosted-runner")
	}},
	{"a private repository", func(j *job) {
		j.run.Visibility = "private"
		j.trust(nil)
		j.publish("npm publish --access public", 0, done) // quietly without provenance
		j.verify().ends(1, "not-verified").failing("provenance", "source").because("provenance", "private-repository")
	}},
	{"staged and approved", func(j *job) {
		j.trust(func(p *lab.Publisher) { p.Actions = []string{lab.ActionStage} })
		j.publish("npm stage publish --provenance --access public", 0, "staged with id")
		j.verify("timeout", "3s").ends(3, "pending").because("served", "staged")
		id, _, _ := strings.Cut(j.said[strings.LastIndex(j.said, "staged with id ")+len("staged with id "):], ")")
		person := "npm_config_//registry.npmjs.org/:_authToken=" + here.world.Token("ada")
		if s := j.do(".", "env '"+person+"' npm stage approve --otp 123456 "+id); s.code != 0 {
			j.Fatal("the stage was not approved")
		}
		v := j.verify().verified().warning()
		if got := v.outputs["trust-level"]; got != "staged-publish" {
			j.Errorf("got output trust-level %q, want staged-publish", got)
		}
	}},
	{"publish from a subdirectory", func(j *job) {
		j.folder = "packages/deep/inside"
		j.trust(nil)
		j.publish(usual, 0, done)
		j.verify().verified().warning()
	}},
	{"the placeholder token of setup-node", func(j *job) {
		j.trust(nil)
		j.placeholder()
		j.publish(usual, 0, done)
		j.verify("check-npm-token", "true", "npm-token-present", "false").verified().warning()
	}},
}

// leftover is a job with a token that nobody took away, where setup-node puts it.
func (j *job) leftover() {
	j.placeholder()
	j.env["NODE_AUTH_TOKEN"] = here.world.Token("ada")
}

// workflow edits the workflow file: old, new, old, new.
func (j *job) workflow(oldnew ...string) {
	j.write(".github/workflows/publish.yml", strings.NewReplacer(oldnew...).Replace(workflow))
}

// placeholder is what actions/setup-node before v7 leaves with registry-url: a configuration that reads NODE_AUTH_TOKEN, and
// that variable with a placeholder (actions/setup-node, src/authutil.ts).
func (j *job) placeholder() {
	j.env["NPM_CONFIG_USERCONFIG"] = j.temp + "/.npmrc"
	j.env["NODE_AUTH_TOKEN"] = "XXXXX-XXXXX-XXXXX-XXXXX"
	j.write("../temp/.npmrc", "//registry.npmjs.org/:_authToken=${NODE_AUTH_TOKEN}\nregistry=https://registry.npmjs.org/\n")
}

func TestWaiting(t *testing.T) { tell(t, waiting) }

// waiting are stories of how long it takes until a release is served. A second here is a minute out there.
var waiting = []story{
	{"processing takes ten minutes", func(j *job) {
		j.trust(nil)
		here.world.Delay(j.name, lab.DelayAll(10*time.Second))
		j.publish(usual, 0, "npm notice Your package is being processed")
		j.verify().verified().waited(5)
	}},
	{"never served", func(j *job) {
		j.trust(nil)
		here.world.Delay(j.name, lab.DelayAll(lab.Never))
		j.publish(usual, 0, done)
		j.verify("timeout", "5s").ends(3, "pending").because("served", "still-processing")
		j.verify("timeout", "2s", "on-timeout", "warn").ends(0, "pending")
		j.publish(usual, 1, "Cannot publish over previously staged version")
	}},
	{"attestations are late", func(j *job) {
		j.trust(nil)
		here.world.Delay(j.name, map[lab.Surface]time.Duration{lab.SurfaceAttestations: 8 * time.Second})
		j.publish(usual, 0, done)
		j.verify().verified().waited(3)
	}},
	{"attestations never come", func(j *job) {
		j.trust(nil)
		here.world.Delay(j.name, map[lab.Surface]time.Duration{lab.SurfaceAttestations: lab.Never})
		j.publish(usual, 0, done)
		j.verify("timeout", "5s").ends(3, "pending").because("served", "attestation-not-served")
	}},
	{"the dist-tag is late", func(j *job) {
		j.trust(nil)
		here.world.Delay(j.name, map[lab.Surface]time.Duration{lab.SurfaceDistTag: 8 * time.Second})
		j.publish(usual, 0, done)
		j.verify().verified().waited(3).warning()
	}},
	{"the dist-tag never comes", func(j *job) {
		j.trust(nil)
		here.world.Delay(j.name, map[lab.Surface]time.Duration{lab.SurfaceDistTag: lab.Never})
		j.publish(usual, 0, done)
		j.verify("timeout", "5s").warning("dist-tag")
		j.verify("timeout", "5s", "require", "dist-tag").failing("dist-tag")
	}},
}

// waited checks that the report says so of at least so many seconds.
func (v *verdict) waited(seconds float64) *verdict {
	v.Helper()
	w := v.report.Packages[0].Waited
	if w == nil || float64(w.Seconds) < seconds {
		v.Errorf("got waited %+v, want at least %v seconds", w, seconds)
	}
	return v
}
