package lab

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// Hosts of the public services that a publishing run talks to. A world answers under all of them.
const (
	HostRegistry = "registry.npmjs.org"
	HostFulcio   = "fulcio.sigstore.dev"
	HostRekor    = "rekor.sigstore.dev"
	HostTUF      = "tuf-repo-cdn.sigstore.dev"
	HostIssuer   = "token.actions.githubusercontent.com"
	HostRunner   = "run-actions-1-azure-eastus.actions.githubusercontent.com" // where a job asks for its id-token
)

// WorldHosts are the names that a publishing machine must find the world under.
func WorldHosts() []string {
	return []string{HostRegistry, HostFulcio, HostRekor, HostTUF, HostIssuer, HostRunner}
}

// World is everything that `npm publish` in a workflow run talks to: GitHub's id-token issuer, Fulcio, Rekor, Sigstore's
// TUF repository and the npm registry with its trusted publishers. It is one HTTPS server that tells them apart by host
// name. npm and our program reach it with nothing changed but where those names lead and one more certificate authority.
//
//	w := lab.NewWorld()
//	defer w.Close()
//	w.Create("@acme/demo")
//	w.Trust("@acme/demo", lab.Publisher{Repository: "acme/demo", Workflow: "publish.yml", Actions: lab.AllActions()})
//	env := w.Start(run) // ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN of a job with id-token: write
//
// What npm published is served by Registry like any release of the lab, and may be spoilt there: see Edit.
type World struct {
	*Server
	Sigstore *Sigstore
	TUF      *TUF
	Registry *Registry
	Issuer   *Issuer

	mu         sync.Mutex
	packages   map[string]*published
	tokens     map[string]grant
	stages     map[string]*upload // by stage id
	logged     map[string]string  // UUID of a log entry by what it is equivalent to
	calls      []Call
	provenance string // why the registry cannot verify provenance now; "": it can
	now        func() time.Time
}

// Call is one request that reached the world, with its answer.
type Call struct {
	Method, Host, Path string // Path as escaped by the client, without query
	Status             int
	UserAgent          string
}

// NewWorld starts a world with fresh keys and no packages.
func NewWorld() *World {
	s := NewSigstore()
	s.Rekor = NewRekor(HostRekor)
	w := &World{
		Sigstore: s,
		TUF:      s.TUF(PublicRegistry, KeysJSON(s.NPM)),
		Registry: NewRegistry(Options{Edge: true}),
		Issuer:   newIssuer(),
		packages: map[string]*published{},
		tokens:   map[string]grant{},
		stages:   map[string]*upload{},
		logged:   map[string]string{},
		now:      time.Now,
	}
	w.Registry.SetKeys(KeysAPI(s.NPM))
	w.Server = Serve(w, true, WorldHosts()...)
	return w
}

// Close ends the world.
func (w *World) Close() {
	w.Server.Close()
	w.Registry.Close()
}

// Listen serves the world also on l, in TLS like its own address, until either is closed. For a socket that a container's
// port leads to.
func (w *World) Listen(l net.Listener) { go func() { _ = w.http.ServeTLS(l, "", "") }() }

// Calls lists what reached the world, in order.
func (w *World) Calls() []Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Call(nil), w.calls...)
}

// ServeHTTP answers for the host that was asked.
func (w *World) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	recorder := &statusRecorder{ResponseWriter: out, status: http.StatusOK}
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.calls = append(w.calls, Call{r.Method, host, r.URL.EscapedPath(), recorder.status, r.UserAgent()})
	}()
	switch host {
	case HostRunner, HostIssuer:
		w.Issuer.ServeHTTP(recorder, r)
	case HostFulcio:
		w.fulcio(recorder, r)
	case HostRekor:
		w.rekor(recorder, r)
	case HostTUF:
		w.TUF.ServeHTTP(recorder, r)
	default: // the registry, also as localhost
		w.registry(recorder, r)
	}
}

// statusRecorder keeps the status. Faults of the registry hijack connections, so it lets them through.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (s *statusRecorder) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (s *statusRecorder) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// Dial connects to the world under any name, as http.Transport.DialContext wants it.
func (w *World) Dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, w.Addr)
}
