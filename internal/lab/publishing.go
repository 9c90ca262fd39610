package lab

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Publisher is one trusted-publisher configuration of a package, as `npm trust github` stores it
// (npm, lib/commands/trust/github.js): every field is compared exactly, with case.
type Publisher struct {
	Repository  string // owner/name
	Workflow    string // bare file name
	Environment string
	Actions     []string // what it may do: see AllActions
}

// What a trusted publisher may do (docs.npmjs.com, trusted-publishers, "Allowed actions").
const (
	ActionPublish = "createPackage"
	ActionStage   = "createStagedPackage"
)

// AllActions lets a publisher publish and stage.
func AllActions() []string { return []string{ActionPublish, ActionStage} }

// published is a package of the world.
type published struct {
	publishers []Publisher
	private    bool
	delays     map[Surface]time.Duration // of processing, from acceptance
	accepted   map[string]time.Time      // by version: when it will be visible in the packument
}

// grant is what a token may do.
type grant struct {
	user      string // of a person's or robot's token; "": from an exchange
	name      string // the only package; "": every package
	publisher Publisher
	run       Run
}

// Create makes a package that exists, with version 0.1.0 published long ago by a person's token: trusted publishers can only
// be configured for a package that exists (docs.npmjs.com, trusted-publishers).
func (w *World) Create(name string) {
	d := NewDraft(w.Sigstore)
	d.Name, d.Version, d.Trust, d.Earlier = name, "0.1.0", TrustNone, nil
	d.Published = w.now().AddDate(0, -2, 0)
	r := d.Release()
	w.mu.Lock()
	p := w.pkg(name)
	p.accepted["0.1.0"] = d.Published
	w.mu.Unlock()
	w.Registry.Add(r)
}

// pkg is a package, made if it is new. The caller holds the lock.
func (w *World) pkg(name string) *published {
	p := w.packages[name]
	if p == nil {
		p = &published{accepted: map[string]time.Time{}}
		w.packages[name] = p
	}
	return p
}

// Trust adds trusted-publisher configurations to a package.
func (w *World) Trust(name string, publishers ...Publisher) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.pkg(name)
	p.publishers = append(p.publishers, publishers...)
}

// Private makes a package one of restricted access.
func (w *World) Private(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pkg(name).private = true
}

// Never is longer than any test waits.
const Never = 100 * 365 * 24 * time.Hour

// Delay sets how long after acceptance the surfaces of the package's next versions are served; a surface left out is served
// at once. With any delay the registry answers a publish with 202 and a notice, and does the rest later.
func (w *World) Delay(name string, delays map[Surface]time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pkg(name).delays = delays
}

// DelayAll is one delay for every surface.
func DelayAll(d time.Duration) map[Surface]time.Duration {
	delays := map[Surface]time.Duration{}
	for _, s := range Surfaces() {
		delays[s] = d
	}
	return delays
}

// Token makes a user's long-lived token that may publish every package.
func (w *World) Token(user string) string {
	token := "npm_" + rand.Text()[:18] + rand.Text()[:18] // 36 characters after the prefix
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tokens[token] = grant{user: user}
	return token
}

// FailProvenance makes the registry unable to verify provenance, saying why; "" ends that.
func (w *World) FailProvenance(why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.provenance = why
}

// refuse is an error of the registry: npm prints the field error (npm-registry-fetch, lib/errors.js) and, of the exchange,
// the field message (npm, lib/utils/oidc.js).
func refuse(out http.ResponseWriter, status int, text string) {
	out.Header().Set("Content-Type", "application/json")
	out.WriteHeader(status)
	_, _ = out.Write(encode(Object{"error": text, "message": text}))
}

// registry answers what only a publishing client asks, and leaves the rest to the registry that serves releases.
func (w *World) registry(out http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	exchange, isExchange := strings.CutPrefix(path, "-/npm/v1/oidc/token/exchange/package/")
	staged, isStage := strings.CutPrefix(path, "-/stage/package/")
	approved, isApproval := strings.CutPrefix(path, "-/stage/")
	visible, isVisibility := strings.CutSuffix(strings.TrimPrefix(path, "-/package/"), "/visibility")
	switch {
	case r.Method == http.MethodPost && isExchange:
		w.exchange(out, r, exchange)
	case r.Method == http.MethodPost && isStage:
		w.publish(out, r, staged, ActionStage)
	case r.Method == http.MethodPost && isApproval && strings.HasSuffix(approved, "/approve"):
		w.approve(out, r, strings.TrimSuffix(approved, "/approve"))
	case r.Method == http.MethodGet && isVisibility:
		w.visibility(out, visible)
	case r.Method == http.MethodPut && !strings.HasPrefix(path, "-/"):
		w.publish(out, r, path, ActionPublish)
	default:
		w.Registry.ServeHTTP(out, r)
	}
}

// visibility tells whether a package is public (libnpmaccess, getVisibility).
func (w *World) visibility(out http.ResponseWriter, name string) {
	w.mu.Lock()
	p := w.packages[name]
	w.mu.Unlock()
	if p == nil || len(p.accepted) == 0 {
		refuse(out, http.StatusNotFound, "Not found")
		return
	}
	out.Header().Set("Content-Type", "application/json")
	_, _ = out.Write(encode(Object{"public": !p.private}))
}

// exchange turns a run's id-token into a token for one package (npm, lib/utils/oidc.js; api-docs.npmjs.com, "Exchange OIDC
// token"). The two refusals are all that npm's registry says: it does not tell which claim differs.
func (w *World) exchange(out http.ResponseWriter, r *http.Request, name string) {
	bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	run, err := w.Issuer.verify(bearer, "npm:"+HostRegistry)
	if err != nil || run.Issuer != "https://"+HostIssuer { // an enterprise's own issuer: npm/cli#9203
		refuse(out, http.StatusUnauthorized, "OIDC token exchange error - unauthorized")
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.packages[name]
	if p == nil || len(p.accepted) == 0 {
		refuse(out, http.StatusNotFound, "OIDC token exchange error - package not found")
		return
	}
	for _, publisher := range p.publishers {
		if !publisher.matches(run) {
			continue
		}
		token := "npm_" + rand.Text()[:18] + rand.Text()[:18]
		w.tokens[token] = grant{name: name, publisher: publisher, run: run}
		out.Header().Set("Content-Type", "application/json")
		out.WriteHeader(http.StatusCreated)
		_, _ = out.Write(encode(Object{
			"token_type": "oidc", "token": token, "created": stamp(w.now()), "expires": stamp(w.now().Add(time.Hour)),
		}))
		return
	}
	refuse(out, http.StatusNotFound, "OIDC token exchange error - package not found")
}

// matches compares as npm does: the caller's workflow file, not a reusable one's, and the environment even if only one side
// has any. pull_request_target is refused (npm/cli#8739).
func (p Publisher) matches(r Run) bool {
	file := r.Workflow[strings.LastIndex(r.Workflow, "/")+1:]
	return p.Repository == r.Repository && p.Workflow == file && p.Environment == r.Environment && r.Event != "pull_request_target"
}

// approve publishes what was staged, on the word of a person: a session or token, and a second factor
// (npm, lib/commands/stage/approve.js).
func (w *World) approve(out http.ResponseWriter, r *http.Request, id string) {
	w.mu.Lock()
	who := w.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	staged := w.stages[id]
	w.mu.Unlock()
	switch {
	case who.user == "":
		refuse(out, http.StatusUnauthorized, "You must be logged in to approve a staged package.")
	case r.Header.Get("npm-otp") == "": // npm-registry-fetch, lib/check-response.js: then npm asks for one
		out.Header().Set("www-authenticate", "OTP")
		refuse(out, http.StatusUnauthorized, "You must provide a one-time pass.")
	case staged == nil:
		refuse(out, http.StatusNotFound, "Not found")
	default:
		staged.approver = who.user
		w.mu.Lock()
		delete(w.stages, id)
		w.mu.Unlock()
		w.accept(staged)
		out.Header().Set("Content-Type", "application/json")
		_, _ = out.Write(encode(Object{"ok": true}))
	}
}

// newStageID is a UUID, as npm wants it (npm, lib/utils/validate-uuid.js).
func newStageID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
