//go:build e2e

package pipeline

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// build has both machines upload a version's files.
func (p *pipeline) build(version, goImage string) {
	p.Helper()
	for _, machine := range []string{"build-ubuntu-24.04", "build-ubuntu-22.04"} {
		p.must(write(filepath.Join(p.artifacts, machine), built(version, goImage)))
	}
}

// pushed has the registry hold the image of some files under a version.
func (p *pipeline) pushed(version string, files map[string][]byte) {
	p.Helper()
	dir := filepath.Join(p.dir, "pushed")
	p.must(write(dir, files))
	cmd := exec.Command("skopeo", "copy", "--quiet", "--all", "--preserve-digests", "--dest-creds", "ada:"+token,
		"oci-archive:"+dir+"/image.tar", "docker://ghcr.io/"+image+":"+version)
	cmd.Env = p.env()
	if out, err := cmd.CombinedOutput(); err != nil {
		p.Fatalf("push: %v\n%s", err, out)
	}
}

// digest is the image's that was built last.
func (p *pipeline) digest() string {
	p.Helper()
	digest, err := os.ReadFile(p.artifacts + "/build-ubuntu-24.04/image.digest")
	p.must(err)
	return strings.TrimSpace(string(digest))
}

// checked are the outputs of the job check.
func (p *pipeline) checked(version string) map[string]string {
	return map[string]string{"version": version, "image": "ghcr.io/" + image, "epoch": "0", "go-image": goImage(p)}
}

// runs has a run of all jobs succeed.
func (p *pipeline) runs(version string) {
	p.Helper()
	if code, log := p.run(version, nil); code != 0 {
		p.Fatalf("the run fails (exit code %d)\n%s", code, log)
	}
}

// release runs the job release alone, after check and publish.
func (p *pipeline) release(version string) (int, string) {
	p.Helper()
	return p.run(version, map[string]map[string]string{"check": p.checked(version), "publish": {"digest": p.digest()}})
}

// releases has the job release succeed.
func (p *pipeline) releases(version string) {
	p.Helper()
	if code, log := p.release(version); code != 0 {
		p.Fatalf("the job release fails (exit code %d)\n%s", code, log)
	}
}

// refuses has the job release fail, say why, and leave everything as it was.
func (p *pipeline) refuses(version, says string) {
	p.Helper()
	before := p.state()
	code, log := p.release(version)
	p.refused(code, log, before, says)
}

func (p *pipeline) refused(code int, log, before, says string) {
	p.Helper()
	if code == 0 {
		p.Errorf("the run succeeds\n%s", log)
	}
	if !strings.Contains(log, says) {
		p.Errorf("the run does not say %q\n%s", says, log)
	}
	if after := p.state(); after != before {
		p.Errorf("there is\n%s\nwant what was there before\n%s\n%s", after, before, log)
	}
}

// state is all that a release changes: refs, releases, the image's tags.
func (p *pipeline) state() string {
	p.Helper()
	lines := []string{p.github.must("for-each-ref", "--format=%(refname) %(objectname)")}
	for _, e := range p.github.releases {
		lines = append(lines, fmt.Sprintf("release %+v", *e))
		for _, a := range e.assets {
			lines = append(lines, fmt.Sprintf("file %d %s %s", a.id, a.name, digestOf(a.content)))
		}
	}
	for _, tag := range slices.Sorted(maps.Keys(p.ghcr.tags)) {
		lines = append(lines, "image "+tag+" "+p.ghcr.tags[tag])
	}
	return strings.Join(lines, "\n")
}

// points compares what a tag points at; the other one "" is no tag.
func (p *pipeline) points(tag, other string) {
	p.Helper()
	want := ""
	if other != "" {
		want = p.commitOf("refs/tags/" + other)
	}
	if got := p.github.ref("refs/tags/" + tag); got != want {
		p.Errorf("%s is %q, want %q as %s", tag, got, want, other)
	}
}

// released is the whole of a release: its tag is a commit whose only parent is the commit that was built and whose only change
// is the image's line, and one release of it is published, with the files that were built.
func (p *pipeline) released(version string) {
	p.Helper()
	tag, candidate := "refs/tags/"+version, p.commitOf("refs/tags/candidate-"+version)
	commit := p.github.ref(tag)
	if kind, _ := p.github.git("cat-file", "-t", tag); kind != "commit" {
		p.Fatalf("%s is %q, want a commit", tag, kind)
	}
	if got := p.github.must("show", "--no-patch", "--format=%P", commit); got != candidate {
		p.Errorf("the release commit's parents are %q, want %q alone", got, candidate)
	}
	diff := p.github.must("diff", "--no-color", "--unified=0", "--raw", "--patch", candidate, commit)
	lines := []string{}
	for line := range strings.Lines(diff) {
		if strings.HasPrefix(line, ":") || strings.HasPrefix(line, "- ") || strings.HasPrefix(line, "+ ") {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	line := `        VERIFY_NPM_RELEASE_IMAGE: "`
	if len(lines) != 3 || !strings.HasPrefix(lines[0], ":100644 100644 ") || !strings.HasSuffix(lines[0], " M\taction.yml") ||
		lines[1] != "-"+line+`"` || lines[2] != "+"+line+"ghcr.io/"+image+"@"+p.digest()+`"` {
		p.Errorf("the release commit changes\n%s\nwant the image's line of action.yml", diff)
	}

	var of []*release
	for _, e := range p.github.releases {
		if e.TagName == version {
			of = append(of, e)
		}
	}
	if len(of) != 1 || of[0].Draft || !of[0].Notes || of[0].Prerelease != strings.Contains(version, "-") {
		p.Fatalf("got releases %+v\nwant one of %s, published, with notes\n%s", of, version, p.state())
	}
	built, err := filepath.Glob(p.artifacts + "/build-ubuntu-24.04/*")
	p.must(err)
	want := 0
	for _, path := range built {
		name := filepath.Base(path)
		if strings.HasPrefix(name, "image.") {
			continue
		}
		want++
		content, err := os.ReadFile(path)
		p.must(err)
		if !slices.ContainsFunc(of[0].assets, func(a *asset) bool { return a.name == name && bytes.Equal(a.content, content) }) {
			p.Errorf("the release lacks %s", name)
		}
	}
	if got := len(of[0].assets); got != want {
		p.Errorf("the release has %d files, want %d", got, want)
	}
}
