package workflow

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/rogpeppe/go-internal/txtar"
)

// seeds adds the files of all stories whose name ends so.
func seeds(f *testing.F, suffix string) {
	f.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatal("no stories to begin with")
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, x := range a.Files {
			if strings.HasSuffix(x.Name, suffix) {
				f.Add(tokens.Replace(string(x.Data)))
			}
		}
	}
}

// lineEnd is what YAML 1.1 ends a line with.
var lineEnd = regexp.MustCompile("\r\n|[\n\r\u0085\u2028\u2029]")

func lines(text string) int { return len(lineEnd.FindAllStringIndex(text, -1)) + 1 }

// FuzzWorkflow: a file is analysed or named with a reason, every place is in
// the file, and no token of npm's shape is left in what was found.
func FuzzWorkflow(f *testing.F) {
	seeds(f, ".yml")
	root, err := os.OpenRoot(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	defer root.Close()
	f.Fuzz(func(t *testing.T, text string) {
		r := &reader{root: root, repo: &Repository{}, actions: map[string]*Action{}}
		src, found := takeTokens("f", []byte(text))
		for _, l := range found {
			r.literal(l)
		}
		d, err := parseDocument("f", src)
		if err != nil {
			return
		}
		w, nodes := d.workflow()
		r.repo.Workflows = append(r.repo.Workflows, w)
		r.secrets(d, w, nodes)
		for _, job := range w.Jobs {
			r.steps(d, job.Key, job.Steps, nodes, 0)
		}
		r.bindCalls()
		r.sites()
		lines := lines(text)
		at := func(what string, p Pos) {
			if p.File == "f" && (p.Line < 1 || p.Line > lines) {
				t.Fatalf("%s at line %d of %d", what, p.Line, lines)
			}
		}
		for _, s := range r.repo.Sites {
			at("publish", s.Publish.Pos)
			at("permission", s.IDToken.Pos)
			for _, v := range s.Env {
				at("variable", v.Value.Pos)
			}
			for _, v := range append(s.Registries, s.Provenance...) {
				at("setting", v.Value.Pos)
			}
			if s.Publish.Tool == nil {
				t.Fatal("a publish without a tool")
			}
		}
		for _, x := range r.repo.References {
			at("reference", x.Pos)
		}
		for _, x := range r.repo.Literals {
			at("literal", x.Pos)
			if x.Secret.Mask() == "" {
				t.Fatal("an empty literal")
			}
		}
		for _, job := range w.Jobs {
			for _, s := range job.Steps {
				for _, e := range s.Writes {
					at("entry", e.Pos)
				}
			}
		}
		if all := fmt.Sprintf("%+v %s", *r.repo, facts(r.repo)); tokenLike.MatchString(all) {
			t.Fatal("a token is left in the facts")
		}
	})
}

// FuzzScript: reading ends, and every offset is in the script.
func FuzzScript(f *testing.F) {
	f.Add("cd x && npm publish --tag ${{ inputs.tag }} <<EOF\na\nEOF", "")
	f.Add("cat > ~/.npmrc <<'EOF'\n_auth=${X}\nEOF\n{ echo a; printf '%s' b; } | tee .npmrc", "bash -e {0}")
	f.Add("if ($x) { npm publish }", "pwsh")
	f.Add(`run(["npm", "publish"])`, "python")
	f.Fuzz(func(t *testing.T, text, shell string) {
		s := parseScript(text, shell)
		for _, c := range s.commands {
			for _, w := range c.words {
				if w.offset < 0 || w.offset > len(text) {
					t.Fatalf("word %q at %d of %d", w.text, w.offset, len(text))
				}
			}
			if len(c.words) == 0 || c.offset < 0 || c.offset > len(text) {
				t.Fatalf("command %v at %d of %d", c.words, c.offset, len(text))
			}
		}
		for _, w := range s.writes {
			if w.offset < 0 || w.offset > len(text) {
				t.Fatalf("write at %d of %d", w.offset, len(text))
			}
		}
	})
}

// FuzzExpressions: uses lie where they are said to, one after the other.
func FuzzExpressions(f *testing.F) {
	f.Add("${{ secrets.NPM_TOKEN }} ${{ secrets['a''b'] }} ${{ toJSON( secrets ) }}")
	f.Add("${{ '}}' || secrets[x] }} ${{ github.secrets.X }} ${{")
	f.Fuzz(func(t *testing.T, text string) {
		end := 0
		for _, e := range expressions(text) {
			if e.offset < end+3 || !strings.HasPrefix(text[e.offset:], e.text+"}}") || text[e.offset-3:e.offset] != "${{" {
				t.Fatalf("expression %q is not at %d of %q", e.text, e.offset, text)
			}
			end = e.offset + len(e.text)
			last := -1
			for _, u := range secretUses(e.text) {
				if u.offset <= last || !strings.EqualFold(e.text[u.offset:u.offset+7], "secrets") {
					t.Fatalf("use %+v is not in %q", u, e.text)
				}
				if (u.kind == ByName) != (u.name != "") && !strings.Contains(e.text, "''") {
					t.Fatalf("use %+v of %q has the wrong name", u, e.text)
				}
				last = u.offset
			}
		}
	})
}

// FuzzConfig: the readers of configuration files keep no value of a credential
// and place every entry in the file.
func FuzzConfig(f *testing.F) {
	for _, name := range []string{".npmrc", ".yarnrc.yml", "bunfig.toml"} {
		seeds(f, name)
	}
	f.Fuzz(func(t *testing.T, text string) {
		src, _ := takeTokens("f", []byte(text))
		for _, format := range []string{"npmrc", "yarnrc", "bunfig"} {
			r := &reader{repo: &Repository{}}
			entries, _ := r.parseConfig(format, string(src), func(line int) Pos { return Pos{"f", line} })
			for _, e := range entries {
				if e.Line < 1 || e.Line > lines(text) {
					t.Fatalf("%s: entry at line %d", format, e.Line)
				}
				if e.Form != NotCredential && e.Value.Text != "" {
					t.Fatalf("%s: the value of %s is kept", format, e.Key)
				}
			}
			if tokenLike.MatchString(fmt.Sprintf("%+v %+v", entries, r.repo.Literals)) {
				t.Fatalf("%s: a token is left", format)
			}
		}
	})
}

// FuzzPackageJSON: a file is read or refused, in bounds.
func FuzzPackageJSON(f *testing.F) {
	seeds(f, "package.json")
	f.Fuzz(func(t *testing.T, text string) {
		root, _, err := parseJSON([]byte(text))
		if err == nil && (root == nil || root.line < 1 || root.line > lines(text)) {
			t.Fatalf("got %+v", root)
		}
	})
}

// FuzzLog: what is kept of a log is bounded, printable and free of tokens.
func FuzzLog(f *testing.F) {
	f.Add(logText("verbose title npm publish", `verbose argv "publish" "--otp" "1"`, "notice package: a@1.0.0", "verbose oidc x", "error code E404", "error 404 "+good, "verbose exit 1"))
	f.Add(logText("verbose title npm stage publish", "notice 📦  @a/b@1.0.0", "http fetch PUT 202 https://u:p@h/x?y 1ms", "notice Publishing to https://r/ with tag latest and public access", "notice Your package is being processed"))
	f.Fuzz(func(t *testing.T, text string) {
		l := ParseLog("2026-09-20T10_11_12_345Z-debug-0.log", strings.NewReader(text))
		if l == nil {
			return
		}
		if l.Command != "publish" && l.Command != "stage publish" {
			t.Fatalf("got command %q", l.Command)
		}
		kept := append([]string{l.NPM, l.Node, l.Cwd, l.ErrorCode}, l.Args...)
		for _, e := range l.Errors {
			kept = append(kept, e.Text)
		}
		for _, r := range l.Releases {
			kept = append(kept, r.Name, r.Version, r.Registry, r.Tag, r.Access, r.LogURL, r.Sent.URL, r.Exchange.URL)
			for _, e := range append(r.OIDC, r.Notices...) {
				kept = append(kept, e.Text)
			}
		}
		for _, text := range kept {
			if len(text) > 510 || tokenLike.MatchString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Fatalf("kept %q", text)
			}
		}
	})
}
