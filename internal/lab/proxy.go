package lab

import (
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Proxy is an HTTP proxy that knows the lab's servers by name, so that a whole program, ours or npm, reaches them under the
// names of the public services: HTTPS_PROXY is its URL, SSL_CERT_FILE or NODE_EXTRA_CA_CERTS a file holding TLSRoot. It
// leads nowhere else.
type Proxy struct {
	*Server
	hosts map[string]*Server

	mu    sync.Mutex
	asked []string
}

// NewProxy starts a proxy that connects each host name, on any port, to a server.
func NewProxy(hosts map[string]*Server) *Proxy {
	p := &Proxy{hosts: hosts}
	p.Server = Serve(p, false)
	return p
}

// Asked are the hosts with ports that connections were asked to, in order, known or not.
func (p *Proxy) Asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.asked...)
}

// ServeHTTP makes one tunnel (RFC 9110, section 9.3.6).
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked = append(p.asked, r.Host)
	p.mu.Unlock()
	host, _, err := net.SplitHostPort(r.Host)
	server := p.hosts[host]
	if r.Method != http.MethodConnect || err != nil || server == nil {
		http.Error(w, "no such host in the lab: "+r.Host, http.StatusBadGateway)
		return
	}
	out, err := net.DialTimeout("tcp", server.Addr, 10*time.Second)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer out.Close()
	// The answer comes after the connection is ours: the server must not read the client's first bytes.
	in, ahead, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer in.Close()
	if _, err := io.WriteString(in, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return
	}
	done := make(chan struct{}, 2)
	pass := func(to io.Writer, from io.Reader) {
		_, _ = io.Copy(to, from) // ends with either side
		done <- struct{}{}
	}
	go pass(in, out)
	go pass(out, ahead)
	select {
	case <-done:
	case <-p.stop:
	}
}
