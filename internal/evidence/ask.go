package evidence

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"verify-npm-release/internal/npm"
)

// A tag lags behind its version for minutes; a version older than freshness has
// the tags it will have, and nobody waits longer than tagPatience for an
// advisory answer. A document that lacks one of npm's two attestations is given
// partialPatience: npm mints its own about a second after the version.
const (
	freshness       = time.Hour
	tagPatience     = 10 * time.Minute
	partialPatience = time.Minute
)

func (w *gathering) poller(i int, until time.Time, ask func(context.Context) error) *poller {
	return &poller{
		pace: w.pace, start: w.start, until: until, enough: w.enough, lost: w.lost, idle: w.makeRoom, ask: ask,
		note: func(s Surface) {
			if i == ManifestSurface && s.Denied && w.Facts.staged(w.e.Release.Spec) {
				w.stopWaiting() // for a person's approval
			}
			w.o.Progress(Progress{Release: w.e.Release.Spec, Surface: SurfaceNames[i], State: s})
		},
	}
}

// resolve finds the version of a release that was named without one: the one
// its dist-tag points at.
func (w *gathering) resolve(ctx context.Context) bool {
	name, tag := w.e.Release.Spec.Name, cmp.Or(w.e.Release.DistTag, "latest")
	var version string
	s := w.poller(ManifestSurface, w.deadline, func(ctx context.Context) error {
		p, err := w.client.Packument(ctx, name, io.Discard)
		if err != nil {
			return err
		}
		if version = p.DistTags[tag]; version == "" {
			return &lagError{fmt.Sprintf("the registry has no dist-tag %q for %s", tag, name)}
		}
		return nil
	}).run(ctx)
	if !s.Ready {
		w.e.Surfaces[ManifestSurface] = s
		return false
	}
	spec, err := npm.ParseSpec(name + "@" + version)
	if err != nil {
		w.e.Surfaces[ManifestSurface] = Surface{Asked: true, Final: true, Err: fmt.Errorf("the dist-tag %q of %s points at %q, which is not a version", tag, name, version)}
		return false
	}
	w.e.Release.Spec = spec
	return true
}

func (w *gathering) askManifest(ctx context.Context) error {
	m, raw, err := w.client.Manifest(ctx, w.e.Release.Spec)
	if err != nil {
		return err
	}
	if err := m.Check(w.e.Release.Spec); err != nil {
		return err
	}
	if err := w.folder.write(ManifestFile, raw); err != nil {
		return err
	}
	w.set(func(e *Evidence) { e.Manifest = m })
	return nil
}

func (w *gathering) askTarball(ctx context.Context) error {
	file, err := w.folder.create(TarballFile)
	if err != nil {
		return err
	}
	sum, err := w.client.Tarball(ctx, w.e.Manifest, file)
	if err = file.done(err); err != nil {
		return err
	}
	w.set(func(e *Evidence) { e.Served = &sum })
	return nil
}

// pollAttestations waits for both of npm's attestations and verifies them as
// soon as they are there, so that a wrong one ends the wait for the rest.
func (w *gathering) pollAttestations(ctx context.Context) Surface {
	var found *npm.Attestations
	var since time.Time // of the first document that was sound and incomplete
	s := w.poller(AttestationsSurface, w.deadline, func(ctx context.Context) error {
		a, raw, err := w.client.Attestations(ctx, w.e.Release.Spec, w.e.Manifest.Dist.Attestations)
		if err != nil {
			return err
		}
		if err := w.folder.write(AttestationsFile, raw); err != nil {
			return err
		}
		found = a
		w.set(func(e *Evidence) { e.AttestationsDigest = digest(raw) })
		if missing := missingAttestation(a); missing != "" {
			if since.IsZero() {
				since = time.Now()
			}
			if time.Since(since) < partialPatience && time.Now().Before(w.deadline) {
				return &lagError{fmt.Sprintf("the attestations document holds no %s yet", missing)}
			}
		}
		return nil
	}).run(ctx)
	if s.Ready && w.trustedBy(ctx) {
		w.cpu <- struct{}{}
		verified := w.e.Trust.attestations(found)
		<-w.cpu
		w.set(func(e *Evidence) { e.Attestations = verified })
	}
	return s
}

// pollPackument waits for the packument to hold the version and, where a
// dist-tag is expected, for the tag to point at it. What it held last is kept
// whether or not that came about. While there is no manifest one look at it is
// enough; its clock starts when the version is served.
func (w *gathering) pollPackument(ctx context.Context) Surface {
	p := w.poller(DistTagSurface, w.deadline, w.askPackument)
	if p.attempt(ctx) {
		return p.surface
	}
	select {
	case <-w.known:
		if w.e.Manifest == nil || !p.pause(ctx) {
			return p.surface
		}
	default:
		select {
		case <-w.known:
		case <-ctx.Done():
		}
		if ctx.Err() != nil || w.e.Manifest == nil {
			return p.surface
		}
		p.n = 0
	}
	if !slices.Contains(w.plan.Require, "dist-tag") {
		p.until = earlier(p.until, time.Now().Add(tagPatience))
	}
	return p.run(ctx)
}

func (w *gathering) askPackument(ctx context.Context) error {
	spec, tag := w.e.Release.Spec, w.e.Release.DistTag
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
	place := p.Place(spec.Version, tag) // all that is kept: a packument may list very many versions
	w.set(func(e *Evidence) { e.Place = place })
	if !place.Listed {
		return &lagError{fmt.Sprintf("the packument does not list %s yet", spec.Version)}
	}
	if tag == "" || place.Tagged == spec.Version || slices.Contains(w.plan.Skip, "dist-tag") {
		return nil
	}
	if !place.Published.IsZero() && time.Since(place.Published) > freshness {
		return nil // the tags of a release this old are what they are
	}
	return &lagError{fmt.Sprintf("dist-tag %s points at %s", tag, cmp.Or(place.Tagged, "nothing"))}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
