package check

import (
	"fmt"

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
	if in.Place == nil {
		return unknown("there is no packument to compare with: %s", in.Surfaces[evidence.DistTagSurface].Reason())
	}
	if err := knowsEarlier(in); err != nil {
		return unknown("%v", err)
	}
	ours, before := in.Manifest.TrustLevel(), in.Place
	switch {
	case before.Earlier == 0:
		return pass("%s; no version was published before it", words[ours])
	case before.BestTrust > ours:
		return fail("earlier versions had %s (%s), this one has %s: pnpm and Deno refuse it under no-downgrade", words[before.BestTrust], before.Best, words[ours])
	}
	return pass("%s; the best of %d earlier versions is %s", words[ours], before.Earlier, words[before.BestTrust])
}

// knowsEarlier returns nil if the packument says enough to tell which versions came earlier.
func knowsEarlier(in Input) error {
	switch version := in.Release.Spec.Version; {
	case in.Place.Published.IsZero():
		return fmt.Errorf("the packument does not say when %s was published", version)
	case !in.Place.Listed:
		return fmt.Errorf("the packument does not list %s, so it may lack others too", version)
	}
	return nil
}

// words names the levels as pnpm's messages do.
var words = map[npm.TrustLevel]string{
	npm.TrustNone:             "no trust evidence",
	npm.TrustProvenance:       "provenance attestation",
	npm.TrustTrustedPublisher: "trusted publisher",
	npm.TrustStagedPublish:    "staged publish",
}
