package lab

import (
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Server is one HTTP server on loopback.
type Server struct {
	URL  string // http://127.0.0.1:PORT or https://127.0.0.1:PORT
	Addr string // 127.0.0.1:PORT

	http     *http.Server
	breakTLS atomic.Int64
	stop     chan struct{}
	once     sync.Once
}

type connKey struct{}

// Serve starts a server on loopback: plain HTTP/1.1, or, secure, HTTP/2 and 1.1 over TLS with a certificate of the lab's for
// loopback and the named hosts.
func Serve(handler http.Handler, secure bool, hosts ...string) *Server {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	addr := l.Addr().String()
	scheme := "http://"
	if secure {
		scheme = "https://"
	}
	s := &Server{Addr: addr, URL: scheme + addr, stop: make(chan struct{})}
	s.serve(l, handler, secure, hosts)
	return s
}

// serve answers the listener's connections until the server is closed.
func (s *Server) serve(l net.Listener, handler http.Handler, secure bool, hosts []string) {
	s.http = &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0), // faults are meant
		// The connection itself, for faults below HTTP.
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) },
	}
	if !secure {
		go func() { _ = s.http.Serve(l) }()
		return
	}
	s.http.TLSConfig = &tls.Config{
		Certificates: []tls.Certificate{tlsCertificate(hosts)},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			if s.breakTLS.Add(-1) >= 0 {
				return nil, errors.New("broken on purpose")
			}
			s.breakTLS.Store(0)
			return nil, nil
		},
	}
	go func() { _ = s.http.ServeTLS(l, "", "") }()
}

// BreakTLS makes the next n handshakes fail. Connections that stand are not touched.
func (s *Server) BreakTLS(n int) { s.breakTLS.Store(int64(n)) }

// Close ends the server and every connection at once.
func (s *Server) Close() {
	s.once.Do(func() {
		close(s.stop)
		_ = s.http.Close()
	})
}

// Client returns a client that trusts the lab's certificates and reaches this server under every host name and port, so that
// a test may speak to it as the public registry.
func (s *Server) Client() *http.Client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(TLSRoot())
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, s.Addr)
		},
		TLSClientConfig:   &tls.Config{RootCAs: roots},
		ForceAttemptHTTP2: true,
	}}
}

type tlsAuthority struct {
	root *x509.Certificate
	key  *ecdsa.PrivateKey
}

var tlsRoot = sync.OnceValue(func() tlsAuthority {
	root, key := authority("lab TLS", nil, nil, nil)
	return tlsAuthority{root, key}
})

// TLSRoot is the PEM of the authority that certifies every server of this process (for SSL_CERT_FILE, NODE_EXTRA_CA_CERTS).
func TLSRoot() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tlsRoot().root.Raw})
}

func tlsCertificate(hosts []string) tls.Certificate {
	key := newKey()
	leaf := create(&x509.Certificate{
		SerialNumber: serial(),
		DNSNames:     append([]string{"localhost"}, hosts...),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(30 * 24 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, tlsRoot().root, key.Public(), tlsRoot().key)
	return tls.Certificate{Certificate: [][]byte{leaf.Raw, tlsRoot().root.Raw}, PrivateKey: key}
}
