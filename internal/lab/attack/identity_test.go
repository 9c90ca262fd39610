package attack

import (
	"strings"

	"verify-npm-release/internal/lab"
	"verify-npm-release/internal/report"
)

// run changes the run that builds the release; the run that asks stays as it was.
func run(change func(*lab.Run)) func(*world) {
	return func(w *world) { change(&w.draft.Run) }
}

// another makes a second release in the same world.
func another(w *world, edit func(*lab.Draft)) *lab.Release {
	d := *w.draft
	provenance, publish := *w.draft.Provenance, *w.draft.PublishAttestation
	d.Provenance, d.PublishAttestation = &provenance, &publish
	edit(&d)
	return d.Release()
}

// exchanged is an attestations document with the provenance of one release and the publish attestation of another.
func exchanged(provenance, publish *lab.Release) []byte {
	return lab.Edit(provenance.Attestations, func(o lab.Object) {
		list := o["attestations"].([]any)
		for i := range list {
			if list[i].(lab.Object)["predicateType"] == lab.PredicatePublish {
				list[i] = lab.Get(publish.Attestations, "/attestations/0")
			}
		}
	})
}

// otherReleases are attacks with genuine papers of something else.
var otherReleases = []attack{
	{"the attestations of another package", "provenance", report.Fail, 1, nil, func(w *world) {
		w.release.Attestations = another(w, func(d *lab.Draft) { d.Name = "@acme/other" }).Attestations
	}},
	{"the attestations of the same name without its scope", "provenance", report.Fail, 1, nil, func(w *world) {
		w.release.Attestations = another(w, func(d *lab.Draft) { d.Name = "demo" }).Attestations
	}},
	{"the attestations of an earlier version", "provenance", report.Fail, 1, nil, func(w *world) {
		w.release.Attestations = another(w, func(d *lab.Draft) { d.Version = "0.9.0" }).Attestations
	}},
	{"the attestations of a prerelease of the version", "provenance", report.Fail, 1, nil, func(w *world) {
		w.release.Attestations = another(w, func(d *lab.Draft) { d.Version = "1.0.0-rc.1" }).Attestations
	}},
	{"the attestations of a version with build metadata", "provenance", report.Fail, 1, nil, func(w *world) {
		w.release.Attestations = another(w, func(d *lab.Draft) { d.Version = "1.0.0+build" }).Attestations
	}},
	{"the provenance of the same name and version with other files", "provenance", report.Fail, 1, nil, func(w *world) {
		o := another(w, func(d *lab.Draft) { d.Files = map[string]string{"index.js": "process.exit(1)"} })
		w.release.Attestations = exchanged(o, w.release)
	}},
	{"the publish attestation of other files", "publish-attestation", report.Fail, 1, nil, func(w *world) {
		o := another(w, func(d *lab.Draft) { d.Files = map[string]string{"index.js": "process.exit(1)"} })
		w.release.Attestations = exchanged(w.release, o)
	}},
	{"the publish attestation of an earlier version", "publish-attestation", report.Fail, 1, nil, func(w *world) {
		w.release.Attestations = exchanged(w.release, another(w, func(d *lab.Draft) { d.Version = "0.9.0" }))
	}},
	{"the publish attestation of another package", "publish-attestation", report.Fail, 1, nil, func(w *world) {
		w.release.Attestations = exchanged(w.release, another(w, func(d *lab.Draft) { d.Name = "@acme/other" }))
	}},
	{"the publish attestation of another registry", "publish-attestation", report.Fail, 1, nil, func(w *world) {
		w.release.Attestations = exchanged(w.release, another(w, func(d *lab.Draft) { d.Registry = "https://npm.example.com" }))
	}},
	{"the publish attestation of a registry with a like name", "publish-attestation", report.Fail, 1, nil, func(w *world) {
		w.release.Attestations = exchanged(w.release, another(w, func(d *lab.Draft) { d.Registry = "https://registry.npmjs.org.example" }))
	}},
	{"the publish attestation of the public registry over plain http", "publish-attestation", report.Fail, 1, nil, func(w *world) {
		w.release.Attestations = exchanged(w.release, another(w, func(d *lab.Draft) { d.Registry = "http://registry.npmjs.org" }))
	}},
	{"the publish attestation of a folder on the same registry", "publish-attestation", report.Fail, 1, nil, func(w *world) {
		w.release.Attestations = exchanged(w.release, another(w, func(d *lab.Draft) { d.Registry += "/mirror" }))
	}},
	{"a whole other release under this name, as a stolen token can publish", "source", report.Fail, 1, run(func(r *lab.Run) {
		r.Repository, r.RepositoryID, r.OwnerID = "mallory/demo", "1", "2"
	}), nil},
	{"a whole other release under this name without provenance", "provenance", report.Fail, 1,
		func(w *world) { w.draft.Trust = lab.TrustNone }, nil},
	{"the manifest and files of an earlier version", "served", report.Fail, 1, nil, func(w *world) {
		o := another(w, func(d *lab.Draft) { d.Version = "0.9.0" })
		w.release.Manifest, w.release.Tarball, w.release.Attestations = o.Manifest, o.Tarball, o.Attestations
	}},
}

// builders are genuine releases by the wrong run.
var builders = []attack{
	{"built by another repository of the owner", "source", report.Fail, 1, run(func(r *lab.Run) { r.Repository, r.RepositoryID = "acme/other", "1" }), nil},
	{"built by a fork", "source", report.Fail, 1, run(func(r *lab.Run) { r.Repository, r.RepositoryID, r.OwnerID = "mallory/demo", "1", "2" }), nil},
	{"built by a fork that was given the ids", "source", report.Fail, 1, run(func(r *lab.Run) { r.Repository = "mallory/demo" }), nil},
	{"built by a repository that reuses the name", "source", report.Fail, 1, run(func(r *lab.Run) { r.RepositoryID = "999" }), nil},
	{"built by an account that reuses the owner's name", "source", report.Fail, 1, run(func(r *lab.Run) { r.OwnerID = "999" }), nil},
	{"built by a repository whose id begins alike", "source", report.Fail, 1, run(func(r *lab.Run) { r.RepositoryID += "0" }), nil},
	{"built by another workflow", "source", report.Fail, 1, run(func(r *lab.Run) { r.Workflow = ".github/workflows/ci.yml" }), nil},
	{"built by a workflow of the same name in another folder", "source", report.Fail, 1, run(func(r *lab.Run) { r.Workflow = ".github/workflows/old/release.yml" }), nil},
	{"built by a workflow of the other suffix", "source", report.Fail, 1, run(func(r *lab.Run) { r.Workflow = ".github/workflows/release.yaml" }), nil},
	{"built from another tag", "source", report.Fail, 1, run(func(r *lab.Run) { r.Ref = "refs/tags/v1.0.1" }), nil},
	{"built from a branch named as the tag", "source", report.Fail, 1, run(func(r *lab.Run) { r.Ref = "refs/heads/v1.0.0" }), nil},
	{"built from a pull request", "source", report.Fail, 1, run(func(r *lab.Run) { r.Ref, r.Event = "refs/pull/7/merge", "pull_request" }), nil},
	{"built by another trigger", "source", report.Fail, 1, run(func(r *lab.Run) { r.Event = "pull_request_target" }), nil},
	{"built from another commit", "source", report.Fail, 1, run(func(r *lab.Run) { r.Commit = strings.Repeat("a", 40) }), nil},
	{"built by an earlier run", "source", report.Fail, 1, run(func(r *lab.Run) { r.ID = "17686742433" }), nil},
	{"built by a run whose id begins alike", "source", report.Fail, 1, run(func(r *lab.Run) { r.ID += "1" }), nil},
	{"built by an attempt in the future", "source", report.Fail, 1, run(func(r *lab.Run) { r.Attempt = "2" }), nil},
	{"built by attempt 0", "source", report.Fail, 1, run(func(r *lab.Run) { r.Attempt = "0" }), nil},
	{"built by an attempt that is no number", "source", report.Fail, 1, run(func(r *lab.Run) { r.Attempt = "1e0" }), nil},
	{"built by an attempt too large for a number", "source", report.Fail, 1, run(func(r *lab.Run) { r.Attempt = strings.Repeat("9", 30) }), nil},
	{"built on a self-hosted runner", "source", report.Fail, 1, run(func(r *lab.Run) { r.Runner = "self-hosted" }), nil},
	{"built with GitHub Enterprise's issuer", "source", report.Fail, 1, run(func(r *lab.Run) { r.Issuer = "https://token.actions.githubusercontent.com/acme" }), nil},
	{"built with a GitHub Enterprise Server's issuer", "source", report.Fail, 1, run(func(r *lab.Run) {
		r.Issuer, r.Server = "https://github.acme.example/_services/token", "https://github.acme.example"
	}), nil},
	{"built with GitLab's issuer", "source", report.Fail, 1, run(func(r *lab.Run) { r.Issuer = "https://gitlab.com" }), nil},
	{"built with a person's login", "source", report.Fail, 1, run(func(r *lab.Run) { r.Issuer = "https://github.com/login/oauth" }), nil},
	{"built with an issuer that adds a slash", "source", report.Fail, 1, run(func(r *lab.Run) { r.Issuer += "/" }), nil},
	{"signed by another workflow than was asked for", "source", report.Fail, 1,
		func(w *world) { w.in["expected-signer"] = ".github/workflows/other.yml" }, nil},
	{"signed in a stranger's reusable workflow", "source", report.Fail, 1, func(w *world) {
		w.draft.Run.Signer = "mallory/tools/.github/workflows/publish.yml@refs/heads/main"
		w.in["expected-signer"] = "acme/tools/.github/workflows/publish.yml@refs/heads/main"
	}, nil},
	{"signed in the reusable workflow at another ref", "source", report.Fail, 1, func(w *world) {
		w.draft.Run.Signer = "acme/tools/.github/workflows/publish.yml@refs/heads/evil"
		w.in["expected-signer"] = "acme/tools/.github/workflows/publish.yml@refs/heads/main"
	}, nil},
	{"deployed to another environment than was asked for", "source", report.Fail, 1, func(w *world) {
		w.draft.Run.Environment = "staging"
		w.in["expected-environment"] = "npm"
	}, nil},
	{"deployed to no environment where one was asked for", "source", report.Fail, 1,
		func(w *world) { w.in["expected-environment"] = "npm" }, nil},
	{"another repository than the one named", "source", report.Fail, 1,
		func(w *world) { w.in["expect"], w.in["expected-repository"] = "none", "acme/other" }, nil},
	{"another attempt than the one named", "source", report.Fail, 1, func(w *world) {
		w.in["expected-run"] = "https://github.com/acme/demo/actions/runs/17686742434/attempts/2"
	}, nil},
	{"another id of the repository, of which only the repository is expected", "source", report.Fail, 1, func(w *world) {
		w.draft.Run.RepositoryID = "7"
		w.in["expect"] = "this-repository"
	}, nil},
	{"a repository that the manifest does not declare", "source", report.Fail, 1, func(w *world) {
		w.draft.Repository = "git+https://github.com/acme/elsewhere.git"
		w.in["expect"] = "declared"
	}, nil},
	{"the run of another repository in the certificate", "source", report.Fail, 1, func(w *world) {
		w.draft.Provenance.Certificate = func(c *lab.Certificate) {
			c.Extensions[lab.ExtRunInvocationURI] = "https://github.com/mallory/demo/actions/runs/17686742434/attempts/1"
		}
	}, nil},
	{"no run in the certificate", "source", report.Fail, 1, func(w *world) {
		w.draft.Provenance.Certificate = func(c *lab.Certificate) { delete(c.Extensions, lab.ExtRunInvocationURI) }
	}, nil},
	{"no ids in the certificate", "source", report.Fail, 1, func(w *world) {
		w.draft.Provenance.Certificate = func(c *lab.Certificate) {
			delete(c.Extensions, lab.ExtSourceRepositoryIdentifier)
			delete(c.Extensions, lab.ExtOwnerIdentifier)
		}
	}, nil},
	{"no runner in the certificate", "source", report.Fail, 1, func(w *world) {
		w.draft.Provenance.Certificate = func(c *lab.Certificate) { delete(c.Extensions, lab.ExtRunnerEnvironment) }
	}, nil},
	{"the first extensions alone, which name no run", "source", report.Fail, 1, func(w *world) {
		w.draft.Provenance.Certificate = func(c *lab.Certificate) {
			for n := range c.Extensions {
				if n > lab.ExtRefV1 {
					delete(c.Extensions, n)
				}
			}
		}
	}, nil},
}

// extension changes one of the certificate's extensions alone.
func extension(n int, value string) func(*world) {
	return func(w *world) {
		w.draft.Provenance.Certificate = func(c *lab.Certificate) { c.Extensions[n] = value }
	}
}

// repository renames the building repository, with the ids that are expected: a look-alike.
func repository(name string) func(*world) {
	return run(func(r *lab.Run) { r.Repository = name })
}

var lookAlikes = []attack{
	{"an owner in other case", "source", report.Fail, 1, repository("Acme/demo"), nil},
	{"a repository in other case", "source", report.Fail, 1, repository("acme/Demo"), nil},
	{"an owner with a Cyrillic letter", "source", report.Fail, 1, extension(lab.ExtSourceRepositoryURI, "https://github.com/аcme/demo"), nil},
	{"an owner with a full-width letter", "source", report.Fail, 1, extension(lab.ExtSourceRepositoryURI, "https://github.com/ａcme/demo"), nil},
	{"an owner with an invisible joiner", "source", report.Fail, 1, extension(lab.ExtSourceRepositoryURI, "https://github.com/ac\u200dme/demo"), nil},
	{"an owner with a trailing dot", "source", report.Fail, 1, repository("acme./demo"), nil},
	{"a repository with a trailing dot", "source", report.Fail, 1, repository("acme/demo."), nil},
	{"a repository with .git", "source", report.Fail, 1, repository("acme/demo.git"), nil},
	{"a repository with a slash at its end", "source", report.Fail, 1, repository("acme/demo/"), nil},
	{"a repository below the owner's own name", "source", report.Fail, 1, repository("acme/acme/demo"), nil},
	{"an owner that begins alike", "source", report.Fail, 1, repository("acme-inc/demo"), nil},
	{"a repository that begins alike", "source", report.Fail, 1, repository("acme/demo2"), nil},
	{"an owner that ends alike", "source", report.Fail, 1, repository("notacme/demo"), nil},
	{"an owner encoded as in a URL", "source", report.Fail, 1, repository("%61cme/demo"), nil},
	{"a space behind the repository", "provenance", report.Fail, 1, repository("acme/demo "), nil},
	{"a line break in the repository", "source", report.Fail, 1, extension(lab.ExtSourceRepositoryURI, "https://github.com/acme/demo\nhttps://github.com/acme/demo"), nil},
	{"a null byte behind the repository", "source", report.Fail, 1, extension(lab.ExtSourceRepositoryURI, "https://github.com/acme/demo\x00"), nil},
	{"a path that climbs back to the repository", "source", report.Fail, 1, repository("mallory/../acme/demo"), nil},
	{"GitHub's host with a trailing dot", "source", report.Fail, 1, extension(lab.ExtSourceRepositoryURI, "https://github.com./acme/demo"), nil},
	{"GitHub's host before a user name", "source", report.Fail, 1, run(func(r *lab.Run) { r.Server = "https://github.com@evil.example" }), nil},
	{"GitHub's host with a port", "source", report.Fail, 1, run(func(r *lab.Run) { r.Server = "https://github.com:443" }), nil},
	{"GitHub's host over plain http", "source", report.Fail, 1, run(func(r *lab.Run) { r.Server = "http://github.com" }), nil},
	{"a look-alike of GitHub's host", "source", report.Fail, 1, run(func(r *lab.Run) { r.Server = "https://githud.com" }), nil},
	{"a declared repository in other case", "source", report.Fail, 1, func(w *world) {
		w.draft.Repository = "git+https://github.com/acme/DEMO.git"
		w.in["expect"] = "declared"
	}, nil},
	{"a declared repository behind a user name", "source", report.Fail, 1, func(w *world) {
		w.draft.Repository = "git+https://github.com@evil.example/acme/demo.git"
		w.in["expect"] = "declared"
	}, nil},
}

// says edits the statement before it is signed: a step of the job that changes the variables npm writes it from.
func says(pointer string, value any) func(*world) {
	return func(w *world) { w.draft.Provenance.Statement = lab.Set(pointer, value) }
}

const (
	definition = "/predicate/buildDefinition"
	details    = "/predicate/runDetails"
)

var statements = []attack{
	{"a statement that names another repository", "source", report.Fail, 1, says(definition+"/externalParameters/workflow/repository", "https://github.com/mallory/demo"), nil},
	{"a statement that names another ref", "source", report.Fail, 1, says(definition+"/externalParameters/workflow/ref", "refs/heads/main"), nil},
	{"a statement that names another workflow", "source", report.Fail, 1, says(definition+"/externalParameters/workflow/path", ".github/workflows/ci.yml"), nil},
	{"a statement that names another trigger", "source", report.Fail, 1, says(definition+"/internalParameters/github/event_name", "workflow_dispatch"), nil},
	{"a statement that names another repository id", "source", report.Fail, 1, says(definition+"/internalParameters/github/repository_id", "7"), nil},
	{"a statement that names another owner id", "source", report.Fail, 1, says(definition+"/internalParameters/github/repository_owner_id", "7"), nil},
	{"a statement that names another source", "source", report.Fail, 1, says(definition+"/resolvedDependencies/0/uri", "git+https://github.com/mallory/demo@refs/tags/v1.0.0"), nil},
	{"a statement that names another commit", "source", report.Fail, 1, says(definition+"/resolvedDependencies/0/digest/gitCommit", strings.Repeat("b", 40)), nil},
	{"a statement that names two sources", "source", report.Fail, 1, says(definition+"/resolvedDependencies/-", lab.Object{"uri": "git+https://github.com/mallory/demo"}), nil},
	{"a statement that names no source", "source", report.Fail, 1, says(definition+"/resolvedDependencies", []any{}), nil},
	{"a statement of a self-hosted runner", "source", report.Fail, 1, says(details+"/builder/id", "https://github.com/actions/runner/self-hosted"), nil},
	{"a statement that names another run", "source", report.Fail, 1, says(details+"/metadata/invocationId", "https://github.com/acme/demo/actions/runs/1/attempts/1"), nil},
	{"a statement that names another attempt", "source", report.Fail, 1, says(details+"/metadata/invocationId", "https://github.com/acme/demo/actions/runs/17686742434/attempts/2"), nil},
	{"a statement whose repository id is a number", "source", report.Fail, 1, says(definition+"/internalParameters/github/repository_id", 712345678), nil},
	{"a statement whose workflow is a text", "source", report.Fail, 1, says(definition+"/externalParameters/workflow", "release.yml"), nil},
	{"a statement of no build type, with which nothing would be compared", "source", report.Fail, 1, says(definition+"/buildType", ""), nil},
	{"an SLSA 0.2 statement of no build type", "source", report.Fail, 1, func(w *world) {
		w.draft.PublishedBy("9.5.0")
		w.draft.Provenance.Statement = lab.Delete("/predicate/buildType")
	}, nil},
	{"an SLSA 0.2 statement that names another commit", "source", report.Fail, 1, func(w *world) {
		w.draft.PublishedBy("9.5.0")
		w.draft.Provenance.Statement = lab.Set("/predicate/invocation/configSource/digest/sha1", strings.Repeat("b", 40))
	}, nil},
	{"an SLSA 0.2 statement that names another source", "source", report.Fail, 1, func(w *world) {
		w.draft.PublishedBy("9.5.0")
		w.draft.Provenance.Statement = lab.Set("/predicate/invocation/configSource/uri", "git+https://github.com/mallory/demo@refs/tags/v1.0.0")
	}, nil},
	{"an SLSA 0.2 statement that names another workflow", "source", report.Fail, 1, func(w *world) {
		w.draft.PublishedBy("9.5.0")
		w.draft.Provenance.Statement = lab.Set("/predicate/invocation/configSource/entryPoint", ".github/workflows/ci.yml")
	}, nil},
	{"an SLSA 0.2 statement that names another repository id", "source", report.Fail, 1, func(w *world) {
		w.draft.PublishedBy("9.5.0")
		w.draft.Provenance.Statement = lab.Set("/predicate/invocation/environment/GITHUB_REPOSITORY_ID", "7")
	}, nil},
}
