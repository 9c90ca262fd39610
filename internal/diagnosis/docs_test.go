package diagnosis

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every cause has its section in docs/troubleshooting.md, with symptom,
// evidence and mend, and every section has its cause; each cause is in the file
// of its name.
func TestEveryCauseIsDocumented(t *testing.T) {
	raw, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, s := range strings.Split(string(raw), "\n## ")[1:] {
		id, body, _ := strings.Cut(s, "\n")
		sections[id] = body
	}
	var known []string
	for _, c := range All {
		if slices.Contains(known, c.ID) || !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(c.ID) {
			t.Errorf("the id %q is not unique or not an id", c.ID)
		}
		known = append(known, c.ID)
		for _, part := range []string{"**Symptom.** ", "**Evidence.** ", "**Mend.** "} {
			if !strings.Contains(sections[c.ID], part) {
				t.Errorf("docs/troubleshooting.md, section %s, has no %q", c.ID, part)
			}
		}
		if c.Sentence == "" || c.Mend == "" || c.After == nil && c.Before == nil || c.After != nil && len(c.Explains) == 0 {
			t.Errorf("the cause %s lacks something", c.ID)
		}
		file := c.ID + ".go"
		if src, err := os.ReadFile(file); err != nil || !strings.Contains(string(src), `"`+c.ID+`"`) {
			t.Errorf("the cause %s is not in %s", c.ID, file)
		}
		if strings.Contains(c.Sentence+c.Mend, "placeholder") {
			t.Errorf("the cause %s speaks of a placeholder, which keeps npm from nothing", c.ID)
		}
	}
	for id := range sections {
		if !slices.Contains(known, id) {
			t.Errorf("docs/troubleshooting.md has a section %s, which is no cause", id)
		}
	}
	for _, id := range strings.Fields(`id-token-permission npm-too-old node-too-old publisher-mismatch environment-mismatch trigger-refused
		first-publish stage-only-publisher staged still-processing token-fallback provenance-not-requested provenance-disabled
		private-repository self-hosted-runner repository-url tool-without-oidc log-conflict attestation-not-served
		token-reference token-in-file token-in-environment stored-secret secrets-inherited`) {
		if !slices.Contains(known, id) {
			t.Errorf("there is no cause %s, which reports promise", id)
		}
	}
}
