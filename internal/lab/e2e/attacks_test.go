//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"

	"verify-npm-release/internal/lab"
)

func TestAttacks(t *testing.T) { tell(t, attacks) }

// attacks are stories of releases that somebody changed, or that come from elsewhere.
var attacks = []story{
	{"published from another run", func(j *job) {
		j.trust(nil)
		j.publish(usual, 0, done)
		j.run.ID = "99999999999"
		j.verify().ends(1, "not-verified").failing("source")
		j.verify("expect", "this-repository").verified()
	}},
	{"another repository published the same name and version", func(j *job) {
		own := j.run
		j.run.Repository, j.run.RepositoryID, j.run.OwnerID = "mallory/demo", "666", "667"
		j.trust(nil)
		j.publish(usual, 0, done)
		j.run = own
		j.verify().ends(1, "not-verified").failing("source")
		j.verify("expect", "this-repository").ends(1, "not-verified").failing("source")
	}},
	{"tarball swapped after publishing", func(j *job) {
		j.trust(nil)
		j.publish(usual, 0, done)
		j.spoil(func(r *lab.Release) { r.Tarball = lab.Recompress(r.Tarball) })
		j.verify().ends(1, "not-verified").failing("tarball-integrity")
	}},
	{"other bytes than this job packed", func(j *job) {
		j.trust(nil)
		j.publish(usual, 0, done)
		j.write("index.js", "export const answer = 43\n")
		j.do(".", "npm pack --pack-destination "+j.temp)
		j.verify("tarball", j.temp+"/*.tgz").ends(1, "not-verified").failing("tarball-integrity")
	}},
	{"the tarball that this job packed", func(j *job) {
		j.trust(nil)
		j.pack(".", j.name, j.version)
		j.do(".", "npm pack --pack-destination "+j.temp)
		j.publish("npm publish --provenance --access public "+j.temp+"/*.tgz", 0, done)
		j.verify("tarball", j.temp+"/*.tgz").verified()
	}},
	{"attestation swapped for that of an older version", func(j *job) {
		j.trust(nil)
		j.publish(usual, 0, done)
		older := here.world.Registry.Release(j.name, "1.0.0").Attestations
		j.version = "1.1.0"
		j.pack(".", j.name, j.version)
		j.publish(usual, 0, done)
		j.spoil(func(r *lab.Release) { r.Attestations = older })
		j.verify().ends(1, "not-verified").failing("provenance", "publish-attestation", "source")
	}},
	{"publish attestation by an unknown key", func(j *job) {
		j.trust(nil)
		j.publish(usual, 0, done)
		j.spoil(func(r *lab.Release) {
			forged := lab.Attestation{Sigstore: here.world.Sigstore, Key: lab.NewSigningKey(), MediaType: lab.BundleV03, Entry: lab.EntryDSSE, SignedAt: r.Published}
			statement := lab.Get(r.Publish, "/dsseEnvelope/payload")
			var payload []byte
			j.must(json.Unmarshal(lab.JSON(statement), &payload))
			bundle := json.RawMessage(forged.Sign(j.run, payload))
			r.Attestations = lab.Edit(r.Attestations, lab.Set("/attestations/0/bundle", bundle))
		})
		j.verify().ends(1, "not-verified").failing("publish-attestation")
	}},
	{"registry signature by an unknown key", func(j *job) {
		j.trust(nil)
		j.publish(usual, 0, done)
		stranger := lab.NewSigningKey()
		j.spoil(func(r *lab.Release) {
			r.Manifest = lab.Edit(r.Manifest, lab.Set("/dist/signatures", []any{stranger.Signature(r.Name, r.Version, r.Integrity)}))
		})
		j.verify().ends(1, "not-verified").failing("registry-signature")
	}},
	{"provenance by another Sigstore", func(j *job) {
		j.trust(nil)
		j.publish(usual, 0, done)
		j.spoil(func(r *lab.Release) {
			forged := lab.Attestation{Sigstore: lab.NewSigstore(), MediaType: lab.BundleV03, Entry: lab.EntryDSSE, SignedAt: r.Published}
			var payload []byte
			j.must(json.Unmarshal(lab.JSON(lab.Get(r.Provenance, "/dsseEnvelope/payload")), &payload))
			r.Attestations = lab.Edit(r.Attestations, lab.Set("/attestations/1/bundle", json.RawMessage(forged.Sign(j.run, payload))))
		})
		j.verify().ends(1, "not-verified").failing("provenance", "source")
	}},
	{"a version published by token after trusted ones", func(j *job) {
		j.trust(nil)
		j.publish(usual, 0, done)
		j.idToken, j.version = false, "1.0.1"
		j.pack(".", j.name, j.version)
		j.leftover()
		j.publish("npm publish --access public", 0, done)
		j.verify("expect", "none").ends(1, "not-verified").failing("provenance").warning("trusted-publisher", "trust-downgrade")
	}},
	{"a token is left in the environment", func(j *job) {
		j.trust(nil)
		j.leftover()
		j.publish(usual, 0, done) // by the trusted publisher, all the same
		j.verify("check-npm-token", "true").ends(1, "not-verified").failing("leftover-token").warning().
			because("leftover-token", "token-in-environment")
	}},
}

// spoil edits what the registry serves of the release.
func (j *job) spoil(edit func(*lab.Release)) { here.world.Registry.Edit(j.name, j.version, edit) }

func TestJobs(t *testing.T) { tell(t, jobs) }

// jobs are stories of where and how often our step runs.
var jobs = []story{
	{"a monorepo of 30 with one failing", func(j *job) {
		var names []string
		for i := range 30 {
			name := fmt.Sprintf("%s-%02d", j.name, i)
			names = append(names, name)
			here.world.Create(name)
			here.world.Trust(name, lab.Publisher{Repository: j.run.Repository, Workflow: "publish.yml", Actions: lab.AllActions()})
			j.pack(filepath.Join("packages", fmt.Sprint(i)), name, "1.0.0")
		}
		j.write("package.json", `{"name":"root","private":true,"workspaces":["packages/*"]}`)
		j.publish(usual+" --workspaces", 0, "+ "+names[29])
		here.world.Registry.Edit(names[17], "1.0.0", func(r *lab.Release) { r.Tarball = lab.Recompress(r.Tarball) })
		v := j.verify("packages", "workspaces").ends(1, "not-verified").failing("tarball-integrity")
		for _, p := range v.report.Packages {
			if got, want := p.Status == "verified", p.Name != names[17]; got != want {
				j.Errorf("%s: got status %q", p.Name, p.Status)
			}
		}
		if len(v.report.Packages) != 30 {
			j.Errorf("got %d packages, want 30", len(v.report.Packages))
		}
	}},
	{"the verify job is run again", func(j *job) {
		j.trust(nil)
		j.publish(usual, 0, done)
		j.run.Attempt = "3"
		j.verify().verified()
	}},
	{"an earlier attempt cannot have published a later one", func(j *job) {
		j.run.Attempt = "2"
		j.trust(nil)
		j.publish(usual, 0, done)
		j.run.Attempt = "1"
		j.verify().ends(1, "not-verified").failing("source")
	}},
	{"the whole job is run again after npm published", func(j *job) {
		j.trust(nil)
		j.publish(usual, 0, done)
		j.run.Attempt = "2"
		j.publish(usual, 1, "You cannot publish over the previously published versions: 1.0.0")
		j.verify().verified()
	}},
	{"verify in a separate job", func(j *job) {
		j.trust(nil)
		j.publish(usual, 0, done)
		j.home, j.temp, j.idToken = j.root+"/home2", j.root+"/temp2", false // another machine, no id-token
		j.write("../temp2/here", "")
		j.write("../home2/here", "")
		j.verify().verified().warning()
	}},
	{"no Docker daemon", func(j *job) {
		j.trust(nil)
		j.publish(usual, 0, done)
		j.env["DOCKER_HOST"] = "unix:///nowhere.sock"
		j.env["GOCACHE"], j.env["GOMODCACHE"] = here.goCache, here.goModules
		j.verify("$VERIFY_NPM_RELEASE_RUN_WITH", "", "$GITHUB_ACTION_PATH", here.dir+"/source").verified()
	}},
}
