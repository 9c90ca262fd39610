package check

import (
	"fmt"
	"strings"
	"testing"

	"verify-npm-release/internal/diagnosis"
	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/github"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
	"verify-npm-release/internal/workflow"
)

// TestWords: what a list of nothing, of one and of too many reads like.
func TestWords(t *testing.T) {
	t.Parallel()
	at := workflow.Pos{File: ".npmrc", Line: 3}
	for _, tt := range []struct{ got, want string }{
		{strings.Join(places([]diagnosis.Finding{{ID: "npmrc"}, {ID: "secret", Name: "NPM_TOKEN"}, {ID: "npmrc", Pos: at}}), "|"),
			"npmrc|NPM_TOKEN (secret)|npmrc at " + at.String()},
		{signals(&diagnosis.Leftovers{}, diagnosis.Clean), ""},
		{signals(&diagnosis.Leftovers{Signals: []diagnosis.Signal{
			{Name: "a", State: diagnosis.Clean}, {Name: "b", State: diagnosis.Left}, {Name: "c", State: diagnosis.Clean, Why: "why"},
		}}, diagnosis.Clean), "; clean: a, c (why)"},
		{mismatch("ref", "", "x"), `ref: got none, want "x"`},
		{mismatch("ref", "y", "x"), `ref: got "y", want "x"`},
		{others(Input{&evidence.Evidence{}, &plan.Plan{}}), ""},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

// TestManyLeftovers: a hundred are listed, and more are said to be there.
func TestManyLeftovers(t *testing.T) {
	t.Parallel()
	for n, more := range map[int]bool{1: false, 100: false, 101: true} {
		var secrets []string
		for i := range n {
			secrets = append(secrets, fmt.Sprintf("NPM_TOKEN_%d", i))
		}
		e := &evidence.Evidence{Run: &evidence.RunFacts{
			Stores: evidence.Source{Consulted: true}, Secrets: []github.Store{{Kind: github.RepositorySecrets, Names: secrets}},
		}}
		r := leftoverToken(Input{e, &plan.Plan{CheckNPMToken: true}})
		if r.Status != report.Fail || !strings.Contains(r.Detail, fmt.Sprintf("found %d", n)) ||
			strings.Contains(r.Detail, "and more") != more || strings.Contains(r.Detail, "may stay") {
			t.Errorf("%d secrets: got %s: %.200s", n, r.Status, r.Detail)
		}
	}
}

// TestAPublishThatFailedIsNotWaitedFor: where npm's log says so, the report does not speak of npm's scan.
func TestAPublishThatFailedIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	for exit, want := range map[int]string{-1: "npm may still be scanning", 0: "npm may still be scanning", 1: "its publish failed"} {
		e := proved()
		e.State, e.Manifest = evidence.StateProcessing, nil
		e.Run = &evidence.RunFacts{Logs: []*workflow.Log{{Exit: exit, Releases: []*workflow.LogRelease{{Name: e.Release.Spec.Name, Version: e.Release.Spec.Version}}}}}
		in := Input{e, &plan.Plan{Run: &plan.Run{Repository: "acme/demo"}, Expect: plan.Expectation{Mode: plan.ThisRun}}}
		if _, problem := unfinished(in); !strings.Contains(problem, want) {
			t.Errorf("npm ended with %d: got %q, want %q", exit, problem, want)
		}
	}
}
