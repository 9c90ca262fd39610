//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"verify-npm-release/internal/lab"
	"verify-npm-release/internal/report"
)

// job is one job of a workflow run, with a package of its own in the world. A story changes the fields before it publishes.
type job struct {
	*testing.T
	name, version string
	run           lab.Run
	npm           string            // version of npm
	idToken       bool              // id-token: write
	env           map[string]string // more variables of the job
	packageJSON   lab.Object        // more fields; nil removes one
	folder        string            // of the package within the repository
	said          string            // by the last command

	root, workspace, home, temp string
}

var runs atomic.Int64

// newJob is the job of a good release: acme/SLUG pushed tag v1.0.0 and publishes @acme/SLUG, which exists and trusts it.
func newJob(t *testing.T) *job {
	t.Helper()
	slug := strings.ToLower(strings.NewReplacer("_", "-", ",", "", "'", "", ":", "", ".", "").Replace(filepath.Base(t.Name())))
	r := lab.NewRun()
	r.Repository, r.Workflow, r.WorkflowName = "acme/"+slug, ".github/workflows/publish.yml", "Publish"
	r.ID = fmt.Sprint(17686742434 + runs.Add(1))
	j := &job{
		T: t, name: "@acme/" + slug, version: "1.0.0", run: r, npm: npmNow, idToken: true, env: map[string]string{},
		packageJSON: lab.Object{}, folder: ".", root: filepath.Join(here.dir, "jobs", slug),
	}
	j.workspace, j.home, j.temp = j.root+"/workspace", j.root+"/home", j.root+"/temp"
	j.must(os.MkdirAll(j.home, 0o755), os.MkdirAll(j.temp, 0o755))
	j.write(".github/workflows/publish.yml", workflow)
	here.world.Create(j.name)
	return j
}

// workflow is the file that a failure may point into.
const workflow = `name: Publish
on:
  push:
    tags: ["v*"]
permissions: {}
jobs:
  publish:
    runs-on: ubuntu-latest
    permissions:
      contents: read
      id-token: write
    steps:
      - uses: actions/checkout@v6
      - uses: actions/setup-node@v6
        with:
          node-version: 24
          registry-url: https://registry.npmjs.org
      - run: npm publish --provenance --access public
`

func (j *job) must(errs ...error) {
	j.Helper()
	for _, err := range errs {
		if err != nil {
			j.Fatal(err)
		}
	}
}

// write puts a file into the repository.
func (j *job) write(name, content string) {
	j.Helper()
	path := filepath.Join(j.workspace, name)
	j.must(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644))
}

// trust adds the trusted publisher that fits the run, after an edit.
func (j *job) trust(edit func(*lab.Publisher)) {
	p := lab.Publisher{Repository: j.run.Repository, Workflow: "publish.yml", Environment: j.run.Environment, Actions: lab.AllActions()}
	if edit != nil {
		edit(&p)
	}
	here.world.Trust(j.name, p)
}

// pack writes a package into a folder of the repository.
func (j *job) pack(folder, name, version string) {
	o := lab.Object{
		"name": name, "version": version, "type": "module", "main": "index.js", "license": "MIT",
		"repository": lab.Object{"type": "git", "url": "git+https://github.com/" + j.run.Repository + ".git"},
	}
	for key, value := range j.packageJSON {
		o[key] = value
		if value == nil {
			delete(o, key)
		}
	}
	j.write(filepath.Join(folder, "package.json"), string(lab.JSON(o)))
	j.write(filepath.Join(folder, "index.js"), "export const answer = 42\n")
}

// variables are what the runner gives to every step.
func (j *job) variables() map[string]string {
	env := j.run.Env()
	maps.Copy(env, map[string]string{
		"HOME": j.home, "GITHUB_WORKSPACE": j.workspace, "RUNNER_TEMP": j.temp, "RUNNER_OS": "Linux", "RUNNER_ARCH": "X64",
		"DOCKER_HOST":         "unix://" + dockerSocket(),
		"NODE_EXTRA_CA_CERTS": here.dir + "/ca.pem", "SSL_CERT_FILE": here.dir + "/ca.pem",
		"VERIFY_NPM_RELEASE_NETWORK": "container:" + here.gate,
	})
	event := lab.Object{"ref": j.run.Ref, "after": j.run.Commit, "deleted": false, "repository": lab.Object{
		"full_name": j.run.Repository, "private": j.run.Visibility != "public", "visibility": j.run.Visibility, "default_branch": "main",
	}}
	j.write("../event.json", string(lab.JSON(event)))
	env["GITHUB_EVENT_PATH"] = j.root + "/event.json"
	if j.idToken {
		maps.Copy(env, here.world.Start(j.run))
	}
	maps.Copy(env, j.env)
	return env
}

// npmPath is a PATH with the job's npm and its Node.
func (j *job) npmPath() string {
	node, err := here.node()
	j.must(err)
	npm, err := here.npm(j.npm)
	j.must(err)
	return npm + ":" + node + ":/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin"
}

// do runs a command line in a folder of the repository.
func (j *job) do(folder, command string) *step {
	j.Helper()
	env := j.variables()
	env["PATH"] = j.npmPath()
	s, err := here.run(filepath.Join(j.workspace, folder), env, "bash", "-c", command)
	j.must(err)
	j.said = s.log
	j.Logf("$ %s (exit code %d)\n%s", command, s.code, s.log)
	return s
}

// publish packs the package and runs npm on it. It must end with the code, having said the text.
func (j *job) publish(command string, code int, says string) {
	j.Helper()
	if _, err := os.Stat(filepath.Join(j.workspace, j.folder, "package.json")); err != nil {
		j.pack(j.folder, j.name, j.version)
	}
	s := j.do(j.folder, command)
	if s.code != code || !strings.Contains(s.log, says) {
		j.Fatalf("got exit code %d from %s, want %d and %q", s.code, command, code, says)
	}
}

// usual is how the recipe publishes.
const usual = "npm publish --provenance --access public"

// verdict is what our action made of the release.
type verdict struct {
	*job
	step
	report  report.Report
	outputs map[string]string
	summary string
}

// verify runs the action's script with inputs given as name, value, name, value.
func (j *job) verify(inputs ...string) *verdict {
	j.Helper()
	env := j.variables()
	maps.Copy(env, map[string]string{
		"PATH": j.npmPath(), "GITHUB_ACTION_PATH": here.dir + "/action", "VERIFY_NPM_RELEASE_IMAGE": here.image,
		"INPUT_TUF-ROOT": here.dir + "/root.json", "INPUT_POLL-INTERVAL": "1s", "INPUT_TIMEOUT": "60s", "INPUT_WORKING-DIRECTORY": j.folder,
		"VERIFY_NPM_RELEASE_RUN_WITH": "docker",
	})
	dir, err := os.MkdirTemp(j.temp, "step-")
	j.must(err)
	for _, name := range []string{"GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"} {
		env[name] = filepath.Join(dir, name)
		j.must(os.WriteFile(env[name], nil, 0o666))
	}
	for i := 0; i < len(inputs); i += 2 {
		if name, ok := strings.CutPrefix(inputs[i], "$"); ok { // a variable of the step, not an input
			env[name] = inputs[i+1]
			continue
		}
		env["INPUT_"+strings.ToUpper(inputs[i])] = inputs[i+1]
	}
	s, err := here.run(j.workspace, env, "bash", here.dir+"/action/action/run.sh")
	j.must(err)
	j.Logf("verify-npm-release %q (exit code %d)\n%s", inputs, s.code, s.log)
	v := &verdict{job: j, step: *s, outputs: map[string]string{}}
	text, err := os.ReadFile(env["GITHUB_OUTPUT"])
	j.must(err)
	v.outputs = outputs(string(text))
	summary, err := os.ReadFile(env["GITHUB_STEP_SUMMARY"])
	j.must(err)
	v.summary = string(summary)
	if path := v.outputs["report-path"]; path != "" {
		raw, err := os.ReadFile(path)
		j.must(err, json.Unmarshal(raw, &v.report))
	}
	return v
}

// outputs reads a step's output file: NAME<<DELIMITER, lines, DELIMITER.
func outputs(text string) map[string]string {
	out := map[string]string{}
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		name, delimiter, ok := strings.Cut(lines[i], "<<")
		if !ok {
			continue
		}
		end := slices.Index(lines[i+1:], delimiter)
		out[name] = strings.Join(lines[i+1:i+1+end], "\n")
		i += end + 1
	}
	return out
}

// ends checks exit code and status.
func (v *verdict) ends(code int, status report.Status) *verdict {
	v.Helper()
	if v.code != code || v.report.Status != status || v.outputs["status"] != string(status) {
		v.Errorf("got exit code %d, status %q and output %q, want %d and %q", v.code, v.report.Status, v.outputs["status"], code, status)
	}
	return v
}

// verified checks that all is well, and that the outputs say so.
func (v *verdict) verified() *verdict {
	v.Helper()
	v.ends(0, "verified")
	if got := v.outputs["verified"]; got != "true" {
		v.Errorf("got output verified %q, want true", got)
	}
	return v
}

// failing checks that exactly these required checks did not pass, of every package together.
func (v *verdict) failing(want ...string) *verdict {
	v.Helper()
	return v.spoilt("required", want)
}

// warning checks that exactly these advisory checks did not pass.
func (v *verdict) warning(want ...string) *verdict {
	v.Helper()
	return v.spoilt("advisory", want)
}

func (v *verdict) spoilt(level report.Level, want []string) *verdict {
	v.Helper()
	var got []string
	for _, p := range v.report.Packages {
		for _, c := range p.Checks {
			if c.Level == level && c.Status != "pass" && c.Status != "skip" && !slices.Contains(got, c.ID) {
				got = append(got, c.ID)
			}
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		v.Errorf("got %s checks %q that did not pass, want %q", level, got, want)
	}
	return v
}

// because checks that a check names a cause, and gives a mend for it.
func (v *verdict) because(check, cause string) *verdict {
	v.Helper()
	var got []string
	for _, p := range v.report.Packages {
		for _, c := range p.Checks {
			for _, named := range c.Causes {
				got = append(got, c.ID+": "+named.ID)
				if c.ID == check && named.ID == cause {
					if named.Fix == "" {
						v.Errorf("cause %s has no mend", cause)
					}
					return v
				}
			}
		}
	}
	v.Errorf("got causes %q, want %s: %s", got, check, cause)
	return v
}
