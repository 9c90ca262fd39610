package lab

import (
	"net/http"
	"strconv"
	"time"
)

// edgeTTL is how long the public registry's edge keeps a document, and also a 404 (npm-check-updates#961, construct-hub#1919).
const edgeTTL = 5 * time.Minute

type cached struct {
	answer
	at time.Time
}

// edge answers from the cache, keyed by path, query and Accept, else from the origin. A publish does not purge it. The
// caller holds the lock.
func (g *Registry) edge(r *http.Request, to target) answer {
	key := r.URL.EscapedPath() + query(r.URL) + "\n" + r.Header.Get("Accept")
	now := g.o.Now()
	if c, ok := g.cache[key]; ok && now.Sub(c.at) < edgeTTL {
		age := int64(now.Sub(c.at) / time.Second)
		return c.with("cf-cache-status", "HIT").with("age", strconv.FormatInt(age, 10))
	}
	a := g.origin(r, to)
	g.cache[key] = cached{a, now}
	return a.with("cf-cache-status", "MISS")
}
