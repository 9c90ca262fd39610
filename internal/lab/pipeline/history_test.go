//go:build e2e

package pipeline

import (
	"os"
	"strings"
)

// history tags commits beside main, as releases are, each after one of main; v1 is the last of them.
func (p *pipeline) history(tags ...string) {
	p.Helper()
	commit, push := "", []string{"push", "--quiet", "origin", "HEAD:main"}
	for _, tag := range tags {
		if tag != "v1" {
			p.must(write(p.clone, map[string][]byte{"CHANGELOG.md": []byte("# Changelog\n\n## " + tag + "\n")}))
			p.git(p.clone, "commit", "--quiet", "--all", "--message", "Write the changelog of "+tag)
			commit = p.git(p.clone, "commit-tree", "-m", "Release "+tag, "-p", "HEAD", "HEAD^{tree}")
		}
		push = append(push, commit+":refs/tags/"+tag)
	}
	p.git(p.clone, push...)
}

// writeAction writes the image's line as a release does.
func (p *pipeline) writeAction(image string) {
	p.Helper()
	text, err := os.ReadFile(p.clone + "/action.yml")
	p.must(err)
	pinned := strings.Replace(string(text), `VERIFY_NPM_RELEASE_IMAGE: ""`, `VERIFY_NPM_RELEASE_IMAGE: "`+image+`"`, 1)
	p.must(write(p.clone, map[string][]byte{"action.yml": []byte(pinned)}))
}

// committed is a commit of what the clone holds, with a parent, on no branch.
func (p *pipeline) committed(parent string) string {
	p.Helper()
	p.git(p.clone, "add", "--all")
	tree := p.git(p.clone, "write-tree")
	commit := p.git(p.clone, "commit-tree", "-m", "Release", "-p", p.git(p.clone, "rev-parse", strings.Replace(parent, "main", "HEAD", 1)), tree)
	p.git(p.clone, "push", "--quiet", "--force", "origin", commit+":refs/heads/other")
	p.git(p.clone, "reset", "--quiet", "--hard")
	return commit
}

// releaseCommit is a release commit of what was built last, but for a file more or a file less.
func (p *pipeline) releaseCommit(parent, more, less string) string {
	p.Helper()
	p.writeAction("ghcr.io/" + image + "@" + p.digest())
	if more != "" {
		p.must(write(p.clone, map[string][]byte{more: nil}))
	}
	if less != "" {
		p.must(os.Remove(p.clone + "/" + less))
	}
	return p.committed(parent)
}

// tagged makes a commit v1.2.0.
func (p *pipeline) tagged(commit string) {
	p.Helper()
	p.github.must("update-ref", "refs/tags/v1.2.0", commit)
}
