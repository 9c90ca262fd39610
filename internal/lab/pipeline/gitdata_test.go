//go:build e2e

package pipeline

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// git runs git in the bare repository.
func (g *gitHub) git(args ...string) (string, error) { return g.gitWith(nil, nil, args...) }

func (g *gitHub) gitWith(env []string, in io.Reader, args ...string) (string, error) {
	cmd := exec.Command("git", append([]string{"--git-dir", g.bare}, args...)...)
	cmd.Env, cmd.Stdin = append(os.Environ(), env...), in
	out, err := cmd.Output()
	return strings.TrimSuffix(string(out), "\n"), err
}

// must is git where it cannot fail.
func (g *gitHub) must(args ...string) string {
	g.t.Helper()
	out, err := g.git(args...)
	if err != nil {
		g.t.Fatalf("git %s: %v", strings.Join(args, " "), err)
	}
	return out
}

// ref is what a ref points at, or "".
func (g *gitHub) ref(name string) string {
	out, err := g.git("rev-parse", "--verify", "--quiet", name)
	if err != nil {
		return ""
	}
	return out
}

func (g *gitHub) refObject(name string) object {
	kind, _ := g.git("cat-file", "-t", name)
	return object{"ref": name, "object": object{"sha": g.ref(name), "type": kind}}
}

func (g *gitHub) matchingRefs(r *http.Request) (int, any) {
	list := []object{}
	all, _ := g.git("for-each-ref", "--format=%(refname)")
	for _, name := range strings.Fields(all) {
		if strings.HasPrefix(name, "refs/"+r.PathValue("ref")) {
			list = append(list, g.refObject(name))
		}
	}
	return http.StatusOK, list
}

func (g *gitHub) createRef(r *http.Request) (int, any) {
	in := read[struct{ Ref, SHA string }](r)
	if g.ref(in.Ref) != "" {
		return unprocessable("Reference already exists")
	}
	if _, err := g.git("update-ref", in.Ref, in.SHA, strings.Repeat("0", 40)); err != nil {
		return unprocessable("Object does not exist")
	}
	return http.StatusCreated, g.refObject(in.Ref)
}

func (g *gitHub) updateRef(r *http.Request) (int, any) {
	in := read[struct {
		SHA   string
		Force bool
	}](r)
	name := "refs/" + r.PathValue("ref")
	if g.ref(name) == "" {
		return unprocessable("Reference does not exist")
	}
	if _, err := g.git("merge-base", "--is-ancestor", name, in.SHA); err != nil && !in.Force {
		return unprocessable("Update is not a fast forward")
	}
	if _, err := g.git("update-ref", name, in.SHA); err != nil {
		return unprocessable("Object does not exist")
	}
	return http.StatusOK, g.refObject(name)
}

func (g *gitHub) createBlob(r *http.Request) (int, any) {
	in := read[struct{ Content, Encoding string }](r)
	content := []byte(in.Content)
	if in.Encoding == "base64" {
		var err error
		if content, err = base64.StdEncoding.DecodeString(in.Content); err != nil {
			return unprocessable("content is not base64")
		}
	}
	if g.spoil != nil {
		content = g.spoil(content)
	}
	sha, err := g.gitWith(nil, bytes.NewReader(content), "hash-object", "-w", "--stdin")
	if err != nil {
		return unprocessable(err.Error())
	}
	return http.StatusCreated, object{"sha": sha}
}

func (g *gitHub) createTree(r *http.Request) (int, any) {
	in := read[struct {
		BaseTree string `json:"base_tree"`
		Tree     []struct{ Path, Mode, Type, SHA string }
	}](r)
	index := []string{"GIT_INDEX_FILE=" + filepath.Join(g.bare, "index-of-the-api")}
	base := "--empty"
	if in.BaseTree != "" {
		base = in.BaseTree
	}
	if _, err := g.gitWith(index, nil, "read-tree", base); err != nil {
		return notFound()
	}
	for _, e := range in.Tree {
		if kind, err := g.git("cat-file", "-t", e.SHA); err != nil || kind != e.Type {
			return unprocessable("tree.sha " + e.SHA + " is not a valid " + e.Type)
		}
		if _, err := g.gitWith(index, nil, "update-index", "--add", "--cacheinfo", e.Mode+","+e.SHA+","+e.Path); err != nil {
			return unprocessable("tree entry " + e.Path + " is malformed")
		}
	}
	sha, err := g.gitWith(index, nil, "write-tree")
	if err != nil {
		return unprocessable(err.Error())
	}
	return http.StatusCreated, object{"sha": sha}
}

func (g *gitHub) createCommit(r *http.Request) (int, any) {
	in := read[struct {
		Message, Tree string
		Parents       []string
	}](r)
	g.now = g.now.Add(time.Second)
	date := fmt.Sprint(g.now.Unix(), " +0000")
	env := []string{"GIT_AUTHOR_NAME=bot", "GIT_AUTHOR_EMAIL=bot@acme.example", "GIT_AUTHOR_DATE=" + date,
		"GIT_COMMITTER_NAME=GitHub", "GIT_COMMITTER_EMAIL=noreply@acme.example", "GIT_COMMITTER_DATE=" + date}
	args := []string{"commit-tree", in.Tree, "-m", in.Message}
	for _, parent := range in.Parents {
		args = append(args, "-p", parent)
	}
	sha, err := g.gitWith(env, nil, args...)
	if err != nil {
		return unprocessable("Tree SHA or a parent does not exist")
	}
	return http.StatusCreated, g.commitObject(sha)
}

func (g *gitHub) getCommit(r *http.Request) (int, any) {
	if kind, _ := g.git("cat-file", "-t", r.PathValue("sha")); kind != "commit" {
		return notFound()
	}
	return http.StatusOK, g.commitObject(r.PathValue("sha"))
}

func (g *gitHub) commitObject(sha string) object {
	out, _ := g.git("show", "--no-patch", "--format=%T %P", sha)
	hashes, parents := strings.Fields(out), []object{}
	for _, parent := range hashes[1:] {
		parents = append(parents, object{"sha": parent})
	}
	return object{"sha": sha, "tree": object{"sha": hashes[0]}, "parents": parents}
}
