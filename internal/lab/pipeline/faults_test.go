//go:build e2e

package pipeline

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// TestFaults makes each call of a release fail in turn: with an error, and if it changes something also with an error after it
// did so. No run that fails moves the major tag, no run that succeeds leaves something undone, and the next one completes.
func TestFaults(t *testing.T) {
	t.Parallel()
	begin := func(t *testing.T) *pipeline {
		p := newPipeline(t)
		p.history("v1.0.0", "v1.1.0", "v1")
		p.candidate("v1.2.0")
		return p
	}
	clean := begin(t)
	clean.releases("v1.2.0")
	done := func(p *pipeline) {
		p.Helper()
		p.released("v1.2.0")
		p.points("v1", "v1.2.0")
	}
	done(clean)

	var faults []fault
	counts := map[string]int{}
	for _, call := range clean.github.calls {
		counts[call]++
		f := fault{call: call, nth: counts[call]}
		path := strings.TrimPrefix(call, strings.Fields(call)[0]+" /repos/"+repository)
		switch {
		case path == "/releases/*/assets": // gh tries again by itself
			f.always = true
			if f.nth != 2 {
				continue
			}
		case f.nth > 1 && !strings.Contains(path, "matching-refs"): // gh looks for the release with each command
			continue
		}
		faults = append(faults, f)
		changes := !strings.HasPrefix(call, "GET ") && path != "/git/blobs" && path != "/git/trees" && !strings.HasSuffix(call, "/graphql")
		if f.late = true; changes && !f.always {
			faults = append(faults, f)
		}
	}
	for _, f := range faults {
		name := fmt.Sprintf("%s, no. %d", strings.Replace(f.call, "/repos/"+repository, "", 1), f.nth)
		if f.late {
			name += ", the answer lost"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := begin(t)
			p.github.fault = f
			before := p.github.ref("refs/tags/v1")
			if code, log := p.release("v1.2.0"); code == 0 {
				done(p)
				if t.Failed() {
					t.Log(log)
				}
			} else if lost := f.late && f.call == "PATCH /repos/"+repository+"/git/refs/tags/v1"; !lost && p.github.ref("refs/tags/v1") != before {
				t.Errorf("the major tag moved\n%s", log)
			}
			p.github.fault = fault{}
			p.releases("v1.2.0")
			done(p)
		})
	}
}

// TestFaultsOfAnotherTry makes the calls fail by which a run learns how far an earlier one came: there is the tag, and a draft
// on the second page of the releases.
func TestFaultsOfAnotherTry(t *testing.T) {
	t.Parallel()
	const api = "GET /repos/" + repository
	for _, f := range []fault{
		{call: api + "/git/matching-refs/tags/v1.2.0", nth: 1},
		{call: api + "/git/commits/*", nth: 1},
		{call: api + "/releases", nth: 1},
		{call: api + "/releases", nth: 2},
	} {
		t.Run(fmt.Sprintf("%s, no. %d", f.call, f.nth), func(t *testing.T) {
			t.Parallel()
			p := newPipeline(t)
			p.history("v1.0.0", "v1.1.0", "v1")
			p.candidate("v1.2.0")
			p.tagged(p.releaseCommit("main", "", ""))
			p.github.releases = []*release{{ID: 1, TagName: "v1.2.0", Draft: true, Notes: true, assets: []*asset{{2, "SHA256SUMS", nil}}},
				{ID: 3, TagName: "v1.1.0"}, {ID: 4, TagName: "v1.0.0"}}
			p.github.lastID = 4
			tag := p.github.ref("refs/tags/v1.2.0")
			p.github.fault = f
			p.refuses("v1.2.0", "HTTP 500")
			p.github.fault = fault{}
			p.releases("v1.2.0")
			p.released("v1.2.0")
			p.points("v1", "v1.2.0")
			if got := p.github.ref("refs/tags/v1.2.0"); got != tag {
				t.Errorf("the tag moved to %s from %s", got, tag)
			}
		})
	}
}

// TestBlobDiffers: what GitHub stored is not what was sent.
func TestBlobDiffers(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.history("v1.0.0", "v1")
	p.candidate("v1.1.0")
	p.github.spoil = func(blob []byte) []byte { return bytes.Replace(blob, []byte("ghcr.io"), []byte("ghcr.oi"), 1) }
	p.refuses("v1.1.0", "Failure - Main The release commit")
	p.github.spoil = nil
	p.releases("v1.1.0")
	p.released("v1.1.0")
	p.points("v1", "v1.1.0")
}
