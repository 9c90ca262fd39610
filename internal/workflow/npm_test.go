package workflow

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Masterminds/semver/v3"
)

// npmVersion gives the version of the npm on PATH; tests that need one at
// least as new as oldest are skipped otherwise.
func npmVersion(t *testing.T, oldest string) {
	t.Helper()
	if testing.Short() {
		t.Skip("npm is not run in short tests")
	}
	out, err := exec.Command("npm", "--version").Output()
	if err != nil {
		t.Skip("npm is not on PATH, so no real log can be made")
	}
	v, err := semver.NewVersion(strings.TrimSpace(string(out)))
	if err != nil || v.LessThan(semver.MustParse(oldest)) {
		t.Skipf("npm %s is on PATH, and this needs %s", out, oldest)
	}
}

// registry answers npm; the package's name says how.
func registry(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		answer := func(code int, v any) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(code)
			_ = json.NewEncoder(w).Encode(v)
		}
		path := r.URL.Path
		switch {
		case path == "/idtoken" && r.URL.Query().Get("broken") != "":
			answer(500, map[string]any{})
		case path == "/idtoken" && r.URL.Query().Get("empty") != "":
			answer(200, map[string]any{})
		case path == "/idtoken":
			// {"repository_visibility":"public"}
			answer(200, map[string]any{"value": "eyJhbGciOiJub25lIn0.eyJyZXBvc2l0b3J5X3Zpc2liaWxpdHkiOiJwdWJsaWMifQ.c2ln"})
		case strings.HasSuffix(path, "/visibility") && strings.Contains(path, "nowhere"):
			answer(500, map[string]any{"message": "broken"})
		case strings.HasSuffix(path, "/visibility"):
			answer(200, map[string]any{"public": false})
		case strings.Contains(path, "/oidc/token/exchange/"):
			switch {
			case strings.HasSuffix(path, "unmatched"):
				answer(404, map[string]any{"message": "OIDC token exchange error - package not found"})
			case strings.HasSuffix(path, "tokenless"):
				answer(201, map[string]any{})
			default:
				answer(201, map[string]any{"token_type": "oidc", "token": good})
			}
		case r.Method == http.MethodPut && strings.HasSuffix(path, "denied"):
			answer(403, map[string]any{"error": "OIDC permission denied for this action"})
		case r.Method == http.MethodPut:
			w.Header().Set("Npm-Notice", "Your package is being processed and may take a few minutes to become available.")
			answer(202, map[string]any{"ok": true})
		case strings.HasPrefix(path, "/-/stage/"):
			answer(201, map[string]any{"stageId": "1"})
		default:
			answer(404, map[string]any{"error": "Not found"})
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// TestLogsOfRealNPM has the npm on PATH publish to a registry of the test and
// reads what it wrote.
func TestLogsOfRealNPM(t *testing.T) {
	t.Parallel()
	npmVersion(t, "11.5.1")
	type want struct {
		outcome        OIDC
		exchange, sent int
		exit           int
		code           string
		text           string // in an error or OIDC line
	}
	for _, row := range []struct {
		name, pkg string
		args      []string
		env       []string // beside those of every run
		noID      bool
		want      want
	}{
		{"trusted publishing works", "works", []string{"publish"}, nil, false,
			want{OIDCSucceeded, 201, 202, 0, "", ""}},
		{"no trusted publisher matches", "unmatched", []string{"publish"}, nil, false,
			want{OIDCExchangeRefused, 404, 0, 1, "ENEEDAUTH", "package not found"}},
		{"a leftover token takes over when none matches", "unmatched", []string{"publish"}, []string{"TOKEN=" + good}, false,
			want{OIDCExchangeRefused, 404, 202, 0, "", ""}},
		{"the job has no id-token", "works", []string{"publish"}, nil, true,
			want{OIDCNoPermission, 0, 0, 1, "ENEEDAUTH", "incorrect permissions"}},
		{"provenance is asked for without id-token", "works", []string{"publish", "--provenance"}, []string{"TOKEN=" + good}, true,
			want{OIDCNoPermission, 0, 0, 1, "EUSAGE", `requires "write" access`}},
		{"the publisher may stage alone", "denied", []string{"publish"}, nil, false,
			want{OIDCSucceeded, 201, 403, 1, "E403", "OIDC permission denied"}},
		{"the exchange gives no token", "tokenless", []string{"publish"}, nil, false,
			want{OIDCExchangeNoToken, 201, 0, 1, "ENEEDAUTH", "missing the token"}},
		{"GitHub answers without a token", "works", []string{"publish"}, []string{"QUERY=?empty=1"}, false,
			want{OIDCIDTokenFailed, 0, 0, 1, "ENEEDAUTH", "missing value"}},
		{"a dry run exchanges too", "works", []string{"publish", "--dry-run"}, nil, false,
			want{OIDCSucceeded, 201, 0, 0, "", ""}},
		{"a token on the command line", "works", []string{"publish", "--//example.com/:_authToken=hunter22secret"}, nil, false,
			want{OIDCSucceeded, 201, 202, 0, "", ""}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			l := publishWithNPM(t, row.pkg, row.args, row.env, row.noID)
			if l.NPM == "" || l.Node == "" || l.Command != "publish" || l.Foreign != "" || l.Truncated || l.Started.IsZero() {
				t.Errorf("got npm %q, node %q, command %q, foreign %q, truncated %t", l.NPM, l.Node, l.Command, l.Foreign, l.Truncated)
			}
			if len(l.Releases) != 1 {
				t.Fatalf("got %d releases, want 1", len(l.Releases))
			}
			r := l.Releases[0]
			outcome, provenance := r.Outcome()
			if r.Name != row.pkg || r.Version != "1.2.3" || outcome != row.want.outcome || provenance != OIDCSilent {
				t.Errorf("got %s@%s, oidc %q, %q, want %s@1.2.3, %q", r.Name, r.Version, outcome, provenance, row.pkg, row.want.outcome)
			}
			if r.Exchange.Status != row.want.exchange || r.Sent.Status != row.want.sent {
				t.Errorf("got exchange %d, sent %d, want %d, %d", r.Exchange.Status, r.Sent.Status, row.want.exchange, row.want.sent)
			}
			if l.Exit != row.want.exit || l.ErrorCode != row.want.code || l.Published() != (row.want.sent/100 == 2) {
				t.Errorf("got exit %d, code %q, want %d, %q", l.Exit, l.ErrorCode, row.want.exit, row.want.code)
			}
			if (r.Sent.Status == 202) != r.Processing {
				t.Errorf("got processing %t for status %d", r.Processing, r.Sent.Status)
			}
			var texts []string
			for _, line := range slices.Concat(l.Errors, r.OIDC) {
				texts = append(texts, line.Text)
			}
			if all := strings.Join(texts, "\n"); !strings.Contains(all, row.want.text) {
				t.Errorf("got %q, want %q in it", all, row.want.text)
			}
			encoded, err := json.Marshal(l)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{good[4:], "hunter22secret", "eyJhbGci"} {
				if strings.Contains(string(encoded), secret) {
					t.Errorf("the log as read shows %q", secret)
				}
			}
		})
	}
}

func TestLogOfRealStaging(t *testing.T) {
	t.Parallel()
	npmVersion(t, "11.15.0")
	l := publishWithNPM(t, "@acme/staged", []string{"stage", "publish", "--access", "public"}, nil, false)
	r := l.Releases[0]
	if l.Command != "stage publish" || !r.Staged || r.Sent.Status != 201 || r.Name != "@acme/staged" || r.Tag != "latest" || r.Access != "public" {
		t.Errorf("got command %q, release %+v", l.Command, r)
	}
}

// publishWithNPM runs npm in a job's environment and gives its log.
func publishWithNPM(t *testing.T, pkg string, args, env []string, noID bool) *Log {
	t.Helper()
	s := registry(t)
	dir, cache := t.TempDir(), t.TempDir()
	writeFile(t, filepath.Join(dir, "package.json"), `{"name":"`+pkg+`","version":"1.2.3"}`)
	cmd := exec.Command("npm", args...)
	cmd.Dir = dir
	query := "?a=b"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "CI=true", "GITHUB_ACTIONS=true",
		"npm_config_cache=" + cache, "npm_config_registry=" + s.URL + "/", "npm_config_fetch_retries=0"}
	for _, e := range env {
		if q, ok := strings.CutPrefix(e, "QUERY="); ok {
			query = q
		} else if token, ok := strings.CutPrefix(e, "TOKEN="); ok {
			cmd.Env = append(cmd.Env, "npm_config_//"+strings.TrimPrefix(s.URL, "http://")+"/:_authToken="+token)
		}
	}
	if !noID {
		cmd.Env = append(cmd.Env, "ACTIONS_ID_TOKEN_REQUEST_URL="+s.URL+"/idtoken"+query, "ACTIONS_ID_TOKEN_REQUEST_TOKEN=x")
	}
	began := time.Now().Add(-time.Second)
	out, _ := cmd.CombinedOutput() // its exit code is in the log
	logs, unread, err := ReadLogs(filepath.Join(cache, "_logs"), LogOptions{After: began, Workspace: dir})
	if err != nil || len(unread) != 0 || len(logs) != 1 {
		t.Fatalf("got %d logs, unread %v, %v; npm said\n%s", len(logs), unread, err, out)
	}
	if len(logs[0].Releases) == 0 {
		t.Fatalf("the log names no release; npm said\n%s", out)
	}
	return logs[0]
}
