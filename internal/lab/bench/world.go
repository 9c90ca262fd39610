package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"verify-npm-release/internal/lab"
)

// npmTUF is the host of the TUF repository that npm asks, and no other.
const npmTUF = "tuf-repo-cdn.sigstore.dev"

// servers are what both programs are pointed at.
type servers struct {
	dir      string
	releases []*lab.Release
	registry *lab.Registry
	tuf      *lab.TUF
	plain    *lab.Server // the TUF repository, for us
	proxy    *lab.Proxy  // to the same under npm's name for it
	count    *lab.Server // says how many requests there were
}

// serve makes the largest of ns releases, of a package each, with a tarball of
// some 30 KiB and a packument of 20 versions, serves them, and writes what the
// programs need to find them into dir.
func serve(dir string, ns []int) (*servers, error) {
	w := &servers{dir: dir, registry: lab.NewRegistry(lab.Options{})}
	s := lab.NewSigstore()
	readme := make([]byte, 0, 64<<10)
	for i := 0; len(readme) < 60<<10; i++ {
		readme = fmt.Appendf(readme, "%d. A line of a readme, with %x in it.\n", i, i*i*7919)
	}
	for i := range slices.Max(ns) {
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
	w.proxy = lab.NewProxy(map[string]*lab.Server{npmTUF: lab.Serve(w.tuf, true, npmTUF)})
	w.count = lab.Serve(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(out, len(w.registry.Requests())+len(w.tuf.Requests()))
	}), false)
	for name, content := range map[string][]byte{
		"root.json": w.tuf.Root(), "ca.pem": lab.TLSRoot(),
		"npmrc":                               []byte("registry=" + w.registry.URL + "\n"),
		"cache/_tuf/" + npmTUF + "/root.json": w.tuf.Root(),
	} {
		if err := write(filepath.Join(dir, name), content); err != nil {
			return nil, err
		}
	}
	for _, n := range ns {
		if err := errors.Join(w.list(n), w.tree(n)); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// list writes the list of the first n releases for --packages.
func (w *servers) list(n int) error {
	var list []map[string]string
	for _, r := range w.releases[:n] {
		list = append(list, map[string]string{"name": r.Name, "version": r.Version})
	}
	raw, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return write(listFile(w.dir, n), raw)
}

// tree writes a project with the first n releases installed, as npm wants it.
func (w *servers) tree(n int) error {
	dir := treeFolder(w.dir, n)
	dependencies := map[string]string{}
	packages := map[string]any{}
	for _, r := range w.releases[:n] {
		dependencies[r.Name] = r.Version
		packages["node_modules/"+r.Name] = map[string]string{
			"version": r.Version, "integrity": r.Integrity, "resolved": lab.Text(r.Manifest, "/dist/tarball"),
		}
		manifest := fmt.Sprintf(`{"name":%q,"version":%q}`, r.Name, r.Version)
		if err := write(filepath.Join(dir, "node_modules", r.Name, "package.json"), []byte(manifest)); err != nil {
			return err
		}
	}
	root := map[string]any{"name": "tree", "version": "1.0.0", "dependencies": dependencies}
	packages[""] = root
	lock := map[string]any{"name": "tree", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": packages}
	for name, content := range map[string]any{"package.json": root, "package-lock.json": lock} {
		raw, err := json.Marshal(content)
		if err != nil {
			return err
		}
		if err := write(filepath.Join(dir, name), raw); err != nil {
			return err
		}
	}
	return nil
}

func write(name string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, content, 0o644)
}

func listFile(dir string, n int) string   { return filepath.Join(dir, fmt.Sprintf("list%d.json", n)) }
func treeFolder(dir string, n int) string { return filepath.Join(dir, fmt.Sprintf("tree%d", n)) }

// patience bounds one run of either program.
const patience = 10 * time.Minute
