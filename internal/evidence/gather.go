package evidence

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"
	"time"

	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/plan"
)

// inFlight is how many requests a run has open at a time; npm's own maxsockets is 15.
const inFlight = 16

// A tag lags behind its version for minutes; a version older than freshness has
// the tags it will have, and nobody waits longer than tagPatience for an
// advisory answer. A document that lacks one of npm's two attestations is given
// partialPatience: npm mints its own about a second after the version.
const (
	freshness       = time.Hour
	tagPatience     = 10 * time.Minute
	partialPatience = time.Minute
)

// Gatherer gathers the evidence of a run's releases from one registry: one
// connection pool, one refresh of the trust, one budget for all. It is safe for
// concurrent use.
type Gatherer struct {
	plan     *plan.Plan
	client   *npm.Client
	pace     *pace
	start    time.Time
	deadline time.Time
	progress func(Progress)
	trust    func(context.Context) *Trust
	cpu      chan struct{}
	Facts    *RunFacts // set before Gather, given to every Evidence
}

// Options are what a Gatherer needs beside the plan. Zero values are the defaults.
type Options struct {
	NPM       npm.Options
	Progress  func(Progress) // called from many goroutines, when something changes
	UserAgent string
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
	g := &Gatherer{
		plan: p, client: client,
		pace:     newPace(p.PollInterval, inFlight),
		start:    time.Now(),
		deadline: time.Now().Add(p.Timeout),
		progress: o.Progress,
		cpu:      make(chan struct{}, runtime.GOMAXPROCS(0)),
	}
	var once sync.Once
	var trust *Trust
	g.trust = func(ctx context.Context) *Trust {
		once.Do(func() { trust = fetchTrust(ctx, p, client, o) })
		return trust
	}
	return g, nil
}

// Requests is how many requests the registry has been asked so far.
func (g *Gatherer) Requests() int64 { return g.client.Requests() }

// gathering is the work on one release: raw answers on their way to Evidence.
type gathering struct {
	*Gatherer
	e            *Evidence
	folder       *folder
	attestations *npm.Attestations
	mu           sync.Mutex
	enough       chan struct{} // closed once waiting for anything more is pointless
}

// Gather waits until the registry serves the release or the budget ends, and
// verifies what it serves. It returns within a second once ctx is cancelled,
// with what was established until then.
func (g *Gatherer) Gather(ctx context.Context, r plan.Release) *Evidence {
	e := &Evidence{Release: r, Registry: g.plan.Registry, Started: g.start, Run: g.Facts}
	w := &gathering{Gatherer: g, e: e, enough: make(chan struct{})}
	trusted := make(chan *Trust, 1)
	work, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		t := g.trust(ctx)
		if t.Err != nil {
			stop() // without a trust root no amount of waiting helps
		}
		trusted <- t
	}()
	if r.Tarball != "" {
		e.Local, e.LocalErr = hashFile(r.Tarball)
	}
	if e.Release.Spec.Version == "" && !w.resolve(work) {
		w.settle(ctx)
		return e
	}
	if g.plan.Evidence != "" {
		f, err := newFolder(g.plan.Evidence, e.Release.Spec, len(g.plan.Releases) > 1)
		if err != nil {
			e.Surfaces[ManifestSurface] = Surface{Asked: true, Final: true, Err: err}
			e.State = StateRefused
			return e
		}
		w.folder, e.Folder = f, f.dir
	}
	w.surfaces(work)
	select {
	case e.Trust = <-trusted:
	case <-ctx.Done():
	}
	if e.Trust != nil {
		g.cpu <- struct{}{}
		e.verify(w.attestations)
		<-g.cpu
	}
	w.settle(ctx)
	if w.folder != nil {
		if err := w.folder.trust(e.Trust); err != nil {
			e.SaveErr = err
		}
		e.Files = w.folder.sums
	}
	return e
}

// resolve finds the version of a release that was named without one: the one
// its dist-tag points at.
func (w *gathering) resolve(ctx context.Context) bool {
	tag := w.e.Release.DistTag
	if tag == "" {
		tag = "latest"
	}
	var version string
	s := w.pace.poll(ctx, w.patience(w.deadline), func(ctx context.Context) error {
		p, err := w.client.Packument(ctx, w.e.Release.Spec.Name, io.Discard)
		if err != nil {
			return err
		}
		if version = p.DistTags[tag]; version == "" {
			return &lagError{fmt.Sprintf("the registry has no dist-tag %q for %s", tag, w.e.Release.Spec.Name)}
		}
		return nil
	}, w.note(ManifestSurface))
	if !s.Ready {
		w.e.Surfaces[ManifestSurface] = s
		return false
	}
	spec, err := npm.ParseSpec(w.e.Release.Spec.Name + "@" + version)
	if err != nil {
		w.e.Surfaces[ManifestSurface] = Surface{Asked: true, Final: true, Err: fmt.Errorf("the dist-tag %q of %s points at %q, which is not a version", tag, w.e.Release.Spec.Name, version)}
		return false
	}
	w.e.Release.Spec = spec
	return true
}

// surfaces asks for everything the registry serves of the release, each on its
// own clock.
func (w *gathering) surfaces(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	// The packument does not depend on the manifest; both are on their way at once.
	wg.Go(func() { w.record(DistTagSurface, w.pollPackument(ctx)) })
	w.record(ManifestSurface, w.pollManifest(ctx))
	if m := w.e.Manifest; m == nil || m.Dist.Attestations == nil && !slices.Contains(w.plan.Skip, "provenance") {
		// Not served, or published without provenance: final, so nothing else is waited for.
		close(w.enough)
	}
	if w.e.Manifest == nil {
		return
	}
	wg.Go(func() { w.record(TarballSurface, w.pollTarball(ctx)) })
	if w.e.Manifest.Dist.Attestations != nil {
		wg.Go(func() { w.record(AttestationsSurface, w.pollAttestations(ctx)) })
	}
}

func (w *gathering) patience(until time.Time) patience {
	return patience{start: w.start, until: until, enough: w.enough}
}

func (w *gathering) record(i int, s Surface) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.e.Surfaces[i] = s
}

func (w *gathering) note(i int) func(Surface) {
	return func(s Surface) {
		w.progress(Progress{Release: w.e.Release.Spec, Surface: SurfaceNames[i], State: s})
	}
}

func (w *gathering) pollManifest(ctx context.Context) Surface {
	return w.pace.poll(ctx, w.patience(w.deadline), func(ctx context.Context) error {
		raw, err := w.client.Manifest(ctx, w.e.Release.Spec)
		if err != nil {
			return err
		}
		m, err := npm.ParseManifest(raw)
		if err != nil {
			return err
		}
		if err := m.Check(w.e.Release.Spec); err != nil {
			return err
		}
		w.e.Manifest = m
		return w.folder.write(ManifestFile, raw)
	}, w.note(ManifestSurface))
}

// pollPackument waits for the packument to hold the version and, where a
// dist-tag is expected, for the tag to point at it. What it held last is kept
// whether or not that came about.
func (w *gathering) pollPackument(ctx context.Context) Surface {
	spec, tag := w.e.Release.Spec, w.e.Release.DistTag
	until := w.start.Add(min(tagPatience, w.plan.Timeout))
	return w.pace.poll(ctx, w.patience(until), func(ctx context.Context) error {
		file, err := w.folder.create(PackumentFile)
		if err != nil {
			return err
		}
		p, err := w.client.Packument(ctx, spec.Name, file)
		if err = file.done(err); err != nil {
			return err
		}
		if err := p.Check(spec.Name); err != nil {
			return err
		}
		w.e.Packument = p
		if _, ok := p.Versions[spec.Version]; !ok {
			return &lagError{fmt.Sprintf("the packument does not list %s yet", spec.Version)}
		}
		if tag == "" || p.DistTags[tag] == spec.Version {
			return nil
		}
		if t, ok := p.Time[spec.Version]; ok && time.Since(t) > freshness {
			return nil // the tags of a release this old are what they are
		}
		return &lagError{fmt.Sprintf("dist-tag %s points at %s", tag, or(p.DistTags[tag], "nothing"))}
	}, w.note(DistTagSurface))
}

func (w *gathering) pollTarball(ctx context.Context) Surface {
	return w.pace.poll(ctx, w.patience(w.deadline), func(ctx context.Context) error {
		file, err := w.folder.create(TarballFile)
		if err != nil {
			return err
		}
		sum, err := w.client.Tarball(ctx, w.e.Manifest, file)
		if err = file.done(err); err != nil {
			return err
		}
		w.e.Served = &sum
		return nil
	}, w.note(TarballSurface))
}

func (w *gathering) pollAttestations(ctx context.Context) Surface {
	var since time.Time // of the first document that was sound and incomplete
	return w.pace.poll(ctx, w.patience(w.deadline), func(ctx context.Context) error {
		raw, err := w.client.Attestations(ctx, w.e.Release.Spec, w.e.Manifest.Dist.Attestations)
		if err != nil {
			return err
		}
		a, err := npm.ParseAttestations(raw)
		if err != nil {
			return err
		}
		w.attestations = a
		if err := w.folder.write(AttestationsFile, raw); err != nil {
			return err
		}
		if missing := missingAttestation(a); missing != "" {
			if since.IsZero() {
				since = time.Now()
			}
			if time.Since(since) < partialPatience && time.Now().Before(w.deadline) {
				return &lagError{fmt.Sprintf("the attestations document holds no %s yet", missing)}
			}
		}
		return nil
	}, w.note(AttestationsSurface))
}

// settle says what state the release is in, from how its surfaces came out.
func (w *gathering) settle(ctx context.Context) {
	e := w.e
	e.Waited = time.Since(e.Started)
	m := e.Surfaces[ManifestSurface]
	switch {
	case e.Trust != nil && e.Trust.Err != nil:
		e.State = StateNoTrust
	case ctx.Err() != nil && (m.Pending() || e.Surfaces[TarballSurface].Pending() || e.Surfaces[AttestationsSurface].Pending() || e.Trust == nil):
		e.State = StateInterrupted
	case !m.Ready && m.Final:
		e.State = StateRefused
	case !m.Ready && m.Absent():
		e.State = StateProcessing
	case !m.Ready:
		e.State = StateUnreachable
	case e.Manifest.Dist.Attestations == nil:
		e.State = StateNoProvenance
	case e.Surfaces[TarballSurface].Pending():
		e.State = StatePartlyServed
	case e.Surfaces[AttestationsSurface].Pending():
		e.State = StateAttestationsPending
	default:
		e.State = StateServed
	}
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
