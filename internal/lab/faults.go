package lab

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// FaultKind is a way to fail.
type FaultKind string

// The kinds. Those marked * pass for a good answer at first sight.
const (
	FaultLatency      FaultKind = "latency"       // the right answer, Delay later
	FaultStatus       FaultKind = "status"        // Status, with RetryAfter
	FaultStale        FaultKind = "stale"         // * what was served before the release (packument, dist-tags), else 404
	FaultOld          FaultKind = "old"           // * an earlier version's document instead of the manifest, no attestation in the list, an empty tarball; else as stale
	FaultHTML         FaultKind = "html"          // 200 with a page
	FaultEmpty        FaultKind = "empty"         // 200 with nothing
	FaultCut          FaultKind = "cut"           // half of the promised body, then the connection ends
	FaultCutShort     FaultKind = "cut-short"     // * half of the body, with a Content-Length that fits the half
	FaultTooLong      FaultKind = "too-long"      // Content-Length promises more than comes
	FaultTrickle      FaultKind = "trickle"       // the right body, a few bytes every Delay
	FaultReset        FaultKind = "reset"         // the connection is reset before an answer
	FaultHang         FaultKind = "hang"          // no answer until the client leaves
	FaultSlowLoris    FaultKind = "slow-loris"    // header lines for ever, one every Delay (HTTP/2: as hang)
	FaultTLS          FaultKind = "tls"           // the connection ends and the next handshake fails (needs TLS)
	FaultRedirectLoop FaultKind = "redirect-loop" // 302 to the same path, for ever new queries
	FaultRedirect     FaultKind = "redirect"      // 302 to Location; a Location without host is on this server
	FaultGzipBomb     FaultKind = "gzip-bomb"     // a compressed body of 64 GiB of spaces within a JSON document
	FaultEndless      FaultKind = "endless"       // a body without end
	FaultSkew         FaultKind = "skew"          // the right answer, the Date header off by Delay
	FaultBody         FaultKind = "body"          // * 200 with Body
)

// Fault is a failure of some attempts at some requests. It is plain data: tables and generators write it.
type Fault struct {
	Surface    Surface // "": every surface
	Path       string  // unescaped; "": every path
	From, To   int     // attempts at one path, counted from 1; From 0 is 1, To 0 is From; To -1: for ever
	Kind       FaultKind
	Status     int           // FaultStatus
	RetryAfter string        // FaultStatus: the header verbatim; "": none
	RetryDate  time.Duration // FaultStatus: instead, the header as a date so far ahead of the registry's clock
	Delay      time.Duration // real time
	Location   string
	Body       string
}

// String describes the fault in a test's words.
func (f Fault) String() string {
	s := fmt.Sprintf("%s %s", f.Surface, f.Kind)
	if f.Kind == FaultStatus {
		s += fmt.Sprintf(" %d %s", f.Status, f.RetryAfter)
	}
	return fmt.Sprintf("%s, attempts %d to %d", s, f.From, f.To)
}

func (f Fault) matches(surface Surface, path string, attempt int) bool {
	from, to := max(f.From, 1), f.To
	if to == 0 {
		to = from
	}
	return (f.Surface == "" || f.Surface == surface) && (f.Path == "" || f.Path == path) &&
		attempt >= from && (to < 0 || attempt <= to)
}

// match finds the first fault for a request. The caller holds the lock.
func (g *Registry) match(surface Surface, path string, attempt int) (Fault, bool) {
	for _, f := range g.faults {
		if f.matches(surface, path, attempt) {
			return f, true
		}
	}
	return Fault{}, false
}

// Passing are faults after which a good release, asked for again, is still good: one of each kind that a waiting client must
// sit out, with short delays. TLS failures are left out on a plain registry.
func Passing(secure bool) []Fault {
	faults := []Fault{
		{Kind: FaultLatency, Delay: 5 * time.Millisecond},
		{Kind: FaultStatus, Status: http.StatusNotFound},
		{Kind: FaultStatus, Status: http.StatusTooManyRequests},
		{Kind: FaultStatus, Status: http.StatusTooManyRequests, RetryAfter: "1"},
		{Kind: FaultStatus, Status: http.StatusTooManyRequests, RetryDate: 2 * time.Second},
		{Kind: FaultStatus, Status: http.StatusInternalServerError},
		{Kind: FaultStatus, Status: http.StatusBadGateway},
		{Kind: FaultStatus, Status: http.StatusServiceUnavailable, RetryAfter: "1"},
		{Kind: FaultStatus, Status: http.StatusGatewayTimeout},
		{Kind: FaultStale},
		{Kind: FaultHTML},
		{Kind: FaultEmpty},
		{Kind: FaultCut},
		{Kind: FaultTooLong},
		{Kind: FaultTrickle, Delay: 100 * time.Microsecond},
		{Kind: FaultReset},
		{Kind: FaultSkew, Delay: -90 * time.Minute},
	}
	if secure {
		faults = append(faults, Fault{Kind: FaultTLS})
	}
	return faults
}

// RandomFaults makes a sequence of n passing faults: on each surface they follow one another from the first attempt on, and
// each lasts one to three attempts. The same seed gives the same sequence.
func RandomFaults(seed uint64, n int, secure bool) []Fault {
	rng := rand.New(rand.NewPCG(seed, 0))
	next := map[Surface]int{}
	kinds := Passing(secure)
	var faults []Fault
	for range n {
		f := kinds[rng.IntN(len(kinds))]
		f.Surface = Surfaces()[rng.IntN(len(Surfaces()))]
		f.From = next[f.Surface] + 1
		f.To = f.From + rng.IntN(3)
		next[f.Surface] = f.To
		faults = append(faults, f)
	}
	return faults
}
