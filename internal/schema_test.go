package internal

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/report"
)

// The schema in docs describes the reports we write, and the example in docs is one.
func TestReportsFollowTheSchema(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile("../docs/report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	valid := func(name string, raw []byte) {
		t.Helper()
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err == nil {
			err = schema.Validate(doc)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	goldens, err := filepath.Glob("report/testdata/*.json")
	if err != nil || len(goldens) == 0 {
		t.Fatalf("no reports to validate: %v", err)
	}
	for _, name := range goldens {
		if filepath.Base(name) == "hostile.json" {
			continue // text that no run of ours could have put there
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		valid(name, raw)
	}
	text, err := os.ReadFile("../docs/report.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(text), "```json\n")
	example, _, _ = strings.Cut(example, "```")
	valid("docs/report.md", []byte(example))

	line := 3
	full := &report.Report{
		Schema: report.Schema, Status: report.NotVerified, Registry: "https://registry.npmjs.org", Generated: "2026-01-02T03:04:05Z",
		Problem: "p", Notes: []string{"n"},
		Packages: []report.Package{{
			Name: "a", Version: "1.0.0", PURL: "pkg:npm/a@1.0.0", Status: report.NotVerified, State: string(evidence.StateServed),
			Checks: []report.Check{{ID: "served", Title: "t", Status: report.Fail, Level: report.Required, Detail: "d", Docs: "u",
				Causes: []report.Cause{{ID: "staged", Detail: "d", Fix: "f", Snippet: "s", File: "f", Line: line, Docs: "u"}}}},
			LeftoverTokens: []report.Leftover{{ID: "token-reference", Name: "NPM_TOKEN", File: "f", Line: line}},
		}},
	}
	var out bytes.Buffer
	if err := report.WriteJSON(&out, full); err != nil {
		t.Fatal(err)
	}
	valid("a report with everything", out.Bytes())
	for _, wrong := range []string{`"status": "not-verified"`, `"level": "required"`, `"schema": 1`, `"line": 3`} {
		spoilt := strings.Replace(out.String(), wrong, wrong[:strings.Index(wrong, ":")]+`: "x"`, 1)
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(spoilt))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(doc) == nil {
			t.Errorf("the schema accepts a report whose %s is another", wrong)
		}
	}
}

// Every state is in the schema and in the words of the report's document.
func TestStatesAreDocumented(t *testing.T) {
	schema, err := os.ReadFile("../docs/report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../docs/report.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []evidence.State{
		evidence.StateServed, evidence.StateProcessing, evidence.StateStaged, evidence.StateAttestationsPending,
		evidence.StatePartlyServed, evidence.StateNoProvenance, evidence.StateRefused, evidence.StateUnreachable,
		evidence.StateNoTrust, evidence.StateInterrupted, evidence.StateSaved,
	} {
		if !bytes.Contains(schema, []byte(`"`+s+`"`)) || !bytes.Contains(text, []byte("`"+s+"`")) {
			t.Errorf("the state %q is not documented", s)
		}
	}
}
