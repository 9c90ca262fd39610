package sigstore

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"verify-npm-release/internal/lab"
)

// identity is a job's that w has started, and the transport that leads to w.
func identity(w *lab.World) Identity {
	env := w.Start(lab.NewRun())
	return Identity{
		RequestURL: env["ACTIONS_ID_TOKEN_REQUEST_URL"], RequestToken: env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"],
		HTTP: w.Client(), pause: time.Millisecond,
	}
}

func TestSign(t *testing.T) {
	t.Parallel()
	w := lab.NewWorld()
	defer w.Close()
	v := verifier(t, w.Sigstore.TrustedRoot())
	other := strings.Replace(statementJSON, "1.0.0", "1.0.1", 1)
	bundles, err := identity(w).Sign(context.Background(), v, []byte(statementJSON), []byte(other))
	if err != nil {
		t.Fatal(err)
	}
	run := lab.NewRun()
	for n, want := range []string{"pkg:npm/%40acme/demo@1.0.0", "pkg:npm/%40acme/demo@1.0.1"} {
		got, err := v.Keyless(bundles[n])
		if err != nil {
			t.Fatal(err)
		}
		if got.Statement.Subjects[0].Name != want || got.MediaType != lab.BundleV03 {
			t.Errorf("got %q of %q, want %q", got.MediaType, got.Statement.Subjects[0].Name, want)
		}
		if c := got.Certificate; c.RunInvocationURI != run.URL() || c.TokenSubject != run.Subject() {
			t.Errorf("got a certificate of %q, want %q", c.RunInvocationURI, run.URL())
		}
		if strings.ContainsAny(string(bundles[n]), "\n") || !json.Valid(bundles[n]) {
			t.Errorf("the bundle is not one line of JSON: %s", bundles[n])
		}
	}
	var asked []string
	for _, c := range w.Calls() {
		asked = append(asked, c.Method+" "+c.Host)
	}
	want := "GET " + lab.HostRunner + ", POST " + lab.HostFulcio + ", POST " + lab.HostRekor + ", POST " + lab.HostRekor
	if got := strings.Join(asked, ", "); got != want {
		t.Errorf("got requests %s, want %s", got, want)
	}
}

// A trusted root of another deployment does not vouch for what the services answer.
func TestSignHandsOutOnlyWhatVerifies(t *testing.T) {
	t.Parallel()
	w := lab.NewWorld()
	defer w.Close()
	bundles, err := identity(w).Sign(context.Background(), verifier(t, lab.NewSigstore().TrustedRoot()), []byte(statementJSON))
	if kindOf(err) != Invalid || bundles != nil {
		t.Errorf("got %d bundles, %v; want none, and an invalid signature", len(bundles), err)
	}
	if _, err := identity(w).Sign(context.Background(), nil, []byte(statementJSON)); kindOf(err) != Invalid {
		t.Errorf("without a trusted root: got %v, want an error", err)
	}
}

// front is a service of the world with something in its way.
type front func(w http.ResponseWriter, r *http.Request, world http.Handler)

func TestSignFailures(t *testing.T) {
	t.Parallel()
	refuse := func(host string, status int, text string) front {
		return func(w http.ResponseWriter, r *http.Request, world http.Handler) {
			if r.Host == host {
				w.WriteHeader(status)
				_, _ = w.Write([]byte(text))
				return
			}
			world.ServeHTTP(w, r)
		}
	}
	twice := func(host string, before func(http.ResponseWriter, *http.Request, http.Handler)) front {
		var n atomic.Int32
		return func(w http.ResponseWriter, r *http.Request, world http.Handler) {
			if r.Host == host && n.Add(1) <= 2 {
				before(w, r, world)
				return
			}
			world.ServeHTTP(w, r)
		}
	}
	busy := func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { w.WriteHeader(http.StatusBadGateway) }
	lost := func(w http.ResponseWriter, r *http.Request, world http.Handler) {
		world.ServeHTTP(httptest.NewRecorder(), r)
		w.WriteHeader(http.StatusGatewayTimeout)
	}
	cut := func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("{}"))
	}
	hangUp := func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }
	redirect := func(w http.ResponseWriter, r *http.Request, world http.Handler) {
		if r.Host == lab.HostRunner {
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusTemporaryRedirect)
			return
		}
		world.ServeHTTP(w, r)
	}
	for _, row := range []struct {
		name  string
		front front
		want  string // in the error; "" success
	}{
		{"GitHub refuses the token", refuse(lab.HostRunner, 401, "no"), "GitHub's token service answered 401"},
		{"GitHub answers with no token", refuse(lab.HostRunner, 200, `{"value":"x.y.z"}`), "is no token"},
		{"GitHub's answer is too large", refuse(lab.HostRunner, 200, strings.Repeat(" ", maxAnswer+1)), "more than"},
		{"GitHub redirects", redirect, "answered 307"},
		{"Fulcio refuses", refuse(lab.HostFulcio, 400, "untrusted issuer"), "Fulcio answered 400 Bad Request: untrusted issuer"},
		{"GitHub answers with one word", refuse(lab.HostRunner, 200, `{"value":"x"}`), "is no token"},
		{"GitHub answers with a token without a subject", refuse(lab.HostRunner, 200, `{"value":"x.e30.z"}`), "is no token"},
		{"Fulcio answers without certificate", refuse(lab.HostFulcio, 200, `{}`), "without a certificate"},
		{"Fulcio's certificate is no PEM", refuse(lab.HostFulcio, 200, `{"signedCertificateEmbeddedSct":{"chain":{"certificates":["MIIB"]}}}`), "is not PEM"},
		{"Fulcio redirects", refuse(lab.HostFulcio, 308, ""), "Fulcio answered 308"},
		{"Rekor is out of order for good", refuse(lab.HostRekor, 503, "later"), "Rekor answered 503 Service Unavailable: later"},
		{"Rekor answers with nothing", refuse(lab.HostRekor, 201, `{}`), "0 entries"},
		{"Rekor answers with two entries", refuse(lab.HostRekor, 201, `{"a":{},"b":{}}`), "2 entries"},
		{"Rekor's entry has no hexadecimal digests", refuse(lab.HostRekor, 201, `{"a":{"logID":"zz"}}`), "reading Rekor's entry"},
		{"Rekor's entry has nothing in it", refuse(lab.HostRekor, 201, `{"a":{}}`), "does not verify"},
		{"Rekor answers with garbage", refuse(lab.HostRekor, 201, `<html>`), "as JSON"},
		{"every service is busy twice: Fulcio", twice(lab.HostFulcio, busy), ""},
		{"every service is busy twice: Rekor", twice(lab.HostRekor, busy), ""},
		{"Rekor's answers are lost twice", twice(lab.HostRekor, lost), ""},
		{"Fulcio hangs up, twice", twice(lab.HostFulcio, hangUp), ""},
		{"Fulcio's answers end too early, twice", twice(lab.HostFulcio, cut), ""},
		{"Fulcio's answers end too early for good", func(w http.ResponseWriter, r *http.Request, world http.Handler) {
			if r.Host == lab.HostFulcio {
				cut(w, r, world)
				return
			}
			world.ServeHTTP(w, r)
		}, "out of reach: the answer of Fulcio"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := lab.NewWorld()
			defer w.Close()
			server := lab.Serve(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
				row.front(out, r, w)
			}), true, append(lab.WorldHosts(), "elsewhere.example")...)
			defer server.Close()
			i := identity(w)
			i.HTTP = server.Client()
			bundles, err := i.Sign(context.Background(), verifier(t, w.Sigstore.TrustedRoot()), []byte(statementJSON))
			switch {
			case row.want == "" && (err != nil || len(bundles) != 1):
				t.Errorf("got %v, want a bundle", err)
			case row.want != "" && (err == nil || bundles != nil || !strings.Contains(err.Error(), row.want)):
				t.Errorf("got %v, want %q", err, row.want)
			case err != nil && strings.Contains(err.Error(), i.RequestToken):
				t.Errorf("the error holds the token: %v", err)
			}
		})
	}
}

// The credential is sent to no address but a plain https one.
func TestTokenIsAskedOverTLSAlone(t *testing.T) {
	t.Parallel()
	reached := false
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer plain.Close()
	for _, address := range []string{plain.URL, "", "ftp://x", "https://", "https://user:pass@" + lab.HostRunner + "/", "//" + lab.HostRunner, "https://%zz/"} {
		_, _, err := Identity{RequestURL: address, RequestToken: "canary", pause: time.Millisecond}.token(context.Background())
		if kindOf(err) != Malformed || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: got %v, want a refusal", address, err)
		}
	}
	if reached {
		t.Error("the token went over plain HTTP")
	}
	refused := strings.Replace(plain.URL, "http:", "https:", 1) // the default transport, and no TLS there
	if _, _, err := (Identity{RequestURL: refused, RequestToken: "canary", pause: time.Millisecond}).token(context.Background()); kindOf(err) != Unreachable || strings.Contains(err.Error(), "audience") {
		t.Errorf("got %v, want out of reach, without the URL", err)
	}
}

// A service that echoes what it was sent does not bring the token into an error.
func TestTokensStayOutOfErrors(t *testing.T) {
	t.Parallel()
	w := lab.NewWorld()
	defer w.Close()
	i := identity(w)
	token, _, err := i.token(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	echo := lab.Serve(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		out.WriteHeader(http.StatusForbidden)
		_, _ = out.Write([]byte(r.Header.Get("Authorization") + token))
	}), true, lab.WorldHosts()...)
	defer echo.Close()
	i.HTTP = echo.Client()
	_, _, err = i.token(context.Background())
	if err == nil || strings.Contains(err.Error(), i.RequestToken) {
		t.Errorf("got %v, want an error without the credential", err)
	}
	err = i.exchange(context.Background(), fulcio(token, func() (any, error) { return nil, nil }), new(any))
	if err == nil || strings.Contains(err.Error(), token) {
		t.Errorf("got %v, want an error without the token", err)
	}
}

// fulcio is a request to Fulcio.
func fulcio(secret string, document func() (any, error)) request {
	return request{service: "Fulcio", method: http.MethodPost, address: fulcioURL, secret: secret, document: document}
}

// What another try cannot better is asked once; what it may is asked four times.
func TestSignTriesAgain(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		status  int
		body    string
		want    int // requests
		wantErr Kind
	}{
		{"an answer", 200, `{"value":1}`, 1, 0},
		{"an answer as large as may be", 200, `{"value":1}` + strings.Repeat(" ", maxAnswer-len(`{"value":1}`)), 1, 0},
		{"one byte more", 200, `{"value":1}` + strings.Repeat(" ", maxAnswer-len(`{"value":1}`)+1), 1, Malformed},
		{"no JSON", 200, `<html>`, 1, Malformed},
		{"refused", 403, `{}`, 1, Unreachable},
		{"not there", 404, `{}`, 1, Unreachable},
		{"redirected", 302, `{}`, 1, Unreachable},
		{"told to wait", 429, `{}`, signTries, Unreachable},
		{"out of order", 500, `{}`, signTries, Unreachable},
		{"behind a broken gateway", 503, `{}`, signTries, Unreachable},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			var agent atomic.Value
			server := lab.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				if r.Header["Authorization"] != nil {
					t.Error("a service that is shown no credential got one")
				}
				agent.Store(r.UserAgent() + " " + r.Header.Get("Accept") + " " + r.Header.Get("Content-Type"))
				w.Header().Set("Location", "/again")
				w.WriteHeader(row.status)
				_, _ = w.Write([]byte(row.body))
			}), true, lab.HostFulcio)
			defer server.Close()
			i := Identity{HTTP: server.Client(), UserAgent: "verify-npm-release/test", pause: time.Millisecond}
			var answer struct {
				Value int `json:"value"`
			}
			err := i.exchange(context.Background(), fulcio("", func() (any, error) { return object{}, nil }), &answer)
			if got := int(asked.Load()); got != row.want || row.wantErr == 0 && (err != nil || answer.Value != 1) || row.wantErr != 0 && kindOf(err) != row.wantErr {
				t.Errorf("got %d requests, %d, %v; want %d requests, error of kind %d", got, answer.Value, err, row.want, row.wantErr)
			}
			if got, want := agent.Load(), "verify-npm-release/test application/json application/json"; got != want {
				t.Errorf("got headers %q, want %q", got, want)
			}
		})
	}
}

// What cannot be sent is not, and is not tried again.
func TestSignSendsOnlyWhatItCanMake(t *testing.T) {
	t.Parallel()
	reached := lab.Serve(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") }), true, lab.HostFulcio)
	defer reached.Close()
	i := Identity{HTTP: reached.Client(), pause: time.Millisecond}
	for name, body := range map[string]func() (any, error){
		"a document that cannot be made":    func() (any, error) { return object{}, errors.New("no randomness") },
		"a document that cannot be written": func() (any, error) { return func() {}, nil },
	} {
		made := 0
		err := i.exchange(context.Background(), fulcio("", func() (any, error) { made++; return body() }), new(any))
		if kindOf(err) != Invalid || made != 1 {
			t.Errorf("%s: got %v after %d tries, want an error after one", name, err, made)
		}
	}
	if err := i.exchange(context.Background(), request{method: "A B", address: fulcioURL}, new(any)); kindOf(err) != Invalid {
		t.Errorf("a method that is none: got %v, want an error", err)
	}
}

// A job that is cancelled does not wait for the next try, and says what failed.
func TestSignEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	server := lab.Serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		w.WriteHeader(http.StatusBadGateway)
	}), true, lab.HostFulcio)
	defer server.Close()
	start := time.Now()
	err := Identity{HTTP: server.Client(), pause: 20 * time.Second}.exchange(ctx, fulcio("", func() (any, error) { return object{}, nil }), new(any))
	if kindOf(err) != Unreachable || time.Since(start) > 15*time.Second {
		t.Errorf("got %v after %s, want the failure at once", err, time.Since(start))
	}
}
