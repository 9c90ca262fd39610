//go:build e2e

package pipeline

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// registry is ghcr.io for one image, as the OCI distribution specification has it, with the token service that the
// WWW-Authenticate header names. Who does not log in reads public images; one that is not public he is told nothing of.
type registry struct {
	http.ServeMux

	mu        sync.Mutex
	public    bool
	breaks    string // a manifest's name that is answered with status 503
	blobs     map[string][]byte
	manifests map[string][]byte // by digest
	tags      map[string]string
}

const image = "acme/left-pad" // repository, in lower case as images are

func newRegistry() *registry {
	g := &registry{public: true, blobs: map[string][]byte{}, manifests: map[string][]byte{}, tags: map[string]string{}}
	g.HandleFunc("GET /token", g.token)
	g.Handle("GET /v2/{$}", g.may("", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	for pattern, handle := range map[string]http.HandlerFunc{
		"POST /v2/" + image + "/blobs/uploads/{$}":   g.beginUpload,
		"PATCH /v2/" + image + "/blobs/uploads/{id}": g.upload,
		"PUT /v2/" + image + "/blobs/uploads/{id}":   g.upload,
		"PUT /v2/" + image + "/manifests/{name}":     g.putManifest,
	} {
		g.Handle(pattern, g.may("push", handle))
	}
	g.Handle("GET /v2/"+image+"/blobs/{digest}", g.may("pull", g.getBlob)) // and HEAD
	g.Handle("GET /v2/"+image+"/manifests/{name}", g.may("pull", g.getManifest))
	return g
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(object{"errors": []object{{"code": code, "message": strings.ToLower(strings.ReplaceAll(code, "_", " "))}}})
}

// token gives whoever knows the run's token a bearer that may do all, and anybody one that may pull what is public.
func (g *registry) token(w http.ResponseWriter, r *http.Request) {
	user, password, given := r.BasicAuth()
	g.mu.Lock()
	hidden := !g.public || len(g.tags) == 0
	g.mu.Unlock()
	bearer := "all"
	switch {
	case given && (user == "" || password != token):
		refuse(w, http.StatusUnauthorized, "UNAUTHORIZED")
		return
	case !given && hidden && r.URL.Query().Get("scope") != "":
		refuse(w, http.StatusForbidden, "DENIED")
		return
	case !given:
		bearer = "pull"
	}
	_ = json.NewEncoder(w).Encode(object{"token": bearer})
}

// may lets through who has a bearer for the action.
func (g *registry) may(action string, next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if bearer != "all" && (bearer != "pull" || action == "push") {
			w.Header().Set("WWW-Authenticate", `Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:`+image+`:pull"`)
			refuse(w, http.StatusUnauthorized, "UNAUTHORIZED")
			return
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		next(w, r)
	})
}

func digestOf(content []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(content)) }

func (g *registry) beginUpload(w http.ResponseWriter, _ *http.Request) {
	id := fmt.Sprint("upload-", len(g.blobs))
	g.blobs[id] = nil
	w.Header().Set("Location", "https://ghcr.io/v2/"+image+"/blobs/uploads/"+id)
	w.WriteHeader(http.StatusAccepted)
}

// upload takes a piece of a blob, and with PUT ends it.
func (g *registry) upload(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	piece, err := io.ReadAll(r.Body)
	if err != nil {
		refuse(w, http.StatusBadRequest, "SIZE_INVALID")
		return
	}
	g.blobs[id] = append(g.blobs[id], piece...)
	w.Header().Set("Location", "https://ghcr.io/v2/"+image+"/blobs/uploads/"+id)
	if r.Method == http.MethodPatch {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	digest := r.URL.Query().Get("digest")
	if digestOf(g.blobs[id]) != digest {
		refuse(w, http.StatusBadRequest, "DIGEST_INVALID")
		return
	}
	g.blobs[digest] = g.blobs[id]
	w.WriteHeader(http.StatusCreated)
}

func (g *registry) getBlob(w http.ResponseWriter, r *http.Request) {
	content, ok := g.blobs[r.PathValue("digest")]
	if !ok {
		refuse(w, http.StatusNotFound, "BLOB_UNKNOWN")
		return
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(content)))
	_, _ = w.Write(content)
}

// manifest is what an index or an image's manifest names.
type manifest struct {
	MediaType         string `json:"mediaType"`
	Manifests, Layers []struct{ Digest string }
	Config            struct{ Digest string }
}

func (g *registry) putManifest(w http.ResponseWriter, r *http.Request) {
	content, err := io.ReadAll(r.Body)
	var m manifest
	if err != nil || json.Unmarshal(content, &m) != nil || m.MediaType != r.Header.Get("Content-Type") {
		refuse(w, http.StatusBadRequest, "MANIFEST_INVALID")
		return
	}
	known := m.Config.Digest == "" || g.blobs[m.Config.Digest] != nil
	for _, child := range m.Layers {
		known = known && g.blobs[child.Digest] != nil
	}
	for _, child := range m.Manifests {
		known = known && g.manifests[child.Digest] != nil
	}
	name, digest := r.PathValue("name"), digestOf(content)
	if !known || strings.Contains(name, ":") && name != digest {
		refuse(w, http.StatusBadRequest, "MANIFEST_BLOB_UNKNOWN")
		return
	}
	g.manifests[digest] = content
	if name != digest {
		g.tags[name] = digest
	}
	w.Header().Set("Docker-Content-Digest", digest)
	w.WriteHeader(http.StatusCreated)
}

func (g *registry) getManifest(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	digest := name
	if tagged := g.tags[name]; tagged != "" {
		digest = tagged
	}
	content := g.manifests[digest]
	var m manifest
	_ = json.Unmarshal(content, &m) // as it was put
	switch {
	case name == g.breaks:
		refuse(w, http.StatusServiceUnavailable, "UNAVAILABLE")
	case content == nil:
		refuse(w, http.StatusNotFound, "MANIFEST_UNKNOWN")
	default:
		w.Header().Set("Content-Type", m.MediaType)
		w.Header().Set("Docker-Content-Digest", digest)
		_, _ = w.Write(content)
	}
}
