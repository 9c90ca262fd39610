package evidence_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/lab"
	"verify-npm-release/internal/report"
)

// request is the longest that a run may outlast its budget.
const request = 30 * time.Second

// bounded fails the test if the run took longer or asked more than it may.
func bounded(t *testing.T, w *world, got outcome, budget time.Duration) {
	t.Helper()
	if got.took > budget+request+time.Second {
		t.Errorf("took %s, want at most the budget of %s and one request", got.took, budget)
	}
	for _, s := range lab.Surfaces() {
		if n, most := w.registry.Count(s), int(got.took/(9*time.Second))+10; n > most {
			t.Errorf("%d requests for the %s in %s, want at most %d", n, s, got.took, most)
		}
	}
}

func TestEveryPassingFaultIsSatOut(t *testing.T) {
	t.Parallel()
	faults := lab.Passing(true)
	faults = append(faults,
		lab.Fault{Kind: lab.FaultHang},
		lab.Fault{Kind: lab.FaultSlowLoris, Delay: time.Second},
		lab.Fault{Kind: lab.FaultTrickle, Delay: 20 * time.Second},
		lab.Fault{Kind: lab.FaultLatency, Delay: 20 * time.Second},
		lab.Fault{Kind: lab.FaultLatency, Delay: 2 * time.Minute},
		lab.Fault{Kind: lab.FaultCutShort},
	)
	for _, fault := range faults {
		for _, surface := range []lab.Surface{lab.SurfaceManifest, lab.SurfaceTarball, lab.SurfaceAttestations, lab.SurfacePackument} {
			if surface == lab.SurfaceTarball && fault.Kind == lab.FaultCutShort {
				continue // a shorter tarball is a well-formed answer, and a wrong one
			}
			fault := fault
			fault.Surface, fault.To = surface, 3
			t.Run(fault.String(), func(t *testing.T) {
				t.Parallel()
				inWorld(t, lab.Options{TLS: true}, func(t *testing.T, w *world) {
					w.later(0)
					w.registry.Fault(fault)
					got := w.verify(t, context.Background())
					if got.report.Status != report.Verified || got.check("dist-tag").Status != report.Pass {
						t.Errorf("status %q: %s", got.report.Status, got)
					}
					bounded(t, w, got, 3*time.Minute)
				})
			})
		}
	}
}

// A fault that never ends is told as what it is, and the run ends.
func TestFaultsThatNeverEnd(t *testing.T) {
	t.Parallel()
	faults := lab.Passing(true)
	faults = append(faults,
		lab.Fault{Kind: lab.FaultHang}, lab.Fault{Kind: lab.FaultSlowLoris, Delay: time.Second},
		lab.Fault{Kind: lab.FaultTrickle, Delay: 25 * time.Second}, lab.Fault{Kind: lab.FaultLatency, Delay: time.Hour},
	)
	for _, fault := range faults {
		if fault.Kind == lab.FaultSkew || fault.Kind == lab.FaultLatency && fault.Delay < time.Second || fault.Kind == lab.FaultTrickle && fault.Delay < time.Second {
			continue // the right answer, by and by
		}
		for _, surface := range []lab.Surface{lab.SurfaceManifest, lab.SurfaceTarball, lab.SurfaceAttestations} {
			fault := fault
			fault.Surface, fault.To = surface, -1
			t.Run(fault.String(), func(t *testing.T) {
				t.Parallel()
				inWorld(t, lab.Options{TLS: true}, func(t *testing.T, w *world) {
					w.in["timeout"] = "5m"
					w.later(0)
					w.registry.Fault(fault)
					got := w.verify(t, context.Background())
					want := report.Pending
					absent := fault.Kind == lab.FaultStale || fault.Status == http.StatusNotFound
					if surface == lab.SurfaceManifest && !absent {
						want = report.Error
					}
					if got.report.Status != want || got.report.ExitCode(false) != 3 {
						t.Errorf("status %q, exit %d, want %q and 3: %s", got.report.Status, got.report.ExitCode(false), want, got)
					}
					bounded(t, w, got, 5*time.Minute)
				})
			})
		}
	}
}

// Well-formed and wrong: the wait ends at once, whatever else is late.
func TestWrongAnswersEndTheWait(t *testing.T) {
	t.Parallel()
	status := func(code int) func(*world, lab.Ready) {
		return func(w *world, _ lab.Ready) {
			w.registry.Fault(lab.Fault{Surface: lab.SurfaceManifest, Kind: lab.FaultStatus, Status: code, To: -1})
		}
	}
	for name, spoil := range map[string]func(*world, lab.Ready){
		"401": status(401),
		"403": status(403),
		"another version's manifest": func(w *world, _ lab.Ready) {
			w.registry.Fault(lab.Fault{Surface: lab.SurfaceManifest, Kind: lab.FaultOld, To: -1})
		},
		"another name in the manifest": func(w *world, _ lab.Ready) { w.draft.Manifest = lab.Set("/name", "other") },
		"duplicate keys in the manifest": func(w *world, _ lab.Ready) {
			w.registry.Fault(lab.Fault{Surface: lab.SurfaceManifest, Kind: lab.FaultBody, Body: `{"name":"@acme/demo","name":"other"}`, To: -1})
		},
		"403 for the tarball, the attestations late": func(w *world, ready lab.Ready) {
			ready[lab.SurfaceAttestations] = w.after(time.Hour)
			w.registry.Fault(lab.Fault{Surface: lab.SurfaceTarball, Kind: lab.FaultStatus, Status: 403, To: -1})
		},
		"403 for the attestations, the tarball late": func(w *world, ready lab.Ready) {
			ready[lab.SurfaceTarball] = w.after(time.Hour)
			w.registry.Fault(lab.Fault{Surface: lab.SurfaceAttestations, Kind: lab.FaultStatus, Status: 403, To: -1})
		},
		"another tarball, attestations and tag late": func(w *world, ready lab.Ready) {
			ready[lab.SurfaceAttestations], ready[lab.SurfaceDistTag] = w.after(time.Hour), w.after(time.Hour)
			w.draft.Tarball = func([]byte) []byte { return lab.Pack(map[string]string{"package.json": "{}"}, 6) }
		},
		"a redirect to another host": func(w *world, _ lab.Ready) {
			w.registry.Fault(lab.Fault{Surface: lab.SurfaceManifest, Kind: lab.FaultRedirect, Location: "https://evil.example/", To: -1})
		},
		"a provenance of another run, tarball and tag late": func(w *world, ready lab.Ready) {
			ready[lab.SurfaceTarball], ready[lab.SurfaceDistTag] = w.after(time.Hour), w.after(time.Hour)
			w.draft.Run.ID = "1"
		},
		"a provenance from another Sigstore, tarball late": func(w *world, ready lab.Ready) {
			ready[lab.SurfaceTarball] = w.after(time.Hour)
			w.draft.Provenance.Sigstore = lab.NewSigstore()
		},
		"no provenance, everything else late": func(w *world, ready lab.Ready) {
			ready[lab.SurfaceTarball], ready[lab.SurfaceDistTag] = w.after(time.Hour), w.after(time.Hour)
			w.draft.Trust = lab.TrustNone
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, lab.Options{}, func(t *testing.T, w *world) {
				ready := lab.Ready{}
				spoil(w, ready)
				w.registry.AddWhen(w.draft.Release(), ready)
				got := w.verify(t, context.Background())
				if got.report.Status != report.NotVerified || got.report.ExitCode(true) != 1 {
					t.Errorf("status %q, exit %d, want not verified and 1: %s", got.report.Status, got.report.ExitCode(true), got)
				}
				if got.took > time.Second {
					t.Errorf("took %s, want no waiting", got.took)
				}
			})
		})
	}
}

// Seeded sequences of faults: a good release that comes within the budget is
// verified, a bad one never is, and the run stays within its bounds.
func TestRandomSequencesOfFaults(t *testing.T) {
	t.Parallel()
	spoils := map[string]func(*lab.Draft){
		"good": nil,
		"another tarball": func(d *lab.Draft) {
			d.Tarball = func([]byte) []byte { return lab.Pack(map[string]string{"index.js": "evil"}, 6) }
		},
		"another run":              func(d *lab.Draft) { d.Run.ID = "99" },
		"another Sigstore":         func(d *lab.Draft) { d.Provenance.Sigstore = lab.NewSigstore() },
		"another registry key":     func(d *lab.Draft) { d.SignatureKeys = []*lab.SigningKey{lab.NewSigningKey()} },
		"no publish attestation":   func(d *lab.Draft) { d.PublishAttestation = nil },
		"attestations without end": func(d *lab.Draft) { d.Attestations = lab.Set("/attestations", []any{}) },
		"another subject":          func(d *lab.Draft) { d.Provenance.Statement = lab.Set("/subject/0/name", "pkg:npm/other@1.0.0") },
	}
	var names []string
	for name := range spoils {
		names = append(names, name)
	}
	sequences := 400
	if testing.Short() {
		sequences = 40
	}
	for seed := range uint64(sequences) {
		name := "good"
		if seed%2 == 1 {
			name = names[int(seed/2)%len(names)]
		}
		secure := seed%3 == 0
		t.Run(fmt.Sprintf("seed %d, %s", seed, name), func(t *testing.T) {
			t.Parallel()
			inWorld(t, lab.Options{TLS: secure, Edge: seed%5 > 1}, func(t *testing.T, w *world) {
				if spoil := spoils[name]; spoil != nil {
					spoil(w.draft)
				}
				rng := rand.New(rand.NewPCG(seed, 1))
				ready := lab.Ready{}
				for _, s := range lab.Surfaces() {
					ready[s] = w.after(time.Duration(rng.Int64N(int64(20 * time.Minute))))
				}
				w.registry.AddWhen(w.draft.Release(), ready)
				w.registry.Fault(lab.RandomFaults(seed, 1+int(seed%24), secure)...)
				got := w.verify(t, context.Background())
				if verified := got.report.Status == report.Verified; verified != (name == "good") {
					t.Errorf("status %q: %s", got.report.Status, got)
				}
				bounded(t, w, got, 30*time.Minute)
			})
		})
	}
}

// What is below HTTP: names that do not resolve, connections refused and reset,
// certificates that nobody vouches for.
func TestBrokenNetworkIsSatOut(t *testing.T) {
	t.Parallel()
	times := func(n int, err error) (list []error) {
		for range n {
			list = append(list, err)
		}
		return list
	}
	for name, err := range map[string]error{
		"no such host": lab.NoSuchHost("registry.example"), "refused": syscall.ECONNREFUSED,
		"reset": syscall.ECONNRESET, "unreachable": syscall.ENETUNREACH, "something odd": errors.New("odd\x1b[2J"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, lab.Options{TLS: true}, func(t *testing.T, w *world) {
				w.later(0)
				w.net.Fail(secureAddr, times(12, err)...)
				got := w.verify(t, context.Background())
				if got.report.Status != report.Verified || got.took > 2*time.Minute {
					t.Errorf("status %q after %s: %s", got.report.Status, got.took, got)
				}
			})
			inWorld(t, lab.Options{TLS: true}, func(t *testing.T, w *world) {
				w.later(0)
				w.net.Fail(secureAddr, times(1000, err)...)
				got := w.verify(t, context.Background())
				if got.report.Status != report.Error || got.evidence[0].State != evidence.StateUnreachable || got.report.ExitCode(true) != 3 {
					t.Errorf("status %q, state %q: %s", got.report.Status, got.evidence[0].State, got)
				}
				if !strings.Contains(got.pkg.Problem, "gave no usable answer") || strings.Contains(got.pkg.Problem, "\x1b") {
					t.Errorf("problem %q", got.pkg.Problem)
				}
			})
		})
	}
	t.Run("handshakes that fail", func(t *testing.T) {
		t.Parallel()
		inWorld(t, lab.Options{TLS: true}, func(t *testing.T, w *world) {
			w.later(0)
			w.registry.BreakTLS(6)
			if got := w.verify(t, context.Background()); got.report.Status != report.Verified {
				t.Errorf("status %q: %s", got.report.Status, got)
			}
		})
	})
	t.Run("a certificate of nobody's", func(t *testing.T) {
		t.Parallel()
		inWorld(t, lab.Options{TLS: true}, func(t *testing.T, w *world) {
			w.later(0)
			w.client.HTTP.Transport.(*http.Transport).TLSClientConfig = nil
			got := w.verify(t, context.Background())
			if got.report.Status != report.Error || !strings.Contains(got.pkg.Problem, "x509") {
				t.Errorf("status %q, problem %q, want an error that names the certificate", got.report.Status, got.pkg.Problem)
			}
		})
	})
}
