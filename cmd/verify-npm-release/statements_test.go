package main

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"verify-npm-release/internal/actions"
	"verify-npm-release/internal/lab"
	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/sigstore"
)

// The whole way: a release on the public registry, its badge, and its summary
// signed in the name of the run that verified it.
func TestSignedSummary(t *testing.T) {
	t.Parallel()
	w := lab.NewWorld()
	defer w.Close()
	d := lab.NewDraft(w.Sigstore)
	d.Trust = lab.TrustTrustedPublisher
	w.Registry.Add(d.Release())
	dir := t.TempDir()
	root := filepath.Join(dir, "root.json")
	if err := os.WriteFile(root, w.TUF.Root(), 0o600); err != nil {
		t.Fatal(err)
	}
	env := d.Run.Env()
	maps.Copy(env, w.Start(d.Run))
	env["GITHUB_OUTPUT"], env["RUNNER_TEMP"] = filepath.Join(dir, "output"), dir
	token := env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]
	getenv := func(name string) string { return env[name] }
	var log bytes.Buffer
	verify := func(in map[string]string) int {
		log.Reset()
		s := &session{getenv: getenv, console: &log, progress: &log, runner: actions.New(&log, getenv), npm: npm.Options{HTTP: w.Client()}}
		maps.Copy(in, map[string]string{
			"package": "@acme/demo@1.0.0", "tuf-root": root, "working-directory": dir, "evidence": filepath.Join(dir, "evidence"),
			"badge": filepath.Join(dir, "badge.svg"), "vsa": filepath.Join(dir, "vsa.json"), "sign": "true", "summary": "false",
		})
		return s.verify(context.Background(), in)
	}
	if code := verify(map[string]string{}); code != 0 {
		t.Fatalf("exit %d, log:\n%s", code, &log)
	}
	v, err := sigstore.NewVerifier(w.Sigstore.TrustedRoot())
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := os.ReadFile(filepath.Join(dir, "vsa.json"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := v.Keyless(bundle)
	if err != nil {
		t.Fatal(err)
	}
	if got.Certificate.RunInvocationURI != d.Run.URL() || got.Statement.PredicateType != "https://slsa.dev/verification_summary/v1" {
		t.Errorf("got a %s by %s, want a summary by %s", got.Statement.PredicateType, got.Certificate.RunInvocationURI, d.Run.URL())
	}
	if s := got.Statement.Subjects; len(s) != 1 || s[0].Name != "pkg:npm/%40acme/demo@1.0.0" || len(s[0].Digest["sha512"]) != 128 {
		t.Errorf("got subjects %v", s)
	}
	var predicate struct {
		Result string `json:"verificationResult"`
		Inputs []struct {
			URI    string
			Digest map[string]string
		} `json:"inputAttestations"`
	}
	if err := json.Unmarshal(got.Statement.Predicate, &predicate); err != nil {
		t.Fatal(err)
	}
	var saved struct {
		Packages []struct{ Evidence map[string]string }
	}
	raw, err := os.ReadFile(filepath.Join(dir, "evidence", "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &saved); err != nil {
		t.Fatal(err)
	}
	want := saved.Packages[0].Evidence["attestations.json"]
	if len(predicate.Inputs) != 1 || "sha256:"+predicate.Inputs[0].Digest["sha256"] != want || predicate.Result != "PASSED" {
		t.Errorf("got %+v, want the attestations %s", predicate, want)
	}
	if badge, err := os.ReadFile(filepath.Join(dir, "badge.svg")); err != nil || !strings.Contains(string(badge), "trusted publisher: provenance verified") {
		t.Errorf("badge: got %q, %v", badge, err)
	}
	output, err := os.ReadFile(filepath.Join(dir, "output"))
	if err != nil {
		t.Fatal(err)
	}

	// A signature that cannot be had is no reason to leave an unsigned summary there, and not to be overlooked.
	w.Issuer.Break(403)
	if code := verify(map[string]string{}); code != 3 || !strings.Contains(log.String(), "sign the verification summary") {
		t.Errorf("exit %d, log:\n%s", code, &log)
	}
	if _, err := os.Lstat(filepath.Join(dir, "vsa.json")); !os.IsNotExist(err) {
		t.Errorf("the summary: got %v, want it gone", err)
	}
	for _, text := range []string{log.String(), string(output), string(raw)} {
		if strings.Contains(text, token) {
			t.Error("the credential was printed")
		}
	}
}
