// Package action tests the script that runs the program for action.yml.
package action

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// told is what testdata/probe, standing where the program would be, could see and do.
type told struct {
	Env     map[string]string
	Dir     string
	UID     int
	Status  map[string]string
	Can     map[string]bool
	Tarball []string
	Roots   bool
}

// job is a runner's step: an action with the probe in it, a workspace and the runner's folders.
type job struct {
	t                                     *testing.T
	action, workspace, temp, home, output string
}

func newJob(t *testing.T) *job {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("bash is not on the path of a Windows machine by rule; the workflow runs the action there")
	}
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	j := &job{t: t, action: root + "/action", workspace: root + "/a workspace", temp: root + "/temp", home: root + "/home", output: root + "/output"}
	j.write(j.action+"/go.mod", "module verify-npm-release\n\ngo 1.26\n")
	j.write(j.action+"/go.sum", "")
	j.write(j.action+"/internal/x/x.go", "package x\n")
	for from, to := range map[string]string{
		"../action.yml": "action.yml", "../Dockerfile": "Dockerfile", "../.dockerignore": ".dockerignore",
		"run.sh": "action/run.sh", "testdata/probe/main.go": "cmd/verify-npm-release/main.go",
	} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		j.write(j.action+"/"+to, string(text))
	}
	j.write(j.workspace+"/package.json", "{}")
	j.write(j.workspace+"/.git/config", "token")
	j.write(j.home+"/.npm/_logs/1-debug-0.log", "")
	j.write(j.temp+"/other", "")
	j.write(j.output, "")
	return j
}

func (j *job) write(path, text string) {
	j.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		j.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		j.t.Fatal(err)
	}
}

// run runs the script with the variables of env, and returns its exit code, its log and what the probe told, if it ran.
func (j *job) run(env ...string) (int, string, *told) {
	j.t.Helper()
	cmd := exec.Command("bash", j.action+"/action/run.sh")
	cmd.Dir = j.workspace
	cmd.Env = []string{"GITHUB_ACTIONS=true", "GITHUB_ACTION_PATH=" + j.action, "GITHUB_WORKSPACE=" + j.workspace, "RUNNER_TEMP=" + j.temp,
		"GITHUB_OUTPUT=" + j.output, "HOME=" + j.home, "npm_config_cache=" + j.home + "/.npm"}
	for _, name := range []string{"PATH", "DOCKER_HOST", "VERIFY_NPM_RELEASE_NETWORK", "SSL_CERT_FILE"} {
		if value, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			j.t.Fatal(err)
		}
		cmd.Env = append(cmd.Env, name+"="+strings.TrimSpace(string(value)))
	}
	cmd.Env = append(cmd.Env, env...)
	log, _ := cmd.CombinedOutput()
	files, _ := filepath.Glob(j.temp + "/verify-npm-release.*/told.json")
	if len(files) == 0 {
		return cmd.ProcessState.ExitCode(), string(log), nil
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		j.t.Fatal(err)
	}
	if err := os.Remove(files[0]); err != nil {
		j.t.Fatal(err)
	}
	answer := new(told)
	if err := json.Unmarshal(text, answer); err != nil {
		j.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(log), answer
}

// ways returns how the script can run here: Go always, Docker where there is an engine.
func ways() []string {
	if err := exec.Command("docker", "version").Run(); err != nil || runtime.GOOS != "linux" {
		return []string{"go"}
	}
	return []string{"go", "docker"}
}

func TestOnlyNamesOfCredentialsReachTheProgram(t *testing.T) {
	t.Parallel()
	for _, way := range ways() {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			j := newJob(t)
			j.write(j.home+"/.npmrc", "registry=https://registry.npmjs.org\n//registry.npmjs.org/:_authToken = canary\n"+
				"//a.example/:_authToken=${NODE_AUTH_TOKEN}\n; _auth=canary\n//b.example/:_password=\"canary\"\n")
			code, log, got := j.run("VERIFY_NPM_RELEASE_RUN_WITH="+way,
				"NPM_TOKEN=canary", "npm_config_//registry.npmjs.org/:_authToken=canary", "NPM_CONFIG__AUTH=canary", "YARN_NPM_AUTH_IDENT=canary",
				"ACME_NPM_TOKEN=canary", "HIDDEN=npm_"+strings.Repeat("c", 36), // named by its value
				"NODE_AUTH_TOKEN=XXXXX-XXXXX-XXXXX-XXXXX", "NPM_AUTH_TOKEN=${NPM_TOKEN}", "NPM_PUBLISH_TOKEN=", "NPM_ACCESS_TOKEN=$NPM_TOKEN",
				"NPM_ID_TOKEN=canary", "NPM_CONFIG_ALWAYS_AUTH=canary", "NPM_AUTH_TYPE=canary", "PACKAGES_NPM_TOKEN=ghs_canary", "OTHER=canary\nNPM_SECRET_KEY=canary",
				"ACTIONS_ID_TOKEN_REQUEST_URL=canary", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=canary", "GITHUB_TOKEN=canary", "INPUT_NOT-OURS=canary",
				"INPUT_SECRETS-TOKEN=given on purpose", "GITHUB_SHA=abc")
			if code != 0 || got == nil {
				t.Fatalf("exit %d, log:\n%s", code, log)
			}
			for name, value := range got.Env {
				if strings.Contains(value, "canary") || strings.Contains(value, "cccc") {
					t.Errorf("%s reached the program with the value %q", name, value)
				}
			}
			for name, want := range map[string]string{
				"VERIFY_NPM_RELEASE_CREDENTIAL_NAMES": "ACME_NPM_TOKEN HIDDEN NPM_CONFIG__AUTH NPM_TOKEN YARN_NPM_AUTH_IDENT npm_config_//registry.npmjs.org/:_authToken",
				"VERIFY_NPM_RELEASE_CREDENTIAL_FILES": j.home + "/.npmrc:2\n" + j.home + "/.npmrc:5",
				"VERIFY_NPM_RELEASE_ID_TOKEN":         "true",
				"INPUT_SECRETS-TOKEN":                 "given on purpose",
				"GITHUB_SHA":                          "abc",
				"npm_config_cache":                    j.home + "/.npm",
			} {
				value := got.Env[name]
				if name == "VERIFY_NPM_RELEASE_CREDENTIAL_NAMES" { // their order is the locale's
					names := strings.Fields(value)
					slices.Sort(names)
					value = strings.Join(names, " ")
				}
				if value != want {
					t.Errorf("%s: got %q, want %q", name, value, want)
				}
			}
			if strings.Contains(log, "canary") {
				t.Errorf("the log shows a value:\n%s", log)
			}
		})
	}
}

func TestExitCodeAndOutputsAreTheProgramsOwn(t *testing.T) {
	t.Parallel()
	for _, way := range ways() {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			j := newJob(t)
			for want := range 4 {
				// The probe exits with the length of the input.
				code, log, got := j.run("VERIFY_NPM_RELEASE_RUN_WITH="+way, "INPUT_PACKAGE="+strings.Repeat("x", want))
				if code != want || got == nil {
					t.Fatalf("got exit %d, want %d, log:\n%s", code, want, log)
				}
			}
			if text, _ := os.ReadFile(j.output); string(text) != strings.Repeat("status=told\n", 4) {
				t.Errorf("outputs: got %q", text)
			}
		})
	}
}

func TestTheContainerSeesAndWritesOnlyWhatItNeeds(t *testing.T) {
	t.Parallel()
	if !slices.Contains(ways(), "docker") {
		t.Skip("there is no Docker engine here")
	}
	j := newJob(t)
	j.write(j.temp+"/out, 1/p-1.0.0.tgz", "")
	j.write(j.temp+"/out, 1/notes", "")
	deeds := map[string]bool{
		"read:package.json":                            true,
		"read:.git/config":                             false,
		"read:" + j.home + "/.npm/_logs/1-debug-0.log": true,
		"read:" + j.home + "/.npmrc":                   false,
		"read:" + j.temp + "/other":                    false,
		"read:/var/run/docker.sock":                    false,
		"write:package.json":                           false,
		"write:new":                                    false,
		"write:/new":                                   false,
		"write:" + j.home + "/.npm/_logs/new":          false,
		"write:evidence/deep/new":                      true,
		"write:evidence/new":                           false,
	}
	j.write(j.home+"/.npmrc", "")
	var asked []string
	for deed := range deeds {
		asked = append(asked, deed)
	}
	code, log, got := j.run("VERIFY_NPM_RELEASE_RUN_WITH=docker", "INPUT_ALLOW-SECRETS="+strings.Join(asked, " "),
		"INPUT_EVIDENCE=evidence/deep", "INPUT_TARBALL="+j.temp+"/out, 1/*.tgz")
	if code != 0 || got == nil {
		t.Fatalf("exit %d, log:\n%s", code, log)
	}
	for deed, want := range deeds {
		if got.Can[deed] != want {
			t.Errorf("%s: got %t, want %t", deed, got.Can[deed], want)
		}
	}
	if want := []string{j.temp + "/out, 1/p-1.0.0.tgz"}; !slices.Equal(got.Tarball, want) {
		t.Errorf("tarball: got %q, want %q", got.Tarball, want)
	}
	for name, want := range map[string]string{"CapEff": "0000000000000000", "CapBnd": "0000000000000000", "NoNewPrivs": "1"} {
		if got.Status[name] != want {
			t.Errorf("%s: got %q, want %q", name, got.Status[name], want)
		}
	}
	if got.Dir != j.workspace || got.UID != os.Getuid() || !got.Roots {
		t.Errorf("got folder %q, user %d, certificates %t; want %q, %d, true", got.Dir, got.UID, got.Roots, j.workspace, os.Getuid())
	}
}

func TestEvidenceIsAFolderOfItsOwn(t *testing.T) {
	t.Parallel()
	if !slices.Contains(ways(), "docker") {
		t.Skip("there is no Docker engine here")
	}
	j := newJob(t)
	if err := os.Symlink(j.home, j.workspace+"/link"); err != nil {
		t.Fatal(err)
	}
	for _, evidence := range []string{".", "..", "/", j.workspace, j.workspace + "/.", "link", "link/evidence", "package.json"} {
		code, log, got := j.run("VERIFY_NPM_RELEASE_RUN_WITH=docker", "INPUT_EVIDENCE="+evidence)
		if code != 2 || got != nil || !strings.Contains(log, "::error title=verify-npm-release could not start::evidence: ") {
			t.Errorf("%s: got exit %d, started %t, log:\n%s", evidence, code, got != nil, log)
		}
	}
}

func TestWithoutDockerTheGoToolchainRunsIt(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	for name, env := range map[string]string{
		"no daemon":              "DOCKER_HOST=unix:///nonexistent.sock",
		"image cannot be pulled": "VERIFY_NPM_RELEASE_IMAGE=localhost:1/none@sha256:" + strings.Repeat("0", 64),
	} {
		if code, log, got := j.run(env); code != 0 || got == nil {
			t.Errorf("%s: exit %d, log:\n%s", name, code, log)
		}
	}
}

func TestARunnerThatCannotRunItIsToldWhichCan(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	bin := t.TempDir() // everything the script needs but docker, go and npm
	for _, name := range []string{"bash", "mktemp", "sed", "tr", "awk", "sort", "printenv", "uname", "rm", "env"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, bin+"/"+name); err != nil {
			t.Fatal(err)
		}
	}
	code, log, got := j.run("PATH=" + bin)
	if want := "ubuntu-slim"; code != 2 || got != nil || !strings.Contains(log, want) {
		t.Errorf("got exit %d, log %q, want exit 2 and %q", code, log, want)
	}
	if code, log, _ := j.run("VERIFY_NPM_RELEASE_RUN_WITH=luck"); code != 2 {
		t.Errorf("a way that does not exist: got exit %d, log %q, want 2", code, log)
	}
}

func TestEveryInputReachesTheProgram(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	text, err := os.ReadFile("../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	var env []string
	want := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, _, ok := strings.Cut(strings.TrimSpace(line), ": ${{ inputs."); ok {
			want[name] = fmt.Sprintf("%s, with 'quotes', $dollars and\nlines", name)
			env = append(env, name+"="+want[name])
		}
	}
	delete(want, "INPUT_PACKAGE") // the probe's exit code
	if len(want) < 28 {
		t.Fatalf("found %d inputs in action.yml", len(want))
	}
	_, log, got := j.run(append(env, "VERIFY_NPM_RELEASE_RUN_WITH=go")...)
	if got == nil {
		t.Fatalf("did not run, log:\n%s", log)
	}
	for name, value := range want {
		if got.Env[name] != value {
			t.Errorf("%s: got %q, want %q", name, got.Env[name], value)
		}
	}
}
