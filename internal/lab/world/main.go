// Command world starts everything that `npm publish` in a workflow run talks to, on loopback: GitHub's id-token issuer,
// Fulcio, Rekor, Sigstore's TUF repository and the npm registry with trusted publishers.
//
//	go run ./internal/lab/world                          start it; say how npm and our program reach it
//	go run ./internal/lab/world gate ADDRESS SOCKET      pass each connection to ADDRESS on to a world's socket
//
// A gate stands in a container that knows the public hosts as loopback; the world itself stays in a test's process.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"verify-npm-release/internal/lab"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 1:
		err = start()
	case len(os.Args) == 4 && os.Args[1] == "gate":
		err = gate(os.Args[2], os.Args[3])
	default:
		err = fmt.Errorf("unknown arguments %q: want none, or gate ADDRESS SOCKET", os.Args[1:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "world:", err)
		os.Exit(1)
	}
}

// start runs a world until it is interrupted.
func start() error {
	w := lab.NewWorld()
	defer w.Close()
	run := lab.NewRun()
	w.Create("@acme/demo")
	w.Trust("@acme/demo", lab.Publisher{Repository: run.Repository, Workflow: filepath.Base(run.Workflow), Actions: lab.AllActions()})

	dir, err := os.MkdirTemp("", "world-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var env strings.Builder
	for name, value := range run.Env() {
		fmt.Fprintf(&env, "export %s='%s'\n", name, value)
	}
	for name, value := range w.Start(run) {
		fmt.Fprintf(&env, "export %s='%s'\n", name, value)
	}
	fmt.Fprintf(&env, "export NODE_EXTRA_CA_CERTS='%[1]s/ca.pem' SSL_CERT_FILE='%[1]s/ca.pem'\n", dir)
	for name, content := range map[string]string{"ca.pem": string(lab.TLSRoot()), "root.json": string(w.TUF.Root()), "env": env.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	fmt.Printf(`The world is at %[1]s. It answers to these hosts:
  %[2]s
Lead them there, on port 443, inside a container (docker run --add-host) or a network namespace, and then publish
@acme/demo from a folder whose package.json names https://github.com/%[4]s as its repository:
  . %[3]s/env
  npm publish --provenance --access public
  verify-npm-release @acme/demo@VERSION --expect this-run --tuf-root %[3]s/root.json
Interrupt to end it.
`, w.Addr, strings.Join(lab.WorldHosts(), " "), dir, run.Repository)
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	<-interrupted
	return nil
}

// gate passes connections on until it is killed.
func gate(address, socket string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	for {
		in, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer in.Close()
			out, err := net.Dial("unix", socket)
			if err != nil {
				return
			}
			defer out.Close()
			done := make(chan struct{}, 2)
			for _, way := range [][2]net.Conn{{in, out}, {out, in}} {
				go func() {
					_, _ = io.Copy(way[0], way[1]) // ends with either side
					done <- struct{}{}
				}()
			}
			<-done
		}()
	}
}
