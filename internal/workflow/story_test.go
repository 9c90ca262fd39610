package workflow

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestStories reads each repository in testdata/*.txtar and compares all facts
// with the file "want" in it. UPDATE=1 rewrites them, to be read before they
// are kept.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) < 20 {
		t.Fatalf("found %d stories, %v; want at least 20", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dir, want := t.TempDir(), -1
			for i, f := range a.Files {
				if f.Name == "want" {
					want = i
					continue
				}
				writeFile(t, filepath.Join(dir, f.Name), tokens.Replace(string(f.Data)))
			}
			repo, err := Read(dir)
			if err != nil {
				t.Fatal(err)
			}
			got := facts(repo)
			if os.Getenv("UPDATE") != "" {
				if want < 0 {
					want = len(a.Files)
					a.Files = append(a.Files, txtar.File{Name: "want"})
				}
				a.Files[want].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want < 0 {
				t.Fatal("the story has no file want")
			}
			if w := string(a.Files[want].Data); got != w {
				t.Errorf("facts differ\ngot:\n%s\nwant:\n%s", got, w)
			}
			for _, secret := range []string{good[4:], bad[4:], "0e2b1c3d-0000"} {
				if all := fmt.Sprintf("%s %+v %#v", got, *repo, repo.Literals); strings.Contains(all, secret) {
					t.Error("the facts show a credential")
				}
			}
		})
	}
}

// Tokens of the right shape, put together here so that no scanner of this
// repository takes them for real: the first has the checksum, the other not.
var (
	good   = "npm_" + "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0m" + "Lq17"
	bad    = "npm_" + "TCllNwh2WLQlMWVhybM1iQrsTj6rMQ0B" + "Oh6d"
	tokens = strings.NewReplacer("{{good}}", good[4:], "{{bad}}", bad[4:])
)

func writeFile(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// facts writes a Repository as lines, all that it says about publishing.
func facts(r *Repository) string {
	var b strings.Builder
	line := func(format string, args ...any) {
		fmt.Fprintf(&b, strings.ReplaceAll(format, "%v", "%s")+"\n", args...)
	}
	for _, s := range r.Sites {
		p := s.Publish
		entry := "-"
		if s.Entry != nil {
			entry = s.Entry.File
		}
		line("publish %v: %v", p.Pos, p.Tool.ID)
		line("  command %v", p.Command)
		line("  entry %v", entry)
		for _, c := range s.Calls {
			line("  called by %v %v", c.Pos, c.Key)
		}
		line("  id-token %v at %v", s.IDToken.Grant, s.IDToken.Pos)
		if s.Job != nil {
			line("  job %v at %v on %v", s.Job.Key, s.Job.Pos, s.Job.RunsOn.Kind)
			if s.Job.Environment.Given() {
				line("  environment %v", show(s.Job.Environment))
			}
		}
		if p.Version != "" {
			line("  pinned %v", p.Version)
		}
		if p.Script != nil {
			line("  script %v %v", p.Script.Name, p.Script.Pos)
		}
		if p.Through != "" {
			line("  through %v", p.Through)
		}
		if !p.DirKnown {
			line("  in a folder not known")
		} else if p.Dir != "." {
			line("  in %v", p.Dir)
		}
		for _, v := range []Value{p.Access, p.Tag} {
			if v.Given() {
				line("  access or tag %v", show(v))
			}
		}
		if p.Target.Given() {
			line("  target %v", show(p.Target))
		}
		if s.Node != nil {
			line("  node %d floating %t %v %v", s.Node.Major, s.Node.Floating, s.Node.Pos, s.Node.Why)
		}
		for _, u := range s.Upgrades {
			line("  upgrade %v %v by %v", u.Tool, show(u.Version), u.By)
		}
		for _, v := range s.Registries {
			line("  registry%v %v %v", v.Scope, show(v.Value), v.Source)
		}
		for _, v := range s.Provenance {
			line("  provenance %v %v", show(v.Value), v.Source)
		}
		for _, v := range s.Env {
			line("  env %v %v %v %v", v.Scope, v.Name, v.Form, show(v.Value))
		}
		if p.Unsure != "" {
			line("  unsure: %v", p.Unsure)
		}
		if p.Guessed {
			line("  guessed")
		}
	}
	for _, ref := range r.References {
		step := ""
		if ref.Step != nil {
			step = ref.Step.Label()
		}
		line("secret %v %v %v %v job %v step %v into %v %v", ref.Pos, ref.Kind, ref.Name, ref.Class, ref.Job, step, ref.IntoKind, ref.Into)
	}
	entry := func(e Entry) {
		line("entry %v %v %v %v %v %v %v", e.Pos, e.Target, e.Scope, e.Key, e.Form, e.Variable, e.Value.Text)
	}
	for _, e := range r.Entries {
		entry(e)
	}
	for _, w := range r.Workflows {
		for _, j := range w.Jobs {
			for _, s := range j.Steps {
				for _, e := range s.Writes {
					entry(e)
				}
				for _, v := range s.Exports {
					line("export %v %v %v", show(v.Value), v.Name, v.Form)
				}
			}
		}
	}
	for _, l := range r.Literals {
		line("literal %v %v %v checksum %t", l.Pos, l.Key, l.Secret.String(), l.Checksum)
	}
	for _, u := range r.Unread {
		line("unread %v: %v", u.Pos, u.Why)
	}
	lines := strings.Split(b.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(strings.ReplaceAll(lines[i], ".github/workflows/", "~/"), " ")
	}
	return strings.Join(lines, "\n")
}

func show(v Value) string {
	dynamic := ""
	if v.Dynamic {
		dynamic = " (dynamic)"
	}
	return fmt.Sprintf("%q%s %s", v.Text, dynamic, v.Pos)
}
