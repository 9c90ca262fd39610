package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// LoadEvidence reads an evidence folder as a release that a registry can serve: manifest.json, and, as far as they are there,
// packument.json, attestations.json, package.tgz, keys.json, trusted_root.json. Keys and root may also lie beside the folder
// (tuf_keys.json, registry_keys.json, trusted_root.json). A packument that is missing is made of the manifest, dated by
// published.txt, else by the publish attestation's log entry, else within the validity of the key that signed.
func LoadEvidence(dir string) (*Release, error) {
	var errs []error
	read := func(names ...string) []byte {
		for _, name := range names {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err == nil {
				return b
			}
			if !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, err)
			}
		}
		return nil
	}
	r := &Release{
		Manifest:     read("manifest.json"),
		Packument:    read("packument.json"),
		Attestations: read("attestations.json"),
		Tarball:      read("package.tgz"),
		Keys:         read("keys.json", "../tuf_keys.json"),
		KeysAPI:      read("../registry_keys.json"),
		TrustedRoot:  read("trusted_root.json", "../trusted_root.json"),
	}
	published := strings.TrimSpace(string(read("published.txt")))
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if r.Manifest == nil {
		return nil, fmt.Errorf("no manifest.json in %s", dir)
	}
	r.Packed = r.Tarball
	r.Name, r.Version = Text(r.Manifest, "/name"), Text(r.Manifest, "/version")
	r.Integrity = Text(r.Manifest, "/dist/integrity")
	switch {
	case published != "":
		r.Published = must(time.Parse(time.RFC3339Nano, published))
	case r.Packument != nil:
		r.Published = must(time.Parse(time.RFC3339Nano, Text(r.Packument, "/time/"+r.Version)))
	default:
		r.Published = guessPublished(r)
	}
	if r.Packument == nil {
		at := stamp(r.Published)
		r.Packument = encode(Object{
			"_id": r.Name, "name": r.Name, "dist-tags": Object{"latest": r.Version},
			"versions": Object{r.Version: decode(r.Manifest)},
			"time":     Object{"created": at, "modified": at, r.Version: at},
		})
	}
	return r, nil
}

// guessPublished dates a release that comes without a date.
func guessPublished(r *Release) time.Time {
	if r.Attestations != nil {
		for _, a := range Get(r.Attestations, "/attestations").([]any) {
			document := encode(a)
			if Text(document, "/predicateType") == PredicatePublish {
				seconds := Text(document, "/bundle/verificationMaterial/tlogEntries/0/integratedTime")
				return time.Unix(must(strconv.ParseInt(seconds, 10, 64)), 0).Add(-time.Second).UTC()
			}
		}
	}
	id := Text(r.Manifest, "/dist/signatures/0/keyid")
	for _, k := range Get(r.Keys, "/keys").([]any) {
		document := encode(k)
		if Text(document, "/keyId") != id || Text(document, "/keyUsage") != UsageSignatures {
			continue
		}
		validFor := Get(document, "/publicKey/validFor").(Object)
		if end, ok := validFor["end"].(string); ok {
			return must(time.Parse(time.RFC3339, end)).Add(-24 * time.Hour)
		}
		return must(time.Parse(time.RFC3339, validFor["start"].(string))).Add(24 * time.Hour)
	}
	panic("lab: no date for " + r.Spec())
}

// WriteEvidence writes the release as an evidence folder, without a report.
func (r *Release) WriteEvidence(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"manifest.json": r.Manifest, "packument.json": r.Packument, "attestations.json": r.Attestations,
		"package.tgz": r.Tarball, "keys.json": r.Keys, "trusted_root.json": r.TrustedRoot,
	} {
		if content == nil {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
