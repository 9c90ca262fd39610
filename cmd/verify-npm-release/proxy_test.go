package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"verify-npm-release/internal/lab"
)

// The program itself, in a network that has a proxy and a certificate authority
// of its own, with a home that it cannot write to.
func TestBehindAProxy(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("Go reads SSL_CERT_FILE on neither Windows nor macOS; there the system's store has the authority")
	}
	w := lab.NewWorld()
	defer w.Close()
	w.Registry.Add(lab.NewDraft(w.Sigstore).Release())
	hosts := map[string]*lab.Server{}
	for _, h := range lab.WorldHosts() {
		hosts[h] = w.Server
	}
	proxy := lab.NewProxy(hosts)
	defer proxy.Close()
	dir := t.TempDir()
	for name, content := range map[string][]byte{"ca.pem": lab.TLSRoot(), "root.json": w.TUF.Root()} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	verify := func(args []string, env ...string) (int, string) {
		t.Helper()
		c := exec.Command("verify-npm-release", append(args, "--tuf-root", "root.json")...)
		c.Dir = dir
		c.Env = append([]string{"HOME=/dev/null", "HTTPS_PROXY=" + proxy.URL}, env...)
		log, err := c.CombinedOutput()
		if c.ProcessState == nil {
			t.Fatal(err)
		}
		return c.ProcessState.ExitCode(), string(log)
	}
	trust := "SSL_CERT_FILE=" + filepath.Join(dir, "ca.pem")

	if code, log := verify([]string{"@acme/demo@1.0.0"}, trust); code != 0 {
		t.Errorf("exit %d, log:\n%s", code, log)
	}
	for _, host := range []string{lab.HostRegistry, lab.HostTUF} {
		if !slices.Contains(proxy.Asked(), host+":443") {
			t.Errorf("the proxy was not asked for %s: %q", host, proxy.Asked())
		}
	}

	// Without the authority nothing is trusted, and the reason is said.
	code, log := verify([]string{"@acme/demo@1.0.0", "--timeout", "1s"})
	if code != 3 || !strings.Contains(log, "certificate") {
		t.Errorf("without the authority: exit %d, log:\n%s", code, log)
	}

	// What NO_PROXY names is not asked of the proxy.
	asked := func() bool {
		return slices.ContainsFunc(proxy.Asked(), func(h string) bool { return strings.HasPrefix(h, "npm.invalid:") })
	}
	there := []string{"@acme/demo@1.0.0", "--timeout", "1s", "--registry-url", "https://npm.invalid"}
	if code, log := verify(there, trust, "NO_PROXY=.invalid"); code != 3 || asked() {
		t.Errorf("NO_PROXY: exit %d, asked the proxy: %t, log:\n%s", code, asked(), log)
	}
	if code, _ := verify(there, trust); code != 3 || !asked() {
		t.Errorf("exit %d, the proxy was asked: %t", code, asked())
	}
}
