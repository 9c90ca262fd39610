package lab

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Net is a network in memory, for tests on the fake clock of testing/synctest: every connection is a net.Pipe, so that whoever
// waits for one counts as waiting, and hours of it pass at once. Make it, and all that it serves, inside the bubble.
type Net struct {
	mu      sync.Mutex
	hosts   map[string]*pipes // by host:port
	failing map[string][]error
	dials   map[string]int
	servers []*Server
}

// NewNet returns a network without hosts.
func NewNet() *Net {
	return &Net{hosts: map[string]*pipes{}, failing: map[string][]error{}, dials: map[string]int{}}
}

// Serve serves an address, host:port; secure as in [Serve].
func (n *Net) Serve(addr string, handler http.Handler, secure bool) *Server {
	s := &Server{Addr: addr, URL: "http://" + addr, stop: make(chan struct{})}
	if secure {
		s.URL = "https://" + strings.TrimSuffix(addr, ":443")
	}
	l := &pipes{addr: addr, queue: make(chan net.Conn), closed: make(chan struct{})}
	n.mu.Lock()
	n.hosts[addr] = l
	n.servers = append(n.servers, s)
	n.mu.Unlock()
	host, _, _ := net.SplitHostPort(addr)
	s.serve(l, handler, secure, []string{host})
	return s
}

// Registry starts a registry at an address of the network, and nowhere else.
func (n *Net) Registry(addr string, o Options) *Registry {
	g := NewRegistry(o)
	g.Close()
	g.Server = n.Serve(addr, g, o.TLS)
	return g
}

// Fail makes the next dials of an address fail, one with each error.
func (n *Net) Fail(addr string, errs ...error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.failing[addr] = append(n.failing[addr], errs...)
}

// Dials is how many connections to an address were asked for.
func (n *Net) Dials(addr string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dials[addr]
}

// Client returns a client that knows the network's hosts, trusts the lab's certificates, and finds nobody else.
func (n *Net) Client() *http.Client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(TLSRoot())
	return &http.Client{Transport: &http.Transport{
		DialContext:         n.dial,
		TLSClientConfig:     &tls.Config{RootCAs: roots},
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: 32,
		MaxConnsPerHost:     32,
	}}
}

// Close ends all servers and their connections.
func (n *Net) Close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.servers {
		s.Close()
	}
}

func (n *Net) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	n.mu.Lock()
	n.dials[addr]++
	var failure error
	if list := n.failing[addr]; len(list) > 0 {
		failure, n.failing[addr] = list[0], list[1:]
	}
	l := n.hosts[addr]
	n.mu.Unlock()
	if failure == nil && l == nil {
		host, _, _ := net.SplitHostPort(addr)
		failure = NoSuchHost(host)
	}
	if failure != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: failure}
	}
	ours, theirs := net.Pipe()
	select {
	case l.queue <- theirs:
		return ours, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "dial", Net: network, Err: net.ErrClosed}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// NoSuchHost is what the resolver says of a name that does not exist.
func NoSuchHost(host string) error {
	return &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

// pipes is a net.Listener of the ends of pipes.
type pipes struct {
	addr   string
	queue  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.queue:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipes) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipes) Addr() net.Addr { return pipeAddr(l.addr) }

type pipeAddr string

func (pipeAddr) Network() string  { return "pipe" }
func (a pipeAddr) String() string { return string(a) }
