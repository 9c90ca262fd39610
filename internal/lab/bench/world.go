package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"verify-npm-release/internal/lab"
)

// npmTUF is the host of the TUF repository that npm asks, and no other.
const npmTUF = "tuf-repo-cdn.sigstore.dev"

// world is what both programs are pointed at.
type world struct {
	dir      string
	releases []*lab.Release
	registry *lab.Registry
	tuf      *lab.TUF
	plain    *lab.Server // the TUF repository, for us
	secure   *lab.Server // the same under npm's name for it
	proxy    *lab.Proxy
	env      []string // for npm
}

// newWorld makes n releases of a package each, with a tarball of some 30 KiB and
// a packument of 20 versions.
func newWorld(dir string, n int) (*world, error) {
	w := &world{dir: dir, registry: lab.NewRegistry(lab.Options{})}
	s := lab.NewSigstore()
	readme := make([]byte, 0, 64<<10)
	for i := 0; len(readme) < 60<<10; i++ {
		readme = fmt.Appendf(readme, "%d. A line of a readme, with %x in it.\n", i, i*i*7919)
	}
	for i := range n {
		d := lab.NewDraft(s)
		d.Name = fmt.Sprintf("@lab/p%03d", i)
		d.Registry = w.registry.URL
		d.Files["README.md"] = string(readme)
		d.Earlier = nil
		for v := range 20 {
			d.Earlier = append(d.Earlier, lab.Earlier{
				Version: fmt.Sprintf("0.%d.0", v), Published: d.Published.AddDate(0, 0, v-30), Trust: lab.TrustTrustedPublisher,
			})
		}
		r := d.Release()
		w.registry.Add(r)
		w.releases = append(w.releases, r)
	}
	w.tuf = s.TUF(w.registry.URL, w.releases[0].Keys)
	w.plain = lab.Serve(w.tuf, false)
	w.secure = lab.Serve(w.tuf, true, npmTUF)
	w.proxy = lab.NewProxy(map[string]*lab.Server{npmTUF: w.secure})
	for name, content := range map[string][]byte{
		"root.json": w.tuf.Root(), "ca.pem": lab.TLSRoot(),
		"npmrc":                               []byte("registry=" + w.registry.URL + "\n"),
		"cache/_tuf/" + npmTUF + "/root.json": w.tuf.Root(),
	} {
		if err := write(filepath.Join(dir, name), content); err != nil {
			return nil, err
		}
	}
	w.env = append(os.Environ(),
		"HTTPS_PROXY="+w.proxy.URL, "https_proxy="+w.proxy.URL, "HTTP_PROXY=", "http_proxy=", "ALL_PROXY=", "all_proxy=",
		"NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1",
		"NODE_EXTRA_CA_CERTS="+filepath.Join(dir, "ca.pem"),
		"NPM_CONFIG_CACHE="+filepath.Join(dir, "cache"), "NPM_CONFIG_USERCONFIG="+filepath.Join(dir, "npmrc"),
		"NPM_CONFIG_UPDATE_NOTIFIER=false", "NPM_CONFIG_REGISTRY="+w.registry.URL,
	)
	return w, nil
}

func (w *world) close() {
	w.registry.Close()
	w.plain.Close()
	w.secure.Close()
	w.proxy.Close()
}

// asked is how many requests registry and TUF repository have had.
func (w *world) asked() int { return len(w.registry.Requests()) + len(w.tuf.Requests()) }

// list writes the list of the first n releases for --packages.
func (w *world) list(n int) (string, error) {
	var list []map[string]string
	for _, r := range w.releases[:n] {
		list = append(list, map[string]string{"name": r.Name, "version": r.Version})
	}
	raw, err := json.Marshal(list)
	if err != nil {
		return "", err
	}
	name := filepath.Join(w.dir, fmt.Sprintf("list%d.json", n))
	return name, write(name, raw)
}

// tree writes a project with the first n releases installed, as npm wants it.
func (w *world) tree(n int) (string, error) {
	dir := filepath.Join(w.dir, fmt.Sprintf("tree%d", n))
	dependencies := map[string]string{}
	packages := map[string]any{}
	for _, r := range w.releases[:n] {
		dependencies[r.Name] = r.Version
		packages["node_modules/"+r.Name] = map[string]string{
			"version": r.Version, "integrity": r.Integrity, "resolved": lab.Text(r.Manifest, "/dist/tarball"),
		}
		manifest := fmt.Sprintf(`{"name":%q,"version":%q}`, r.Name, r.Version)
		if err := write(filepath.Join(dir, "node_modules", r.Name, "package.json"), []byte(manifest)); err != nil {
			return "", err
		}
	}
	root := map[string]any{"name": "tree", "version": "1.0.0", "dependencies": dependencies}
	packages[""] = root
	lock := map[string]any{"name": "tree", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": packages}
	for name, content := range map[string]any{"package.json": root, "package-lock.json": lock} {
		raw, err := json.Marshal(content)
		if err != nil {
			return "", err
		}
		if err := write(filepath.Join(dir, name), raw); err != nil {
			return "", err
		}
	}
	return dir, nil
}

func write(name string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, content, 0o644)
}

// patience bounds one run of either program.
const patience = 10 * time.Minute
