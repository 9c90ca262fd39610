package action

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Go's caches find another place where the home is no folder to write to. The
// toolchain is behind a script that looks at the cache it is given and then uses
// the one that is warm.
func TestReadOnlyHome(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	real, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	warm, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	j.write(j.home+"/bin/go", `#!/bin/sh
if [ "$1" = build ]; then
  mkdir -p "$GOCACHE" "$GOMODCACHE" && [ -w "$GOCACHE" ] || exit 1
  GOCACHE='`+strings.TrimSpace(string(warm))+`'
fi
exec '`+real+`' "$@"
`)
	if err := os.Chmod(j.home+"/bin/go", 0o755); err != nil {
		t.Fatal(err)
	}
	code, log, got := j.run("VERIFY_NPM_RELEASE_RUN_WITH=go", "HOME=/dev/null", "GOCACHE=/dev/null/build", "GOMODCACHE=/dev/null/modules",
		"PATH="+j.home+"/bin:"+os.Getenv("PATH"))
	if code != 0 || got == nil {
		t.Fatalf("exit %d, log:\n%s", code, log)
	}
}
