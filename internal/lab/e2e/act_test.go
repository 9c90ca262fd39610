//go:build e2e

package e2e

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"verify-npm-release/internal/lab"
)

// TestRecipes runs the examples as they are, with act, a workflow runner: tag push, permissions, setup-node, build, test,
// publish, our action as a release has it, and a next step that reads the outputs.
func TestRecipes(t *testing.T) {
	for _, s := range []struct{ name, recipe, says string }{
		{"demo", "publish.yml", "is verified, published by github; [!["},
		{"a verify job", "verify-job.yml", "is verified"},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			j := newJob(t)
			here.world.Delay(j.name, map[lab.Surface]time.Duration{
				lab.SurfaceManifest: 5 * time.Second, lab.SurfacePackument: 8 * time.Second, lab.SurfaceDistTag: 8 * time.Second,
				lab.SurfaceAttestations: 11 * time.Second,
			})
			log, summary := j.act(s.recipe, 0)
			if want := j.name + "@1.0.0 " + s.says; !strings.Contains(log, want) {
				t.Errorf("the next step did not say %q", want)
			}
			if !strings.Contains(summary, j.name) {
				t.Error("there is no job summary")
			}
			if s.recipe == "publish.yml" {
				picture(j, summary)
			}
		})
	}
}

// act runs an example as the repository's publish.yml and returns its log and the job summary.
func (j *job) act(recipe string, code int) (log, summary string) {
	j.Helper()
	text, err := os.ReadFile(filepath.Join("../../../examples", recipe))
	j.must(err)
	j.write(".github/workflows/publish.yml", string(text))
	j.packageJSON["scripts"] = lab.Object{"build": "node --check index.js", "test": "node --test"}
	j.pack(".", j.name, j.version)
	j.write("index.test.js", "import test from 'node:test'\nimport assert from 'node:assert'\nimport { answer } from './index.js'\ntest('answer', () => assert.equal(answer, 42))\n")
	j.write("package-lock.json", string(lab.JSON(lab.Object{
		"name": j.name, "version": j.version, "lockfileVersion": 3, "requires": true, "packages": lab.Object{"": lab.Object{"name": j.name, "version": j.version}},
	})))
	j.do(".", "git init --quiet . && git add --all && git -c user.name=ada -c user.email=ada@acme.example commit --quiet --message 'A release' && git tag v1.0.0")
	j.run.Commit = strings.TrimSpace(j.do(".", "git rev-parse HEAD").log)
	j.trust(nil)
	// setup-node, as far as the recipe needs it: Node and its npm on the path of the steps that follow.
	path := strings.Split(j.npmPath(), ":")
	j.write("../setup-node/action.yml", "name: Node\ninputs:\n  node-version: {}\nruns:\n  using: composite\n  steps:\n    - shell: bash\n      run: |\n        echo "+path[1]+" >> \"$GITHUB_PATH\"\n        echo "+path[0]+" >> \"$GITHUB_PATH\"\n")

	act, err := here.fromGo("github.com/nektos/act@" + actNow)
	j.must(err)
	command := []string{act, "push", "--workflows", j.workspace + "/.github/workflows/publish.yml", "--eventpath", j.root + "/event.json",
		"--platform", "ubuntu-latest=-self-hosted", "--pull=false", "--no-cache-server", "--artifact-server-addr", "127.0.0.1", "--cache-server-addr", "127.0.0.1",
		"--local-repository", "actions/setup-node@v7=" + j.root + "/setup-node",
		"--local-repository", "OWNER/verify-npm-release@v1=" + here.dir + "/action"}
	env := j.variables()
	// act knows not all of a run: what it would make up, or leave out, is given to it as variables of the job.
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if name != "HOME" && name != "GITHUB_WORKSPACE" && name != "RUNNER_TEMP" {
			command = append(command, "--env", name+"="+env[name])
		}
	}
	s, err := here.run(j.workspace, map[string]string{
		"HOME": j.home, "PATH": "/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin", "DOCKER_HOST": env["DOCKER_HOST"],
	}, command...)
	j.must(err)
	j.Logf("act (exit code %d)\n%s", s.code, s.log)
	if s.code != code {
		j.Fatalf("got exit code %d from act, want %d", s.code, code)
	}
	kept, err := os.ReadFile(filepath.Join(here.dir, "summary-"+j.run.ID+".md"))
	j.must(err)
	return s.log, string(kept)
}
