package lab

import (
	"compress/gzip"
	"net/http"
	"sync"
	"time"
)

// fail makes a fault happen to a request to the registry.
func (g *Registry) fail(w http.ResponseWriter, r *http.Request, to target, f Fault) {
	failure{
		Fault:    f,
		now:      g.o.Now,
		right:    func() answer { return g.answer(r, to) },
		old:      func(wrong bool) answer { return g.old(to, wrong) },
		write:    g.write,
		breakTLS: g.BreakTLS,
	}.serve(w, r)
}

// old is what an earlier state of the registry answers.
func (g *Registry) old(to target, wrong bool) answer {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.packages[to.name]
	if p == nil {
		return notFound
	}
	before := p.last.Before
	if p.last.previous != nil {
		before = g.packument(p.last.previous)
	}
	switch {
	case to.surface == SurfacePackument:
		return orNotFound(before)
	case to.surface == SurfaceDistTag && before != nil:
		return orNotFound(encode(Get(before, "/dist-tags")))
	case to.surface == SurfaceManifest && wrong && before != nil:
		latest := Text(before, "/dist-tags/latest")
		return orNotFound(encode(Get(before, "/versions/"+latest)))
	case to.surface == SurfaceAttestations && wrong:
		return orNotFound([]byte(`{"attestations":[]}`))
	case to.surface == SurfaceTarball && wrong:
		return answer{status: http.StatusOK, body: Pack(nil, gzip.BestSpeed)}.with("content-type", "application/octet-stream")
	}
	return notFound
}

// Faulty puts faults before any other handler, a TUF repository for instance. Their surface must be empty. For FaultStale and
// FaultOld there is nothing older than a 404; FaultTLS is a reset.
func Faulty(h http.Handler, faults ...Fault) http.Handler {
	var mu sync.Mutex
	attempts := map[string]int{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		attempts[r.URL.Path]++
		n := attempts[r.URL.Path]
		mu.Unlock()
		for _, f := range faults {
			if !f.matches("", r.URL.Path, n) {
				continue
			}
			failure{
				Fault: f,
				now:   time.Now,
				right: func() answer {
					rec := &recorder{status: http.StatusOK, header: http.Header{}}
					h.ServeHTTP(rec, r)
					return answer{status: rec.status, body: rec.body}.with("content-type", rec.header.Get("Content-Type"))
				},
				old:      func(bool) answer { return notFound },
				write:    plainly,
				breakTLS: func(int) {},
			}.serve(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// recorder keeps an answer instead of sending it.
type recorder struct {
	status int
	header http.Header
	body   []byte
}

func (r *recorder) Header() http.Header    { return r.header }
func (r *recorder) WriteHeader(status int) { r.status = status }
func (r *recorder) Write(b []byte) (int, error) {
	r.body = append(r.body, b...)
	return len(b), nil
}

func plainly(w http.ResponseWriter, _ *http.Request, a answer) {
	for key, value := range a.header {
		w.Header().Set(key, value)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client may leave
}
