package plan

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pkg is a package.json.
func pkg(name, version, rest string) string {
	return `{"name":"` + name + `","version":"` + version + `"` + rest + `}`
}

func TestReleases(t *testing.T) {
	t.Parallel()
	root := pkg("root", "0.0.0", `,"private":true,"workspaces":["packages/*","!packages/skipped"]`)
	tests := []struct {
		sentence string
		files    map[string]string
		in       vars
		want     []string // specs and dist-tags
		notes    []string
		registry string // "" is the public one
	}{
		{sentence: "package names one release", in: vars{"package": "nuxt@4.1.2"}, want: []string{"nuxt@4.1.2 latest"}},
		{sentence: "package forgives spaces, v, = and a slash", in: vars{"package": "  a@v1.2.3,\n@s/b@=2.0.0\t c@1.0.0/ "},
			want: []string{"a@1.2.3 latest", "@s/b@2.0.0 latest", "c@1.0.0 latest"}},
		{sentence: "a release named twice is verified once", in: vars{"package": "a@1.0.0 a@v1.0.0 b@1.0.0"}, want: []string{"a@1.0.0 latest", "b@1.0.0 latest"}},
		{sentence: "a prerelease expects no dist-tag", in: vars{"package": "a@1.0.0-beta.1"}, want: []string{"a@1.0.0-beta.1"}},
		{sentence: "dist-tag holds for every release", in: vars{"package": "a@1.0.0 b@2.0.0-rc.1", "dist-tag": "next"}, want: []string{"a@1.0.0 next", "b@2.0.0-rc.1 next"}},
		{sentence: "a name alone is decided by its dist-tag", in: vars{"package": "a"}, want: []string{"a latest"},
			notes: []string{"a: no version given, so the one that dist-tag latest points at is verified"}},
		{sentence: "a name alone is decided by the dist-tag given", in: vars{"package": "a", "dist-tag": "beta"}, want: []string{"a beta"},
			notes: []string{"a: no version given, so the one that dist-tag beta points at is verified"}},
		{sentence: "a name alone takes its version from package.json", files: map[string]string{"package.json": pkg("a", "1.2.3", "")}, in: vars{"package": "a"},
			want: []string{"a@1.2.3 latest"}, notes: []string{"a: version 1.2.3 is that of package.json"}},
		{sentence: "publishConfig of the same release counts", files: map[string]string{"package.json": pkg("a", "1.2.3", `,"publishConfig":{"tag":"lts"}`)},
			in: vars{"package": "a@1.2.3"}, want: []string{"a@1.2.3 lts"}},
		{sentence: "publishConfig.tag of another version does not", files: map[string]string{"package.json": pkg("a", "1.2.3", `,"publishConfig":{"tag":"lts"}`)},
			in: vars{"package": "a@1.2.2"}, want: []string{"a@1.2.2 latest"}},
		{sentence: "a broken package.json is no obstacle to a full spec", files: map[string]string{"package.json": "{"}, in: vars{"package": "a@1.2.3"}, want: []string{"a@1.2.3 latest"}},
		{sentence: "with nothing named package.json says it", files: map[string]string{"package.json": "\xef\xbb\xbf" + pkg("@s/a", "v1.2.3+build.5", "")}, want: []string{"@s/a@1.2.3 latest"}},
		{sentence: "working-directory says which package.json", files: map[string]string{"package.json": pkg("root", "0.0.0", ""), "x/package.json": pkg("a", "1.0.0", "")},
			in: vars{"working-directory": "x"}, want: []string{"a@1.0.0 latest"}},
		{sentence: "publishConfig of package.json sets tag and registry",
			files: map[string]string{"package.json": pkg("a", "1.0.0-rc.1", `,"private":false,"publishConfig":{"tag":"next","registry":"https://npm.example/x/","access":"public"}`)},
			want:  []string{"a@1.0.0-rc.1 next"}, registry: "https://npm.example/x", notes: []string{"registry https://npm.example/x is that of publishConfig in package.json"}},
		{sentence: "a scope's registry comes first",
			files: map[string]string{"package.json": pkg("@s/a", "1.0.0", `,"publishConfig":{"@s:registry":"https://s.example","registry":"https://npm.example"}`)},
			want:  []string{"@s/a@1.0.0 latest"}, registry: "https://s.example", notes: []string{"registry https://s.example is that of publishConfig in package.json"}},
		{sentence: "registry-url beats publishConfig.registry", files: map[string]string{"package.json": pkg("a", "1.0.0", `,"publishConfig":{"registry":"https://npm.example"}`)},
			in: vars{"registry-url": "http://127.0.0.1:4873/"}, want: []string{"a@1.0.0 latest"}, registry: "http://127.0.0.1:4873"},
		{sentence: "changesets' list", in: vars{"packages": ` [{"name":"@x/y","version":"1.2.0"},{"name":"z","version":"0.8.9-next.0","other":[1]},{"name":"z","version":" v0.8.9-next.0+b "}] `},
			want: []string{"@x/y@1.2.0 latest", "z@0.8.9-next.0"}},
		{sentence: "pnpm's summary", in: vars{"packages": `{"publishedPackages":[{"name":"a","version":"1.0.0"}]}`}, want: []string{"a@1.0.0 latest"}},
		{sentence: "a file in the working directory", files: map[string]string{"x/pnpm-publish-summary.json": "\xef\xbb\xbf" + `{"publishedPackages":[{"name":"a","version":"1.0.0"}]}`},
			in: vars{"working-directory": "x", "packages": "pnpm-publish-summary.json"}, want: []string{"a@1.0.0 latest"}},
		{sentence: "release-please's folders", files: map[string]string{"package.json": pkg("a", "1.0.0", ""), "packages/b/package.json": pkg("b", "2.0.0", `,"publishConfig":{"tag":"x-lts"}`),
			"packages/c/package.json": pkg("c", "1.0.0", `,"private":true`)},
			in: vars{"packages": `[".","packages/b","packages/c"]`}, want: []string{"a@1.0.0 latest", "b@2.0.0 x-lts"}, notes: []string{"left out, private: c"}},
		{sentence: "npm workspaces", files: map[string]string{"package.json": root, "packages/a/package.json": pkg("a", "1.0.0", ""), "packages/b/package.json": pkg("b", "1.0.0-x", ""),
			"packages/skipped/package.json": pkg("s", "1.0.0", ""), "packages/.hidden/package.json": pkg("h", "1.0.0", ""), "packages/docs/README": "", "packages/file": "",
			"packages/p/package.json": pkg("p", "1.0.0", `,"private":true`), "packages/n/package.json": `{"name":"n"}`, "packages/node_modules/package.json": pkg("m", "1.0.0", ""),
			"packages/gh/package.json": pkg("gh", "1.0.0", `,"publishConfig":{"registry":"https://npm.pkg.github.com"}`), "packages/pub/package.json": pkg("pub", "1.0.0", `,"publishConfig":{"registry":"https://registry.npmjs.org/"}`)},
			in: vars{"packages": "Workspaces"}, want: []string{"a@1.0.0 latest", "b@1.0.0-x", "pub@1.0.0 latest"},
			notes: []string{"left out, private: p", "left out, published to https://npm.pkg.github.com: gh", "left out, without name or version: n"}},
		{sentence: "one workspace's registry is the run's", files: map[string]string{"package.json": root, "packages/a/package.json": pkg("a", "1.0.0", `,"publishConfig":{"registry":"https://npm.example"}`)},
			in: vars{"packages": "workspaces"}, want: []string{"a@1.0.0 latest"}, registry: "https://npm.example"},
		{sentence: "yarn's object form, and a public root told", files: map[string]string{"package.json": pkg("root", "1.0.0", `,"workspaces":{"packages":["./libs/{x,y}/","/apps\\*"],"nohoist":["**"]}`),
			"libs/x/package.json": pkg("x", "1.0.0", ""), "libs/y/package.json": pkg("y", "1.0.0", ""), "libs/z/package.json": pkg("z", "1.0.0", ""), "apps/w/package.json": pkg("w", "1.0.0", "")},
			in: vars{"packages": "workspaces"}, want: []string{"w@1.0.0 latest", "x@1.0.0 latest", "y@1.0.0 latest"}, notes: []string{"left out, the root and no workspace: root"}},
		{sentence: "in npm a later glob takes back a negation", files: map[string]string{"package.json": pkg("root", "1.0.0", `,"private":true,"workspaces":["p/**","!p/b/**","p/b/a"]`),
			"p/b/a/package.json": pkg("ba", "1.0.0", ""), "p/c/package.json": pkg("c", "1.0.0", "")},
			in: vars{"packages": "workspaces"}, want: []string{"ba@1.0.0 latest", "c@1.0.0 latest"}},
		{sentence: "in pnpm a negation holds, and the root is published too", files: map[string]string{"package.json": pkg("root", "1.0.0", ""),
			"pnpm-workspace.yaml": "packages:\n  - 'p/**'\n  - '!**/test/**'\n  - 'p/test'\ncatalog:\n  react: ^18\n",
			"p/a/package.json":    pkg("a", "1.0.0", ""), "p/a/deep/er/package.json": pkg("er", "1.0.0", ""), "p/test/package.json": pkg("t", "1.0.0", ""), "p/a/test/x/package.json": pkg("tx", "1.0.0", "")},
			in: vars{"packages": "workspaces"}, want: []string{"root@1.0.0 latest", "a@1.0.0 latest", "er@1.0.0 latest"}},
		{sentence: "pnpm settings without packages leave package.json's workspaces", files: map[string]string{"package.json": root, "pnpm-workspace.yaml": "onlyBuiltDependencies: [x]\n", "packages/a/package.json": pkg("a", "1.0.0", "")},
			in: vars{"packages": "workspaces"}, want: []string{"a@1.0.0 latest"}},
		{sentence: "workspaces of a folder below the workspace", files: map[string]string{".git/HEAD": "", "js[1]/package.json": root, "js[1]/packages/a/package.json": pkg("a", "1.0.0", "")},
			in: vars{"packages": "workspaces", "working-directory": "js[1]"}, want: []string{"a@1.0.0 latest"}},
		{sentence: "a workspace beside the working directory, inside the workspace", files: map[string]string{".git/HEAD": "", "js/package.json": pkg("r", "1.0.0", `,"private":true,"workspaces":["../lib"]`), "lib/package.json": pkg("a", "1.0.0", "")},
			in: vars{"packages": "workspaces", "working-directory": "js"}, want: []string{"a@1.0.0 latest"}},
		{sentence: "offline with nothing named leaves it to the folder", files: map[string]string{"package.json": "{"}, in: vars{"offline": os.TempDir()}, want: []string{""}},
		{sentence: "offline with a name leaves the version to the folder", in: vars{"offline": os.TempDir(), "package": "a"}, want: []string{"a"}},
		{sentence: "offline with a release", in: vars{"offline": os.TempDir(), "package": "a@1.0.0"}, want: []string{"a@1.0.0 latest"}},
	}
	for _, tt := range tests {
		t.Run(tt.sentence, func(t *testing.T) {
			t.Parallel()
			if tt.in == nil {
				tt.in = vars{}
			}
			p := mustPlan(t, checkout(t, tt.files), tt.in, vars{})
			if got := specs(p); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if !slices.Equal(p.Notes, tt.notes) {
				t.Errorf("got notes %q, want %q", p.Notes, tt.notes)
			}
			if want := cmp.Or(tt.registry, "https://registry.npmjs.org"); p.Registry != want {
				t.Errorf("got registry %q, want %q", p.Registry, want)
			}
		})
	}
}

func TestDistTagGiven(t *testing.T) {
	t.Parallel()
	dir := checkout(t, map[string]string{"package.json": pkg("a", "1.0.0", `,"publishConfig":{"tag":"lts"}`)})
	for name, want := range map[string]bool{"a@1.0.0": true, "b@1.0.0": false, "b@1.0.0-x": false} {
		if got := mustPlan(t, dir, vars{"package": name}, vars{}).Releases[0].DistTagGiven; got != want {
			t.Errorf("%s: got %t, want %t", name, got, want)
		}
	}
	if !mustPlan(t, dir, vars{"package": "b@1.0.0", "dist-tag": "latest"}, vars{}).Releases[0].DistTagGiven {
		t.Error("dist-tag: latest is not given")
	}
	for version, want := range map[string]string{"1.0.0": "latest", "1.0.0-a": "", "": "", "x": ""} {
		if got := DefaultDistTag(version); got != want {
			t.Errorf("DefaultDistTag(%q): got %q, want %q", version, got, want)
		}
	}
}

func TestTarballs(t *testing.T) {
	t.Parallel()
	dir := checkout(t, map[string]string{"dist/s-a-1.0.0.tgz": "", "dist/b-2.0.0.tgz": "", "x/deep/b-2.0.0.tgz": "", "out/only.tgz": "", "out/odd[1].tgz": ""})
	if err := os.Mkdir(filepath.Join(dir, "out", "folder.tgz"), 0o755); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ sentence, packages, tarball, want string }{
		{"a file", "a@1.0.0", "out/only.tgz", "out/only.tgz"},
		{"an absolute file", "a@1.0.0", dir + "/out/only.tgz", "out/only.tgz"},
		{"a glob with one match, folders left out", "a@1.0.0", "out/on*.tgz", "out/only.tgz"},
		{"an absolute glob", "a@1.0.0", dir + "/*/only.tgz", "out/only.tgz"},
		{"a deep glob", "a@1.0.0", "x/**/*.tgz", "x/deep/b-2.0.0.tgz"},
		{"a name that looks like a glob", "a@1.0.0", "out/odd[1].tgz", "out/odd[1].tgz"},
		{"several by npm pack's names", "@s/a@1.0.0 b@2.0.0", "dist/*.tgz", "dist/s-a-1.0.0.tgz dist/b-2.0.0.tgz"},
	}
	for _, tt := range tests {
		p := mustPlan(t, dir, vars{"package": tt.packages, "tarball": tt.tarball}, vars{})
		var got []string
		for _, r := range p.Releases {
			rel, err := filepath.Rel(dir, r.Tarball)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, filepath.ToSlash(rel))
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: got %q, want %q", tt.sentence, got, tt.want)
		}
	}
}

func TestLinksOutOfTheWorkspaceAreRefused(t *testing.T) {
	t.Parallel()
	outside := checkout(t, map[string]string{"a/package.json": pkg("evil", "1.0.0", ""), "package.json": pkg("evil", "1.0.0", "")})
	inside := func(t *testing.T, link, target string) string {
		dir := checkout(t, map[string]string{"package.json": pkg("r", "1.0.0", `,"private":true,"workspaces":["p/*"]`), "p/ok/package.json": pkg("ok", "1.0.0", ""), "lib/package.json": pkg("lib", "1.0.0", "")})
		if err := os.Remove(filepath.Join(dir, link)); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Skip("no symbolic links here:", err)
		}
		return dir
	}
	for link, target := range map[string]string{"p/out": filepath.Join(outside, "a"), "p/ok/package.json": filepath.Join(outside, "package.json"), "package.json": filepath.Join(outside, "package.json")} {
		in := vars{"packages": "workspaces"}
		if link == "package.json" {
			in = vars{}
		}
		p, err := planOf(inside(t, link, target), in, vars{})
		if err == nil || !strings.Contains(err.Error(), "cannot be read inside the workspace") {
			t.Errorf("%s leads outside: got %+v, %v, want it refused", link, p, err)
		}
	}
	p := mustPlan(t, inside(t, "p/in", "../lib"), vars{"packages": "workspaces"}, vars{})
	if got, want := strings.Join(specs(p), ", "), "lib@1.0.0 latest, ok@1.0.0 latest"; got != want {
		t.Errorf("a link inside: got %q, want %q", got, want)
	}
}
