package attack

import (
	"bytes"
	"encoding/base64"
	"io/fs"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"verify-npm-release/internal/lab"
)

// canaries are values that must never be written or sent, each recognisable. Their shapes are those of real tokens.
var canaries = map[string]string{
	"NODE_AUTH_TOKEN":                "npm_CANARYa1CANARYa1CANARYa1CANARYa1CAN1",
	"NPM_TOKEN":                      "npm_CANARYb2CANARYb2CANARYb2CANARYb2CAN2",
	"NPM_CONFIG__AUTH":               "CANARYc3CANARYc3CANARYc3CANARYc3",
	"GITHUB_TOKEN":                   "ghs_CANARYd4CANARYd4CANARYd4CANARYd4CAN4",
	"ACTIONS_RUNTIME_TOKEN":          "eyJCANARYe5.CANARYe5.CANARYe5",
	"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "eyJCANARYf6.CANARYf6.CANARYf6",
	"AWS_SECRET_ACCESS_KEY":          "CANARYg7/CANARYg7+CANARYg7",
	"in .npmrc":                      "npm_CANARYh8CANARYh8CANARYh8CANARYh8CAN8",
	"in the user's .npmrc":           "npm_CANARYi9CANARYi9CANARYi9CANARYi9CAN9",
	"in .yarnrc.yml":                 "npm_CANARYj0CANARYj0CANARYj0CANARYj0CAN0",
	"in a workflow":                  "npm_CANARYk1CANARYk1CANARYk1CANARYk1CAN1",
	"in a script":                    "npm_CANARYl2CANARYl2CANARYl2CANARYl2CAN2",
	"in .git/config":                 "CANARYm3CANARYm3CANARYm3",
	"in npm's log":                   "npm_CANARYn4CANARYn4CANARYn4CANARYn4CAN4",
	"in the API's answer":            "CANARYo5CANARYo5CANARYo5",
	"in a proxy's address":           "CANARYp6CANARYp6",
}

// secretsToken is the one credential that the program is given, for GitHub's API alone.
const secretsToken = "github_pat_CANARYq7CANARYq7CANARYq7CANARYq7"

// listener keeps every request that reaches a server, in its bytes.
type listener struct {
	http.Handler
	mu   sync.Mutex
	said bytes.Buffer
}

func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := httputil.DumpRequest(r, true)
	l.mu.Lock()
	l.said.Write(raw)
	if err != nil {
		l.said.WriteString(err.Error())
	}
	l.mu.Unlock()
	l.Handler.ServeHTTP(w, r)
}

func (l *listener) heard() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.said.Bytes())
}

// repositoryWithTokens writes a repository that has a token wherever people leave one.
func repositoryWithTokens(t *testing.T, dir string) {
	t.Helper()
	for name, text := range map[string]string{
		"package.json": `{"name":"@acme/demo","version":"1.0.0","scripts":{"release":"NPM_TOKEN=` + canaries["in a script"] + ` npm publish"}}`,
		".npmrc":       "//registry.npmjs.org/:_authToken=" + canaries["in .npmrc"] + "\n_auth=" + base64.StdEncoding.EncodeToString([]byte("ada:"+canaries["in .npmrc"])) + "\n",
		".yarnrc.yml":  "npmAuthToken: " + canaries["in .yarnrc.yml"] + "\n",
		".git/config":  "[http \"https://github.com/\"]\n\textraheader = AUTHORIZATION: basic " + canaries["in .git/config"] + "\n",
		".github/workflows/release.yml": "on: push\njobs:\n  publish:\n    runs-on: ubuntu-latest\n    env:\n      NODE_AUTH_TOKEN: " + canaries["in a workflow"] +
			"\n    steps:\n      - run: npm config set //registry.npmjs.org/:_authToken=" + canaries["in a workflow"] + " && npm publish\n" +
			"      - run: npm publish --//registry.npmjs.org/:_authToken " + canaries["in a workflow"] + "\n",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNoCredentialLeaves runs the real program, as the action and as a command, where a credential lies at every place
// that people leave one, and looks through every byte that it writes or sends.
func TestNoCredentialLeaves(t *testing.T) {
	t.Parallel()
	for _, story := range []struct {
		name   string
		draft  func(*world)
		world  func(*world)
		in     map[string]string
		action bool
	}{
		{"a good release, as the action", nil, nil, nil, true},
		{"a good release, as a command", nil, nil, nil, false},
		{"leftover tokens are required to be gone", nil, nil, map[string]string{"check-npm-token": "true", "npm-token-present": "true"}, true},
		{"leftover tokens, listed by the command", nil, nil, map[string]string{"check-npm-token": "true"}, false},
		{"evidence is saved", nil, nil, map[string]string{"evidence": "evidence"}, true},
		{"published without provenance", func(w *world) { w.draft.Trust = lab.TrustNone }, nil, nil, true},
		{"built by another run", run(func(r *lab.Run) { r.ID = "1" }), nil, nil, true},
		{"not served", nil, func(w *world) {
			w.registry.Fault(lab.Fault{To: -1, Kind: lab.FaultStatus, Status: 404})
		}, nil, true},
		{"out of reach", nil, func(w *world) { w.registry.Fault(lab.Fault{To: -1, Kind: lab.FaultReset}) }, nil, true},
		{"redirected elsewhere", nil, func(w *world) {
			w.registry.Fault(lab.Fault{To: -1, Kind: lab.FaultRedirect, Location: "http://127.0.0.1:9/"})
		}, nil, true},
		{"a registry with a password in its address", nil, nil, map[string]string{"registry-url": "https://ada:" + canaries["in a proxy's address"] + "@npm.example.com"}, true},
		{"a repository of trust with a password in its address", nil, nil, map[string]string{"tuf-url": "https://ada:" + canaries["in a proxy's address"] + "@tuf.example.com"}, true},
		{"an API that is none", nil, nil, map[string]string{"check-npm-token": "true", "GITHUB_API_URL": "none"}, true},
	} {
		t.Run(story.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, story.draft)
			if story.world != nil {
				story.world(w)
			}
			in := w.serve(t)
			api := &listener{Handler: http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
				_, _ = out.Write([]byte(`{"total_count":1,"secrets":[{"name":"NPM_TOKEN","value":"` + canaries["in the API's answer"] + `"}],"environments":[]}`))
			})}
			registry := &listener{Handler: w.registry}
			trust := &listener{Handler: w.tuf}
			github, served, tuf := lab.Serve(api, false), lab.Serve(registry, false), lab.Serve(trust, false)
			for _, s := range []*lab.Server{github, served, tuf} {
				t.Cleanup(s.Close)
			}
			root := t.TempDir()
			workspace, home, temp := filepath.Join(root, "workspace"), filepath.Join(root, "home"), filepath.Join(root, "temp")
			for _, dir := range []string{workspace, filepath.Join(home, ".npm", "_logs"), temp} {
				if err := os.MkdirAll(dir, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			repositoryWithTokens(t, workspace)
			write := func(file, text string) {
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write(filepath.Join(home, ".npmrc"), "//registry.npmjs.org/:_authToken="+canaries["in the user's .npmrc"]+"\n")
			write(filepath.Join(home, ".npm", "_logs", "2026-01-01T00_00_00_000Z-debug-0.log"),
				"0 verbose cli node npm\n1 info using npm@11.6.0\n2 verbose title npm publish\n3 verbose argv \"publish\" \"--//registry.npmjs.org/:_authToken="+canaries["in npm's log"]+"\"\n"+
					"4 http fetch PUT 404 https://ada:"+canaries["in npm's log"]+"@registry.npmjs.org/@acme%2fdemo 1ms\n5 error 404 Not Found - token "+canaries["in npm's log"]+"\n")
			in["registry-url"], in["tuf-url"], in["working-directory"], in["secrets-token"] = served.URL, tuf.URL, workspace, secretsToken
			env := map[string]string{
				"HOME": home, "RUNNER_TEMP": temp, "GITHUB_WORKSPACE": workspace, "GITHUB_OUTPUT": filepath.Join(temp, "output"),
				"GITHUB_STEP_SUMMARY": filepath.Join(temp, "summary"), "HTTPS_PROXY": "http://ada:" + canaries["in a proxy's address"] + "@127.0.0.1:9",
			}
			for name, value := range w.env {
				env[name] = value
			}
			for name, value := range canaries {
				if !strings.Contains(name, " ") {
					env[name] = value
				}
			}
			env["GITHUB_API_URL"] = github.URL
			for name, value := range story.in {
				if name == "GITHUB_API_URL" {
					env[name] = value
				} else {
					in[name] = value
				}
			}
			if e := in["evidence"]; e != "" {
				in["evidence"] = filepath.Join(temp, e)
			}
			write(env["GITHUB_OUTPUT"], "")
			write(env["GITHUB_STEP_SUMMARY"], "")

			var args []string
			if story.action {
				for name, value := range in {
					env["INPUT_"+strings.ToUpper(name)] = value
				}
			} else {
				for name, value := range in {
					if name == "secrets-token" {
						env["INPUT_SECRETS-TOKEN"] = value // a command line is no place for it
						continue
					}
					args = append(args, "--"+name+"="+value)
				}
				args = append(args, "--json="+filepath.Join(temp, "report.json"))
			}
			got := start(t, args, env)
			if got.exit == 2 && story.in["registry-url"] == "" && story.in["tuf-url"] == "" {
				t.Errorf("the story does not run:\n%s%s", got.stdout, got.stderr)
			}

			stdout := got.stdout
			if story.action {
				stdout = masks.ReplaceAll(stdout, nil)
			}
			nothing(t, "standard output", stdout)
			nothing(t, "standard error", got.stderr)
			nothing(t, "a request to the registry", registry.heard())
			nothing(t, "a request to the repository of trust", trust.heard())
			asked := bytes.ReplaceAll(api.heard(), []byte("Authorization: Bearer "+secretsToken+"\r\n"), nil)
			nothing(t, "a request to GitHub", asked)
			if err := filepath.WalkDir(temp, func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				raw, err := os.ReadFile(path)
				nothing(t, d.Name(), raw)
				return err
			}); err != nil {
				t.Error(err)
			}
			if story.in["npm-token-present"] != "" {
				// The story is worth nothing unless the program came across them.
				for _, want := range []string{"token-in-file", ".npmrc", "release.yml", "stored-secret"} {
					if !bytes.Contains(got.stdout, []byte(want)) {
						t.Errorf("the program does not speak of %q:\n%s", want, got.stdout)
					}
				}
				if !bytes.Contains(api.heard(), []byte(secretsToken)) {
					t.Error("GitHub was not asked with the token that was given for it")
				}
			}
			if len(got.stdout)+len(got.stderr) == 0 {
				t.Error("the program said nothing")
			}
		})
	}
}

// masks are the lines that ask the runner to hide a value; it takes them out of the log before anyone sees them
// (github.com/actions/runner, src/Runner.Worker/ActionCommandManager.cs).
var masks = regexp.MustCompile(`(?m)^::add-mask::.*\n`)

// nothing looks for every canary, as it is, in base64 and as a URL has it.
func nothing(t *testing.T, where string, raw []byte) {
	t.Helper()
	if bytes.Contains(raw, []byte("CANARY")) {
		i := bytes.Index(raw, []byte("CANARY"))
		t.Errorf("a credential is in %s: …%s…", where, raw[max(0, i-80):min(len(raw), i+40)])
	}
	for name, value := range canaries {
		for _, form := range []string{base64.StdEncoding.EncodeToString([]byte(value)), url.QueryEscape(value), base64.StdEncoding.EncodeToString([]byte("ada:" + value))} {
			if bytes.Contains(raw, []byte(form)) {
				t.Errorf("the credential %q is in %s in another form", name, where)
			}
		}
	}
}
