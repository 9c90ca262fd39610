package evidence

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/plan"
)

// inFlight is how many requests a run has open at a time; npm's own maxsockets is 15.
const inFlight = 16

// atOnce is how many releases a run holds in memory while their first answers
// are read and verified. One that has to wait makes room.
const atOnce = 16

// Gatherer gathers the evidence of a run's releases from one registry: one
// connection pool, one refresh of the trust, one budget for all. It is safe for
// concurrent use.
type Gatherer struct {
	plan     *plan.Plan
	client   *npm.Client
	o        Options
	pace     *pace
	start    time.Time
	deadline time.Time
	room     chan struct{} // releases in memory, see atOnce
	cpu      chan struct{} // verifications at a time

	once    sync.Once
	run     context.Context // the first caller's, ended also by the budget
	trust   *Trust          // set once trusted is closed
	trusted chan struct{}
	lost    chan struct{} // closed once it is known that there will be no trust

	Facts *RunFacts // set before Gather, given to every Evidence
}

// Options are what a Gatherer needs beside the plan. Zero values are the defaults.
type Options struct {
	NPM       npm.Options
	UserAgent string
	Progress  func(Progress) // called from many goroutines, for every answer
	// Hopeless tells whether evidence that is not complete yet already speaks
	// against the release for good, so that nothing more is waited for.
	Hopeless func(*Evidence) bool
}

// NewGatherer prepares to gather for p; the budget starts now.
func NewGatherer(p *plan.Plan, o Options) (*Gatherer, error) {
	if o.NPM.UserAgent == "" {
		o.NPM.UserAgent = o.UserAgent
	}
	client, err := npm.NewClient(p.Registry, o.NPM)
	if err != nil {
		return nil, err
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.Hopeless == nil {
		o.Hopeless = func(*Evidence) bool { return false }
	}
	now := time.Now()
	return &Gatherer{
		plan: p, client: client, o: o,
		pace:     newPace(p.PollInterval, inFlight),
		start:    now,
		deadline: now.Add(p.Timeout),
		room:     make(chan struct{}, atOnce),
		cpu:      make(chan struct{}, runtime.GOMAXPROCS(0)),
		trusted:  make(chan struct{}),
		lost:     make(chan struct{}),
	}, nil
}

// Requests is how many requests the registry has been asked so far.
func (g *Gatherer) Requests() int64 { return g.client.Requests() }

// begin starts what the releases share, under the context of whoever comes
// first: the end of the run, and the one refresh of the trust.
func (g *Gatherer) begin(ctx context.Context) {
	g.once.Do(func() {
		run, stop := context.WithDeadlineCause(ctx, g.deadline.Add(grace), errTimeUp)
		context.AfterFunc(run, stop)
		g.run = run
		go func() {
			g.trust = fetchTrust(run, g.deadline, g.plan, g.client, g.o)
			close(g.trusted)
			if g.trust.Err != nil {
				close(g.lost) // without a trust root no amount of waiting helps
			}
		}()
	})
}

// Gather waits until the registry serves the release or the budget ends, and
// verifies what it serves. It returns within a second once ctx is cancelled,
// with what was established until then.
func (g *Gatherer) Gather(ctx context.Context, r plan.Release) *Evidence {
	g.begin(ctx)
	w := &gathering{
		Gatherer: g,
		e:        &Evidence{Release: r, Registry: g.plan.Registry, Started: g.start, Run: g.Facts},
		enough:   make(chan struct{}), known: make(chan struct{}),
	}
	w.stopWaiting = sync.OnceFunc(func() { close(w.enough) })
	select {
	case g.room <- struct{}{}:
		w.makeRoom = sync.OnceFunc(func() { <-g.room })
		defer w.makeRoom()
		w.gather(g.run)
	case <-g.lost: // nothing could be verified, so nothing is asked for
		w.trustedBy(g.run)
	case <-g.run.Done():
	}
	w.settle(ctx)
	g.Facts.Wait()
	return w.e
}

// gathering is the work on one release: raw answers on their way to Evidence.
type gathering struct {
	*Gatherer
	folder      *folder
	makeRoom    func()
	stopWaiting func()
	enough      chan struct{} // closed once waiting for anything more is pointless
	known       chan struct{} // closed once it is known whether there is a manifest

	mu       sync.Mutex // of e and recorded, while surfaces are asked for
	e        *Evidence
	recorded int // surfaces that came out
}

// set changes the evidence while other surfaces may be writing theirs.
func (w *gathering) set(change func(*Evidence)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(w.e)
}

func (w *gathering) gather(ctx context.Context) {
	if w.e.Release.Tarball != "" {
		w.e.Local, w.e.LocalErr = hashFile(w.e.Release.Tarball)
	}
	if w.e.Release.Spec.Version == "" && !w.resolve(ctx) {
		return
	}
	if w.plan.Evidence != "" {
		f, err := newFolder(w.plan.Evidence, w.e.Release.Spec, len(w.plan.Releases) > 1)
		if err != nil {
			w.e.Surfaces[ManifestSurface] = Surface{Asked: true, Final: true, Err: err}
			return
		}
		w.folder, w.e.Folder = f, f.dir
	}
	w.surfaces(ctx)
	if w.trustedBy(ctx) {
		w.e.verifySignature()
	}
	if w.folder != nil {
		if err := w.folder.trust(w.e.Trust); err != nil {
			w.e.SaveErr = err
		}
		w.e.Files = w.folder.sums
	}
}

// trustedBy waits for the trust and reports whether it came before ctx ended.
func (w *gathering) trustedBy(ctx context.Context) bool {
	select {
	case <-w.trusted:
	case <-ctx.Done():
		select {
		case <-w.trusted: // both came at once
		default:
			return false
		}
	}
	w.set(func(e *Evidence) { e.Trust = w.trust })
	return true
}

// surfaces asks for everything the registry serves of the release, each on its
// own clock. The packument does not depend on the manifest, and both are on
// their way at once; tarball and attestations are where the manifest says.
func (w *gathering) surfaces(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { w.record(DistTagSurface, w.pollPackument(ctx)) })
	w.record(ManifestSurface, w.poller(ManifestSurface, w.deadline, w.askManifest).run(ctx))
	m := w.e.Manifest
	if m == nil || m.Dist.Attestations == nil && !slices.Contains(w.plan.Skip, "provenance") {
		w.stopWaiting() // not served, or published without provenance, which is final
	}
	close(w.known)
	if m == nil {
		return
	}
	wg.Go(func() {
		w.record(TarballSurface, w.poller(TarballSurface, w.deadline, w.askTarball).run(ctx))
	})
	if m.Dist.Attestations != nil {
		wg.Go(func() { w.record(AttestationsSurface, w.pollAttestations(ctx)) })
	}
}

// record keeps how a surface came out, and ends all waiting where that settles
// the matter for the worse.
func (w *gathering) record(i int, s Surface) {
	w.set(func(e *Evidence) {
		e.Surfaces[i] = s
		w.recorded++
		if i == DistTagSurface || e.Manifest == nil {
			return
		}
		if s.Final || s.Ready && i != ManifestSurface && w.recorded < len(e.Surfaces) && w.o.Hopeless(e) {
			w.stopWaiting()
		}
	})
}

// settle says what state the release is in, from how its surfaces came out.
func (w *gathering) settle(ctx context.Context) {
	e := w.e
	e.Waited = time.Since(e.Started)
	manifest, tarball, attestations := e.Surfaces[ManifestSurface], e.Surfaces[TarballSurface], e.Surfaces[AttestationsSurface]
	undecided := e.Trust == nil || e.Trust.Err != nil || manifest.Pending() || tarball.Pending() || attestations.Pending()
	switch {
	case ctx.Err() != nil && undecided:
		e.State = StateInterrupted
	case e.Trust != nil && e.Trust.Err != nil:
		e.State = StateNoTrust
	case manifest.Final, tarball.Final, attestations.Final:
		e.State = StateRefused
	case !manifest.Ready && w.Facts.staged(e.Release.Spec):
		e.State = StateStaged
	case !manifest.Ready && manifest.Denied:
		e.State = StateProcessing
	case !manifest.Ready:
		e.State = StateUnreachable
	case e.Manifest.Dist.Attestations == nil && !slices.Contains(w.plan.Skip, "provenance"):
		e.State = StateNoProvenance
	case tarball.Pending():
		e.State = StatePartlyServed
	case attestations.Pending():
		e.State = StateAttestationsPending
	case e.Manifest.Dist.Attestations == nil:
		e.State = StateNoProvenance
	case e.Trust == nil:
		e.State = StateUnreachable
	default:
		e.State = StateServed
	}
}
