//go:build e2e

package pipeline

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// release is one release of the repository, immutable once it is published. A draft's tag need not exist, and several drafts
// may name one.
type release struct {
	ID         int64  `json:"id"`
	TagName    string `json:"tag_name"`
	Draft      bool   `json:"draft"`
	Prerelease bool   `json:"prerelease"`
	Notes      bool   `json:"generate_release_notes"`
	assets     []*asset
}

type asset struct {
	id      int64
	name    string
	content []byte
}

func (g *gitHub) releaseObject(e *release) object {
	base := "https://api.github.com/repos/" + repository
	assets := []object{}
	for _, a := range e.assets {
		assets = append(assets, object{"id": a.id, "name": a.name, "size": len(a.content), "state": "uploaded",
			"url": fmt.Sprintf("%s/releases/assets/%d", base, a.id)})
	}
	return object{"id": e.ID, "tag_name": e.TagName, "draft": e.Draft, "prerelease": e.Prerelease, "assets": assets,
		"url":        fmt.Sprintf("%s/releases/%d", base, e.ID),
		"upload_url": fmt.Sprintf("https://uploads.github.com/repos/%s/releases/%d/assets{?name,label}", repository, e.ID),
		"html_url":   fmt.Sprintf("https://github.com/%s/releases/tag/%s", repository, e.TagName)}
}

func (g *gitHub) find(match func(*release) bool) *release {
	if i := slices.IndexFunc(g.releases, match); i >= 0 {
		return g.releases[i]
	}
	return nil
}

func (g *gitHub) published(tag string) *release {
	return g.find(func(e *release) bool { return e.TagName == tag && !e.Draft })
}

func (g *gitHub) withID(r *http.Request) *release {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	return g.find(func(e *release) bool { return e.ID == id })
}

func (g *gitHub) newID() int64 {
	g.lastID++
	return g.lastID
}

func (g *gitHub) listReleases(*http.Request) (int, any) {
	list := []object{}
	for _, e := range slices.Backward(g.releases) {
		list = append(list, g.releaseObject(e))
	}
	return http.StatusOK, list
}

func (g *gitHub) releaseByTag(r *http.Request) (int, any) {
	e := g.published(r.PathValue("tag"))
	if e == nil {
		return notFound()
	}
	return http.StatusOK, g.releaseObject(e)
}

func (g *gitHub) releaseByID(r *http.Request) (int, any) {
	e := g.withID(r)
	if e == nil {
		return notFound()
	}
	return http.StatusOK, g.releaseObject(e)
}

func (g *gitHub) createRelease(r *http.Request) (int, any) {
	e := read[release](r)
	e.ID = g.newID()
	if !e.Draft && g.published(e.TagName) != nil {
		return unprocessable("Validation Failed: tag_name already_exists")
	}
	g.releases = append(g.releases, &e)
	g.tagPublished(&e)
	return http.StatusCreated, g.releaseObject(&e)
}

func (g *gitHub) editRelease(r *http.Request) (int, any) {
	e := g.withID(r)
	if e == nil {
		return notFound()
	}
	in := read[struct {
		TagName    *string `json:"tag_name"`
		Draft      *bool
		Prerelease *bool
	}](r)
	if in.Draft != nil && !*in.Draft && e.Draft && g.published(e.TagName) != nil {
		return unprocessable("Validation Failed: tag_name already_exists")
	}
	if in.TagName != nil {
		e.TagName = *in.TagName
	}
	if in.Draft != nil {
		e.Draft = *in.Draft
	}
	if in.Prerelease != nil {
		e.Prerelease = *in.Prerelease
	}
	g.tagPublished(e)
	return http.StatusOK, g.releaseObject(e)
}

// tagPublished does what GitHub does when a release is published whose tag does not exist: tags the default branch.
func (g *gitHub) tagPublished(e *release) {
	if name := "refs/tags/" + e.TagName; !e.Draft && g.ref(name) == "" {
		_, _ = g.git("update-ref", name, "refs/heads/main")
	}
}

func (g *gitHub) uploadAsset(r *http.Request) (int, any) {
	e, name := g.withID(r), r.URL.Query().Get("name")
	content, err := io.ReadAll(r.Body)
	switch {
	case r.Host != "uploads.github.com" || e == nil:
		return notFound()
	case !e.Draft:
		return unprocessable("Cannot upload assets to an immutable release.")
	case err != nil || int64(len(content)) != r.ContentLength:
		return http.StatusBadRequest, object{"message": "Bad Size"}
	case slices.ContainsFunc(e.assets, func(a *asset) bool { return a.name == name }):
		return unprocessable("Validation Failed: name already_exists")
	}
	e.assets = append(e.assets, &asset{g.newID(), name, content})
	return http.StatusCreated, object{"name": name, "state": "uploaded", "size": len(content)}
}

func (g *gitHub) getAsset(r *http.Request) (int, any) {
	for _, e := range g.releases {
		for _, a := range e.assets {
			if fmt.Sprint(a.id) == r.PathValue("id") && r.Header.Get("Accept") == "application/octet-stream" {
				return http.StatusOK, a.content
			}
		}
	}
	return notFound()
}

func (g *gitHub) deleteAsset(r *http.Request) (int, any) {
	for _, e := range g.releases {
		n := len(e.assets)
		e.assets = slices.DeleteFunc(e.assets, func(a *asset) bool { return fmt.Sprint(a.id) == r.PathValue("id") })
		if len(e.assets) < n {
			return http.StatusNoContent, nil
		}
	}
	return notFound()
}

// graphQL answers gh's two questions: is there a draft of this tag (gh release view, upload, edit), and is there this ref
// (gh release create --verify-tag).
func (g *gitHub) graphQL(r *http.Request) (int, any) {
	in := read[struct {
		Query     string
		Variables struct{ Owner, Name, TagName string }
	}](r)
	answer := object{}
	switch tag := in.Variables.TagName; {
	case in.Variables.Owner+"/"+in.Variables.Name != repository:
		return http.StatusOK, object{"data": object{"repository": nil}, "errors": []object{{"message": "Could not resolve to a Repository"}}}
	case strings.Contains(in.Query, "release(tagName: $tagName)"):
		answer["release"] = nil
		if e := g.find(func(e *release) bool { return e.TagName == tag }); e != nil {
			answer["release"] = object{"databaseId": e.ID, "isDraft": e.Draft}
		}
	case strings.Contains(in.Query, "ref(qualifiedName: $tagName)"):
		answer["ref"] = nil
		if g.ref(tag) != "" {
			answer["ref"] = object{"id": "REF_" + tag}
		}
	default:
		return http.StatusOK, object{"errors": []object{{"message": "not known here: " + in.Query}}}
	}
	return http.StatusOK, object{"data": object{"repository": answer}}
}
