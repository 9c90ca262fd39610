package action

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// What fetches an id-token reaches the program only where a signature is asked for.
func TestTheIDTokenIsForSigningAlone(t *testing.T) {
	t.Parallel()
	for _, way := range ways() {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			j := newJob(t)
			for sign, want := range map[string]string{"": "", "false": "", "true": "canary", "True": "canary", "${{ true }}": ""} {
				code, log, got := j.run("VERIFY_NPM_RELEASE_RUN_WITH="+way, "INPUT_SIGN="+sign,
					"ACTIONS_ID_TOKEN_REQUEST_URL=canary", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=canary")
				if code != 0 || got == nil {
					t.Fatalf("exit %d, log:\n%s", code, log)
				}
				for _, name := range []string{"ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"} {
					if got.Env[name] != want {
						t.Errorf("sign %q: %s is %q, want %q", sign, name, got.Env[name], want)
					}
				}
				if strings.Contains(log, "canary") {
					t.Errorf("the log shows the credential:\n%s", log)
				}
			}
		})
	}
}

func TestNamedFilesAloneAreWritable(t *testing.T) {
	t.Parallel()
	if !slices.Contains(ways(), "docker") {
		t.Skip("there is no Docker engine here")
	}
	j := newJob(t)
	j.write(j.workspace+"/badge.svg", "of an earlier run")
	j.write(j.workspace+"/docs/other", "")
	deeds := map[string]bool{"write:badge.svg": true, "write:docs/new": false, "write:docs/other": false, "write:new": false, "read:docs/vsa.json": true}
	var asked []string
	for deed := range deeds {
		asked = append(asked, deed)
	}
	code, log, got := j.run("VERIFY_NPM_RELEASE_RUN_WITH=docker", "INPUT_ALLOW-SECRETS="+strings.Join(asked, " "),
		"INPUT_BADGE=badge.svg", "INPUT_VSA="+j.workspace+"/docs/vsa.json")
	if code != 0 || got == nil {
		t.Fatalf("exit %d, log:\n%s", code, log)
	}
	for deed, want := range deeds {
		if got.Can[deed] != want {
			t.Errorf("%s: got %t, want %t", deed, got.Can[deed], want)
		}
	}
	// The probe wrote nothing into either.
	for _, name := range []string{"badge.svg", "docs/vsa.json"} {
		if _, err := os.Lstat(j.workspace + "/" + name); !os.IsNotExist(err) {
			t.Errorf("%s: got %v, want it gone", name, err)
		}
	}

	if err := os.Symlink(j.home, j.workspace+"/link"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(j.home+"/.npmrc", j.workspace+"/badge-link.svg"); err != nil {
		t.Fatal(err)
	}
	for _, badge := range []string{".", "docs", "none/badge.svg", "link/badge.svg", "badge-link.svg"} {
		code, log, got := j.run("VERIFY_NPM_RELEASE_RUN_WITH=docker", "INPUT_BADGE="+badge)
		if code != 2 || got != nil || !strings.Contains(log, "::error title=verify-npm-release could not start::badge: ") {
			t.Errorf("%s: exit %d, log:\n%s", badge, code, log)
		}
	}
	if _, err := os.Lstat(j.home + "/badge.svg"); !os.IsNotExist(err) {
		t.Error("a file was made outside the workspace")
	}
}
