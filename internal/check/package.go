package check

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"verify-npm-release/internal/diagnosis"
	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/plan"
	"verify-npm-release/internal/report"
)

// Package asks every check of All about one release and puts the answers and
// the facts that hold into its part of the report. The verdict is the report's.
func Package(e *evidence.Evidence, p *plan.Plan) report.Package {
	in := Input{e, p}
	spec := e.Release.Spec
	out := report.Package{Name: spec.Name, Version: spec.Version, State: string(e.State), Evidence: e.Files}
	if spec.Version != "" {
		out.PURL = spec.PURL()
	}
	for _, c := range All {
		out.Checks = append(out.Checks, c.answer(in))
	}
	out.Status, out.Problem = unfinished(in)
	out.LeftoverTokens = leftovers(in, out.Checks)
	out.Notes = append(notes(in), diagnosis.Explain(e, p, out.Checks)...)
	out.Waited = waited(in)
	if e.Manifest != nil && len(e.Altered) == 0 {
		out.Dist = &report.Dist{Integrity: e.Manifest.Dist.Integrity, Tarball: tarballURL(in)}
		out.Links = links(in)
		if in.Provenance.Verified != nil || in.Publish.Verified != nil {
			out.Dist.AttestationsDigest = in.AttestationsDigest
		}
	}
	verified := len(e.Altered) == 0 && provenance(in).Status == report.Pass
	if verified {
		c := identify(e.Provenance.Verified.Certificate)
		out.Source = &report.Source{
			Repository: c.Repository, RepositoryID: c.RepositoryID, OwnerID: c.OwnerID,
			Ref: c.Ref, Commit: c.Commit, Workflow: c.Workflow, Signer: c.Signer,
			Trigger: c.Trigger, Runner: c.Runner, Run: c.Run, Visibility: c.Visibility,
			Environment: c.Environment,
		}
		out.Log = logFacts(in)
	}
	out.Trust = trust(in, verified)
	return out
}

// Hopeless tells whether evidence, complete or not, already speaks against the
// release in a required check on bytes or identity, which no waiting can mend.
func Hopeless(e *evidence.Evidence, p *plan.Plan) bool {
	for _, c := range []Check{TarballIntegrity, PublishAttestation, Provenance, Source} {
		if c.answer(Input{e, p}).Status == report.Fail {
			return true
		}
	}
	return false
}

// trust is the level as pnpm ranks the registry's metadata. It is left out where
// the metadata claims provenance and the provenance does not verify.
func trust(in Input, verified bool) *report.Trust {
	if in.Manifest == nil || len(in.Altered) > 0 {
		return nil
	}
	level := in.Manifest.TrustLevel()
	if level != npm.TrustNone && !verified {
		return nil
	}
	t := &report.Trust{Level: level.String()}
	if u := in.Manifest.User; u != nil {
		t.Publisher = u.Name
		if u.TrustedPublisher != nil {
			t.Publisher = u.TrustedPublisher.ID
		}
	}
	if in.Place != nil && knowsEarlier(in) == nil && in.Place.Earlier > 0 {
		t.BestBefore = in.Place.BestTrust.String()
	}
	return t
}

func logFacts(in Input) *report.Log {
	l := in.Provenance.Verified.Log
	out := &report.Log{URL: l.URL, Origin: l.Origin, TreeSize: l.TreeSize}
	if l.Index >= 0 {
		out.Index = &l.Index
	}
	if !l.IntegratedTime.IsZero() {
		out.IntegratedTime = l.IntegratedTime.UTC().Format(time.RFC3339)
	}
	return out
}

// unfinished is the status of a release that could not be decided for want of
// time or of a registry, with what to do about it; "" where the checks decide.
func unfinished(in Input) (report.Status, string) {
	if len(in.Altered) > 0 {
		return report.NotVerified, fmt.Sprintf("The evidence folder is not as it was saved: %s. Get a fresh copy, or gather the evidence again.", strings.Join(in.Altered, "; "))
	}
	after := seconds(in.Waited)
	last := in.Surfaces[evidence.ManifestSurface].Reason()
	const never = "Do not publish this version again: npm keeps the one it accepted. Run this check again later; it verifies the same release."
	switch in.State {
	case evidence.StateProcessing:
		if diagnosis.PublishEnded(in.Evidence, in.Plan) {
			return report.Pending, fmt.Sprintf("%s is not served, and npm's log of this job says that its publish failed, so there is nothing to wait for. The causes are below; mend them and publish again.", in.Release.Spec)
		}
		return report.Pending, fmt.Sprintf("%s is not served after %s (last answer: %s). npm may still be scanning what it accepted, which can take an hour. %s", in.Release.Spec, after, last, never)
	case evidence.StateStaged:
		return report.Pending, fmt.Sprintf("%s was staged and waits for a maintainer's approval on npmjs.com (npm stage approve); nothing is public before that. Run this check again after the approval.", in.Release.Spec)
	case evidence.StatePartlyServed:
		return report.Pending, fmt.Sprintf("After %s the manifest of %s is served, its tarball is not (%s). %s", after, in.Release.Spec, in.Surfaces[evidence.TarballSurface].Reason(), never)
	case evidence.StateAttestationsPending:
		return report.Pending, fmt.Sprintf("After %s %s is served, its attestations are not (%s). %s", after, in.Release.Spec, in.Surfaces[evidence.AttestationsSurface].Reason(), never)
	case evidence.StateInterrupted:
		return report.Pending, fmt.Sprintf("Interrupted after %s, before %s was decided. %s", after, in.Release.Spec, never)
	case evidence.StateUnreachable:
		return report.Error, fmt.Sprintf("%s gave no usable answer about %s in %s: %s. Check the registry's URL, the network and status.npmjs.org, then run this check again.", in.Registry, in.Release.Spec, after, last)
	case evidence.StateNoTrust:
		return report.Error, fmt.Sprintf("Without a trust root nothing can be verified: %v. Check the network, or name files with --trusted-root and --registry-keys.", in.Trust.Err)
	}
	return "", ""
}

func notes(in Input) []string {
	var out []string
	if in.Offline && in.Trust != nil && in.Trust.Err == nil {
		out = append(out, fmt.Sprintf("Verified from the saved folder; trusted root: %s; keys: %s.", in.Trust.RootFrom, in.Trust.KeysFrom))
	}
	if in.SaveErr != nil {
		out = append(out, fmt.Sprintf("The evidence was not saved completely: %v.", in.SaveErr))
	}
	if len(in.Others) > 0 {
		out = append(out, fmt.Sprintf("The registry serves attestations that were not looked at: %s.", names(in.Others)))
	}
	return out
}

func waited(in Input) *report.Waited {
	if in.Offline {
		return nil
	}
	w := &report.Waited{Seconds: round(in.Waited)}
	for i, s := range in.Surfaces {
		if !s.Asked {
			continue
		}
		row := report.Surface{Surface: evidence.SurfaceNames[i], Ready: s.Ready, Seconds: round(s.After)}
		if !s.Ready {
			row.Last = s.Reason()
		}
		w.Surfaces = append(w.Surfaces, row)
	}
	return w
}

func round(d time.Duration) float64 { return d.Round(time.Millisecond).Seconds() }

// tarballURL is where the tarball was read: the manifest's path on the registry asked.
func tarballURL(in Input) string { return onRegistry(in.Registry, in.Manifest.Dist.Tarball) }

// onRegistry puts the path of an address that the registry gave onto the
// registry's own origin; an address is never followed elsewhere.
func onRegistry(registry, address string) string {
	base, err := url.Parse(registry)
	if err != nil {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(u.EscapedPath(), "/") {
		return ""
	}
	return base.Scheme + "://" + base.Host + u.EscapedPath()
}

func links(in Input) *report.Links {
	l := &report.Links{}
	if in.Registry == npm.PublicRegistry {
		l.NPM = "https://www.npmjs.com/package/" + (&url.URL{Path: in.Release.Spec.Name}).EscapedPath() + "/v/" + url.PathEscape(in.Release.Spec.Version)
	}
	if a := in.Manifest.Dist.Attestations; a != nil {
		l.Attestations = onRegistry(in.Registry, a.URL)
	}
	return l
}
