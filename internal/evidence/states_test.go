package evidence_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/lab"
	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/report"
)

// The states of a release are told apart wherever a person or a program looks.
func TestStatesAreToldApart(t *testing.T) {
	t.Parallel()
	const never = "Do not publish this version again"
	for _, row := range []struct {
		name   string
		ready  func(*world) lab.Ready
		set    func(*world)
		state  evidence.State
		status report.Status
		exit   int // and with on-timeout: warn, 0 for pending
		words  []string
	}{
		{"served", func(w *world) lab.Ready { return nil }, nil,
			evidence.StateServed, report.Verified, 0, []string{"is verified"}},
		{"accepted, still being processed", func(w *world) lab.Ready { return lab.ReadyAt(w.after(time.Hour)) }, nil,
			evidence.StateProcessing, report.Pending, 3, []string{"is not served after 10m0s", "404", "npm may still be scanning", never, "Run this check again later"}},
		{"staged, waiting for approval", func(w *world) lab.Ready { return lab.ReadyAt(w.after(time.Hour)) },
			func(w *world) {
				w.facts = &evidence.RunFacts{Staged: []npm.Spec{{Name: "@acme/demo", Version: "1.0.0"}}}
			},
			evidence.StateStaged, report.Pending, 3, []string{"was staged", "approval", "again after the approval"}},
		{"served, its attestations not yet", func(w *world) lab.Ready { return lab.Ready{lab.SurfaceAttestations: w.after(time.Hour)} }, nil,
			evidence.StateAttestationsPending, report.Pending, 3, []string{"is served, its attestations are not", "10m0s", never}},
		{"its manifest served, its tarball not yet", func(w *world) lab.Ready { return lab.Ready{lab.SurfaceTarball: w.after(time.Hour)} }, nil,
			evidence.StatePartlyServed, report.Pending, 3, []string{"its tarball is not", never}},
		{"served without provenance", func(w *world) lab.Ready { return nil }, func(w *world) { w.draft.Trust = lab.TrustNone },
			evidence.StateNoProvenance, report.NotVerified, 1, []string{"published without provenance"}},
		{"registry out of reach", func(w *world) lab.Ready { return nil },
			func(w *world) {
				w.net.Fail(registryAddr, slices.Repeat([]error{syscall.ECONNREFUSED}, 1000)...)
			},
			evidence.StateUnreachable, report.Error, 3, []string{"gave no usable answer", "connection refused", "10m0s"}},
		{"refused", func(w *world) lab.Ready { return nil },
			func(w *world) {
				w.registry.Fault(lab.Fault{Surface: lab.SurfaceManifest, Kind: lab.FaultStatus, Status: 403, To: -1})
			},
			evidence.StateRefused, report.NotVerified, 1, []string{"waiting cannot mend it", "403"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, lab.Options{}, func(t *testing.T, w *world) {
				w.in["timeout"] = "10m"
				if row.set != nil {
					row.set(w)
				}
				w.registry.AddWhen(w.draft.Release(), row.ready(w))
				got := w.verify(t, context.Background())
				if got.evidence[0].State != row.state || got.pkg.State != string(row.state) {
					t.Errorf("state %q, in the report %q, want %q: %s", got.evidence[0].State, got.pkg.State, row.state, got)
				}
				if got.report.Status != row.status || got.report.ExitCode(false) != row.exit {
					t.Errorf("status %q, exit %d, want %q, %d", got.report.Status, got.report.ExitCode(false), row.status, row.exit)
				}
				warned := row.exit
				if row.status == report.Pending {
					warned = 0
				}
				if exit := got.report.ExitCode(true); exit != warned {
					t.Errorf("exit %d with on-timeout: warn, want %d", exit, warned)
				}
				var console bytes.Buffer
				if err := report.WriteConsole(&console, got.report, report.ConsoleOptions{Width: -1}); err != nil {
					t.Fatal(err)
				}
				summary := report.Summary(got.report)
				for _, word := range row.words {
					if !strings.Contains(console.String(), word) {
						t.Errorf("console does not say %q:\n%s", word, console.String())
					}
					if !strings.Contains(plain(summary), plain(word)) {
						t.Errorf("summary does not say %q:\n%s", word, summary)
					}
				}
				if row.status == report.Pending && !strings.Contains(summary, "manifest") {
					t.Errorf("summary has no table of surfaces:\n%s", summary)
				}
			})
		})
	}
}

// plain drops what Markdown adds to words.
func plain(s string) string {
	return strings.NewReplacer(`\`, "", "`", "", "&#58;", ":", "**", "", "&#46;", ".", "\u200b", "").Replace(s)
}

// A registry that is out of reach now and then said that it has no such
// release: that is still waiting for npm.
func TestAbsentAndThenUnreachableIsPending(t *testing.T) {
	t.Parallel()
	inWorld(t, lab.Options{}, func(t *testing.T, w *world) {
		w.registry.Fault(lab.Fault{Kind: lab.FaultStatus, Status: 503, From: 20, To: -1})
		w.later(time.Hour)
		got := w.verify(t, context.Background())
		if got.report.Status != report.Pending || got.pkg.State != string(evidence.StateProcessing) {
			t.Errorf("status %q, state %q, want pending: %s", got.report.Status, got.pkg.State, got)
		}
		if !strings.Contains(got.pkg.Problem, "503") {
			t.Errorf("problem %q, want what was seen last", got.pkg.Problem)
		}
	})
}

func TestInterruptedRunEndsAtOnceAsPending(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*world){
		"while waiting": func(w *world) { w.later(time.Hour) },
		"while attestations are late": func(w *world) {
			w.registry.AddWhen(w.draft.Release(), lab.Ready{lab.SurfaceAttestations: w.after(time.Hour)})
		},
		"while a request hangs": func(w *world) { w.later(0); w.registry.Fault(lab.Fault{Kind: lab.FaultHang, To: -1}) },
		"while a tarball trickles": func(w *world) {
			w.later(0)
			w.registry.Fault(lab.Fault{Surface: lab.SurfaceTarball, Kind: lab.FaultTrickle, Delay: 10 * time.Second, To: -1})
		},
		"while the trust root is out of reach": func(w *world) {
			w.later(0)
			w.net.Fail(tufAddr, slices.Repeat([]error{syscall.ECONNREFUSED}, 1000)...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, lab.Options{}, func(t *testing.T, w *world) {
				set(w)
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				time.AfterFunc(3*time.Second, cancel)
				got := w.verify(t, ctx)
				if got.report.Status != report.Pending || got.pkg.State != string(evidence.StateInterrupted) || got.report.ExitCode(false) != 3 {
					t.Errorf("status %q, state %q: %s", got.report.Status, got.pkg.State, got)
				}
				if got.took > 4*time.Second {
					t.Errorf("took %s, want the end within a second of the interruption after 3 s", got.took)
				}
			})
		})
	}
}

// Without a trust root waiting is pointless, and what npm serves is told all the same.
func TestLackOfTrustEndsTheWait(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*world){
		"out of reach": func(w *world) {
			w.net.Fail(tufAddr, slices.Repeat([]error{syscall.ECONNREFUSED}, 1000)...)
		},
		"expired": func(w *world) {
			w.tuf.Publish(lab.TUFChange{Expires: map[string]time.Time{lab.RoleTimestamp: time.Now().Add(-time.Hour)}})
		},
	} {
		for _, ready := range []time.Duration{0, time.Hour} {
			t.Run(fmt.Sprintf("%s, release ready after %s", name, ready), func(t *testing.T) {
				t.Parallel()
				inWorld(t, lab.Options{}, func(t *testing.T, w *world) {
					w.later(ready)
					set(w)
					got := w.verify(t, context.Background())
					if got.report.Status != report.Error || got.pkg.State != string(evidence.StateNoTrust) || got.report.ExitCode(true) != 3 {
						t.Errorf("status %q, state %q: %s", got.report.Status, got.pkg.State, got)
					}
					if got.took > 30*time.Second {
						t.Errorf("took %s, want a few attempts", got.took)
					}
					if ready == 0 && got.pkg.Dist == nil {
						t.Errorf("what the registry serves is lost: %s", got)
					}
				})
			})
		}
	}
}

func TestTrustThatHangsEndsWithTheBudget(t *testing.T) {
	t.Parallel()
	inWorld(t, lab.Options{}, func(t *testing.T, w *world) {
		w.in["timeout"] = "1m"
		w.later(0)
		stuck := w.net.Registry("127.0.0.1:10", lab.Options{})
		stuck.Fault(lab.Fault{Kind: lab.FaultHang, To: -1})
		w.in["tuf-url"] = stuck.URL
		got := w.verify(t, context.Background())
		if got.report.Status != report.Error || got.took > time.Minute+request+time.Second {
			t.Errorf("status %q after %s, want an error within the budget and one request: %s", got.report.Status, got.took, got)
		}
	})
}

// One that nobody published waits and fails; the others are verified meanwhile.
func TestUnknownPackageAmongGoodOnes(t *testing.T) {
	t.Parallel()
	inWorld(t, lab.Options{}, func(t *testing.T, w *world) {
		delete(w.in, "package")
		w.in["packages"] = `[{"name":"nobody","version":"1.0.0"},{"name":"@acme/demo","version":"1.0.0"}]`
		w.later(0)
		when := map[string]time.Duration{}
		w.progress = func(p evidence.Progress) {
			if p.State.Ready && p.Surface == "attestations" {
				when[p.Release.Name] = time.Since(w.began)
			}
		}
		got := w.verify(t, context.Background())
		if a, b := got.report.Packages[0].Status, got.report.Packages[1].Status; a != report.Pending || b != report.Verified {
			t.Errorf("unknown %q, good %q, want pending and verified", a, b)
		}
		if d, ok := when["@acme/demo"]; !ok || d > time.Second {
			t.Errorf("the good one was served after %s, want at once", d)
		}
		if got.report.Status != report.Pending || got.took < 30*time.Minute {
			t.Errorf("status %q after %s, want pending after the budget", got.report.Status, got.took)
		}
	})
}

// Ten thousand releases that never come: bounded memory, requests and time.
func TestManyReleases(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	inWorld(t, lab.Options{}, func(t *testing.T, w *world) {
		const n = releasesAtOnce
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(`{"name":"nobody-%d","version":"1.0.0"}`, i))
		}
		delete(w.in, "package")
		w.in["packages"] = "[" + strings.Join(list, ",") + "]"
		w.in["timeout"] = "10m"
		var before, during runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		go func() {
			time.Sleep(5 * time.Minute)
			synctest.Wait()
			runtime.GC()
			runtime.ReadMemStats(&during)
		}()
		got := w.verify(t, context.Background())
		if got.report.Status != report.Pending || got.took > 10*time.Minute+request {
			t.Errorf("status %q after %s, want pending within the budget and one request", got.report.Status, got.took)
		}
		requests := len(w.registry.Requests())
		if most := 2*n + n + 10*600 + n/10; requests > most {
			t.Errorf("%d requests, want at most %d: the first ones, ten a second, and a last look", requests, most)
		}
		used := int64(during.HeapAlloc+during.StackInuse) - int64(before.HeapAlloc+before.StackInuse)
		t.Logf("%d requests, %d KiB for each waiting release", requests, used/n/1024)
		if n == 10_000 && used > n*40<<10 {
			t.Errorf("%d bytes for each waiting release, want at most 40 KiB", used/n)
		}
	})
}
