package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// serveEnv makes this program the servers; its value is the folder to use. They
// have a process of their own: a child's peak memory counts from that of the
// process that started it (getrusage, ru_maxrss), which must be small.
const serveEnv = "BENCH_SERVE"

// world is where both programs find the servers.
type world struct {
	Registry, TUF, Proxy, Count string

	dir     string
	env     []string // for npm
	servers *exec.Cmd
	end     io.Closer
}

// newWorld starts the servers, for each of the listed numbers of releases.
func newWorld(dir, sizes string) (*world, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	w := &world{dir: dir, servers: exec.Command(self, sizes)}
	w.servers.Env = append(os.Environ(), serveEnv+"="+dir)
	w.servers.Stderr = os.Stderr
	if w.end, err = w.servers.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := w.servers.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := w.servers.Start(); err != nil {
		return nil, err
	}
	if err := json.NewDecoder(bufio.NewReader(out)).Decode(w); err != nil {
		return nil, fmt.Errorf("start the servers: %w", err)
	}
	w.env = append(os.Environ(),
		"HTTPS_PROXY="+w.Proxy, "https_proxy="+w.Proxy, "HTTP_PROXY=", "http_proxy=", "ALL_PROXY=", "all_proxy=",
		"NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1",
		"NODE_EXTRA_CA_CERTS="+filepath.Join(dir, "ca.pem"),
		"NPM_CONFIG_CACHE="+filepath.Join(dir, "cache"), "NPM_CONFIG_USERCONFIG="+filepath.Join(dir, "npmrc"),
		"NPM_CONFIG_UPDATE_NOTIFIER=false", "NPM_CONFIG_REGISTRY="+w.Registry,
	)
	return w, nil
}

func (w *world) close() {
	_ = w.end.Close() // which ends them
	_ = w.servers.Wait()
}

// asked is how many requests registry and TUF repository have had.
func (w *world) asked() (int, error) {
	res, err := http.Get(w.Count)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 64))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(raw))
}

// served is the process of the servers: it ends with its standard input.
func served(dir string) error {
	ns, err := numbers(os.Args[1])
	if err != nil {
		return err
	}
	s, err := serve(dir, ns)
	if err != nil {
		return err
	}
	at := world{Registry: s.registry.URL, TUF: s.plain.URL, Proxy: s.proxy.URL, Count: s.count.URL}
	if err := json.NewEncoder(os.Stdout).Encode(at); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
