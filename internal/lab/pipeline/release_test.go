//go:build e2e

package pipeline

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestFirstRelease(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.candidate("v1.0.0")
	p.runs("v1.0.0")
	p.released("v1.0.0")
	p.points("v1", "v1.0.0")

	var writes []string
	for _, call := range p.github.calls {
		if !strings.HasPrefix(call, "GET ") && !strings.HasSuffix(call, "/graphql") {
			writes = append(writes, strings.Replace(call, "/repos/"+repository, "", 1))
		}
	}
	const upload = "POST /releases/*/assets"
	want := []string{"POST /git/blobs", "POST /git/trees", "POST /git/commits", "POST /git/refs", "POST /releases",
		upload, upload, upload, upload, upload, upload, upload, "PATCH /releases/*", "POST /git/refs"}
	if !slices.Equal(writes, want) {
		t.Errorf("got the calls\n%s\nwant, the major tag last,\n%s", strings.Join(writes, "\n"), strings.Join(want, "\n"))
	}

	digest := p.ghcr.tags["v1.0.0"]
	attested, err := os.ReadFile(p.dir + "/attested")
	p.must(err)
	if got, want := string(attested), "ghcr.io/acme/left-pad "+digest+"\nbuild-ubuntu-24.04/SHA256SUMS\n"+
		"ghcr.io/acme/left-pad "+digest+" build-ubuntu-24.04/sbom.cdx.json\n"; got != want {
		t.Errorf("attested\n%swant\n%s", got, want)
	}

	before := p.state()
	p.runs("v1.0.0")
	if after := p.state(); after != before {
		t.Errorf("run again, there is\n%s\nwant what was there before\n%s", after, before)
	}
}

func TestMajorTag(t *testing.T) {
	t.Parallel()
	for _, s := range []struct {
		name     string
		there    []string
		version  string
		at, want string // v1 before and after
	}{
		{"a newer minor moves it, whatever other majors and prereleases there are", []string{"v1.8.0", "v1.9.0", "v1.11.0-rc.1", "v10.0.0", "v0.9.0"}, "v1.10.0", "v1.9.0", "v1.10.0"},
		{"an older patch does not", []string{"v1.1.0"}, "v1.0.9", "v1.1.0", "v1.1.0"},
		{"a prerelease does not", []string{"v1.0.0"}, "v1.1.0-rc.1", "v1.0.0", "v1.0.0"},
		{"a prerelease does not make one", nil, "v1.0.0-rc.1", "", ""},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			p := newPipeline(t)
			p.history(s.there...)
			if s.at != "" {
				p.github.must("update-ref", "refs/tags/v1", p.commitOf("refs/tags/"+s.at))
			}
			p.candidate(s.version)
			p.releases(s.version)
			p.released(s.version)
			p.points("v1", s.want)
		})
	}
}

// TestThereAlready is what a release finds there and must not touch. When all is gone, another run completes.
func TestThereAlready(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.history("v1.0.0", "v1.1.0", "v1")
	p.candidate("v1.2.0")
	for _, s := range []struct {
		name, says string
		put        func(p *pipeline)
	}{
		{"the tag is the commit that was built", "has the tree and parents", func(p *pipeline) { p.tagged(p.commitOf("main")) }},
		{"the tag has a file that was not built", "has the tree and parents", func(p *pipeline) { p.tagged(p.releaseCommit("main", "more", "")) }},
		{"the tag lacks a file that was built", "has the tree and parents", func(p *pipeline) { p.tagged(p.releaseCommit("main", "", "Dockerfile")) }},
		{"the tag has another parent", "has the tree and parents", func(p *pipeline) { p.tagged(p.releaseCommit("main^", "", "")) }},
		{"the tag names another image", "has the tree and parents", func(p *pipeline) {
			p.writeAction("ghcr.io/acme/left-pad@" + digestOf(nil))
			p.tagged(p.committed("main"))
		}},
		{"the published release has other files", "is published with other files", func(p *pipeline) {
			p.tagged(p.releaseCommit("main", "", ""))
			p.github.releases = append(p.github.releases, &release{ID: 7, TagName: "v1.2.0",
				assets: []*asset{{8, "SHA256SUMS", []byte("others")}}})
		}},
	} {
		t.Run(s.name, func(t *testing.T) {
			p := p.as(t)
			s.put(p)
			p.refuses("v1.2.0", s.says)
			p.github.must("update-ref", "-d", "refs/tags/v1.2.0")
			p.github.releases = nil
		})
	}
	p.releases("v1.2.0")
	p.released("v1.2.0")
	p.points("v1", "v1.2.0")
}

// TestPublish is what publish refuses. When all is mended, another run completes.
func TestPublish(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.candidate("v1.0.0")
	for _, s := range []struct {
		name, says string
		put, mend  func(p *pipeline)
	}{
		{"the two builds differ", "Failure - Main Two builds, the same bytes", func(p *pipeline) {
			p.must(write(p.artifacts+"/build-ubuntu-22.04", map[string][]byte{"sbom.cdx.json": []byte("{}")}))
		}, func(p *pipeline) { p.build("v1.0.0", goImage(p)) }},
		{"the sums are of other files", "verify-npm-release_linux_arm64: FAILED", func(p *pipeline) {
			for _, machine := range []string{"build-ubuntu-24.04", "build-ubuntu-22.04"} {
				p.must(write(p.artifacts+"/"+machine, map[string][]byte{"verify-npm-release_linux_arm64": nil}))
			}
		}, func(p *pipeline) { p.build("v1.0.0", goImage(p)) }},
		{"the version has another image", "is there already as", func(p *pipeline) { p.pushed("v1.0.0", built("v1.0.0", "golang:other@"+digestOf(nil))) },
			func(p *pipeline) { delete(p.ghcr.tags, "v1.0.0") }},
		{"the registry cannot say whether the version has an image", "cannot tell whether", func(p *pipeline) {
			p.pushed("v1.0.0", built("v1.0.0", "golang:other@"+digestOf(nil)))
			p.ghcr.breaks = "v1.0.0"
		}, func(p *pipeline) {
			p.ghcr.breaks = ""
			delete(p.ghcr.tags, "v1.0.0")
		}},
	} {
		t.Run(s.name, func(t *testing.T) {
			p := p.as(t)
			s.put(p)
			before := p.state()
			code, log := p.run("v1.0.0", map[string]map[string]string{"check": p.checked("v1.0.0"), "release": nil})
			p.refused(code, log, before, s.says)
			s.mend(p)
		})
	}
	p.runs("v1.0.0")
	p.released("v1.0.0")
}

// TestImageNotPublic: the image is pushed, and nothing is tagged before everybody can pull it. Then the same bytes do.
func TestImageNotPublic(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.candidate("v1.0.0")
	p.ghcr.public = false
	before := p.state()
	code, log := p.run("v1.0.0", nil)
	pushed := maps.Clone(p.ghcr.tags)
	if pushed["v1.0.0"] == "" {
		t.Error("the image was not pushed")
	}
	clear(p.ghcr.tags)
	p.refused(code, log, before, "make the package public")
	maps.Copy(p.ghcr.tags, pushed)
	p.ghcr.public = true
	p.runs("v1.0.0")
	p.released("v1.0.0")
	if got, want := p.ghcr.tags["v1.0.0"], pushed["v1.0.0"]; got != want {
		t.Errorf("the image is %s, want %s as before", got, want)
	}
}
