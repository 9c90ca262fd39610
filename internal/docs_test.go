package internal

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"verify-npm-release/internal/check"
	"verify-npm-release/internal/plan"
)

// action is action.yml as far as documents and code must agree with it.
type action struct {
	Inputs  yaml.Node `yaml:"inputs"`
	Outputs yaml.Node `yaml:"outputs"`
	Runs    struct {
		Steps []struct {
			Env map[string]string `yaml:"env"`
		} `yaml:"steps"`
	} `yaml:"runs"`
}

func readAction(t *testing.T) action {
	t.Helper()
	raw, err := os.ReadFile("../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	var a action
	if err := yaml.Unmarshal(raw, &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// keys are a mapping's keys in their order.
func keys(n yaml.Node) []string {
	var out []string
	for i := 0; i < len(n.Content); i += 2 {
		out = append(out, n.Content[i].Value)
	}
	return out
}

func readme(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// rows are the first cells of a README table, from the heading given.
func rows(t *testing.T, text, heading string) [][]string {
	t.Helper()
	_, section, found := strings.Cut(text, "\n## "+heading+"\n")
	if !found {
		t.Fatalf("README.md has no section %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var out [][]string
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "|--") {
			continue
		}
		line = strings.ReplaceAll(strings.Trim(strings.TrimSpace(line), "|"), `\|`, "\x00")
		var cells []string
		for _, cell := range strings.Split(line, "|") {
			cells = append(cells, strings.TrimSpace(strings.ReplaceAll(cell, "\x00", "|")))
		}
		out = append(out, cells)
	}
	return out[1:] // the table's own heading
}

func TestInputsAgreeInCodeActionAndReadme(t *testing.T) {
	a := readAction(t)
	var names []string
	table := rows(t, readme(t), "Inputs")
	env := map[string]string{}
	for _, s := range a.Runs.Steps {
		for k, v := range s.Env {
			env[k] = v
		}
	}
	for _, i := range plan.Inputs() {
		if i.FlagOnly {
			continue
		}
		names = append(names, i.Name)
		if got, want := env["INPUT_"+strings.ToUpper(i.Name)], "${{ inputs."+i.Name+" }}"; got != want {
			t.Errorf("action.yml hands on %s as %q, want %q", i.Name, got, want)
		}
		def := i.Otherwise
		if i.Default != "" {
			def = "`" + i.Default + "`"
		}
		want := []string{"`" + i.Name + "`", def, i.Usage}
		if !slices.ContainsFunc(table, func(row []string) bool { return slices.Equal(row, want) }) {
			t.Errorf("README.md has no row for the input %q", want)
		}
	}
	if got := keys(a.Inputs); !slices.Equal(got, names) {
		t.Errorf("inputs of action.yml: got %q, want %q", got, names)
	}
	if len(table) != len(names) {
		t.Errorf("README.md has %d inputs, want %d", len(table), len(names))
	}
}

func TestOutputsAgreeInActionAndReadme(t *testing.T) {
	var got []string
	for _, row := range rows(t, readme(t), "Outputs") {
		got = append(got, strings.Trim(row[0], "`"))
	}
	if want := keys(readAction(t).Outputs); !slices.Equal(got, want) {
		t.Errorf("outputs in README.md: got %q, want %q", got, want)
	}
	raw, err := os.ReadFile("../cmd/verify-npm-release/publish.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range got {
		if !strings.Contains(string(raw), `"`+name+`"`) {
			t.Errorf("nothing sets the output %q", name)
		}
	}
}

func TestChecksAgreeInCodeAndReadme(t *testing.T) {
	var got []string
	for _, row := range rows(t, readme(t), "What is checked") {
		id := regexp.MustCompile("^\\[`([a-z-]+)`\\]\\(docs/checks\\.md#([a-z-]+)\\)$").FindStringSubmatch(row[0])
		if id == nil || id[1] != id[2] {
			t.Errorf("the row %q does not link to its check", row[0])
			continue
		}
		got = append(got, id[1])
		i := slices.IndexFunc(check.All, func(c check.Check) bool { return c.ID == id[1] })
		if i < 0 {
			continue
		}
		level := string(check.All[i].Level)
		if level == "" {
			level = "off"
		}
		if row[1] != level {
			t.Errorf("level of %s: README.md says %q, the code %q", id[1], row[1], level)
		}
	}
	if want := check.IDs(); !slices.Equal(got, want) {
		t.Errorf("checks in README.md: got %q, want %q", got, want)
	}
}

// Every link of a document to a file of this repository leads somewhere.
func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:\s]+)(#[^)\s]*)?\)`)
	documents := []string{"../README.md"}
	entries, err := os.ReadDir("../docs")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".md") {
			documents = append(documents, "../docs/"+e.Name())
		}
	}
	for _, name := range documents {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		dir := name[:strings.LastIndex(name, "/")+1]
		for _, m := range link.FindAllStringSubmatch(string(raw), -1) {
			target := dir + m[1]
			content, err := os.ReadFile(target)
			if info, statErr := os.Stat(target); statErr != nil {
				t.Errorf("%s links to %s, which is not there", name, m[1])
				continue
			} else if info.IsDir() {
				continue
			}
			if err != nil {
				t.Error(err)
			}
			if m[2] != "" && !anchors(string(content))[m[2][1:]] {
				t.Errorf("%s links to %s%s, which has no such heading", name, m[1], m[2])
			}
		}
	}
}

// anchors are the ids GitHub gives to a document's headings.
func anchors(markdown string) map[string]bool {
	out := map[string]bool{}
	for line := range strings.Lines(markdown) {
		if heading := strings.TrimLeft(line, "#"); heading != line && strings.HasPrefix(heading, " ") {
			id := strings.ToLower(strings.TrimSpace(heading))
			id = regexp.MustCompile("[^a-z0-9 _-]").ReplaceAllString(id, "")
			out[strings.ReplaceAll(id, " ", "-")] = true
		}
	}
	return out
}
