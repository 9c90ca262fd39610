package lab

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// target is what a path asks for.
type target struct {
	surface       Surface
	name, version string
}

// route reads an unescaped path, so that @scope/name, @scope%2fname and %40scope%2Fname are one.
func route(path string) target {
	path = strings.TrimPrefix(path, "/")
	if rest, ok := strings.CutPrefix(path, "-/"); ok {
		if rest == "npm/v1/keys" {
			return target{surface: SurfaceKeys}
		}
		if spec, ok := strings.CutPrefix(rest, "npm/v1/attestations/"); ok {
			if at := strings.LastIndex(spec, "@"); at > 0 {
				return target{SurfaceAttestations, spec[:at], spec[at+1:]}
			}
		}
		if name, ok := strings.CutPrefix(rest, "package/"); ok {
			if name, ok := strings.CutSuffix(name, "/dist-tags"); ok {
				return target{surface: SurfaceDistTag, name: name}
			}
		}
		return target{surface: SurfaceOther}
	}
	parts := strings.Split(path, "/")
	name, rest := parts[0], parts[1:]
	if strings.HasPrefix(name, "@") && len(rest) > 0 {
		name, rest = name+"/"+rest[0], rest[1:]
	}
	switch {
	case name == "":
	case len(rest) == 0:
		return target{surface: SurfacePackument, name: name}
	case len(rest) == 1:
		return target{SurfaceManifest, name, rest[0]}
	case len(rest) == 2 && rest[0] == "-":
		file := name[strings.LastIndex(name, "/")+1:] + "-"
		if version, ok := strings.CutPrefix(strings.TrimSuffix(rest[1], ".tgz"), file); ok && strings.HasSuffix(rest[1], ".tgz") {
			return target{SurfaceTarball, name, version}
		}
	}
	return target{surface: SurfaceOther}
}

// answer is a response before it is written.
type answer struct {
	status int
	header map[string]string
	body   []byte
}

var notFound = answer{status: http.StatusNotFound, body: []byte(`{"error":"Not found"}`)}

func (a answer) with(key, value string) answer {
	header := map[string]string{key: value}
	for k, v := range a.header {
		header[k] = v
	}
	header[key] = value
	a.header = header
	return a
}

func (a answer) get(key, otherwise string) string {
	if v, ok := a.header[key]; ok {
		return v
	}
	return otherwise
}

const installV1 = "application/vnd.npm.install-v1+json"

// origin answers from the releases as they are ready now. The caller holds the lock.
func (g *Registry) origin(r *http.Request, to target) answer {
	if to.surface == SurfaceKeys {
		return orNotFound(g.keys)
	}
	p := g.packages[to.name]
	if p == nil {
		return notFound
	}
	switch to.surface {
	case SurfacePackument:
		document := g.packument(p.last)
		if document == nil {
			return notFound
		}
		if strings.HasPrefix(r.Header.Get("Accept"), installV1) {
			return answer{status: http.StatusOK, body: abbreviate(document)}.with("content-type", installV1)
		}
		return orNotFound(document)
	case SurfaceDistTag:
		document := g.packument(p.last)
		if document == nil {
			return notFound
		}
		return orNotFound(encode(Get(document, "/dist-tags")))
	}
	s := p.releases[to.version]
	if s == nil && to.surface == SurfaceManifest {
		return fromPackument(g.packument(p.last), to.version)
	}
	if s == nil || !g.isReady(s, to.surface) {
		if to.surface == SurfaceManifest && g.packument(p.last) != nil {
			return versionNotFound(to.version)
		}
		return notFound
	}
	switch to.surface {
	case SurfaceManifest:
		return orNotFound(s.Manifest)
	case SurfaceAttestations:
		return orNotFound(s.Attestations)
	case SurfaceTarball:
		if len(s.Tarball) == 0 {
			return notFound
		}
		return answer{status: http.StatusOK, body: s.Tarball}.with("content-type", "application/octet-stream").
			with("cache-control", "public, immutable, max-age=31557600")
	}
	return notFound
}

func versionNotFound(version string) answer {
	return answer{status: http.StatusNotFound, body: encode("version not found: " + version)}
}

// fromPackument is the manifest of a version that the registry knows from the packument alone, or of a dist-tag.
func fromPackument(document []byte, version string) answer {
	if document == nil {
		return notFound
	}
	p := decode(document).(Object)
	if tags, ok := p["dist-tags"].(Object); ok {
		if tagged, ok := tags[version].(string); ok {
			version = tagged
		}
	}
	if versions, ok := p["versions"].(Object); ok && versions[version] != nil {
		return orNotFound(encode(versions[version]))
	}
	return versionNotFound(version)
}

func orNotFound(body []byte) answer {
	if len(body) == 0 {
		return notFound
	}
	return answer{status: http.StatusOK, body: body}
}

func (g *Registry) isReady(s *served, surface Surface) bool {
	return !g.o.Now().Before(s.ready[surface])
}

// packument is the package's document as far as it is ready; nil: there is none yet.
func (g *Registry) packument(s *served) []byte {
	before := s.Before
	if s.previous != nil {
		before = g.packument(s.previous)
	}
	if !g.isReady(s, SurfacePackument) {
		return before
	}
	if g.isReady(s, SurfaceDistTag) {
		return s.Packument
	}
	tags := any(Object{})
	if before != nil {
		tags = Get(before, "/dist-tags")
	}
	return Edit(s.Packument, Set("/dist-tags", tags))
}

// abbreviate keeps what npm needs to install (github.com/npm/registry, docs/responses/package-metadata.md).
func abbreviate(document []byte) []byte {
	full := decode(document).(Object)
	versions := Object{}
	for version, v := range full["versions"].(Object) {
		short := Object{}
		for _, key := range []string{
			"name", "version", "deprecated", "dependencies", "optionalDependencies", "devDependencies", "bundleDependencies",
			"peerDependencies", "peerDependenciesMeta", "bin", "directories", "dist", "engines", "cpu", "os", "_hasShrinkwrap",
		} {
			if value, ok := v.(Object)[key]; ok {
				short[key] = value
			}
		}
		versions[version] = short
	}
	o := Object{"name": full["name"], "dist-tags": full["dist-tags"], "versions": versions}
	if times, ok := full["time"].(Object); ok {
		o["modified"] = times["modified"]
	}
	return encode(o)
}

// write sends an answer with the headers of the public registry.
func (g *Registry) write(w http.ResponseWriter, r *http.Request, a answer) {
	h := w.Header()
	sum := sha256.Sum256(a.body)
	h.Set("Date", g.o.Now().UTC().Format(http.TimeFormat))
	h.Set("Content-Type", a.get("content-type", "application/json"))
	h.Set("Cache-Control", a.get("cache-control", "public, max-age=300"))
	h.Set("Etag", fmt.Sprintf(`"%x"`, sum[:16]))
	h.Set("Vary", "accept-encoding, accept")
	h.Set("Server", "cloudflare")
	h.Set("Cf-Ray", "8f0a1b2c3d4e5f60-IAD")
	for key, value := range a.header {
		h.Set(key, value)
	}
	body := a.body
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") && strings.Contains(h.Get("Content-Type"), "json") && len(body) > 512 {
		body = g.compressOnce(sum, body)
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a client may leave
	}
}

// compressOnce keeps what it has compressed: measurements are of the client.
func (g *Registry) compressOnce(sum [sha256.Size]byte, body []byte) []byte {
	g.mu.Lock()
	small, ok := g.compressed[sum]
	g.mu.Unlock()
	if !ok {
		small = compress(body)
		g.mu.Lock()
		g.compressed[sum] = small
		g.mu.Unlock()
	}
	return small
}

func compress(b []byte) []byte {
	var out bytes.Buffer
	z := must(gzip.NewWriterLevel(&out, gzip.BestSpeed))
	must(z.Write(b))
	if err := z.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func query(u *url.URL) string {
	if u.RawQuery == "" {
		return ""
	}
	return "?" + u.RawQuery
}
