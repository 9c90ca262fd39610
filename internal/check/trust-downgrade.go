package check

import (
	"fmt"

	"github.com/Masterminds/semver/v3"

	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/npm"
	"verify-npm-release/internal/report"
)

// TrustDowngrade asks what pnpm's and Deno's no-downgrade policies ask: is the
// trust level at least that of every version published earlier? (pnpm:
// resolving/npm-resolver/src/trustChecks.ts)
var TrustDowngrade = Check{
	ID:    "trust-downgrade",
	Title: "Its trust level is not below that of earlier versions",
	Level: report.Advisory,
	Run:   trustDowngrade,
}

func trustDowngrade(in Input) Result {
	if in.Manifest == nil {
		return noManifest()
	}
	if in.Packument == nil {
		return unknown("there is no packument to compare with: %s", in.Surfaces[evidence.DistTagSurface].Reason())
	}
	best, count, err := bestBefore(in)
	if err != nil {
		return unknown("%v", err)
	}
	ours := in.Manifest.TrustLevel()
	switch {
	case count == 0:
		return pass("%s; no version was published before it", words[ours])
	case best.level > ours:
		return fail("earlier versions had %s (%s), this one has %s: pnpm and Deno refuse it under no-downgrade", words[best.level], best.version, words[ours])
	}
	return pass("%s; the best of %d earlier versions is %s", words[ours], count, words[best.level])
}

// words names the levels as pnpm's messages do.
var words = map[npm.TrustLevel]string{
	npm.TrustNone:             "no trust evidence",
	npm.TrustProvenance:       "provenance attestation",
	npm.TrustTrustedPublisher: "trusted publisher",
	npm.TrustStagedPublish:    "staged publish",
}

type earlier struct {
	version string
	level   npm.TrustLevel
}

// bestBefore finds the strongest evidence on any version published earlier by
// date; prereleases are left out for a stable release. It also returns how many
// versions were looked at.
func bestBefore(in Input) (earlier, int, error) {
	spec := in.Release.Spec
	at, ok := in.Packument.Time[spec.Version]
	if !ok {
		return earlier{}, 0, fmt.Errorf("the packument does not say when %s was published", spec.Version)
	}
	if _, ok := in.Packument.Versions[spec.Version]; !ok {
		return earlier{}, 0, fmt.Errorf("the packument does not list %s, so it may lack others too", spec.Version)
	}
	stable := !prerelease(spec.Version)
	var best earlier
	count := 0
	for v, facts := range in.Packument.Versions {
		if v == spec.Version || (stable && prerelease(v)) {
			continue
		}
		t, ok := in.Packument.Time[v]
		if !ok || !t.Before(at) {
			continue
		}
		count++
		if facts.Trust > best.level || best.version == "" || (facts.Trust == best.level && v > best.version) {
			best = earlier{v, facts.Trust}
		}
	}
	return best, count, nil
}

func prerelease(version string) bool {
	v, err := semver.StrictNewVersion(version)
	return err != nil || v.Prerelease() != ""
}
