package lab

import (
	"encoding/json"
	"time"
)

// user is the manifest's _npmUser (unsigned registry metadata) for a way of publishing.
func user(t Trust) Object {
	bot := Object{
		"name": "GitHub Actions", "email": "npm-oidc-no-reply@github.com",
		"trustedPublisher": Object{"id": "github", "oidcConfigId": "oidc:d0585aa6-1a29-450d-8bf8-c3440b4bcc0f"},
	}
	switch t {
	case TrustTrustedPublisher:
		return bot
	case TrustStagedPublish:
		bot["approver"] = Object{"name": "ada", "email": "ada@acme.example"}
		return bot
	default:
		return Object{"name": "ada", "email": "ada@acme.example"}
	}
}

// packument is the full document of the package: with the release, or as it was before.
func (d *Draft) packument(manifest Object, with bool) []byte {
	versions, times := Object{}, Object{}
	created, modified := d.Published, d.Published
	latest := d.Version
	for i, e := range d.Earlier {
		versions[e.Version] = d.earlier(e)
		times[e.Version] = stamp(e.Published)
		if i == 0 {
			created = e.Published
		}
		if !with {
			latest, modified = e.Version, e.Published
		}
	}
	tags := Object{"latest": latest}
	if with {
		// Through JSON, so that an edit of one document does not reach into another.
		versions[d.Version] = json.RawMessage(encode(manifest))
		times[d.Version] = stamp(d.Published)
		if d.DistTags != nil {
			tags = Object{}
			for tag, version := range d.DistTags {
				tags[tag] = version
			}
		}
	}
	times["created"], times["modified"] = stamp(created), stamp(modified.Add(300*time.Millisecond))
	o := Object{
		"_id": d.Name, "_rev": "3-8a1d7a7d2f1b6d5c", "name": d.Name, "dist-tags": tags, "versions": versions, "time": times,
		"license": "MIT", "description": "A release of the lab", "readme": "# demo\n", "readmeFilename": "README.md",
		"maintainers": []any{Object{"name": "ada", "email": "ada@acme.example"}},
	}
	document := encode(o)
	if with && d.Packument != nil {
		document = Edit(document, d.Packument)
	}
	return document
}

// earlier is the manifest of a version that only the packument mentions: signed by the registry, its files nowhere.
func (d *Draft) earlier(e Earlier) Object {
	integrity := "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==" // of nothing
	dist := Object{
		"integrity": integrity,
		"shasum":    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
		"tarball":   d.Registry + tarballPath(d.Name, e.Version),
	}
	if len(d.SignatureKeys) > 0 {
		dist["signatures"] = []any{d.SignatureKeys[0].Signature(d.Name, e.Version, integrity)}
	}
	if e.Trust != TrustNone {
		dist["attestations"] = Object{
			"url": d.Registry + attestationsPath(d.Name, e.Version), "provenance": Object{"predicateType": PredicateSLSA1},
		}
	}
	o := Object{
		"name": d.Name, "version": e.Version, "_id": d.Name + "@" + e.Version, "_npmUser": user(e.Trust), "dist": dist,
		"repository": Object{"type": "git", "url": d.repository()},
	}
	if e.Deprecated {
		o["deprecated"] = "use a later version"
	}
	return o
}
