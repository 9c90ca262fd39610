//go:build e2e

package pipeline

import (
	"io"
	"net"
	"net/http"
	"slices"

	"verify-npm-release/internal/lab"
)

// gate is an HTTP proxy that connects the hosts it knows, whatever their names, to one server, and leads nowhere else.
func gate(to *lab.Server, hosts ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.Host)
		if r.Method != http.MethodConnect || !slices.Contains(hosts, host) {
			http.Error(w, "no such host here: "+r.Host, http.StatusBadGateway)
			return
		}
		// Taken over before the answer: the client's first bytes come at once after it, and are not for this server.
		in, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer in.Close()
		out, err := net.Dial("tcp", to.Addr)
		if err != nil {
			return
		}
		defer out.Close()
		if _, err := io.WriteString(in, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
			return
		}
		done := make(chan struct{}, 2)
		for _, way := range [][2]net.Conn{{in, out}, {out, in}} {
			go func() {
				_, _ = io.Copy(way[0], way[1]) // ends with either side
				done <- struct{}{}
			}()
		}
		<-done
	})
}
