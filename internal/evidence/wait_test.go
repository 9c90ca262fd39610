package evidence_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"verify-npm-release/internal/lab"
	"verify-npm-release/internal/report"
)

func TestReadyReleaseIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	inWorld(t, lab.Options{}, func(t *testing.T, w *world) {
		w.later(0)
		got := w.verify(t, context.Background())
		if got.report.Status != report.Verified {
			t.Fatalf("status %q, want verified: %s", got.report.Status, got)
		}
		if n := len(w.registry.Requests()); n != 4 {
			t.Errorf("%d requests, want one for each surface", n)
		}
		if got.took > 100*time.Millisecond {
			t.Errorf("took %s of waiting, want none", got.took)
		}
	})
}

// An hour of waiting: noticed within a poll interval, and with fewer requests
// than a loop that asks for the four surfaces every ten seconds.
func TestReadinessIsNoticedWithinOnePollInterval(t *testing.T) {
	t.Parallel()
	for _, ready := range []time.Duration{
		500 * time.Millisecond, 2 * time.Second, 6 * time.Second, 12 * time.Second, 33 * time.Second,
		4*time.Minute + 59*time.Second, 21 * time.Minute, 55 * time.Minute, time.Hour - time.Second, time.Hour,
	} {
		t.Run(ready.String(), func(t *testing.T) {
			t.Parallel()
			inWorld(t, lab.Options{Edge: true}, func(t *testing.T, w *world) {
				w.in["timeout"] = "1h"
				w.later(ready)
				got := w.verify(t, context.Background())
				if got.report.Status != report.Verified {
					t.Fatalf("status %q, want verified: %s", got.report.Status, got)
				}
				if late := got.took - ready; late < 0 || late > 10*time.Second {
					t.Errorf("ready after %s, verified after %s: want within the poll interval of 10 s", ready, got.took)
				}
				loop := 4 * (1 + int(ready/(10*time.Second)))
				n := len(w.registry.Requests())
				if n > max(loop, 16) { // within a minute the first, closer attempts weigh more
					t.Errorf("%d requests, a loop every ten seconds makes %d", n, loop)
				}
				t.Logf("ready after %s, verified after %s; %d requests, a loop every ten seconds makes %d", ready, got.took.Round(time.Second/10), n, loop)
			})
		})
	}
}

func TestAttemptsFollowTheSchedule(t *testing.T) {
	t.Parallel()
	inWorld(t, lab.Options{}, func(t *testing.T, w *world) {
		w.in["timeout"] = "2m"
		got := w.verify(t, context.Background())
		if got.pkg.Status != report.Pending || got.took < 2*time.Minute || got.took > 2*time.Minute+time.Second {
			t.Fatalf("status %q after %s, want pending as the budget ends", got.pkg.Status, got.took)
		}
		var at []time.Duration
		for _, r := range w.registry.Requests() {
			if r.Surface == lab.SurfaceManifest {
				at = append(at, r.At.Sub(w.began))
			}
		}
		want := []time.Duration{0, 1 * time.Second, 3 * time.Second, 7 * time.Second, 15 * time.Second}
		for i, d := range want {
			if diff := (at[i] - d).Abs(); diff > 500*time.Millisecond {
				t.Errorf("attempt %d after %s, want %s", i+1, at[i], d)
			}
		}
		for i := len(want); i < len(at)-1; i++ {
			if gap := at[i] - at[i-1]; gap < 9*time.Second || gap > 10200*time.Millisecond {
				t.Errorf("attempt %d came %s after the one before, want the interval less up to a tenth", i+1, gap)
			}
		}
		if last := at[len(at)-1]; last < 2*time.Minute {
			t.Errorf("the last look was after %s, want one as the budget ends", last)
		}
	})
}

// The edge keeps a 404 for five minutes under the URL that was asked.
func TestNoURLIsAskedTwice(t *testing.T) {
	t.Parallel()
	inWorld(t, lab.Options{Edge: true}, func(t *testing.T, w *world) {
		w.later(3 * time.Minute)
		got := w.verify(t, context.Background())
		if got.report.Status != report.Verified || got.took > 3*time.Minute+11*time.Second {
			t.Fatalf("status %q after %s, want verified within an interval of three minutes", got.report.Status, got.took)
		}
		seen := map[string]bool{}
		for _, r := range w.registry.Requests() {
			u := r.Path + "?" + r.Query
			if r.Query == "" || seen[u] {
				t.Errorf("%s was asked for before", u)
			}
			seen[u] = true
		}
	})
}

// Each surface has a clock of its own; what is late delays nothing else.
func TestSurfacesAreWaitedForOnTheirOwn(t *testing.T) {
	t.Parallel()
	for _, late := range []lab.Surface{lab.SurfaceTarball, lab.SurfaceAttestations, lab.SurfaceDistTag, lab.SurfacePackument} {
		t.Run(string(late), func(t *testing.T) {
			t.Parallel()
			inWorld(t, lab.Options{Edge: true}, func(t *testing.T, w *world) {
				ready := lab.ReadyAt(w.after(time.Minute))
				ready[late] = w.after(6 * time.Minute)
				if late == lab.SurfacePackument {
					ready[lab.SurfaceDistTag] = w.after(6 * time.Minute)
				}
				w.registry.AddWhen(w.draft.Release(), ready)
				got := w.verify(t, context.Background())
				if got.report.Status != report.Verified || got.check("dist-tag").Status != report.Pass {
					t.Fatalf("status %q, dist-tag %q: %s", got.report.Status, got.check("dist-tag").Status, got)
				}
				for _, s := range got.pkg.Waited.Surfaces {
					want := 60.0
					if s.Surface == string(late) || s.Surface == "dist-tag" && late == lab.SurfacePackument {
						want = 360
					}
					if !s.Ready || s.Seconds < want || s.Seconds > want+11 {
						t.Errorf("%s ready %v after %.1f s, want %.0f and at most an interval more", s.Surface, s.Ready, s.Seconds, want)
					}
				}
			})
		})
	}
}

// A tag that never comes costs ten minutes and one warning, unless it is required.
func TestLateDistTagDelaysOnlyItsCheck(t *testing.T) {
	t.Parallel()
	for _, required := range []bool{false, true} {
		t.Run(fmt.Sprintf("required %v", required), func(t *testing.T) {
			t.Parallel()
			inWorld(t, lab.Options{}, func(t *testing.T, w *world) {
				want, took := report.Verified, 15*time.Minute
				if required {
					w.in["require"] = "dist-tag"
					want, took = report.NotVerified, 30*time.Minute
				}
				ready := lab.ReadyAt(w.after(5 * time.Minute))
				ready[lab.SurfaceDistTag] = w.after(10 * time.Hour)
				w.registry.AddWhen(w.draft.Release(), ready)
				got := w.verify(t, context.Background())
				if got.report.Status != want || got.check("dist-tag").Status != report.Fail {
					t.Errorf("status %q, dist-tag %q, want %q and fail: %s", got.report.Status, got.check("dist-tag").Status, want, got)
				}
				if diff := got.took - took; diff < 0 || diff > 12*time.Second {
					t.Errorf("took %s, want %s", got.took, took)
				}
			})
		})
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]lab.Fault{
		"in seconds":             {RetryAfter: "45"},
		"as a date":              {RetryDate: 45 * time.Second},
		"longer than five hours": {RetryAfter: "18000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, lab.Options{}, func(t *testing.T, w *world) {
				w.later(0)
				fault.Surface, fault.Kind, fault.Status = lab.SurfaceManifest, lab.FaultStatus, 429
				w.registry.Fault(fault)
				got := w.verify(t, context.Background())
				least, most := 44*time.Second, 47*time.Second
				if fault.RetryAfter == "18000" {
					least, most = 5*time.Minute, 5*time.Minute+2*time.Second
				}
				if got.report.Status != report.Verified || got.took < least || got.took > most {
					t.Errorf("status %q after %s, want verified after %s: %s", got.report.Status, got.took, least, got)
				}
				if n := w.registry.Count(lab.SurfaceManifest); n != 2 {
					t.Errorf("%d requests, want 2", n)
				}
			})
		})
	}
}
