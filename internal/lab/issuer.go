package lab

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Issuer is GitHub's OIDC provider: it signs what a workflow run may claim
// (docs.github.com, "OpenID Connect reference"). All methods are safe for concurrent use.
type Issuer struct {
	key *rsa.PrivateKey

	mu     sync.Mutex
	jobs   map[string]Run // by the job's request token
	broken int            // status of every answer to a job; 0: works
}

func newIssuer() *Issuer {
	return &Issuer{key: must(rsa.GenerateKey(rand.Reader, 2048)), jobs: map[string]Run{}}
}

// Start begins a job of the run with id-token: write and returns the two variables that such a job's steps have
// (github.com/actions/runner, src/Runner.Worker/Handlers/ScriptHandler.cs). A job without that permission has neither.
func (w *World) Start(r Run) map[string]string {
	token := rand.Text()
	w.Issuer.mu.Lock()
	defer w.Issuer.mu.Unlock()
	w.Issuer.jobs[token] = r
	return map[string]string{
		"ACTIONS_ID_TOKEN_REQUEST_URL":   "https://" + HostRunner + "/87//idtoken/" + r.ID + "/job?api-version=2.0",
		"ACTIONS_ID_TOKEN_REQUEST_TOKEN": token,
	}
}

// Break makes every request for an id-token fail with a status; 0 mends it.
func (i *Issuer) Break(status int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.broken = status
}

// ServeHTTP answers a job's request for a token as @actions/core and npm make it, {"count":1,"value":JWT}
// (actions/toolkit, packages/core/src/oidc-utils.ts; npm, lib/utils/oidc.js), and publishes the key.
func (i *Issuer) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	out.Header().Set("Content-Type", "application/json; charset=utf-8")
	switch {
	case r.URL.Path == "/.well-known/openid-configuration":
		_, _ = out.Write(encode(Object{
			"issuer": "https://" + HostIssuer, "jwks_uri": "https://" + HostIssuer + "/.well-known/jwks",
			"id_token_signing_alg_values_supported": []any{"RS256"},
		}))
		return
	case r.URL.Path == "/.well-known/jwks":
		exponent := big.NewInt(int64(i.key.E)).Bytes()
		_, _ = out.Write(encode(Object{"keys": []any{Object{
			"kty": "RSA", "alg": "RS256", "use": "sig", "kid": i.keyID(), "n": b64(i.key.N.Bytes()), "e": b64(exponent),
		}}}))
		return
	}
	i.mu.Lock()
	run, ok := i.jobs[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	broken := i.broken
	i.mu.Unlock()
	switch {
	case broken != 0:
		out.WriteHeader(broken)
		_, _ = out.Write(encode(Object{"message": "the token service is out of order"}))
		return
	case !ok || r.Method != http.MethodGet:
		out.WriteHeader(http.StatusUnauthorized)
		_, _ = out.Write(encode(Object{"message": "The provided token is not valid."}))
		return
	}
	audience := r.URL.Query().Get("audience")
	if audience == "" {
		audience = run.Server + "/" + run.Owner()
	}
	_, _ = out.Write(encode(Object{"count": 1, "value": i.Token(run, audience, nil)}))
}

func (i *Issuer) keyID() string {
	sum := sha256.Sum256(i.key.N.Bytes())
	return b64(sum[:9])
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Token signs the run's claims for an audience, valid for five minutes. An edit may change the claims.
func (i *Issuer) Token(r Run, audience string, edit func(Object)) string {
	now := time.Now()
	claims := r.claims()
	maps.Copy(claims, Object{
		"aud": audience, "jti": rand.Text(), "iat": now.Unix(), "nbf": now.Add(-5 * time.Minute).Unix(), "exp": now.Add(5 * time.Minute).Unix(),
	})
	if edit != nil {
		edit(claims)
	}
	signed := b64(encode(Object{"typ": "JWT", "alg": "RS256", "kid": i.keyID()})) + "." + b64(encode(claims))
	sum := sha256.Sum256([]byte(signed))
	return signed + "." + b64(must(rsa.SignPKCS1v15(rand.Reader, i.key, crypto.SHA256, sum[:])))
}

// claims are those of GitHub's token that anybody here reads.
func (r Run) claims() Object {
	signer, signerCommit := r.Signer, r.SignerCommit
	if signer == "" {
		signer = r.WorkflowRef()
	}
	if signerCommit == "" {
		signerCommit = r.Commit
	}
	claims := Object{
		"iss": r.Issuer, "sub": r.Subject(), "repository": r.Repository, "repository_id": r.RepositoryID,
		"repository_owner": r.Owner(), "repository_owner_id": r.OwnerID, "repository_visibility": r.Visibility,
		"ref": r.Ref, "sha": r.Commit, "event_name": r.Event, "workflow": r.WorkflowName,
		"workflow_ref": r.WorkflowRef(), "workflow_sha": r.Commit, "job_workflow_ref": signer, "job_workflow_sha": signerCommit,
		"run_id": r.ID, "run_attempt": r.Attempt, "run_number": "7", "runner_environment": r.Runner,
	}
	if r.Environment != "" {
		claims["environment"] = r.Environment
	}
	return claims
}

// verify gives the run that a token speaks of. The issuer's claim is left to the caller: enterprises have their own.
func (i *Issuer) verify(token, audience string) (Run, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return Run{}, errors.New("not a JWT")
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return Run{}, err
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(&i.key.PublicKey, crypto.SHA256, sum[:], signature); err != nil {
		return Run{}, err
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return Run{}, err
	}
	var c struct {
		Aud, Iss, Sub, Repository, Ref, Sha, Workflow, Environment string
		Exp                                                        int64
		RepositoryID                                               string `json:"repository_id"`
		OwnerID                                                    string `json:"repository_owner_id"`
		Visibility                                                 string `json:"repository_visibility"`
		Event                                                      string `json:"event_name"`
		WorkflowRef                                                string `json:"workflow_ref"`
		Signer                                                     string `json:"job_workflow_ref"`
		SignerCommit                                               string `json:"job_workflow_sha"`
		RunID                                                      string `json:"run_id"`
		Attempt                                                    string `json:"run_attempt"`
		Runner                                                     string `json:"runner_environment"`
	}
	if err := json.Unmarshal(payload, &c); err != nil {
		return Run{}, err
	}
	if c.Aud != audience {
		return Run{}, fmt.Errorf("audience %q, want %q", c.Aud, audience)
	}
	if time.Now().Unix() > c.Exp {
		return Run{}, errors.New("the token has expired")
	}
	file, _, _ := strings.Cut(strings.TrimPrefix(c.WorkflowRef, c.Repository+"/"), "@")
	return Run{
		Server: "https://github.com", Issuer: c.Iss, Repository: c.Repository, RepositoryID: c.RepositoryID, OwnerID: c.OwnerID,
		Workflow: file, WorkflowName: c.Workflow, Ref: c.Ref, Commit: c.Sha, Event: c.Event, ID: c.RunID, Attempt: c.Attempt,
		Runner: c.Runner, Visibility: c.Visibility, Environment: c.Environment, Signer: c.Signer, SignerCommit: c.SignerCommit,
	}, nil
}
