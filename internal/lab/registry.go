package lab

import (
	"crypto/sha256"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Surface is a part of the registry that becomes ready, and fails, on its own.
type Surface string

// The surfaces of a release, and the registry's keys.
const (
	SurfaceManifest     Surface = "manifest"
	SurfaceTarball      Surface = "tarball"
	SurfaceAttestations Surface = "attestations"
	SurfaceDistTag      Surface = "dist-tag"
	SurfacePackument    Surface = "packument"
	SurfaceKeys         Surface = "keys"
	SurfaceOther        Surface = "other"
)

// Surfaces are all surfaces of a release.
func Surfaces() []Surface {
	return []Surface{SurfaceManifest, SurfaceTarball, SurfaceAttestations, SurfaceDistTag, SurfacePackument}
}

// Ready says from when on each surface of a release is served; a surface left out is served at once.
type Ready map[Surface]time.Time

// ReadyAt makes every surface ready at one time.
func ReadyAt(at time.Time) Ready {
	ready := Ready{}
	for _, s := range Surfaces() {
		ready[s] = at
	}
	return ready
}

// Options say how a registry behaves. The zero value: plain HTTP, no edge, the real clock.
type Options struct {
	TLS   bool             // HTTP/2 and 1.1 over TLS, also under the public registry's name
	Edge  bool             // a cache in front, as the public registry has (five minutes, also of a 404)
	Now   func() time.Time // the clock of readiness, cache and dates; nil: time.Now
	Hosts []string         // further names in the certificate
}

// Registry is an npm registry on loopback. All methods are safe for concurrent use.
type Registry struct {
	*Server
	o Options

	mu       sync.Mutex
	packages map[string]*pkg
	keys     []byte
	faults   []Fault
	attempts map[string]int
	requests []Request
	cache    map[string]cached

	compressed map[[sha256.Size]byte][]byte
}

type pkg struct {
	releases map[string]*served
	last     *served
}

type served struct {
	*Release
	ready    Ready
	previous *served // what the packument was of, before
}

// Request is what reached the registry.
type Request struct {
	Method, Host string
	Path         string // as escaped by the client
	Query        string
	Header       http.Header
	Surface      Surface
	At           time.Time
}

// NewRegistry starts an empty registry.
func NewRegistry(o Options) *Registry {
	if o.Now == nil {
		o.Now = time.Now
	}
	g := &Registry{
		o:        o,
		packages: map[string]*pkg{},
		attempts: map[string]int{},
		cache:    map[string]cached{},

		compressed: map[[sha256.Size]byte][]byte{},
	}
	g.Server = Serve(g, o.TLS, append([]string{"registry.npmjs.org", "registry.example"}, o.Hosts...)...)
	return g
}

// Add serves a release from now on; the package's packument is this release's. The keys served are those of the first
// release, unless SetKeys says otherwise.
func (g *Registry) Add(r *Release) { g.AddWhen(r, nil) }

// AddWhen serves a release as its surfaces become ready.
func (g *Registry) AddWhen(r *Release, ready Ready) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.packages[r.Name]
	if p == nil {
		p = &pkg{releases: map[string]*served{}}
		g.packages[r.Name] = p
	}
	s := &served{r, ready, p.last}
	p.releases[r.Version], p.last = s, s
	if g.keys == nil {
		g.keys = r.KeysAPI
	}
}

// SetKeys sets what the key endpoint serves; an empty document: 404.
func (g *Registry) SetKeys(document []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.keys = append([]byte{}, document...)
}

// Fault adds faults; for each request the first one that matches happens.
func (g *Registry) Fault(faults ...Fault) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults = append(g.faults, faults...)
}

// ClearFaults ends all faults.
func (g *Registry) ClearFaults() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults = nil
}

// Requests lists everything that was asked, in order.
func (g *Registry) Requests() []Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.requests)
}

// Counts is the number of requests by path, unescaped and without query.
func (g *Registry) Counts() map[string]int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.attempts)
}

// Count is the number of requests to one surface, of all packages.
func (g *Registry) Count(s Surface) int {
	n := 0
	for _, r := range g.Requests() {
		if r.Surface == s {
			n++
		}
	}
	return n
}

// ServeHTTP answers one request; it may be called without the network.
func (g *Registry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	to := route(r.URL.Path)
	g.mu.Lock()
	g.attempts[r.URL.Path]++
	fault, faulty := g.match(to.surface, r.URL.Path, g.attempts[r.URL.Path])
	g.requests = append(g.requests, Request{
		Method: r.Method, Host: r.Host, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery,
		Header: r.Header.Clone(), Surface: to.surface, At: g.o.Now(),
	})
	g.mu.Unlock()
	if faulty {
		g.fail(w, r, to, fault)
		return
	}
	g.write(w, r, g.answer(r, to))
}

// answer is what the edge has, or the origin says.
func (g *Registry) answer(r *http.Request, to target) answer {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return notFound
	}
	// The origin alone: npm's own way around the edge (canonical/pragma#1097).
	if !g.o.Edge || strings.Contains(r.URL.RawQuery, "write=true") {
		return g.origin(r, to).with("cf-cache-status", "DYNAMIC")
	}
	return g.edge(r, to)
}

// accepted is the package's packument with all its releases, ready or not; nil: there is none.
func (g *Registry) accepted(name string) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p := g.packages[name]; p != nil && p.last != nil {
		return p.last.Packument
	}
	return nil
}

// Edit changes a release that is served: what npm published, spoilt afterwards. The packument is not touched unless the
// edit does it.
func (g *Registry) Edit(name, version string, edit func(*Release)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.packages[name]
	if p == nil || p.releases[version] == nil {
		panic("lab: no release " + name + "@" + version)
	}
	edit(p.releases[version].Release)
	clear(g.cache)
}

// Release is the release as it is served.
func (g *Registry) Release(name, version string) *Release {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p := g.packages[name]; p != nil && p.releases[version] != nil {
		return p.releases[version].Release
	}
	return nil
}
