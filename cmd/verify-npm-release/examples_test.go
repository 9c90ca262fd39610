package main

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"verify-npm-release/internal/actions"
	"verify-npm-release/internal/lab"
	"verify-npm-release/internal/npm"
)

// exampleStep is the "with" of our step in an example, and the rest of its file.
func exampleStep(t *testing.T, name string) (with map[string]string, text string) {
	t.Helper()
	raw, err := os.ReadFile("../../examples/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Jobs map[string]struct {
			Steps []struct {
				Uses string
				With map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	for _, j := range doc.Jobs {
		for _, s := range j.Steps {
			if strings.HasPrefix(s.Uses, "OWNER/verify-npm-release@") {
				return s.With, string(raw)
			}
		}
	}
	t.Fatal("the example does not use the action")
	return nil, ""
}

// Behind a mirror, with nothing but the mirror to be reached.
func TestExampleAirGapped(t *testing.T) {
	in, _ := exampleStep(t, "air-gapped.yml")
	in["package"] = "@acme/demo@1.0.0" // what the person who starts it types
	dir := t.TempDir()
	s := lab.NewSigstore()
	mirror := lab.NewRegistry(lab.Options{})
	defer mirror.Close()
	r := lab.NewDraft(s).Release()
	mirror.Add(r)
	front := lab.Serve(mirror, true, "npm.mirror.example")
	defer front.Close()
	for file, content := range map[string][]byte{in["trusted-root"]: s.TrustedRoot(), in["registry-keys"]: r.Keys} {
		name := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	code, log := runStep(in, lab.NewRun().Env(), npm.Options{HTTP: front.Client()})
	if code != 0 {
		t.Errorf("exit %d, log:\n%s", code, log)
	}
}

// The evidence that the release carries is verified again from the one file, as
// the step names it in its outputs.
func TestExampleReleaseEvidence(t *testing.T) {
	in, text := exampleStep(t, "release-evidence.yml")
	w := lab.NewWorld()
	defer w.Close()
	d := lab.NewDraft(w.Sigstore)
	w.Registry.Add(d.Release())
	dir := t.TempDir()
	for name, content := range map[string][]byte{"root.json": w.TUF.Root(), "package.json": []byte(`{"name":"@acme/demo","version":"1.0.0"}`)} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	in["tuf-root"] = "root.json"
	if code, log := runStep(in, d.Run.Env(), npm.Options{HTTP: w.Client()}); code != 0 {
		t.Fatalf("exit %d, log:\n%s", code, log)
	}
	output, err := os.ReadFile("output")
	if err != nil {
		t.Fatal(err)
	}
	folder := regexp.MustCompile(`(?m)^evidence-path<<.*\n(.*)$`).FindStringSubmatch(string(output))
	if folder == nil || !strings.Contains(text, `"$EVIDENCE.tar.gz"`) {
		t.Fatalf("the example uploads another file than the outputs name:\n%s", output)
	}
	var log bytes.Buffer
	getenv := func(string) string { return "" }
	if code := run([]string{"@acme/demo@1.0.0", "--offline", folder[1] + ".tar.gz"}, getenv, &log, &log); code != 0 {
		t.Errorf("offline: exit %d, log:\n%s", code, &log)
	}
}

// runStep runs the action in this process, in the working directory; its outputs
// are in the file "output".
func runStep(in, env map[string]string, o npm.Options) (int, string) {
	var log bytes.Buffer
	maps.Copy(env, map[string]string{"GITHUB_OUTPUT": "output", "GITHUB_STEP_SUMMARY": "summary.md", "RUNNER_TEMP": "."})
	getenv := func(name string) string { return env[name] }
	s := &session{getenv: getenv, console: &log, progress: &log, runner: actions.New(&log, getenv), npm: o}
	code := s.verify(context.Background(), in)
	return code, log.String()
}
