package check

import (
	"fmt"
	"strings"

	"github.com/Masterminds/semver/v3"

	"verify-npm-release/internal/evidence"
	"verify-npm-release/internal/report"
)

// DistTag asks whether the expected dist-tag points at the version, and whether
// that is sane by semver.
var DistTag = Check{
	ID:    "dist-tag",
	Title: "The dist-tag points at it",
	Level: report.Advisory,
	Run:   distTag,
}

func distTag(in Input) Result {
	tag, version := in.Release.DistTag, in.Release.Spec.Version
	if tag == "" {
		return skip("no dist-tag is expected of this version")
	}
	if in.Place == nil {
		s := in.Surfaces[evidence.DistTagSurface]
		return unknown("there is no packument to look at: %s", s.Reason())
	}
	ours, err := semver.StrictNewVersion(version)
	if err != nil {
		return unknown("the version %q is not semver", version)
	}
	got := in.Place.Tagged
	if got == "" {
		return fail("the dist-tag %q does not exist, want it at %s", tag, version)
	}
	if got != version {
		if superseded(in, got, ours) {
			return skip("superseded: %s points at %s, published later", tag, got)
		}
		return fail("the dist-tag %q points at %s, want %s", tag, got, version)
	}
	var odd []string
	if tag == "latest" {
		if ours.Prerelease() != "" && in.Place.Highest != "" {
			odd = append(odd, fmt.Sprintf("%s is a prerelease, and \"npm install\" takes what latest points at", version))
		}
		if higher, err := semver.StrictNewVersion(in.Place.Highest); err == nil && higher.GreaterThan(ours) && ours.Prerelease() == "" {
			odd = append(odd, fmt.Sprintf("%s is older by semver than %s, which is published too", version, in.Place.Highest))
		}
	}
	if len(odd) > 0 {
		return fail("%s points at %s: %s", tag, version, strings.Join(odd, "; "))
	}
	return pass("%s points at %s", tag, version)
}

// superseded tells whether a tag that was derived, not asked for, has moved on
// to a later version that is also higher.
func superseded(in Input, got string, ours *semver.Version) bool {
	if in.Release.DistTagGiven {
		return false
	}
	theirs, err := semver.StrictNewVersion(got)
	if err != nil || !theirs.GreaterThan(ours) {
		return false
	}
	at := in.Place.Published
	return !at.IsZero() && in.Place.TaggedAt.After(at)
}
