package internal

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"verify-npm-release/internal/check"
	"verify-npm-release/internal/diagnosis"
	"verify-npm-release/internal/lab"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/workflow"
)

// examples lists examples/*.yml, each with what its expressions may give and
// the releases that then are verified.
var examples = []struct {
	file   string
	values map[string]string // by expression, without ${{ }}
	want   string
}{
	{"publish.yml", nil, "@acme/demo@1.0.0"},
	{"verify-job.yml", nil, "@acme/demo@1.0.0"},
	{"subdirectory.yml", nil, "@acme/core@2.0.0"},
	{"changesets.yml", map[string]string{"needs.release.outputs.packages": `[{"name":"@acme/core","version":"2.0.0"},{"name":"@acme/demo","version":"1.0.0"}]`},
		"@acme/core@2.0.0 @acme/demo@1.0.0"},
	{"pnpm-workspaces.yml", nil, "@acme/core@2.0.0"},
	{"semantic-release.yml", map[string]string{"needs.release.outputs.released": "@acme/demo@v1.0.0"}, "@acme/demo@1.0.0"},
	{"release-it.yml", nil, "@acme/demo@1.0.0"},
	{"staged.yml", map[string]string{"inputs.run": "https://github.com/acme/demo/actions/runs/17686742434"}, "@acme/demo@1.0.0"},
	{"scheduled.yml", nil, "your-package@"},
	{"check-npm-token.yml", map[string]string{"secrets.NPM_TOKEN != ''": "false", "steps.app.outputs.token": "ghs_x"}, "@acme/demo@1.0.0"},
	{"release-evidence.yml", nil, "@acme/demo@1.0.0"},
	{"air-gapped.yml", map[string]string{"inputs.package": "@acme/demo@1.0.0"}, "@acme/demo@1.0.0"},
}

// job is a job of a workflow as far as the examples are looked at.
type job struct {
	Permissions *yaml.Node        `yaml:"permissions"`
	Outputs     map[string]string `yaml:"outputs"`
	Steps       []struct {
		ID   string            `yaml:"id"`
		Uses string            `yaml:"uses"`
		Run  string            `yaml:"run"`
		With map[string]string `yaml:"with"`
	} `yaml:"steps"`
}

func readExample(t *testing.T, name string) (text string, jobs map[string]job) {
	t.Helper()
	raw, err := os.ReadFile("../examples/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Permissions map[string]string `yaml:"permissions"`
		Jobs        map[string]job    `yaml:"jobs"`
	}
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Permissions == nil || len(doc.Permissions) > 0 {
		t.Errorf("permissions of the workflow: got %v, want {}", doc.Permissions)
	}
	return string(raw), doc.Jobs
}

const ours = "OWNER/verify-npm-release@"

func TestEveryExampleIsListed(t *testing.T) {
	files, err := filepath.Glob("../examples/*")
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, f := range files {
		got = append(got, filepath.Base(f))
	}
	for _, e := range examples {
		want = append(want, e.file)
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestExamplesUseOnlyWhatExists(t *testing.T) {
	a := readAction(t)
	inputs, outputs := keys(a.Inputs), keys(a.Outputs)
	reference := regexp.MustCompile(`(steps|needs)\.([a-z-]+)\.outputs\.([A-Za-z-]+)`)
	for _, e := range examples {
		t.Run(e.file, func(t *testing.T) {
			text, jobs := readExample(t, e.file)
			steps, mine := map[string]bool{}, 0
			for name, j := range jobs {
				if j.Permissions == nil {
					t.Errorf("job %s has no permissions of its own", name)
				}
				for _, s := range j.Steps {
					steps[s.ID] = strings.HasPrefix(s.Uses, ours)
					// What an expression gives becomes part of the script; through env it stays a value.
					if strings.Contains(s.Run, "${{") {
						t.Errorf("an expression stands in a script: %s", s.Run)
					}
					if !strings.HasPrefix(s.Uses, ours) {
						continue
					}
					mine++
					for input := range s.With {
						if !slices.Contains(inputs, input) {
							t.Errorf("there is no input %q", input)
						}
					}
				}
			}
			if mine == 0 {
				t.Error("the example does not use the action")
			}
			for _, m := range reference.FindAllStringSubmatch(text, -1) {
				isOurs, isStep := steps[m[2]]
				switch {
				case m[1] == "steps" && !isStep:
					t.Errorf("%s: there is no such step", m[0])
				case m[1] == "steps" && isOurs && !slices.Contains(outputs, m[3]):
					t.Errorf("%s: there is no such output", m[0])
				case m[1] == "needs" && jobs[m[2]].Outputs[m[3]] == "":
					t.Errorf("%s: the job has no such output", m[0])
				}
			}
		})
	}
}

// repository is a checkout in which every example can run.
func repository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"package.json":               `{"name":"@acme/demo","version":"1.0.0","repository":"github:acme/demo"}`,
		"packages/core/package.json": `{"name":"@acme/core","version":"2.0.0","repository":{"url":"git+https://github.com/acme/demo.git","directory":"packages/core"}}`,
		"pnpm-publish-summary.json":  `{"publishedPackages":[{"name":"@acme/core","version":"2.0.0"}]}`,
		"trust/trusted_root.json":    "{}",
		"trust/keys.json":            "{}",
		"pnpm-workspace.yaml":        "packages:\n  - packages/*\n",
	} {
		write(t, filepath.Join(dir, name), text)
	}
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestExamplesMakeAPlan(t *testing.T) {
	expression := regexp.MustCompile(`\$\{\{ *(.*?) *\}\}`)
	for _, e := range examples {
		t.Run(e.file, func(t *testing.T) {
			_, jobs := readExample(t, e.file)
			dir := repository(t)
			env := lab.NewRun().Env()
			env["GITHUB_WORKSPACE"] = dir
			t.Chdir(dir)
			for _, j := range jobs {
				for _, s := range j.Steps {
					if !strings.HasPrefix(s.Uses, ours) {
						continue
					}
					in := map[string]string{}
					for name, value := range s.With {
						in[name] = expression.ReplaceAllStringFunc(value, func(text string) string {
							value, ok := e.values[expression.FindStringSubmatch(text)[1]]
							if !ok {
								t.Errorf("the test has no value for %s", text)
							}
							return value
						})
					}
					p, err := plan.New(in, func(name string) string { return env[name] })
					if err == nil {
						err = p.ValidateChecks(check.IDs())
					}
					if err != nil {
						t.Fatal(err)
					}
					var got []string
					for _, r := range p.Releases {
						got = append(got, r.Spec.Name+"@"+r.Spec.Version)
					}
					slices.Sort(got)
					if strings.Join(got, " ") != e.want {
						t.Errorf("got releases %q, want %q", got, e.want)
					}
				}
			}
		})
	}
}

// Whoever copies an example hears of nothing to mend from doctor.
func TestDoctorFindsNothingInExamples(t *testing.T) {
	for _, e := range examples {
		t.Run(e.file, func(t *testing.T) {
			text, _ := readExample(t, e.file)
			dir := repository(t)
			write(t, filepath.Join(dir, ".github/workflows", e.file), text)
			repo, err := workflow.Read(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range diagnosis.Doctor(repo) {
				if f.Level != diagnosis.Notice {
					t.Errorf("%s: %s %s: %s", f.Pos, f.Level, f.ID, f.Detail())
				}
			}
		})
	}
}

// The steps that documents show use only inputs that exist.
func TestDocumentsShowOnlyInputsThatExist(t *testing.T) {
	inputs := keys(readAction(t).Inputs)
	files, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```ya?ml\n(.*?)```")
	shown := 0
	for _, file := range append(files, "../README.md") {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range block.FindAllStringSubmatch(string(raw), -1) {
			var doc yaml.Node
			if err := yaml.Unmarshal([]byte(m[1]), &doc); err != nil {
				t.Errorf("%s: %v in\n%s", file, err, m[1])
				continue
			}
			each(&doc, func(step map[string]*yaml.Node) {
				if uses := step["uses"]; uses == nil || !strings.HasPrefix(uses.Value, ours) {
					return
				}
				shown++
				if step["with"] == nil {
					return
				}
				for _, name := range keys(*step["with"]) {
					if !slices.Contains(inputs, name) {
						t.Errorf("%s: there is no input %q", file, name)
					}
				}
			})
		}
	}
	if shown == 0 {
		t.Error("no document shows a step")
	}
}

// each calls visit for every mapping in n.
func each(n *yaml.Node, visit func(map[string]*yaml.Node)) {
	if n.Kind == yaml.MappingNode {
		fields := map[string]*yaml.Node{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			fields[n.Content[i].Value] = n.Content[i+1]
		}
		visit(fields)
	}
	for _, child := range n.Content {
		each(child, visit)
	}
}
