package lab

import (
	"compress/gzip"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// publication as npm makes it, without npm: what the registry refuses and takes.
type attempt struct {
	*testing.T
	w          *World
	name       string
	run        Run
	repository string
	access     string
	statement  func(Object)
	sigstore   *Sigstore
}

func newAttempt(t *testing.T) *attempt {
	w := NewWorld()
	t.Cleanup(w.Close)
	r := NewRun()
	w.Create("@acme/demo")
	w.Trust("@acme/demo", Publisher{Repository: r.Repository, Workflow: "release.yml", Actions: AllActions()})
	return &attempt{T: t, w: w, name: "@acme/demo", run: r, repository: "git+https://github.com/acme/demo.git", access: "public", sigstore: w.Sigstore}
}

func (a *attempt) ask(method, path, token string, body []byte) (int, string, http.Header) {
	a.Helper()
	request, err := http.NewRequest(method, "https://"+HostRegistry+path, strings.NewReader(string(body)))
	if err != nil {
		a.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := a.w.Client().Do(request)
	if err != nil {
		a.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		a.Fatal(err)
	}
	return response.StatusCode, string(raw), response.Header
}

// exchange gives the token, or the refusal's status and text.
func (a *attempt) exchange(edit func(Object)) (token string, status int, text string) {
	a.Helper()
	id := a.w.Issuer.Token(a.run, "npm:"+HostRegistry, edit)
	status, text, _ = a.ask(http.MethodPost, "/-/npm/v1/oidc/token/exchange/package/"+EscapedName(a.name), id, nil)
	if status == http.StatusCreated {
		token = Text([]byte(text), "/token")
	}
	return token, status, text
}

// body is the document that npm sends for version 1.0.0, with provenance.
func (a *attempt) body() []byte {
	manifest := Object{"name": a.name, "version": "1.0.0", "_id": a.name + "@1.0.0", "repository": Object{"type": "git", "url": a.repository}}
	tarball := Pack(map[string]string{"package.json": string(encode(manifest))}, gzip.BestSpeed)
	sum, old := sha512.Sum512(tarball), sha1.Sum(tarball)
	manifest["dist"] = Object{"integrity": "sha512-" + base64.StdEncoding.EncodeToString(sum[:]), "shasum": hex.EncodeToString(old[:])}
	provenance := Attestation{
		Sigstore: a.sigstore, MediaType: BundleV03, Entry: EntryDSSE, SignedAt: time.Now(), Statement: a.statement,
		Certificate: func(c *Certificate) {
			if a.run.Ref == "" {
				delete(c.Extensions, ExtSourceRepositoryRef)
			}
		},
	}
	bundle := string(provenance.Sign(a.run, provenance1(a.run, subjectOf(a.name, "1.0.0", sum))))
	return encode(Object{
		"_id": a.name, "name": a.name, "dist-tags": Object{"latest": "1.0.0"}, "versions": Object{"1.0.0": manifest}, "access": a.access,
		"_attachments": Object{
			a.name + "-1.0.0.tgz":      Object{"content_type": "application/octet-stream", "data": tarball, "length": len(tarball)},
			a.name + "-1.0.0.sigstore": Object{"content_type": BundleV03, "data": bundle, "length": len([]rune(bundle))},
		},
	})
}

func TestTheRegistryTakesNoProvenanceThatTheRealOneRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		spoil func(*attempt)
		text  string // "": it is taken
	}{
		{"good", func(*attempt) {}, ""},
		{"no repository", func(a *attempt) { a.repository = "" }, `package.json: "repository.url" is "", expected to match "https://github.com/acme/demo" from provenance`},
		{"the repository in other case", func(a *attempt) { a.repository = "https://github.com/Acme/demo" }, `"repository.url" is "https://github.com/Acme/demo"`},
		{"a self-hosted runner", func(a *attempt) { a.run.Runner = "self-hosted" }, `Unsupported GitHub Actions runner environment: "self-hosted"`},
		{"a private repository", func(a *attempt) { a.run.Visibility = "private" }, `Unsupported GitHub Actions source repository visibility: "private"`},
		{"no ref", func(a *attempt) { a.run.Ref = "" }, "Missing SourceRepositoryRef in signing certificate"},
		{"the registry's own trouble", func(a *attempt) { a.w.FailProvenance("error refreshing TUF metadata") }, "error refreshing TUF metadata"},
		{"another Sigstore", func(a *attempt) { a.sigstore = NewSigstore() }, "Error verifying sigstore provenance bundle: "},
		{"another tarball", func(a *attempt) { a.statement = Set("/subject/0/digest/sha512", strings.Repeat("ab", 64)) }, "Error verifying sigstore provenance bundle: "},
		{"another package", func(a *attempt) { a.statement = Set("/subject/0/name", "pkg:npm/other@1.0.0") }, `the subject is "pkg:npm/other@1.0.0"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newAttempt(t)
			c.spoil(a)
			status, text, _ := a.ask(http.MethodPut, "/"+EscapedName(a.name), a.w.Token("ada"), a.body())
			if c.text == "" {
				if status != http.StatusOK {
					t.Fatalf("got %d %s, want 200", status, text)
				}
				return
			}
			var answer struct{ Error string }
			if err := json.Unmarshal([]byte(text), &answer); err != nil {
				t.Fatal(err)
			}
			if status != http.StatusUnprocessableEntity || !strings.Contains(answer.Error, c.text) {
				t.Errorf("got %d %q, want 422 and %q", status, answer.Error, c.text)
			}
		})
	}
}

func TestTheExchangeTellsNoMoreThanNpm(t *testing.T) {
	t.Parallel()
	const mismatch, unauthorized = "OIDC token exchange error - package not found", "OIDC token exchange error - unauthorized"
	for _, c := range []struct {
		name  string
		spoil func(*attempt)
		edit  func(Object)
		code  int
		text  string
	}{
		{"a match", func(*attempt) {}, nil, 201, ""},
		{"another repository", func(a *attempt) { a.run.Repository = "acme/other" }, nil, 404, mismatch},
		{"another owner's case", func(a *attempt) { a.run.Repository = "Acme/demo" }, nil, 404, mismatch},
		{"another workflow file", func(a *attempt) { a.run.Workflow = ".github/workflows/release.yaml" }, nil, 404, mismatch},
		{"a reusable workflow of that name", func(a *attempt) {
			a.run.Signer = a.run.Repository + "/.github/workflows/release.yml@" + a.run.Ref
			a.run.Workflow = ".github/workflows/caller.yml"
		}, nil, 404, mismatch},
		{"an environment that nobody configured", func(a *attempt) { a.run.Environment = "npm" }, nil, 404, mismatch},
		{"pull_request_target", func(a *attempt) { a.run.Event = "pull_request_target" }, nil, 404, mismatch},
		{"a package that does not exist", func(a *attempt) { a.name = "@acme/none" }, nil, 404, mismatch},
		{"an enterprise's issuer", func(a *attempt) { a.run.Issuer += "/acme" }, nil, 401, unauthorized},
		{"another audience", func(*attempt) {}, Set("/aud", "sigstore"), 401, unauthorized},
		{"an old token", func(*attempt) {}, Set("/exp", 1), 401, unauthorized},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newAttempt(t)
			c.spoil(a)
			if _, status, text := a.exchange(c.edit); status != c.code || !strings.Contains(text, c.text) {
				t.Errorf("got %d %s, want %d and %q", status, text, c.code, c.text)
			}
		})
	}
}

func TestOneVersionIsTakenOnce(t *testing.T) {
	t.Parallel()
	a := newAttempt(t)
	a.w.Delay(a.name, DelayAll(Never))
	token, _, _ := a.exchange(nil)
	put := func(want int, text string) http.Header {
		t.Helper()
		status, got, header := a.ask(http.MethodPut, "/"+EscapedName(a.name), token, a.body())
		if status != want || !strings.Contains(got, text) {
			t.Errorf("got %d %s, want %d and %q", status, got, want, text)
		}
		return header
	}
	if header := put(202, ""); header.Get("npm-notice") == "" {
		t.Error("there is no notice of processing")
	}
	put(409, "Cannot publish over previously staged version")
	if status, _, _ := a.ask(http.MethodGet, "/"+EscapedName(a.name)+"/1.0.0", "", nil); status != 404 {
		t.Errorf("got %d for a version in processing, want 404", status)
	}
	b := newAttempt(t)
	b.w.Create("@acme/other")
	token, _, _ = b.exchange(nil)
	a = b
	put(200, "")
	put(403, "You cannot publish over the previously published versions: 1.0.0.")
	a.name = "@acme/other"
	put(404, "Not found") // the token is for one package
	release := b.w.Registry.Release("@acme/demo", "1.0.0")
	if got := Text(release.Manifest, "/_npmUser/trustedPublisher/id"); got != "github" {
		t.Errorf("got trusted publisher %q, want github", got)
	}
}
