//go:build e2e

package pipeline

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	repository = "Acme/Left-Pad"
	token      = "token-of-the-run"
)

type object = map[string]any

// gitHub is api.github.com and uploads.github.com for one repository, as docs.github.com/en/rest describes them: git data
// over a real bare repository, and releases (releases_test.go).
type gitHub struct {
	t    testing.TB
	bare string
	http.ServeMux

	mu       sync.Mutex
	now      time.Time // a second later with each commit, so that no two are the same object
	releases []*release
	lastID   int64

	fault  fault
	spoil  func(blob []byte) []byte // what becomes of a blob's bytes
	calls  []string                 // every call, normalised
	counts map[string]int
}

// fault makes one call go wrong: the nth of its kind with status 500, and if late after it did what was asked. Always: every
// one from the nth.
type fault struct {
	call         string
	nth          int
	late, always bool
}

func newGitHub(t testing.TB, bare string) *gitHub {
	g := &gitHub{t: t, bare: bare, now: time.Now(), counts: map[string]int{}}
	for pattern, handler := range map[string]func(*http.Request) (int, any){
		"GET /repos/{owner}/{repo}/git/matching-refs/{ref...}": g.matchingRefs,
		"POST /repos/{owner}/{repo}/git/refs":                  g.createRef,
		"PATCH /repos/{owner}/{repo}/git/refs/{ref...}":        g.updateRef,
		"POST /repos/{owner}/{repo}/git/blobs":                 g.createBlob,
		"POST /repos/{owner}/{repo}/git/trees":                 g.createTree,
		"POST /repos/{owner}/{repo}/git/commits":               g.createCommit,
		"GET /repos/{owner}/{repo}/git/commits/{sha}":          g.getCommit,
		"GET /repos/{owner}/{repo}/releases":                   g.listReleases,
		"GET /repos/{owner}/{repo}/releases/tags/{tag}":        g.releaseByTag,
		"GET /repos/{owner}/{repo}/releases/{id}":              g.releaseByID,
		"POST /repos/{owner}/{repo}/releases":                  g.createRelease,
		"PATCH /repos/{owner}/{repo}/releases/{id}":            g.editRelease,
		"POST /repos/{owner}/{repo}/releases/{id}/assets":      g.uploadAsset,
		"GET /repos/{owner}/{repo}/releases/assets/{id}":       g.getAsset,
		"DELETE /repos/{owner}/{repo}/releases/assets/{id}":    g.deleteAsset,
		"POST /graphql": g.graphQL,
	} {
		g.Handle(pattern, g.api(handler))
	}
	g.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("nobody here answers %s %s", r.Method, r.URL)
		http.Error(w, "not known here", http.StatusNotImplemented)
	})
	return g
}

// varying is what differs between calls of one kind: hashes and numbers of releases and of their files.
var varying = regexp.MustCompile(`/([0-9a-f]{40}|[0-9]+)(/|$)`)

// api answers one call as a JSON document, or with the bytes of a file, unless it is to fail.
func (g *gitHub) api(handle func(*http.Request) (int, any)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		call := r.Method + " " + varying.ReplaceAllString(r.URL.Path, "/*$2")
		g.calls = append(g.calls, call)
		g.counts[call]++
		n := g.counts[call]
		fails := g.fault.call == call && (n == g.fault.nth || g.fault.always && n > g.fault.nth)
		status, body := http.StatusInternalServerError, any(object{"message": "Server Error"})
		switch owner, repo, _ := strings.Cut(repository, "/"); {
		case r.Header.Get("Authorization") != "token "+token:
			status, body = http.StatusUnauthorized, object{"message": "Bad credentials"}
		case r.PathValue("repo") != "" && (r.PathValue("owner") != owner || r.PathValue("repo") != repo):
			status, body = http.StatusNotFound, object{"message": "Not Found"}
		case fails && g.fault.late:
			handle(r)
		case !fails:
			status, body = handle(r)
		}
		if file, ok := body.([]byte); ok {
			w.WriteHeader(status)
			_, _ = w.Write(file)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		if list, ok := body.([]object); ok {
			body = paged(w, r, list)
		}
		w.WriteHeader(status)
		if status != http.StatusNoContent {
			_ = json.NewEncoder(w).Encode(body)
		}
	})
}

// paged is the asked page of a list, with links to the next. Pages are short, so that lists have several.
func paged(w http.ResponseWriter, r *http.Request, list []object) []object {
	const size = 2
	page, _ := strconv.Atoi(r.URL.Query().Get("page"))
	page = max(page, 1)
	if len(list) > page*size {
		q := r.URL.Query()
		q.Set("page", strconv.Itoa(page+1))
		w.Header().Set("Link", fmt.Sprintf(`<https://%s%s?%s>; rel="next"`, r.Host, r.URL.Path, q.Encode()))
	}
	return list[min((page-1)*size, len(list)):min(page*size, len(list))]
}

func read[T any](r *http.Request) (in T) {
	_ = json.NewDecoder(r.Body).Decode(&in) // what is missing is refused by its use
	return in
}

func notFound() (int, any) { return http.StatusNotFound, object{"message": "Not Found"} }

func unprocessable(message string) (int, any) {
	return http.StatusUnprocessableEntity, object{"message": message}
}
