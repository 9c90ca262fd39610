package attack

import (
	"strings"
	"testing"
	"time"

	"verify-npm-release/internal/lab"
	"verify-npm-release/internal/report"
)

// good are releases that are unusual and sound: each must be verified, for what a gate refuses without reason is taken out.
var good = []struct {
	name  string
	draft func(*world)
	world func(*world)
}{
	{"as npm 9.5 made it: bundle 0.1, SLSA 0.2, a promise alone", func(w *world) { w.draft.PublishedBy("9.5.0") }, nil},
	{"as npm 10.8 made it: bundle 0.2 with a chain", func(w *world) { w.draft.PublishedBy("10.8.1") }, nil},
	{"an entry of Rekor v2 with a timestamp", provenance(func(a *lab.Attestation) { a.Entry = lab.EntryHashedRekordV2 }), nil},
	{"a timestamp beside the promise", provenance(func(a *lab.Attestation) { a.Timestamped = true }), nil},
	{"a timestamp instead of the promise", provenance(func(a *lab.Attestation) { a.Timestamped, a.NoPromise = true, true }), nil},
	{"an earlier attempt of this run", func(w *world) { w.env["GITHUB_RUN_ATTEMPT"] = "3" }, nil},
	{"signed in a reusable workflow of another repository", run(func(r *lab.Run) {
		r.Signer, r.SignerCommit = "acme/tools/.github/workflows/publish.yml@refs/heads/main", strings.Repeat("c", 40)
	}), nil},
	{"signed in the reusable workflow that was named", func(w *world) {
		w.draft.Run.Signer = "acme/tools/.github/workflows/publish.yml@refs/heads/main"
		w.in["expected-signer"] = "acme/tools/.github/workflows/publish.yml@refs/heads/main"
	}, nil},
	{"deployed to the environment that was named", func(w *world) {
		w.draft.Run.Environment, w.in["expected-environment"] = "npm", "npm"
	}, nil},
	{"published with a token and provenance", func(w *world) { w.draft.Trust = lab.TrustProvenance }, nil},
	{"staged and approved", func(w *world) { w.draft.Trust = lab.TrustStagedPublish }, nil},
	{"staged and approved, of which the registry keeps an empty approver", manifest(lab.Set("/_npmUser/approver", lab.Object{})), nil},
	{"the other of the two registry signatures that verify alike", signature(lab.Malleate), nil},
	{"signed with two keys, as in a rotation", func(w *world) {
		k := lab.NewSigningKey()
		w.draft.Keys, w.draft.SignatureKeys = append(w.draft.Keys, k), append(w.draft.SignatureKeys, k)
	}, nil},
	{"signed with a key that has ended since", withKey(func(w *world, k *lab.SigningKey) { k.End = w.draft.Published.Add(time.Hour) }), nil},
	{"keys of a kind that nobody knows yet beside npm's", nil, listed(func(o lab.Object) {
		lab.Set("/keys/-", lab.Object{"keyId": "x", "keyUsage": "npm:signatures", "publicKey": lab.Object{"keyDetails": "PKIX_ML_DSA_65", "rawBytes": "AAAA"}})(o)
	})},
	{"a registry without keys in the repository of trust, with its own endpoint", nil, func(w *world) { w.tuf = w.sigstore.TUF(w.registry.URL, nil) }},
	{"the first release of a package", func(w *world) { w.draft.Earlier = nil }, nil},
	{"a prerelease under its own tag", func(w *world) {
		w.draft.Version, w.in["package"], w.in["dist-tag"] = "1.0.0-rc.1", "@acme/demo@1.0.0-rc.1", "next"
		w.draft.DistTags = map[string]string{"latest": "0.9.0", "next": "1.0.0-rc.1"}
	}, nil},
	{"a version with build metadata", func(w *world) { w.draft.Version, w.in["package"] = "1.0.0+7", "@acme/demo@1.0.0+7" }, nil},
	{"a package of an old name in mixed case", func(w *world) { w.draft.Name, w.in["package"] = "JSONStream", "JSONStream@1.0.0" }, nil},
	{"deprecated right after it was published", manifest(lab.Set("/deprecated", "use 2.x")), nil},
	{"a mirror that serves the public registry's attestations", func(w *world) {
		w.draft.PublishAttestation.Statement = lab.Set("/predicate/registry", lab.PublicRegistry)
	}, nil},
	{"a mirror that names the public registry's addresses", manifest(lab.Edits(
		lab.Set("/dist/tarball", "https://registry.npmjs.org/@acme/demo/-/demo-1.0.0.tgz"),
		lab.Set("/dist/attestations/url", "https://registry.npmjs.org/-/npm/v1/attestations/@acme%2fdemo@1.0.0"))), nil},
	{"a field of package.json that looks like one of the registry's", manifest(lab.Edits(lab.Set("/Dist", lab.Object{"integrity": "sha512-AAAA"}), lab.Set("/Name", "x"))), nil},
	{"half an emoji in the description", nil, func(w *world) {
		w.release.Manifest = lab.Replace(`"A release of the lab"`, `"\ud83d"`)(w.release.Manifest)
		w.release.Packument = lab.Replace(`"A release of the lab"`, `"\ud83d"`)(w.release.Packument)
	}},
	{"attestations in the other order", nil, func(w *world) {
		w.release.Attestations = lab.Edit(w.release.Attestations, lab.Change("/attestations", func(v any) any {
			l := v.([]any)
			return []any{l[1], l[0]}
		}))
	}},
	{"an attestation of another kind beside npm's", nil, func(w *world) {
		w.release.Attestations = lab.Edit(w.release.Attestations, lab.Set("/attestations/-", lab.Object{"predicateType": "https://example.com/review", "bundle": lab.Object{}}))
	}},
	{"a further digest of the subject", provenance(func(a *lab.Attestation) { a.Statement = lab.Set("/subject/0/digest/sha256", strings.Repeat("0", 64)) }), nil},
	{"a certificate without the extension that repeats its subject", certified(func(c *lab.Certificate) { delete(c.Extensions, lab.ExtBuildSignerURI) }), nil},
	{"two SCTs", certified(func(c *lab.Certificate) { c.CTLogs = append(c.CTLogs, c.CTLogs[0]) }), nil},
	{"an unknown extension of the certificate that is not critical", certified(func(c *lab.Certificate) { c.Extensions[42] = "new" }), nil},
	{"a root that was rotated", nil, published(lab.TUFChange{NewRoot: true})},
	{"a repository of trust that was updated", nil, published(lab.TUFChange{})},
	{"a branch, started by hand", func(w *world) {
		w.draft.Run.Ref, w.draft.Run.Event = "refs/heads/main", "workflow_dispatch"
		w.env = w.draft.Run.Env()
	}, nil},
	{"a private repository", run(func(r *lab.Run) { r.Visibility = "private" }), nil},
	{"a git commit in the manifest that is not the run's", manifest(lab.Set("/gitHead", strings.Repeat("d", 40))), nil},
	{"the repository that the manifest declares, in short", func(w *world) {
		w.draft.Repository, w.in["expect"] = "github:acme/demo", "declared"
	}, nil},
	{"the repository that the manifest declares, by ssh", func(w *world) {
		w.draft.Repository, w.in["expect"] = "git+ssh://git@github.com/acme/demo.git", "declared"
	}, nil},
	{"nothing expected of the source", func(w *world) { w.in["expect"] = "none" }, nil},
	{"the registry busy at first", nil, func(w *world) {
		w.registry.Fault(lab.Fault{Surface: lab.SurfaceManifest, Kind: lab.FaultStatus, Status: 503}, lab.Fault{Surface: lab.SurfaceTarball, Kind: lab.FaultReset})
		w.in["timeout"] = "20s"
	}},
}

func TestUnusualAndGood(t *testing.T) {
	t.Parallel()
	if len(good) < 20 {
		t.Errorf("%d good releases, want at least 20", len(good))
	}
	for _, row := range good {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, row.draft)
			if row.world != nil {
				row.world(w)
			}
			r, exit := w.judge(t)
			if exit != 0 || r.Status != report.Verified {
				t.Errorf("got %s, exit code %d: %s", r.Status, exit, bad(r))
			}
		})
	}
}

// TestWhatIsNotNoticed holds the gate to what docs/security.md says that it does not stop: if one of these comes to be
// noticed, that page is to be changed.
func TestWhatIsNotNoticed(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		draft func(*world)
		world func(*world)
	}{
		{"a repository of trust rolled back to a state that has not expired", nil, func(w *world) {
			w.tuf.Publish(lab.TUFChange{})
			w.tuf.Rollback()
		}},
		{"a registry that invents who published, where only its own word counts", func(w *world) {
			w.draft.Trust = lab.TrustProvenance
			w.draft.Manifest = lab.Set("/_npmUser/trustedPublisher", lab.Object{"id": "github"})
			w.in["require"] = "trusted-publisher"
		}, nil},
		{"wicked source in the right repository, built by the right run", func(w *world) {
			w.draft.Files = map[string]string{"index.js": "process.exit(1)"}
		}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, row.draft)
			if row.world != nil {
				row.world(w)
			}
			if r, exit := w.judge(t); exit != 0 {
				t.Errorf("noticed after all: %s", bad(r))
			}
		})
	}
}
