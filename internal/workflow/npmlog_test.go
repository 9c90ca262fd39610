package workflow

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// logText numbers the lines of a log as npm does.
func logText(lines ...string) string {
	var b strings.Builder
	for i, l := range lines {
		fmt.Fprintf(&b, "%d %s\n", i, l)
	}
	return b.String()
}

func parse(lines ...string) *Log {
	return ParseLog("2026-09-20T10_11_12_345Z-debug-0.log", strings.NewReader(logText(lines...)))
}

func TestParseLogWithProvenance(t *testing.T) {
	t.Parallel()
	l := parse("info using npm@11.19.1", "info using node@v24.8.0", "verbose title npm publish", `verbose argv "publish" "--provenance"`,
		"notice", "notice package: @acme/demo@1.0.0", "notice 12B package: x@9.9.9",
		"http fetch POST 201 https://registry.npmjs.org/-/npm/v1/oidc/token/exchange/package/@acme%2fdemo 4ms",
		"verbose oidc Successfully retrieved and set token", "http fetch GET 200 https://registry.npmjs.org/-/package/@acme%2fdemo/visibility 4ms",
		"verbose oidc Enabling provenance",
		"notice Publishing to https://registry.npmjs.org/ with tag next and public access",
		"notice publish Signed provenance statement with source and build information from GitHub Actions",
		"notice publish Provenance statement published to transparency log: https://search.sigstore.dev/?logIndex=42",
		"http fetch PUT 202 https://registry.npmjs.org/@acme%2fdemo 4ms", "verbose cwd /w", "verbose exit 0", "info ok")
	if len(l.Releases) != 1 {
		t.Fatalf("got %d releases, want 1", len(l.Releases))
	}
	r := l.Releases[0]
	outcome, provenance := r.Outcome()
	if outcome != OIDCSucceeded || provenance != OIDCProvenance || !r.Signed || r.LogIndex != 42 || r.LogURL != "https://search.sigstore.dev/?logIndex=42" {
		t.Errorf("got %q, %q, signed %t, index %d, %q", outcome, provenance, r.Signed, r.LogIndex, r.LogURL)
	}
	if r.Registry != "https://registry.npmjs.org/" || r.Tag != "next" || r.Access != "public" || r.Visibility.Status != 200 || r.Exchange.Line != 8 {
		t.Errorf("got %+v", r)
	}
	if l.Node != "24.8.0" || l.NPM != "11.19.1" || l.Cwd != "/w" || strings.Join(l.Args, " ") != "publish --provenance" {
		t.Errorf("got %+v", l)
	}
	if want := time.Date(2026, 9, 20, 10, 11, 12, 345e6, time.UTC); !l.Started.Equal(want) {
		t.Errorf("started %s, want %s", l.Started, want)
	}
}

func TestParseLogLines(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name       string
		lines      []string
		outcome    OIDC
		provenance OIDC
	}{
		{"npm older than OIDC", nil, OIDCSilent, OIDCSilent},
		{"no permission", []string{"silly oidc Skipped because incorrect permissions for id-token within GitHub workflow"}, OIDCNoPermission, OIDCSilent},
		{"no token", []string{"silly oidc Skipped because no id_token available"}, OIDCNoIDToken, OIDCSilent},
		{"an invalid answer", []string{"verbose oidc Failed to fetch id_token from GitHub: received an invalid response"}, OIDCIDTokenFailed, OIDCSilent},
		{"refused", []string{"verbose oidc Failed token exchange request with body message: OIDC token exchange error - unauthorized"}, OIDCExchangeRefused, OIDCSilent},
		{"failure", []string{"verbose oidc Failure with message: fetch failed"}, OIDCFailed, OIDCSilent},
		{"provenance failed", []string{"verbose oidc Successfully retrieved and set token", "verbose oidc Failed to set provenance with message: x"}, OIDCSucceeded, OIDCProvenanceFailed},
		{"new words", []string{"verbose oidc Something of a later npm"}, OIDCOther, OIDCSilent},
		{"an error that quotes an oidc line", []string{"error oidc Successfully retrieved and set token"}, OIDCSilent, OIDCSilent},
	} {
		l := parse(append([]string{"verbose title npm publish @acme/x", "notice 📦  @acme/x@1.0.0-rc.1"}, row.lines...)...)
		outcome, provenance := l.Releases[0].Outcome()
		if outcome != row.outcome || provenance != row.provenance {
			t.Errorf("%s: got %q, %q, want %q, %q", row.name, outcome, provenance, row.outcome, row.provenance)
		}
		if l.Releases[0].Name != "@acme/x" || l.Releases[0].Version != "1.0.0-rc.1" || !l.Truncated || l.Exit != -1 || l.Published() {
			t.Errorf("%s: got %+v of a log without an end", row.name, l.Releases[0])
		}
	}
}

func TestParseLogOfWorkspaces(t *testing.T) {
	t.Parallel()
	l := parse("verbose title npm publish --workspaces",
		"notice package: a@1.0.0", "verbose oidc Successfully retrieved and set token", "http fetch PUT 201 https://r/a 1ms",
		"notice package: b@2.0.0", "verbose oidc Failed token exchange request with body message: no", "http fetch PUT 404 https://r/b?x=y 1ms",
		"error code E404", "error 404 Not Found - PUT https://u:p@r/b - token "+good, "verbose exit 1")
	if len(l.Releases) != 2 || l.Releases[0].Sent.Status != 201 || l.Releases[1].Sent.Status != 404 || l.Releases[1].Sent.URL != "https://r/b" {
		t.Fatalf("got %+v", l.Releases)
	}
	if l.ErrorCode != "E404" || len(l.Errors) != 2 || strings.Contains(l.Errors[1].Text, good[4:]) || strings.Contains(l.Errors[1].Text, "u:p") {
		t.Errorf("got %q, %v", l.ErrorCode, l.Errors)
	}
}

// npm takes the value of a flag it does not know for a word of its own, and
// writes it into the log as it is.
func TestParseLogArgs(t *testing.T) {
	t.Parallel()
	l := parse("verbose title npm publish", `verbose argv "publish" "--//r/:_authToken" "hunter2" "--otp=123456" "--tag" "a \"b\"" "--_auth" "--provenance" "`+good+`"`)
	want := `publish|--//r/:_authToken|****|--otp=****|--tag|a "b"|--_auth|--provenance|npm_` + strings.Repeat("*", 36)
	if got := strings.Join(l.Args, "|"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOtherLogsAreNone(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"npm ci":              logText("info using npm@11.0.0", "verbose title npm ci"),
		"npm run publish":     logText("verbose title npm run publish"),
		"npm publisher":       logText("verbose title npm publisher"),
		"npm stage list":      logText("verbose title npm stage list"),
		"nothing":             "",
		"no log":              "hello\nworld\n",
		"binary":              "\x00\x01\xff\xfe" + strings.Repeat("\x80\n", 1000),
		"a line of megabytes": strings.Repeat("x", 3<<20),
	} {
		if l := ParseLog("x", strings.NewReader(text)); l != nil {
			t.Errorf("%s: got %+v, want none", name, l)
		}
	}
}

func TestReadLogs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := func(cwd string) string {
		return logText("verbose title npm publish", "notice package: a@1.0.0", "verbose cwd "+cwd, "verbose exit 0")
	}
	writeFile(t, filepath.Join(dir, "2026-09-20T10_00_00_000Z-debug-0.log"), text("/w/repo"))
	writeFile(t, filepath.Join(dir, "2026-09-20T12_00_00_000Z-debug-0.log"), text("/w/repo/packages/a"))
	writeFile(t, filepath.Join(dir, "2026-09-20T12_00_01_000Z-debug-0.log"), text("/w/repository"))
	writeFile(t, filepath.Join(dir, "2026-09-20T12_00_02_000Z-debug-0.log"), "\x00\xff\n"+text("/w/repo"))
	writeFile(t, filepath.Join(dir, "2026-09-20T12_00_03_000Z-debug-0.log"), logText("verbose title npm ci"))
	writeFile(t, filepath.Join(dir, "2026-09-20T12_00_04_000Z-eresolve-report.txt"), text("/w/repo"))
	outside := filepath.Join(t.TempDir(), "x")
	writeFile(t, outside, text("/w/repo"))
	if err := os.Symlink(outside, filepath.Join(dir, "2026-09-20T12_00_05_000Z-debug-0.log")); err != nil {
		t.Fatal(err)
	}
	logs, unread, err := ReadLogs(dir, LogOptions{After: time.Date(2026, 9, 20, 11, 0, 0, 0, time.UTC), Workspace: "/w/repo"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range logs {
		got = append(got, fmt.Sprintf("%s %t", l.File[11:19], l.Foreign != ""))
	}
	if want := "12_00_02 false,12_00_01 true,12_00_00 false,10_00_00 true"; strings.Join(got, ",") != want {
		t.Errorf("got %q, want %q", strings.Join(got, ","), want)
	}
	if len(unread) != 1 || !strings.Contains(unread[0].File, "12_00_05") {
		t.Errorf("got unread %v, want the link", unread)
	}
	if _, _, err := ReadLogs(filepath.Join(dir, "absent"), LogOptions{}); err == nil {
		t.Error("got no error for a folder that is not there")
	}
}

func TestReadOutput(t *testing.T) {
	t.Parallel()
	got := ReadOutput("out.txt", strings.Join([]string{
		"lerna info publish",
		"lerna verb oidc Failed token exchange request with body message: OIDC token exchange error - package not found",
		"lerna verb oidc Successfully retrieved and set token",
		"Skipped OIDC: ERR_PNPM_ID_TOKEN no id-token " + good,
		"ERR_PNPM_AUTH_TOKEN_EXCHANGE  Unknown error (status code 404)",
		"No NPM_TOKEN found, but OIDC is available - using npm trusted publishing",
		"the word oidc alone",
	}, "\n"))
	want := []OIDC{OIDCExchangeRefused, OIDCSucceeded, OIDCSkipped, OIDCExchangeRefused, OIDCOther, OIDCOther}
	if len(got) != len(want) {
		t.Fatalf("got %d lines, want %d: %v", len(got), len(want), got)
	}
	for i, l := range got {
		if l.OIDC != want[i] || l.Line != i+2 || strings.Contains(l.Text, good[4:]) {
			t.Errorf("got %q at line %d (%q), want %q at %d", l.OIDC, l.Line, l.Text, want[i], i+2)
		}
	}
}
