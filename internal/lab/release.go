package lab

import (
	"compress/gzip"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"
)

// Trust is how a version was published, as pnpm ranks it.
type Trust string

// Trust levels: by a token without and with provenance, by a trusted publisher, staged and approved.
const (
	TrustNone             Trust = "none"
	TrustProvenance       Trust = "provenance"
	TrustTrustedPublisher Trust = "trusted-publisher"
	TrustStagedPublish    Trust = "staged-publish"
)

// Draft is a release to be made. NewDraft fills it with a good one; a test changes what it is about and calls Release.
// Documents follow from the fields at that moment, and the hooks edit each document before what stands on it is made.
type Draft struct {
	Sigstore      *Sigstore
	Name, Version string
	Registry      string // base URL named by the documents, without a trailing slash
	Published     time.Time
	Run           Run
	Trust         Trust // TrustNone: no attestations
	NPM, Node     string
	Repository    string // of package.json; "": the run's
	Files         map[string]string
	Earlier       []Earlier         // versions before this one, oldest first
	DistTags      map[string]string // nil: latest is this version

	SignatureKeys []*SigningKey // each signs the release; none: no signature
	Keys          []*SigningKey // what the registry and its TUF target list

	Provenance         *Attestation // nil: none
	PublishAttestation *Attestation // nil: none

	PackageJSON  func(Object)        // before the tarball is packed
	Tarball      func([]byte) []byte // what is served; integrity and attestations are of what was packed
	Manifest     func(Object)        // the version's document, also within the packument
	Packument    func(Object)
	Attestations func(Object) // the document with both bundles
}

// Earlier is a version that the packument lists before the release.
type Earlier struct {
	Version    string
	Published  time.Time
	Trust      Trust
	Deprecated bool
}

// NewDraft returns the draft of @acme/demo@1.0.0, published by a trusted publisher from a run of acme/demo.
func NewDraft(s *Sigstore) *Draft {
	published := time.Date(2025, 10, 1, 12, 0, 0, 462e6, time.UTC)
	return &Draft{
		Sigstore:      s,
		Name:          "@acme/demo",
		Version:       "1.0.0",
		Registry:      PublicRegistry,
		Published:     published,
		Run:           NewRun(),
		Trust:         TrustTrustedPublisher,
		NPM:           "11.6.0",
		Node:          "24.8.0",
		Files:         map[string]string{"index.js": "export const answer = 42\n", "README.md": "# demo\n"},
		Earlier:       []Earlier{{"0.9.0", published.AddDate(0, -1, 0), TrustTrustedPublisher, false}},
		SignatureKeys: []*SigningKey{s.NPM},
		Keys:          []*SigningKey{s.NPM},
		Provenance:    &Attestation{MediaType: BundleV03, Entry: EntryDSSE},
		PublishAttestation: &Attestation{
			MediaType: BundleV02, Entry: EntryIntoto, Key: s.NPM,
		},
	}
}

// Release is a release and all that is served about it. Its documents may be edited before it is served.
type Release struct {
	Name, Version string
	Published     time.Time
	Run           Run
	Integrity     string // sha512-…, of what was packed
	Packed        []byte // the tarball as it was packed
	Tarball       []byte // as it is served; nil: 404
	Manifest      []byte
	Packument     []byte
	Before        []byte // the packument before this version; nil: the package is new
	Attestations  []byte // nil: 404
	Provenance    []byte // the bundles as they were made, for use in other releases
	Publish       []byte
	Keys          []byte // TUF shape
	KeysAPI       []byte // the registry's shape
	TrustedRoot   []byte
}

// Spec is name@version.
func (r *Release) Spec() string { return r.Name + "@" + r.Version }

// Release makes the release. The draft may be changed and used again; every call signs anew.
func (d *Draft) Release() *Release {
	r := &Release{Name: d.Name, Version: d.Version, Published: d.Published, Run: d.Run}
	packageJSON := d.packageJSON()
	files := map[string]string{"package.json": string(encode(packageJSON))}
	for name, content := range d.Files {
		files[name] = content
	}
	r.Packed = Pack(files, gzip.BestCompression)
	r.Tarball = r.Packed
	if d.Tarball != nil {
		r.Tarball = d.Tarball(append([]byte(nil), r.Packed...))
	}
	sum := sha512.Sum512(r.Packed)
	r.Integrity = "sha512-" + base64.StdEncoding.EncodeToString(sum[:])

	d.attest(r, subjectOf(d.Name, d.Version, sum))
	manifest := d.manifest(r, packageJSON, len(files))
	if d.Manifest != nil {
		d.Manifest(manifest)
	}
	r.Manifest = encode(manifest)
	r.Packument = d.packument(manifest, true)
	if len(d.Earlier) > 0 {
		r.Before = d.packument(manifest, false)
	}
	r.Keys, r.KeysAPI = KeysJSON(d.Keys...), KeysAPI(d.Keys...)
	r.TrustedRoot = d.Sigstore.TrustedRoot()
	return r
}

func (d *Draft) repository() string {
	if d.Repository != "" {
		return d.Repository
	}
	return "git+" + d.Run.Server + "/" + d.Run.Repository + ".git"
}

func (d *Draft) packageJSON() Object {
	o := Object{
		"name": d.Name, "version": d.Version, "type": "module", "main": "index.js", "license": "MIT",
		"description": "A release of the lab",
		"repository":  Object{"type": "git", "url": d.repository()},
	}
	if d.PackageJSON != nil {
		d.PackageJSON(o)
	}
	return o
}

// attest makes the bundles and their document. npm signs the provenance just before the version appears, the registry its
// own attestation just after.
func (d *Draft) attest(r *Release, subjects []subject) {
	if d.Trust == TrustNone {
		return
	}
	var entries []any
	add := func(a *Attestation, at time.Time, statement []byte, predicate string) []byte {
		made := *a
		if made.Sigstore == nil {
			made.Sigstore = d.Sigstore
		}
		if made.SignedAt.IsZero() {
			made.SignedAt = at
		}
		b := made.Sign(d.Run, statement)
		entries = append(entries, struct {
			PredicateType string          `json:"predicateType"`
			Bundle        json.RawMessage `json:"bundle"`
			URL           string          `json:"signedAccessSignatureUrl"`
		}{predicate, b, ""})
		return b
	}
	if a := d.PublishAttestation; a != nil {
		r.Publish = add(a, d.Published.Add(time.Second), publication(d.Name, d.Version, d.Registry, subjects), PredicatePublish)
	}
	if a := d.Provenance; a != nil {
		statement := provenance1(d.Run, subjects)
		if d.predicate() == PredicateSLSA02 {
			statement = provenance02(d.Run, d.NPM, subjects)
		}
		r.Provenance = add(a, d.Published.Add(-2*time.Second), statement, d.predicate())
	}
	if entries == nil {
		return
	}
	r.Attestations = encode(Object{"attestations": entries})
	if d.Attestations != nil {
		r.Attestations = Edit(r.Attestations, d.Attestations)
	}
}

// predicate is SLSA 0.2 for npm before 9.6.5, else SLSA 1.
func (d *Draft) predicate() string {
	if strings.HasPrefix(d.NPM, "9.5.") || strings.HasPrefix(d.NPM, "9.4.") {
		return PredicateSLSA02
	}
	return PredicateSLSA1
}

// PublishedBy shapes the draft as npm of the given version made it: "9.5.0" (bundle 0.1, SLSA 0.2, a promise alone),
// "10.8.1" (bundle 0.2 with a chain, intoto entry), or a present one (bundle 0.3, dsse entry).
func (d *Draft) PublishedBy(npm string) *Draft {
	d.NPM = npm
	switch {
	case strings.HasPrefix(npm, "9."):
		for _, a := range []*Attestation{d.Provenance, d.PublishAttestation} {
			a.MediaType, a.Entry, a.NoProof = BundleV01, EntryIntoto, true
		}
	case strings.HasPrefix(npm, "10."):
		d.Provenance.MediaType, d.Provenance.Entry = BundleV02, EntryIntoto
	}
	return d
}

func (d *Draft) manifest(r *Release, packageJSON Object, files int) Object {
	sum := sha1.Sum(r.Packed)
	dist := Object{
		"integrity":    r.Integrity,
		"shasum":       hex.EncodeToString(sum[:]),
		"tarball":      d.Registry + tarballPath(d.Name, d.Version),
		"fileCount":    files,
		"unpackedSize": len(r.Packed),
	}
	signatures := []any{}
	for _, key := range d.SignatureKeys {
		signatures = append(signatures, key.Signature(d.Name, d.Version, r.Integrity))
	}
	if len(signatures) > 0 {
		dist["signatures"] = signatures
	}
	if d.Trust != TrustNone && d.Provenance != nil {
		dist["attestations"] = Object{
			"url":        d.Registry + attestationsPath(d.Name, d.Version),
			"provenance": Object{"predicateType": d.predicate()},
		}
	}
	o := Object{
		"_id": d.Name + "@" + d.Version, "_npmVersion": d.NPM, "_nodeVersion": d.Node,
		"_hasShrinkwrap": false, "gitHead": d.Run.Commit, "_npmUser": user(d.Trust), "dist": dist,
	}
	for key, value := range packageJSON {
		o[key] = value
	}
	return o
}

// EscapedName is the name as npm puts it into a URL: the slash of a scope encoded, the @ not (npm-package-arg).
func EscapedName(name string) string { return strings.Replace(name, "/", "%2f", 1) }

func attestationsPath(name, version string) string {
	return "/-/npm/v1/attestations/" + EscapedName(name) + "@" + version
}

func tarballPath(name, version string) string {
	return "/" + name + "/-/" + name[strings.LastIndex(name, "/")+1:] + "-" + version + ".tgz"
}
