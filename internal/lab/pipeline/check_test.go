//go:build e2e

package pipeline

import (
	"os"
	"testing"
)

// onlyCheck leaves out all jobs but check.
var onlyCheck = map[string]map[string]string{"publish": nil, "release": nil}

func TestCheck(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.candidate("v1.0.0")
	hands := func(goImage string) {
		t.Helper()
		if code, log := p.run("v1.0.0", onlyCheck); code != 0 {
			t.Fatalf("check fails (exit code %d)\n%s", code, log)
		}
		got, err := os.ReadFile(p.dir + "/build.env")
		p.must(err)
		epoch := p.git(p.clone, "log", "-1", "--format=%ct")
		if want := "GO_IMAGE=" + goImage + "\nSOURCE_DATE_EPOCH=" + epoch + "\nVERSION=v1.0.0\n"; string(got) != want {
			t.Errorf("build gets\n%swant\n%s", got, want)
		}
	}
	hands(goImage(p))
	// Built before, with a toolchain that the tag no longer names.
	before := "golang:1.26-bookworm@" + digestOf([]byte("an older one"))
	p.pushed("v1.0.0", built("v1.0.0", before))
	hands(before)
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	changelog := func(text string) {
		p.Helper()
		p.must(write(p.clone, map[string][]byte{"CHANGELOG.md": []byte(text)}))
	}
	for _, s := range []struct {
		name, version, says string
		put                 func(p *pipeline)
	}{
		{"a commit that is not on the default branch", "v1.0.0", "is not on main", func(p *pipeline) {
			changelog("## 1.0.0\n")
			p.git(p.clone, "commit", "--quiet", "--all", "--message", "Elsewhere")
			p.git(p.clone, "push", "--quiet", "origin", "HEAD:refs/heads/elsewhere")
		}},
		{"two numbers", "v1.1", "is not vMAJOR.MINOR.PATCH", nil},
		{"four numbers", "v1.1.0.1", "is not vMAJOR.MINOR.PATCH", nil},
		{"a leading zero", "v01.1.0", "is not vMAJOR.MINOR.PATCH", nil},
		{"build metadata", "v1.1.0+1", "is not vMAJOR.MINOR.PATCH", nil},
		{"a changelog that names other versions", "v1.2.0", "has no entry ## 1.2.0", func(*pipeline) {
			changelog("## Unreleased\n\nNot yet 1.2.0.\n\n## 1.2.0-rc.1\n\n## 11.2.0\n\n## 1.2.01\n\n## 1x2.0\n")
		}},
		{"an action.yml that names an image already", "v1.3.0", "must have the empty image line once", func(p *pipeline) { p.writeAction("ghcr.io/acme/left-pad@" + digestOf(nil)) }},
		{"an action.yml without the image's line", "v1.4.0", "must have the empty image line once", func(p *pipeline) { p.must(write(p.clone, map[string][]byte{"action.yml": []byte("runs: {}\n")})) }},
		{"a registry that does not answer", "v1.5.0", "cannot tell whether ghcr.io/acme/left-pad:v1.5.0 is there", func(p *pipeline) {
			p.pushed("v0.9.0", built("v0.9.0", goImage(p)))
			p.ghcr.breaks = "v1.5.0"
		}},
	} {
		t.Run(s.name, func(t *testing.T) {
			p := p.as(t)
			changelog("## " + s.version[1:] + "\n")
			if s.put != nil {
				s.put(p)
			}
			if s.version != "v1.0.0" {
				p.git(p.clone, "commit", "--quiet", "--all", "--message", s.name)
				p.git(p.clone, "push", "--quiet", "origin", "HEAD:main")
			}
			p.tag(s.version)
			before := p.state()
			code, log := p.run(s.version, onlyCheck)
			p.refused(code, log, before, s.says)
			if _, err := os.Stat(p.dir + "/build.env"); err == nil {
				t.Errorf("build begins\n%s", log)
			}
			p.git(p.clone, "fetch", "--quiet", "origin")
			p.git(p.clone, "reset", "--quiet", "--hard", p.commitOf("main"))
			p.git(p.clone, "checkout", "--quiet", p.git(p.clone, "rev-list", "--max-parents=0", "HEAD"), "--", "action.yml")
		})
	}
	changelog("## [2.0.0] - 2030-01-01\n")
	p.commit("Write the changelog")
	p.tag("v2.0.0")
	if code, log := p.run("v2.0.0", onlyCheck); code != 0 {
		t.Errorf("mended, check fails (exit code %d)\n%s", code, log)
	}
}
